"""A recruit, mentors, the clock and two processes at once, in any order: who speaks, and whether anything is left silent.

Shortened in the normal suite; `make test-races` sets VELKOMMEN_RACES=full for ten thousand schedules.
"""

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from bot import turns
from core.acts import Act, AnswerTopics, MessageMentor
from core.errors import ChannelError
from knowledge.library import Library
from knowledge.shelf import Shelf
from store import database, handovers, reminders
from tests.emulators.waiting import until
from tests.support.fakes import FixedShelf, ScriptedEngine
from tests.support.handing import BEGINNINGS, OPEN, WHOEVER, Op, World, open_world
from tests.support.mentors import Mentor, hire
from tests.support.reminding import remind, sweep
from tests.support.talk import Chat

FULL = os.environ.get("VELKOMMEN_RACES") == "full"
SCHEDULES = int(os.environ.get("VELKOMMEN_SCHEDULES", 10_000 if FULL else 150))
TOLD_EVERY = 500
WORLDS = 5

RECRUIT = ("says", "says", "says", "says", "asks", "press", "press", "press", "danger", "mydata")
COLLEAGUES = (
    "claim", "claim", "claim", "write", "write", "write", "pass_on", "pass_on", "resolve", "resolve", "snooze", "wake",
    "invite", "join", "leave", "read", "edit", "decline",
)  # fmt: skip
BY_ITSELF = ("remind", "remind", "remind", "tick", "sweep", "fault", "clock")

AGAINST = (
    ("says", "says", "danger", "press", "remind", "tick"),
    ("claim", "resolve", "resolve", "pass_on", "snooze", "wake", "write"),
)


def ops(names: tuple[str, ...]) -> st.SearchStrategy[Op]:
    return st.builds(
        Op,
        name=st.sampled_from(names),
        who=st.sampled_from((WHOEVER, WHOEVER, WHOEVER, 0, 1, 2)),
        side=st.integers(0, 1),
        number=st.integers(0, 5),
        wait=st.sampled_from((0, 0, 0, 1, 2, 4, 8)),
    )


ANY = st.lists(ops((*RECRUIT, *COLLEAGUES, *BY_ITSELF)), min_size=1, max_size=5)
TWO = st.tuples(*map(ops, AGAINST)).map(list)
WAVES = st.lists(st.one_of(ANY, TWO), min_size=1, max_size=4)


@pytest.fixture(scope="module")
async def worlds(database_url: str) -> AsyncIterator[list[World]]:
    engine = database.connect(database_url)
    library = await Shelf(database.sessions(engine)).library()
    await engine.dispose()
    urls = await asyncio.to_thread(_make_databases, database_url, WORLDS)
    made = [await open_world(url, FixedShelf(library)) for url in urls]
    yield made
    for world in made:
        await world.close()


def _make_databases(url: str, count: int) -> list[str]:
    """So many migrated databases beside the one at `url`, which hold nobody."""
    names = [f"races_{number}" for number in range(count)]
    urls = [make_url(url).set(database=name).render_as_string(hide_password=False) for name in names]
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"drop database if exists {name} with (force)"))
        connection.execute(text(f"create database {names[0]}"))
        database.migrate(urls[0])
        for name in names[1:]:
            connection.execute(text(f"create database {name} template {names[0]}"))
    engine.dispose()
    return urls


