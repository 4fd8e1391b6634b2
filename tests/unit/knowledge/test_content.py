"""What editors wrote, as a careful reader would look at it: complete, short, plain, with sources."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from i18n.languages import LANGUAGES
from knowledge.check import Finding, findings
from knowledge.files import Entry, read_folder
from knowledge.models import Topic, TopicText
from knowledge.render import REFERENCE, danish_terms

KNOWLEDGE = Path(__file__).parents[3] / "knowledge"
WRITTEN = tuple(LANGUAGES)
SLUGS = sorted(path.name for path in (KNOWLEDGE / "topics").iterdir() if path.is_dir())
BOTH = [pytest.param(slug, language, id=f"{slug}-{language}") for slug in SLUGS for language in WRITTEN]

FEWEST_QUESTIONS = {"en": 15, "da": 15, "fil": 15, "hi": 15}
LINK = re.compile(r"\[[^\]]+\]\((\S+?)\)")
AMOUNT = re.compile(r"(?:\bDKK|\bkr\.?)\s?\d|\d[\d.,\s]*(?:DKK|kr\b|kroner|koron)", re.IGNORECASE)
TELEPHONE = re.compile(r"(?<!\d)(?:\+45[ \u00a0]?)?\d{2}(?:[ \u00a0.-]?\d{2}){3}(?!\d)|(?<!\d)\d{8}(?!\d)")


@cache
def entries() -> dict[tuple[str, str, str], Entry]:
    reading = read_folder(KNOWLEDGE)
    assert reading.problems == []
    return {entry.name: entry for entry in reading.entries}


def topic(slug: str) -> Topic:
    return Topic.model_validate(entries()["topic", slug, ""].data)


def text(slug: str, language: str) -> TopicText:
    return TopicText.model_validate(entries()["text", slug, language].data)


def test_nothing_is_wrong_in_the_knowledge() -> None:
    assert read_folder(KNOWLEDGE).problems == []


def test_there_are_all_the_topics() -> None:
    assert len(SLUGS) >= 175


@cache
def found() -> dict[str, list[Finding]]:
    """What the check finds, by topic."""
    by_topic: dict[str, list[Finding]] = {}
    for finding in findings(entries().values(), date(2026, 11, 21)):
        if finding.fails:
            by_topic.setdefault(finding.where.partition("/")[0], []).append(finding)
    return by_topic


@pytest.mark.parametrize("slug", SLUGS)
def test_a_topic_is_complete_short_plain_and_of_the_present_english_in_every_language(slug: str) -> None:
    assert found().get(slug, []) == []


@pytest.mark.parametrize(("slug", "language"), BOTH)
def test_there_are_enough_example_questions(slug: str, language: str) -> None:
    assert len(text(slug, language).questions) >= FEWEST_QUESTIONS.get(language, 10)


@pytest.mark.parametrize("language", WRITTEN)
def test_no_question_is_an_example_of_two_topics(language: str) -> None:
    """The same words under two topics teach the model nothing."""
    of: dict[str, set[str]] = {}
    for slug in SLUGS:
        for question in text(slug, language).questions:
            of.setdefault(_folded(question), set()).add(slug)
    assert {question: slugs for question, slugs in of.items() if len(slugs) > 1} == {}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_topic_leads_on_to_others(slug: str) -> None:
    related = topic(slug).related
    assert len(set(related)) >= 2
    assert slug not in related
    assert slug not in topic(slug).near
    assert len(set(related)) == len(related)


@pytest.mark.parametrize(("slug", "language"), BOTH)
def test_what_stands_in_italics_is_a_word_not_a_sentence(slug: str, language: str) -> None:
    for term in danish_terms(text(slug, language).body):
        assert len(term.split()) <= 4, term
        assert not REFERENCE.search(term), term


@pytest.mark.parametrize("language", [code for code in WRITTEN if code != "da"])
def test_most_danish_words_can_be_pronounced(language: str) -> None:
    """How to say a word is shown below the answer; it comes from the glossary."""
    known = {key.casefold() for kind, key, _ in entries() if kind == "term"}
    used = [term.casefold() for slug in SLUGS for term in danish_terms(text(slug, language).body)]
    assert sum(term in known for term in used) >= len(used) / 2


@pytest.mark.parametrize(("slug", "language"), BOTH)
def test_no_amount_and_no_telephone_number_is_typed(slug: str, language: str) -> None:
    """They stand in figures.yml with source and period, so that an editor corrects them once."""
    without = LINK.sub("", REFERENCE.sub("", text(slug, language).body))
    assert AMOUNT.findall(without) == []
    assert TELEPHONE.findall(without) == []


@pytest.mark.parametrize(("slug", "language"), BOTH)
def test_links_lead_to_the_sources_of_the_topic_only(slug: str, language: str) -> None:
    body = text(slug, language).body
    sources = {source.url for source in topic(slug).sources}
    assert set(LINK.findall(body)) <= sources
    assert "://" not in LINK.sub("", body), "a bare address"


@pytest.mark.parametrize(("slug", "language"), BOTH)
def test_an_answer_is_calm(slug: str, language: str) -> None:
    written = text(slug, language)
    assert "!" not in written.body + written.title
    assert not re.search("[\U0001f300-\U0001faff]", written.body + written.title)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_topic_was_confirmed_before_it_must_be_looked_at_again(slug: str) -> None:
    assert topic(slug).as_of < topic(slug).review_by


def _folded(question: str) -> str:
    return re.sub(r"\W+", " ", question.casefold()).strip()
