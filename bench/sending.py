"""Reminders on their way: people with one that is due each, worker processes that send them, and the queue between."""

import asyncio
import logging
import multiprocessing
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from multiprocessing.synchronize import Event
from typing import Any, get_args

import structlog
from procrastinate import App
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from bot import reminding, turns
from bot.channels import Channel
from bot.jobs import add_tasks, deliver_later, remind_soon
from bot.services import Services
from core.days import danish_day
from core.errors import VelkommenError
from core.messages import Reply
from core.settings import Settings
from i18n.languages import LANGUAGES
from journey.plan import RECRUITS, Planned, State
from journey.standing import standing
from knowledge.library import Library
from knowledge.models import Household, Occupation, Origin
from operations.assemble import open_services
from reminders import planning

CHUNK_WAIT = 0.02  # seconds between two looks whether all is sent
PATIENCE = 300.0
MORNING = datetime(2027, 3, 16, 9, 30, tzinfo=UTC)  # a Tuesday on which nobody sleeps and no office is closed
TURNS = 10  # that each person has had; an empty table is searched as a whole until PostgreSQL knows that it has grown
CONCURRENCY = 6  # as in service (operations.roles)
PROFILES = tuple(product(get_args(Origin), get_args(Occupation), get_args(Household)))


class Sink:
    """Takes every message at once; like Telegram, it shows one as often as it is sent."""

    name = "sink"
    repeatable = False
    interactive = True

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        return f"sunk-{message_id}"

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        return

    async def fetch(self, source: str) -> bytes:
        return b""

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        return


@dataclass(frozen=True, slots=True)
class Telegram:
    """Where a worker sends instead of into a sink, at the pace that all share."""

    url: str
    token: str

    def open(self, database_url: str) -> Channel:
        from bot.channels.telegram.channel import TelegramChannel
        from bot.channels.telegram.pace import SharedPace

        return TelegramChannel(self.token, self.url, pace=SharedPace(database_url))


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that began at MORNING, the same in all processes."""

    ahead: timedelta

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def morning() -> Clock:
    return Clock(MORNING - datetime.now(UTC))


# --- who is reminded ------------------------------------------------------------------------------------------------

FILL = sql("""
    with kinds as (
        select * from jsonb_to_recordset(:kinds) as k(number int, language text, profile jsonb, wanted jsonb)
    ), people as (
        select gen_random_uuid() as id, g as number, kinds.* from generate_series(1, :people) g
        join kinds on kinds.number = g % :count
    ), added as (
        insert into recruits (id, created_at, seen_at, language, consent, consent_at, profile)
        select people.id, now(), now(), language, 'given', now(), profile from people
    ), reached as (
        insert into addresses (recruit_id, channel, external_id)
        select id, :channel, people::text from (select id, row_number() over () as people from people) p
        returning id
    ), talks as (
        insert into conversations (address_id) select id from reached returning id
    ), said as (
        insert into inbound (conversation_id, channel, update_id, kind, text, received_at, handled_at)
        select id, :channel, id || '-' || turn, 'text', 'hello', now(), now()
        from talks, generate_series(1, :turns) turn
    ), answered as (
        insert into outbound (conversation_id, epoch, body, status, created_at, due_at, sent_at, attempts)
        select id, 0, jsonb_build_object('text', repeat(md5(turn::text), 12)), 'sent', now(), now(), now(), 1
        from talks, generate_series(1, :turns) turn
    )
    insert into reminders (recruit_id, kind, task, occurrence, planned_for, due_at, created_at)
    select people.id, 'task', w.task, w.occurrence, w.due_at, w.due_at, now()
    from people, jsonb_to_recordset(wanted) as w(task text, occurrence text, due_at timestamptz)
""").bindparams(bindparam("kinds", type_=JSONB))
EMPTY = "truncate recruits, procrastinate_jobs, send_limits restart identity cascade"


async def fill(services: Services, people: int, channel: str) -> None:
    """Nobody but so many people of all profiles and languages, with their plan's reminders and one that is due now."""
    library = await services.shelf.library()
    kinds = [
        _kind(library, number, language, profile, services.now())
        for number, (profile, language) in enumerate(product(PROFILES, LANGUAGES))
    ]
    async with services.database.begin() as connection:
        await connection.execute(sql(EMPTY))
        values = {"kinds": kinds, "count": len(kinds), "people": people, "channel": channel, "turns": TURNS}
        await connection.execute(FILL, values)
    async with services.database.connect() as connection:
        outside = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await outside.execute(sql("vacuum analyze"))


