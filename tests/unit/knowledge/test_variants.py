"""Lines for some readers only: who sees what."""

import pytest

from knowledge import variants

BODY = """You need a number.

- Book a time.
- @eu,nordic Bring your passport.
- @non-eu Bring your permit.
@nurse,non-eu Ask for authorisation first.

Bye."""


def shown(**profile: str) -> list[str]:
    return [line for line in variants.fitted(BODY, profile, str.upper).splitlines() if line]


def test_each_reader_sees_what_is_meant_for_them() -> None:
    eu = shown(origin="eu", occupation="nurse")
    assert eu == ["You need a number.", "- Book a time.", "- Bring your passport.", "Bye."]
    nurse = shown(origin="non-eu", occupation="nurse")
    assert nurse[2:] == ["- Bring your permit.", "Ask for authorisation first.", "Bye."]
    assert "Ask for authorisation first." not in shown(origin="non-eu", occupation="sosu")


def test_what_is_unknown_is_labelled_instead_of_guessed() -> None:
    assert shown()[2:5] == [
        "- **EU / NORDIC:** Bring your passport.",
        "- **NON-EU:** Bring your permit.",
        "**NURSE, NON-EU:** Ask for authorisation first.",
    ]
    assert "**NURSE:** Ask for authorisation first." in shown(origin="non-eu")


def test_a_text_without_marks_is_for_everybody() -> None:
    assert variants.fitted("Write to a@b.dk.\n- @home is no mark of ours", {}, str) == (
        "Write to a@b.dk.\n- @home is no mark of ours"
    )


def test_dimensions_come_in_one_order() -> None:
    assert variants.dimensions(BODY) == ("origin", "occupation")
    assert variants.dimensions("plain") == ()


@pytest.mark.parametrize(
    ("line", "unknown"),
    [("- @eu fine", ()), ("@eea what", ("eea",)), ("- @eu,swiss x", ("swiss",)), ("@eu", ("eu",)), ("mail @ noon", ())],
)
def test_marks_that_mean_nothing_are_found(line: str, unknown: tuple[str, ...]) -> None:
    assert variants.unknown_marks(line) == unknown
