"""Dates and times as people type them: "remind me tomorrow at 9", "fredag kl. 14", "za dwa tygodnie", "kal subah".

The words stand in `when_words.yml`. Each word of a message is given the roles it may play, patterns over the roles
(`_PATTERNS`) find the mentions of a day or a time, and only then does a mention become a day, seen from now. A number
counts only where a word or its own shape makes it a date: nobody's three children become the third of a month.

What is decided here, where people differ:
- "Friday" is the next one, never today; "next Friday" is the one in the next calendar week; "this Friday" the nearest.
- "Next week" is its Monday, next month and "in March" the 1st, "end of the month" its last day, "week 14" the Monday of the 14th
  week as Danes count them.
- 1 to 7 without "am", "in the morning" or a leading zero is afternoon: "at 5" is 17:00, "05:30" is not, nor is "5:30"
  except in English, Filipino and Hindi.
- A bare time is the next such time. "Today at 8" said at ten is 20:00.
- In the morning is 9:00, noon 12:00, afternoon 14:00, evening 19:00, night 22:00.
- Of two dates the first that has a time of day beside it counts, else the first. One on the wrong side of now (see
  `Past`) is passed over.
"""

import functools
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import assert_never
from zoneinfo import ZoneInfo

import yaml
from dateparser.date import DateDataParser

from i18n.languages import fold
from i18n.lexicon import lexicon

WORDS = Path(__file__).with_name("when_words.yml")
NINE = time(9)
PARTS = {"morning": time(9), "noon": time(12), "afternoon": time(14), "evening": time(19), "night": time(22)}
# Nobody plans further with us, and a longer reach is a misread number.
REACH = timedelta(days=5 * 365)
# With `past=None`: a day without a year is this near, or we do not know which year is meant.
NEAR = timedelta(days=300)

type Past = bool | None
"""False: today or later, as for a reminder. True: today or earlier ("I arrived on 3 March"). None: whichever is nearest."""


