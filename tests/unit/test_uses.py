"""Where figures appear, how amounts and periods are entered, what a correction says. Pure."""

import uuid
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i18n.languages import LANGUAGES
from knowledge import uses
from knowledge.figures import UNITS, Unreadable, as_typed, period_faults, value_of
from knowledge.files import read_folder
from knowledge.library import Library
from knowledge.models import Figure, FigureValue
from reminders import correct
from store.corrections import Told
from store.editing import Published, Revision

TODAY = date(2026, 11, 22)
LIBRARY = Library.of(read_folder(Path(__file__).parents[2] / "knowledge").entries)


# --- uses -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two {fee}.", ["One.", "Two {fee}."]),
        ("It costs f.eks. {fee} a year.", ["It costs f.eks. {fee} a year."]),
        ("- @eu You pay {fee}.\n- **Free** for *børn*.", ["You pay {fee}.", "Free for børn."]),
        ("See [the page](https://x.dk/a). Or call.", ["See the page.", "Or call."]),
        ("यह {fee} है। वह नहीं।", ["यह {fee} है।", "वह नहीं।"]),
        ("A line that\ngoes on here.", ["A line that goes on here."]),
        ("", []),
    ],
)
def test_sentences_without_their_marks(text: str, sentences: list[str]) -> None:
    assert uses.sentences(text) == sentences


def test_a_fee_is_found_in_every_language() -> None:
    found = uses.uses(LIBRARY, "work-permit-fee")
    assert {use.language for use in found} == set(LANGUAGES)
    assert all("{work-permit-fee}" in use.sentence for use in found)
    assert found[0].kind == "text"


def test_every_kind_of_text_is_looked_at() -> None:
    kinds = {use.kind for use in uses.uses(LIBRARY, "emergency-number")}
    assert {"text", "reply", "danger"} <= kinds
    assert "task_text" in {kind for pieces in uses.pieces(LIBRARY).values() for kind, _ in pieces}
    assert "municipality" in {text.kind for text in uses.texts(LIBRARY)}


@pytest.mark.parametrize("figure", sorted(LIBRARY.figures)[::7])
def test_whatever_speaks_of_a_figure_shows_the_sentence(figure: str) -> None:
    counted = uses.pieces(LIBRARY).get(figure, frozenset())
    assert {(use.kind, use.key) for use in uses.uses(LIBRARY, figure)} == counted


def test_both_sides_of_new_year_in_the_language_of_the_text() -> None:
    source: dict[str, Any] = {"unit": "DKK", "source_name": "x", "source_url": "https://x.dk", "confidence": "high"}
    values = [
        FigureValue(value=amount, valid_from=date(year, 1, 1), valid_to=date(year, 12, 31), **source)
        for amount, year in ((1000, 2026), (2000, 2027))
    ]
    figures = {"fee": Figure(id="fee", meaning="m", values=values, next_review=date(2027, 1, 1))}
    eve, day = uses.new_year(TODAY)
    assert uses.reading("Pris {fee}.", figures, language="da", day=eve) == "Pris 1.000\u00a0kr."
    assert uses.reading("Pris {fee}.", figures, language="da", day=day) == "Pris 2.000\u00a0kr."


# --- amounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1.234,50", 1234.5), ("1,234.50", 1234.5), ("1234.5", 1234.5), ("1234,5", 1234.5), ("1234", 1234),
        ("1 234,50", 1234.5), ("1\u00a0234", 1234), ("1.234.567", 1234567), ("1,234,567.5", 1234567.5), ("0,125", 0.125),
        ("12,75", 12.75), ("kr. 6.810,-", 6810), ("6810 kr.", 6810), ("DKK 6810", 6810), ("12 %", 12), ("1234.500", 1234.5),
        ("10-12", "10-12"), ("10 – 12", "10-12"), ("1.500,50-2.000,50", "1500.5-2000.5"),
    ],
)  # fmt: skip
def test_numbers_as_they_are_written_in_denmark_and_in_english(typed: str, value: object) -> None:
    assert value_of(typed, "DKK") == value


@pytest.mark.parametrize("typed", ["1.234", "1,234", "12.345", "kr. 6.810", "1.234-2.345"])
def test_what_can_be_read_in_two_ways_is_asked(typed: str) -> None:
    with pytest.raises(Unreadable) as refused:
        value_of(typed, "DKK")
    assert "two ways" in refused.value.sentence


@pytest.mark.parametrize(
    "typed", ["", "abc", "1.2.3,4", "12,", ".5", "1.234.56", "-5", "1e5", "9" * 40, "90 in any 180"]
)
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(Unreadable):
        value_of(typed, "DKK")


