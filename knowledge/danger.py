"""Finds the messages that cannot wait: a life at risk, violence, threats, exploitation.

The rules stand in `danger.yml`, where editors read and change them; the head of that file explains how a phrase
is written. Every message is held against the phrases of every language, because people mix them, and fear does
not keep to the language that was chosen.

Each phrase is matched at all places of the message at once: a set of places is one integer, with a bit for each
word. So the time grows with the length of the message and never with its cunning.
"""

import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from core.errors import KnowledgeError
from i18n.languages import DEFAULT, LANGUAGES
from knowledge.files import Lines, parse_yaml, read_file, validated
from knowledge.models import Line, Slug, Strict

GAP = 3  # words that a lone * stands for, at most
WINDOW = 9  # words within which the parts of an & phrase stand, either side of its first part

Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2,3}|all)$")]
Phrases = dict[Language, list[Line]]
CategoryName = Literal["suicide", "emergency", "violence", "threat", "exploitation"]


class CategoryEntry(Strict):
    """One category as it stands in danger.yml."""

    name: CategoryName
    topic: Slug
    phrases: Phrases
    unless: Phrases = {}
    texts: dict[Language, Line]


class DangerFile(Strict):
    words: dict[Slug, dict[Language, Line]] = {}
    harmless: Phrases = {}
    categories: list[CategoryEntry] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Danger:
    """What a message is about: the category, the topic whose card is offered, and the phrase that was met.

    The phrase is a rule of ours, never what the person wrote, so it may be logged.
    """

    category: str
    topic: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    topic: str
    phrases: "PhraseBook"
    unless: "PhraseBook"
    texts: Mapping[str, str]


class DangerRules:
    """All rules, compiled; categories in order of weight."""

    def __init__(self, categories: tuple[Category, ...], words: "WordBook") -> None:
        self.categories = categories
        self._words = words

    @classmethod
    def load(cls, path: Path) -> "DangerRules":
        """Read `danger.yml`; raises KnowledgeError with file, line and remedy."""
        return cls.read(read_file(path), str(path))

    @classmethod
    def read(cls, text: str, where: str = "danger.yml") -> "DangerRules":
        """The same for a text; made once for each text, as this takes a while."""
        return _read(text, where)

    @classmethod
    def _of(cls, text: str, path: Path) -> "DangerRules":
        data, lines = parse_yaml(text, path)
        file = DangerFile.model_validate(validated(DangerFile, data, lines, path))
        lists = {name: [word for line in by.values() for word in line.split()] for name, by in file.words.items()}
        words = WordBook()
        book = partial(_phrase_book, words=words, lists=lists, lines=lines, path=path)
        harmless = book([file.harmless], at=[("harmless",)])
        categories = []
        for number, entry in enumerate(file.categories):
            at = ("categories", number)
            if DEFAULT not in entry.texts:
                raise KnowledgeError(
                    f"{path}:{lines.get((*at, 'texts'), 1)}", f"{entry.name} has no English text.", "Add `en:`."
                )
            phrases = book([entry.phrases], at=[(*at, "phrases")])
            unless = book([entry.unless], at=[(*at, "unless")])
            unless.phrases.extend(harmless.phrases)
            categories.append(Category(entry.name, entry.topic, phrases, unless, entry.texts))
        return cls(tuple(categories), words)

    def find(self, text: str) -> Danger | None:
        """The category of most weight that the message speaks of, in whatever language; None if of none."""
        places = self._words.places(text)
        if not places:
            return None
        met = frozenset(places)
        for category in self.categories:
            phrases = category.phrases.among(met)
            if not phrases:
                continue
            left = _without(category.unless, met, places)
            for phrase in phrases:
                if phrase.where(left):
                    return Danger(category.name, category.topic, phrase.written)
        return None

    def text(self, category: str, language: str) -> str:
        """What to answer, with its {figures} still to be filled in; English if the language has none."""
        texts = next(entry.texts for entry in self.categories if entry.name == category)
        return texts.get(language) or texts[DEFAULT]


@lru_cache(maxsize=8)
def _read(text: str, where: str) -> DangerRules:
    return DangerRules._of(text, Path(where))


def _without(unless: "PhraseBook", met: frozenset[int], places: "Places") -> "Places":
    """The places without the words that stand in an `unless` phrase: those do not count."""
    covered = 0
    for phrase in unless.among(met):
        covered |= phrase.where(places)
    return {word: place & ~covered for word, place in places.items()} if covered else places


# --- words ----------------------------------------------------------------------------------------------------

type Places = dict[int, int]
"""For each known choice of words (by its number), at which places of the message one of them stands."""


