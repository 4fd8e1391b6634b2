"""`python -m bench handovers`: how long a message takes to the mentor's open inbox, and the answer to the recruit.

One web process, fifty open inboxes, two thousand open conversations of twenty messages each. Recruits' messages come in
through another process, as from a channel's; each one counts from its arrival until the mentor's page could show it.
"""

import asyncio
import json
import multiprocessing
import os
import statistics
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import aiohttp
import structlog
import uvicorn
from sqlalchemy import text as sql

from bench import memory
from bench.load import percentile
from bench.report import Aim, told
from bench.sending import Clock, Sink, morning
from bot import turns
from bot.services import Services
from core.errors import ChannelError, VelkommenError
from core.messages import Inbound, Kind, Reply
from core.settings import Settings
from i18n.languages import LANGUAGES
from operations.assemble import open_services, web_doors
from operations.stack import bring_knowledge, free_port
from store import staff
from web.app import create_app
from web.staff import COOKIE
from web.visitor import CSRF_HEADER

QUICK_ENOUGH = 300.0  # milliseconds
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Amounts:
    """a_second: messages each way, while they are measured."""

    mentors: int = 50
    conversations: int = 2_000
    turns: int = 10
    messages: int = 300
    a_second: float = 20
    lists: int = 30


QUICK = Amounts(messages=100, lists=10)


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of each message to the mentor and to the recruit, of each list of so many rows; megabytes; the load."""

    to_mentor: list[float]
    to_recruit: list[float]
    lists: dict[str, tuple[int, list[float]]]
    memory: dict[str, float | None]
    load: float


async def measure(settings: Settings, amounts: Amounts) -> Measured:
    """On an empty database; it is filled."""
    await bring_knowledge(settings)
    port, clock = free_port(), morning()
    address = f"http://127.0.0.1:{port}"
    settings = replace(settings, public_url=address)
    async with AsyncExitStack() as stack:
        services, _ = await stack.enter_async_context(
            open_services(settings, channels={Sink.name: Telling()}, queue=False)
        )
        services.now = clock
        desk = await _fill(services, amounts)
        pid, arrived = stack.enter_context(_web(settings, port, clock))
        arrivals = stack.enter_context(_arrivals(arrived))
        http = await stack.enter_async_context(aiohttp.ClientSession(address))
        inboxes = [await stack.enter_async_context(_inbox(http, one)) for one in desk]
        _tell(f"{len(inboxes)} open inboxes, {amounts.conversations:,} open conversations")
        to_mentor = await _paced(amounts, [_asks(services, inboxes, number) for number in range(amounts.messages)])
        _tell(f"to the mentor: {_spread(to_mentor)}")
        answers = [_answers(inboxes, arrivals, number) for number in range(amounts.messages)]
        to_recruit = await _paced(amounts, answers)
        _tell(f"to the recruit: {_spread(to_recruit)}")
        lists = {box: await _lists(inboxes[0], box, amounts.lists) for box in ("mine", "others")}
        held = _memory(pid, settings)
    return Measured(to_mentor, to_recruit, lists, held, os.getloadavg()[0])


async def _paced(amounts: Amounts, each: list[Any]) -> list[float]:
    """Begun one after the other at an even pace, whether or not those before have ended. The first ones warm up."""
    running = []
    for one in each:
        running.append(asyncio.create_task(one))
        await asyncio.sleep(1 / amounts.a_second)
    taken = await asyncio.gather(*running)
    return [seconds * 1000 for seconds in taken[len(taken) // 10 :]]


# --- who is there -----------------------------------------------------------------------------------------------------

FILL = sql("""
    with people as (
        insert into recruits (id, created_at, seen_at, language, language_chosen, consent, consent_at, profile)
        select gen_random_uuid(), :now, :now, (cast(:languages as text[]))[1 + g % :known], true, 'given', :now,
               jsonb_build_object('name', 'Person ' || g, 'kommune', 'aarhus')
        from generate_series(1, :people) g returning id
    ), reached as (
        insert into addresses (recruit_id, channel, external_id)
        select id, :channel, 'p' || row_number() over () from people returning id
    ), talks as (
        insert into conversations (address_id, owner, epoch) select id, 'mentor', 1 from reached returning id
    ), numbered as (
        select id, row_number() over (order by id) as place from talks
    ), said as (
        insert into inbound (conversation_id, channel, update_id, kind, text, received_at, handled_at)
        select id, :channel, id || '-' || turn, 'text', repeat('a question ', 8), at, at
        from talks, generate_series(1, :turns) turn, lateral (select :now - (:turns - turn) * interval '1 minute' as at) m
    ), answered as (
        insert into outbound (conversation_id, epoch, body, status, created_at, due_at, sent_at, attempts)
        select id, 1, jsonb_build_object('text', repeat(md5(turn::text), 6), 'language', 'en', 'buttons', '[]'::jsonb),
               'sent', at, at, at, 1
        from talks, generate_series(1, :turns) turn, lateral (select :now - (:turns - turn) * interval '1 minute' as at) m
    )
    insert into handovers (conversation_id, reason, status, theme, language, created_at, promised_at, first_promised_at,
                           mentor_id, claimed_at, answered_at, last_at)
    select id, 'asked', 'with_mentor', 'tax', 'en', :now, :now, :now,
           (cast(:mentors as bigint[]))[1 + place % cardinality(cast(:mentors as bigint[]))], :now, :now, :now
    from numbered
