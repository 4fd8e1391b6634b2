"""Days on which Danish offices are open."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.calendar import add_months, add_working_days, is_working_day, working_day_after, working_day_before

DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))
CLOSED = {
    2026: ("01-01", "04-02", "04-03", "04-05", "04-06", "05-14", "05-24", "05-25", "06-05", "12-24", "12-25", "12-26"),
    2027: ("01-01", "03-25", "03-26", "03-28", "03-29", "05-06", "05-16", "05-17", "06-05", "12-24", "12-25", "12-26"),
}


@pytest.mark.parametrize("year", CLOSED)
def test_closed_are_weekends_public_holidays_and_the_three_days_on_which_offices_rest(year: int) -> None:
    whole = [date(year, 1, 1) + timedelta(days=number) for number in range(365)]
    closed = {date.fromisoformat(f"{year}-{day}") for day in (*CLOSED[year], "12-31")}

    assert [day for day in whole if is_working_day(day)] == [
        day for day in whole if day.weekday() < 5 and day not in closed
    ]


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2023, 5, 5), False),  # Store bededag, for the last time
        (date(2024, 4, 26), True),
        (date(2026, 5, 1), True),
        (date(2028, 2, 29), True),
    ],
)
def test_store_bededag_ended_and_other_days_are_open(day: date, open_: bool) -> None:
    assert is_working_day(day) is open_


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2026, 4, 4), date(2026, 4, 1), date(2026, 4, 7)),  # Easter
        (date(2027, 3, 27), date(2027, 3, 24), date(2027, 3, 30)),
        (date(2026, 12, 26), date(2026, 12, 23), date(2026, 12, 28)),  # Christmas, then a weekend
        (date(2026, 6, 5), date(2026, 6, 4), date(2026, 6, 8)),  # a Friday
        (date(2027, 1, 1), date(2026, 12, 30), date(2027, 1, 4)),  # over the end of the year
        (date(2026, 11, 23), date(2026, 11, 23), date(2026, 11, 23)),
    ],
)
def test_the_next_working_day_on_either_side(day: date, before: date, after: date) -> None:
    assert (working_day_before(day), working_day_after(day)) == (before, after)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 4, 1), 1, date(2026, 4, 7)),
        (date(2026, 4, 7), -1, date(2026, 4, 1)),
        (date(2026, 4, 4), 1, date(2026, 4, 7)),
        (date(2026, 4, 4), 0, date(2026, 4, 4)),
        (date(2026, 11, 23), 5, date(2026, 11, 30)),
    ],
)
def test_counting_in_working_days(day: date, count: int, expected: date) -> None:
    assert add_working_days(day, count) == expected


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), -48, date(2024, 2, 29)),
        (date(2027, 3, 31), -1, date(2027, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2027, 1, 15), -1, date(2026, 12, 15)),
        (date(2027, 1, 1), 16, date(2028, 5, 1)),
        (date(2027, 5, 31), 0, date(2027, 5, 31)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_the_month(day: date, count: int, expected: date) -> None:
    assert add_months(day, count) == expected


@given(DAYS, st.integers(-40, 40))
def test_counting_forth_and_back_comes_home(day: date, count: int) -> None:
    start = working_day_before(day)

    assert add_working_days(add_working_days(start, count), -count) == start
    assert working_day_before(day) <= day <= working_day_after(day)
