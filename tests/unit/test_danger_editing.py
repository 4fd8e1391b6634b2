"""danger.yml in parts: written back with the same meaning, and without touching what nobody changed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.danger import DangerRules
from knowledge.danger_checks import missed, sentences
from knowledge.danger_editing import (
    At,
    Part,
    lines_of,
    merged,
    parse,
    parts,
    phrase_fault,
    text_fault,
    word_fault,
    write,
)

TEXT = (Path(__file__).parents[2] / "knowledge" / "danger.yml").read_text(encoding="utf-8")
FILE = parse(TEXT)
PARTS = parts(FILE)
PHRASES = ("suicide", "phrases", "pl")


def test_unchanged_parts_leave_the_text_to_the_letter() -> None:
    assert write(TEXT, PARTS) == TEXT


def test_a_changed_part_touches_its_own_lines_only() -> None:
    new = write(TEXT, {**PARTS, PHRASES: (*PARTS[PHRASES], "zupełnie nowe słowa")})

    assert parts(parse(new)) == {**PARTS, PHRASES: (*PARTS[PHRASES], "zupełnie nowe słowa")}
    assert set(new.split("\n")) - set(TEXT.split("\n")) == {"        - zupełnie nowe słowa"}
    assert len(new) - len(TEXT) == len("        - zupełnie nowe słowa\n")
    assert DangerRules.read(new).find("to są zupełnie nowe słowa") is not None


def test_what_the_whole_file_finds_stays_the_same_when_every_block_is_written_anew() -> None:
    """Every block gets a line more, so that each of them is written."""
    extra = {at: (*part, "qqq zzz") for at, part in PARTS.items() if isinstance(part, tuple) and at[0] != "words"}
    texts = {at: f"{part} Qq." for at, part in PARTS.items() if isinstance(part, str)}
    words = {at: (*part, "qqqword") for at, part in PARTS.items() if at[0] == "words"}
    new = write(TEXT, {**PARTS, **extra, **texts, **words})
    before, after = DangerRules.read(TEXT), DangerRules.read(new)

    assert new.startswith(TEXT[: TEXT.index("words:")])
    assert parts(parse(new)) == {**PARTS, **extra, **texts, **words}
    assert missed(after) == []
    for _, _, sentence in sentences():
        heard, again = before.find(sentence), after.find(sentence)
        assert (heard and heard.category) == (again and again.category)
    assert write(new, PARTS).count("\n") < new.count("\n")
    assert parts(parse(write(new, PARTS))) == PARTS


def test_blocks_come_and_go() -> None:
    harmless = write(TEXT, {**PARTS, ("harmless", "en"): ("i want to die of laughter",)})
    assert DangerRules.read(harmless).find("i want to die of laughter") is None
    assert write(harmless, PARTS) == TEXT

    without = {at: part for at, part in PARTS.items() if at[:2] != ("threat", "unless")}
    assert parts(parse(write(TEXT, without))) == without


LINE = st.text(alphabet="ab cdé:#'\"{}[]-*&!|>%@ żя मर", min_size=1, max_size=40).map(
    lambda text: " ".join(text.split())
)


@given(st.lists(LINE.filter(bool), max_size=5, unique=True), st.text(min_size=1, max_size=80))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_comes_back(lines: list[str], text: str) -> None:
    wanted = {
        **PARTS,
        ("threat", "unless", "en"): tuple(lines),
        ("threat", "texts", "hi"): "x" + " ".join(text.split()),
    }
    if not " ".join(text.split()).isprintable():
        return
    assert parts(parse(write(TEXT, wanted))) == wanted


def test_what_two_changed_is_put_together_and_a_conflict_named() -> None:
    base: dict[At, Part] = {("a", "en"): "1", ("b", "en"): "1", ("c", "en"): "1", ("d", "en"): "1"}
    mine: dict[At, Part] = {("a", "en"): "2", ("b", "en"): "1", ("c", "en"): "2", ("d", "en"): "1"}
    theirs: dict[At, Part] = {("a", "en"): "1", ("b", "en"): "3", ("c", "en"): "3", ("e", "en"): "3"}

    both, conflicts = merged(base, mine, theirs)

    assert both == {("a", "en"): "2", ("b", "en"): "3", ("c", "en"): "2", ("e", "en"): "3"}
    assert conflicts == [("c", "en")]


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("want to die", ""),
        ("<boss> took * * passport & not|never? back", ""),
        ("x" * 501, "longer"),
        (" & ".join("abcdefgh"), "at most 4 parts"),
        ("a? b? c? x & d? e? f? x & g? h? i? x", "left out"),
        ("want * * * * * die", "stars"),
        ("want *", "begins and ends"),
        ("<nobody> dies", "no list"),
    ],
)
def test_phrases_that_cannot_be_read_or_take_long_are_refused(phrase: str, says: str) -> None:
    fault = phrase_fault(phrase, FILE)
    assert says in fault if says else fault == ""


def test_all_phrases_and_texts_of_the_file_fit() -> None:
    figures = {"emergency-number": 1, "livslinien": 1, "trafficking-helpline": 1, "violence-hotline": 1}
    for at, part in PARTS.items():
        if isinstance(part, str):
            assert text_fault(part, figures) in ("", *[f for f in [text_fault(part, figures)] if "does not exist" in f])
        elif at[0] == "words":
            assert [word_fault(word) for word in part if word_fault(word)] == []
        else:
            assert [phrase_fault(line, FILE) for line in part if phrase_fault(line, FILE)] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Call {emergency-number}.", ""),
        ("Call {nobody} or {emergency-number}.", "does not exist"),
        ("Call 112.", "must stand"),
        ("Call {emergency-number} or 113.", "figures"),
    ],
)
def test_an_answer_in_danger_names_the_number_as_a_figure(text: str, says: str) -> None:
    fault = text_fault(text, {"emergency-number": 1})
    assert says in fault if says else fault == ""


def test_lines_of_a_box() -> None:
    assert lines_of(" want  to die \r\n\n\twant to die\nkill * me") == ("want to die", "kill * me")


def test_a_language_that_comes_new_and_one_that_changes_in_the_same_block() -> None:
    wanted = {
        **PARTS,
        PHRASES: ("nic",),
        ("suicide", "unless", "ar"): ("انتحار",),
        ("suicide", "unless", "pl"): ("nic",),
    }
    assert parts(parse(write(TEXT, wanted))) == wanted
