"""When humans answer: opening hours on the Danish wall clock, and counting in open time.

Holidays are those of `journey.calendar`, 5 June, 24 and 31 December included; a special day wins over everything.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from core.days import COPENHAGEN, danish_day
from core.errors import VelkommenError
from journey.calendar import is_holiday

type Span = tuple[time, time]
type Spans = tuple[Span, ...]

LOOKED_AHEAD = timedelta(days=60)
MIDNIGHT = time(0)


class HoursError(VelkommenError):
    """The opening hours are written wrongly: in which field, what, and how it looks when it is right."""

    def __init__(self, field: str, problem: str, example: str) -> None:
        super().__init__(f"Opening hours, {field}: {problem} Example: {example}")
        self.field, self.problem, self.example = field, problem, example


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans by weekday (0 is Monday), sorted and apart from each other; one that ends at 00:00 goes on to midnight.

    closed: month and day of every year. special: that day's spans instead, none if it is closed.
    """

    weekly: Mapping[int, Spans]
    closed: frozenset[tuple[int, int]]
    special: Mapping[date, Spans]
    holidays_closed: bool = True


def is_open(hours: Hours, now: datetime) -> bool:
    return closes_at(hours, now) is not None


def closes_at(hours: Hours, now: datetime) -> datetime | None:
    """The end of the span in which `now` lies; at that very moment it is closed."""
    start, end = next(_openings(hours, now), (now, now))
    return end if start <= now < end else None


def next_opening(hours: Hours, now: datetime) -> datetime | None:
    """`now` itself if it is open; None if nothing opens within 60 days."""
    for start, _ in _openings(hours, now):
        return max(start, now.astimezone(UTC))
    return None


def after_open(hours: Hours, now: datetime, minutes: float) -> datetime | None:
    """The first moment at which so many minutes of open time have passed; it may be the very end of a span.

    None if nothing opens for 60 days before they have.
    """
    left, now = timedelta(minutes=minutes), now.astimezone(UTC)
    if left <= timedelta(0):
        return now
    for start, end in _openings(hours, now):
        start = max(start, now)
        if left <= end - start:
            return start + left
        left -= end - start
    return None


def at(day: date, clock: time) -> datetime:
    """A Danish wall-clock time as a moment: one that the clocks pass over is an hour later, of two it is the first."""
    return datetime.combine(day, clock, COPENHAGEN).astimezone(UTC)


