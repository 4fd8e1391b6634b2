"""A lexicon must know nearly all words of the questions that people ask in its language."""

from pathlib import Path

import pytest

from nlu.importer import DATA, examples
from nlu.unknown_words import coverage

TOPICS = Path("knowledge/topics")
MOST_UNKNOWN = 0.05


def questions(language):
    for path in sorted(TOPICS.glob(f"*/{language}.md")):
        _, _, asked = path.read_text(encoding="utf-8").partition("## Questions")
        yield from (line[2:] for line in asked.splitlines() if line.startswith("- "))


@pytest.mark.parametrize("language", ["da", "de", "en", "fil", "hi", "pl", "ro", "uk"])
def test_words_in_topic_questions_are_known(language):
    found = coverage(questions(language), language)

    assert found.read > 1000
    assert found.share < MOST_UNKNOWN, found.unknown.most_common(40)


@pytest.mark.parametrize("language", ["da", "de", "en", "fil", "hi", "pl", "ro", "uk"])
def test_words_in_everything_else_people_say_are_known(language):
    found = coverage((row["text"] for row in examples([], DATA) if row["language"] == language), language)

    assert found.share < MOST_UNKNOWN, found.unknown.most_common(40)
