"""Who is on duty or on call: a small rota, read at many moments."""

from datetime import date, time
from typing import Any

import pytest

from core.days import danish_moment
from handover.hours import read_hours
from handover.rota import Duty, Shift, has_shifts, next_duty, on_call, on_duty

HOURS = read_hours({"weekly": {day: ["08:00-16:00"] for day in ("mon", "tue", "wed", "thu", "fri")}})
NIGHTS = read_hours({"weekly": {"sat": ["20:00-24:00"], "sun": ["00:00-08:00"]}, "holidays": "open"})
MON, TUE, SAT = 0, 1, 5


def a_duty(staff_id: int, start: str, end: str, **fields: Any) -> Shift:
    return Shift(staff_id, Duty.DUTY, time.fromisoformat(start), time.fromisoformat(end), **fields)


def a_call(staff_id: int, start: str, end: str, **fields: Any) -> Shift:
    return Shift(staff_id, Duty.ON_CALL, time.fromisoformat(start), time.fromisoformat(end), **fields)


DUTIES = (
    a_duty(1, "08:00", "12:00", weekday=MON),
    a_duty(2, "10:00", "18:00", weekday=MON),
    a_duty(3, "08:00", "16:00", day=date(2026, 6, 9)),
    a_duty(4, "08:00", "16:00", weekday=TUE, valid_from=date(2026, 6, 16), valid_to=date(2026, 6, 23)),
    a_call(9, "00:00", "00:00", weekday=MON),
)


@pytest.mark.parametrize(
    ("now", "there"),
    [
        ("2026-06-08 07:59", set()),  # a Monday
        ("2026-06-08 08:00", {1}),
        ("2026-06-08 11:59", {1, 2}),
        ("2026-06-08 12:00", {2}),
        ("2026-06-08 16:30", set()),  # the shift goes on, but it is closed
        ("2026-06-09 09:00", {3}),
        ("2026-06-16 09:00", {4}),  # the first day of a shift's time
        ("2026-06-23 09:00", {4}),  # and the last one
        ("2026-06-30 09:00", set()),
        ("2026-04-06 09:00", set()),  # Easter Monday
    ],
)
def test_on_duty(now: str, there: set[int]) -> None:
    assert on_duty(DUTIES, HOURS, danish_moment(now)) == there


@pytest.mark.parametrize(
    ("now", "there"),
    [
        ("2026-06-13 21:00", {1}),  # Saturday night
        ("2026-06-14 03:59", {1}),
        ("2026-06-14 04:00", set()),
        ("2026-03-29 03:30", {1}),  # an hour after 01:30 in the shorter night
        ("2026-10-25 03:59", {1}),
    ],
)
def test_a_shift_goes_on_past_midnight(now: str, there: set[int]) -> None:
    assert on_duty([a_duty(1, "20:00", "04:00", weekday=SAT)], NIGHTS, danish_moment(now)) == there


def test_a_shift_of_the_last_valid_day_ends_on_the_next() -> None:
    shift = a_duty(1, "20:00", "04:00", weekday=SAT, valid_to=date(2026, 6, 13))

    assert on_duty([shift], NIGHTS, danish_moment("2026-06-14 02:00")) == {1}


@pytest.mark.parametrize(
    ("now", "who"),
    [
        (None, {1, 2, 3, 4}),
        ("2026-06-08 09:00", {1, 2, 3, 4}),
        ("2026-06-01 09:00", {1, 2, 3}),  # that of 4 begins in 15 days
        ("2026-07-07 09:00", {1, 2, 4}),  # that of 3 lies a month back
        ("2026-07-08 09:00", {1, 2}),
    ],
)
def test_who_has_duty_shifts(now: str | None, who: set[int]) -> None:
    assert has_shifts(DUTIES, danish_moment(now) if now else None) == who


CALLS = (
    a_call(1, "16:00", "08:00", weekday=MON),
    a_call(2, "12:00", "00:00", weekday=MON),
    a_call(3, "20:00", "23:00", day=date(2026, 6, 8)),
    a_call(2, "20:00", "22:00", day=date(2026, 6, 8)),
    a_duty(4, "08:00", "23:00", weekday=MON),
)


@pytest.mark.parametrize(
    ("now", "who"),
    [
        ("2026-06-08 11:59", ()),
        ("2026-06-08 17:00", (2, 1)),  # 2 began first
        ("2026-06-08 21:00", (2, 3, 1)),  # those of this very day ahead, 2 once
        ("2026-06-08 22:30", (3, 2, 1)),
        ("2026-06-09 00:00", (1,)),
        ("2026-06-09 08:00", ()),
    ],
)
def test_on_call(now: str, who: tuple[int, ...]) -> None:
    assert on_call(CALLS, danish_moment(now)) == who


@pytest.mark.parametrize(
    ("staff_id", "now", "then"),
    [
        (1, "2026-06-08 07:00", "2026-06-08 08:00"),
        (1, "2026-06-08 09:30", "2026-06-08 09:30"),
        (1, "2026-06-08 12:00", "2026-06-15 08:00"),
        (3, "2026-06-08 12:00", "2026-06-09 08:00"),
        (3, "2026-06-10 12:00", None),
        (4, "2026-06-02 07:00", None),  # in 14 days and an hour
        (4, "2026-06-02 08:00", "2026-06-16 08:00"),
        (9, "2026-06-07 12:00", None),  # on call only
    ],
)
def test_next_duty(staff_id: int, now: str, then: str | None) -> None:
    assert next_duty(DUTIES, staff_id, danish_moment(now)) == (then and danish_moment(then))


def test_duty_runs_at_two_in_the_morning_when_that_hour_is_passed_over() -> None:
    shift = a_duty(1, "02:30", "06:00", weekday=6)

    assert next_duty([shift], 1, danish_moment("2026-03-29 00:00")) == danish_moment("2026-03-29 03:30")


@pytest.mark.parametrize("fields", [{}, {"weekday": MON, "day": date(2026, 6, 8)}])
def test_a_shift_has_either_a_weekday_or_a_day(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either a weekday or a day"):
        a_duty(1, "08:00", "12:00", **fields)
