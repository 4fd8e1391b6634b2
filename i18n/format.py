"""Figures, dates and telephone numbers as a person's language writes them.

`figure` gives value and unit in the base form ("3 months", "3 miesiące", "2.255 kr."), joined by a space that does not
break. To use a new unit, add it to COUNTED or RATES and run `make texts`; a test goes through knowledge/figures.yml.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

from i18n.languages import LANGUAGES
from i18n.translator import msgid, translator

type Value = int | float | str | date
type Writer = Callable[[str, str], str]

NBSP = "\u00a0"


def figure(value: Value, unit: str, language: str) -> str:
    """Value and unit, in the language. A unit nobody has put into words yet comes as it stands, in English."""
    if unit in WRITERS:
        return WRITERS[unit](_plain(value), language)
    written = _counted(_plain(value), unit, language) or _phrase(_plain(value), unit, language)
    return written or f"{number(value, language)}{NBSP}{unit}"


def number(value: Value, language: str) -> str:
    """The bare number or range, without its unit; dates and telephone numbers are their own number."""
    text = _plain(value)
    quantity = _quantity(text)
    if quantity is not None:
        return quantity.written(language)
    phrase = _shape(text)
    if phrase is not None:
        return _decimal(phrase.number, language)
    return _date(text, language) if _is_date(text) else text


def day(when: date, language: str) -> str:
    """A calendar day with its month in words: "30 June 2025". Turn a time into Copenhagen's day before."""
    return format_date(when, "long", locale=LANGUAGES[language].locale)


def language(code: str, shown_in: str) -> str:
    """The name of a language, in the language it is shown in; its code where nobody has named it."""
    return str(Locale(shown_in).languages.get(code, code))


def knows(value: Value, unit: str) -> bool:
    """Whether this value with this unit is put into words in every language."""
    text = _plain(value)
    if unit in WRITERS:
        return True
    quantity = _quantity(text)
    if quantity is None:
        shape = _shape(text)
        return shape is not None and (shape.name, unit) in PHRASES
    return unit in RATES or (unit in COUNTED and (quantity.whole or COUNTED[unit].fraction is not None))


# --- units -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """A unit whose word follows the number; `fraction` is the form after 5.5, for units that are ever split."""

    forms: tuple[str, str]
    fraction: str | None = None


def msgids(one: str, many: str) -> tuple[str, str]:
    """Marks the two English forms for `make texts`."""
    return one, many


_MONTHS = Counted(msgids("{number} month", "{number} months"), msgid("{fraction} months"))
_YEARS = Counted(msgids("{number} year", "{number} years"), msgid("{fraction} years"))

COUNTED: dict[str, Counted] = {
    "hours": Counted(msgids("{number} hour", "{number} hours"), msgid("{fraction} hours")),
    "days": Counted(msgids("{number} day", "{number} days"), msgid("{fraction} days")),
    "weeks": Counted(msgids("{number} week", "{number} weeks"), msgid("{fraction} weeks")),
    "month": _MONTHS,
    "months": _MONTHS,
    "year": _YEARS,
    "years": _YEARS,
    "working days": Counted(msgids("{number} working day", "{number} working days")),
    "weekdays": Counted(msgids("{number} weekday", "{number} weekdays")),
    "sick days": Counted(msgids("{number} sick day", "{number} sick days")),
    "hours per week": Counted(
        msgids("{number} hour per week", "{number} hours per week"), msgid("{fraction} hours per week")
    ),
    "hours per month": Counted(msgids("{number} hour per month", "{number} hours per month")),
    "hours in 12 weeks": Counted(msgids("{number} hour in 12 weeks", "{number} hours in 12 weeks")),
    "days per week": Counted(
        msgids("{number} day per week", "{number} days per week"), msgid("{fraction} days per week")
    ),
    "days per year": Counted(msgids("{number} day per year", "{number} days per year")),
    "days per 12 months": Counted(msgids("{number} day in 12 months", "{number} days in 12 months")),
    "times a year": Counted(msgids("{number} time a year", "{number} times a year")),
    "times in 120 days": Counted(msgids("{number} time in 120 days", "{number} times in 120 days")),
    "percentage points": Counted(msgids("{number} percentage point", "{number} percentage points")),
    "people": Counted(msgids("{number} person", "{number} people")),
    "children": Counted(msgids("{number} child", "{number} children")),
    "participants": Counted(msgids("{number} participant", "{number} participants")),
    "workers": Counted(msgids("{number} worker", "{number} workers")),
    "employees": Counted(msgids("{number} employee", "{number} employees")),
    "full-time employees": Counted(msgids("{number} full-time employee", "{number} full-time employees")),
    "nationalities": Counted(msgids("{number} nationality", "{number} nationalities")),
    "countries": Counted(msgids("{number} country", "{number} countries")),
    "cities": Counted(msgids("{number} city", "{number} cities")),
    "positions": Counted(msgids("{number} job title", "{number} job titles")),
    "professions": Counted(msgids("{number} profession", "{number} professions")),
    "permits": Counted(msgids("{number} permit", "{number} permits")),
    "applications": Counted(msgids("{number} application", "{number} applications")),
    "pages": Counted(msgids("{number} page", "{number} pages")),
    "tracks": Counted(msgids("{number} track", "{number} tracks")),
    "modules": Counted(msgids("{number} module", "{number} modules")),
    "sessions": Counted(msgids("{number} session", "{number} sessions")),
    "diseases": Counted(msgids("{number} disease", "{number} diseases")),
    "types": Counted(msgids("{number} type", "{number} types")),
    "conditions": Counted(msgids("{number} condition", "{number} conditions")),
}

