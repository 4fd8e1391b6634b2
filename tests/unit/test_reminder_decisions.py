"""Whether, when and with which words a reminder goes out: tables of cases first, then what holds for every moment."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.telegram.format import to_parts
from core.messages import Reply, as_written
from i18n import format as local
from i18n.languages import LANGUAGES
from i18n.translator import translator
from journey.calendar import is_holiday
from journey.plan import Planned, Profile, State, plan
from journey.standing import anchors_of
from knowledge.files import read_folder
from knowledge.library import Library
from knowledge.models import Task
from reminders import hours, planning
from reminders.compose import MOST_BUTTONS, Line, compose
from reminders.decide import LEGAL, OUTAGE, TOO_LATE, TOO_LATE_OWN, URGENT, Item, Postpone, Receiver, Send, Skip, decide
from web.render import html

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
MANILA, AUCKLAND = ZoneInfo("Asia/Manila"), ZoneInfo("Pacific/Auckland")
NOON = datetime(2027, 3, 10, 11, tzinfo=UTC)  # a Wednesday; noon in Copenhagen
KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
LIBRARY = Library.of(read_folder(KNOWLEDGE).entries)
TASK = LIBRARY.by_id["r-register-cpr"]
DAY = date(2027, 3, 15)


def a_planned(state: State = State.OPEN, *, task: Task = TASK, **fields: Any) -> Planned:
    known: dict[str, Any] = {
        "due": DAY, "estimated": False, "legal": None, "legal_estimated": False, "late": False, "legally_late": False,
        "legal_soon": False, "blocked_by": (), "unblocked_by": (),
    }  # fmt: skip
    return Planned(task=task, state=state, **{**known, **fields})


def an_item(kind: str = "task", *, due: datetime = NOON, occurrence: str = "2027-03-15-5", **fields: Any) -> Item:
    task = {"task": a_planned()} if kind == "task" else {}
    return Item(kind, occurrence, **{"planned_for": due, "due_at": due, **task, **fields})


def a_person(profile: Mapping[str, str] | None = None, **fields: Any) -> Receiver:
    known: dict[str, Any] = {
        "consent": "given", "language": "en", "reachable": True, "with_mentor": False, "busy": False, "seen_at": NOON,
    }  # fmt: skip
    return Receiver(profile=profile or {}, **{**known, **fields})


def at(text: str, zone: ZoneInfo = COPENHAGEN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# --- reasons, one by one ----------------------------------------------------------------------------------------------


def test_what_is_due_is_sent() -> None:
    assert decide(an_item(), a_person(), now=NOON) == Send()


WITH_LEGAL = a_planned(legal=date(2027, 6, 1))
WAITS_FOR_ME = a_planned(State.BLOCKED, blocked_by=("r-mitid",), unblocked_by=("recruit",))
WAITS_FOR_OTHERS = a_planned(State.BLOCKED, blocked_by=("e-housing-map",), unblocked_by=("employer",))


@pytest.mark.parametrize(
    ("item", "person", "reason"),
    [
        (an_item(), a_person(consent="declined"), "consent withdrawn"),
        (an_item(), a_person(consent="asked"), "consent withdrawn"),
        (an_item(task=None), a_person(), "no longer applies"),
        (an_item(task=a_planned(State.DONE)), a_person(), "done meanwhile"),
        (an_item(task=a_planned(State.SKIPPED)), a_person(), "not for this person"),
        (an_item(task=WAITS_FOR_ME), a_person(), "waits for r-mitid"),
        (an_item(), a_person({"paused": "stopped"}), "stopped by the person"),
        (an_item("own"), a_person({"paused": "stopped"}), "stopped by the person"),
        (an_item("announcement"), a_person({"announcements": "no"}), "no announcements wished"),
        (an_item(), a_person({"pace": "fewer"}), "fewer reminders wished"),
        (an_item(), a_person(reachable=False), "unreachable"),
        (an_item(due=NOON - TOO_LATE - timedelta(seconds=1)), a_person(), "too late to be useful"),
        (an_item("own", due=NOON - TOO_LATE_OWN - timedelta(seconds=1)), a_person(), "too late to be useful"),
        (
            an_item(due=NOON - TOO_LATE_OWN - timedelta(seconds=1), task=WITH_LEGAL),
            a_person(),
            "too late to be useful",
        ),
    ],
)
def test_skipped_for_good(item: Item, person: Receiver, reason: str) -> None:
    assert decide(item, person, now=NOON) == Skip(reason)


@pytest.mark.parametrize(
    ("item", "person"),
    [
        (an_item(task=WAITS_FOR_OTHERS), a_person()),
        (an_item(task=WAITS_FOR_ME, stuck=True), a_person()),
        (an_item(task=WAITS_FOR_ME, occurrence="snooze 1"), a_person()),
        (an_item(task=WITH_LEGAL), a_person({"pace": "fewer"})),
        (an_item(occurrence="snooze 1"), a_person({"pace": "fewer"})),
        (an_item("own"), a_person({"pace": "fewer"})),
        (an_item("own"), a_person({"announcements": "no"})),
        (an_item("announcement"), a_person({"pace": "fewer"})),
        (an_item(), a_person({"paused": "2027-03-10"})),
        (an_item(), a_person(busy=True, seen_at=NOON - timedelta(minutes=30))),
    ],
)
def test_sent_all_the_same(item: Item, person: Receiver) -> None:
    assert decide(item, person, now=NOON) == Send()


def test_late_by_our_fault_comes_with_an_apology_until_it_is_too_late() -> None:
    for kind, most in (("task", TOO_LATE), ("own", TOO_LATE_OWN)):
        assert decide(an_item(kind, due=NOON - OUTAGE), a_person(), now=NOON) == Send()
        assert decide(an_item(kind, due=NOON - OUTAGE - timedelta(minutes=1)), a_person(), now=NOON) == Send(late=True)
        assert decide(an_item(kind, due=NOON - most), a_person(), now=NOON) == Send(late=True)


def test_what_was_postponed_and_comes_in_time_needs_no_apology() -> None:
    item = an_item(planned_for=NOON - timedelta(days=3), due_at=NOON)

    assert decide(item, a_person(), now=NOON) == Send()


@pytest.mark.parametrize(
    ("item", "person", "now", "until", "reason"),
    [
        (an_item(), a_person({"paused": "2027-03-24"}), NOON, "2027-03-24T09:00", "paused by the person"),
        (an_item("own"), a_person({"paused": "2027-03-24"}), NOON, "2027-03-24T09:00", "paused by the person"),
        (an_item(), a_person(with_mentor=True), NOON, "2027-03-10T13:00", "talking to a mentor"),
        (an_item(), a_person(busy=True), NOON, "2027-03-10T12:20", "in the middle of our questions"),
        (an_item(due=at("2027-03-10T22:30")), a_person(), at("2027-03-10T22:30"), "2027-03-11T08:00", "quiet hours"),
        (an_item(due=at("2027-03-10T03:30")), a_person(), at("2027-03-10T03:30"), "2027-03-10T08:00", "quiet hours"),
        (
            an_item("announcement", due=at("2027-03-10T03:30")), a_person(), at("2027-03-10T03:30"),
            "2027-03-10T08:00", "quiet hours",
        ),
        (
            an_item("own", due=at("2027-03-10T00:00")), a_person(), at("2027-03-10T03:00"),
            "2027-03-10T08:00", "quiet hours",
        ),
    ],
)  # fmt: skip
def test_postponed(item: Item, person: Receiver, now: datetime, until: str, reason: str) -> None:
    assert decide(item, person, now=now) == Postpone(at(until), reason)


def test_an_own_reminder_comes_at_the_hour_it_was_asked_for_even_at_night() -> None:
    night = at("2027-03-10T03:15")

    assert decide(an_item("own", due=night), a_person(), now=night) == Send()
    assert decide(an_item("own", due=night), a_person(), now=night + OUTAGE - timedelta(minutes=1)) == Send()
    assert decide(an_item("own", due=at("2026-12-25T04:00")), a_person(), now=at("2026-12-25T04:00")) == Send()


# --- which reason counts ----------------------------------------------------------------------------------------------


def test_the_order_of_the_reasons() -> None:
    """Everything speaks against it; one after the other is taken away, and the next reason shows."""
    night = at("2026-12-25T23:30")
    stale = {"planned_for": night - TOO_LATE - timedelta(days=1), "due_at": night}
    done = an_item(task=a_planned(State.DONE), **stale)
    stopped = {"paused": "stopped", "pace": "fewer"}
    worst = a_person(
        stopped, consent="declined", reachable=False, with_mentor=True, busy=True, seen_at=night - timedelta(minutes=1)
    )
    paused = replace(worst, consent="given", profile={"paused": "2027-01-15"}, reachable=True)
    talking = replace(paused, profile={})
    cases = [
        (done, worst, "consent withdrawn"),
        (done, replace(worst, consent="given"), "done meanwhile"),
        (an_item(**stale), replace(worst, consent="given"), "stopped by the person"),
        (an_item(**stale), replace(worst, consent="given", profile={"pace": "fewer"}), "fewer reminders wished"),
        (an_item(**stale), replace(worst, consent="given", profile={}), "unreachable"),
        (an_item(**stale), paused, "too late to be useful"),
        (an_item(due=night), paused, "paused by the person"),
        (an_item(due=night), talking, "talking to a mentor"),
        (an_item(due=night), replace(talking, with_mentor=False), "in the middle of our questions"),
        (an_item(due=night), replace(talking, with_mentor=False, busy=False), "quiet hours"),
    ]
    for item, person, reason in cases:
        decision = decide(item, person, now=night)
        assert isinstance(decision, Skip | Postpone)
        assert decision.reason == reason

    morning = at("2026-12-25T09:00")
    assert decide(an_item(due=morning), a_person(), now=morning) == Postpone(at("2026-12-27T09:00"), "a Danish holiday")


# --- holidays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "next_day"),
    [
        ("2027-03-25", "2027-03-27"),  # Maundy Thursday; the Saturday is none
        ("2027-03-26", "2027-03-27"),
        ("2027-03-28", "2027-03-30"),  # Easter Sunday, the clocks change, too
        ("2027-03-29", "2027-03-30"),
        ("2026-12-24", "2026-12-27"),
        ("2026-12-25", "2026-12-27"),
        ("2026-12-26", "2026-12-27"),
        ("2026-12-31", "2027-01-02"),
        ("2027-01-01", "2027-01-02"),
        ("2027-06-05", "2027-06-06"),
    ],
)
def test_what_can_wait_waits_for_the_end_of_a_danish_holiday(day: str, next_day: str) -> None:
    now = at(f"{day}T09:00")

    assert decide(an_item(due=now), a_person(), now=now) == Postpone(at(f"{next_day}T09:00"), "a Danish holiday")


@pytest.mark.parametrize(
    ("day", "zone"), [("2027-03-27", COPENHAGEN), ("2027-05-01", COPENHAGEN), ("2027-11-01", MANILA)]
)
def test_other_days_are_none_whatever_is_celebrated_there(day: str, zone: ZoneInfo) -> None:
    now = at(f"{day}T09:00", zone)

    assert decide(an_item(due=now), a_person({"arrival": "2027-12-01", "zone": zone.key}), now=now) == Send()


@pytest.mark.parametrize("ahead", [URGENT, timedelta(0), -timedelta(days=1), URGENT + timedelta(days=1)])
def test_what_the_law_presses_for_comes_on_a_holiday(ahead: timedelta) -> None:
    now = at("2027-03-26T09:00")
    item = an_item(due=now, task=a_planned(legal=date(2027, 3, 26) + ahead))

    assert isinstance(decide(item, a_person(), now=now), Send if ahead <= URGENT else Postpone)


def test_before_the_flight_the_holiday_is_the_danish_day_and_the_morning_is_ones_own() -> None:
    away = a_person({"arrival": "2027-06-01", "zone": "Asia/Manila"})
    now = at("2027-03-26T09:00", MANILA)

    assert decide(an_item(due=now), away, now=now) == Postpone(at("2027-03-27T09:00", MANILA), "a Danish holiday")


def test_over_the_date_line_the_morning_after_a_danish_holiday_is_not_before_its_end() -> None:
    """Nine in Auckland on 25 March is still the evening of the 24th in Denmark; nine on the 27th is the 26th there."""
    away = a_person({"arrival": "2027-06-01", "zone": "Pacific/Auckland"})
    now = at("2027-03-25T09:00", AUCKLAND)
    assert decide(an_item(due=now), away, now=now) == Send()

    moment, steps = at("2027-03-26T09:00", AUCKLAND), 0
    while isinstance(decision := decide(an_item(due=moment), away, now=moment), Postpone):
        assert decision.until > moment
        moment, steps = decision.until, steps + 1
    assert steps == 1
    assert not is_holiday(moment.astimezone(COPENHAGEN).date())
    assert moment.astimezone(AUCKLAND).time() == time(9)


# --- hours ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "language", "zone"),
    [
        ({}, None, "Europe/Copenhagen"),
        ({}, "fil", "Europe/Copenhagen"),  # no day of arrival: here
        ({"zone": "Asia/Dubai"}, "fil", "Asia/Dubai"),
        ({"arrival": "2027-06-01"}, "fil", "Asia/Manila"),
        ({"arrival": "2027-06-01"}, "uk", "Europe/Kyiv"),
        ({"arrival": "2027-06-01"}, "en", "Europe/Copenhagen"),
        ({"arrival": "2027-06-01", "zone": "Asia/Dubai"}, "fil", "Asia/Dubai"),
        ({"arrival": "2027-06-01", "zone": "Nowhere/Land"}, "fil", "Asia/Manila"),
        ({"arrival": "2027-06-01", "zone": "../../etc/passwd"}, "fil", "Asia/Manila"),
        ({"arrival": "2027-03-10", "zone": "Asia/Manila"}, "fil", "Europe/Copenhagen"),
        ({"arrival": "2027-03-01", "zone": "Asia/Manila"}, "fil", "Europe/Copenhagen"),
    ],
)
def test_where_somebody_is(profile: dict[str, str], language: str | None, zone: str) -> None:
    assert hours.zone_of(profile, language, NOON).key == zone


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ("", (21, 8)), ("22-7", (22, 7)), ("0-6", (0, 6)), ("13-15", (13, 15)), ("23-23", (23, 23)),
        ("25-7", (21, 8)), ("22", (21, 8)), ("a-b", (21, 8)), ("-", (21, 8)),
    ],
)  # fmt: skip
def test_ones_own_silent_hours(said: str, understood: tuple[int, int]) -> None:
    assert hours.quiet_hours({"quiet": said}) == understood


@pytest.mark.parametrize(
    ("quiet", "silent"),
    [
        ((21, 8), {21, 22, 23, 0, 1, 2, 3, 4, 5, 6, 7}),
        ((0, 6), {0, 1, 2, 3, 4, 5}),
        ((13, 15), {13, 14}),
        ((23, 0), {23}),
        ((9, 9), set()),
    ],
)
def test_over_midnight_and_within_a_day(quiet: tuple[int, int], silent: set[int]) -> None:
    moments = [at(f"2027-03-10T{hour:02}:30") for hour in range(24)]

    assert {m.astimezone(COPENHAGEN).hour for m in moments if hours.is_quiet(m, COPENHAGEN, quiet)} == silent


@pytest.mark.parametrize(
    ("day", "clock", "zone", "utc"),
    [
        ("2027-03-28", "09:00", COPENHAGEN, "2027-03-28T07:00"),
        ("2027-03-28", "02:30", COPENHAGEN, "2027-03-28T01:30"),  # passed over: 03:30
        ("2027-03-27", "09:00", COPENHAGEN, "2027-03-27T08:00"),
        ("2027-10-31", "02:30", COPENHAGEN, "2027-10-31T00:30"),  # comes twice: the first
        ("2027-10-31", "09:00", COPENHAGEN, "2027-10-31T08:00"),
        ("2027-03-28", "09:00", MANILA, "2027-03-28T01:00"),
        ("2027-10-31", "09:00", MANILA, "2027-10-31T01:00"),
        ("2027-03-28", "09:00", AUCKLAND, "2027-03-27T20:00"),
        ("2027-04-04", "09:00", AUCKLAND, "2027-04-03T21:00"),
    ],
)
def test_a_local_time_as_a_moment(day: str, clock: str, zone: ZoneInfo, utc: str) -> None:
    assert hours.at(date.fromisoformat(day), time.fromisoformat(clock), zone) == at(utc, ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2027-03-27T22:00", "2027-03-28T08:00"),
        ("2027-03-28T01:59", "2027-03-28T08:00"),
        ("2027-10-30T23:00", "2027-10-31T08:00"),
        ("2027-10-31T02:30", "2027-10-31T08:00"),
    ],
)
def test_the_nights_in_which_the_clocks_change_end_at_eight(now: str, opens: str) -> None:
    assert hours.next_opening(at(now), COPENHAGEN, (21, 8)) == at(opens)


# --- what holds for every moment --------------------------------------------------------------------------------------

ZONES = st.sampled_from(
    ["", "Asia/Manila", "Pacific/Auckland", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Apia", "Nowhere/Land"]
)
MOMENTS = st.datetimes(datetime(2026, 11, 1), datetime(2028, 4, 30), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
PROFILES = st.fixed_dictionaries(
    {"zone": ZONES},
    optional={
        "arrival": st.dates(date(2026, 11, 1), date(2028, 4, 30)).map(date.isoformat),
        "quiet": st.tuples(st.integers(0, 23), st.integers(0, 23)).map(lambda h: f"{h[0]}-{h[1]}"),
        "paused": st.dates(date(2026, 11, 1), date(2028, 4, 30)).map(date.isoformat) | st.just("stopped"),
        "pace": st.just("fewer"),
        "announcements": st.just("no"),
    },
)
PEOPLE = st.builds(
    Receiver,
    consent=st.sampled_from(["given", "given", "given", "declined"]),
    profile=PROFILES,
    language=st.sampled_from([None, *LANGUAGES]),
    reachable=st.sampled_from([True, True, True, False]),
    with_mentor=st.just(False),
    busy=st.booleans(),
    seen_at=MOMENTS,
)
TASKS = st.builds(
    a_planned,
    st.sampled_from(list(State)),
    legal=st.none() | st.dates(date(2026, 11, 1), date(2028, 4, 30)),
    blocked_by=st.sampled_from([(), ("r-mitid",)]),
    unblocked_by=st.sampled_from([(), ("recruit",), ("employer",), ("employer", "family")]),
)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Item, datetime]:
    """A row of the ledger, and a moment not before it is due."""
    due = draw(MOMENTS)
    kind = draw(st.sampled_from(["task", "own", "announcement"]))
    item = Item(
        kind,
        draw(st.sampled_from(["2027-03-15-5", f"{LEGAL} 2027-03-15", "snooze 1"])),
        due - draw(st.timedeltas(timedelta(0), timedelta(days=5))),
        due,
        draw(st.none() | TASKS) if kind == "task" else None,
        draw(st.booleans()),
    )
    return item, due + draw(st.timedeltas(timedelta(0), timedelta(days=1)))


@settings(max_examples=400)
@given(rows(), PEOPLE)
def test_nothing_is_sent_in_silent_hours_but_what_was_asked_for_at_that_hour(
    row: tuple[Item, datetime], person: Receiver
) -> None:
    item, now = row
    if not isinstance(decide(item, person, now=now), Send):
        return
    zone = hours.zone_of(person.profile, person.language, now)
    begin, end = hours.quiet_hours(person.profile)
    hour = now.astimezone(zone).hour
    silent = hour in {h % 24 for h in range(begin, end if begin <= end else end + 24)}
    assert not silent or (item.kind == "own" and now - item.due_at < OUTAGE)
    assert person.consent == "given"
    assert person.reachable
    assert item.kind == "own" or not is_holiday(now.astimezone(COPENHAGEN).date()) or (item.task and item.task.legal)


@settings(max_examples=400)
@given(rows(), PEOPLE)
def test_every_row_comes_to_an_end(row: tuple[Item, datetime], person: Receiver) -> None:
    """A postponed row is looked at again when it is due; after a few of these it is sent or skipped."""
    item, now = row
    person = replace(person, seen_at=min(person.seen_at, now))
    for _ in range(12):
        decision = decide(item, person, now=now)
        if not isinstance(decision, Postpone):
            return
        assert decision.until > now
        now = decision.until
        item = replace(item, due_at=now)
    pytest.fail(f"still put off: {decision}")


@given(rows(), PEOPLE, st.integers(1, 12))
def test_with_a_mentor_it_waits_as_long_as_they_talk(row: tuple[Item, datetime], person: Receiver, looks: int) -> None:
    item, now = row
    talking = replace(person, with_mentor=True)
    for _ in range(looks):
        decision = decide(item, talking, now=now)
        assert not isinstance(decision, Send)
        if isinstance(decision, Skip):
            return
        assert decision.until > now
        now = decision.until
        item = replace(item, due_at=now)


@given(MOMENTS, ZONES.filter(lambda name: "/" in name and name != "Nowhere/Land").map(ZoneInfo), PROFILES)
def test_silence_ends_where_it_says(now: datetime, zone: ZoneInfo, profile: dict[str, str]) -> None:
    quiet = hours.quiet_hours(profile)
    if hours.is_quiet(now, zone, quiet):
        opening = hours.next_opening(now, zone, quiet)
        assert now < opening <= now + timedelta(hours=25)
        assert not hours.is_quiet(opening, zone, quiet)


# --- planning ---------------------------------------------------------------------------------------------------------

KNOWN = {
    "origin": "non-eu", "occupation": "nurse", "household": "family", "zone": "Asia/Manila", "arrival": "2027-03-03",
    "contract_signed": "2026-11-23", "first_working_day": "2027-04-01",
}  # fmt: skip
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)


def a_plan(
    known: Mapping[str, str], now: datetime, done: Mapping[str, date | None] | None = None
) -> tuple[Planned, ...]:
    who = Profile(known.get("origin"), known.get("occupation"), known.get("household"))
    return plan(LIBRARY.tasks, who, anchors_of(known), done or {}, today=now.astimezone(COPENHAGEN).date())


@settings(max_examples=60, deadline=None)
@given(
    st.dates(date(2026, 6, 1), date(2028, 6, 1)),
    st.integers(0, 60),
    st.sampled_from(["Asia/Manila", "Pacific/Auckland", "America/Los_Angeles", "Europe/Warsaw"]),
    MOMENTS,
)
def test_planned_is_nine_in_the_morning_where_they_are_then_and_each_once(
    arrival: date, later: int, zone: str, now: datetime
) -> None:
    known = {
        **KNOWN,
        "arrival": arrival.isoformat(),
        "first_working_day": (arrival + timedelta(days=later)).isoformat(),
        "zone": zone,
    }
    found = planning.wanted(a_plan(known, now), known, "fil", now=now)

    keys = [(wanted.task, wanted.occurrence) for wanted in found]
    assert len(set(keys)) == len(keys)
    for wanted in found:
        there = wanted.due_at.astimezone(hours.zone_of(known, "fil", wanted.due_at))
        around = {
            wanted.due_at.astimezone(z).time() for z in (COPENHAGEN, ZoneInfo(zone))
        }  # on the very day of arrival somebody is in both
        assert there.time() == time(9) or (abs(there.date() - arrival) <= timedelta(days=1) and time(9) in around)
        assert wanted.due_at > now


def test_on_either_side_of_the_flight_and_of_the_change_of_the_clocks_it_is_nine() -> None:
    found = planning.wanted(a_plan(KNOWN, NOW), KNOWN, "fil", now=NOW)

    assert {w.due_at.hour for w in found if w.due_at < at("2027-03-02T00:00")} == {1}
    assert {w.due_at.hour for w in found if at("2027-03-04T00:00") < w.due_at < at("2027-03-28T00:00")} == {8}
    assert {w.due_at.hour for w in found if at("2027-03-28T00:00") < w.due_at < at("2027-10-31T00:00")} == {7}


def test_a_moved_day_gives_new_occurrences_for_what_hangs_on_it_only() -> None:
    moved = {**KNOWN, "arrival": "2027-03-10"}
    before = {(w.task, w.occurrence) for w in planning.wanted(a_plan(KNOWN, NOW), KNOWN, "fil", now=NOW)}
    after = {(w.task, w.occurrence) for w in planning.wanted(a_plan(moved, NOW), moved, "fil", now=NOW)}

    gone = {task for task, _ in before - after}
    assert "r-danish-sim" in gone
    assert "r-tax-card" not in gone
    assert {task for task, _ in after - before} == gone
    assert not {key for key in before & after if key[0] == "r-danish-sim"}


def test_what_is_settled_or_estimated_gets_none() -> None:
    steps = a_plan(KNOWN, NOW, {"r-read-contract": NOW.date()})
    wanted = {w.task for w in planning.wanted(steps, KNOWN, "fil", now=NOW)}

    assert "r-read-contract" not in wanted
    assert "r-mitid" not in wanted, "its day is only estimated as long as there is no CPR number"
    assert planning.settled(steps) == {"r-read-contract": "done meanwhile"}


def test_the_morning_after_a_legal_limit_that_is_known_and_never_after_one_that_we_guessed() -> None:
    found = planning.wanted(a_plan(KNOWN, NOW), KNOWN, "fil", now=NOW)
    legal = {w.task: w.occurrence for w in found if w.occurrence.startswith(LEGAL)}
    assert legal["r-register-cpr"] == f"{LEGAL} 2027-03-08"
    assert "r-tax-card" not in legal

    told = {**KNOWN, "first_salary": "2027-04-29"}
    found = planning.wanted(a_plan(told, NOW), told, "fil", now=NOW)
    (card,) = (w for w in found if w.task == "r-tax-card" and w.occurrence.startswith(LEGAL))
    assert card.due_at == at("2027-04-30T09:00")


# --- words ------------------------------------------------------------------------------------------------------------

CPR = a_planned(legal=date(2027, 3, 20), legal_soon=True)
TAX = a_planned(task=LIBRARY.by_id["r-tax-card"], due=date(2027, 4, 1))
TRICKY = "**x** [a](javascript:alert(1)) <b>!</b> _y_ `z` &lt; # 1. \\* https://evil.example\n\n# big\n- item\n1. one"


def a_line(planned: Planned | None = CPR, *, kind: str = "task", text: str = "", **fields: Any) -> Line:
    return Line(fields.pop("id", 7), kind, fields.pop("occurrence", "2027-03-15-5"), text, planned, **fields)


def said(language: str, *lines: Line, late: bool = False) -> Reply:
    return compose(lines, LIBRARY, language, date(2027, 3, 12), late=late)


def payloads(reply: Reply) -> list[str]:
    return [button.payload for button in reply.buttons]


def title(task: str, language: str) -> str:
    return LIBRARY.task_text(task, language).title


@pytest.mark.parametrize("language", LANGUAGES)
def test_one(language: str) -> None:
    reply = said(language, a_line())

    assert reply.language == language
    assert reply.bulk
    assert f"**{title('r-register-cpr', language)}**" in reply.text
    assert local.day(date(2027, 3, 20), language) in reply.text
    assert payloads(reply) == [f"remind:7:{what}" for what in ("done", "later", "skip", "more")]
    assert translator(language).gettext("Later") in {button.label for button in reply.buttons}
    assert "[[" not in reply.text
    assert "{" not in reply.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_several_are_one_message_with_a_button_each(language: str) -> None:
    reply = said(language, a_line(id=1), a_line(TAX, id=2), a_line(None, id=3, kind="own", text="call mum"))

    for part in (title("r-register-cpr", language), title("r-tax-card", language), "call mum"):
        assert part in reply.text
    assert payloads(reply) == ["remind:1:more", "remind:2:more", "list"]
    many = said(language, *(a_line(TAX, id=number) for number in range(9)))
    assert len(many.buttons) == MOST_BUTTONS + 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_late_begins_with_an_apology(language: str) -> None:
    on_time, late = said(language, a_line()), said(language, a_line(), late=True)

    assert late.text == f"{LIBRARY.reply('remind_sorry', language, DAY)}\n\n{on_time.text}"
    assert late.buttons == on_time.buttons
    assert late.bulk


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_legal_limit_that_has_passed_offers_a_mentor(language: str) -> None:
    passed = a_planned(legal=date(2027, 3, 11), late=True, legally_late=True)
    reply = said(language, a_line(passed, occurrence=f"{LEGAL} 2027-03-11"))

    assert reply.text.startswith("⚠")
    assert reply.text.count(local.day(date(2027, 3, 11), language)) == 1
    assert payloads(reply)[-1] == "mentor"
    again = said(language, a_line(passed, occurrence="2027-03-15+2"))
    assert local.day(date(2027, 3, 11), language) in again.text, "also where it comes up once more it says since when"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_waits_says_for_whom(language: str) -> None:
    for_others = a_planned(State.BLOCKED, blocked_by=("e-temporary-housing",), unblocked_by=("employer",))
    reply = said(language, a_line(for_others))
    assert title("e-temporary-housing", language) in reply.text
    assert LIBRARY.reply("who_employer", language, DAY) in reply.text
    assert not [p for p in payloads(reply) if p.startswith("task:")]

    for_oneself = a_planned(State.BLOCKED, blocked_by=("r-mitid", "r-tax-card"), unblocked_by=("recruit",))
    reply = said(language, a_line(for_oneself))
    assert title("r-mitid", language) in reply.text
    assert {"task:r-mitid", "task:r-tax-card"} <= {*payloads(reply)}, "what comes first is one tap away"


@pytest.mark.parametrize("language", LANGUAGES)
def test_own_ones_and_announcements(language: str) -> None:
    own = said(language, a_line(None, kind="own", text="call the bank"))
    assert "call the bank" in own.text
    assert payloads(own) == ["remind:7:done", "remind:7:later"]
    plain = said(language, a_line(None, kind="own"))
    assert plain.text
    assert "[[" not in plain.text

    news = said(language, a_line(None, kind="announcement", text="The **office** moves."))
    assert news.text.startswith("The **office** moves.")
    assert LIBRARY.reply("announcement_footer", language, DAY) in news.text


def test_an_employer_reads_for_whom() -> None:
    reply = said("en", a_line(a_planned(task=LIBRARY.by_id["e-written-terms"]), about="Joy *R*"))

    assert r"(Joy \*R\*)" in reply.text


@pytest.mark.parametrize("late", [False, True])
def test_what_a_person_wrote_is_never_mark_up(late: bool) -> None:
    own = a_line(None, kind="own", text=TRICKY)
    for reply in (said("en", own, late=late), said("en", own, a_line(TAX, id=8), late=late)):
        page = html(reply.text)
        for wrong in ("<a", "<em", "<code", "<b>", "<h", "<ol", "<li>item", "<strong>x"):
            assert wrong not in page.replace('<a href="tel:', ""), wrong
        assert "[a](javascript:alert(1))" in page
        telegram = "".join(part.html for part in to_parts(reply, 1))
        assert "<a" not in telegram
        assert "<b>x" not in telegram
        assert "**x** [a](javascript:alert(1))" in telegram


@given(st.text(alphabet=st.sampled_from("ab1 *_`[]()<>#+-=.!&;\\~|:/\n"), max_size=40))
def test_what_a_person_wrote_reads_as_it_was_written(text: str) -> None:
    lines = " ".join(text.split())
    shown = "".join(part.plain for part in to_parts(Reply(f"x {as_written(text)} x", "en"), 1))
    assert shown == f"x {lines} x".replace("  ", " ") if lines else shown
    alone = as_written(text)
    page = html(alone)
    assert not any(tag in page for tag in ("<a", "<em", "<strong", "<code", "<li", "<h3", "<blockquote")), page


def test_moments_stay_in_order_over_both_nights_on_which_the_clocks_change() -> None:
    for day in (date(2027, 3, 28), date(2027, 10, 31)):
        moments = [hours.at(day, time(hour), COPENHAGEN) for hour in range(24)]
        assert all(first <= second for first, second in pairwise(moments))
