"""Lexical search over titles, example questions and texts in all languages: for what the model has not learnt yet.

BM25 (Robertson & Zaragoza, 2009) over one document a topic and language, in which words of the title and of the questions
weigh more than those of the text. Kept in process and made anew, in part, whenever something is published.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from i18n.languages import fold
from knowledge.library import Library
from knowledge.models import TopicText

TITLE, QUESTION, TEXT = 3.0, 2.0, 1.0
SATURATION, BY_LENGTH = 1.2, 0.4  # BM25's k1 and b
STEM = 6  # letters; a longer word also counts, at half weight, by its beginning
HALF = 0.5

type Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """score: how much of the question's information the topic's words hold, 0 to 1. exact: it is one of its phrases."""

    slug: str
    score: float
    exact: bool = False


class Index:
    """Made from a library; `before`, the index of the library before it, saves reading again what has not changed."""

    def __init__(self, library: Library, before: "Index | None" = None) -> None:
        known = before._documents if before else {}
        self._documents: dict[Key, tuple[TopicText, Counter[str]]] = {}
        for key, text in library.texts.items():
            if key[0] in library.topics:
                old = known.get(key)
                self._documents[key] = old if old and old[0] == text else (text, _weigh(text))
        self._phrases = _phrases({key: text for key, (text, _) in self._documents.items()})
        self._postings: dict[str, list[tuple[Key, float]]] = defaultdict(list)
        sizes = {key: sum(weights.values()) for key, (_, weights) in self._documents.items()}
        usual = sum(sizes.values()) / len(sizes) if sizes else 1.0
        for key, (_, weights) in self._documents.items():
            norm = SATURATION * (1 - BY_LENGTH + BY_LENGTH * sizes[key] / usual)
            for term, weight in weights.items():
                self._postings[term].append((key, weight * (SATURATION + 1) / (weight + norm)))

    def search(self, text: str, *, among: Collection[str] | None = None, most: int = 5) -> list[Found]:
        """The best topics (of those in `among`, if given), best first."""
        exact = self._phrases.get(" ".join(words(text)))
        if exact and (among is None or exact in among):
            return [Found(exact, 1.0, exact=True)]
        asked = _terms(text)
        rarity = {term: self._rarity(term) * weight for term, weight in asked.items()}
        scores: defaultdict[Key, float] = defaultdict(float)
        for term, worth in rarity.items():
            for key, strength in self._postings.get(term, ()):
                scores[key] += worth * strength
        found: dict[str, Key] = {}
        for key in sorted(scores, key=lambda key: (-scores[key], key)):
            if among is None or key[0] in among:
                found.setdefault(key[0], key)
            if len(found) == most:
                break
        return [Found(slug, self._covered(key, rarity)) for slug, key in found.items()]

    def _covered(self, key: Key, rarity: dict[str, float]) -> float:
        weights = self._documents[key][1]
        return sum(worth for term, worth in rarity.items() if term in weights) / sum(rarity.values())

    def _rarity(self, term: str) -> float:
        holding = len(self._postings.get(term, ()))
        return math.log(1 + (len(self._documents) - holding + 0.5) / (holding + 0.5))


def words(text: str) -> list[str]:
    """Words as people type them who have no diacritics: ø, oe and o are one; vowel signs of Indian scripts stay."""
    folded = re.sub(r"(?<=[oaeu])e|(?<=a)a", "", fold(text))
    return "".join(character if _part_of_word(character) else " " for character in folded).split()


def _part_of_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character).startswith("M")


def _terms(text: str) -> Counter[str]:
    """Words with their weight in a question; the beginnings of long ones beside them, for endings and slips."""
    found: Counter[str] = Counter()
    for word in words(text):
        found[word] = 1
        if len(word) > STEM:
            found[word[:STEM] + "-"] = HALF  # type: ignore[assignment]
    return found


def _weigh(text: TopicText) -> Counter[str]:
    weights: Counter[str] = Counter()
    fields = [(text.title, TITLE), (text.body, TEXT), (text.more or "", TEXT)]
    fields += [(question, QUESTION) for question in text.questions]
    for field, worth in fields:
        for term, weight in _terms(field).items():
            weights[term] += weight * worth  # type: ignore[assignment]
    return weights


def _phrases(texts: Mapping[Key, TopicText]) -> dict[str, str]:
    """Whole titles and questions that belong to one topic only."""
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for (slug, _), text in texts.items():
        for phrase in _own_phrases(text):
            owners[phrase].add(slug)
    return {phrase: next(iter(slugs)) for phrase, slugs in owners.items() if len(slugs) == 1}


def _own_phrases(text: TopicText) -> Iterator[str]:
    for phrase in (text.title, *text.questions):
        folded = " ".join(words(phrase))
        if folded:
            yield folded