@pytest.mark.parametrize(
    ("typed", "unit", "kept"),
    [
        ("2027-03-17", "date", "2027-03-17"), ("17.3.2027", "date", "2027-03-17"), ("1 May", "date", "1 May"),
        ("1 January; 2, 3 and 6 April", "dates", "1 January; 2, 3 and 6 April"), ("+45 72 14 20 01", "phone", "+45 72 14 20 01"),
        ("90 in any 180", "days", "90 in any 180"), ("31.2.2027", "date", None), ("soon", "date", None), ("1. maj", "date", None),
        ("ask Ole", "phone", None),
    ],
)  # fmt: skip
def test_days_numbers_to_call_and_phrases(typed: str, unit: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(Unreadable):
            value_of(typed, unit)
    else:
        assert value_of(typed, unit) == kept


@pytest.mark.parametrize("key", sorted(LIBRARY.figures))
def test_every_value_that_we_have_could_have_been_typed(key: str) -> None:
    for value in LIBRARY.figures[key].values:
        assert value.unit in UNITS
        assert value_of(as_typed(value.value), value.unit) == value.value


@given(st.integers(1, 10**9).map(lambda number: number / 1000))
def test_what_a_form_shows_is_read_as_the_same(value: float) -> None:
    assert value_of(as_typed(value), "DKK") == value


@given(st.text(max_size=30), st.sampled_from(UNITS))
def test_no_typing_slip_breaks_it(typed: str, unit: str) -> None:
    with suppress(Unreadable):
        value_of(typed, unit)


# --- periods ----------------------------------------------------------------------------------------------------------

JAN, DEC = date(2026, 1, 1), date(2026, 12, 31)
NEXT, LAST = date(2027, 1, 1), date(2027, 12, 31)


@pytest.mark.parametrize(
    ("periods", "fault"),
    [
        ([(None, None)], None),
        ([(JAN, DEC), (NEXT, LAST)], None),
        ([(NEXT, None), (None, DEC)], None),
        ([(DEC, JAN)], "valid_to"),
        ([(JAN, None), (NEXT, None)], "valid_from"),
        ([(JAN, DEC), (DEC, LAST)], "valid_from"),
        ([(None, DEC), (None, LAST)], "valid_from"),
        ([(JAN, DEC), (date(2027, 1, 2), LAST)], "valid_from"),
        ([(date(2024, 1, 1), date(2024, 12, 31)), (JAN, DEC)], None),  # a hole in the past is history
    ],
)
def test_periods_follow_each_other(periods: list[Any], fault: str | None) -> None:
    assert [each.field for each in period_faults(periods, today=TODAY)] == ([fault] if fault else [])


def test_the_periods_that_we_have_are_without_fault() -> None:
    for key, figure in LIBRARY.figures.items():
        periods = [(value.valid_from, value.valid_to) for value in figure.values]
        assert period_faults(periods, today=TODAY) == [], key


# --- corrections ------------------------------------------------------------------------------------------------------


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def revision(number: int, value: float | None, **changes: Any) -> Revision:
    period = {"valid_from": "2026-01-01", "valid_to": "2026-12-31"}
    source = {"source_name": "x", "source_url": "https://x.dk", "confidence": "high"}
    data = {
        "id": "work-permit-fee", "meaning": "Fee", "values": [{"value": value, "unit": "DKK", **period, **source}],
        "next_review": "2026-12-01", "note": None, **changes,
    }  # fmt: skip
    name = ("figure", "work-permit-fee", "")
    return Revision(number, name, None if value is None else data, "edited", at(number), None, None, False, "")


def test_what_said_the_same_was_wrong_as_well() -> None:
    history = [
        revision(5, 2),
        revision(4, 1, next_review="2027-01-01"),
        revision(3, 2),
        revision(2, 1),
        revision(1, None),
    ]
    wrong = correct.same(history[3], history)
    assert [each.id for each in wrong] == [2, 4]
    spans = correct.spans(wrong, history)
    assert [(span.at.day, span.until and span.until.day) for span in spans] == [(2, 3), (4, 5)]
    still = correct.spans([history[0]], history)
    assert [(span.at.day, span.until) for span in still] == [(5, None)]


def test_revisions_that_follow_each_other_are_one_span() -> None:
    history = [revision(3, 2), revision(2, 1, next_review="2027-01-01"), revision(1, 1)]
    assert [(s.at.day, s.until and s.until.day) for s in correct.spans(correct.same(history[2], history), history)] == [
        (1, 3)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_proposal_says_what_was_told_and_what_is_right(language: str) -> None:
    wrong, right = revision(1, 5000), revision(2, 6810)
    assert right.data is not None
    now = Published(right.name, right.data, 2, right.at, "edited")
    text = correct.proposed(wrong, now, LIBRARY, ["permit-fees"], day=TODAY)[language]
    assert LIBRARY.title("permit-fees", language) in text
    assert "[[" not in text
    assert ".." not in text
    digits = "".join(char for char in text if char.isdigit())
    assert "5000" in digits
    assert "6810" in digits


def test_a_text_that_was_wrong_has_no_amounts() -> None:
    wrong = Revision(
        1, ("text", "permit-fees", "pl"), {"title": "x", "body": "y"}, "edited", at(1), None, None, False, ""
    )
    texts = correct.proposed(wrong, None, LIBRARY, ["permit-fees"], day=TODAY)
    assert set(texts) == set(LANGUAGES)
    assert "was wrong" in texts["en"]


def test_reach_counts_people_and_says_why_not() -> None:

    def told(consent: str = "given", reachable: bool = True, **profile: str) -> Told:
        return Told(uuid.uuid4(), "pl", consent, profile, reachable, ["web", "telegram"], at(1), at(2), ["permit-fees"])

    people = [told(), told("declined"), told(announcements="no"), told(reachable=False)]
    reach = correct.reach(people, {"en": "x"}, datetime(2026, 11, 24, 11, 0, tzinfo=UTC))
    assert (reach.people, reach.reached) == (4, 1)
    assert reach.channels == {"web": 4, "telegram": 4}
    assert reach.unreached == {"no consent": 1, "no announcements wished": 1, "unreachable": 1}
