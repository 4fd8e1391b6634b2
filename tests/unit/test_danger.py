"""The rules in knowledge/danger.yml: what must be heard, and what must be left in peace."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import KnowledgeError
from i18n.languages import LANGUAGES
from knowledge.danger import DangerRules
from knowledge.danger_checks import ALIKE, missed, sentences

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
RULES = DangerRules.load(KNOWLEDGE / "danger.yml")
ABOUT_DANGER = {
    "mental-health-help", "exploitation-help", "emergency-and-out-of-hours", "separation-or-violence", "au-pair-rules",
    "discrimination-and-conflict", "racism-in-daily-life", "work-injury", "employment-contract", "ethical-recruitment",
}  # fmt: skip

SENTENCES = [(category, sentence) for category, _, sentence in sentences() if category]
HARMLESS = [sentence for category, _, sentence in sentences() if not category]


@pytest.mark.parametrize(("category", "sentence"), SENTENCES)
def test_danger_is_heard_in_every_language(category: str, sentence: str) -> None:
    danger = RULES.find(sentence)
    assert danger is not None
    assert danger.category in ALIKE[category]


def test_each_language_of_ours_has_sentences_to_check_with() -> None:
    spoken = {(category, language) for category, language, _ in sentences()}
    assert {(category, language) for category in (*ALIKE, "") for language in LANGUAGES} <= spoken
    assert missed(RULES) == []


@pytest.mark.parametrize("sentence", HARMLESS)
def test_everyday_questions_are_left_in_peace(sentence: str) -> None:
    assert RULES.find(sentence) is None


def test_no_example_question_of_another_topic_is_taken_for_danger() -> None:
    asked = [
        (path.parent.name, line[2:])
        for path in sorted(KNOWLEDGE.glob("topics/*/*.md"))
        for line in path.read_text(encoding="utf-8").partition("\n## Questions\n")[2].splitlines()
        if line.startswith("- ")
    ]
    flagged = [(slug, question) for slug, question in asked if slug not in ABOUT_DANGER and RULES.find(question)]
    assert len(asked) > 1000
    assert len(flagged) <= len(asked) / 1000, flagged


@pytest.mark.parametrize(
    "written",
    [
        "I WANT TO DIE",
        "i want to dieee",
        "I... want to die!!!",
        "i wánt to dìe",
        "I\u200b want to\u00ad die",
        "i, want - to die",
    ],
)
def test_it_does_not_matter_how_it_is_typed(written: str) -> None:
    danger = RULES.find(written)
    assert danger is not None
    assert danger.category == "suicide"


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("græder hver dag, jeg vil ikke leve mere", "suicide"),
        ("min mand slaar mig", "violence"),
        ("НЕ ХОЧУ ЖИТИ", "suicide"),
        ("nie chce zyc", "suicide"),
        ("मैं मरना चाहता हूं", "suicide"),
        ("Nu respirã", "emergency"),
    ],
)
def test_marks_may_be_left_out(written: str, category: str) -> None:
    danger = RULES.find(written)
    assert danger is not None
    assert danger.category == category


def test_the_weightiest_category_answers() -> None:
    danger = RULES.find("my boss took my passport and I want to kill myself")
    assert danger is not None
    assert (danger.category, danger.topic) == ("suicide", "mental-health-help")


def test_a_harmless_phrase_hides_only_its_own_words() -> None:
    assert RULES.find("my phone is dying") is None
    assert RULES.find("my phone is dying and I want to kill myself") is not None
    assert RULES.find("skal jeg selv slå græsset? min mand slår mig hvis jeg ikke gør") is not None


def test_what_is_logged_is_our_phrase_and_never_the_message() -> None:
    danger = RULES.find("Ania, ul. Polna 5: nie chce mi się żyć")
    assert danger is not None
    assert "Polna" not in danger.phrase
    assert danger.phrase in (KNOWLEDGE / "danger.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", " ", "?", "...", "😀", "\x00", "हा", "112"])
def test_a_message_without_words_is_no_danger(text: str) -> None:
    assert RULES.find(text) is None


@given(st.text(max_size=300))
def test_any_text_can_be_searched(text: str) -> None:
    RULES.find(text)


@given(st.text(alphabet="abc xyz,-", max_size=60), st.text(alphabet="abc xyz,-", max_size=60))
def test_words_around_it_do_not_hide_it(before: str, after: str) -> None:
    assert RULES.find(f"{before} I want to kill myself {after}") is not None


# --- texts ----------------------------------------------------------------------------------------------------

TEXTS = [(entry.name, language) for entry in RULES.categories for language in LANGUAGES]


@pytest.mark.parametrize(("category", "language"), TEXTS)
def test_each_text_is_there_short_and_names_the_emergency_number(category: str, language: str) -> None:
    entry = next(entry for entry in RULES.categories if entry.name == category)
    text = RULES.text(category, language)

    assert language in entry.texts
    assert "{emergency-number}" in text
    assert len(text.split()) <= 70
    assert not re.search(r"\d", re.sub(r"\{[^}]*\}", "", text)), "a number belongs into figures.yml"


def test_texts_name_only_figures_and_topics_that_we_have() -> None:
    figures = set(re.findall(r"^  - id: (\S+)", (KNOWLEDGE / "figures.yml").read_text(encoding="utf-8"), re.M))
    for entry in RULES.categories:
        assert (KNOWLEDGE / "topics" / entry.topic).is_dir()
        for text in entry.texts.values():
            assert set(re.findall(r"\{([^}|]*)", text)) <= figures


def test_a_language_without_a_text_gets_the_english_one() -> None:
    assert RULES.text("suicide", "xx") == RULES.text("suicide", "en")


def test_categories_stand_in_order_of_weight() -> None:
    assert [entry.name for entry in RULES.categories] == [
        "suicide", "emergency", "violence", "threat", "exploitation"
    ]  # fmt: skip


# --- how fast -------------------------------------------------------------------------------------------------


def _milliseconds(text: str, *, times: int = 20) -> float:
    """The quickest of several runs: what the machine does beside it is not ours to measure."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        RULES.find(text)
        took.append(time.perf_counter() - start)
    return 1000 * min(took)


