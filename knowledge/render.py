"""Figures into sentences: `{tax-card-wait}` becomes value and unit, `{tax-card-wait|number}` the bare number."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from i18n import format as local
from knowledge.models import Figure, FigureValue

REFERENCE = re.compile(r"\{([a-z0-9]+(?:-[a-z0-9]+)*)(\|number)?\}")
LARGE = 1000  # kroner, from which on nobody wants to read øre
STOPPED = "\0"  # behind a value that ends with a full stop ("5 kr."), which a sentence's own one would double
NEAR = timedelta(days=75)  # from mid-October people plan with next year's amounts
ITALIC = re.compile(r"(?<![*\w])\*([^*\n]+)\*(?!\*)")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its figures in it.

    doubtful: one of them is out of its period or past its review date.
    year: of the values that hold for one calendar year only, None without any such.
    next_unknown: that year is about to end, and a value for the next one is not known.
    figures: those that are in it, by name.
    """

    text: str
    doubtful: bool
    year: int | None = None
    next_unknown: bool = False
    figures: tuple[str, ...] = ()


def fill(text: str, figures: Mapping[str, Figure], *, language: str, day: date) -> Filled:
    """Put the values valid on `day` into the text; a value whose period has passed is given with its year."""
    doubtful = False
    next_unknown = False
    yearly: int | None = None

    def put(match: re.Match[str]) -> str:
        nonlocal doubtful, next_unknown, yearly
        figure = figures[match[1]]
        value, valid = figure.on(day)
        doubtful = doubtful or not valid or day > figure.next_review
        if valid and _holds_one_year(value):
            yearly = day.year
            next_unknown |= _ends_soon(value, day) and not figure.on(date(day.year + 1, 1, 1))[1]
        amount = _rounded(value)
        shown = local.number(amount, language) if match[2] else local.figure(amount, value.unit, language)
        year = (value.valid_to or value.valid_from or day).year
        shown = shown if valid else f"{shown} ({year})"
        return f"{shown}{STOPPED}" if shown.endswith(".") else shown

    filled = REFERENCE.sub(put, text).replace(f"{STOPPED}.", "").replace(STOPPED, "")
    return Filled(filled, doubtful, yearly, next_unknown, tuple({match[1]: None for match in REFERENCE.finditer(text)}))


def _rounded(value: FigureValue) -> int | float | str:
    """Pay and other large amounts in whole kroner."""
    if isinstance(value.value, float) and value.unit.startswith("DKK") and value.value >= LARGE:
        return round(value.value)
    return value.value


def _holds_one_year(value: FigureValue) -> bool:
    return value.valid_to is not None and value.valid_from is not None and value.valid_from.year == value.valid_to.year


def _ends_soon(value: FigureValue, day: date) -> bool:
    return value.valid_to is not None and value.valid_to - day < NEAR


def danish_terms(text: str) -> list[str]:
    """What stands in italics, in order, each once: the Danish words an office will use."""
    return list(dict.fromkeys(match.strip() for match in ITALIC.findall(text)))
