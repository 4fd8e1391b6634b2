"""Who is asked when: along a day, over a weekend and holidays, at night; and when a missed promise is owned up to."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.days import COPENHAGEN, danish_moment
from handover.escalation import AskOnCall, AskSupervisors, Offer, Rules, Sorry, Standing, Step, next_steps
from handover.hours import is_open, read_hours
from handover.promise import Load, promise
from handover.routing import Candidate, Need, Ranked

DAY = ["09:00-12:00", "13:00-16:00"]
HOURS = read_hours(
    {
        "weekly": {"mon": DAY, "tue": DAY, "wed": DAY, "thu": DAY, "fri": ["09:00-14:00"]},
        "closed": ["12-24", "12-31"],
    }
)
LOAD = Load(ahead=0, mentors=3)
NEED = Need(language=None, kommune=None, theme=None, occupation=None)
MINUTE = timedelta(minutes=1)


def somebody(staff_id: int, role: str = "mentor", *, available: bool = True) -> Candidate:
    anything: frozenset[str] = frozenset()
    return Candidate(staff_id, role, anything, anything, anything, anything, 0, 5, None, available)


MENTORS = tuple(somebody(number) for number in range(1, 8))
ON_DUTY, OFF_DUTY = somebody(21, "supervisor"), somebody(22, "supervisor", available=False)
ALL = (*MENTORS, ON_DUTY, OFF_DUTY)


def a_standing(created: str, **fields: Any) -> Standing:
    known: dict[str, Any] = {
        "promised_at": None, "answered_at": None, "claimed": False, "urgent": False, "round": 0, "offered_at": None,
        "supervisors_at": None, "apologised_at": None,
    }  # fmt: skip
    return Standing(danish_moment(created), **{**known, **fields})


# --- step by step -----------------------------------------------------------------------------------------------------


@dataclass
class Course:
    """What happens to a handover if nobody reacts, looked at every five minutes; what is done is noted."""

    standing: Standing
    need: Need
    candidates: tuple[Candidate, ...]
    on_call: tuple[int, ...]
    log: list[str] = field(default_factory=list)

    def run(self, start: str, hours: float) -> list[str]:
        now = danish_moment(start)
        for _ in range(int(hours * 12)):
            for step in self.look(now):
                self.note(step, now)
            now += 5 * MINUTE
        return self.log

    def look(self, now: datetime) -> list[Step]:
        open_ = is_open(HOURS, now)
        people = [replace(one, available=one.available and open_) for one in self.candidates]
        return next_steps(self.standing, self.need, people, self.on_call, HOURS, LOAD, now)

    def note(self, step: Step, now: datetime) -> None:
        match step:
            case Offer(to):
                asked = [one.staff_id for one in to]
                self.need = replace(self.need, offered=self.need.offered.union(asked))
                self.standing = replace(self.standing, round=self.standing.round + 1, offered_at=now)
                self.say(now, "offer", *asked)
            case AskOnCall(people):
                self.need = replace(self.need, offered=self.need.offered.union(people))
                self.say(now, "on call", *people)
            case AskSupervisors(people):
                self.standing = replace(self.standing, supervisors_at=now)
                self.say(now, "supervisors", *people)
            case Sorry(promised_at):
                self.standing = replace(self.standing, apologised_at=now, promised_at=promised_at)
                self.say(now, f"sorry, by {promised_at.astimezone(COPENHAGEN):%d %H:%M}")

    def say(self, now: datetime, what: str, *people: int) -> None:
        self.log.append(" ".join([f"{now.astimezone(COPENHAGEN):%d %H:%M} {what}", *map(str, people)]))


def a_course(start: str, *, urgent: bool = False, people: tuple[Candidate, ...] = ALL, on_call: tuple[int, ...] = (),
             **need: Any) -> Course:  # fmt: skip
    promised = promise(HOURS, LOAD, danish_moment(start), urgent=urgent)
    standing = a_standing(start, promised_at=promised, urgent=urgent)
    return Course(standing, replace(NEED, urgent=urgent, **need), people, on_call)


@pytest.mark.parametrize(
    ("start", "hours", "course"),
    [
        (
            "2026-06-08 10:00",  # a Monday
            4,
            [
                "08 10:00 offer 1 2 3",
                "08 10:10 offer 4 5 6",
                "08 10:20 supervisors 21",
                "08 10:35 sorry, by 08 11:30",
                "08 11:35 sorry, by 08 13:30",
                "08 13:35 sorry, by 08 14:30",
            ],
        ),
        (
            "2026-06-08 11:55",  # over the lunch break
            2,
            ["08 11:55 offer 1 2 3", "08 13:05 offer 4 5 6", "08 13:15 supervisors 21", "08 13:35 sorry, by 08 14:30"],
        ),
        (
            "2026-06-12 13:55",  # Friday afternoon
            68,
            ["12 13:55 offer 1 2 3", "15 09:05 offer 4 5 6", "15 09:15 supervisors 21", "15 09:35 sorry, by 15 10:30"],
        ),
        (
            "2026-06-12 13:50",  # ten minutes are over at closing time, the next are asked in the morning
            68,
            ["12 13:50 offer 1 2 3", "15 09:00 offer 4 5 6", "15 09:10 supervisors 21", "15 09:35 sorry, by 15 10:30"],
        ),
        (
            "2026-04-02 10:00",  # Maundy Thursday
            120,
            ["07 09:00 offer 1 2 3", "07 09:10 offer 4 5 6", "07 09:20 supervisors 21", "07 09:35 sorry, by 07 10:30"],
        ),
        (
            "2026-12-24 10:00",
            96,
            ["28 09:00 offer 1 2 3", "28 09:10 offer 4 5 6", "28 09:20 supervisors 21", "28 09:35 sorry, by 28 10:30"],
        ),
    ],
)
def test_nobody_takes_it(start: str, hours: int, course: list[str]) -> None:
    assert a_course(start).run(start, hours) == course


@pytest.mark.parametrize(
    ("people", "need", "course"),
    [
        ((somebody(1), ON_DUTY), {}, ["08 10:00 offer 1", "08 10:10 supervisors 21"]),
        ((ON_DUTY, OFF_DUTY), {}, ["08 10:00 supervisors 21"]),
        ((OFF_DUTY,), {}, ["08 10:00 supervisors 22"]),
        ((), {}, []),
        (ALL, {"named": (5,)}, ["08 10:00 offer 5", "08 10:10 offer 1 2 3", "08 10:20 supervisors 21"]),
        (ALL, {"earlier": (21,)}, ["08 10:00 offer 21", "08 10:10 offer 1 2 3", "08 10:20 supervisors 21"]),
    ],
)
def test_the_first_half_hour(people: tuple[Candidate, ...], need: dict[str, Any], course: list[str]) -> None:
    rounds = a_course("2026-06-08 10:00", people=people, **need)
    rounds.standing = replace(rounds.standing, promised_at=None)

    assert rounds.run("2026-06-08 10:00", 1) == course


@pytest.mark.parametrize(
    ("start", "on_call", "hours", "course"),
    [
        (
            "2026-06-09 03:00",
            (5, 22),
            7,
            [
                "09 03:00 on call 5 22",
                "09 03:05 supervisors 21 22",
                "09 03:20 on call 5 22",
                "09 03:20 supervisors 21 22",
                "09 03:20 sorry, by 09 09:30",
                "09 03:35 on call 5 22",
                "09 03:35 supervisors 21 22",
                "09 03:50 on call 5 22",
                "09 03:50 supervisors 21 22",
                "09 09:00 offer 1 2 3",
                "09 09:05 offer 4 6 7",
                "09 09:35 sorry, by 09 10:30",
            ],
        ),
        (
            "2026-06-09 03:00",
            (),
            4,
            [
                "09 03:00 supervisors 21 22",
                "09 03:15 supervisors 21 22",
                "09 03:20 sorry, by 09 09:30",
                "09 03:30 supervisors 21 22",
                "09 03:45 supervisors 21 22",
            ],
        ),
        (
            "2026-12-24 22:00",
            (5,),
            0.5,
            [
                "24 22:00 on call 5",
                "24 22:05 supervisors 21 22",
                "24 22:20 on call 5",
                "24 22:20 supervisors 21 22",
                "24 22:20 sorry, by 28 09:30",
            ],
        ),
        (
            "2026-06-08 10:00",
            (2,),
            0.5,
            [
                "08 10:00 on call 2",
                "08 10:00 offer 1 3 4",
                "08 10:05 offer 5 6 7",
                "08 10:05 supervisors 21",
                "08 10:20 on call 2",
                "08 10:20 supervisors 21 22",
                "08 10:20 sorry, by 08 11:00",
            ],
        ),
    ],
)
def test_urgent(start: str, on_call: tuple[int, ...], hours: float, course: list[str]) -> None:
    assert a_course(start, urgent=True, on_call=on_call).run(start, hours) == course


# --- single moments ---------------------------------------------------------------------------------------------------

NOW = danish_moment("2026-06-08 10:00")
ASKED = a_standing("2026-06-08 09:55", round=1, offered_at=NOW - 5 * MINUTE)


def steps(standing: Standing, need: Need = NEED, *, now: datetime = NOW, on_call: tuple[int, ...] = ()) -> list[Step]:
    return next_steps(standing, need, ALL, on_call, HOURS, LOAD, now)


@pytest.mark.parametrize(
    ("offered", "declined", "next_ones"),
    [
        ({1, 2, 3}, set(), []),
        ({1, 2, 3}, {1, 2}, []),
        ({1, 2, 3}, {1, 2, 3}, [4, 5, 6]),  # nobody is left to wait for
    ],
)
def test_the_next_are_asked_once_all_have_declined(offered: set[int], declined: set[int], next_ones: list[int]) -> None:
    need = replace(NEED, offered=frozenset(offered), declined=frozenset(declined))

    assert [one.staff_id for step in steps(ASKED, need) if isinstance(step, Offer) for one in step.to] == next_ones


def test_all_who_could_have_declined() -> None:
    everybody = frozenset(range(1, 8))

    assert steps(ASKED, replace(NEED, offered=everybody, declined=everybody)) == [AskSupervisors((21,))]


def test_whoever_is_on_call_later_is_asked_as_well() -> None:
    standing = a_standing("2026-06-09 03:00", urgent=True)
    need = replace(NEED, urgent=True, offered=frozenset({5}))

    assert steps(standing, need, now=danish_moment("2026-06-09 03:02"), on_call=(5, 6)) == [AskOnCall((6,))]


def test_supervisors_are_asked_at_once_when_all_on_call_declined() -> None:
    standing = a_standing("2026-06-09 03:00", urgent=True)
    need = replace(NEED, urgent=True, offered=frozenset({5}), declined=frozenset({5}))

    assert steps(standing, need, now=danish_moment("2026-06-09 03:02"), on_call=(5,)) == [AskSupervisors((21, 22))]


def test_other_rules() -> None:
    rules = Rules(offer_minutes=3, rounds=1)

    assert next_steps(ASKED, NEED, ALL, (), HOURS, LOAD, NOW, rules) == [AskSupervisors((21,))]


def test_a_claimed_one_is_offered_to_nobody() -> None:
    assert steps(a_standing("2026-06-08 10:00", claimed=True)) == []
    assert steps(a_standing("2026-06-08 10:00", claimed=True, urgent=True), on_call=(5,)) == []


def test_reasons_travel_with_the_offer() -> None:
    assert steps(a_standing("2026-06-08 10:00"), replace(NEED, named=(5,))) == [Offer((Ranked(5, ("named",)),))]


@pytest.mark.parametrize(
    ("promised", "now", "fields", "new"),
    [
        ("2026-06-08 10:30", "2026-06-08 10:30", {}, None),  # this very moment is not too late
        ("2026-06-08 10:30", "2026-06-08 10:31", {}, "2026-06-08 11:30"),
        ("2026-06-08 10:30", "2026-06-08 10:31", {"answered_at": NOW}, None),
        ("2026-06-08 10:30", "2026-06-08 11:31", {"apologised_at": NOW + 31 * MINUTE}, None),
        ("2026-06-08 11:30", "2026-06-08 11:31", {"apologised_at": NOW + 31 * MINUTE}, "2026-06-08 13:30"),
        ("2026-06-08 16:00", "2026-06-08 16:01", {}, None),  # closed; said in the morning
        ("2026-06-08 16:00", "2026-06-09 09:00", {}, "2026-06-09 09:30"),
        ("2026-06-08 16:00", "2026-06-08 16:01", {"urgent": True, "supervisors_at": NOW}, "2026-06-09 09:30"),
    ],
)
def test_sorry_once_for_each_missed_promise(promised: str, now: str, fields: dict[str, Any], new: str | None) -> None:
    standing = a_standing("2026-06-08 10:00", claimed=True, promised_at=danish_moment(promised), **fields)

    assert steps(standing, now=danish_moment(now)) == ([Sorry(danish_moment(new))] if new else [])


@pytest.mark.parametrize(
    ("now", "fields", "asked"),
    [
        ("2026-06-08 12:00", {"answered_at": NOW, "waiting_since": NOW + 5 * MINUTE}, False),
        ("2026-06-08 13:06", {"answered_at": NOW, "waiting_since": NOW + 5 * MINUTE}, True),  # two hours without lunch
        ("2026-06-08 13:06", {"answered_at": NOW, "waiting_since": NOW + 5 * MINUTE, "supervisors_at": NOW}, False),
        ("2026-06-08 10:09", {"urgent": True}, False),
        ("2026-06-08 10:10", {"urgent": True}, True),
        ("2026-06-08 12:00", {"urgent": True, "answered_at": NOW}, False),
    ],
)
def test_supervisors_hear_of_a_mentor_who_does_not_write(now: str, fields: dict[str, Any], asked: bool) -> None:
    standing = a_standing("2026-06-08 10:00", claimed=True, promised_at=danish_moment("2026-06-08 15:00"), **fields)

    assert [isinstance(step, AskSupervisors) for step in steps(standing, now=danish_moment(now))] == [True] * asked
