"""What a person is promised: by when a human will have written."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.days import danish_moment
from handover.hours import Hours, closes_at, is_open, read_hours
from handover.promise import Load, again, promise

DAY = ["09:00-12:00", "13:00-16:00"]
HOURS = read_hours(
    {
        "weekly": {"mon": DAY, "tue": DAY, "wed": DAY, "thu": DAY, "fri": ["09:00-14:00"]},
        "closed": ["12-24", "12-31"],
        "special": {"2026-12-23": ["09:00-12:00"]},
    }
)
TO_A_QUARTER = read_hours({"weekly": {"mon": ["09:00-15:45"], "tue": ["09:00-15:45"]}})
TEN_MINUTES = read_hours({"weekly": {day: ["09:00-09:10"] for day in ("mon", "tue", "wed", "thu", "fri")}})
NEVER = Hours({}, frozenset(), {})


@pytest.mark.parametrize(
    ("now", "ahead", "mentors", "promised"),
    [
        ("2026-06-08 10:00", 0, 1, "2026-06-08 10:30"),  # a Monday
        ("2026-06-08 10:01", 0, 1, "2026-06-08 11:00"),
        ("2026-06-08 10:00", 2, 1, "2026-06-08 11:00"),
        ("2026-06-08 10:00", 4, 2, "2026-06-08 11:00"),
        ("2026-06-08 10:00", 2, 0, "2026-06-08 11:00"),  # nobody counts as one
        ("2026-06-08 11:30", 0, 1, "2026-06-08 12:00"),
        ("2026-06-08 11:45", 0, 1, "2026-06-08 13:30"),
        ("2026-06-08 15:20", 0, 1, "2026-06-08 16:00"),
        ("2026-06-08 15:40", 0, 1, "2026-06-09 09:30"),
        ("2026-06-09 03:00", 0, 1, "2026-06-09 09:30"),
        ("2026-06-08 09:00", 40, 1, "2026-06-09 14:30"),  # 630 minutes, 360 of them on Monday
        ("2026-06-08 09:00", 100, 1, "2026-06-12 10:30"),  # 1530: all four days to Thursday, and 90
        ("2026-06-12 13:45", 0, 1, "2026-06-15 09:30"),  # Friday afternoon
        ("2026-06-12 13:45", 10, 1, "2026-06-15 12:00"),
        ("2026-06-04 15:50", 0, 1, "2026-06-08 09:30"),  # Constitution Day
        ("2026-03-27 13:50", 0, 1, "2026-03-30 09:30"),  # summer time begins
        ("2026-03-29 01:59", 4, 1, "2026-03-30 10:30"),
        ("2026-10-24 12:00", 0, 1, "2026-10-26 09:30"),  # winter time begins
        ("2026-10-25 02:30", 4, 1, "2026-10-26 10:30"),
        ("2026-04-01 15:45", 0, 1, "2026-04-07 09:30"),  # Easter
        ("2026-04-03 12:00", 20, 2, "2026-04-07 12:00"),
        ("2026-12-23 11:00", 0, 1, "2026-12-23 11:30"),
        ("2026-12-23 11:50", 0, 1, "2026-12-28 09:30"),
        ("2026-12-24 10:00", 6, 1, "2026-12-28 11:00"),
        ("2026-12-30 15:55", 0, 1, "2027-01-04 09:30"),
        ("2026-12-31 20:00", 0, 1, "2027-01-04 09:30"),
    ],
)
def test_the_promise(now: str, ahead: int, mentors: int, promised: str) -> None:
    assert promise(HOURS, Load(ahead, mentors), danish_moment(now)) == danish_moment(promised)


@pytest.mark.parametrize(
    ("now", "promised"),
    [
        ("2026-06-08 15:00", "2026-06-08 15:30"),
        ("2026-06-08 15:10", "2026-06-08 15:45"),  # rounded it would be 16:00
        ("2026-06-08 15:15", "2026-06-08 15:45"),
        ("2026-06-08 15:16", "2026-06-09 09:30"),
    ],
)
def test_closing_time_is_promised_rather_than_a_moment_after_it(now: str, promised: str) -> None:
    assert promise(TO_A_QUARTER, Load(0, 1), danish_moment(now)) == danish_moment(promised)


@pytest.mark.parametrize(
    ("now", "ahead", "promised"),
    [
        ("2026-06-08 08:00", 0, "2026-06-09 09:10"),  # 30 minutes would take three days
        ("2026-06-08 10:00", 0, "2026-06-10 09:10"),  # closed again: Tuesday is the first day
        ("2026-06-08 08:00", 2, "2026-06-15 09:10"),  # those ahead alone take three days, so all sixty minutes count
    ],
)
def test_the_base_never_leads_beyond_the_second_open_day(now: str, ahead: int, promised: str) -> None:
    assert promise(TEN_MINUTES, Load(ahead, 1), danish_moment(now)) == danish_moment(promised)


@pytest.mark.parametrize("now", ["2026-06-09 03:07", "2026-12-24 20:00", "2026-06-08 10:01"])
def test_urgent_means_a_quarter_of_an_hour_whatever_the_hour(now: str) -> None:
    moment = danish_moment(now)

    assert promise(HOURS, Load(50, 1), moment, urgent=True) == moment + timedelta(minutes=15)


def test_two_days_if_it_never_opens() -> None:
    now = danish_moment("2026-06-08 10:00")

    assert promise(NEVER, Load(0, 1), now) == now + timedelta(days=2)
    assert again(NEVER, Load(0, 1), now) == now + timedelta(days=2)


@pytest.mark.parametrize(
    ("now", "ahead", "promised"),
    [
        ("2026-06-08 10:00", 0, "2026-06-08 10:30"),  # half of it were 15 minutes
        ("2026-06-08 10:00", 6, "2026-06-08 11:00"),
        ("2026-06-08 15:45", 0, "2026-06-09 09:30"),
        ("2026-06-12 13:00", 10, "2026-06-15 09:30"),
    ],
)
def test_a_second_promise_halves_the_wait(now: str, ahead: int, promised: str) -> None:
    assert again(HOURS, Load(ahead, 1), danish_moment(now)) == danish_moment(promised)


# --- for every moment -------------------------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
LOADS = st.builds(Load, ahead=st.integers(0, 60), mentors=st.integers(0, 5), base=st.sampled_from([0, 10, 30, 90]))
A_MOMENT = timedelta(microseconds=1)


@given(st.sampled_from([HOURS, TO_A_QUARTER, TEN_MINUTES]), LOADS, MOMENTS)
def test_a_promise_lies_ahead_in_the_opening_hours_or_at_their_end(hours: Hours, load: Load, now: datetime) -> None:
    for promised in (promise(hours, load, now), again(hours, load, now)):
        assert promised >= now
        assert is_open(hours, promised) or closes_at(hours, promised - A_MOMENT) == promised


@given(LOADS, MOMENTS, st.integers(0, 20))
def test_a_longer_queue_never_means_an_earlier_promise(load: Load, now: datetime, more: int) -> None:
    longer = Load(load.ahead + more, load.mentors, base=load.base)

    assert promise(HOURS, longer, now) >= promise(HOURS, load, now)
