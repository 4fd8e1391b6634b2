"""How an evaluation is counted: each measure, the groups, the floors, and the page."""

from pathlib import Path
from typing import Any

import pytest

from operations import evaluate
from operations.evaluate_page import write_page

FLOORS = {"at_least": {"first": 0.6}, "at_most": {"wrong": 0.2}, "each_language": {"first": 0.5}}


def question(kind: str = "topic", *topics: str, language: str = "en", **fields: Any) -> dict[str, Any]:
    return {
        "id": "1", "text": "x", "language": language, "kind": kind, "topics": list(topics), "acceptable": [], "act": "",
        "mixed": False, **fields,
    }  # fmt: skip


def answer(
    *topics: str, kind: str = "answer", also: tuple[str, ...] = (), act: str = "", mentor: bool = False
) -> dict[str, Any]:
    return {
        "language": "en", "kind": kind, "topics": list(topics), "alternatives": list(also), "act": act,
        "offers_mentor": mentor,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "first", "in_sight", "wrong", "asked_back"),
    [
        (answer("cycling"), True, True, False, False),
        (answer("tax-card", also=("cycling",)), False, True, False, False),
        (answer("tax-card"), False, False, True, False),
        (answer(kind="ask_back", also=("cycling", "tax-card")), False, True, False, True),
        (answer(kind="fallback"), False, False, False, False),
    ],
)
def test_a_topic_question_is_right_in_sight_wrong_or_asked_back(
    given: dict[str, Any], first: bool, in_sight: bool, wrong: bool, asked_back: bool
) -> None:
    assert evaluate.judge(question("topic", "cycling"), given) == {
        "first": first, "in_sight": in_sight, "wrong": wrong, "asked_back": asked_back,
    }  # fmt: skip


def test_a_neighbour_that_is_right_as_well_counts() -> None:
    judged = evaluate.judge(question("topic", "cycling", acceptable=["tax-card"]), answer("tax-card"))
    assert judged["first"]
    assert not judged["wrong"]


@pytest.mark.parametrize(
    ("kind", "given", "right"),
    [
        ("out_of_scope", answer("cycling"), False),
        ("out_of_scope", answer(kind="fallback", also=("cycling",)), True),
        ("smalltalk", answer(kind="smalltalk"), True),
        ("mentor", answer("cycling"), False),
        ("mentor", answer("cycling", mentor=True), True),
        ("mentor", answer(act="message_mentor"), True),
        ("danger", answer(kind="danger"), True),
    ],
)
def test_other_kinds(kind: str, given: dict[str, Any], right: bool) -> None:
    assert evaluate.judge(question(kind), given) == {kind: right}


def test_several_questions_need_every_answer() -> None:
    both = question("multi", "cycling", "tax-card")
    assert evaluate.judge(both, answer("cycling", also=("tax-card",))) == {"multi": False, "multi_in_sight": True}
    assert evaluate.judge(both, answer("tax-card", "cycling")) == {"multi": True, "multi_in_sight": True}


def test_a_command_is_right_by_its_name() -> None:
    assert evaluate.judge(question("act", act="undo"), answer(act="undo")) == {"act": True}


PAIRS = [
    (question("topic", "cycling"), answer("cycling")),
    (question("topic", "cycling", language="pl", mixed=True), answer("tax-card")),
    (question("topic", "cycling", language="pl"), answer("tax-card")),
]


def test_counts_go_by_language_theme_and_mixture() -> None:
    counts = evaluate.count(PAIRS, {"cycling": "transport"})
    assert counts["first"]["all"] == [True, False, False]
    assert counts["first"]["pl"] == [False, False]
    assert counts["wrong"]["code-mixed"] == [True]
    assert counts["in_sight"]["theme transport"] == [True, False, False]
    assert "theme transport" in evaluate.table(counts, FLOORS)


def test_what_misses_its_floor_is_named() -> None:
    assert evaluate.below_floor(evaluate.count(PAIRS), FLOORS) == ["first", "wrong", "first (pl)"]
    assert evaluate.below_floor(evaluate.count(PAIRS[:1]), FLOORS) == []


def test_the_worst_confusion_comes_first() -> None:
    assert evaluate.confusions(PAIRS) == [("cycling", "tax-card", 2)]


def test_the_page_shows_the_picture_and_runs_nothing(tmp_path: Path) -> None:
    spiteful = [(question("topic", "<script>"), answer("tax-card"))]
    write_page(tmp_path / "r" / "e.html", evaluate.count(PAIRS), FLOORS, [*PAIRS, *spiteful], split="dev")
    page = (tmp_path / "r" / "e.html").read_text()
    assert "<script" not in page
    assert page.count("tax-card") >= 3


def test_the_questions_are_many_varied_and_apart() -> None:
    dev, test = evaluate.read_questions("dev"), evaluate.read_questions("test")
    both = [*dev, *test]
    assert len({line["id"] for line in both}) == len({line["text"] for line in both}) == len(both) >= 800
    kinds = [line["kind"] for line in both]
    assert kinds.count("out_of_scope") >= 80
    assert kinds.count("mentor") + kinds.count("danger") >= 60
    assert kinds.count("multi") >= 60
    assert sum(line["mixed"] for line in both) >= 60
    for language in ("da", "de", "en", "fil", "hi", "pl", "ro", "uk"):
        assert sum(line["language"] == language for line in both) >= 90
    asked = {slug for line in both if line["kind"] == "topic" for slug in line["topics"]}
    assert len(asked) >= 175
    assert len({slug for line in test for slug in line["topics"]}) >= 100