def test_a_short_message_takes_less_than_a_millisecond() -> None:
    assert _milliseconds("How do I get a tax card when I start work in Denmark on Monday?") < 1


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4000,
        "a " * 2000,
        "." * 4000,
        "not cant dont my the boss he they passport want to " * 80,
        "".join(chr(97 + n % 26) for n in range(4000)),
        " ".join(sentence for _, sentence in SENTENCES)[:4000],
    ],
)
def test_a_long_message_stays_quick(text: str) -> None:
    assert _milliseconds(text, times=5) < 20  # 10 on a quiet machine


# --- files with mistakes --------------------------------------------------------------------------------------

FILE = """\
categories:
  - name: suicide
    topic: mental-health-help
    phrases:
      en:
        - {phrase}
    texts:
      {language}: Call {{emergency-number}}.
"""


def _load(folder: Path, *, phrase: str = "want to die", language: str = "en", rest: str = "") -> DangerRules:
    path = folder / "danger.yml"
    path.write_text(FILE.format(phrase=phrase, language=language) + rest, encoding="utf-8")
    return DangerRules.load(path)


def test_a_small_file_works(tmp_path: Path) -> None:
    assert _load(tmp_path).find("i want to die") is not None


@pytest.mark.parametrize(
    ("phrase", "says"),
    [
        ("want * *", "begins and ends with a word"),
        ("'* die'", "begins and ends with a word"),
        ("<boss> dies", "no list <boss>"),
        ("want & ", "begins and ends with a word"),
        ("a?", "must not be"),
        ("m-a", "not one word"),
        ("d*", "two letters"),
    ],
)
def test_a_phrase_that_cannot_be_read_is_named_with_its_line(tmp_path: Path, phrase: str, says: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        _load(tmp_path, phrase=phrase)
    assert caught.value.where.endswith("danger.yml:6")
    assert says in caught.value.problem


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"language": "da"}, 7),
        ({"rest": "    colour: red\n"}, 9),
        ({"rest": "  - name: boredom\n    topic: a\n    phrases: {}\n    texts: {en: a}\n"}, 9),
        ({"rest": "    unless:\n      xx:\n        - a b\n"}, 10),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, changes: dict[str, str], line: int) -> None:
    with pytest.raises(KnowledgeError) as caught:
        _load(tmp_path, **changes)
    assert caught.value.where.endswith(f"danger.yml:{line}")
    assert caught.value.remedy


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="missing"):
        DangerRules.load(tmp_path / "danger.yml")
