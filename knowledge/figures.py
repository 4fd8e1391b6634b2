"""Figures as an editor enters them: amounts as they are written in Denmark or in English, and periods without holes. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from core.errors import VelkommenError
from i18n import format as local
from i18n.translator import msgid
from knowledge.models import FigureValue

UNITS: tuple[str, ...] = tuple(sorted({*local.RATES, *local.COUNTED, *local.WRITERS}, key=str.casefold))
AROUND = re.compile(r"^(?:DKK|kr\.?)\s*|\s*(?:DKK|kr\.?|%)$", re.IGNORECASE)
RANGE = re.compile(r"([\d.,\s]+?)\s*[-–]\s*([\d.,\s]+)")
MOST_DIGITS = 18
SPACES = "\u00a0\u202f\u2009 "

NOT_A_VALUE = msgid(
    "{typed} does not go with the unit “{unit}”. Write a number, a range like 10-12, or choose another unit."
)
NOT_A_DAY = msgid("{typed} is no day. Write it like 2027-03-17, or like “1 May” for a day of each year.")
TWO_WAYS = msgid(
    "{typed} can be read in two ways: {whole} or {split}. Write it without a separator, or with another decimal."
)
ENDS_FIRST = msgid("This period ends before it begins.")
OVERLAPS = msgid("This period and the one before both hold on {day}. Let the earlier one end on {end}.")
TWO_OPEN = msgid("Another value has no beginning either. Say from when on this one holds.")
GAP = msgid("Nothing would hold from {first} to {last}. Let this period begin on {first}, or the one before end later.")


class Unreadable(VelkommenError):
    """What was typed is no value: a sentence (msgid) that says what to write instead."""

    def __init__(self, sentence: str, **named: str) -> None:
        super().__init__(sentence)
        self.sentence, self.named = sentence, named


def value_of(typed: str, unit: str) -> int | float | str:
    """What an editor typed, as it is kept: a number where it is one, else a range, a day or a phrase as it stands.

    Unreadable where it does not go with its unit, and where a separator may be that of thousands or of decimals.
    """
    text = typed.strip()
    if unit in local.WRITERS:
        return _written(text, unit)
    if (number := _number(text)) is not None:
        return _kept(number)
    if (ends := RANGE.fullmatch(text)) and None not in (pair := (_number(ends[1]), _number(ends[2]))):
        return "-".join(str(_kept(end)) for end in pair if end is not None)
    if re.fullmatch(r"[\d.,\s–-]*", text) or not local.knows(text, unit):
        raise Unreadable(NOT_A_VALUE, typed=f"“{text}”", unit=unit)
    return text


def as_typed(value: object) -> str:
    """A value as a form shows it; read again it is the same."""
    text = "" if value is None else str(value)
    return f"{text}0" if isinstance(value, float) and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text) else text


def _written(text: str, unit: str) -> str:
    """A day, days of each year, or a telephone number."""
    if danish := re.fullmatch(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})", text):
        text = f"{danish[3]}-{danish[2]:0>2}-{danish[1]:0>2}"
    iso = re.fullmatch(r"\d{4}-\d\d-\d\d", text)
    try:
        fits = bool(text) and (unit == "phone" or local.figure(text, unit, "de") != text or bool(iso))
    except ValueError:  # the 31st of February
        fits = False
    if unit == "phone" and not re.fullmatch(r"\+?\d[\d ]*", text):
        fits = False
    if not fits:
        raise Unreadable(NOT_A_DAY if unit != "phone" else NOT_A_VALUE, typed=f"“{text}”", unit=unit)
    return text


def _number(text: str) -> Decimal | None:
    """1.234,50 as 1,234.50 as 1234.5; None where it is no number."""
    bare = AROUND.sub("", re.sub(r",-$", ",00", text.strip())).strip(SPACES)
    bare = re.sub(rf"(?<=\d)[{SPACES}](?=\d{{3}}(?!\d))", "", bare)
    if len(bare) > MOST_DIGITS or not re.fullmatch(r"\d+(?:[.,]\d+)*", bare):
        return None
    marks = re.findall(r"[.,]", bare)
    if not marks:
        return Decimal(bare)
    whole, _, split = bare.rpartition(marks[-1])
    if len(marks) > 1:
        if len(set(marks)) == 1:
            return _thousands(bare, marks[-1])
        before = _thousands(whole, "," if marks[-1] == "." else ".")
        return None if before is None else Decimal(f"{before}.{split}")
    if len(split) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole):
        raise Unreadable(TWO_WAYS, typed=f"“{text.strip()}”", whole=f"{whole}{split}", split=f"{whole}.{split}0")
    return Decimal(f"{whole}.{split}")


def _thousands(text: str, mark: str) -> Decimal | None:
    fits = re.fullmatch(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", text)
    return Decimal(text.replace(mark, "")) if fits else None


def _kept(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


@dataclass(frozen=True, slots=True)
class PeriodFault:
    """What is wrong with the period in a place of the list: field (valid_from, valid_to) and sentence (msgid)."""

    place: int
    field: str
    sentence: str
    named: dict[str, date]


def period_faults(periods: Sequence[tuple[date | None, date | None]], *, today: date) -> list[PeriodFault]:
    """Periods that end before they begin, hold together, or leave days to come without a value. Past holes are history."""
    faults = [
        PeriodFault(place, "valid_to", ENDS_FIRST, {})
        for place, (first, last) in enumerate(periods)
        if first and last and last < first
    ]
    if faults:
        return faults
    order = sorted(range(len(periods)), key=lambda place: periods[place][0] or date.min)
    for before, place in pairwise(order):
        ended, begins = periods[before][1], periods[place][0]
        if begins is None:
            faults.append(PeriodFault(place, "valid_from", TWO_OPEN, {}))
        elif ended is None or ended >= begins:
            named = {"day": begins, "end": begins - timedelta(days=1)}
            faults.append(PeriodFault(place, "valid_from", OVERLAPS, named))
        elif begins - ended > timedelta(days=1) and begins > today:
            first, last = ended + timedelta(days=1), begins - timedelta(days=1)
            faults.append(PeriodFault(place, "valid_from", GAP, {"first": first, "last": last}))
    return faults


def in_order(values: Iterable[FigureValue]) -> list[FigureValue]:
    """The values as their periods follow each other."""
    return sorted(values, key=lambda value: value.valid_from or date.min)
