"""A linear classifier, one class against the rest, over sparse columns and the encoder's dense ones."""

from __future__ import annotations

from collections.abc import Sequence
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
        # Sums this small are done sooner than BLAS has woken its threads.
        found = np.einsum("i,ij->j", values, self.sparse[columns]) + self.bias
        return found if vector is None else found + np.einsum("i,ij->j", vector, self.dense)

    def many(self, rows: sparse.csr_matrix, vectors: np.ndarray | None) -> np.ndarray:
        found = rows @ self.sparse + self.bias
        return found if vectors is None else found + vectors @ self.dense


@dataclass(frozen=True)
class Settings:
    """A coarse `tolerance` costs no accuracy here and saves half the time."""

    strength: float = 0.5
    tolerance: float = 0.3


def fit(rows: sparse.csr_matrix, vectors: np.ndarray | None, labels: Sequence[str], settings: Settings) -> Linear:
    """Needs three labels at least. liblinear leaves Python's lock alone, so several fits may run side by side."""
    whole = rows if vectors is None else sparse.hstack([rows, sparse.csr_matrix(vectors)], format="csr")
    model = LinearSVC(C=settings.strength, tol=settings.tolerance, random_state=0).fit(whole, labels)
    weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
    width = rows.shape[1]
    names = tuple(str(name) for name in model.classes_)
    return Linear(names, weights[:width], weights[width:], model.intercept_.astype(np.float32))
