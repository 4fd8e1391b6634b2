"""Figures into sentences on a given day; the Danish words in a text."""

from datetime import date, timedelta
from typing import Any

import pytest

from knowledge.models import Figure
from knowledge.render import danish_terms, fill

NBSP = "\u00a0"
DAY = timedelta(days=1)
NEW_YEAR = date(2027, 1, 1)
REVIEW = date(2027, 6, 30)


def value(
    number: float | str, *, since: date | None = None, until: date | None = None, unit: str = "DKK"
) -> dict[str, Any]:
    return {
        "value": number,
        "unit": unit,
        "valid_from": since,
        "valid_to": until,
        "source_name": "Skat",
        "source_url": "https://skat.dk",
        "confidence": "high",
    }


def figure(*values: dict[str, Any], review: date = REVIEW) -> Figure:
    return Figure.model_validate({"id": "fee", "meaning": "A fee", "values": values, "next_review": review})


OPEN = figure(value(2255))
THIS_YEAR_ONLY = figure(value(100, since=date(2026, 1, 1), until=date(2026, 12, 31)))
BOTH_YEARS = figure(
    value(100, since=date(2026, 1, 1), until=date(2026, 12, 31)),
    value(120, since=NEW_YEAR, until=date(2027, 12, 31)),
)
NEWEST_FIRST = figure(
    value(120, since=NEW_YEAR, until=date(2027, 12, 31)),
    value(100, since=date(2026, 1, 1), until=date(2026, 12, 31)),
)
WITH_A_GAP = figure(value(100, until=date(2026, 3, 31)), value(120, since=date(2026, 6, 1)))
NOT_YET = figure(value(120, since=NEW_YEAR))


@pytest.mark.parametrize(
    ("fee", "day", "shown", "doubtful"),
    [
        pytest.param(OPEN, NEW_YEAR, f"2,255{NBSP}DKK", False, id="open on both sides"),
        pytest.param(OPEN, REVIEW, f"2,255{NBSP}DKK", False, id="on the day of its review"),
        pytest.param(OPEN, REVIEW + DAY, f"2,255{NBSP}DKK", True, id="the day after its review"),
        pytest.param(THIS_YEAR_ONLY, date(2026, 1, 1), f"100{NBSP}DKK", False, id="first day"),
        pytest.param(THIS_YEAR_ONLY, date(2026, 12, 31), f"100{NBSP}DKK", False, id="last day"),
        pytest.param(THIS_YEAR_ONLY, NEW_YEAR, f"100{NBSP}DKK (2026)", True, id="over: given with its year"),
        pytest.param(THIS_YEAR_ONLY, date(2025, 12, 31), f"100{NBSP}DKK (2026)", True, id="the day before the first"),
        pytest.param(BOTH_YEARS, date(2026, 12, 31), f"100{NBSP}DKK", False, id="New Year's Eve"),
        pytest.param(BOTH_YEARS, NEW_YEAR, f"120{NBSP}DKK", False, id="New Year's Day"),
        pytest.param(BOTH_YEARS, date(2028, 1, 1), f"120{NBSP}DKK (2027)", True, id="both over: the newest"),
        pytest.param(NEWEST_FIRST, date(2026, 12, 31), f"100{NBSP}DKK", False, id="order makes no difference"),
        pytest.param(NEWEST_FIRST, date(2028, 1, 1), f"120{NBSP}DKK (2027)", True, id="order, both over"),
        pytest.param(WITH_A_GAP, date(2026, 3, 31), f"100{NBSP}DKK", False, id="before the gap"),
        pytest.param(WITH_A_GAP, date(2026, 4, 1), f"100{NBSP}DKK (2026)", True, id="in the gap"),
        pytest.param(WITH_A_GAP, date(2026, 6, 1), f"120{NBSP}DKK", False, id="after the gap"),
        pytest.param(NOT_YET, date(2026, 12, 31), f"120{NBSP}DKK (2027)", True, id="only a future value"),
    ],
)
def test_the_value_of_the_day(fee: Figure, day: date, shown: str, doubtful: bool) -> None:
    filled = fill("Pay {fee}.", {"fee": fee}, language="en", day=day)
    assert filled.text == f"Pay {shown}."
    assert filled.doubtful is doubtful


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("{fee}", "en", f"2,255{NBSP}DKK"),
        ("{fee|number}", "en", "2,255"),
        ("{fee|number}", "da", "2.255"),
        ("{fee|number} kr. and {fee|number}", "da", "2.255 kr. and 2.255"),
        ("no figure here", "en", "no figure here"),
        ("{Fee} {fee|words} {} {a b} {-fee} {fee-}", "en", "{Fee} {fee|words} {} {a b} {-fee} {fee-}"),
        ("{{fee}}", "en", f"{{2,255{NBSP}DKK}}"),
    ],
)
def test_references(text: str, language: str, shown: str) -> None:
    assert fill(text, {"fee": OPEN}, language=language, day=NEW_YEAR).text == shown


