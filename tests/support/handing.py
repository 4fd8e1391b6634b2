"""A recruit, three colleagues and two processes that do things at once; and a process that hands over and is killed.

Two `Services` with connections and background tasks of their own stand for two processes. Before each statement and
each sending somebody may have to wait a moment; a seed says who. PostgreSQL itself keeps a diary of every change of
owner, of every message that was taken up and of every step, which is what the promises are checked against.
"""

import asyncio
import os
import random
import signal
import traceback
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import await_only

from bot import escalating, turns
from bot.background import Background
from bot.handing import QUEUE, HandingError, MentorDesk
from bot.services import Services
from core import acts
from core.acts import Act
from core.errors import ChannelError
from core.messages import Inbound, Kind, Reply
from core.settings import Settings
from knowledge.shelf import Shelf
from store import database, handovers, reminders, staff
from store.staff import Colleague
from tests.support import reminding
from tests.support.crashing import FileChannel
from tests.support.fakes import Clock

OPEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Denmark
PEOPLE = (("Maria", "mentor"), ("Nadia", "mentor"), ("Berit", "supervisor"))
BEGINNINGS = ("new", "waiting", "with_mentor", "snoozed", "resolved")
PRESSES = ("yes", "cancel", "meanwhile", "rate:1", "rate:5")
FINISHING = 60
WHOEVER = -1

DIARY = (
    """create table diary (
        seq bigserial primary key, what text, conversation bigint, handover bigint, number bigint, epoch int,
        owner text, status text, mentor bigint, unread int, step xid8 default pg_current_xact_id())""",
    """create function note_owner() returns trigger language plpgsql as $$ begin
        if new.epoch < old.epoch then raise exception 'the epoch fell'; end if;
        insert into diary (what, conversation, epoch, owner) values ('owner', new.id, new.epoch, new.owner);
        return null; end $$""",
    """create trigger note_owner after update of owner, epoch on conversations for each row
       when (old.epoch is distinct from new.epoch or old.owner is distinct from new.owner)
       execute function note_owner()""",
    """create function note_heard() returns trigger language plpgsql as $$ begin
        insert into diary (what, conversation, handover, number, epoch, owner)
        select 'heard', c.id, (select h.id from handovers h where h.conversation_id = c.id and h.closed_at is null),
               new.id, c.epoch, c.owner
        from conversations c where c.id = new.conversation_id;
        return null; end $$""",
    """create trigger note_heard after update of handled_at on inbound for each row
       when (old.handled_at is null and new.handled_at is not null) execute function note_heard()""",
    """create function note_step() returns trigger language plpgsql as $$ begin
        insert into diary (what, conversation, handover, epoch, owner, status, mentor, unread)
        select 'step', c.id, new.id, c.epoch, c.owner, new.status, new.mentor_id, new.unread
        from conversations c where c.id = new.conversation_id;
        return null; end $$""",
    "create trigger note_step after insert or update on handovers for each row execute function note_step()",
    """create function agree() returns trigger language plpgsql as $$
       declare number bigint; talk record; begin
        number := case when tg_table_name = 'conversations' then (to_jsonb(new) ->> 'id')
                       else (to_jsonb(new) ->> 'conversation_id') end;
        select c.owner, exists (select from handovers h where h.conversation_id = c.id
                                and h.status in ('with_mentor', 'snoozed')) as taken
        into talk from conversations c where c.id = number;
        if (talk.owner = 'mentor') <> talk.taken then raise exception 'owner and handover do not agree'; end if;
        return null; end $$""",
    """create constraint trigger agree after update on conversations deferrable initially deferred
       for each row execute function agree()""",
    """create constraint trigger agree after insert or update on handovers deferrable initially deferred
       for each row execute function agree()""",
)

PERSON = text("""
    with person as (
        insert into recruits (id, created_at, seen_at, language, language_chosen, consent, consent_at, profile)
        values (gen_random_uuid(), :now, :now, 'en', true, 'given', :now, '{}') returning id
    ), reached as (
        insert into addresses (recruit_id, channel, external_id) select id, 'fake', :address from person
        returning id, recruit_id
    )
    insert into conversations (address_id) select id from reached returning id
""")


