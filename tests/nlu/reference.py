"""The encoder once more in plain NumPy, as the papers describe it: slow, and easy to check by reading."""

from __future__ import annotations

import numpy as np
from scipy.special import erf


def vector(ids: list[int], weights: dict[str, np.ndarray], *, layers: int, heads: int, epsilon: float) -> np.ndarray:
    """The sentence vector of one text."""
    places = weights["embeddings.position_embeddings.weight"][: len(ids)]
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    state = _normal(weights["embeddings.word_embeddings.weight"][ids] + places + kind, weights, "embeddings", epsilon)
    for layer in range(layers):
        state = _layer(state, weights, f"encoder.layer.{layer}", heads, epsilon)
    mean = state.mean(axis=0)
    return mean / np.linalg.norm(mean)


def _layer(state: np.ndarray, weights: dict[str, np.ndarray], name: str, heads: int, epsilon: float) -> np.ndarray:
    query, key, value = (
        _heads(_dense(state, weights, f"{name}.attention.self.{part}"), heads) for part in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[-1])
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    seen = (shares @ value).transpose(1, 0, 2).reshape(state.shape)
    output = f"{name}.attention.output"
    state = _normal(_dense(seen, weights, f"{output}.dense") + state, weights, output, epsilon)
    inner = _dense(state, weights, f"{name}.intermediate.dense")
    inner = inner * 0.5 * (1 + erf(inner / np.sqrt(2)))
    return _normal(_dense(inner, weights, f"{name}.output.dense") + state, weights, f"{name}.output", epsilon)


def _dense(state: np.ndarray, weights: dict[str, np.ndarray], name: str) -> np.ndarray:
    return state @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _heads(state: np.ndarray, heads: int) -> np.ndarray:
    return state.reshape(len(state), heads, -1).transpose(1, 0, 2)


def _normal(state: np.ndarray, weights: dict[str, np.ndarray], name: str, epsilon: float) -> np.ndarray:
    centred = state - state.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return centred / spread * weights[f"{name}.LayerNorm.weight"] + weights[f"{name}.LayerNorm.bias"]
