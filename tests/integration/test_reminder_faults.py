"""Reminders where something goes wrong: workers are killed, race each other and have wrong clocks; Telegram refuses.

Nobody is forgotten, nobody is written to twice unless the ledger says so. Shortened in the normal suite;
`make test-faults` sets VELKOMMEN_FAULTS=full for many more people, kills and seeds.
"""

import asyncio
import os
import random
import signal
import uuid
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import reminding, turns
from bot.channels.telegram.pace import SharedPace
from bot.services import Services, utc_now
from core.acts import Act, Journey, JourneyCommand, Say, Smalltalk
from core.days import COPENHAGEN
from core.messages import Inbound, Kind
from knowledge.library import Library
from knowledge.shelf import Shelf
from reminders import hours
from store import database, reminders
from store.journey import Change, change_tasks
from tests.emulators.telegram import TelegramEmulator
from tests.emulators.waiting import until
from tests.support.fakes import Clock, FakeChannel, FixedShelf, ScriptedEngine
from tests.support.reminding import (
    claim,
    end_of,
    finish,
    in_flight,
    ledger,
    many_due,
    named_twice,
    process,
    received,
    remind,
    sweep,
    worker,
)
from tests.support.talk import Chat

FULL = os.environ.get("VELKOMMEN_FAULTS") == "full"
PEOPLE = 1000 if FULL else 60
SEEDS = range(5) if FULL else range(1)
NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # a Monday, noon in Copenhagen
A_MOMENT = 0.3  # seconds after which nothing is expected of Telegram any more, where it is silent


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as made:
        for chat in range(1, PEOPLE + 1):
            made.chat(chat)
        yield made


@pytest.fixture(scope="module")
async def shelf(database_url: str) -> FixedShelf:
    """The library, read once."""
    engine = database.connect(database_url)
    library = await Shelf(database.sessions(engine)).library()
    await engine.dispose()
    return FixedShelf(library)


@pytest.fixture
async def services(services: Services, shelf: FixedShelf) -> Services:
    services.shelf = shelf
    return services


@pytest.fixture
async def one(
    database_url: str, no_people: None, telegram: TelegramEmulator, clock: Clock, shelf: FixedShelf
) -> AsyncIterator[Services]:
    """One worker in this process."""
    async with worker(database_url, telegram.url, clock, shelf=shelf, read_timeout=A_MOMENT) as services:
        yield services


OPEN = "r-collect-documents"  # waits for nothing

# --- killed ---------------------------------------------------------------------------------------------------------