@given(beginning=st.sampled_from(BEGINNINGS), waves=WAVES, seed=st.integers(0, 2**32))
@settings(
    max_examples=SCHEDULES // WORLDS,
    deadline=None,
    database=None,
    phases=(Phase.generate,),  # what depends on the moment does not shrink; the trace tells the whole of it
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
async def test_whatever_happens_at_once(worlds: list[World], beginning: str, waves: list[list[Op]], seed: int) -> None:
    """The same in several worlds, each with pauses of its own."""
    with capture_logs() as logs:
        played = [_play(world, beginning, waves, seed + number) for number, world in enumerate(worlds)]
        found = await asyncio.gather(*played)
    broken = [line for lines in found for line in lines]
    broken += [str(line) for line in logs if line["log_level"] in ("error", "critical")]
    _tell_progress(worlds)
    assert not broken, "\n".join(broken)


async def _play(world: World, beginning: str, waves: list[list[Op]], seed: int) -> list[str]:
    """What was broken, with what happened in front of it."""
    await world.begin(beginning, seed)
    for wave in waves:
        await world.at_once(wave)
    await world.finish()
    broken = Promises(await facts(world), world).broken()
    if world.reminders:
        await world.finish_reminders()
        broken += Promises(await facts(world), world).broken_reminders()
    broken += world.wrong
    return [*world.trace, *broken] if broken else []


BEGAN = time.monotonic()
HELD = Counter[str]()


def _tell_progress(worlds: list[World]) -> None:
    HELD["schedules"] += len(worlds)
    HELD["messages"] += sum(len(world.channel.received) for world in worlds)
    if FULL and HELD["schedules"] % TOLD_EVERY == 0:
        minutes = (time.monotonic() - BEGAN) / 60
        print(f"{HELD['schedules']} schedules, {HELD['messages']} messages received, {minutes:.1f} min", flush=True)
    if FULL and HELD["schedules"] == SCHEDULES:
        steps = sum((world.steps for world in worlds), Counter[str]())
        print(", ".join(f"{step} {count}" for step, count in sorted(steps.items())), flush=True)


# --- what is promised -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Facts:
    """The tables and the diary at the end, by id."""

    sent: list[Any]
    outbound: dict[int, Any]
    inbound: dict[int, Any]
    handovers: dict[int, Any]
    diary: list[Any]
    members: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    reminders: list[Any] = field(default_factory=list)


OUTBOUND = "select id, inbound_id, epoch, body, status, mentor_id from outbound order by id"
DIARY = """select seq, what, handover, number, epoch, owner, status, mentor, unread, cast(step as text) as step
           from diary order by seq"""


async def facts(world: World) -> Facts:
    outbound = await world.rows(OUTBOUND)
    inbound = await world.rows("select id, kind, text, payload, handled_at from inbound order by id")
    rows = await world.rows("select id, status, reason, unread, closed_at from handovers order by id")
    diary = await world.rows(DIARY)
    found = Facts(
        sent=[],
        outbound={row.id: row for row in outbound},
        inbound={row.id: row for row in inbound},
        handovers={row.id: row for row in rows},
        diary=diary,
    )
    found.sent = [found.outbound[number] for number in world.channel.received]
    for row in await world.rows("select handover_id, staff_id from handover_events where kind = 'joined'"):
        found.members[row.handover_id].add(row.staff_id)
    found.reminders = await world.rows("select id, status, reason, outbound_id from reminders order by id")
    return found


class Promises:
    """Each method says which promise was broken, in words."""

    def __init__(self, found: Facts, world: World) -> None:
        self.found, self.world = found, world
        self.owner = {0: "bot"}
        self.mentor: dict[int, int | None] = {}
        self.snoozed: set[int] = set()
        self.handover: dict[int, int] = {}
        for line in found.diary:
            if line.what == "owner":
                self.owner[line.epoch] = line.owner
            if line.what == "step":
                self.mentor[line.epoch] = line.mentor
                self.handover[line.epoch] = line.handover
                if line.status == "snoozed":
                    self.snoozed.add(line.epoch)

    def broken(self) -> list[str]:
        parts = (self._two_speak(), self._mentors_had_the_right(), self._silent(), self._given_back(), self._once())
        return [line for part in parts for line in part]

    def _two_speak(self) -> list[str]:
        """(a) Behind the word that somebody else has it now, nothing from before comes; the bot says nothing beside one."""
        wrong, newest = [], 0
        for row in self.found.sent:
            if self._is_answer(row):
                if row.epoch < newest:
                    wrong.append(f"o{row.id} of epoch {row.epoch} comes after one of epoch {newest}")
                if self.owner[row.epoch] != "bot":
                    wrong.append(f"the bot answers with o{row.id} while a mentor has it")
            elif row.inbound_id is None:
                newest = max(newest, row.epoch)
        return wrong

    def _is_answer(self, row: Any) -> bool:
        """What the bot says to what was said; not to presses about one's own things, nor a warning, nor that nobody is there."""
        asked = self.found.inbound.get(row.inbound_id)
        if asked is None or row.mentor_id is not None or asked.kind != "text":
            return False
        away = any(button["payload"] == "mentor:meanwhile" for button in row.body["buttons"])
        return not away and not self._answers_danger(row)

    def _answers_danger(self, row: Any) -> bool:
        batch = self._batch(row.inbound_id)
        return any("kill myself" in (self.found.inbound[number].text or "") for number in batch)

    def _batch(self, number: int) -> set[int]:
        """The messages that were taken up together."""
        turn = next(line.step for line in self.found.diary if line.what == "heard" and line.number == number)
        return {line.number for line in self.found.diary if line.what == "heard" and line.step == turn}

    def _mentors_had_the_right(self) -> list[str]:
        wrong = []
        for row in self.found.outbound.values():
            if row.mentor_id is None:
                continue
            may = {self.mentor.get(row.epoch), *self.found.members[self.handover.get(row.epoch, 0)]}
            if self.owner[row.epoch] != "mentor" or row.mentor_id not in may:
                wrong.append(f"mentor {row.mentor_id} writes o{row.id} under epoch {row.epoch}, which is not theirs")
        return wrong

    def _silent(self) -> list[str]:
        """(b) Each text is answered, or stood before a mentor who then wrote, read or closed it, or may still do so."""
        wrong = []
        for row in self.found.inbound.values():
            if row.handled_at is None:
                wrong.append(f"i{row.id} is not taken up")
            elif not self._is_answered(row.id) and not self._was_heard(row.id):
                wrong.append(f"i{row.id} ({row.kind} {row.payload}) is left silent")
        return wrong

    def _is_answered(self, number: int) -> bool:
        batch = self._batch(number)
        return any(row.inbound_id in batch for row in self.found.sent)

    def _was_heard(self, number: int) -> bool:
        """Counted as unread when it was taken up, or in front of a mentor since one was asked for; and not overlooked."""
        heard = next(line for line in self.found.diary if line.what == "heard" and line.number == number)
        steps = [line for line in self.found.diary if line.what == "step"]
        before = {line.handover for line in steps if line.seq < heard.seq and line.step != heard.step}
        since = [line for line in steps if line.seq > heard.seq or line.step == heard.step]
        counted = any(line.step == heard.step and line.unread > 0 for line in since)
        if not counted and not any(line.handover not in before for line in since):
            return False
        resolved = next((seen for handover, seen in self.world.seen if handover == heard.handover), None)
        if counted and resolved is not None and number > resolved:
            return False
        row = self.found.handovers[since[-1].handover]
        return row.unread > 0 or any(line.unread == 0 for line in since)

    def _given_back(self) -> list[str]:
        """(c) Said once that the bot is back; and nothing comes over but by a wish."""
        wrong = []
        backs = [
            row.id
            for row in self.found.outbound.values()
            if row.inbound_id is None and any(button["payload"] == "mentor:rate:5" for button in row.body["buttons"])
        ]
        resolved = [row for row in self.found.handovers.values() if row.status == "resolved"]
        if len(backs) != len(resolved):
            wrong.append(f"{len(backs)} times back for {len(resolved)} resolved")
        reasons = Counter(row.reason.partition(":")[0] for row in self.found.handovers.values())
        for reason, count in reasons.items():
            if count > self.world.asks[reason]:
                wrong.append(f"{count} handovers for {self.world.asks[reason]} wishes: {reason}")
        return wrong

    def _once(self) -> list[str]:
        """(d) Each of the mentors' messages comes once, and all but reminders comes in order."""
        wrong = []
        received = self.world.channel.received
        for number, count in Counter(received).items():
            if count > 1:
                wrong.append(f"o{number} comes {count} times")
        wrong += [f"{source} (o{n}) does not come" for source, n in self.world.written.items() if n not in received]
        mentors = {row.id for row in self.found.outbound.values() if row.mentor_id is not None}
        if mentors != set(self.world.written.values()):
            wrong.append(f"written {self.world.written}, stored {mentors}")
        ordered = [row.id for row in self.found.sent if not row.body.get("bulk")]
        if ordered != sorted(ordered):
            wrong.append(f"out of order: {ordered}")
        if sum(row.closed_at is None for row in self.found.handovers.values()) > 1:
            wrong.append("two are open")
        return wrong

    def broken_reminders(self) -> list[str]:
        """(e) Never while a mentor has it, unless put aside; none is lost, none comes twice."""
        wrong, newest = [], 0
        for row in self.found.sent:
            if row.body.get("bulk"):
                if self.owner[row.epoch] == "mentor" and row.epoch not in self.snoozed:
                    wrong.append(f"reminder o{row.id} while a mentor has it")
                if row.epoch < newest:
                    wrong.append(f"reminder o{row.id} of epoch {row.epoch} comes after one of epoch {newest}")
            elif row.inbound_id is None:
                newest = max(newest, row.epoch)
        by_id = {row.id: row for row in self.found.reminders}
        came = {row.id for row in self.found.sent}
        for number in self.world.reminders:
            if by_id[number].status != "sent" or by_id[number].outbound_id not in came:
                wrong.append(f"reminder {number} is {by_id[number].status}: {by_id[number].reason}")
        return wrong


# --- one thing in the middle of another -------------------------------------------------------------------------------


class Pondering(ScriptedEngine):
    """Something happens while it thinks, once."""

    def __init__(self, what: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._what: Callable[[], Awaitable[object]] | None = what

    async def next_acts(self, **asked: str) -> list[Act]:
        what, self._what = self._what, None
        if what is not None:
            await what()
        return [AnswerTopics(("tax-card",), (), 0.99)]


@pytest.fixture
async def maria(chat: Chat) -> Mentor:
    chat.clock.now = OPEN
    return Mentor(chat.services, await hire(chat.services, "Maria"))


async def waiting(chat: Chat) -> int:
    """Somebody who has asked for a human; the conversation."""
    chat.engine.will(MessageMentor())
    await chat.says("i want to talk to a human")
    chat.new()
    return int((await chat.rows("select id from conversations"))[0][0])


async def deliver_later(chat: Chat, conversation: int, **later: float) -> list[str]:
    chat.clock.pass_(**later)
    await turns.handle(chat.services, conversation)
    return [reply.text for reply in chat.new()]


async def test_claimed_while_the_bot_thinks_it_is_the_mentors_to_answer(chat: Chat, maria: Mentor) -> None:
    number = await waiting(chat)
    chat.services.engine = Pondering(lambda: maria.desk.claim(maria.me, number))
    await chat.says("where is my tax card?")
    await chat.services.background.drain()
    assert ["Maria" in reply.text for reply in chat.all[1:]] == [True]
    assert await chat.rows("select unread from handovers") == [(2,)]
    assert await chat.rows("select count(*) from outbound where status = 'dropped'") == [(0,)]


async def test_taken_and_given_back_while_the_bot_thinks_it_is_answered(chat: Chat, maria: Mentor) -> None:
    """Else it would be nobody's: thought for an earlier time, and the mentor has gone."""
    number = await waiting(chat)

    async def comes_and_goes() -> None:
        await maria.desk.claim(maria.me, number)
        await maria.desk.resolve(maria.me, number, outcome="solved", seen=None)

    chat.services.engine = Pondering(comes_and_goes)
    await chat.says("where is my tax card?")
    await chat.services.background.drain()
    assert any("tax card" in reply.title for reply in chat.all)


async def test_a_step_and_a_turn_at_once_do_not_lock_each_other_out(chat: Chat, maria: Mentor) -> None:
    """The mentor's step has the conversation and comes for the handover when the turn is being written."""
    number = await waiting(chat)
    async with chat.services.database.begin() as connection:
        row = await handovers.hold(connection, number)
        assert row is not None
        turn = asyncio.create_task(chat.says("where is my tax card?"))
        await until(lambda: blocked(chat))
        await handovers.change(connection, row.id, theme="tax")
    assert await turn


async def blocked(chat: Chat) -> bool:
    rows = await chat.rows(
        "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    )
    return bool(rows)


@pytest.mark.parametrize("said", ["i want to kill myself", "/mydata"])
async def test_what_cannot_be_left_out_comes_although_a_mentor_came_first(chat: Chat, maria: Mentor, said: str) -> None:
    """A warning, and what is due to a press, was on its way when a mentor took the conversation."""
    number = await waiting(chat)
    chat.channel.faults.append(ChannelError("too many requests", retry_after=5))
    await (chat.commands(said[1:]) if said.startswith("/") else chat.says(said))
    await maria.claims(number)
    chat.clock.pass_(seconds=6)
    await turns.handle(chat.services, number)
    first, *_ = chat.new()
    assert "112" in first.text or first.attach


async def test_who_is_on_call_is_told_of_danger_once_it_is_written(chat: Chat, maria: Mentor) -> None:
    """Told before, whoever looks at once finds nothing that concerns them."""
    omar = await hire(chat.services, "Omar", on_call=True)
    number = await waiting(chat)
    await maria.claims(number)
    found: list[tuple[Sequence[int], str, list[Any]]] = []

    async def tell(conversation_id: int, who: Sequence[int], what: str) -> None:
        rows = await chat.rows(
            "select h.urgent, m.staff_id from handovers h join handover_members m on m.handover_id = h.id"
        )
        found.append((who, what, rows))

    chat.services.tell = tell
    await chat.says("i want to kill myself")
    assert found == [((omar.id, maria.me.id), "urgent", [(True, omar.id)])]


async def test_that_something_may_be_lost_is_said_although_it_was_given_back(chat: Chat, maria: Mentor) -> None:
    number = await waiting(chat)
    await maria.claims(number)
    chat.channel.faults.append(ChannelError("timed out", maybe_sent=True))
    written = await maria.writes(number, "Come at ten")
    chat.new()
    await maria.resolves(number)
    chat.clock.pass_(minutes=1)
    await turns.handle(chat.services, number)
    back, notice = chat.new()  # nothing waits for the notice
    assert [button.payload for button in notice.buttons] == [f"again:{written}"]
    assert "Velkommen" in back.text
    assert [reply.text for reply in await chat.presses(f"again:{written}")] == ["Come at ten"]


async def test_a_reminder_under_way_is_not_sent_beside_a_mentor_who_was_faster(chat: Chat, maria: Mentor) -> None:
    number = await waiting(chat)
    async with chat.services.database.begin() as connection:
        await connection.execute(text("update recruits set consent = 'given'"))
        who = (await connection.execute(text("select id from recruits"))).scalar_one()
        await reminders.add_own(connection, who, "the errand", chat.clock(), now=chat.clock())
    shelf = chat.services.shelf
    chat.services.shelf = Between(await shelf.library(), lambda: maria.desk.claim(maria.me, number))
    await remind(chat.services)
    await chat.services.background.drain()
    assert [reply.bulk for reply in chat.new()] == [False], "only that Maria is here"

    chat.clock.pass_(minutes=5)
    await sweep(chat.services)
    assert await chat.rows("select status, reason from reminders") == [("postponed", "talking to a mentor")]
    await maria.resolves(number)
    await remind(chat.services)
    assert await chat.rows("select status from reminders") == [("sent",)]


class Between(FixedShelf):
    """Something happens when the library is asked for first: between reading and writing."""

    def __init__(self, library: Library, what: Callable[[], Awaitable[object]]) -> None:
        super().__init__(library)
        self._what: Callable[[], Awaitable[object]] | None = what

    async def library(self) -> Library:
        what, self._what = self._what, None
        if what is not None:
            await what()
        return self.given
