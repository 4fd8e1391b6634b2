"""When a person may be written to: not at night where they are, not on a Danish holiday with what can wait."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.days import COPENHAGEN, danish_day
from journey.calendar import is_holiday

MORNING = time(9)
QUIET_FROM, QUIET_TO = 21, 8
# Where somebody most likely is who has not said so; only before the arrival.
ZONE_OF_LANGUAGE = {
    "fil": "Asia/Manila",
    "hi": "Asia/Kolkata",
    "pl": "Europe/Warsaw",
    "ro": "Europe/Bucharest",
    "uk": "Europe/Kyiv",
    "de": "Europe/Berlin",
}


def zone_of(profile: Mapping[str, str], language: str | None, now: datetime) -> ZoneInfo:
    """Where the person is at that moment: Copenhagen from the day of arrival, before it where they said they are.

    Without any day of arrival somebody who has not named a place counts as being in Denmark.
    """
    arrival = profile.get("arrival")
    if arrival and date.fromisoformat(arrival) <= danish_day(now):
        return COPENHAGEN
    guess = ZONE_OF_LANGUAGE.get(language or "") if arrival else None
    return _known(profile.get("zone")) or (ZoneInfo(guess) if guess else COPENHAGEN)


def _known(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def quiet_hours(profile: Mapping[str, str]) -> tuple[int, int]:
    """From which hour to which nothing is sent; the person's own ("22-7") or 21 to 8."""
    begin, _, end = profile.get("quiet", "").partition("-")
    if begin.isdecimal() and end.isdecimal() and int(begin) < 24 and int(end) < 24:
        return int(begin), int(end)
    return QUIET_FROM, QUIET_TO


def is_quiet(now: datetime, zone: ZoneInfo, hours: tuple[int, int]) -> bool:
    begin, end = hours
    hour = now.astimezone(zone).hour
    return begin <= hour or hour < end if begin > end else begin <= hour < end


def next_opening(now: datetime, zone: ZoneInfo, hours: tuple[int, int]) -> datetime:
    """The end of the quiet hours in which `now` lies."""
    local = now.astimezone(zone)
    day = local.date() if local.hour < hours[1] else local.date() + timedelta(days=1)
    return at(day, time(hours[1]), zone)


def at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """A local time as a moment; one that the clocks pass over in spring is the one an hour later."""
    moment = datetime.combine(day, clock, zone).astimezone(UTC)
    back = moment.astimezone(zone)
    return moment if back.time() == clock else at(day, (datetime.combine(day, clock) + timedelta(hours=1)).time(), zone)


def morning_after_holiday(now: datetime, zone: ZoneInfo) -> datetime:
    """The next nine o'clock there at which it is no holiday in Denmark, where it may be the day before."""
    day = now.astimezone(zone).date()
    while (moment := at(day, MORNING, zone)) <= now or is_holiday(danish_day(moment)):
        day += timedelta(days=1)
    return moment