def kills() -> list[str]:
    """Where a worker dies: the step, and at which time there. A claim takes up to 200 rows, a chunk 25 people."""
    claims, chunks = -(-PEOPLE // reminding.AT_A_TIME), -(-PEOPLE // reminding.CHUNK)
    found = []
    for seed in SEEDS:
        chance = random.Random(seed)
        found.append(f"reminders claimed:{chance.randint(1, claims)}")
        found += [f"reminders {step}:{chance.randint(1, chunks)}" for step in ("sending", "sent", "settled")]
    return sorted(set(found))


def nobody_lost(telegram: TelegramEmulator, rows: list[Any], dead_in: set[int]) -> None:
    """All arrived, nothing three times; twice at most what was in flight at the kill, and the ledger names just that."""
    got = received(telegram)
    assert Counter(row.status for row in rows) == {"sent": PEOPLE}
    assert set(got) == set(range(1, PEOPLE + 1)), "nobody is lost"
    assert max(got.values()) <= 2
    assert {chat for chat, count in got.items() if count == 2} <= dead_in
    assert named_twice(rows) == dead_in
    assert all(row.reason is None for row in rows if row.chat not in dead_in)


@pytest.mark.parametrize("step", kills())
async def test_killed_at_a_step(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock, step: str
) -> None:
    await many_due(one.database, PEOPLE, now=NOW)

    dead = process(database_url, telegram, NOW, step)
    assert await end_of(dead) == -signal.SIGKILL, "the step was reached"
    dead_in, seen = await in_flight(one.database), received(telegram)
    clock.pass_(minutes=3)
    await finish(one, clock)

    nobody_lost(telegram, await ledger(one.database), dead_in)
    twice = {chat for chat, count in received(telegram).items() if count == 2}
    assert twice == dead_in & set(seen), "whoever had got it, and only they"
    if step.startswith(("reminders sending", "reminders sent")):
        assert dead_in


@pytest.mark.parametrize("seed", SEEDS)
async def test_killed_in_the_middle_of_sending(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock, seed: int
) -> None:
    """Telegram has taken some of a chunk, and answers no more."""
    await many_due(one.database, PEOPLE, now=NOW)
    before, taken = random.Random(seed).randint(1, PEOPLE - 26), random.Random(seed + 1000).randint(0, 10)
    telegram.fail("sendMessage", how="hang", accept=True, after=before, times=taken)
    telegram.fail("sendMessage", how="hang", after=before, times=PEOPLE)

    dead = process(database_url, telegram, NOW)
    chunks = -(-(before + 1) // reminding.CHUNK)
    expected = min(chunks * reminding.CHUNK, PEOPLE)
    await until(lambda: len(telegram.called("sendMessage")) >= expected, within=60)
    dead.kill()
    assert await end_of(dead) == -signal.SIGKILL
    telegram.failures.clear()
    dead_in, seen = await in_flight(one.database), received(telegram)
    clock.pass_(minutes=3)
    await finish(one, clock)

    assert dead_in
    nobody_lost(telegram, await ledger(one.database), dead_in)
    assert {chat for chat, count in received(telegram).items() if count == 2} == dead_in & set(seen)


async def test_killed_again_while_taking_over(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock
) -> None:
    """What may have arrived twice is not sent a third time; what was asked to wait in between is not given up."""
    await many_due(one.database, PEOPLE, now=NOW)
    telegram.fail("sendMessage", retry_after=5, times=PEOPLE)
    await remind(one)
    assert received(telegram) == {}

    dead = process(database_url, telegram, NOW + timedelta(minutes=1), "claimed:7")  # by the delivery
    assert await end_of(dead) == -signal.SIGKILL
    dead_in = await in_flight(one.database)
    assert dead_in
    clock.pass_(minutes=3)
    await finish(one, clock)

    nobody_lost(telegram, await ledger(one.database), dead_in)


# --- several workers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [2, 3])
async def test_several_workers_at_the_same_moment(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock, shelf: FixedShelf, workers: int
) -> None:
    """Everybody gets all that is due as one message, once. 300 rows do not fit into one claim."""
    await many_due(one.database, PEOPLE, now=NOW, each=5)
    async with AsyncExitStack() as stack:
        others = [
            await stack.enter_async_context(worker(database_url, telegram.url, clock, shelf=shelf))
            for _ in range(workers - 1)
        ]
        await asyncio.gather(*(remind(each) for each in (one, *others)))
        await asyncio.gather(*(sweep(each) for each in (one, *others)))
    await finish(one, clock)

    assert Counter(row.status for row in await ledger(one.database)) == {"sent": 5 * PEOPLE}
    assert received(telegram) == dict.fromkeys(range(1, PEOPLE + 1), 1)
    for chat in (1, PEOPLE):
        (message,) = telegram.messages(chat)
        assert all(f"errand {number}" in message["text"] for number in range(1, 6))


@pytest.mark.parametrize("workers", [2, 3] if FULL else [2])
async def test_several_processes_at_the_same_moment(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock, workers: int
) -> None:
    await many_due(one.database, PEOPLE, now=NOW, each=5)
    started = [process(database_url, telegram, NOW) for _ in range(workers)]
    assert [await end_of(each) for each in started] == [0] * workers
    await finish(one, clock)
    assert Counter(row.status for row in await ledger(one.database)) == {"sent": 5 * PEOPLE}
    assert received(telegram) == dict.fromkeys(range(1, PEOPLE + 1), 1)


async def test_two_workers_send_the_same_batch(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock, shelf: FixedShelf
) -> None:
    """A batch that was taken over while its first worker was only slow."""
    await many_due(one.database, PEOPLE, now=NOW)
    batches = await claim(one)
    async with worker(database_url, telegram.url, clock, shelf=shelf) as other:
        sending = [reminding.send_batch(each, batch) for batch in batches for each in (one, other)]
        await asyncio.gather(*sending)
    await finish(one, clock)
    assert received(telegram) == dict.fromkeys(range(1, PEOPLE + 1), 1)
    assert {(row.status, row.reason) for row in await ledger(one.database)} == {("sent", None)}


class Between(FixedShelf):
    """Something happens while a worker has read what is claimed and has not written yet what becomes of it."""

    def __init__(self, library: Library, what: Callable[[], Awaitable[object]]) -> None:
        super().__init__(library)
        self.what: Callable[[], Awaitable[object]] | None = what

    async def library(self) -> Library:
        what, self.what = self.what, None
        if what is not None:
            await what()
        return self.given


async def test_whoever_does_not_get_the_lock_cannot_make_it_come_twice(
    database_url: str, telegram: TelegramEmulator, one: Services, clock: Clock, shelf: FixedShelf
) -> None:
    await many_due(one.database, 3, now=NOW)
    (batch,) = await claim(one)
    async with worker(database_url, telegram.url, clock, shelf=shelf) as other:
        one.shelf = Between(shelf.given, lambda: reminding.send_batch(other, batch))
        await reminding.send_batch(one, batch)
    await finish(one, clock)
    assert received(telegram) == {1: 1, 2: 1, 3: 1}
    assert {row.status for row in await ledger(one.database)} == {"sent"}


async def test_two_claims_at_once_do_not_lock_each_other_out(
    database_url: str, telegram: TelegramEmulator, one: Services
) -> None:
    """Each has claimed some of everybody's rows when it comes for the rest of them."""
    await many_due(one.database, 10, now=NOW, each=2)
    first, second = database.connect(database_url), database.connect(database_url)
    try:
        meeting = Meeting(2)
        found = await asyncio.gather(*(claim_when_met(engine, meeting) for engine in (first, second)))
    finally:
        await first.dispose()
        await second.dispose()
    assert sorted(people for _, people in found) in ([0, 10], [10, 10])
    rows = await ledger(one.database)
    assert {row.status for row in rows} == {"claimed"}
    await reminding.send_batch(one, found[0][0])
    await reminding.send_batch(one, found[1][0])
    assert received(telegram) == dict.fromkeys(range(1, 11), 1)


class Meeting:
    """Where so many meet before they go on; who waits for nobody any more goes on alone."""

    def __init__(self, parties: int) -> None:
        self._left, self._all = parties, asyncio.Event()

    async def wait(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._all.set()
        try:
            await asyncio.wait_for(self._all.wait(), A_MOMENT)
        except TimeoutError:
            return


async def claim_when_met(engine: AsyncEngine, meeting: Meeting) -> tuple[uuid.UUID, int]:
    async with engine.begin() as connection:

        class Halting:
            async def execute(self, statement: Any, values: Any = None) -> Any:
                result = await connection.execute(statement, values)
                if statement is reminders.CLAIM:
                    await meeting.wait()
                return result

        halting: Any = Halting()
        return await reminders.claim_due(halting, most=10, now=NOW)


# --- Telegram refuses, hangs, drops ---------------------------------------------------------------------------------


async def test_asked_to_wait_it_waits_and_nothing_is_said_to_be_sent_twice(
    telegram: TelegramEmulator, one: Services, clock: Clock
) -> None:
    await many_due(one.database, PEOPLE, now=NOW)
    telegram.fail("sendMessage", retry_after=20, times=3 * PEOPLE)
    await finish(one, clock)
    assert received(telegram) == dict.fromkeys(range(1, PEOPLE + 1), 1)
    assert {(row.status, row.reason) for row in await ledger(one.database)} == {("sent", None)}


@pytest.mark.parametrize("accept", [True, False], ids=["it arrived", "it did not"])
@pytest.mark.parametrize("how", ["hang", "drop"])
async def test_no_clear_answer(telegram: TelegramEmulator, one: Services, clock: Clock, how: str, accept: bool) -> None:
    await many_due(one.database, PEOPLE, now=NOW)
    unclear = 5
    telegram.fail("sendMessage", how=how, accept=accept, times=unclear, after=7)
    await finish(one, clock)

    rows, got = await ledger(one.database), received(telegram)
    assert {row.status for row in rows} == {"sent"}
    assert len(named_twice(rows)) == unclear
    assert set(got) == set(range(1, PEOPLE + 1))
    if accept:
        assert {chat for chat, count in got.items() if count == 2} == named_twice(rows)
    assert max(got.values()) == (2 if accept else 1)


async def test_twice_no_clear_answer_is_enough(telegram: TelegramEmulator, one: Services, clock: Clock) -> None:
    await many_due(one.database, 1, now=NOW)
    telegram.fail("sendMessage", how="drop", accept=True, times=9)
    await finish(one, clock)
    assert received(telegram) == {1: 2}
    (row,) = await ledger(one.database)
    assert row.status == "failed"
    assert "No clear answer" in (row.reason or "")


async def test_asked_to_wait_and_then_no_clear_answer(telegram: TelegramEmulator, one: Services, clock: Clock) -> None:
    """Having been refused is not having been sent: the one repetition is still to be had."""
    await many_due(one.database, 1, now=NOW)
    telegram.fail("sendMessage", retry_after=5, times=2)
    telegram.fail("sendMessage", how="drop")
    telegram.fail("sendMessage", retry_after=5)
    await finish(one, clock)
    assert received(telegram) == {1: 1}
    (row,) = await ledger(one.database)
    assert (row.status, named_twice([row])) == ("sent", {1})


async def test_whoever_has_blocked_us_is_unreachable(telegram: TelegramEmulator, one: Services, clock: Clock) -> None:
    await many_due(one.database, PEOPLE, now=NOW)
    gone = set(range(1, PEOPLE + 1, 9))
    for chat in gone:
        telegram.chat(chat).blocked = True
    await finish(one, clock)

    rows = await ledger(one.database)
    assert {row.chat for row in rows if row.status == "failed"} == gone
    assert all("Nobody can be reached" in (row.reason or "") for row in rows if row.status == "failed")
    assert received(telegram) == dict.fromkeys(set(range(1, PEOPLE + 1)) - gone, 1)
    unreachable = await every(one, "select cast(external_id as int) from addresses where unreachable_at is not null")
    assert {chat for (chat,) in unreachable} == gone

    async with one.database.begin() as connection:
        await connection.execute(text("update reminders set status = 'planned' where status = 'failed'"))
    calls = len(telegram.called("sendMessage"))
    await finish(one, clock)
    assert len(telegram.called("sendMessage")) == calls, "nobody is asked a second time"
    assert {row.reason for row in await ledger(one.database) if row.chat in gone} == {"unreachable"}


async def test_a_person_whose_channel_is_elsewhere_gets_it_there_and_once(one: Services, clock: Clock) -> None:
    """The worker has no terminal; whoever has takes the message up, and it is no repetition."""
    await many_due(one.database, 1, now=NOW)
    there, here = one.channels, FakeChannel()
    one.channels = {"fake": here}
    await remind(one)
    one.channels = there
    clock.pass_(minutes=1)
    await finish(one, clock)
    (row,) = await ledger(one.database)
    assert (row.status, row.reason) == ("sent", None)


async def test_where_a_message_shows_once_nothing_is_sent_twice(chat: Chat) -> None:
    """On the web a message that comes again is the same one."""
    number = await errand(chat, chat.clock.now)
    chat.channel.repeatable = True
    (batch,) = await claim(chat.services)
    dying: list[str] = []

    def step(name: str) -> None:
        if name == "reminders sent" and not dying:
            dying.append(name)
            raise DeadError

    chat.services.step = step
    with pytest.raises(DeadError):
        await reminding.send_batch(chat.services, batch)
    chat.clock.pass_(minutes=1)
    await sweep(chat.services)
    assert len(chat.new()) == 1
    assert await standing(chat, number) == ("sent", None)


class DeadError(Exception):
    """Instead of a kill."""


# --- a turn under way -------------------------------------------------------------------------------------------------


class Pondering(ScriptedEngine):
    """Thinks until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.thinking, self.go_on = asyncio.Event(), asyncio.Event()

    async def next_acts(self, **asked: str) -> list[Act]:
        self.thinking.set()
        await self.go_on.wait()
        return [Say(Smalltalk.GREETING)]


async def test_in_the_middle_of_a_turn_it_waits(telegram: TelegramEmulator, one: Services, clock: Clock) -> None:
    await many_due(one.database, PEOPLE, now=NOW)
    one.engine = engine = Pondering()
    inbound = Inbound("telegram", "7", "u7", Kind.TEXT, NOW, text="hello there my friend")
    conversation_id = await turns.receive(one, inbound)
    assert conversation_id is not None
    turn = asyncio.create_task(turns.handle(one, conversation_id))
    await asyncio.wait_for(engine.thinking.wait(), 5)

    await remind(one)
    waiting = [row for row in await ledger(one.database) if row.status != "sent"]
    assert [(row.chat, row.status, row.reason) for row in waiting] == [(7, "postponed", "in the middle of a turn")]
    assert set(received(telegram)) == set(range(1, PEOPLE + 1)) - {7}

    engine.go_on.set()
    await turn
    replies = len(telegram.messages(7))
    clock.now = waiting[0].due_at
    await remind(one)
    assert len(telegram.messages(7)) == replies + 1
    assert {(row.status, row.reason) for row in await ledger(one.database)} == {("sent", None)}


# --- decided afresh -------------------------------------------------------------------------------------------------


@pytest.fixture
async def joy(chat: Chat) -> Chat:
    """A nurse who arrives on 3 March 2027; all that her list plans is to come."""
    await chat.presses("consent:yes")
    await meets(chat, arrival="2027-03-03", contract_signed="2026-11-01", first_working_day="2027-04-01")
    return chat


async def meets(chat: Chat, **facts: str) -> None:
    for name, value in {"origin": "non-eu", "occupation": "nurse", "household": "single", **facts}.items():
        await chat.presses(f"meet:set:{name}:{value}")
    chat.new()


async def done(joy: Chat, number: int) -> None:
    await joy.presses(f"remind:{number}:done")


async def not_for_me(joy: Chat, number: int) -> None:
    await joy.presses(f"remind:{number}:skip")


async def stop(joy: Chat, number: int) -> None:
    joy.engine.will(JourneyCommand(Journey.PAUSE_REMINDERS))
    await joy.says("stop writing me")


async def no_consent(joy: Chat, number: int) -> None:
    await joy.presses("consent:no")


async def forget(joy: Chat, number: int) -> None:
    await joy.presses("forget:ask")
    await joy.presses("forget:yes")


async def forget_and_be_gone(joy: Chat, number: int) -> None:
    await forget(joy, number)
    joy.clock.pass_(minutes=2)
    await turns.sweep(joy.services)
    assert await joy.rows("select * from recruits") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (done, "done meanwhile"),
        (not_for_me, "not for this person"),
        (stop, "stopped by the person"),
        (no_consent, "consent withdrawn"),
        (forget, "consent withdrawn"),
        (forget_and_be_gone, None),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_said_between_claim_and_sending(
    joy: Chat, change: Callable[[Chat, int], Awaitable[None]], reason: str | None
) -> None:
    rows = await joy.rows("select id, due_at from reminders where task = :task order by due_at, id limit 1", task=OPEN)
    number, due_at = rows[0]
    await only(joy, number)
    joy.clock.now = due_at
    (batch,) = await claim(joy.services)
    await change(joy, number)
    joy.new()

    await reminding.send_batch(joy.services, batch)

    assert joy.new() == []
    rows = await joy.rows("select status, reason from reminders where id = :id", id=number)
    # Who asked to be forgotten may be gone already, or in the minute of the farewell.
    assert [tuple(row) for row in rows] in ([("skipped", reason)] if reason else [], [])
    joy.clock.pass_(minutes=10)
    await remind(joy.services)
    await sweep(joy.services)
    assert not await joy.rows("select * from outbound where body ->> 'bulk' = 'true' and created_at >= :at", at=due_at)


async def test_a_person_deleted_in_the_very_moment_takes_nobody_along(
    telegram: TelegramEmulator, one: Services, clock: Clock, shelf: FixedShelf
) -> None:
    """By retention, which asks for no lock: the queue's second attempt reminds all others."""
    await many_due(one.database, 5, now=NOW)
    (batch,) = await claim(one)

    async def delete() -> None:
        async with one.database.begin() as connection:
            address = "select recruit_id from addresses where external_id = '3'"
            await connection.execute(text(f"delete from recruits where id = ({address})"))

    one.shelf = Between(shelf.given, delete)
    await attempts(one, batch)
    await finish(one, clock)
    assert received(telegram) == {1: 1, 2: 1, 4: 1, 5: 1}
    assert {(row.status, row.reason) for row in await ledger(one.database)} == {("sent", None)}


async def attempts(services: Services, batch: uuid.UUID) -> None:
    """Send a batch as the queue does, which tries again."""
    try:
        await reminding.send_batch(services, batch)
    except Exception:
        await reminding.send_batch(services, batch)


# --- moved clocks ---------------------------------------------------------------------------------------------------


async def test_the_clock_jumps_back_an_hour(telegram: TelegramEmulator, one: Services, clock: Clock) -> None:
    await many_due(one.database, 10, now=NOW)
    (batch,) = await claim(one)
    clock.pass_(hours=-1)
    await remind(one)
    await sweep(one)
    assert received(telegram) == {}
    await reminding.send_batch(one, batch)
    await finish(one, clock)
    for _ in range(5):
        await remind(one)
        await sweep(one)
        clock.pass_(minutes=20)
    assert received(telegram) == dict.fromkeys(range(1, 11), 1)


async def test_claimed_by_a_clock_ahead_it_comes_when_ours_is_there(
    telegram: TelegramEmulator, one: Services, clock: Clock
) -> None:
    await many_due(one.database, 10, now=NOW)
    clock.pass_(hours=1)
    await claim(one)  # and dies
    clock.pass_(hours=-1)
    await finish(one, clock)
    assert received(telegram) == dict.fromkeys(range(1, 11), 1)
    assert clock.now - NOW < timedelta(hours=1, minutes=10)


async def test_the_clock_jumps_two_days_ahead_and_back(telegram: TelegramEmulator, one: Services, clock: Clock) -> None:
    """After an outage it comes late, with an apology; when the clock is right again nothing comes a second time."""
    await many_due(one.database, 10, now=NOW, each=2)
    clock.pass_(days=2)
    await finish(one, clock)
    clock.pass_(days=-2, hours=-1)
    await finish(one, clock)
    clock.pass_(days=3)
    await finish(one, clock)
    assert received(telegram) == dict.fromkeys(range(1, 11), 1)
    assert all(telegram.messages(chat)[0]["text"].startswith("Sorry, this comes later") for chat in range(1, 11))


async def test_what_comes_too_late_to_be_useful_is_skipped(joy: Chat) -> None:
    ((due_at,), *_) = await joy.rows("select due_at from reminders where task = :task order by due_at", task=OPEN)
    joy.clock.now = due_at + timedelta(days=16)
    await remind(joy.services)
    late = await joy.rows(
        "select status, reason from reminders where due_at <= :at and task = :task", at=due_at, task=OPEN
    )
    assert {tuple(row) for row in late} == {("skipped", "too late to be useful")}


SPRING, AUTUMN = date(2027, 3, 28), date(2027, 10, 31)


@pytest.mark.parametrize(
    ("night", "comes"),
    [(SPRING, datetime(2027, 3, 28, 1, 30, tzinfo=UTC)), (AUTUMN, datetime(2027, 10, 31, 0, 30, tzinfo=UTC))],
    ids=["spring", "autumn"],
)
async def test_half_past_two_in_the_night_the_clocks_change(chat: Chat, night: date, comes: datetime) -> None:
    """In spring there is no such time, in autumn there are two of it: it comes once."""
    await errand(chat, hours.at(night, time(2, 30), COPENHAGEN))
    moments = []
    chat.clock.now = datetime.combine(night, time(0), UTC) - timedelta(hours=2)
    while chat.clock.now.hour != 8:
        await remind(chat.services)
        moments += [chat.clock.now for _ in chat.new()]
        chat.clock.pass_(minutes=15)
    assert moments == [comes]


@pytest.mark.parametrize(
    ("night", "ends"),
    [(SPRING, ["2027-03-28 08:00", "2027-03-30 09:00"]), (AUTUMN, ["2027-10-31 08:00"])],
    ids=["spring", "autumn"],
)
async def test_what_the_list_reminds_of_keeps_quiet_in_that_night(joy: Chat, night: date, ends: list[str]) -> None:
    """Until eight o'clock of the new time; the spring night is before Easter Sunday, a holiday."""
    task = await open_task(joy)
    moment = hours.at(night, time(2, 30), COPENHAGEN)
    change = "update reminders set due_at = :at, planned_for = :at, status = 'planned', reason = null where id = :id"
    async with joy.services.database.begin() as connection:
        await connection.execute(text(change), {"at": moment, "id": task})
    joy.clock.now = moment
    waited = []
    for _ in range(5):
        await remind(joy.services)
        ((status, due_at),) = await joy.rows("select status, due_at from reminders where id = :id", id=task)
        if status != "postponed":
            break
        waited.append(due_at.astimezone(COPENHAGEN).strftime("%Y-%m-%d %H:%M"))
        joy.clock.now = due_at
    assert (status, waited) == ("sent", ends)
    assert len(joy.new()) == 1


LEAP = "2028-02-29"


@pytest.mark.parametrize("arrival", ["2028-02-24", LEAP, "2027-12-31", "2027-03-27", "2027-10-30"])
async def test_whatever_the_calendar_does_it_is_nine_on_the_day_that_is_meant(chat: Chat, arrival: str) -> None:
    await chat.presses("consent:yes")
    first = (date.fromisoformat(arrival) + timedelta(days=20)).isoformat()
    await meets(chat, arrival=arrival, contract_signed="2026-11-01", first_working_day=first)
    rows = await chat.rows("select occurrence, due_at from reminders where kind = 'task'")
    assert rows
    for occurrence, due_at in rows:
        legal = occurrence.startswith("legal ")
        due = date.fromisoformat(occurrence.removeprefix("legal ")[:10])
        day = due + timedelta(days=1 if legal else int(occurrence[10:]))
        assert due_at == datetime.combine(day, time(9), COPENHAGEN), occurrence
    if arrival == LEAP:
        assert any(LEAP in occurrence for occurrence, _ in rows)


@pytest.mark.parametrize("day", ["2028-02-28", LEAP, "2027-01-31", "2027-02-28", "2026-12-31", "2027-03-27"])
async def test_later_at_the_end_of_a_month_is_the_next_day(chat: Chat, day: str) -> None:
    due = date.fromisoformat(day)
    number = await errand(chat, hours.at(due, time(14), COPENHAGEN))
    for passed in range(3):
        clock = time(14) if passed == 0 else time(9)
        chat.clock.now = hours.at(due + timedelta(days=passed), clock, COPENHAGEN)
        await remind(chat.services)
        (message,) = chat.new()
        assert any(button.payload == f"remind:{number}:later" for button in message.buttons)
        await chat.presses(f"remind:{number}:1d")
        chat.new()
        number, again = (await chat.rows("select id, due_at from reminders order by id desc"))[0]
        assert again == hours.at(due + timedelta(days=passed + 1), time(9), COPENHAGEN)
        chat.clock.now = again - timedelta(seconds=1)
        await remind(chat.services)
        assert chat.new() == []


# --- live before bulk -----------------------------------------------------------------------------------------------


class Noting(SharedPace):
    """Notes what Telegram has got when a chat's turn is asked for."""

    def __init__(self, database_url: str, telegram: TelegramEmulator) -> None:
        super().__init__(database_url)
        self.telegram, self.asked = telegram, defaultdict[str, list[int]](list)

    async def wait(self, address: str, **how: Any) -> None:
        self.asked[address].append(len(self.telegram.called("sendMessage")))
        await super().wait(address, **how)


async def test_an_answer_goes_before_two_hundred_reminders(
    database_url: str, no_people: None, shelf: FixedShelf
) -> None:
    """Measured by what Telegram gets in between, not by a clock."""
    people, live, times = 200, 999, 3
    async with TelegramEmulator() as telegram, AsyncExitStack() as stack:
        for chat in (*range(1, people + 1), live):
            telegram.chat(chat)
        pace = Noting(database_url, telegram)
        sender, answerer = [
            await stack.enter_async_context(worker(database_url, telegram.url, utc_now, shelf=shelf, pace=kept))
            for kept in (SharedPace(database_url), pace)
        ]
        sender.retry = soon(sender)
        await many_due(sender.database, people, now=utc_now() - timedelta(minutes=1))
        sending = asyncio.create_task(remind(sender))

        for number in range(times):
            await until(lambda: received(telegram).total() >= 40 * (number + 1), within=60)  # noqa: B023
            inbound = Inbound("telegram", str(live), f"live-{number}", Kind.COMMAND, utc_now(), text="help")
            conversation_id = await turns.receive(answerer, inbound)
            assert conversation_id is not None
            await turns.handle(answerer, conversation_id)
            await telegram.sees(live, number + 1)
        await sending
        await until(lambda: set(received(telegram)) == {*range(1, people + 1), live}, within=60)
        await sender.background.drain()
        await sweep(sender)

        chats = [int(arguments["chat_id"]) for arguments in telegram.called("sendMessage")]
        arrived = [place for place, chat in enumerate(chats) if chat == live]
        before = [place - asked for place, asked in zip(arrived, pace.asked[str(live)], strict=True)]
        assert max(before) <= 10, f"reminders that went before an answer: {before}"
        assert {row.reason for row in await ledger(sender.database)} == {None}
        assert max(count for chat, count in received(telegram).items() if chat != live) == 1


def soon(services: Services) -> Callable[[int, datetime], Awaitable[None]]:
    """In place of the queue: deliver a conversation's replies at that moment."""

    async def retry(conversation_id: int, at: datetime) -> None:
        turns.handle_soon(services, conversation_id, wait=max((at - utc_now()).total_seconds(), 0))

    return retry


# --- helpers --------------------------------------------------------------------------------------------------------


async def every(services: Services, query: str) -> list[Any]:
    async with services.database.connect() as connection:
        return list(await connection.execute(text(query)))


async def errand(chat: Chat, at: datetime) -> int:
    """An own reminder of the person, who agreed that it is kept."""
    await chat.presses("consent:yes")
    chat.new()
    ((recruit_id,),) = await chat.rows("select id from recruits")
    async with chat.services.database.begin() as connection:
        return await reminders.add_own(connection, recruit_id, "call the bank", at, now=chat.clock.now)


async def standing(chat: Chat, number: int) -> tuple[str, str | None]:
    ((status, reason),) = await chat.rows("select status, reason from reminders where id = :id", id=number)
    return status, reason


async def open_task(joy: Chat) -> int:
    """A row about a task without a legal limit that waits for nothing any more; all other rows are gone."""
    library = await joy.services.shelf.library()
    tasks = {task.id: task for task in library.tasks if task.legal is None and not task.behind}
    rows = await joy.rows("select id, recruit_id, task from reminders where kind = 'task' order by due_at desc, id")
    number, recruit_id, name = next(row for row in rows if row.task in tasks)
    before = [Change(task, "done", joy.clock.now.date()) for task in tasks[name].prerequisites]
    async with joy.services.database.begin() as connection:
        await change_tasks(connection, recruit_id, before, said_by="recruit", now=joy.clock.now)
    await only(joy, number)
    return int(number)


async def only(chat: Chat, number: int) -> None:
    """Nothing else is to come."""
    async with chat.services.database.begin() as connection:
        await connection.execute(text("delete from reminders where id <> :id"), {"id": number})