@dataclass(frozen=True, slots=True)
class When:
    day: date
    at: time | None
    """None when only a day was said."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """ "3/4": the reading with the day first, and the one with the month first."""

    first: date
    second: date


def when(text: str, *, language: str, now: datetime, zone: ZoneInfo, past: Past = False) -> When | Ambiguous | None:
    """The one day or time that `text` speaks of, in the calendar of `zone`; None when there is none we are sure of.

    "3/4" is ambiguous only in English, Filipino and Hindi; the rest of our languages write the day first, and so does
    everybody who writes dots. A time said beside an ambiguous date is lost: ask again.
    """
    sight = _Sight(now.astimezone(zone).replace(second=0, microsecond=0), past)
    for mention in _candidates(_mentions(_read(text, language), language)):
        found = _seen(mention, sight)
        if found is not None:
            return found
    return None


def moment(found: When, *, zone: ZoneInfo, default: time = NINE) -> datetime:
    """In UTC. A time that the clock skips in spring is as much later as the clock is put forward (02:30 → 03:30); of one
    that comes twice in autumn the first counts."""
    return datetime.combine(found.day, found.at or default, zone).astimezone(UTC)


def lasting(text: str, *, language: str, now: datetime, zone: ZoneInfo) -> date | None:
    """The day up to which a span lasts that begins now: "two weeks", "na miesiąc", "i 3 dage"; None where none is named."""
    tokens = _read(text, language).tokens
    for place, token in enumerate(tokens):
        unit = token.values.get("UNIT")
        if unit not in ("day", "week", "month", "year"):
            continue
        before = tokens[max(0, place - 2) : place][::-1]
        numbers = [value for one in before for role in ("NUM", "ONE") if isinstance(value := one.values.get(role), int)]
        sight = _Sight(now.astimezone(zone).replace(second=0, microsecond=0), False)
        return _day(_Amount(numbers[0] if numbers else 1, str(unit)), sight)
    return None


def without_when(text: str, *, language: str) -> str:
    """What the message is about: the mention that `when` would take for a reminder cut out, everything else kept."""
    words = _read(text, language)
    candidates = [one for one in _candidates(_mentions(words, language)) if not one.looks_back]
    if not candidates:
        return text.strip()
    kept, place = "", 0
    for first, last in sorted(candidates[0].spans):
        kept += text[place : words.tokens[first].start] + " "
        place = words.tokens[last - 1].end
    return _tidy(kept + text[place:])


# --- days, before it is known what today is ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Offset:
    days: int
    flips: bool = False


@dataclass(frozen=True, slots=True)
class _Weekday:
    number: int
    which: str | None = None
    """NEXT, LAST or COMING."""
    weeks: int | None = None
    """In the week that is so many from this one; with COMING so many weeks after the coming one."""


@dataclass(frozen=True, slots=True)
class _Yearly:
    month: int
    day: int
    """31 stands for the last day when `last` is set."""
    year: int | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class _EitherOrder:
    day_first: _Yearly
    month_first: _Yearly


@dataclass(frozen=True, slots=True)
class _Monthly:
    day: int
    steps: int | None = None
    """Of the month that is so many from this one."""


@dataclass(frozen=True, slots=True)
class _Period:
    """A week, month or year, so many from this one: its first day, or its last."""

    unit: str
    steps: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class _Amount:
    number: int
    unit: str


@dataclass(frozen=True, slots=True)
class _Week:
    """As Danes count them; its Monday."""

    number: int


type _Day = _Week | _Offset | _Weekday | _Yearly | _EitherOrder | _Monthly | _Period | _Amount


@dataclass(frozen=True, slots=True)
class _Clock:
    hour: int
    minute: int = 0
    shift: int = 0
    """Minutes to add: "half past", "halb"."""
    exact: bool = False
    """ "am", "pm" or a leading zero leave no choice."""


@dataclass(frozen=True, slots=True)
class _Mention:
    first: int
    last: int
    day: _Day | None = None
    clock: _Clock | None = None
    part: str | None = None
    void: bool = False
    """Again and again ("every Monday"), so no date; nor is the time beside it."""
    weak: bool = False
    """A date only beside another one, or when nothing else was said."""
    looks_back: bool = False
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def timed(self) -> bool:
        return self.clock is not None or self.part is not None


# --- seen from now -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sight:
    now: datetime
    past: Past

    @property
    def today(self) -> date:
        return self.now.date()

    def holds(self, day: date) -> bool:
        if abs(day - self.today) > REACH:
            return False
        return self.past is None or (day <= self.today if self.past else day >= self.today)

    def choose(self, days: Iterable[date], reach: timedelta = REACH) -> date | None:
        """The nearest on the side we look to."""
        return min(
            (day for day in days if self.holds(day) and abs(day - self.today) <= reach),
            key=lambda day: abs(day - self.today),
            default=None,
        )


def _seen(mention: _Mention, sight: _Sight) -> When | Ambiguous | None:
    if mention.looks_back:
        if sight.past is False:
            return None
        sight = replace(sight, past=True)
    if isinstance(mention.day, _EitherOrder):
        first, second = _yearly(mention.day.day_first, sight), _yearly(mention.day.month_first, sight)
        if first and second and first != second:
            return Ambiguous(first, second)
        day = first or second
    elif isinstance(mention.day, _Amount) and mention.day.unit in _MINUTES:
        return _later(mention.day, sight)
    else:
        day = _day(mention.day, sight) if mention.day else None
    if mention.day is None:
        return _bare_time(mention, sight)
    if day is None or not sight.holds(day):
        return None
    at = _at(mention)
    if at is None or day != sight.today or sight.past is not False or at > sight.now.time():
        return When(day, at)
    later = _later_today(mention, at, sight)
    return When(day, later) if later else None


def _day(day: _Day, sight: _Sight) -> date | None:
    try:
        match day:
            case _Offset(days, flips):
                return sight.today + timedelta(days=-days if flips and sight.past else days)
            case _Weekday():
                return _weekday(day, sight)
            case _Yearly():
                return _yearly(day, sight)
            case _Monthly(number, steps):
                tried = range(-2, 4) if steps is None else range(steps, steps + 1)
                months = (_add_months(sight.today.replace(day=1), step) for step in tried)
                return sight.choose(month.replace(day=number) for month in months if number <= _length(month))
            case _Week(number):
                years = range(sight.today.year - 1, sight.today.year + 3)
                return sight.choose(date.fromisocalendar(year, number, 1) for year in years if number <= _weeks(year))
            case _Period(unit, steps, last):
                return _period(sight.today, unit, steps, last)
            case _Amount(number, unit):
                return _add(sight.today, number, unit)
            case _EitherOrder():
                return None
            case _:
                assert_never(day)
    except (OverflowError, ValueError):
        return None


def _weekday(day: _Weekday, sight: _Sight) -> date | None:
    monday = sight.today - timedelta(days=sight.today.weekday())
    in_this_week = monday + timedelta(days=day.number - 1)
    if day.weeks is not None and day.which is None:
        return in_this_week + timedelta(weeks=day.weeks)
    if day.which == "NEXT":
        return in_this_week + timedelta(weeks=1)
    if day.which == "LAST":
        return max(d for d in (in_this_week, in_this_week - timedelta(weeks=1)) if d < sight.today)
    around = [in_this_week + timedelta(weeks=weeks) for weeks in (-1, 0, 1)]
    if day.which == "COMING":
        return min(d for d in around if d > sight.today) + timedelta(weeks=day.weeks or 0)
    return sight.choose(d for d in around if d != sight.today or sight.past is None)


def _yearly(day: _Yearly, sight: _Sight) -> date | None:
    this_year = sight.today.year
    years = [day.year] if day.year else range(this_year - 5, this_year + 6)
    days = [made for year in years if (made := _made(day, year))]
    return sight.choose(days, NEAR if sight.past is None and not day.year else REACH)


def _made(day: _Yearly, year: int) -> date | None:
    try:
        return date(year, day.month, monthrange(year, day.month)[1] if day.last else day.day)
    except ValueError:
        return None


def _period(today: date, unit: str, steps: int, last: bool) -> date:
    if unit == "week":
        return today + timedelta(weeks=steps, days=(6 if last else 0) - today.weekday())
    first = _add_months(today.replace(day=1), steps) if unit == "month" else date(today.year + steps, 1, 1)
    if not last:
        return first
    return first.replace(day=_length(first)) if unit == "month" else date(first.year, 12, 31)


def _add(day: date, number: int, unit: str) -> date:
    match unit:
        case "day":
            return day + timedelta(days=number)
        case "week":
            return day + timedelta(weeks=number)
        case "month":
            return _add_months(day, number)
        case _:
            return _add_months(day, 12 * number)


def _add_months(day: date, number: int) -> date:
    """The same day of another month, or its last."""
    months = 12 * day.year + day.month - 1 + number
    first = date(months // 12, months % 12 + 1, 1)
    return first.replace(day=min(day.day, _length(first)))


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _weeks(year: int) -> int:
    return date(year, 12, 28).isocalendar().week


def _later(amount: _Amount, sight: _Sight) -> When | None:
    """Hours and minutes pass on the clock of the world, not on the one on the wall."""
    minutes = timedelta(minutes=amount.number * _MINUTES[amount.unit])
    local = (sight.now.astimezone(UTC) + minutes).astimezone(sight.now.tzinfo)
    return When(local.date(), local.time()) if sight.holds(local.date()) else None


def _at(mention: _Mention) -> time | None:
    clock, part = mention.clock, mention.part
    if clock is None:
        return PARTS[part] if part else None
    hour = clock.hour
    if part in ("afternoon", "evening", "night", "noon") and hour < 12:
        # "2 at night" and "11 at noon" are what they say.
        small = {"afternoon": 0, "noon": 0, "evening": 3, "night": 5}[part]
        hour += 12 if small < hour and not (part == "noon" and hour >= 10) else 0
    elif part in ("evening", "night") and hour == 12:
        hour = 0
    elif part is None and not clock.exact and 1 <= hour <= 7:
        hour += 12
    minutes = (60 * hour + clock.minute + clock.shift) % (24 * 60)
    return time(minutes // 60, minutes % 60)


def _later_today(mention: _Mention, at: time, sight: _Sight) -> time | None:
    """Another reading of a time that has passed: "today at 8" said at ten, "tonight" said at nine in the evening."""
    other: time | None = None
    if mention.clock and not mention.clock.exact and mention.part is None and at.hour < 12:
        other = at.replace(hour=at.hour + 12)
    elif mention.clock is None and mention.part == "evening":
        other = PARTS["night"]
    return other if other and other > sight.now.time() else None


def _bare_time(mention: _Mention, sight: _Sight) -> When | None:
    at = _at(mention)
    if at is None:
        return None
    passed = at <= sight.now.time()
    if sight.past is None:
        return When(sight.today, at)
    if sight.past:
        return When(sight.today if passed else sight.today - timedelta(days=1), at)
    return When(sight.today + timedelta(days=1) if passed else sight.today, at)


# --- which mention counts ----------------------------------------------------------------------------------------


def _candidates(mentions: list[_Mention]) -> list[_Mention]:
    """The mentions that may be meant, likeliest first; a day and a time that stand apart are one."""
    days = [one for one in mentions if one.day]
    times = [one for one in mentions if not one.day]
    if not days:
        return times[:1]
    if times and not any(one.timed for one in days):
        days = [replace(d, clock=times[0].clock, part=times[0].part, spans=d.spans + times[0].spans) for d in days]
        return days
    return sorted(days, key=lambda one: not one.timed)


def _mentions(words: "_Words", language: str) -> list[_Mention]:
    joined: list[_Mention] = []
    for mention in _matches(words):
        both = _joined(joined[-1], mention, words) if joined else None
        if both:
            joined[-1] = both
        else:
            joined.append(mention)
    whole = len(words.tokens) - sum("STOP" in token.roles for token in words.tokens)
    strong = [
        replace(one, spans=one.spans or ((one.first, one.last),))
        for one in joined
        if not one.void and (not one.weak or (one.first == 0 and one.last >= whole))
    ]
    return strong if any(one.day for one in strong) else strong + _foreign_months(words, language)


def _joined(one: _Mention, two: _Mention, words: "_Words") -> _Mention | None:
    """Both as one, when nothing but small words stands between: "friday, at 9", "Freitag nächste Woche"."""
    between = words.tokens[one.last : two.first]
    if len(between) > 2 or not all(token.roles & _BETWEEN for token in between):
        return None
    if (one.weak and two.weak) or (one.clock and two.clock):
        return None
    if one.weak and not one.day:
        return None
    if two.weak and not two.day and isinstance(one.day, _Period):
        return None
    if one.void or two.void:
        return None if one.day or two.day else _Mention(one.first, two.last, void=True)
    day = _one_day(one.day, two.day)
    if day is None and one.day and two.day:
        return None
    return _Mention(
        one.first,
        two.last,
        day=day,
        clock=one.clock or two.clock,
        part=one.part or two.part,
        looks_back=one.looks_back or two.looks_back,
    )


def _one_day(one: _Day | None, two: _Day | None) -> _Day | None:
    match one, two:
        case (None, day) | (day, None):
            return day
        case (_Weekday(number), _Period("week", weeks, False)) | (_Period("week", weeks, False), _Weekday(number)):
            return _Weekday(number, weeks=weeks)
        case (_Amount(weeks, "week"), _Weekday(number)):
            return _Weekday(number, weeks=weeks)
        case (_Weekday(number), _Amount(weeks, "week")):
            return _Weekday(number, "COMING", weeks)
        case (_Weekday(number), _Amount(days, "day")) if days % 7 == 0:
            return _Weekday(number, "COMING", days // 7)
        case (_Monthly(number), _Period("month", steps, False)) | (_Period("month", steps, False), _Monthly(number)):
            return _Monthly(number, steps)
        case (_Weekday(), _Yearly() | _EitherOrder() | _Monthly() | _Offset()):
            return two
        case (_Yearly() | _EitherOrder() | _Monthly() | _Offset(), _Weekday()):
            return one
        case (_Offset(), _Yearly() | _EitherOrder()):
            return two
        case _:
            return None


def _tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"\s+([,.;:!?।])", r"\1", text)
    text = re.sub(r"([,;:]) ?(?=[,.;:!?])", "", text)
    return text.strip(" ,;:–-")


# --- patterns ----------------------------------------------------------------------------------------------------

_MINUTES = {"minute": 1, "hour": 60}
_HALVES = {
    "year": _Amount(6, "month"), "month": _Amount(15, "day"), "week": _Amount(3, "day"), "day": _Amount(12, "hour"),
    "hour": _Amount(30, "minute"), "minute": _Amount(1, "minute"),
}  # fmt: skip
_BETWEEN = frozenset({"COMMA", "ON", "AT", "OF", "AFTER"})


@dataclass(frozen=True, slots=True)
class _Hit:
    """The words that a pattern was found in."""

    words: "_Words"
    match: re.Match[str]

    def has(self, group: str) -> bool:
        return self.match[group] is not None

    def value(self, group: str, *roles: str) -> object:
        """What the word means in the first of these roles that it has; none given, in its only one."""
        token = self.words.tokens[self.match.start(group)]
        return next((token.values[role] for role in roles if role in token.values), None)

    def number(self, group: str, *roles: str) -> int:
        value = self.value(group, *roles)
        if isinstance(value, _Clock):
            return value.hour
        return value if isinstance(value, int) else 0

    def which(self) -> str:
        roles = self.words.tokens[self.match.start("which")].roles
        return next(role for role in ("NEXT", "LAST", "COMING") if role in roles)


type _Found = _Mention | None
type _Builder = Callable[[_Hit], _Found]


def _mention(
    hit: _Hit,
    day: _Day | None = None,
    *,
    clock: _Clock | None = None,
    part: object = None,
    looks_back: bool = False,
    void: bool = False,
) -> _Mention:
    first, last = hit.match.span()
    since = any("SINCE" in token.values for token in hit.words.tokens[first:last])
    part = part if isinstance(part, str) else None
    return _Mention(first, last, day, clock, part, void=void, looks_back=looks_back or since)


def _day_word(hit: _Hit) -> _Found:
    value = hit.value("day", "DAY")
    assert isinstance(value, _Said)
    part = hit.value("part", "PART_NOUN", "PART") if "part" in hit.match.re.groupindex and hit.has("part") else None
    return _mention(hit, value.day, part=part or value.part, looks_back=value.day.days < 0 and not value.day.flips)


def _weekday_word(hit: _Hit) -> _Found:
    groups = hit.match.re.groupindex
    which = hit.which() if "which" in groups else None
    part = hit.value("part", "PART_NOUN") if "part" in groups and hit.has("part") else None
    number = hit.number("weekday", "WEEKDAY", "SHORT")
    return _mention(hit, _Weekday(number, which), part=part, looks_back=which == "LAST")


def _last_weekday(hit: _Hit) -> _Found:
    return _mention(hit, _Weekday(hit.number("weekday", "WEEKDAY_BACK"), "LAST"), looks_back=True)


def _period_word(hit: _Hit) -> _Found:
    steps = {"NEXT": 1, "LAST": -1, "COMING": 0}[hit.which()]
    unit = hit.value("unit", "UNIT", "THE_UNIT")
    if steps == 0 or unit not in ("week", "month", "year"):
        return None
    return _mention(hit, _Period(str(unit), steps), looks_back=steps < 0)


def _edge(hit: _Hit) -> _Found:
    last = "END" in hit.words.tokens[hit.match.start("edge")].roles
    groups = hit.match.re.groupindex
    month = hit.number("unit", "MONTH") if "MONTH" in hit.words.tokens[hit.match.start("unit")].roles else 0
    if month:
        year = hit.number("year", "YEAR") if "year" in groups and hit.has("year") else None
        return _mention(hit, _Yearly(month, 31 if last else 1, year, last))
    steps = {"NEXT": 1, "LAST": -1, "COMING": 0}[hit.which()] if "which" in groups and hit.has("which") else 0
    unit = hit.value("unit", "UNIT", "THE_UNIT")
    if unit not in ("week", "month", "year"):
        return None
    return _mention(hit, _Period(str(unit), steps, last))


def _amount(hit: _Hit, sign: int = 1) -> _Found:
    groups = hit.match.re.groupindex
    alone = not ("number" in groups and hit.has("number"))
    if sign > 0 and (alone or hit.value("number", "ONE")) and _is_rate(hit):
        return None
    if (
        sign > 0
        and not groups.keys() & {"number", "half", "quantity"}
        and hit.value("unit", "UNIT") in ("day", "minute")
    ):
        return None
    if "quantity" in groups:
        value = hit.value("quantity", "QUANTITY")
        assert isinstance(value, _Amount)
    else:
        unit = str(hit.value("unit", "UNIT"))
        halved = "half" in groups and hit.has("half")
        value = _HALVES[unit] if halved else _Amount(1 if alone else hit.number("number", "NUM", "ONE", "RANGE"), unit)
    return _mention(hit, _Amount(sign * value.number, value.unit), looks_back=sign < 0)


def _is_rate(hit: _Hit) -> bool:
    """ "20 hours in a week", "ile za godzinę"."""
    first, last = hit.match.span()
    before, after = hit.words.tokens[max(0, first - 1) : first], hit.words.tokens[last : last + 2]
    if any("UNIT" in token.roles or "COUNTED" in token.roles for token in before):
        return True
    if len(after) == 2 and "NUM" in after[0].roles and "UNIT" in after[1].roles:
        return True
    return any("RATE" in token.roles for token in hit.words.tokens)


def _ago(hit: _Hit) -> _Found:
    return _amount(hit, -1)


def _date(hit: _Hit) -> _Found:
    month = hit.number("month", "MONTH", "MONTH_AFTER", "MONTH_FIRST")
    year = hit.number("year", "YEAR") if hit.has("year") else None
    return _mention(hit, _Yearly(month, hit.number("number", "D31", "ORDINAL"), year))


def _month(hit: _Hit) -> _Found:
    year = hit.number("year", "YEAR") if "year" in hit.match.re.groupindex and hit.has("year") else None
    return _mention(hit, _Yearly(hit.number("month", "MONTH", "MONTH_AFTER", "MONTH_FIRST"), 1, year))


def _day_of_month(hit: _Hit) -> _Found:
    return _mention(hit, _Monthly(hit.number("number", "D31")))


def _shape(hit: _Hit) -> _Found:
    value = hit.value("shape", "EXACT", "DM", "DM_WEAK", "DM_DASH")
    assert isinstance(value, _Yearly | _EitherOrder)
    return _mention(hit, value)


def _spaced_date(hit: _Hit) -> _Found:
    return _mention(hit, _Yearly(hit.number("m", "LONE"), hit.number("d", "LONE"), hit.number("year", "YEAR")))


def _weakly(builder: _Builder) -> _Builder:
    def build(hit: _Hit) -> _Found:
        found = builder(hit)
        return replace(found, weak=True) if found else None

    return build


def _time(hit: _Hit) -> _Found:
    groups = hit.match.re.groupindex
    clock = hit.value("hour", "TIME", "H24", "HOUR", "DOTTIME", "RANGE")
    if isinstance(clock, int):
        clock = _Clock(clock)
    assert isinstance(clock, _Clock)
    if _adds_up(hit):
        return None
    if "minute" in groups and hit.has("minute"):
        clock = replace(clock, minute=min(hit.number("minute", "DIGITS"), 59))
    if "half" in groups and hit.has("half"):
        clock = replace(clock, shift=hit.number("half", "CLOCK_BEFORE", "CLOCK_AFTER"))
    if "ampm" in groups and hit.has("ampm"):
        made = _with_am_pm(clock, "pm" if "PM" in hit.words.tokens[hit.match.start("ampm")].roles else "am")
        if made is None:
            return None
        clock = made
    part = hit.value("part", "PART", "PART_NOUN") if "part" in groups and hit.has("part") else None
    return _mention(hit, clock=clock, part=part)


def _adds_up(hit: _Hit) -> bool:
    """ "12 at 18": in Filipino "at" is "and"."""
    first = hit.match.start()
    tokens = hit.words.tokens
    return (
        hit.words.language == "fil" and first > 0 and tokens[first].text == "at" and "NUM" in tokens[first - 1].values
    )


def _part(hit: _Hit) -> _Found:
    return _mention(hit, part=hit.value("part", "PART"))


def _again_and_again(hit: _Hit) -> _Found:
    return _mention(hit, void=True)


def _week_number(hit: _Hit) -> _Found:
    number = hit.number("number", "NUM")
    return _mention(hit, _Week(number)) if 1 <= number <= 53 else None


_PRE = "(?:SINCE|ON|OF|AT|DATE_WORD){0,4}"
_HOUR = "(?P<hour>TIME|H24|HOUR|DOTTIME|RANGE)"
# The number of an hour is followed by neither what it counts nor by more of the same number.
_NO_COUNT = "(?!OF? COUNTED|UNIT|LONE|NUM|MONTH|MONTH_AFTER)"
_ENDS = "(?=$|COMMA|STOP|AT|TIME|PART|PART_NOUN|ON|AFTER|SINCE|DAY|WEEKDAY)"
_OF_PART = "(?:(?:OF|ON|COMMA|AFTER)?(?P<part>PART|PART_NOUN))?"
_MINUTE = "(?:(?P<minute>DIGITS) (?!UNIT|COUNTED))?"
_AMOUNT = (
    "(?P<number>NUM|ONE) OF? (?P<unit>UNIT)",
    "ONE? (?P<half>HALF) ONE? (?P<unit>UNIT)",
    "ONE? (?P<quantity>QUANTITY)",
)
_YEAR = "(?:COMMA? OF? (?P<year>YEAR) YEAR_WORD?)?"

# Where several fit, the longest is taken; of equally long ones the first.
_PATTERNS: tuple[tuple[str, _Builder], ...] = (
    ("EVERY OF? (?:NUM|D31)? OF? (?:WEEKDAY|SHORT|UNIT|THE_UNIT|DAY|PART|PART_NOUN|MONTH) PART_NOUN?", _again_and_again),
    # Dates.
    (
        f"{_PRE} (?:(?:WEEKDAY|SHORT) COMMA?)? {_PRE}"
        f"(?P<number>D31|ORDINAL) DATE_AFTER? OF? (?P<month>MONTH|MONTH_AFTER) {_YEAR} AFTER?",
        _date,
    ),
    (f"{_PRE} (?P<month>MONTH) OF? (?P<number>D31|ORDINAL) (?!COUNTED|UNIT|OCLOCK|AM|PM|LONE) {_YEAR} AFTER?", _date),
    (f"{_PRE} (?P<month>MONTH_FIRST) OF? (?P<number>D31) {_YEAR} {_ENDS}", _date),
    (f"{_PRE} ON OF* (?P<month>MONTH_FIRST) (?P<number>D31) (?!COUNTED|UNIT) {_YEAR}", _date),
    (f"{_PRE} (?P<shape>EXACT|DM) (?!COUNTED) AFTER?", _shape),
    (f"{_PRE} (?:ON|DATE_WORD) OF* (?P<shape>DM_WEAK|DM_DASH) (?!UNIT|COUNTED)", _shape),
    ("^(?P<shape>DM_DASH) (?=STOP*$)", _shape),
    ("(?P<shape>DM_WEAK) (?!UNIT|COUNTED)", _weakly(_shape)),
    ("(?P<d>LONE) (?P<m>LONE) (?P<year>YEAR)", _spaced_date),
    (f"{_PRE} (?P<number>D31) DATE_AFTER AFTER?", _day_of_month),
    (f"{_PRE} (?:ON|OF) {_PRE} (?P<number>ORD) (?!COUNTED|UNIT)", _day_of_month),
    ("(?P<number>ORD_SURE) (?!COUNTED|UNIT)", _day_of_month),
    ("(?P<number>ORD)", _weakly(_day_of_month)),
    (f"{_PRE} DATE_WORD+ (?P<number>D31) {_ENDS}", _day_of_month),
    (f"{_PRE} DATE_WORD_SURE (?P<number>D31) (?!OF? COUNTED|OF? UNIT|LONE|NUM|OCLOCK)", _day_of_month),
    (f"{_PRE} DATE_WORD+ (?P<number>DOT) (?!COUNTED|UNIT|MONTH)", _day_of_month),
    (f"{_PRE} (?:ON|SINCE) OF* (?:NEXT|COMING|LAST)? OF? (?:(?:UNIT|THE_UNIT) OF?)? (?P<month>MONTH) {_YEAR} AFTER?", _month),
    (f"{_PRE} ON OF* (?P<month>MONTH_FIRST|MONTH_AFTER) (?=$|COMMA|STOP|YEAR) {_YEAR}", _month),
    (f"IN (?P<month>MONTH_FIRST) {_YEAR}", _month),
    ("(?P<month>MONTH|MONTH_AFTER) AFTER", _month),
    ("(?:NEXT|COMING) OF? (?P<month>MONTH)", _month),
    (f"{_PRE} (?P<month>MONTH|MONTH_AFTER|MONTH_FIRST) OF? (?P<year>YEAR)", _month),
    ("(?P<month>MONTH)", _weakly(_month)),
    # First and last days.
    (f"{_PRE} (?P<edge>END|START) (?:OF|ON)* (?P<which>NEXT|COMING|LAST)? OF* (?P<unit>UNIT|THE_UNIT|MONTH) {_YEAR}", _edge),
    (f"{_PRE} (?P<edge>END|START) (?:OF|ON)* (?:UNIT|THE_UNIT) OF? (?P<unit>MONTH) {_YEAR}", _edge),
    (f"{_PRE} (?P<edge>END|START) (?:OF|ON)* (?P<unit>UNIT|THE_UNIT) OF? (?P<which>NEXT|COMING|LAST)", _edge),
    (f"{_PRE} (?P<which>NEXT|COMING|LAST)? (?P<unit>UNIT|MONTH) OF* (?P<edge>END|START) (?:AFTER|LATER)?", _edge),
    (f"{_PRE} MONTH_END", lambda hit: _mention(hit, _Period("month", 0, last=True))),
    # Weeks and months, seen from this one.
    (f"{_PRE} (?P<which>NEXT|LAST|COMING) OF? (?P<unit>UNIT|THE_UNIT) (?:AFTER|LATER)?", _period_word),
    (f"{_PRE} (?P<unit>UNIT|THE_UNIT) OF? (?P<which>NEXT|LAST|COMING)", _period_word),
    ("(?:ON|IN) OF* WEEK_NUMBER (?P<number>NUM) (?!UNIT|COUNTED)", _week_number),
    # So much later, or ago.
    *((f"(?:IN|IN_ONE) OF? {amount} AFTER? (?!BEFORE_EVENT)", _amount) for amount in _AMOUNT),
    ("(?:IN|IN_ONE) (?P<number>RANGE) (?P<unit>UNIT)", _amount),
    ("IN_ONE (?P<unit>UNIT)", _amount),
    *((f"{amount} OF* LATER+", _amount) for amount in _AMOUNT),
    *((f"(?:IN|ON|AGO_BEFORE)? {amount} AGO", _ago) for amount in _AMOUNT),
    *((f"AGO_BEFORE {amount}", _ago) for amount in _AMOUNT),
    ("AGO_BEFORE (?P<unit>UNIT)", _ago),
    ("(?P<unit>UNIT) AGO", _ago),
    # Days.
    (f"{_PRE} (?P<day>DAY) (?:AFTER|LATER)?", _day_word),
    (f"{_PRE} (?P<day>DAY) (?:OF|ON)? (?P<part>PART_NOUN) AFTER?", _day_word),
    (f"{_PRE} (?P<which>NEXT|LAST|COMING)+ OF? (?P<weekday>WEEKDAY|SHORT) (?P<part>PART_NOUN)? AFTER*", _weekday_word),
    (f"{_PRE} (?P<weekday>WEEKDAY) OF? (?P<which>NEXT|LAST|COMING)", _weekday_word),
    (f"{_PRE} (?P<weekday>WEEKDAY) (?P<part>PART_NOUN)? AFTER*", _weekday_word),
    (f"{_PRE} (?P<weekday>WEEKDAY_BACK)", _last_weekday),
    ("(?P<part>PART_NOUN) OF (?P<weekday>WEEKDAY)", _weekday_word),
    (f"{_PRE} ON OF* (?P<weekday>SHORT) (?P<part>PART_NOUN)?", _weekday_word),
    ("(?P<weekday>SHORT) (?P<part>PART_NOUN)", _weekday_word),
    (
        "(?P<weekday>SHORT) (?=COMMA? (?:ON|AT){0,2}"
        "(?:TIME|EXACT|DM|DM_WEAK|DOTTIME|PART|(?:D31|H24|HOUR) (?!UNIT|COUNTED)))",
        _weekday_word,
    ),
    ("(?P<weekday>SHORT)", _weakly(_weekday_word)),
    # Times.
    (
        f"{_PRE} AT {_PRE} (?P<half>CLOCK_BEFORE)? {_HOUR} {_NO_COUNT}"
        f"(?:OCLOCK {_MINUTE})? (?P<ampm>AM|PM)? {_OF_PART} AFTER?",
        _time,
    ),
    (f"{_PRE} AT {_PRE} {_HOUR} (?P<half>CLOCK_AFTER) {_OF_PART}", _time),
    (f"{_PRE} (?P<half>CLOCK_BEFORE)? {_HOUR} OCLOCK {_MINUTE} {_OF_PART} AFTER?", _time),
    (f"{_PRE} (?P<half>CLOCK_BEFORE) {_HOUR} {_NO_COUNT} (?P<ampm>AM|PM)? {_OF_PART}", _time),
    (f"{_PRE} {_HOUR} (?P<ampm>AM|PM) {_OF_PART}", _time),
    (f"{_HOUR} (?P<part>PART)", _time),
    (f"(?P<part>PART) (?:AFTER|ON|OF|COMMA)* (?P<half>CLOCK_BEFORE)? {_HOUR} OCLOCK AFTER?", _time),
    (f"(?P<part>PART) (?:AFTER|ON|OF|COMMA)* AT (?P<half>CLOCK_BEFORE)? {_HOUR} {_NO_COUNT} OCLOCK?", _time),
    (f"{_PRE} (?P<hour>TIME) {_OF_PART} AFTER?", _time),
    (f"(?P<hour>DOTTIME) {_NO_COUNT}", _weakly(_time)),
    (f"(?P<hour>H24|RANGE) {_ENDS}", _weakly(_time)),
    (f"{_PRE} (?P<part>PART) (?:AFTER|LATER)?", _part),
)  # fmt: skip


def _matches(words: "_Words") -> Iterator[_Mention]:
    grammar, place = _grammar(words.language), 0
    while place < len(words.line):
        if words.line[place] == _NO_ROLE:
            place += 1
            continue
        best: tuple[re.Match[str], _Builder] | None = None
        for pattern, builder in grammar.patterns:
            match = pattern.match(words.line, place)
            if match and (best is None or match.end() > best[0].end()):
                best = match, builder
        if best is None:
            place += 1
            continue
        match, builder = best
        mention = builder(_Hit(words, match))
        if mention and not _is_counted(mention, words):
            yield mention
        place = max(match.end(), place + 1)


def _is_counted(mention: _Mention, words: "_Words") -> bool:
    """ "două luni" is two months, no Monday."""
    if not isinstance(mention.day, _Weekday) or mention.first == 0:
        return False
    return "UNIT" in words.tokens[mention.first].roles and "NUM" in words.tokens[mention.first - 1].roles


# --- words and their roles ---------------------------------------------------------------------------------------

_NO_ROLE = "."
_ROLES = {
    "later": "LATER", "ago": "AGO", "ago_before": "AGO_BEFORE", "next": "NEXT", "last": "LAST", "coming": "COMING",
    "at": "AT", "oclock": "OCLOCK", "am": "AM", "pm": "PM", "before_day": "ON", "of": "OF", "since": "SINCE",
    "past_only": "SINCE", "every": "EVERY", "end": "END", "start": "START", "counted": "COUNTED", "rate": "RATE",
    "nothing": "NOTHING", "in": "IN", "in_one": "IN_ONE", "one": "ONE", "half": "HALF", "date_words": "DATE_WORD",
    "after_day": "AFTER", "date_after": "DATE_AFTER", "month_end": "MONTH_END", "week_number": "WEEK_NUMBER",
    "year_word": "YEAR_WORD", "before_event": "BEFORE_EVENT", "date_words_sure": "DATE_WORD_SURE",
}  # fmt: skip
_VALUED = {
    "weekdays": "WEEKDAY", "weekday_short": "SHORT", "months": "MONTH", "months_after": "MONTH_AFTER",
    "month_first": "MONTH_FIRST", "units": "UNIT", "definite": "THE_UNIT", "numbers": "NUM", "hour_words": "HOUR",
    "clock_before": "CLOCK_BEFORE", "clock_after": "CLOCK_AFTER", "parts": "PART", "part_nouns": "PART_NOUN",
    "ordinals": "ORDINAL", "weekdays_back": "WEEKDAY_BACK",
}  # fmt: skip
# Roles that numbers and signs are given by their shape.
_SHAPED = (
    {"COMMA"}, {"STOP"}, {"YEAR"}, {"TIME"}, {"DOTTIME"}, {"EXACT"}, {"DM"}, {"DM_WEAK"}, {"DM_WEAK", "DOTTIME"},
    {"RANGE"}, {"RANGE", "DM_DASH"}, {"DM_DASH"}, {"LONE"}, {"H24"},
    *({"ORD", "D31", *hour, *sure} for hour in ((), ("H24",)) for sure in ((), ("ORD_SURE",))),
    *({"NUM", "DIGITS", *more, *dot} for more in ((), ("D31",), ("H24",), ("D31", "H24")) for dot in ((), ("DOT",))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Said:
    day: _Offset
    part: str | None = None


type _Values = dict[str, object]
"""For each role that a word may play, what it then means."""


@dataclass(slots=True)
class _Token:
    start: int
    end: int
    text: str
    """Folded."""
    values: _Values = field(default_factory=dict)

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.values)


@dataclass(frozen=True, slots=True)
class _Words:
    """A message, word by word; `line` has one sign a word, which stands for its roles."""

    language: str
    text: str
    tokens: tuple[_Token, ...]
    line: str


@dataclass(frozen=True)
class _Grammar:
    entries: dict[tuple[str, ...], _Values]
    longest: dict[str, int]
    """By its first word, how many words the longest entry has."""
    near: dict[str, set[str]]
    """By what is left when one letter is lost, the words that a misspelt one may be."""
    endings: frozenset[str]
    """Of ordinal numbers."""
    signs: dict[frozenset[str], str]
    patterns: tuple[tuple[re.Pattern[str], _Builder], ...]


@functools.cache
def _grammar(language: str) -> _Grammar:
    # This loader makes a string of everything: "on" and "3" are words here.
    book = yaml.load(WORDS.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    english = _entries(book["en"])
    entries = english
    endings = set(_listed(book["en"]["ordinal_ends"]))
    if language in book and language != "en":
        own = _entries(book[language])
        english = {key: values for key, values in english.items() if key not in own}
        entries = english | own
        endings |= {_plain(end) for end in _listed(book[language].get("ordinal_ends", ""))}
    longest: dict[str, int] = {}
    for entry in entries:
        longest[entry[0]] = max(longest.get(entry[0], 0), len(entry))
    sets = {frozenset(values) for values in entries.values()} | {frozenset(roles) for roles in _SHAPED}
    signs = {roles: chr(0xE000 + place) for place, roles in enumerate(sorted(sets, key=sorted))}
    patterns = tuple((_compiled(pattern, signs), builder) for pattern, builder in _PATTERNS)
    return _Grammar(
        entries,
        longest,
        _near(entries, {key for key in entries if key not in english or len(key[0]) > FORGIVEN or language == "en"}),
        frozenset(endings),
        signs,
        patterns,
    )


def _compiled(pattern: str, signs: dict[frozenset[str], str]) -> re.Pattern[str]:
    def sign_class(match: re.Match[str]) -> str:
        fitting = "".join(sorted(sign for roles, sign in signs.items() if match[0] in roles))
        return f"[{fitting}]" if fitting else r"[^\s\S]"

    return re.compile(
        re.sub(r"(?<!\?)\b[A-Z][A-Z_0-9]*\b", sign_class, pattern.replace(" ", "\u2009")).replace("\u2009", "")
    )


def _entries(book: dict[str, object]) -> dict[tuple[str, ...], _Values]:
    entries: dict[tuple[str, ...], _Values] = {}

    def add(words: object, role: str, value: object) -> None:
        for word in _listed(words):
            for spelling in {word, word.translate(_DIGRAPHS)}:
                key = tuple(_plain(part) for part in re.split(r"[\s-]+", spelling) if _plain(part))
                if key:
                    entries.setdefault(key, {})[role] = value

    for heading, words in book.items():
        if heading in _ROLES:
            add(words, _ROLES[heading], True if heading != "one" else 1)
            continue
        if not isinstance(words, dict):
            continue
        for key, listed in words.items():
            if heading in _VALUED:
                value = key if heading in ("units", "definite", "parts", "part_nouns") else int(key)
                add(listed, _VALUED[heading], value)
                if heading == "numbers" and int(key) <= 12:
                    add(listed, "H24", int(key))
            elif heading == "quantities":
                number, unit = key.split()
                add(listed, "QUANTITY", _Amount(int(number), unit))
            elif heading in ("days", "flips"):
                add(listed, "DAY", _Said(_Offset(int(key), flips=heading == "flips")))
            elif heading == "today_parts":
                add(listed, "DAY", _Said(_Offset(0), key))
            elif heading == "past_parts":
                add(listed, "DAY", _Said(_Offset(-1 if key == "evening" else 0), key))
    for values in entries.values():
        if "NOTHING" in values:
            for role in [role for role in values if role not in ("NOTHING", "RATE")]:
                del values[role]
    return entries


def _listed(words: object) -> list[str]:
    return [word.strip() for word in str(words).split(",") if word.strip()]


def _plain(word: str) -> str:
    """Folded; also without apostrophes and the signs that Hindi is written with or without."""
    return fold(word).translate(_LOST)


_LOST = str.maketrans({"'": None, "ʼ": None, "`": None, "´": None, "़": None, "ँ": "ं", "ё": "е", "ґ": "г"})
_DIGRAPHS = str.maketrans({"å": "aa", "ø": "oe", "æ": "ae", "ä": "ae", "ö": "oe", "ü": "ue"})

# Long enough that one wrong letter leaves the word certain; a borrowed word must be longer ("sundan" is no Sunday).
FORGIVEN = 6


def _near(entries: dict[tuple[str, ...], _Values], wanted: set[tuple[str, ...]]) -> dict[str, set[str]]:
    near: dict[str, set[str]] = {}
    for entry, values in entries.items():
        if (
            len(entry) == 1
            and entry in wanted
            and len(entry[0]) >= FORGIVEN
            and values.keys() & {"DAY", "WEEKDAY", "MONTH"}
        ):
            for left in _lacking(entry[0]):
                near.setdefault(left, set()).add(entry[0])
    return near


def _lacking(word: str) -> set[str]:
    return {word} | {word[:place] + word[place + 1 :] for place in range(1, len(word))}


def _misspelt(word: str, grammar: _Grammar) -> _Values:
    """What a word means that is one letter away from one we know, and no word of any language we tell apart."""
    if len(word) < FORGIVEN or word in lexicon().words:
        return {}
    meant = {near for left in _lacking(word) for near in grammar.near.get(left, ()) if _one_apart(word, near)}
    meanings = [grammar.entries[(near,)] for near in meant]
    return meanings[0] if meanings and all(one == meanings[0] for one in meanings) else {}


def _one_apart(one: str, two: str) -> bool:
    """One letter more, less, other, or two neighbours swapped; the first is right."""
    if one[0] != two[0] or abs(len(one) - len(two)) > 1:
        return False
    start = next((place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    one, two = one[start:], two[start:]
    swapped = len(one) > 1 and len(two) > 1 and one[0] == two[1] and one[1] == two[0] and one[2:] == two[2:]
    return swapped or one[1:] == two[1:] or one[1:] == two or one == two[1:]


# --- reading -----------------------------------------------------------------------------------------------------

_LETTERS = r"[^\W\d_\u0966-\u096f]"
_MARK = r"[\u0300-\u036f\u0900-\u0963\u0970-\u097f\u200c\u200d]"
_TOKEN = re.compile(
    rf"(?P<skip>https?://\S+|www\.\S+|\S+@\S+\.\w+)"
    rf"|(?P<number>[+#€$£]?\d+(?:[.,:/–-]\d+)*)(?P<tail>(?:[-'’]?(?:{_LETTERS}|{_MARK})+|\s?[%€$£]|\.(?!\d))?)"
    rf"|(?P<word>(?:{_LETTERS}|{_MARK})+(?:['’ʼ`´](?:{_LETTERS}|{_MARK})+)*)(?P<short>\.(?=\s?\d))?"
    rf"|(?P<sign>[,@.;:!?()।\n])"
)
# A message is read so far.
_LONGEST = 2000


def _read(text: str, language: str) -> _Words:
    grammar = _grammar(language)
    raw = [token for match in _TOKEN.finditer(text[:_LONGEST]) for token in _tokens(match, text, language, grammar)]
    tokens = tuple(_crowded(_looked_up(raw, grammar)))
    line = "".join(grammar.signs.get(token.roles, _NO_ROLE) for token in tokens)
    return _Words(language, text, tokens, line)


def _tokens(match: re.Match[str], text: str, language: str, grammar: _Grammar) -> list[_Token]:
    start, end = match.span()
    if match["word"]:
        return [_Token(start, end, _plain(match["word"]))]
    if match["sign"]:
        role = {",": "COMMA", "(": "COMMA", ")": "COMMA", "@": ""}.get(match["sign"], "STOP")
        return [_Token(start, end, match["sign"], {role: True} if role else {})]
    if match["number"]:
        stuck = start > 0 and (text[start - 1].isalpha() or text[start - 1] in "_.,/:-–")
        if stuck and not _after_at(text, start, grammar):
            return [_Token(start, end, "0")]
        return _numbers(match, language, grammar)
    return [_Token(start, end, "")]


_HOLDS_NUMBERS = frozenset({"AT", "DATE_WORD", "SHORT", "MONTH", "MONTH_AFTER"})


def _after_at(text: str, start: int, grammar: _Grammar) -> bool:
    """ "kl9", "kl.9", "alas-9": a number may stick to these words, while that of "B1" says something else."""
    before = re.search(r"([^\W\d_]+)[.:-]?$", text[max(0, start - 12) : start])
    if before is None:
        return text[start - 1] in ",:"
    return bool(grammar.entries.get((_plain(before[1]),), {}).keys() & _HOLDS_NUMBERS)


def _numbers(match: re.Match[str], language: str, grammar: _Grammar) -> list[_Token]:
    start, end = match.span()
    tail = _plain(match["tail"].strip("-'’ "))
    cut = match.end("number")
    values = _number(match["number"], language)
    if tail in ("am", "pm"):
        clock = values.get("TIME") or values.get("DOTTIME") or values.get("H24")
        clock = _Clock(clock) if isinstance(clock, int) else clock
        made = _with_am_pm(clock, tail) if isinstance(clock, _Clock) else None
        return [_Token(start, end, "0", {"TIME": made} if made else {})]
    if tail == ".":
        if "DM_WEAK" in values or "DM" in values:
            return [_Token(start, end, "0", {"DM": values.get("DM_WEAK", values.get("DM"))})]
        if "D31" in values:
            return [_Token(start, end, "0", values | {"DOT": values["D31"]})]
        return [_Token(start, cut, "0", values), _Token(cut, end, ".", {"STOP": True})]
    if not tail:
        return [_Token(start, end, "0", values)]
    if tail in grammar.endings and "D31" in values:
        roles = ("ORD", "ORD_SURE") if tail in _GENITIVES else ("ORD",)
        kept = {role: values[role] for role in ("D31", "H24") if role in values}
        return [_Token(start, end, "0", kept | dict.fromkeys(roles, values["D31"]))]
    known = grammar.entries.get((tail,), {})
    if known.keys() & {"UNIT", "OCLOCK", "AM", "PM", "PART", "MONTH", "MONTH_AFTER"}:
        return [_Token(start, cut, "0", values), _Token(cut, end, tail)]
    return [_Token(start, cut, "0"), _Token(cut, end, tail)]


# "15-go", "30-го": of the month, needing no word before it.
_GENITIVES = frozenset({"go", "ego", "tego", "го", "ого"})
_ISO = re.compile(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})")
_WITH_YEAR = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{2})")
_WITHOUT_YEAR = re.compile(r"(\d{1,2})([-./])(\d{1,2})")
_TIME = re.compile(r"(\d{1,2})([:.])(\d{2})(?::\d{2})?")
_HOURS = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?[-–](\d{1,2})(?:[:.]\d{2})?")
# "3/4" is 3 April to everybody else.
_MONTH_MAY_BE_FIRST = frozenset({"en", "fil", "hi"})
# Where "5:30" may be the afternoon; the others write 17:30 then.
_TWELVE_HOURS = frozenset({"en", "fil", "hi"})
# What is no date although it looks like one.
_SAYINGS = frozenset({"24/7", "50/50", "9/11"})


def _number(text: str, language: str) -> _Values:
    if text in _SAYINGS or text[0] in "+#€$£":
        return {}
    if text.isdecimal():
        return _whole(text)
    values: _Values = {}
    if found := _ISO.fullmatch(text):
        return {"EXACT": _Yearly(int(found[3]), int(found[4]), int(found[1]))}
    if found := _WITH_YEAR.fullmatch(text):
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        either = _either(int(found[1]), int(found[3]), year, found[2], language)
        return {"EXACT": either} if either else {}
    if found := _TIME.fullmatch(text):
        hour, minute = int(found[1]), int(found[3])
        if hour < 24 and minute < 60:
            exact = found[1].startswith("0") or language not in _TWELVE_HOURS
            values["TIME" if found[2] == ":" else "DOTTIME"] = _Clock(hour, minute, exact=exact)
    if found := _WITHOUT_YEAR.fullmatch(text):
        either = _either(int(found[1]), int(found[3]), None, found[2], language)
        sure = found[2] == "/" or found[3].startswith("0")
        if either:
            values = {"DM": either} if sure else {**values, "DM_DASH" if found[2] == "-" else "DM_WEAK": either}
    if "DM" not in values and (found := _HOURS.fullmatch(text)) and int(found[1]) < 24 and int(found[3]) <= 24:
        values["RANGE"] = _Clock(int(found[1]), min(int(found[2] or 0), 59), exact=found[1].startswith("0"))
    return values if frozenset(values) in _SHAPED_SETS else {}


_SHAPED_SETS = frozenset(frozenset(roles) for roles in _SHAPED)


def _whole(text: str) -> _Values:
    number = int(text[:9])
    if len(text) == 4 and 1950 <= number <= 2100:
        return {"YEAR": number}
    if len(text) > 3 or number == 0:
        return {"H24": 0} if text in ("0", "00") else {}
    values: _Values = {"NUM": number, "DIGITS": number}
    if number <= 31 and len(text) < 3:
        values["D31"] = number
    if number < 24 and len(text) < 3:
        values["H24"] = _Clock(number, exact=True) if text.startswith("0") else number
    return values


def _either(first: int, second: int, year: int | None, sign: str, language: str) -> _Yearly | _EitherOrder | None:
    """None when no order makes a date of it. Dots are written by those who put the day first."""
    day_first = _Yearly(second, first, year) if _possible(second, first, year) else None
    month_first = _Yearly(first, second, year) if _possible(first, second, year) else None
    if sign == "." or language not in _MONTH_MAY_BE_FIRST:
        return day_first
    if day_first and month_first and first != second:
        return _EitherOrder(day_first, month_first)
    return day_first or month_first


def _possible(month: int, day: int, year: int | None) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year or 2024, month)[1]


def _with_am_pm(clock: _Clock, half: str) -> _Clock | None:
    if clock.hour > 12:
        return replace(clock, exact=True) if half == "pm" else None
    return replace(clock, hour=clock.hour % 12 + (12 if half == "pm" else 0), exact=True)


def _looked_up(raw: list[_Token], grammar: _Grammar) -> Iterator[_Token]:
    """With the roles of words; several words that are one entry become one."""
    place = 0
    while place < len(raw):
        token = raw[place]
        if not token.text or token.values or token.text == "0":
            yield token
            place += 1
            continue
        for count in range(grammar.longest.get(token.text, 1), 0, -1):
            found = grammar.entries.get(tuple(part.text for part in raw[place : place + count]))
            if found is not None:
                yield _Token(token.start, raw[min(place + count, len(raw)) - 1].end, token.text, dict(found))
                place += count
                break
        else:
            token.values = dict(_misspelt(token.text, grammar))
            yield token
            place += 1


def _crowded(found: Iterator[_Token]) -> list[_Token]:
    """Small numbers side by side are a telephone number or a thousand, no hours and days."""
    tokens = list(found)
    small = [token.text == "0" and ("NUM" in token.values or not token.values) for token in tokens]
    for place, token in enumerate(tokens):
        beside = (place > 0 and small[place - 1]) or (place + 1 < len(tokens) and small[place + 1])
        if small[place] and beside and token.values:
            lone = token.values.get("D31") if "DOT" not in token.values else None
            token.values = {"LONE": lone} if lone else {}
    return tokens


# --- the last voice ----------------------------------------------------------------------------------------------

# Months of languages whose words we do not keep: "15 марта", "3 mars", "21 de mayo".
_ALSO_READ = ("ru", "es", "fr", "it", "pt", "tr", "lt", "lv", "bg", "cs", "hu", "nl", "sv")
_NAMED_DAY = re.compile(r"(?<![\w.,/:-])(\d{1,2})\.?\s+(?:de\s+)?([^\W\d_]{4,12})(?:\s+(?:de\s+)?(20\d\d))?(?!\w)")


def _foreign_months(words: _Words, language: str) -> list[_Mention]:
    """What dateparser makes of a number and a word that neither we nor the lexicon know."""
    grammar = _grammar(language)
    for found in _NAMED_DAY.finditer(words.text[:_LONGEST]):
        word = _plain(found[2])
        if (word,) in grammar.entries or word in lexicon().words or found[2].lower() in lexicon().words:
            continue
        named = _named(int(found[1]), found[2].lower())
        inside = [n for n, token in enumerate(words.tokens) if found.start() <= token.start < found.end()]
        if named and inside:
            first, last = inside[0], inside[-1] + 1
            day = replace(named, year=int(found[3]) if found[3] else None)
            return [_Mention(first, last, day, spans=((first, last),))]
    return []


@functools.lru_cache(maxsize=512)
def _named(day: int, month: str) -> _Yearly | None:
    settings = {"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["day", "month"], "RELATIVE_BASE": datetime(2024, 1, 1)}
    parser = DateDataParser(languages=list(_ALSO_READ), settings=settings, try_previous_locales=False)
    found = parser.get_date_data(f"{day} {month}").date_obj
    return _Yearly(found.month, day) if found and found.day == day else None
