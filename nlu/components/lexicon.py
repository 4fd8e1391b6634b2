"""A lexicon: words and phrases of one language with their English gloss, from `nlu/lexicons/<language>.tsv`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from simplemma import is_known

from nlu.components.text import bare, folded, words

LEXICONS = Path(__file__).parent.parent / "lexicons"
LONGEST = 4


@dataclass(frozen=True)
class Lexicon:
    """Glosses by phrase (words joined by one blank); `folded` holds the shapes without diacritics.

    An empty gloss is a word that carries no meaning here (an article, a particle).
    """

    entries: dict[str, str] = field(default_factory=dict)
    folded: dict[str, str] = field(default_factory=dict)
    openings: frozenset[str] = frozenset()

    def look_up(self, phrase: str) -> str | None:
        gloss = self.entries.get(phrase)
        return self.folded.get(folded(phrase)) if gloss is None else gloss

    def may_open(self, word: str) -> bool:
        """Whether some phrase of several words begins with this word."""
        return folded(word) in self.openings


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language; an empty one where none is written yet. Read once."""
    path = LEXICONS / f"{language}.tsv"
    return from_lines(path.read_text(encoding="utf-8").splitlines()) if path.exists() else Lexicon()


def languages() -> list[str]:
    return sorted(path.stem for path in LEXICONS.glob("*.tsv"))


def from_lines(lines: Iterable[str]) -> Lexicon:
    """The first line for a phrase counts; its exact spelling goes before a folded one."""
    entries: dict[str, str] = {}
    for phrase, gloss in _rows(lines):
        entries.setdefault(phrase, gloss)
    shapes: dict[str, str] = {}
    for shape in (folded, bare):
        for phrase, gloss in entries.items():
            shapes.setdefault(shape(phrase), gloss)
    openings = frozenset(folded(phrase.split(" ", 1)[0]) for phrase in entries if " " in phrase)
    return Lexicon(entries, shapes, openings)


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Words we take for English: glosses use them, and they are not Danish that slipped into a gloss."""
    danish = lexicon("da").entries
    used = {
        word for language in languages() for meaning in lexicon(language).entries.values() for word in words(meaning)
    }
    return frozenset(
        word for word in used if word not in danish or word in danish[word].split() or is_known(word, lang="en")
    )


def _rows(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if "\t" not in line or line.startswith("#"):
            continue
        phrase, gloss = line.split("\t", 1)
        parts = words(phrase)
        if 0 < len(parts) <= LONGEST:
            yield " ".join(parts), gloss.strip().lower()
