"""A recruit, mentors, the clock and two processes at once, in any order: who speaks, and whether anything is left silent.

Shortened in the normal suite; `make test-races` sets VELKOMMEN_RACES=full for ten thousand schedules.
"""

import asyncio
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from knowledge.shelf import Shelf
from store import database
from tests.support.fakes import FixedShelf
from tests.support.handing import BEGINNINGS, Op, World, open_world

FULL = os.environ.get("VELKOMMEN_RACES") == "full"
SCHEDULES = int(os.environ.get("VELKOMMEN_SCHEDULES", 10_000 if FULL else 150))
TOLD_EVERY = 250

RECRUIT = ("says", "says", "says", "asks", "press", "press", "danger", "mydata")
COLLEAGUES = (
    "claim", "claim", "claim", "write", "write", "write", "pass_on", "pass_on", "resolve", "resolve", "snooze", "wake",
    "invite", "join", "leave", "read", "edit", "decline",
)  # fmt: skip
BY_ITSELF = ("remind", "tick", "sweep", "fault", "clock")

SMALL = st.integers(0, 5)
OPS = st.builds(
    Op,
    name=st.sampled_from((*RECRUIT * 2, *COLLEAGUES, *BY_ITSELF)),
    who=st.sampled_from((0, 0, 1, 1, 2)),
    side=st.integers(0, 1),
    number=SMALL,
    wait=st.sampled_from((0, 0, 0, 1, 2, 4, 8)),
)
WAVES = st.lists(st.lists(OPS, min_size=1, max_size=4), min_size=1, max_size=3)


@pytest.fixture(scope="module")
async def world(database_url: str) -> AsyncIterator[World]:
    engine = database.connect(database_url)
    library = await Shelf(database.sessions(engine)).library()
    await engine.dispose()
    url = await asyncio.to_thread(_make_database, database_url, "races")
    made = await open_world(url, FixedShelf(library))
    yield made
    for side in made.sides:
        await side.background.drain()
        await side.database.dispose()


def _make_database(url: str, name: str) -> str:
    made = make_url(url).set(database=name).render_as_string(hide_password=False)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"drop database if exists {name} with (force)"))
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    database.migrate(made)
    return made


@given(beginning=st.sampled_from(BEGINNINGS), waves=WAVES, seed=st.integers(0, 2**32))
@settings(
    max_examples=SCHEDULES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
async def test_whatever_happens_at_once(world: World, beginning: str, waves: list[list[Op]], seed: int) -> None:
    with capture_logs() as logs:
        await world.begin(beginning, seed)
        for wave in waves:
            await world.at_once(wave)
        await world.finish()
        broken = Promises(await facts(world), world).broken()
        if world.reminders:
            await world.finish_reminders()
            broken += Promises(await facts(world), world).broken_reminders()
    broken += world.wrong
    broken += [str(line) for line in logs if line["log_level"] in ("error", "critical")]
    _tell_progress(world)
    if broken:
        note("\n".join(world.trace))
    assert not broken, broken


BEGAN = time.monotonic()
HELD = Counter[str]()


def _tell_progress(world: World) -> None:
    HELD["schedules"] += 1
    HELD["messages"] += len(world.channel.received)
    if FULL and HELD["schedules"] % TOLD_EVERY == 0:
        minutes = (time.monotonic() - BEGAN) / 60
        told = f"{HELD['schedules']} schedules, {HELD['messages']} messages received, {minutes:.1f} min"
        print(told, file=sys.__stderr__, flush=True)
    if HELD["schedules"] == SCHEDULES and FULL:
        print(dict(sorted(world.steps.items())), file=sys.__stderr__, flush=True)


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


async def facts(world: World) -> Facts:
    outbound = await world.rows("select id, inbound_id, epoch, body, status, mentor_id, source from outbound order by id")
    inbound = await world.rows("select id, kind, text, payload, handled_at from inbound order by id")
    rows = await world.rows("select id, status, reason, unread, closed_at from handovers order by id")
    diary = await world.rows("select seq, what, handover, number, epoch, owner, status, mentor, unread, cast(step as text) as step from diary order by seq")
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

    def _batch(self, number: int) -> list[int]:
        """The messages that were taken up together, as far as they can be told: the texts in front of it."""
        batch = []
        for other in sorted(self.found.inbound, reverse=True):
            if other > number:
                continue
            if self.found.inbound[other].kind != "text" or (
                self.found.inbound[other].handled_at != self.found.inbound[number].handled_at
            ):
                break
            batch.append(other)
        return batch

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
        return any(row.inbound_id is not None and row.inbound_id >= number for row in self.found.sent)

    def _was_heard(self, number: int) -> bool:
        heard = next(line for line in self.found.diary if line.what == "heard" and line.number == number)
        steps = [
            line
            for line in self.found.diary
            if line.what == "step" and (line.seq > heard.seq or line.step == heard.step)
        ]
        if not steps:
            return False
        row = self.found.handovers[steps[-1].handover]
        resolved = next((seen for handover, seen in self.world.seen if handover == heard.handover), None)
        if heard.handover is not None and resolved is not None and number > resolved:
            return False
        return row.unread > 0 or any(line.unread == 0 for line in steps)

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
