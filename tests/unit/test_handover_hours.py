"""When humans answer: opening hours over ordinary weeks, holidays and the nights in which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.days import COPENHAGEN, danish_moment
from handover.hours import Hours, HoursError, after_open, closes_at, is_open, next_opening, read_hours

WEEK = {
    "mon": ["09:00-12:00", "13:00-16:00"],
    "tue": ["09:00-12:00", "13:00-16:00"],
    "wed": ["09:00-12:00", "13:00-16:00"],
    "thu": ["09:00-12:00", "13:00-16:00"],
    "fri": "09:00-14:00",
    "sat": [],
}
HOURS = read_hours(
    {
        "weekly": WEEK,
        "closed": ["12-24", "12-31"],
        "special": {date(2026, 12, 23): ["09:00-12:00"], "2026-11-28": ["10:00-11:00"], "2026-11-30": []},
        "holidays": "closed",
    }
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- ordinary weeks, holidays, special days ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        ("2026-06-08 08:59", "2026-06-08 09:00", None),  # a Monday
        ("2026-06-08 09:00", "2026-06-08 09:00", "2026-06-08 12:00"),
        ("2026-06-08 12:00", "2026-06-08 13:00", None),
        ("2026-06-08 15:59", "2026-06-08 15:59", "2026-06-08 16:00"),
        ("2026-06-08 16:00", "2026-06-09 09:00", None),
        ("2026-06-12 13:30", "2026-06-12 13:30", "2026-06-12 14:00"),  # Friday afternoon
        ("2026-06-12 14:00", "2026-06-15 09:00", None),
        ("2026-06-04 17:00", "2026-06-08 09:00", None),  # Constitution Day is a Friday
        ("2026-04-01 15:59", "2026-04-01 15:59", "2026-04-01 16:00"),  # the Wednesday before Easter
        ("2026-04-02 10:00", "2026-04-07 09:00", None),
        ("2026-04-06 10:00", "2026-04-07 09:00", None),
        ("2026-11-28 10:30", "2026-11-28 10:30", "2026-11-28 11:00"),  # a Saturday for once
        ("2026-11-30 10:00", "2026-12-01 09:00", None),  # a Monday closed for once
        ("2026-12-23 11:59", "2026-12-23 11:59", "2026-12-23 12:00"),
        ("2026-12-23 12:00", "2026-12-28 09:00", None),
        ("2026-12-24 10:00", "2026-12-28 09:00", None),
        ("2026-12-26 10:00", "2026-12-28 09:00", None),
        ("2026-12-31 10:00", "2027-01-04 09:00", None),
        ("2027-01-01 10:00", "2027-01-04 09:00", None),
    ],
)
def test_open_or_when_it_opens(now: str, opens: str, closes: str | None) -> None:
    moment = danish_moment(now)

    assert next_opening(HOURS, moment) == danish_moment(opens)
    assert closes_at(HOURS, moment) == (closes and danish_moment(closes))
    assert is_open(HOURS, moment) is (closes is not None)


@pytest.mark.parametrize(
    ("now", "minutes", "then"),
    [
        ("2026-06-08 10:00", 0, "2026-06-08 10:00"),
        ("2026-06-08 10:00", 45, "2026-06-08 10:45"),
        ("2026-06-08 11:30", 30, "2026-06-08 12:00"),
        ("2026-06-08 11:30", 31, "2026-06-08 13:01"),
        ("2026-06-08 12:30", 5, "2026-06-08 13:05"),
        ("2026-06-08 09:00", 360, "2026-06-08 16:00"),
        ("2026-06-08 09:00", 1440, "2026-06-11 16:00"),
        ("2026-06-12 13:45", 30, "2026-06-15 09:15"),
        ("2026-04-01 15:45", 60, "2026-04-07 09:45"),
        ("2026-12-23 11:00", 120, "2026-12-28 10:00"),
        ("2026-12-30 15:00", 90, "2027-01-04 09:30"),
        ("2026-03-27 13:30", 90, "2026-03-30 10:00"),  # the weekend of summer time
        ("2026-10-23 13:30", 90, "2026-10-26 10:00"),  # and of winter time
    ],
)
def test_open_time_passes_only_while_it_is_open(now: str, minutes: float, then: str) -> None:
    assert after_open(HOURS, danish_moment(now), minutes) == danish_moment(then)


def test_results_are_in_utc_whatever_the_zone_of_now() -> None:
    local = datetime(2026, 6, 8, 10, tzinfo=COPENHAGEN)
    moments = next_opening(HOURS, local), after_open(HOURS, local, 0), after_open(HOURS, local, 5)

    assert [moment and str(moment) for moment in moments] == [
        "2026-06-08 08:00:00+00:00",
        "2026-06-08 08:00:00+00:00",
        "2026-06-08 08:05:00+00:00",
    ]


# --- the nights in which the clocks change ----------------------------------------------------------------------------


def on_sundays(*spans: str) -> Hours:
    return read_hours({"weekly": {"sun": list(spans)}, "holidays": "open"})


@pytest.mark.parametrize(
    ("day", "spans", "starts", "ends"),
    [
        ("2026-03-29", ["01:00-04:00"], "2026-03-29 00:00", "2026-03-29 02:00"),  # an hour shorter
        ("2026-03-29", ["02:30-05:00"], "2026-03-29 01:30", "2026-03-29 03:00"),  # 02:30 is 03:30
        ("2026-03-29", ["02:00-03:00"], "2026-04-05 00:00", "2026-04-05 01:00"),  # not at all that night
        ("2026-10-25", ["01:00-04:00"], "2026-10-24 23:00", "2026-10-25 03:00"),  # an hour longer
        ("2026-10-25", ["02:30-03:00"], "2026-10-25 00:30", "2026-10-25 02:00"),  # from the first half past two
    ],
)
def test_a_span_in_the_night_in_which_the_clocks_change(day: str, spans: list[str], starts: str, ends: str) -> None:
    hours = on_sundays(*spans)
    opening = next_opening(hours, danish_moment(f"{day} 00:00"))

    assert opening == utc(starts)
    assert closes_at(hours, opening) == utc(ends)


def test_no_minute_counts_twice_where_two_spans_are_pushed_together() -> None:
    hours = on_sundays("01:00-02:30", "03:00-04:00")  # on that night until 03:30, and from 03:00

    assert after_open(hours, utc("2026-03-29 00:00"), 120) == utc("2026-03-29 02:00")
    assert after_open(hours, utc("2026-03-29 00:00"), 121) == utc("2026-04-04 23:01")


def test_midnight_ends_the_day_also_when_it_has_25_hours() -> None:
    hours = on_sundays("00:00-24:00")

    assert closes_at(hours, utc("2026-10-24 22:00")) == utc("2026-10-25 23:00")
    assert after_open(hours, utc("2026-10-24 22:00"), 25 * 60) == utc("2026-10-25 23:00")


# --- hardly ever open -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "found"), [(60, True), (61, False)])
def test_nothing_is_found_later_than_in_sixty_days(days: int, found: bool) -> None:
    now = utc("2026-06-08 07:00")  # 09:00 in Denmark
    only = Hours({}, frozenset(), {date(2026, 6, 8) + timedelta(days=days): ((time(9), time(10)),)})

    assert (next_opening(only, now) is not None) is found
    assert (after_open(only, now, 60) is not None) is found
    assert after_open(only, now, 61) is None


# --- from a file ------------------------------------------------------------------------------------------------------


def test_hours_are_read() -> None:
    assert read_hours(
        {
            "weekly": {"Mon": ["13:00-16:00", "9:00 - 12:00"], "sat": None, "sun": "20:00-24:00"},
            "closed": "12-24, 02-29",
        }
    ) == Hours(
        weekly={0: ((time(9), time(12)), (time(13), time(16))), 5: (), 6: ((time(20), time(0)),)},
        closed=frozenset({(12, 24), (2, 29)}),
        special={},
    )


@pytest.mark.parametrize(
    ("data", "field", "problem"),
    [
        (["mon"], "the whole", "names with values are expected"),
        ({}, "weekly", "it is missing"),
        ({"weekly": WEEK, "closing": []}, "closing", "not known"),
        ({"weekly": WEEK, "holidays": True}, "holidays", "neither"),
        ({"weekly": {"monday": []}}, "weekly.monday", "none of mon, tue"),
        ({"weekly": {"mon": 540}}, "weekly.mon", "540 is no list of texts"),
        ({"weekly": {"mon": [540]}}, "weekly.mon", "540 is no span"),
        ({"weekly": {"mon": "9-12"}}, "weekly.mon", "'9-12' is no span"),
        ({"weekly": {"mon": "09:00-12:60"}}, "weekly.mon", "no clock shows"),
        ({"weekly": {"mon": "22:00-02:00"}}, "weekly.mon", "the next day"),
        ({"weekly": {"mon": ["09:00-12:00", "11:00-13:00"]}}, "weekly.mon", "the span from 11:00"),
        ({"weekly": {"mon": ["20:00-00:00", "21:00-22:00"]}}, "weekly.mon", "the span from 21:00"),
        ({"weekly": WEEK, "closed": ["2026-12-24"]}, "closed", "belongs to special"),
        ({"weekly": WEEK, "closed": [date(2026, 12, 24)]}, "closed", "belongs to special"),
        ({"weekly": WEEK, "special": {"12-23": []}}, "special.12-23", "no date"),
    ],
)
def test_what_is_wrong_is_named_with_an_example(data: Any, field: str, problem: str) -> None:
    with pytest.raises(HoursError) as caught:
        read_hours(data)

    assert caught.value.field == field
    assert problem in str(caught.value)
    assert "Example: " in str(caught.value)


# --- for every moment -------------------------------------------------------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
MINUTES = st.integers(0, 3000)


@given(MOMENTS, MINUTES, MINUTES)
def test_more_open_time_never_ends_earlier(now: datetime, some: int, more: int) -> None:
    first, second = after_open(HOURS, now, min(some, more)), after_open(HOURS, now, max(some, more))

    assert first is not None
    assert second is not None
    assert now <= first <= second


@given(MOMENTS, MINUTES, MINUTES)
def test_open_time_may_be_counted_in_two_steps(now: datetime, one: int, two: int) -> None:
    between = after_open(HOURS, now, one)

    assert between is not None
    assert after_open(HOURS, between, two) == after_open(HOURS, now, one + two)
