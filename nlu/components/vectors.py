"""Remembers sentence vectors: those of training examples on disk by what they were made of, the latest asked in memory."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

REMEMBERED = 2_000


class Encodes(Protocol):
    identity: str

    def vectors(self, texts: Sequence[str]) -> np.ndarray: ...


class Remembering:
    """An encoder that does not say the same thing twice; keeps the latest texts only."""

    def __init__(self, encoder: Encodes, size: int = REMEMBERED) -> None:
        self._encoder = encoder
        self._size = size
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        fresh = dict(zip(new, self._encoder.vectors(new))) if new else {}
        rows = np.stack([fresh[text] if text in fresh else self._known[text] for text in texts])
        self._remember({text: rows[place] for place, text in enumerate(texts)})
        return rows

    def _remember(self, rows: dict[str, np.ndarray]) -> None:
        for text, row in rows.items():
            self._known[text] = row
            self._known.move_to_end(text)
        while len(self._known) > self._size:
            self._known.popitem(last=False)


def cached(texts: Sequence[str], encoder: Encodes, folder: Path) -> np.ndarray:
    """Vectors of the training texts. The file holds what this training needed, no more, so it doesn't grow."""
    path = folder / f"vectors-{encoder.identity[:12]}.npz"
    known = _read(path)
    keys = [_key(text) for text in texts]
    missing = list(dict.fromkeys((key, text) for key, text in zip(keys, texts) if key not in known))
    if missing:
        known.update(zip((key for key, _ in missing), encoder.vectors([text for _, text in missing])))
        _write(path, {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys])


def _key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        return {}
    with np.load(path) as stored:
        return dict(zip(stored["keys"].tolist(), stored["rows"]))


def _write(path: Path, rows: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with unfinished.open("wb") as file:
        np.savez(file, keys=np.array(list(rows)), rows=np.stack(list(rows.values())))
    unfinished.replace(path)
