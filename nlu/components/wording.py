"""Which labels' examples use the words of a message: BM25 (Robertson & Zaragoza, 2009) over glosses."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

_SATURATION, _BY_LENGTH = 1.2, 0.4  # k1 and b


@dataclass(frozen=True)
class Wording:
    """`weights` (words × labels): what a word says for a label; `rarity` by word, `unseen` for any other."""

    columns: dict[str, int]
    weights: np.ndarray
    rarity: np.ndarray
    unseen: float

    def scores(self, gloss: str) -> np.ndarray:
        """By label, the share of the message's information that its examples' words hold, 0 to 1."""
        words = set(gloss.split())
        known = [column for word in words if (column := self.columns.get(word)) is not None]
        possible = (float(self.rarity[known].sum()) + self.unseen * (len(words) - len(known))) * (_SATURATION + 1)
        return self.weights[known].sum(axis=0) / possible if possible else np.zeros(self.weights.shape[1], np.float32)

    def many(self, glosses: Sequence[str]) -> np.ndarray:
        return np.stack([self.scores(gloss) for gloss in glosses])


def learn(glosses: Iterable[str], labels: Iterable[str], names: Sequence[str]) -> Wording:
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for gloss, label in zip(glosses, labels):
        used[label].update(set(gloss.split()))
    spread = Counter(word for counts in used.values() for word in counts)
    columns = {word: column for column, word in enumerate(sorted(spread))}
    held = np.array([spread[word] for word in columns], dtype=np.float64)
    rarity = np.log(1 + (len(names) - held + 0.5) / (held + 0.5))
    sizes = {name: used[name].total() for name in names}
    usual = sum(sizes.values()) / len(names)
    weights = np.zeros((len(columns), len(names)), dtype=np.float32)
    for place, name in enumerate(names):
        norm = _SATURATION * (1 - _BY_LENGTH + _BY_LENGTH * sizes[name] / usual)
        for word, often in used[name].items():
            column = columns[word]
            weights[column, place] = rarity[column] * often * (_SATURATION + 1) / (often + norm)
    return Wording(columns, weights, rarity.astype(np.float32), float(np.log(1 + (len(names) + 0.5) / 0.5)))
