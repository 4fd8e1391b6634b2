"""Three opinions added up: a linear classifier, the nearest training example, and the words that labels share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sparse

from nlu.components import linear, nearest, wording
from nlu.components.linear import Linear
from nlu.components.nearest import Nearest
from nlu.components.wording import Wording


@dataclass(frozen=True)
class Say:
    """What each opinion beside the classifier's counts."""

    nearest: float = 3.0
    wording: float = 3.0


class Scored(NamedTuple):
    """(messages × labels), and what the three opinions say of the first label, (messages × 8)."""

    scores: np.ndarray
    opinions: np.ndarray


@dataclass(frozen=True)
class Scorer:
    linear: Linear
    nearest: Nearest | None
    wording: Wording
    say: Say
    encoder: float

    @property
    def labels(self) -> tuple[str, ...]:
        return self.linear.labels

    def few(
        self, rows: Sequence[tuple[np.ndarray, np.ndarray]], glosses: Sequence[str], vectors: np.ndarray | None
    ) -> Scored:
        """Of a message and its parts; rows are columns and values."""
        weighed = [None] * len(rows) if vectors is None else vectors * np.float32(self.encoder)
        found = np.stack([self.linear.scores(*row, vector) for row, vector in zip(rows, weighed)])
        return self._added(found, glosses, vectors)

    def many(self, rows: sparse.csr_matrix, glosses: Sequence[str], vectors: np.ndarray | None) -> Scored:
        weighed = None if vectors is None else vectors * np.float32(self.encoder)
        return self._added(self.linear.many(rows, weighed), glosses, vectors)

    def _added(self, found: np.ndarray, glosses: Sequence[str], vectors: np.ndarray | None) -> Scored:
        worded = self.wording.many(glosses)
        near = np.zeros_like(worded)
        if vectors is not None and self.nearest is not None:
            near = self.nearest.scores(vectors)
        scores = found + self.say.wording * worded + self.say.nearest * near
        return Scored(scores, opinions(scores.argmax(axis=1), found, worded, near))


def opinions(first: np.ndarray, linear: np.ndarray, worded: np.ndarray, near: np.ndarray) -> np.ndarray:
    """What each of the three says of the label that won, how far the last two see their own ahead, and who agrees."""
    rows = np.arange(len(first))
    return np.stack(
        [
            *(opinion[rows, first] for opinion in (linear, worded, near)),
            *(_gap(opinion) for opinion in (worded, near)),
            *((opinion.argmax(axis=1) == first).astype(float) for opinion in (linear, worded, near)),
        ],
        axis=1,
    )


def _gap(scores: np.ndarray) -> np.ndarray:
    best = np.partition(scores, -2, axis=1)
    return best[:, -1] - best[:, -2]


def fit(
    rows: sparse.csr_matrix,
    glosses: Sequence[str],
    vectors: np.ndarray | None,
    labels: Sequence[str],
    *,
    settings: linear.Settings,
    say: Say,
    encoder: float,
) -> Scorer:
    """`encoder`: the weight of the vectors in the linear classifier."""
    learnt = linear.fit(rows, None if vectors is None else vectors * np.float32(encoder), labels, settings)
    near = None if vectors is None else nearest.learn(vectors, labels, learnt.labels)
    return Scorer(learnt, near, wording.learn(glosses, labels, learnt.labels), say, encoder)