""")
TALKS = sql("""
    select c.id, h.mentor_id, a.external_id from handovers h join conversations c on c.id = h.conversation_id
    join addresses a on a.id = c.address_id order by c.id
""")


@dataclass(frozen=True, slots=True)
class Talk:
    conversation: int
    address: str


@dataclass(frozen=True, slots=True)
class Account:
    """shown: the newest of each kind that the page has, from when it was opened."""

    cookie: str
    csrf: str
    talks: list[Talk]
    shown: dict[str, int]


async def _fill(services: Services, amounts: Amounts) -> list[Account]:
    """The first one is a supervisor, who sees everything."""
    now = services.now()
    async with services.database.begin() as connection:
        numbers = [
            await staff.add(
                connection, email=f"m{n}@example.org", name=f"Mentor {n}", role="mentor" if n else "supervisor", now=now
            )
            for n in range(amounts.mentors)
        ]
        values = {"people": amounts.conversations, "turns": amounts.turns, "channel": Sink.name, "now": now}
        languages = list(LANGUAGES)
        more = {"mentors": numbers, "languages": languages, "known": len(languages)}
        await connection.execute(FILL, {**values, **more})
        talks = defaultdict(list)
        for conversation, mentor, address in await connection.execute(TALKS):
            talks[mentor].append(Talk(conversation, address))
        newest = "select (select max(id) from inbound), (select max(id) from outbound)"
        inbound, outbound = (await connection.execute(sql(newest))).one()
        shown = {"inbound": inbound, "outbound": outbound, "event": 0, "note": 0}
        signed_in = [await staff.open_session(connection, number, now=now) for number in numbers]
    async with services.database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(sql("vacuum analyze"))
    return [Account(cookie, csrf, talks[number], shown) for number, (cookie, csrf) in zip(numbers, signed_in)]


# --- an open inbox ----------------------------------------------------------------------------------------------------


class Inbox:
    """What the page does: it listens, and fetches what is said to be new."""

    def __init__(self, http: aiohttp.ClientSession, account: Account) -> None:
        self._http = http
        self.account = account
        self.headers = {"Cookie": f"{COOKIE}={account.cookie}", "Origin": str(http._base_url).rstrip("/")}
        self._said: dict[int, asyncio.Event] = defaultdict(asyncio.Event)

    async def listen(self, ready: asyncio.Event) -> None:
        waiting = aiohttp.ClientTimeout(total=None)
        async with self._http.get("/inbox/api/stream", headers=self.headers, timeout=waiting) as stream:
            if stream.status != 200:
                raise VelkommenError(f"The inbox's stream answers {stream.status}.")
            ready.set()
            name = ""
            async for line in stream.content:
                key, _, value = line.decode().strip().partition(": ")
                if key == "event":
                    name = value
                elif key == "data" and name == "said":
                    self._said[json.loads(value)["conversationId"]].set()

    async def until_shown(self, talk: Talk, words: str) -> None:
        """Return when what the page fetches after an event holds these words."""
        said = self._said[talk.conversation]
        async with asyncio.timeout(PATIENCE):
            while True:
                await said.wait()
                said.clear()
                found = await self.get(f"/inbox/api/conversations/{talk.conversation}/since", **self.account.shown)
                if any(message["text"] == words for message in found["messages"]):
                    return

    async def get(self, path: str, **params: Any) -> Any:
        async with self._http.get(path, params=params, headers=self.headers) as answer:
            if answer.status != 200:
                raise VelkommenError(f"{path} answers {answer.status}.")
            return await answer.json()

    async def reply(self, talk: Talk, words: str) -> int:
        body = {"id": str(uuid.uuid4()), "text": words}
        headers = {**self.headers, CSRF_HEADER: self.account.csrf}
        path = f"/inbox/api/conversations/{talk.conversation}/reply"
        async with self._http.post(path, json=body, headers=headers) as answer:
            if answer.status != 200:
                raise VelkommenError(f"A reply is answered with {answer.status}.")
            return int((await answer.json())["message"]["id"])


@asynccontextmanager
async def _inbox(http: aiohttp.ClientSession, account: Account) -> AsyncIterator[Inbox]:
    inbox, ready = Inbox(http, account), asyncio.Event()
    listening = asyncio.create_task(inbox.listen(ready))
    async with asyncio.timeout(PATIENCE):
        await ready.wait()
    try:
        yield inbox
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def _asks(services: Services, inboxes: list[Inbox], number: int) -> float:
    inbox, talk = _whose(inboxes, number)
    words = f"and what about this, number {number}?"
    inbound = Inbound(Sink.name, talk.address, f"asked-{number}", Kind.TEXT, services.now(), text=words)
    began = time.perf_counter()
    await turns.receive_and_answer(services, inbound)
    await inbox.until_shown(talk, words)
    return time.perf_counter() - began


async def _answers(inboxes: list[Inbox], arrivals: "Arrivals", number: int) -> float:
    inbox, talk = _whose(inboxes, number)
    began = time.perf_counter()
    message = await inbox.reply(talk, f"That is so, number {number}.")
    return await arrivals.of(message) - began


def _whose(inboxes: list[Inbox], number: int) -> tuple[Inbox, Talk]:
    inbox = inboxes[number % len(inboxes)]
    return inbox, inbox.account.talks[number // len(inboxes) % len(inbox.account.talks)]


async def _lists(inbox: Inbox, box: str, times: int) -> tuple[int, list[float]]:
    taken, rows = [], 0
    for _ in range(times + 1):
        began = time.perf_counter()
        rows = len((await inbox.get("/inbox/api/rows", box=box))["rows"])
        taken.append((time.perf_counter() - began) * 1000)
    return rows, taken[1:]


# --- the web process --------------------------------------------------------------------------------------------------


class Telling(Sink):
    """Says when each message arrived, on the clock that all processes share."""

    def __init__(self, arrived: Connection | None = None) -> None:
        self._arrived = arrived

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        if self._arrived is not None:
            self._arrived.send((message_id, time.perf_counter()))
        return await super().send(address, message_id, reply, attachment)

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        return

    async def fetch(self, source: str) -> bytes:
        raise ChannelError("There is no such file.", permanent=True)


@contextmanager
def _web(settings: Settings, port: int, clock: Clock) -> Iterator[tuple[int, Connection]]:
    context = multiprocessing.get_context("spawn")
    ready, (here, there) = context.Event(), context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(settings, port, clock, there, ready))
    process.start()
    try:
        if not ready.wait(60) or process.pid is None:
            raise VelkommenError("The web process did not start within a minute.")
        yield process.pid, here
    finally:
        process.terminate()
        process.join(10)
        process.kill()


def _serve(settings: Settings, port: int, clock: Clock, arrived: Connection, ready: Event) -> None:
    with Path(os.devnull).open("w") as nowhere:  # logged as in service, but not between the figures
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere))
        asyncio.run(_serving(settings, port, clock, arrived, ready))


async def _serving(settings: Settings, port: int, clock: Clock, arrived: Connection, ready: Event) -> None:
    async with open_services(settings, channels={Sink.name: Telling(arrived)}, queue=False) as (services, _):
        services.now = clock
        await services.shelf.library()
        config = uvicorn.Config(
            create_app(web_doors(services)), host="127.0.0.1", port=port, log_level="error", access_log=False
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        while not server.started and not running.done():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)  # it listens for announcements
        ready.set()
        await running


class Arrivals:
    """When each message reached the recruit's channel."""

    def __init__(self) -> None:
        self._known: dict[int, asyncio.Future[float]] = defaultdict(asyncio.get_running_loop().create_future)

    def note(self, message: int, at: float) -> None:
        self._known[message].set_result(at)

    async def of(self, message: int) -> float:
        async with asyncio.timeout(PATIENCE):
            return await self._known[message]