class WordBook:
    """Numbers every choice of words in the phrases ("kill*|end"), and finds them in a message."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._begins: dict[str, list[int]] = defaultdict(list)

    def number(self, choice: Iterable[str]) -> int:
        words = tuple(sorted(set(choice)))
        if words not in self._numbers:
            self._numbers[words] = number = len(self._numbers)
            for word in words:
                if word.endswith("*"):
                    self._begins[word[:-1]].append(number)
                else:
                    self._whole[word].append(number)
        return self._numbers[words]

    def places(self, text: str) -> Places:
        where: dict[str, int] = defaultdict(int)
        at = 0
        since_stop = 0
        for token in _TOKEN.findall(fold(text)):
            if token in _STOPS:
                # A full stop keeps two sentences apart, but not "I. want. to. die."
                at += WINDOW + 1 if since_stop > 1 else 0
                since_stop = 0
                continue
            where[token] |= 1 << at
            at += 1
            since_stop += 1
        places: dict[int, int] = defaultdict(int)
        for token, place in where.items():
            for number in self._numbers_of(_unstretched(token)):
                places[number] |= place
        return places

    def _numbers_of(self, word: str) -> Iterator[int]:
        yield from self._whole.get(word, ())
        for size in range(2, len(word) + 1):
            yield from self._begins.get(word[:size], ())


def fold(text: str) -> str:
    """Lower case without marks, apostrophes and what cannot be seen: as people type in a hurry."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).lower())
    return _DROPPED.sub("", text).translate(_FOLDED)


def _unstretched(word: str) -> str:
    """Each letter once ("helppp", "kill"), and ae, oe, ue like æ, ø, ü: both sides are folded alike."""
    return _TWICE.sub(r"\1", _UMLAUT.sub(r"\1", _TWICE.sub(r"\1", word)))


# Latin, Cyrillic and Arabic marks; in Devanagari the nukta, the dots above and the virama, which are often left out.
_DROPPED = re.compile(
    "[\u0300-\u036f\u064b-\u065f\u0670\u0640\u093c\u0901\u0902\u094d'’ʼ`´‘\u00ad\u200b-\u200f\u2060\ufeff\u02bc]"
)
_FOLDED = str.maketrans({
    "ł": "l", "đ": "d", "ø": "o", "æ": "a", "ß": "s", "ı": "i",
    "і": "и", "є": "е", "ы": "и", "э": "е", "ґ": "г", "ъ": "", "ь": "",
    "ी": "ि", "ू": "ु", "ए": "ये", "ى": "ي", "ة": "ه",
})  # fmt: skip
_TWICE = re.compile(r"([^\W\d_])\1+")
_UMLAUT = re.compile(r"([aou])e")
_STOPS = frozenset(".!?;।")
# Two dots or more are a pause, not an end.
_TOKEN = re.compile(r"[\w\u0900-\u0963]+|(?<!\.)\.(?!\.)|[!?;।]")


