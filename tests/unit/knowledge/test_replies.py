"""What the bot itself says: every sentence in every language, with the same things filled in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actions.meet import LABELS
from bot.think import UNREADABLE
from core.acts import Decline, Smalltalk
from i18n.languages import LANGUAGES
from knowledge.files import read_figures, read_replies
from knowledge.render import REFERENCE

ROOT = Path(__file__).parents[3]
REPLIES = {
    language: {entry.key: entry.data["text"] for entry in read_replies(ROOT / f"knowledge/replies/{language}.yml")}
    for language in LANGUAGES
}
ENGLISH = REPLIES["en"]
FIGURES = {entry.key for entry in read_figures(ROOT / "knowledge" / "figures.yml")}
PLACEHOLDER = re.compile(r"\[\[(\w+)\]\]")
# The calls that look a reply up, and how many keys they take.
LOOKS_UP = {"say": 1, "reply": None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    assert REPLIES[language].keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", ENGLISH)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_is_filled_in_in_every_language(language: str, key: str) -> None:
    ours, english = REPLIES[language].get(key, ""), ENGLISH[key]
    assert sorted(set(PLACEHOLDER.findall(ours))) == sorted(set(PLACEHOLDER.findall(english)))
    assert {match[1] for match in REFERENCE.finditer(ours)} == {match[1] for match in REFERENCE.finditer(english)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_exists_and_no_brace_is_left(language: str) -> None:
    for key, text in REPLIES[language].items():
        assert {match[1] for match in REFERENCE.finditer(text)} <= FIGURES, key
        rest = PLACEHOLDER.sub("", REFERENCE.sub("", text))
        assert not set("{}[]") & set(re.sub(r"\[[^\]]+\]\(https://\S+\)", "", rest)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_script_is_the_one_of_the_language(language: str) -> None:
    """A sentence copied from English and forgotten would stand out in Hindi and Ukrainian."""
    scripts = {"Deva": r"[\u0900-\u097f]", "Cyrl": r"[\u0400-\u04ff]", "Latn": r"[A-Za-z]"}
    letters = re.compile(scripts[LANGUAGES[language].script])
    for key, text in REPLIES[language].items():
        assert letters.search(text), key


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_no_sentence_was_left_in_english(language: str) -> None:
    assert [key for key, text in REPLIES[language].items() if text == ENGLISH[key]] == []


@pytest.mark.parametrize(
    "key", sorted({*map(str, Smalltalk), *(f"meet_{step}" for step in LABELS), *UNREADABLE.values()})
)
def test_every_sentence_picked_by_a_value_exists(key: str) -> None:
    assert key in ENGLISH


@pytest.mark.parametrize("reason", Decline)
def test_every_reason_to_decline_has_its_sentence(reason: Decline) -> None:
    assert f"decline_{reason.value}" in ENGLISH


def test_every_sentence_named_in_the_code_exists() -> None:
    named = set(named_in_code())
    assert len(named) > 20, "the search finds the calls"
    assert named <= ENGLISH.keys()


def test_placeholders_are_those_that_the_code_fills_in() -> None:
    used = {name for text in ENGLISH.values() for name in PLACEHOLDER.findall(text)}
    assert used <= {
        "all", "bar", "calendar", "contact", "count", "danish", "day", "done", "employer", "language", "name", "new",
        "old", "opens", "page", "size", "time", "title", "what", "when", "who",
    }  # fmt: skip


def named_in_code() -> Iterator[str]:
    """Every text given to `say("…")` or `reply("…", …)`, or kept as `key` or `keys` before."""
    for folder in ("actions", "bot", "reminders"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOOKS_UP:
                    for argument in node.args[: LOOKS_UP[node.func.attr]]:
                        yield from _texts(argument)
                if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("key", "keys"):
                    yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if re.fullmatch(r"[a-z_]+", text):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)
        case ast.Tuple(elts=several):
            for one in several:
                yield from _texts(one)
