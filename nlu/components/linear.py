"""A linear classifier, one class against the rest, over sparse columns and the encoder's dense ones."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from sklearn.svm import LinearSVC


@dataclass(frozen=True)
class Linear:
    """Scores are signed distances; only their order and gaps mean something before calibration."""

    labels: tuple[str, ...]
    sparse: np.ndarray
    dense: np.ndarray
    bias: np.ndarray

    def scores(self, columns: np.ndarray, values: np.ndarray, vector: np.ndarray | None) -> np.ndarray:
        found = values @ self.sparse[columns] + self.bias
        return found if vector is None else found + vector @ self.dense

    def many(self, rows: sparse.csr_matrix, vectors: np.ndarray | None) -> np.ndarray:
        found = rows @ self.sparse + self.bias
        return found if vectors is None else found + vectors @ self.dense


@dataclass(frozen=True)
class Settings:
    strength: float = 0.5
    tolerance: float = 0.05
    threads: int = 2


def fit(rows: sparse.csr_matrix, vectors: np.ndarray | None, labels: Sequence[str], settings: Settings) -> Linear:
    """liblinear leaves Python's lock alone while it works, so threads share the classes."""
    names = tuple(sorted(set(labels)))
    whole = rows if vectors is None else sparse.hstack([rows, sparse.csr_matrix(vectors)], format="csr")
    whole = whole.astype(np.float64)
    truth = np.array(labels)

    def against_the_rest(name: str) -> tuple[np.ndarray, float]:
        model = LinearSVC(C=settings.strength, tol=settings.tolerance, random_state=0)
        model.fit(whole, truth == name)
        return model.coef_[0].astype(np.float32), float(model.intercept_[0])

    with ThreadPoolExecutor(settings.threads) as pool:
        fitted = list(pool.map(against_the_rest, names))
    weights = np.stack([weight for weight, _ in fitted], axis=1)
    bias = np.array([bias for _, bias in fitted], dtype=np.float32)
    width = rows.shape[1]
    return Linear(names, np.ascontiguousarray(weights[:width]), np.ascontiguousarray(weights[width:]), bias)
