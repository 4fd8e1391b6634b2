"""What the classifier sees of a message: n-grams of its letters and words, of its gloss, and the gloss's sentence vector.

Each block has length one before its weight, so that no block wins by having more terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse

from nlu.components.text import folded, words

LETTERS = (2, 3, 4)


class Example(NamedTuple):
    text: str
    gloss: str


@dataclass(frozen=True)
class Weights:
    letters: float = 0.5
    words: float = 0.5
    gloss: float = 1.0
    encoder: float = 1.5

    def sparse(self) -> tuple[float, float, float]:
        return self.letters, self.words, self.gloss


@dataclass(frozen=True)
class Vocabulary:
    """Terms with their column; `rarity` (inverse document frequency) by column."""

    columns: dict[str, int]
    rarity: np.ndarray

    def __len__(self) -> int:
        return len(self.columns)


def learn(examples: Sequence[Example], *, seen_at_least: int = 2) -> Vocabulary:
    """Terms that several examples share."""
    seen = Counter(term for example in examples for block in blocks(example) for term in set(block))
    kept = sorted(term for term, count in seen.items() if count >= seen_at_least)
    counts = np.array([seen[term] for term in kept], dtype=np.float64)
    rarity = np.log((1 + len(examples)) / (1 + counts)) + 1
    return Vocabulary({term: column for column, term in enumerate(kept)}, rarity.astype(np.float32))


def row(example: Example, vocabulary: Vocabulary, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of one example, without the encoder's part."""
    parts = [_block(terms, vocabulary, weight) for terms, weight in zip(blocks(example), weights.sparse())]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def matrix(examples: Iterable[Example], vocabulary: Vocabulary, weights: Weights) -> sparse.csr_matrix:
    rows = [row(example, vocabulary, weights) for example in examples]
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    values = np.concatenate([values for _, values in rows])
    columns = np.concatenate([columns for columns, _ in rows])
    return sparse.csr_matrix((values, columns, starts), shape=(len(rows), len(vocabulary)))


def blocks(example: Example) -> tuple[list[str], list[str], list[str]]:
    """Terms by block; their first letter keeps the blocks apart in one vocabulary."""
    typed = [folded(word) for word in words(example.text)]
    return (
        [f"c{part}" for word in typed for part in _letters(f" {word} ")],
        [f"w{term}" for term in _ones_and_twos(typed)],
        [f"g{term}" for term in _ones_and_twos(example.gloss.split())],
    )


def _letters(word: str) -> Iterator[str]:
    for length in LETTERS:
        for start in range(max(1, len(word) - length + 1)):
            yield word[start : start + length]


def _ones_and_twos(terms: Sequence[str]) -> list[str]:
    return [*terms, *(f"{first} {second}" for first, second in zip(terms, terms[1:]))]


def _block(terms: list[str], vocabulary: Vocabulary, weight: float) -> tuple[np.ndarray, np.ndarray]:
    counts = Counter(column for term in terms if (column := vocabulary.columns.get(term)) is not None)
    columns = np.fromiter(counts.keys(), dtype=np.int32, count=len(counts))
    often = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
    values = (1 + np.log(often)) * vocabulary.rarity[columns]
    length = np.linalg.norm(values)
    return columns, (values * (weight / length if length else 0)).astype(np.float32)