def _openings(hours: Hours, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans that are not over yet, in order, as moments; ends where none follows for 60 days.

    In the night in which the clocks are put forward a start may move past its end or into the span before.
    """
    day, now = danish_day(now), now.astimezone(UTC)
    over = at(day, MIDNIGHT)
    while at(day, MIDNIGHT) <= (latest := max(over, now) + LOOKED_AHEAD):
        tomorrow = day + timedelta(days=1)
        for first, last in _spans(hours, day):
            start, end = max(at(day, first), over), at(tomorrow if last == MIDNIGHT else day, last)
            if end > max(start, now) and start <= latest:
                yield start, end
                over = end
        day = tomorrow


def _spans(hours: Hours, day: date) -> Spans:
    if day in hours.special:
        return hours.special[day]
    if (day.month, day.day) in hours.closed or (hours.holidays_closed and is_holiday(day)):
        return ()
    return hours.weekly.get(day.weekday(), ())


# --- from a file ------------------------------------------------------------------------------------------------------

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIELDS = ("weekly", "closed", "special", "holidays")
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})", re.ASCII)
_EXAMPLE_SPAN = '["09:00-12:00", "13:00-16:00"]'


def read_hours(data: object) -> Hours:
    """Opening hours from plain YAML data; HoursError with the field where they are not right."""
    fields = _mapping("the whole", data, f"weekly: {{mon: {_EXAMPLE_SPAN}}}")
    for name in fields:
        if name not in FIELDS:
            raise HoursError(str(name), f"this field is not known, only {', '.join(FIELDS)}.", "holidays: closed")
    if not fields.get("weekly"):
        raise HoursError("weekly", "it is missing.", f"weekly: {{mon: {_EXAMPLE_SPAN}}}")
    holidays = fields.get("holidays", "closed")
    if holidays not in ("closed", "open"):
        raise HoursError("holidays", f'{holidays!r} is neither "closed" nor "open".', "holidays: closed")
    weekly = _mapping("weekly", fields["weekly"], f"mon: {_EXAMPLE_SPAN}")
    special = _mapping("special", fields.get("special"), f'"2026-12-23": {_EXAMPLE_SPAN}')
    return Hours(
        weekly={_weekday(key): _read_spans(f"weekly.{key}", value) for key, value in weekly.items()},
        closed=frozenset(_month_day(entry) for entry in _list("closed", fields.get("closed"), '["12-24"]')),
        special={_date(key): _read_spans(f"special.{key}", value) for key, value in special.items()},
        holidays_closed=holidays == "closed",
    )


def _mapping(field: str, data: object, example: str) -> Mapping[object, object]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise HoursError(field, "names with values are expected.", example)
    return data


def _list(field: str, data: object, example: str) -> list[object]:
    """One value stands for a list of it, nothing for an empty list."""
    if data is None:
        return []
    if isinstance(data, list | tuple):
        return list(data)
    if isinstance(data, str):
        return [part.strip() for part in data.split(",") if part.strip()]
    raise HoursError(field, f"{data!r} is no list of texts in quotation marks.", example)


def _weekday(key: object) -> int:
    if isinstance(key, str) and key.lower() in WEEKDAYS:
        return WEEKDAYS.index(key.lower())
    raise HoursError(f"weekly.{key}", f"this is none of {', '.join(WEEKDAYS)}.", f"mon: {_EXAMPLE_SPAN}")


def _month_day(entry: object) -> tuple[int, int]:
    try:
        # A leap year, so that 29 February is a day.
        day = date.fromisoformat(f"2028-{entry}" if isinstance(entry, str) else "")
    except ValueError as error:
        remedy = "a day of every year is expected; a single day belongs to special."
        raise HoursError("closed", f'"{entry}" is no month and day: {remedy}', '["12-24", "12-31"]') from error
    return day.month, day.day


def _date(key: object) -> date:
    if isinstance(key, date) and not isinstance(key, datetime):
        return key
    try:
        return date.fromisoformat(key if isinstance(key, str) else "")
    except ValueError as error:
        raise HoursError(f"special.{key}", "this is no date.", f'"2026-12-23": {_EXAMPLE_SPAN}') from error


def _read_spans(field: str, data: object) -> Spans:
    spans = tuple(sorted(_span(field, entry) for entry in _list(field, data, _EXAMPLE_SPAN)))
    for (_, end), (start, _) in pairwise(spans):
        if end > start or end == MIDNIGHT:
            raise HoursError(field, f"the span from {start:%H:%M} begins before the one ahead is over.", _EXAMPLE_SPAN)
    return spans


def _span(field: str, entry: object) -> Span:
    match = _SPAN.fullmatch(entry.strip()) if isinstance(entry, str) else None
    if match is None:
        raise HoursError(field, f"{entry!r} is no span of time, a text in quotation marks.", _EXAMPLE_SPAN)
    try:
        start = time(int(match[1]), int(match[2]))
        end = MIDNIGHT if (match[3], match[4]) == ("24", "00") else time(int(match[3]), int(match[4]))
    except ValueError as error:
        raise HoursError(field, f"{entry!r} holds a time that no clock shows.", _EXAMPLE_SPAN) from error
    if end <= start and end != MIDNIGHT:
        raise HoursError(field, f"{entry!r} ends before it begins; what follows midnight belongs to the next day.",
                         '["20:00-00:00"]')  # fmt: skip
    return start, end
