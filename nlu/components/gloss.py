"""Say a message word by word in English, so that one classifier understands every language that has a lexicon.

Longest phrase first, then the word as typed, without diacritics, its lemma, its Filipino root. What is in
no lexicon stays as it is: it may be English, a name, or a Danish term that the Danish lexicon knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from nlu.components import filipino
from nlu.components.cyrillic import cyrillic
from nlu.components.lemmas import lemmas
from nlu.components.lexicon import LONGEST, english_words, lexicon
from nlu.components.text import folded, words


@dataclass(frozen=True)
class Gloss:
    """English words, and the words of the message that nothing is known about."""

    text: str
    unknown: tuple[str, ...] = ()


def gloss(text: str, language: str) -> Gloss:
    found: list[str] = []
    unknown: list[str] = []
    tokens = words(text)
    at = 0
    while at < len(tokens):
        length, meaning = _longest_phrase(tokens, at, language)
        if meaning is None:
            meaning = word_gloss(tokens[at], language)
        if meaning is None:
            unknown.append(tokens[at])
            meaning = tokens[at]
        found.append(meaning)
        at += length
    return Gloss(" ".join(" ".join(found).split()), tuple(unknown))


@lru_cache(maxsize=50_000)
def word_gloss(word: str, language: str) -> str | None:
    """What one word means, or None when nobody has said."""
    own = _own_gloss(word, language)
    if own is not None:
        return own
    if language != "en":
        english = lexicon("en").look_up(word)
        if english is not None:
            return english
    if word in english_words() or word.isdigit():
        return word
    if language != "da":
        danish = lexicon("da").look_up(word)
        if danish is not None:
            return danish
    romanised = _romanised(word, language)
    return romanised if romanised is not None else _parts_gloss(word, language)


def _own_gloss(word: str, language: str) -> str | None:
    meaning = _looked_up(word, language)
    if meaning is None and language == "uk":  # many mix in Russian words
        meaning = _looked_up(word, "ru")
    if meaning is None and language == "fil":
        meaning = next((known for root in filipino.roots(word) if (known := _root_gloss(root)) is not None), None)
    return meaning


def _looked_up(word: str, language: str) -> str | None:
    own = lexicon(language)
    meaning = own.look_up(word)
    if meaning is None:
        lemma = lemmas(language).get(word) or lemmas(language).get(folded(word))
        meaning = own.look_up(lemma) if lemma else None
    return meaning


def _romanised(word: str, language: str) -> str | None:
    """A Ukrainian or Russian word typed in Latin letters; after English and Danish, which share those letters."""
    typed = cyrillic(word) if language in ("uk", "ru") else None
    return _own_gloss(typed, language) if typed else None


def _root_gloss(root: str) -> str | None:
    meaning = lexicon("fil").look_up(root)
    return meaning if meaning else _if_english(root)


def _if_english(word: str) -> str | None:
    return word if len(word) > 2 and word in english_words() else None


def _parts_gloss(word: str, language: str) -> str | None:
    """tax-card and cpr-nummer: the parts, when each is known."""
    parts = word.replace("'", "-").replace("’", "-").split("-")
    if len(parts) < 2:
        return None
    meanings = [word_gloss(part, language) for part in parts if part]
    return None if None in meanings else " ".join(meaning for meaning in meanings if meaning)


def _longest_phrase(tokens: list[str], at: int, language: str) -> tuple[int, str | None]:
    own = lexicon(language)
    if own.may_open(tokens[at]):
        for length in range(min(LONGEST, len(tokens) - at), 1, -1):
            meaning = own.look_up(" ".join(tokens[at : at + length]))
            if meaning is not None:
                return length, meaning
    return 1, None
