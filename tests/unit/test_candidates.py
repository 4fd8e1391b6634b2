"""A new model beside the one in use: what is compared, what is kept of it, and when nobody needs to look."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from knowledge.training import digest
from operations import comparing, training
from operations.candidates import Doing, night_has_come
from operations.evaluate import Pair
from web.admin import training as page

FLOORS = {"at_least": {"first": 0.5, "danger": 1.0}, "at_most": {"wrong": 0.25}, "each_language": {"first": 0.4}}


def question(number: int, *, language: str = "en", kind: str = "topic", **fields: Any) -> dict[str, Any]:
    return {
        "id": f"q{number}", "text": f"text {number}", "language": language, "kind": kind,
        "topics": ["cycling"] if kind == "topic" else [], "acceptable": [], "act": "", "mixed": False, **fields,
    }  # fmt: skip


def answer(*topics: str, kind: str = "answer", also: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"kind": kind, "topics": list(topics), "alternatives": list(also), "act": None, "offers_mentor": False}


RIGHT, WRONG, ASKED, SILENT = (
    answer("cycling"),
    answer("tax-card"),
    answer(kind="ask_back", also=("cycling", "tax-card")),
    answer(kind="fallback"),
)


def pairs(*answers: dict[str, Any], language: str = "en") -> list[Pair]:
    return [(question(number, language=language), each) for number, each in enumerate(answers)]


@pytest.mark.parametrize(("better", "worse"), [(RIGHT, ASKED), (ASKED, SILENT), (SILENT, WRONG), (RIGHT, WRONG)])
def test_a_right_answer_is_worth_most_and_a_wrong_one_less_than_none(
    better: dict[str, Any], worse: dict[str, Any]
) -> None:
    assert comparing.worth(question(1), better) > comparing.worth(question(1), worse)


def test_what_flips_is_listed_what_got_worse_first() -> None:
    new, used = pairs(RIGHT, RIGHT, WRONG), pairs(RIGHT, ASKED, RIGHT)
    found = comparing.flips(new, used)
    assert [(flip["id"], flip["better"]) for flip in found] == [("q2", False), ("q1", True)]
    assert found[0]["wanted"] == ["cycling"]
    assert (found[0]["before"]["topics"], found[0]["after"]["topics"]) == (["cycling"], ["tax-card"])


def test_a_report_has_both_shares_by_measure_and_language() -> None:
    new = pairs(RIGHT, RIGHT) + pairs(RIGHT, WRONG, language="pl")
    used = pairs(RIGHT, WRONG) + pairs(RIGHT, RIGHT, language="pl")
    found = comparing.report(new, used, FLOORS)
    assert found["measures"]["first"] == {"all": [0.75, 0.75, 4], "en": [1.0, 0.5, 2], "pl": [0.5, 1.0, 2]}
    assert found["below"] == []
    assert comparing.may_replace(found)


def test_without_a_model_in_use_there_is_nothing_to_compare_with() -> None:
    found = comparing.report(pairs(RIGHT, WRONG), None, FLOORS)
    assert found["measures"]["first"]["all"] == [0.5, None, 2]
    assert (found["compared"], found["worse"], found["flips"]) == (False, [], [])
    assert found["below"] == ["wrong"]
    assert not comparing.may_replace(found)


@pytest.mark.parametrize(("lost", "worse"), [(0, []), (1, []), (2, ["first", "wrong"])])
def test_one_in_a_hundred_is_nothing_to_speak_of(lost: int, worse: list[str]) -> None:
    new, used = pairs(*[RIGHT] * (100 - lost), *[WRONG] * lost), pairs(*[RIGHT] * 100)
    assert comparing.report(new, used, FLOORS)["worse"] == worse


# --- the page -------------------------------------------------------------------------------------------------------------


class Plain:
    def gettext(self, msgid: str, /, **named: object) -> str:
        return msgid.format(**named) if named else msgid

    def ngettext(self, one: str, many: str, n: int, /, **named: object) -> str:
        return one if n == 1 else many


def test_the_page_says_of_each_measure_whether_more_is_better() -> None:
    report = comparing.report(pairs(RIGHT, WRONG), pairs(WRONG, RIGHT, RIGHT), FLOORS)
    lines = {line.words: line for line in page.measures(report, "all", Plain())}
    first, wrong = lines["The first answer is right"], lines["Wrong, and the right answer nowhere in sight"]
    assert (first.floor, first.at_most, first.missed) == (0.5, False, False)
    assert (wrong.floor, wrong.at_most, wrong.missed) == (0.25, True, True)
    assert first.gain is not None
    assert wrong.gain is not None
    assert first.gain < 0
    assert wrong.gain < 0
    assert wrong.difference is not None
    assert wrong.difference > 0
    assert [line.floor for line in page.measures(report, "en", Plain(), only="first")] == [0.4]


def test_what_has_changed_since_is_found_by_topic() -> None:
    def learnt(**topics: list[str]) -> dict[str, list[int | str]]:
        rows = [{"topic": slug, "language": "en", "text": text} for slug, texts in topics.items() for text in texts]
        return digest(rows, {})

    before = learnt(cycling=["a", "b"], gone=["c"], same=["d"])
    found = page.changed(before, learnt(cycling=["a", "B", "e"], new=["f", "g"], same=["d"]))
    assert (found.new, found.changed, found.gone, found.questions) == (("new",), ("cycling",), ("gone",), 2)
    assert not page.changed(before, before)


def test_other_neighbours_are_a_change() -> None:
    rows = [{"topic": "cycling", "language": "en", "text": "a"}]
    assert digest(rows, {"cycling": ["bus"]}) != digest(rows, {"cycling": []})


# --- files ----------------------------------------------------------------------------------------------------------------


def test_the_link_is_turned_and_read(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    assert training.in_use(tmp_path) == ""
    for name in ("a", "b"):
        (models / f"{name}.tar.gz").write_text(name)
        link = training.use(models / f"{name}.tar.gz")
        assert link.read_text() == training.in_use(tmp_path) == name
    assert sorted(path.name for path in models.iterdir()) == ["a.tar.gz", training.LINK, "b.tar.gz"]


def test_the_newest_five_are_kept_and_the_one_in_use(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"{number}.tar.gz").touch()
        os.utime(tmp_path / f"{number}.tar.gz", (number, number))
    training.use(tmp_path / "0.tar.gz")
    training._keep_newest(tmp_path)
    assert sorted(path.name[0] for path in tmp_path.iterdir()) == ["0", "3", "4", "5", "6", "7", "a"]


def test_our_own_part_of_the_fingerprint_knows_no_examples(tmp_path: Path) -> None:
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "fingerprint").write_text("nlu/**/*\n{data}/training/topics.jsonl\n")
    (tmp_path / "data" / "training").mkdir(parents=True)

    def both() -> tuple[str, str]:
        return training.fingerprint(None, root=tmp_path), training.fingerprint(tmp_path / "data", root=tmp_path)

    code, model = both()
    (tmp_path / "data" / "training" / "topics.jsonl").write_text("{}")
    assert both()[0] == code
    assert both()[1] != model
    (tmp_path / "nlu" / "config.yml").write_text("new")
    assert both()[0] != code


# --- time -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "utc", "come"),
    [
        ("", "2026-11-21 02:30", False),
        ("03:30", "2026-11-21 02:29", False),
        ("03:30", "2026-11-21 02:30", True),
        ("03:30", "2026-11-21 03:29", True),
        ("03:30", "2026-11-21 03:30", False),
        ("03:30", "2026-07-21 01:30", True),
        ("02:30", "2027-03-28 01:05", True),  # that night has no 02:30
    ],
)
def test_the_night_comes_at_a_danish_time(at: str, utc: str, come: bool) -> None:
    assert night_has_come(at, datetime.fromisoformat(utc).replace(tzinfo=UTC)) is come


def test_a_step_that_cannot_say_how_far_it_is_goes_by_the_last_time() -> None:
    began = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    later = datetime(2026, 11, 21, 12, 1, tzinfo=UTC)
    assert Doing(began, "training", usual=120).told(later) == {"step": "training", "share": 0.5, "seconds": 60}
    assert Doing(began, "training", usual=30).told(later)["share"] == 0.95
    assert Doing(began, "evaluating", share=0.25).told(later)["share"] == 0.25
