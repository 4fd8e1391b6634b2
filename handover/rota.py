"""Who is on duty or on call at a moment, from shifts of a weekday or of a single day, on the Danish wall clock."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from core.days import danish_day
from handover.hours import Hours, at, is_open

DAYS_AHEAD = 14
ONE_DAY = timedelta(days=1)


class Duty(StrEnum):
    DUTY = "duty"
    ON_CALL = "on_call"


@dataclass(frozen=True, slots=True)
class Shift:
    """Either of every such weekday or of one day; one that does not end after its start goes on past midnight.

    valid_from, valid_to: the first and the last day on which it may begin.
    """

    staff_id: int
    kind: Duty
    start: time
    end: time
    weekday: int | None = None
    day: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if (self.weekday is None) == (self.day is None):
            raise ValueError("a shift has either a weekday or a day")


def on_duty(shifts: Iterable[Shift], hours: Hours, now: datetime) -> frozenset[int]:
    """Whose duty runs now; outside the opening hours there is no duty, whatever the shifts say."""
    if not is_open(hours, now):
        return frozenset()
    return frozenset(shift.staff_id for shift in shifts if shift.kind is Duty.DUTY and _began(shift, now))


def has_shifts(shifts: Iterable[Shift], now: datetime | None = None) -> frozenset[int]:
    """Who has duty shifts that begin at most 14 days before or after `now`, without it any duty shifts.

    Everybody else is on duty whenever it is open.
    """
    duties = [shift for shift in shifts if shift.kind is Duty.DUTY]
    if now is None:
        return frozenset(shift.staff_id for shift in duties)
    first = danish_day(now) - timedelta(days=DAYS_AHEAD)
    return frozenset(shift.staff_id for shift in duties if any(_moments(shift, first, 2 * DAYS_AHEAD)))


def on_call(shifts: Iterable[Shift], now: datetime) -> tuple[int, ...]:
    """Who is on call, each once: first those of a shift for this very day, then in the order in which they began."""
    running = [
        (shift.day is None, began, shift.staff_id)
        for shift in shifts
        if shift.kind is Duty.ON_CALL and (began := _began(shift, now))
    ]
    return tuple(dict.fromkeys(staff_id for _, _, staff_id in sorted(running)))


def next_duty(shifts: Iterable[Shift], staff_id: int, now: datetime) -> datetime | None:
    """When that person's next duty begins, `now` if it runs; None if there is none within 14 days."""
    now = now.astimezone(UTC)
    starts = [
        max(start, now)
        for shift in shifts
        if shift.staff_id == staff_id and shift.kind is Duty.DUTY
        for start, end in _moments(shift, danish_day(now) - ONE_DAY, DAYS_AHEAD + 1)
        if end > now and start <= now + timedelta(days=DAYS_AHEAD)
    ]
    return min(starts, default=None)


def _began(shift: Shift, now: datetime) -> datetime | None:
    """When the shift that runs now began."""
    for start, end in _moments(shift, danish_day(now) - ONE_DAY, 1):
        if start <= now < end:
            return start
    return None


def _moments(shift: Shift, first: date, count: int) -> Iterator[tuple[datetime, datetime]]:
    """The shift's starts and ends on a day and on so many after it."""
    for number in range(count + 1):
        day = first + timedelta(days=number)
        if _begins_on(shift, day):
            yield at(day, shift.start), at(day if shift.end > shift.start else day + ONE_DAY, shift.end)


def _begins_on(shift: Shift, day: date) -> bool:
    return (
        (day == shift.day if shift.weekday is None else day.weekday() == shift.weekday)
        and (shift.valid_from is None or shift.valid_from <= day)
        and (shift.valid_to is None or day <= shift.valid_to)
    )