_PERCENT = msgid("{number}%")

# What reads the same after every number.
RATES: dict[str, str] = {
    "DKK": msgid("{number} DKK"),
    "DKK per year": msgid("{number} DKK per year"),
    "DKK per quarter": msgid("{number} DKK per quarter"),
    "DKK per month": msgid("{number} DKK per month"),
    "DKK per week": msgid("{number} DKK per week"),
    "DKK per day": msgid("{number} DKK per day"),
    "DKK per hour": msgid("{number} DKK per hour"),
    "DKK per km": msgid("{number} DKK per km"),
    "DKK over 3 years": msgid("{number} DKK over 3 years"),
    "percent": _PERCENT,
    "percent per year": msgid("{percent} per year"),
    "percent of monthly pay": msgid("{percent} of monthly pay"),
    "percent over 3 years": msgid("{percent} over 3 years"),
    "km": msgid("{number} km"),
    "square metres": msgid("{number} m²"),
    "grade": msgid("grade {number}"),
}

PHRASES: dict[tuple[str, str], str] = {
    ("in any", "days"): msgid("{number} days in any period of {total} days"),
    ("of the last", "years"): msgid("{number} of the last {total} years"),
    ("or more", "years"): msgid("{number} years or more"),
    ("of", "participants"): msgid("{number} of {total} participants"),
    ("of", "conditions"): msgid("{number} of {total} conditions"),
}


def _counted(text: str, unit: str, language: str) -> str | None:
    quantity = _quantity(text)
    if quantity is None:
        return None
    written, t = quantity.written(language, money=unit.startswith("DKK")), translator(language)
    if unit in RATES:
        percent = _joined(t.gettext(_PERCENT), number=written)
        return _joined(t.gettext(RATES[unit]), number=written, percent=percent)
    if unit not in COUNTED:
        return None
    counted = COUNTED[unit]
    if not quantity.whole and counted.fraction:
        return _joined(t.gettext(counted.fraction), fraction=written)
    return _joined(t.ngettext(*counted.forms, int(quantity.last)), number=written)


def _phrase(text: str, unit: str, language: str) -> str | None:
    shape = _shape(text)
    if shape is None or (shape.name, unit) not in PHRASES:
        return None
    sentence = translator(language).gettext(PHRASES[shape.name, unit])
    total = {"total": _decimal(shape.total, language)} if shape.total is not None else {}
    return _joined(sentence, number=_decimal(shape.number, language), **total)


def _joined(template: str, **named: str) -> str:
    """Filled in, with no line break between a number and what follows it."""
    return template.replace("} ", "}" + NBSP).format(**named)


# --- values ------------------------------------------------------------------------------------------------------