async def somebody(connection: AsyncConnection, address: str) -> int:
    """A person who speaks English and lets us keep what is said; the conversation."""
    number: int = (await connection.execute(PERSON, {"now": OPEN, "address": address})).scalar_one()
    return number


async def make_diary(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        for statement in DIARY:
            await connection.exec_driver_sql(statement)


# --- who waits when ---------------------------------------------------------------------------------------------------


class Pauses:
    """Who waits how long at which place; the same seed gives the same pauses. Without a seed nobody waits."""

    def __init__(self) -> None:
        self._chance: random.Random | None = None

    def begin(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def end(self) -> None:
        self._chance = None

    async def wait(self, *, often: float = 0.25, longest: float = 0.004) -> None:
        if self._chance is not None and self.happens(often=often):
            await asyncio.sleep(self._chance.choice((0, longest / 8, longest / 3, longest)))

    def happens(self, *, often: float) -> bool:
        return self._chance is not None and self._chance.random() < often

    def before_each(self, engine: AsyncEngine) -> None:
        """Wait before every statement and every commit of an engine."""

        def waiting(*_: object) -> None:
            if self._chance is not None:
                await_only(self.wait())

        for moment in ("before_cursor_execute", "commit"):
            event.listen(engine.sync_engine, moment, waiting)


class Thinking:
    """A slow engine: who asks for a human gets one, everything else an answer."""

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses

    async def next_acts(self, *, text: str, **asked: str) -> list[Act]:
        await self._pauses.wait(often=0.8, longest=0.03)
        if "human" in text:
            return [acts.MessageMentor()]
        return [acts.AnswerTopics(("tax-card",), (), 0.99)]

    async def ready(self) -> bool:
        return True


class Outside:
    """What reaches the recruit, in order. `faults` are raised one by one."""

    name = "fake"
    interactive = True
    repeatable = False

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses
        self.received: list[int] = []
        self.faults: deque[ChannelError] = deque()

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        await self._pauses.wait(often=0.5)
        if self.faults:
            raise self.faults.popleft()
        if self._pauses.happens(often=0.1):
            raise ChannelError("no route")
        self.received.append(message_id)
        await self._pauses.wait(often=0.5)
        return f"external-{message_id}"

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        await self._pauses.wait(often=0.5)

    async def fetch(self, source: str) -> bytes:
        raise ChannelError("There is no such file.", permanent=True)

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        return


class Watched(Background):
    """Keeps what went wrong in the background."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__()
        self._wrong = wrong

    def soon(self, conversation_id: int, handle: Callable[[], Awaitable[object]], *, wait: float = 0) -> None:
        async def watched() -> None:
            try:
                await handle()
            except Exception as error:
                self._wrong.append(told(error))
                raise

        super().soon(conversation_id, watched, wait=wait)


def told(error: BaseException) -> str:
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)][-6:]
    return f"{type(error).__name__}: {str(error)[:300]} at {' > '.join(places)}"


# --- what is done -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Op:
    """Something somebody does. who: which colleague, or whoever has the conversation; side: in which process; number: how
    much, or which; wait: before it."""

    name: str
    who: int = WHOEVER
    side: int = 0
    number: int = 0
    wait: int = 0


@dataclass(repr=False, eq=False)
class World:
    """One recruit at a time, three colleagues, two processes."""

    sides: tuple[Services, Services]
    desks: tuple[MentorDesk, MentorDesk]
    colleagues: tuple[Colleague, ...]
    channel: Outside
    pauses: Pauses
    clock: Clock
    wrong: list[str]
    conversation: int = 0
    recruit: Any = None
    numbers: int = 0
    asks: Counter[str] = field(default_factory=Counter)
    written: dict[str, int] = field(default_factory=dict)
    seen: list[tuple[int, int]] = field(default_factory=list)
    dangers: set[str] = field(default_factory=set)
    reminders: set[int] = field(default_factory=set)
    steps: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return "World"

    async def begin(self, beginning: str, seed: int) -> None:
        for kept in (self.asks, self.written, self.seen, self.dangers, self.reminders, self.trace, self.wrong):
            kept.clear()
        self.channel.received.clear()
        self.channel.faults.clear()
        self.clock.now = OPEN
        self.numbers += 1
        async with self.sides[0].database.begin() as connection:
            await connection.execute(text("truncate diary"))
            await connection.execute(text("delete from recruits"))
            self.conversation = await somebody(connection, f"recruit-{self.numbers}")
            who = text("select id from recruits")
            self.recruit = (await connection.execute(who)).scalar_one()
            if beginning != "new":
                promised = OPEN + timedelta(minutes=30)
                await handovers.ask(connection, self.conversation, reason="asked", now=OPEN, promised_at=promised)
                self.asks["asked"] += 1
        maria, desk = self.colleagues[0], self.desks[0]
        if beginning in ("with_mentor", "snoozed", "resolved"):
            await desk.claim(maria, self.conversation)
        if beginning == "snoozed":
            await desk.snooze(maria, self.conversation, OPEN + timedelta(minutes=30))
        if beginning == "resolved":
            await desk.resolve(maria, self.conversation, outcome="solved")
        await self._drain()
        self.pauses.begin(seed)

    async def at_once(self, ops: list[Op]) -> None:
        """All of these begin now, each after its own wait, and come to their end."""
        await asyncio.gather(*(self._do(op) for op in ops))

    async def _do(self, op: Op) -> None:
        await asyncio.sleep(op.wait * 0.001)
        self.trace.append(f"{op.name} who={op.who} side={op.side} number={op.number} begins")
        try:
            await getattr(self, f"_{op.name}")(op)
            ended = "done"
        except HandingError as error:
            ended = error.code
        except Exception as error:
            ended = "wrong"
            self.wrong.append(f"{op.name}: {told(error)}")
        self.steps[f"{op.name} {ended}"] += 1
        self.trace.append(f"{op.name} who={op.who} side={op.side} {ended}")

    async def _drain(self) -> None:
        for side in self.sides:
            await side.background.drain()

    # the recruit

    async def _receive(self, op: Op, kind: Kind, **fields: Any) -> None:
        self.numbers += 1
        update = f"u{self.numbers}"
        inbound = Inbound("fake", await self._address(), update, kind, self.clock(), **fields)
        await turns.receive_and_answer(self.sides[op.side], inbound)

    async def _address(self) -> str:
        async with self.sides[0].database.connect() as connection:
            return str((await connection.execute(text("select external_id from addresses"))).scalar_one())

    async def _says(self, op: Op) -> None:
        for _ in range(op.number % 3 + 1):
            await self._receive(op, Kind.TEXT, text=f"how is it with my tax card number {self.numbers}?")
            await self.pauses.wait(often=0.7)

    async def _asks(self, op: Op) -> None:
        self.asks["asked"] += 1
        await self._receive(op, Kind.TEXT, text=f"i want a human please {self.numbers}")

    async def _danger(self, op: Op) -> None:
        self.asks["danger"] += 1
        await self._receive(op, Kind.TEXT, text="i want to kill myself")

    async def _press(self, op: Op) -> None:
        wish = PRESSES[op.number % len(PRESSES)]
        self.asks["asked" if wish == "yes" else "not_solved"] += wish in ("yes", "rate:1")
        await self._receive(op, Kind.BUTTON, payload=f"mentor:{wish}")

    async def _mydata(self, op: Op) -> None:
        await self._receive(op, Kind.BUTTON, payload="mydata")

    # the colleagues

    async def _me(self, op: Op) -> Colleague:
        if op.who != WHOEVER:
            return self.colleagues[op.who]
        rows = await self.rows("select mentor_id from handovers order by id desc limit 1")
        return next((each for each in self.colleagues if rows and each.id == rows[0].mentor_id), self.colleagues[0])

    def _other(self, me: Colleague, op: Op) -> int:
        return self.colleagues[(self.colleagues.index(me) + 1 + op.number % 2) % len(self.colleagues)].id

    async def _claim(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].claim(me, self.conversation)

    async def _decline(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].decline(me, self.conversation)

    async def _write(self, op: Op) -> None:
        """Now and then the page sends the same twice, to either process."""
        me = await self._me(op)
        self.numbers += 1
        source = f"web:{me.id}:{self.numbers}"
        sent = self.desks if op.number % 3 == 0 else (self.desks[op.side],)
        ended = await asyncio.gather(
            *(desk.write(me, self.conversation, f"From {source}", source=source) for desk in sent),
            return_exceptions=True,
        )
        ids = {number for number in ended if isinstance(number, int)}
        if len(ids) > 1:
            self.wrong.append(f"the same source is {ids}")
        for number in ids:
            self.written[source] = number
        for error in ended:
            if isinstance(error, BaseException):
                raise error

    async def _edit(self, op: Op) -> None:
        me = await self._me(op)
        mine = [number for source, number in self.written.items() if source.startswith(f"web:{me.id}:")]
        if mine:
            await self.desks[op.side].edit(me, mine[-1], f"Better {op.number}")

    async def _pass_on(self, op: Op) -> None:
        me = await self._me(op)
        to = QUEUE if op.number % 3 == 0 else self._other(me, op)
        await self.desks[op.side].pass_on(me, self.conversation, to)

    async def _invite(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].invite(me, self.conversation, self._other(me, op))

    async def _join(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].join(me, self.conversation)

    async def _leave(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].leave(me, self.conversation)

    async def _snooze(self, op: Op) -> None:
        me = await self._me(op)
        until = self.clock() + timedelta(minutes=op.number * 10 + 1)
        await self.desks[op.side].snooze(me, self.conversation, until)

    async def _wake(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].wake(me, self.conversation)

    async def _read(self, op: Op) -> None:
        me = await self._me(op)
        await self.desks[op.side].read(me, self.conversation)

    async def _resolve(self, op: Op) -> None:
        """With what stood on the screen a moment ago."""
        me = await self._me(op)
        async with self.sides[op.side].database.connect() as connection:
            newest = await handovers.newest_inbound(connection, self.conversation)
        await self.pauses.wait(often=0.8, longest=0.03)
        row = await self.desks[op.side].resolve(me, self.conversation, outcome="solved", seen=newest)
        self.seen.append((row.id, newest))

    # by itself

    async def _remind(self, op: Op) -> None:
        services = self.sides[op.side]
        async with services.database.begin() as connection:
            number = await reminders.add_own(connection, self.recruit, "the errand", self.clock(), now=self.clock())
        self.reminders.add(number)
        await reminding.remind(services)

    async def _tick(self, op: Op) -> None:
        await escalating.tick(self.sides[op.side])

    async def _sweep(self, op: Op) -> None:
        await turns.sweep(self.sides[op.side], older=timedelta(0))

    async def _fault(self, op: Op) -> None:
        self.channel.faults.append(ChannelError("too many requests", retry_after=5 if op.number % 2 else None))

    async def _clock(self, op: Op) -> None:
        self.clock.pass_(minutes=(1, 6, 11, 61, 700)[op.number % 5])

    # the end

    async def finish(self) -> None:
        """Everybody comes to an end, and what is left is swept up."""
        await self._drain()
        self.pauses.end()
        self.channel.faults.clear()
        for _ in range(FINISHING):
            await turns.sweep(self.sides[1], older=timedelta(0))
            await self._drain()
            if not await self.left_over():
                return
            self.clock.pass_(seconds=30)
        self.wrong.append("it never comes to an end")

    async def left_over(self) -> bool:
        async with self.sides[0].database.connect() as connection:
            found = await connection.execute(
                text("""select exists (select from inbound where handled_at is null)
                        or exists (select from outbound where status in ('pending', 'sending'))""")
            )
            return bool(found.scalar_one())

    async def finish_reminders(self) -> None:
        """Hour for hour until every reminder is told; whoever has the conversation gives it back first."""
        async with self.sides[0].database.connect() as connection:
            row = await handovers.row(connection, self.conversation)
        if row is not None and row.status in ("with_mentor", "snoozed"):
            await self.desks[0].resolve(self.colleagues[2], self.conversation, outcome="solved")
        for _ in range(FINISHING):
            await self.finish()
            await reminding.remind(self.sides[0])
            await reminding.sweep(self.sides[0])
            async with self.sides[0].database.connect() as connection:
                open_ = "select exists (select from reminders where status not in ('sent', 'skipped', 'failed'))"
                if not (await connection.execute(text(open_))).scalar_one():
                    return
            self.clock.pass_(minutes=31)
        self.wrong.append("a reminder never comes to an end")

    async def close(self) -> None:
        for side in self.sides:
            await side.background.drain()
            await side.database.dispose()

    async def rows(self, query: str) -> list[Any]:
        async with self.sides[0].database.connect() as connection:
            return list((await connection.execute(text(query))).all())


async def open_world(url: str, shelf: Shelf) -> World:
    """Over a database of its own, which holds nobody."""
    pauses, wrong, clock = Pauses(), list[str](), Clock(OPEN)
    channel = Outside(pauses)
    sides = tuple(_side(url, shelf, pauses, channel, clock, wrong) for _ in range(2))
    await make_diary(sides[0].database)
    found = []
    async with sides[0].database.begin() as connection:
        for name, role in PEOPLE:
            number = await staff.add(connection, email=f"{name}@example.org", name=name, role=role, now=OPEN)
            found.append(await staff.by_id(connection, number))
    for side in sides:
        pauses.before_each(side.database)
    assert len(sides) == 2
    colleagues = tuple(each for each in found if each is not None)
    desks = (MentorDesk(sides[0]), MentorDesk(sides[1]))
    return World((sides[0], sides[1]), desks, colleagues, channel, pauses, clock, wrong)


def _side(url: str, shelf: Shelf, pauses: Pauses, channel: Outside, clock: Clock, wrong: list[str]) -> Services:
    engine = database.connect(url)
    return Services(
        settings=Settings(database_url=url, secret_key="x" * 48, burst_seconds=0),
        database=engine,
        sessions=database.sessions(engine),
        shelf=shelf,
        engine=Thinking(pauses),
        channels={"fake": channel},
        background=Watched(wrong),
        now=clock,
    )


# --- a process that is killed -----------------------------------------------------------------------------------------


class Outbox(FileChannel):
    """What reaches the recruit stands in a file; nothing is changed or fetched there."""

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        return

    async def fetch(self, source: str) -> bytes:
        raise ChannelError("There is no such file.", permanent=True)


def dying(url: str, outbox: Path, repeatable: bool, fatal: str, said: str, written: str) -> BaseProcess:
    """Start a process in which the recruit says, or the mentor writes; at the step `fatal` it kills itself."""
    arguments = (url, outbox, repeatable, fatal, said, written)
    made = reminding.FRESH.Process(target=_live, args=arguments, daemon=True)
    made.start()
    return made


def _live(*arguments: Any) -> None:
    asyncio.run(_say_or_write(*arguments))


async def _say_or_write(url: str, outbox: Path, repeatable: bool, fatal: str, said: str, written: str) -> None:
    def step(name: str) -> None:
        if name == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    engine = database.connect(url)
    sessions = database.sessions(engine)
    services = Services(
        settings=Settings(database_url=url, burst_seconds=0),
        database=engine,
        sessions=sessions,
        shelf=Shelf(sessions),
        engine=Thinking(Pauses()),
        channels={"fake": Outbox(outbox, repeatable=repeatable)},
        background=Background(),
        now=Clock(OPEN),
        step=step,
    )
    if said:
        await recruit_says(services, said)
    if written:
        await mentor_writes(services, written)
    await engine.dispose()


async def recruit_says(services: Services, words: str) -> None:
    """The same update each time, as a channel delivers it again that was not told that we have it."""
    inbound = Inbound("fake", "anna", f"update {words}", Kind.TEXT, services.now(), text=words)
    await turns.receive_and_answer(services, inbound)
    await services.background.drain()


async def mentor_writes(services: Services, words: str) -> int:
    """The same source each time, as a page sends again what it does not know to be stored."""
    async with services.database.connect() as connection:
        conversation = (await connection.execute(text("select id from conversations"))).scalar_one()
        (me,) = await staff.everybody(connection)
    number = await MentorDesk(services).write(me, conversation, words, source=f"web:{me.id}:{words}")
    await services.background.drain()
    return number