def _kind(library: Library, number: int, language: str, profile: Sequence[str], now: datetime) -> dict[str, Any]:
    today = danish_day(now)
    known = {
        **dict(zip(("origin", "occupation", "household"), profile)),
        "contract_signed": str(today - timedelta(days=120)),
        "arrival": str(today - timedelta(days=12)),
        "first_working_day": str(today - timedelta(days=1)),
    }
    plan = standing(library.tasks, known, {}, today=today).plan
    due = next(planned for planned in plan if _can_be_done(planned))
    coming = planning.wanted(plan, known, language, now=now)
    wanted = [(due.task.id, f"{due.due}+0", now), *((one.task, one.occurrence, one.due_at) for one in coming)]
    rows = [{"task": task, "occurrence": occurrence, "due_at": at.isoformat()} for task, occurrence, at in wanted]
    # The one that is due may stand among those to come, too.
    unique = {(row["task"], row["occurrence"]): row for row in reversed(rows)}
    return {"number": number, "language": language, "profile": known, "wanted": list(unique.values())}


def _can_be_done(planned: Planned) -> bool:
    return planned.state is State.OPEN and planned.task.who in RECRUITS and planned.due is not None


# --- workers --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def serving(settings: Settings, clock: Clock, channels: Sequence[Channel]) -> AsyncIterator[tuple[Services, App]]:
    """A process's services with the queue, at the clock's time; a message to try again is queued at the real one."""
    by_name = {channel.name: channel for channel in channels}
    async with open_services(settings, channels=by_name) as (services, app):
        assert app is not None

        async def retry(conversation_id: int, at: datetime) -> None:
            await deliver_later(app, conversation_id, at - clock.ahead)

        services.now, services.retry = clock, retry
        await services.shelf.library()
        yield services, app


@contextmanager
def workers(count: int, settings: Settings, clock: Clock, telegram: Telegram | None = None) -> Iterator[None]:
    """So many worker processes, ready to send; ended at the end."""
    context = multiprocessing.get_context("spawn")
    stop, ready = context.Event(), [context.Event() for _ in range(count)]
    started = [context.Process(target=_work, args=(settings, clock, telegram, one, stop)) for one in ready]
    for process in started:
        process.start()
    try:
        for event in ready:
            if not event.wait(60):
                raise VelkommenError("A worker did not start within a minute.")
        yield
    finally:
        stop.set()
        for process in started:
            process.join(30)
            process.kill()


def _work(settings: Settings, clock: Clock, telegram: Telegram | None, ready: Event, stop: Event) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_working(settings, clock, telegram, ready, stop))


async def _working(settings: Settings, clock: Clock, telegram: Telegram | None, ready: Event, stop: Event) -> None:
    channel = telegram.open(settings.database_url) if telegram else Sink()
    async with serving(settings, clock, [channel]) as (services, app):
        add_tasks(app, services)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(
                app.run_worker_async(concurrency=CONCURRENCY, listen_notify=True, install_signal_handlers=False)
            )
            await asyncio.sleep(0.5)
            ready.set()
            await asyncio.to_thread(stop.wait)
            running.cancel()


UNDER_WAY = sql("""
    select exists (select from reminders where status in ('planned', 'postponed') and due_at <= :now)
        or exists (select from reminders where status in ('claimed', 'sending'))
""")
SENT = sql("select count(*) from reminders where status = 'sent'")


async def send_all(services: Services, app: App, people: int) -> float:
    """One tick of the clock; the seconds until everybody has their message."""
    until = time.monotonic() + PATIENCE
    due_at = services.now()
    began = time.perf_counter()
    await reminding.tick(services, partial(remind_soon, app))
    async with services.database.connect() as connection:
        looking = await connection.execution_options(isolation_level="AUTOCOMMIT")
        while (await looking.execute(UNDER_WAY, {"now": due_at})).scalar_one():
            if time.monotonic() > until:
                raise VelkommenError(f"Not all reminders were sent within {PATIENCE:.0f} seconds.")
            await asyncio.sleep(CHUNK_WAIT)
        seconds = time.perf_counter() - began
        sent = (await looking.execute(SENT)).scalar_one()
    if sent != people:
        raise VelkommenError(f"{sent} of {people} reminders were sent.")
    return seconds


AGAIN = sql("""
    insert into outbound (conversation_id, epoch, body, status, created_at, due_at)
    select conversation_id, epoch, body - 'bulk', 'pending', :now, :now from outbound
    where status = 'sent' and jsonb_exists(body, 'bulk') order by id limit :most returning conversation_id
""")


async def one_by_one(services: Services, most: int) -> float:
    """The same messages as replies of single conversations; how many a second."""
    async with services.database.begin() as connection:
        values = {"now": services.now(), "most": most}
        talks = list((await connection.execute(AGAIN, values)).scalars())
    began = time.perf_counter()
    for conversation_id in talks:
        await turns.handle(services, conversation_id)
    return len(talks) / (time.perf_counter() - began)


def quiet(settings: Settings) -> Settings:
    return replace(settings, burst_seconds=0)
