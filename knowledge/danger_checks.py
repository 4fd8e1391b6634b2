"""Sentences that hold the danger rules to their word: no rules are published that miss one of danger_checks.yml."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.danger import CategoryName, DangerRules, Phrases
from knowledge.files import load_yaml, validated
from knowledge.models import Strict

PATH = Path(__file__).with_suffix(".yml")
# Where two are true at once, the weightier one answers; these pairs lead to the same people.
ALIKE: dict[str, set[str]] = {
    "suicide": {"suicide"},
    "emergency": {"emergency", "suicide"},
    "violence": {"violence"},
    "threat": {"threat", "violence"},
    "exploitation": {"exploitation", "threat"},
}


class Checks(Strict):
    heard: dict[CategoryName, Phrases]
    harmless: Phrases


@dataclass(frozen=True, slots=True)
class Missed:
    """A sentence that rules take for something else. category: what it speaks of; empty: of no danger."""

    sentence: str
    language: str
    category: str
    found: str


@functools.cache
def checks() -> Checks:
    return Checks.model_validate(validated(Checks, *load_yaml(PATH), PATH))


def sentences() -> Iterator[tuple[str, str, str]]:
    """Category (empty: harmless), language, sentence."""
    for category, by_language in (*checks().heard.items(), ("", checks().harmless)):
        for language, said in by_language.items():
            for sentence in said:
                yield category, language, sentence


def missed(rules: DangerRules) -> list[Missed]:
    found = ((*each, rules.find(each[2])) for each in sentences())
    return [
        Missed(sentence, language, category, danger.category if danger else "")
        for category, language, sentence, danger in found
        if (danger.category if danger else "") not in ALIKE.get(category, {""})
    ]
