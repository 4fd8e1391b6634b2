"""Which questions mean the same, in whatever language each is asked. Pure and deterministic: no clock, no database.

Two kinds of evidence. *Words*: each question is said in English word by word (the lexicons that the classifier reads, too,
as plain data), and two of them are as alike as the rare words that they share. *Candidates*: the topics that the classifier
thought of, in their order. A group is as like a question as its questions are on average, so no chain of small likenesses
draws in what is foreign.
"""

import functools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from knowledge.library import Library
from knowledge.search import words

LEXICONS = Path(__file__).parent.parent / "nlu" / "lexicons"
LONGEST = 4  # words of a phrase in a lexicon
STEM, CUT = 4, 3  # an unknown word is looked up by its beginning: this many letters at least, up to so many left out
# From the development questions (tests/unit/test_alike.py measures it).
TOGETHER = 0.52  # how alike belongs together
BY_CANDIDATES = 0.5  # what the candidates decide of that, where both have some
ALONE = 0.9  # what words are worth without them
# Words that any question may hold.
EVERYWHERE = """
    a about above after again all already also am an and any anyone anything are as ask at be because been before
    being but by can come could did do does doing done either else enough ever every for from get give go going good
    got had has have he hello help her here hi him his how i if in into is it its just kind know let like long look
    make many may maybe me mean more most much must my need never new no not now of off ok on once one only or other
    our out own please put question really right same say see she should since so some someone something still such
    take tell than thank thanks that the their them then there they thing this those though to too try two up us use
    very want was way we well went were what when where whether which while who whose why will with without would
    yes yet you your
"""
COMMON = frozenset(EVERYWHERE.split())

type Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, masked; candidates: the topics thought of, the likeliest first."""

    id: int
    language: str
    text: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """Questions that belong together; group: the one they join, None: they are a new one."""

    group: int | None
    questions: tuple[int, ...]


class Rarity:
    """How much a word tells: the fewer of the known example questions hold it, the more."""

    def __init__(self, questions: Iterable[Iterable[str]]) -> None:
        self._holding: Counter[str] = Counter()
        self._all = 0
        for said in questions:
            self._all += 1
            self._holding.update(set(said))

    @classmethod
    def of(cls, library: Library, language: str = "en") -> Self:
        texts = [text for (_, code), text in library.texts.items() if code == language]
        return cls(in_english(question, language) for text in texts for question in (text.title, *text.questions))

    def __call__(self, word: str) -> float:
        holding = self._holding[word]
        return math.log(1 + (self._all - holding + 0.5) / (holding + 0.5))


def join(new: Sequence[Asked], groups: Mapping[int, Sequence[Asked]], rarity: Rarity) -> list[Joined]:
    """Where each new question belongs: to the group that is most like it, if one is like enough, else to a new one."""
    board, told = _Board(), dict[int, list[int]]()
    for number, questions in groups.items():
        board.add(number, _sense(questions, rarity))
    unused = -1  # new groups count downwards
    for question in new:
        sense = _sense([question], rarity)
        group = board.nearest(sense)
        if group is None:
            group, unused = unused, unused - 1
        board.add(group, sense)
        told.setdefault(group, []).append(question.id)
    return [Joined(group if group >= 0 else None, tuple(questions)) for group, questions in told.items()]


def merge(groups: Mapping[int, Sequence[Asked]], rarity: Rarity) -> dict[int, int]:
    """Which groups turn out to mean the same: the later one by the earlier one that takes its questions."""
    board, into = _Board(), dict[int, int]()
    for number in sorted(groups):
        sense = _sense(groups[number], rarity)
        earlier = board.nearest(sense)
        if earlier is not None:
            into[number] = earlier
        board.add(number if earlier is None else earlier, sense)
    return into


# --- likeness ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sense:
    """What questions say and what was thought of, each question with a length of 1; thought: how many had candidates."""

    words: Weights
    candidates: Weights
    count: int
    thought: int


def _sense(questions: Sequence[Asked], rarity: Rarity) -> _Sense:
    said, thought = Counter[str](), Counter[str]()
    for question in questions:
        heard = {word: rarity(word) for word in in_english(question.text, question.language)}
        ranked = {slug: 1 / rank for rank, slug in enumerate(dict.fromkeys(question.candidates), 1)}
        said.update(_of_length_one(heard))
        thought.update(_of_length_one(ranked))
    return _Sense(said, thought, len(questions), sum(bool(question.candidates) for question in questions))


def _of_length_one(weights: Weights) -> Weights:
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {name: weight / length for name, weight in weights.items()} if length else {}


class _Board:
    """Groups by what is in them, so that only those are looked at that share something with a question."""

    def __init__(self) -> None:
        self._words: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._candidates: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._count: Counter[int] = Counter()
        self._thought: Counter[int] = Counter()

    def add(self, group: int, sense: _Sense) -> None:
        self._count[group] += sense.count
        self._thought[group] += sense.thought
        for shelf, weights in ((self._words, sense.words), (self._candidates, sense.candidates)):
            for name, weight in weights.items():
                shelf[name][group] += weight

    def nearest(self, sense: _Sense) -> int | None:
        """The group that is most like it, the first of equals; None where none is like enough."""
        said, thought = _products(sense.words, self._words), _products(sense.candidates, self._candidates)
        best, likeness = None, TOGETHER
        for group in said:
            found = self._likeness(sense, group, said[group], thought.get(group, 0.0))
            if found > likeness or (found == likeness and (best is None or group < best)):
                best, likeness = group, found
        return best

    def _likeness(self, sense: _Sense, group: int, said: float, thought: float) -> float:
        """On average over the pairs of one question here and one there."""
        pairs, both = sense.count * self._count[group], sense.thought * self._thought[group]
        share = both / pairs
        by_words = said / pairs * (share * (1 - BY_CANDIDATES) + (1 - share) * ALONE)
        return by_words + (share * BY_CANDIDATES * thought / both if both else 0.0)


def _products(weights: Weights, shelf: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
    found: defaultdict[int, float] = defaultdict(float)
    for name, weight in weights.items():
        if name in shelf:
            for group, other in shelf[name].items():
                found[group] += weight * other
    return found


# --- in English -------------------------------------------------------------------------------------------------------


def in_english(text: str, language: str) -> list[str]:
    """The words of a question that carry meaning, in English and without their endings; what nobody knows stays."""
    found: list[str] = []
    tokens, at = words(text), 0
    while at < len(tokens):
        length, meaning = _meaning(tokens, at, language)
        meant = (word for word in meaning.split() if word not in COMMON and len(word) > 1)
        found += (stem for word in meant if (stem := _stem(word)) not in COMMON)
        at += length
    return found


def _meaning(tokens: Sequence[str], at: int, language: str) -> tuple[int, str]:
    own, word = _lexicon(language), tokens[at]
    for length in range(min(LONGEST, len(tokens) - at), 0, -1):
        if (meaning := own.get(" ".join(tokens[at : at + length]))) is not None:
            return length, meaning
    if language != "en" and word not in _english():
        for meaning in (
            _beginnings(language).get(_cut(word, cut)) for cut in range(CUT + 1) if len(word) - cut >= STEM
        ):
            if meaning is not None:
                return 1, meaning
    for other in ("en", "da"):
        if other != language and word not in _english() and (meaning := _lexicon(other).get(word)) is not None:
            return 1, meaning
    return 1, _lexicon("en").get(word, word)


def _cut(word: str, cut: int) -> str:
    return word[: len(word) - cut]


@functools.cache
def _lexicon(language: str) -> Mapping[str, str]:
    """Phrases with their English meaning, the first line for a phrase counts; empty where there is none."""
    path, found = LEXICONS / f"{language}.tsv", dict[str, str]()
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        phrase, tab, meaning = line.partition("\t")
        if tab and not line.startswith("#"):
            found.setdefault(" ".join(words(phrase)), " ".join(words(meaning)))
    found.pop("", None)
    return found


@functools.cache
def _english() -> frozenset[str]:
    """What the meanings are written in."""
    return frozenset(word for meaning in _lexicon("de").values() for word in meaning.split())


@functools.cache
def _beginnings(language: str) -> Mapping[str, str]:
    """The meaning of the shortest word that begins so."""
    found: dict[str, str] = {}
    for word in sorted(_lexicon(language), key=lambda word: (len(word), word)):
        for cut in range(CUT + 1):
            if " " not in word and len(word) - cut >= STEM:
                found.setdefault(_cut(word, cut), _lexicon(language)[word])
    return found


def _stem(word: str) -> str:
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: len(word) - len(ending)] + instead
    return word