@pytest.mark.parametrize("day", [date(2026, 12, 31), NEW_YEAR])
def test_the_bare_number_of_a_passed_period_has_its_year_too(day: date) -> None:
    filled = fill("{fee|number}", {"fee": THIS_YEAR_ONLY}, language="en", day=day)
    assert filled.text == ("100" if day.year == 2026 else "100 (2026)")


def test_one_doubtful_figure_makes_the_whole_text_doubtful() -> None:
    figures = {"fee": OPEN, "old": THIS_YEAR_ONLY}
    assert fill("{old} {fee}", figures, language="en", day=NEW_YEAR).doubtful
    assert fill("{fee} {old}", figures, language="en", day=NEW_YEAR).doubtful
    assert not fill("{fee}", figures, language="en", day=NEW_YEAR).doubtful


def test_a_value_is_not_read_as_a_reference_again() -> None:
    odd = figure(value("{fee}", unit="phone"))
    assert fill("{odd|number}", {"odd": odd}, language="en", day=NEW_YEAR).text == "{fee}"


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Apply for a *skattekort* (tax card).", ["skattekort"]),
        ("*skattekort*, then *NemKonto*, then *skattekort* again", ["skattekort", "NemKonto"]),
        ("**must not be missed** and *Borgerservice*", ["Borgerservice"]),
        ("***both***", []),
        ("*almen bolig*-løsning", ["almen bolig"]),
        ("* a bullet\n* and another", []),
        ("2*3*4", []),
        ("- *a* and *b*", ["a", "b"]),
        ("*over\nlines*", []),
        ("nothing", []),
    ],
)
def test_danish_words_stand_in_italics(text: str, terms: list[str]) -> None:
    assert danish_terms(text) == terms


@pytest.mark.parametrize(
    ("fee", "day", "year", "next_unknown"),
    [
        (OPEN, date(2026, 11, 21), None, False),
        (THIS_YEAR_ONLY, date(2026, 6, 1), 2026, False),
        (THIS_YEAR_ONLY, date(2026, 10, 17), 2026, False),
        (THIS_YEAR_ONLY, date(2026, 10, 18), 2026, True),
        (THIS_YEAR_ONLY, date(2026, 12, 31), 2026, True),
        (THIS_YEAR_ONLY, NEW_YEAR, None, False),
        (BOTH_YEARS, date(2026, 12, 31), 2026, False),
        (BOTH_YEARS, NEW_YEAR, 2027, False),
        (WITH_A_GAP, date(2026, 3, 1), None, False),
    ],
)
def test_amounts_of_one_year_say_so_and_when_the_next_is_not_known(
    fee: Figure, day: date, year: int | None, next_unknown: bool
) -> None:
    filled = fill("It costs {fee}.", {"fee": fee}, language="en", day=day)
    assert (filled.year, filled.next_unknown) == (year, next_unknown)


def test_an_amount_that_ends_with_a_full_stop_ends_the_sentence() -> None:
    filled = fill("Det koster {fee}. Betal {fee}, ikke mere. Betal {fee}", {"fee": OPEN}, language="da", day=NEW_YEAR)
    kroner = f"2.255{NBSP}kr."
    assert filled.text == f"Det koster {kroner} Betal {kroner}, ikke mere. Betal {kroner}"


@pytest.mark.parametrize(("amount", "shown"), [(29450.37, "29,450"), (142.66, "142.66")])
def test_pay_comes_in_whole_kroner(amount: float, shown: str) -> None:
    text = fill("{fee} or {fee|number}", {"fee": figure(value(amount))}, language="en", day=NEW_YEAR).text
    assert text == f"{shown}{NBSP}DKK or {shown}"
