"""Questions that mean the same stand together, whatever language each was asked in; and others do not."""

import json
import random
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from knowledge.alike import Asked, Rarity, in_english, join, merge
from knowledge.files import read_folder
from knowledge.library import Library
from knowledge.search import Index

ROOT = Path(__file__).parents[2]
SAMPLED = 600
PRECISION, RECALL = (
    0.9,
    0.12,
)  # of pairs that stand together: share that is right; of those that should: share that does


@pytest.fixture(scope="module")
def published() -> Library:
    return Library.of(read_folder(ROOT / "knowledge").entries)


@pytest.fixture(scope="module")
def rarity(published: Library) -> Rarity:
    return Rarity.of(published)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "How do I register my dog?", ["register", "dog"]),
        ("ro", "Cum îmi înregistrez câinele?", ["register", "dog"]),
        ("da", "Findes der en moské i Odense?", ["mosqu", "odens"]),
        ("pl", "Jestem spawaczem", ["welder"]),
        ("ru", "", []),
        ("xx", "Quux?", ["quux"]),
    ],
)
def test_a_question_is_said_in_english(language: str, text: str, said: list[str]) -> None:
    assert set(said) <= set(in_english(text, language))


DOG = (
    Asked(1, "en", "How do I register my dog?"),
    Asked(2, "ro", "Cum îmi înregistrez câinele?"),
    Asked(3, "de", "Wie melde ich meinen Hund an?"),
)
FISHING = Asked(4, "en", "Do I need a fishing licence?")


def test_the_same_question_in_three_languages_is_one_group(rarity: Rarity) -> None:
    found = join([*DOG, FISHING], {}, rarity)
    assert [(each.group, each.questions) for each in found] == [(None, (1, 2, 3)), (None, (4,))]


def test_a_new_question_joins_the_group_that_is_there(rarity: Rarity) -> None:
    found = join([DOG[2]], {7: [FISHING], 9: DOG[:2]}, rarity)
    assert [(each.group, each.questions) for each in found] == [(9, (3,))]


def test_groups_that_turn_out_to_mean_the_same_become_the_earlier_one(rarity: Rarity) -> None:
    assert merge({9: [DOG[1], DOG[2]], 7: [FISHING], 8: [DOG[0]]}, rarity) == {9: 8}


def test_what_the_classifier_thought_of_counts_too(rarity: Rarity) -> None:
    one = Asked(1, "en", "How much for a welder and his wife?", ("permit-fees", "pay-limit-scheme"))
    same = Asked(2, "pl", "Ile zapłaci spawacz za wizę?", ("permit-fees",))
    other = Asked(3, "pl", "Ile zapłaci spawacz za mieszkanie?", ("find-rental-home",))
    together = [each.questions for each in join([one, other, same], {}, rarity)]
    assert together == [(1, 2), (3,)]


def test_a_question_of_no_words_that_mean_anything_stands_alone(rarity: Rarity) -> None:
    found = join([Asked(1, "en", "what?"), Asked(2, "en", "and then?"), Asked(3, "en", "👍")], {}, rarity)
    assert [each.questions for each in found] == [(1,), (2,), (3,)]


def test_the_order_of_the_groups_changes_nothing(rarity: Rarity) -> None:
    there = {9: DOG[:2], 7: [FISHING]}
    assert join([DOG[2]], there, rarity) == join([DOG[2]], dict(reversed(there.items())), rarity)


def test_evaluation_questions_of_one_topic_stand_together(published: Library, rarity: Rarity) -> None:
    """Measured over questions in eight languages; the search stands in for the classifier, which is right more often."""
    sampled = random.Random(6).sample(evaluation_questions(), SAMPLED)
    index = Index(published)
    asked = [
        Asked(number, line["language"], line["text"], tuple(found.slug for found in index.search(line["text"], most=3)))
        for number, line in enumerate(sampled)
    ]
    groups = [list(each.questions) for each in join(asked, {}, rarity)]
    into = merge({number: [asked[each] for each in group] for number, group in enumerate(groups)}, rarity)
    for later, earlier in into.items():
        groups[earlier] += groups[later]
        groups[later] = []

    pairs = [pair for group in groups for pair in combinations(group, 2)]
    right = sum(not fitting(sampled[one]).isdisjoint(fitting(sampled[other])) for one, other in pairs)
    same = sum(sampled[one]["topics"] == sampled[other]["topics"] for one, other in pairs)
    topics = Counter(line["topics"][0] for line in sampled)
    should = sum(count * (count - 1) // 2 for count in topics.values())

    assert len({line["language"] for line in sampled}) == 8
    assert right / len(pairs) >= PRECISION
    assert same / should >= RECALL


def evaluation_questions() -> list[dict[str, Any]]:
    lines = [
        json.loads(line)
        for name in ("dev", "test")
        for line in (ROOT / "tests" / "evaluation" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in lines if line["kind"] == "topic" and len(line["topics"]) == 1]


def fitting(line: dict[str, Any]) -> set[str]:
    return {*line["topics"], *line["acceptable"]}