@contextmanager
def _arrivals(arrived: Connection) -> Iterator[Arrivals]:
    arrivals, loop = Arrivals(), asyncio.get_running_loop()

    def read() -> None:
        while arrived.poll():
            arrivals.note(*arrived.recv())

    loop.add_reader(arrived.fileno(), read)
    try:
        yield arrivals
    finally:
        loop.remove_reader(arrived.fileno())


# --- for people -------------------------------------------------------------------------------------------------------


def _memory(web: int, settings: Settings) -> dict[str, float | None]:
    postmaster = Path(settings.data_dir / "postgres" / "postmaster.pid")
    database = memory.family(int(postmaster.read_text().split()[0])) if postmaster.exists() else None
    return {"web": memory.held(web), "PostgreSQL": database}


def lines(measured: Measured) -> list[str]:
    ways = {"to the mentor's page": measured.to_mentor, "to the recruit": measured.to_recruit}
    aims = [Aim(f"{name}, p95 ms", percentile(taken, 95), QUICK_ENOUGH, at_least=False) for name, taken in ways.items()]
    return [
        *(f"{name}: {_spread(taken)}" for name, taken in ways.items()),
        *(f"list `{box}`, {rows} rows: {_spread(taken)}" for box, (rows, taken) in measured.lists.items()),
        *(f"memory, {name}: {f'{held:.0f} MB' if held else 'not measured'}" for name, held in measured.memory.items()),
        f"load of this machine: {measured.load:.1f}",
        "",
        *map(told, aims),
    ]


def _spread(taken: list[float]) -> str:
    return f"p50 {statistics.median(taken):.0f} ms, p95 {percentile(taken, 95):.0f} ms, longest {max(taken):.0f} ms"


def _tell(doing: str) -> None:
    print(f"… {doing}", flush=True)
