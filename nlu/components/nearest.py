"""How much a message resembles the one training example of a label that it resembles most, by sentence vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_AT_ONCE = 512


@dataclass(frozen=True)
class Nearest:
    """`vectors` of length one, label by label in the order of the classifier's labels; `starts`: where each begins."""

    vectors: np.ndarray
    starts: np.ndarray

    def scores(self, asked: np.ndarray) -> np.ndarray:
        """Cosines, (messages × labels)."""
        parts = (asked[at : at + _AT_ONCE] @ self.vectors.T for at in range(0, len(asked), _AT_ONCE))
        return np.concatenate([np.maximum.reduceat(part, self.starts, axis=1) for part in parts])


def learn(vectors: np.ndarray, labels: Sequence[str], names: Sequence[str]) -> Nearest:
    place = {name: number for number, name in enumerate(names)}
    numbers = np.array([place[label] for label in labels])
    order = np.argsort(numbers, kind="stable")
    return Nearest(
        np.ascontiguousarray(vectors[order], dtype=np.float32), np.searchsorted(numbers[order], np.arange(len(names)))
    )
