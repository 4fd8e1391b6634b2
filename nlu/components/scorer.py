"""Three opinions added up: a linear classifier, the nearest training example, and the words that labels share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    ) -> np.ndarray:
        """Scores (messages × labels) of a message and its parts; rows are columns and values."""
        weighed = [None] * len(rows) if vectors is None else vectors * np.float32(self.encoder)
        found = np.stack([self.linear.scores(*row, vector) for row, vector in zip(rows, weighed)])
        return self._added(found, glosses, vectors)

    def many(self, rows: sparse.csr_matrix, glosses: Sequence[str], vectors: np.ndarray | None) -> np.ndarray:
        weighed = None if vectors is None else vectors * np.float32(self.encoder)
        return self._added(self.linear.many(rows, weighed), glosses, vectors)

    def _added(self, found: np.ndarray, glosses: Sequence[str], vectors: np.ndarray | None) -> np.ndarray:
        found = found + self.say.wording * self.wording.many(glosses)
        if vectors is not None and self.nearest is not None:
            found = found + self.say.nearest * self.nearest.scores(vectors)
        return found


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