_NUMBER = r"\d+(?:\.\d+)?"
_QUANTITY = re.compile(rf"({_NUMBER})(?:\s*[-–]\s*({_NUMBER}))?")
_SHAPE = re.compile(rf"({_NUMBER}) (in any|of the last|of|or more)(?: ({_NUMBER}))?")


@dataclass(frozen=True)
class _Quantity:
    """A number, or a range up to `last`; the last number decides the form of the unit."""

    first: Decimal
    last: Decimal

    @property
    def whole(self) -> bool:
        return self.last == self.last.to_integral_value()

    def written(self, language: str, *, money: bool = False) -> str:
        ends = [self.first] if self.first == self.last else [self.first, self.last]
        return "–".join(_decimal(end, language, money=money) for end in ends)


@dataclass(frozen=True)
class _Shape:
    name: str
    number: Decimal
    total: Decimal | None


def _plain(value: Value) -> str:
    if isinstance(value, datetime):
        raise TypeError("A figure holds a calendar day, not a time.")
    return value.isoformat() if isinstance(value, date) else str(value).strip()


def _quantity(text: str) -> _Quantity | None:
    match = _QUANTITY.fullmatch(text)
    return _Quantity(Decimal(match[1]), Decimal(match[2] or match[1])) if match else None


def _shape(text: str) -> _Shape | None:
    match = _SHAPE.fullmatch(text)
    return _Shape(match[2], Decimal(match[1]), Decimal(match[3]) if match[3] else None) if match else None


def _decimal(value: Decimal, language: str, *, money: bool = False) -> str:
    """All the digits there are; money with none or two."""
    locale = LANGUAGES[language].locale
    if money and value != value.to_integral_value():
        pattern = Locale.parse(locale).decimal_formats[None].pattern.replace("0.###", "0.00")
        return str(format_decimal(value, format=pattern, locale=locale))
    return str(format_decimal(value, locale=locale, decimal_quantization=False))


# --- days of the year and telephone numbers ----------------------------------------------------------------------

_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS_OF_MONTH = re.compile(rf"(\d[\d, and]*) ({'|'.join(_MONTH_NAMES)})")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Any leap year, so that 29 February can be written.
_LEAP_YEAR = 2024


def _is_date(text: str) -> bool:
    return bool(_ISO_DAY.fullmatch(text)) or all(map(_DAYS_OF_MONTH.fullmatch, text.split("; ")))


def _date(text: str, language: str) -> str:
    """ "2026-03-17", "1 May", or days of several months: "1 January; 2, 3 and 6 April"."""
    if _ISO_DAY.fullmatch(text):
        return day(date.fromisoformat(text), language)
    return "; ".join(_days_of_month(part, language) for part in text.split("; "))


def _days_of_month(text: str, language: str) -> str:
    match = _DAYS_OF_MONTH.fullmatch(text)
    if match is None:
        return text
    locale = Locale.parse(LANGUAGES[language].locale)
    pattern = locale.datetime_skeletons["MMMMd"].pattern
    dot = "." if "d." in pattern else ""
    days = [int(found) for found in re.findall(r"\d+", match[1])]
    when = date(_LEAP_YEAR, _MONTH_NAMES.index(match[2]) + 1, days[-1])
    written = format_skeleton("MMMMd", when, locale=locale)
    listed = format_list([f"{number}{dot}" for number in days], locale=locale)
    return re.sub(rf"\b{days[-1]}\b\.?", listed, written).replace(f"{listed} ", f"{listed}{NBSP}")


def _phone(text: str, _language: str) -> str:
    """Danish numbers in pairs, as they are read aloud in Denmark; short numbers as they are."""
    digits = re.sub(r"\s", "", text)
    country, rest = (digits[:3], digits[3:]) if digits.startswith("+45") else ("", digits)
    if not rest.isdigit() or len(rest) != 8:
        return text.replace(" ", NBSP)
    pairs = [rest[place : place + 2] for place in range(0, 8, 2)]
    return NBSP.join(filter(None, [country, *pairs]))


WRITERS: dict[str, Writer] = {"date": _date, "dates": _date, "phone": _phone}
