"""Before which moment a human will have written: a promise that is to be kept, so it is counted in open time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from core.days import danish_day
from handover.hours import Hours, after_open, closes_at, next_opening

URGENT = timedelta(minutes=15)
NEVER_OPEN = timedelta(days=2)
HALF_HOUR = timedelta(minutes=30)
SOONEST_AGAIN = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """ahead: open requests before this one. mentors: on duty and able to take it; nobody counts as one."""

    ahead: int
    mentors: int
    minutes_each: float = 15
    base: float = 30


def promise(hours: Hours, load: Load, now: datetime, *, urgent: bool = False) -> datetime:
    """A moment in the opening hours or at their end; if urgent, a quarter of an hour from now, to the second.

    Only those ahead can lead beyond the second open day, never the base. Two days from now if it never opens.
    """
    if urgent:
        return now.astimezone(UTC) + URGENT
    moment = _counted(hours, _queue(load) + load.base, now)
    queue = _counted(hours, _queue(load), now)
    limit = _end_of_second_day(hours, now)
    if moment and queue and limit and queue <= limit:
        moment = min(moment, limit)
    return _rounded(hours, moment, now)


def again(hours: Hours, load: Load, now: datetime) -> datetime:
    """The promise after a missed one: half the wait, but never less than half an hour of open time."""
    return _rounded(hours, _counted(hours, max((_queue(load) + load.base) / 2, SOONEST_AGAIN), now), now)


def _queue(load: Load) -> float:
    return load.ahead / max(load.mentors, 1) * load.minutes_each


def _counted(hours: Hours, minutes: float, now: datetime) -> datetime | None:
    opening = next_opening(hours, now)
    return after_open(hours, opening, minutes) if opening else None


def _end_of_second_day(hours: Hours, now: datetime) -> datetime | None:
    """The last closing time of the second day, counted from `now`, on which it is open."""
    days: set[date] = set()
    end = None
    at = now
    while (opening := next_opening(hours, at)) and (closing := closes_at(hours, opening)):
        days.add(danish_day(opening))
        if len(days) > 2:
            break
        end = at = closing
    return end


def _rounded(hours: Hours, moment: datetime | None, now: datetime) -> datetime:
    """Up to the next half hour, which is the same on every Danish clock, but not past closing time."""
    if moment is None:
        return now.astimezone(UTC) + NEVER_OPEN
    past = timedelta(minutes=moment.minute % 30, seconds=moment.second, microseconds=moment.microsecond)
    full = moment + (HALF_HOUR - past) if past else moment
    # A moment that is not within a span any more is the very end of one.
    return min(full, closes_at(hours, moment) or moment)
