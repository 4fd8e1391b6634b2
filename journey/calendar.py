"""Days on which Danish offices are open, and counting with them.

Public holidays come from the library `holidays` (Store bededag is one until 2023: act 214 of 6 March 2023,
https://www.retsinformation.dk/eli/lta/2023/214). 5 June, 24 December and 31 December are none by law, but offices are
closed; 1 May counts as a working day.
"""

import calendar
from datetime import date, timedelta
from functools import cache, lru_cache

import holidays

CLOSED_TOO = ((6, 5), (12, 24), (12, 31))
SATURDAY = 5
DAYS_KEPT = 4096


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _closed(day.year)


def is_holiday(day: date) -> bool:
    """A public holiday, or one of the days on which offices are closed like on one."""
    return day in _closed(day.year)


@lru_cache(DAYS_KEPT)
def working_day_before(day: date) -> date:
    """The day itself if it is a working day, else the last one before it."""
    while not is_working_day(day):
        day -= timedelta(days=1)
    return day


@lru_cache(DAYS_KEPT)
def working_day_after(day: date) -> date:
    """The day itself if it is a working day, else the first one after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@lru_cache(DAYS_KEPT)
def add_working_days(day: date, count: int) -> date:
    """The count-th working day after the day (before it, if negative); for 0 the day itself, whatever it is."""
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_working_day(day):
            day += step
    return day


def add_months(day: date, count: int) -> date:
    """The same day so many months later (earlier, if negative), or the last of that month if it is shorter."""
    if not count:
        return day
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


@cache
def _closed(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DK", years=year)) | {date(year, *day) for day in CLOSED_TOO}