# --- phrases --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Words in order; before each but the first up to `gaps[n]` others may stand."""

    words: tuple[int, ...]
    gaps: tuple[int, ...]

    def ends(self, places: Places) -> list[int]:
        """After each word of the part, at which places it may stand."""
        reached = [places.get(self.words[0], 0)]
        for word, gap in zip(self.words[1:], self.gaps, strict=True):
            reached.append(_after(reached[-1], gap) & places.get(word, 0))
        return reached

    def cover(self, reached: list[int], ends: int) -> int:
        """All words of the occurrences that end at `ends`."""
        covered = place = ends & reached[-1]
        for before, gap in zip(reversed(reached[:-1]), reversed(self.gaps), strict=True):
            place = _before(place, gap) & before
            covered |= place
        return covered


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of danger.yml (or one reading of it, where a word may be left out)."""

    written: str
    parts: tuple[Part, ...]
    needed: frozenset[int]

    def where(self, places: Places) -> int:
        """All places of the words with which the phrase is met; 0 if it is not."""
        reached = [part.ends(places) for part in self.parts]
        ends = [part[-1] for part in reached]
        if not all(ends):
            return 0
        first = ends[0]
        for other in ends[1:]:
            first &= _around(other)
        if not first:
            return 0
        near = [first, *(other & _around(first) for other in ends[1:])]
        covered = 0
        for part, steps, place in zip(self.parts, reached, near, strict=True):
            covered |= part.cover(steps, place)
        return covered


class PhraseBook:
    """Phrases, found by the rarest word that each of them needs."""

    def __init__(self, phrases: list[Phrase]) -> None:
        self.phrases = phrases
        self._by_rarest: dict[int, list[Phrase]] | None = None

    def among(self, met: frozenset[int]) -> list[Phrase]:
        """Those of which every word is in the message."""
        index = self._index()
        return [phrase for word in index.keys() & met for phrase in index[word] if phrase.needed <= met]

    def _index(self) -> dict[int, list[Phrase]]:
        if self._by_rarest is None:
            used: dict[int, int] = defaultdict(int)
            for phrase in self.phrases:
                for word in phrase.needed:
                    used[word] += 1
            index: dict[int, list[Phrase]] = defaultdict(list)
            for phrase in self.phrases:
                index[min(phrase.needed, key=lambda word: (used[word], word))].append(phrase)
            self._by_rarest = dict(index)
        return self._by_rarest


def _after(places: int, gap: int) -> int:
    reached = 0
    for distance in range(1, gap + 2):
        reached |= places << distance
    return reached


def _before(places: int, gap: int) -> int:
    reached = 0
    for distance in range(1, gap + 2):
        reached |= places >> distance
    return reached


def _around(places: int) -> int:
    """The places and those within the window on either side."""
    reached = places
    for distance in (1, 2, 4, WINDOW - 7):
        reached |= reached << distance | reached >> distance
    return reached


# --- reading phrases ------------------------------------------------------------------------------------------


def _phrase_book(
    sources: list[Phrases],
    *,
    at: list[tuple[str | int, ...]],
    words: WordBook,
    lists: Mapping[str, list[str]],
    lines: Lines,
    path: Path,
) -> PhraseBook:
    found = []
    for source, start in zip(sources, at, strict=True):
        for language, phrases in source.items():
            if language != "all" and language not in _WRITTEN:
                raise KnowledgeError(
                    f"{path}:{lines.get((*start, language), 1)}",
                    f"{language!r} is not a language we have phrases in.",
                    f"Known are {', '.join(sorted(_WRITTEN))}, and `all` for phrases that mix them.",
                )
            for number, written in enumerate(phrases):
                try:
                    found += list(readings(written, words, lists))
                except ValueError as error:
                    line = lines.get((*start, language, number), 1)
                    raise KnowledgeError(
                        f"{path}:{line}", f"the phrase `{written}`: {error}.", "See the head of the file."
                    ) from error
    return PhraseBook(found)


_WRITTEN = frozenset(LANGUAGES) | {"ru", "es", "ar"}


def readings(written: str, words: WordBook, lists: Mapping[str, list[str]]) -> Iterator[Phrase]:
    """The phrase, once for each way to take its optional words."""
    options = [list(_parts_of(part.split(), words, lists)) for part in written.split("&")]
    for parts in itertools.product(*options):
        yield Phrase(written, parts, frozenset(word for part in parts for word in part.words))


def _parts_of(items: list[str], words: WordBook, lists: Mapping[str, list[str]]) -> Iterator[Part]:
    if "*" in (items[:1] + items[-1:]) or not items:
        raise ValueError("a part begins and ends with a word")
    optional = [place for place, item in enumerate(items) if item.endswith("?")]
    if len(optional) > 3 or len(optional) == len(items):
        raise ValueError("at most three words may be optional, and one must not be")
    for left_out in itertools.product((False, True), repeat=len(optional)):
        out = {place for place, gone in zip(optional, left_out, strict=True) if gone}
        numbers: list[int] = []
        gaps: list[int] = []
        gap = 0
        for place, item in enumerate(items):
            if item == "*":
                gap += GAP
            elif place not in out:
                gaps += [gap] if numbers else []
                numbers.append(words.number(_choice(item.removesuffix("?"), lists)))
                gap = 0
        yield Part(tuple(numbers), tuple(gaps))


def _choice(item: str, lists: Mapping[str, list[str]]) -> Iterator[str]:
    """The words that an item stands for, folded: `kill*|end`, `<boss>`."""
    for word in item.split("|"):
        if word.startswith("<") and word.endswith(">"):
            if word[1:-1] not in lists:
                raise ValueError(f"there is no list {word} under `words:`")
            for listed in lists[word[1:-1]]:
                yield _folded_word(listed)
        else:
            yield _folded_word(word)


def _folded_word(word: str) -> str:
    star = "*" if word.endswith("*") else ""
    tokens = _TOKEN.findall(fold(word.removesuffix("*")))
    if len(tokens) != 1 or tokens[0] in _STOPS or len(tokens[0]) < len(star) * 2:
        raise ValueError(f"{word!r} is not one word (write m-a as two words; a * needs two letters before it)")
    return _unstretched(tokens[0]) + star
