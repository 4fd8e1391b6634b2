"""WordPiece as the encoder was trained with: lower case, no accents, longest known piece first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

_TOKEN = re.compile(r"[^\W_]+|[^\w\s]|_")
_LONGEST_WORD = 100


def read_vocabulary(path: Path) -> dict[str, int]:
    return {piece: number for number, piece in enumerate(path.read_text(encoding="utf-8").splitlines())}


def encode(text: str, vocabulary: Mapping[str, int], *, longest: int) -> list[int]:
    """Numbers of the pieces, with start and end mark, `longest` at most."""
    pieces = [piece for token in _tokens(text) for piece in _pieces(token, vocabulary)]
    return [vocabulary["[CLS]"], *pieces[: longest - 2], vocabulary["[SEP]"]]


def _tokens(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFD", text.lower())
    return _TOKEN.findall("".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn"))


def _pieces(token: str, vocabulary: Mapping[str, int]) -> list[int]:
    found = list(_longest_pieces(token, vocabulary)) if len(token) <= _LONGEST_WORD else [None]
    return [vocabulary["[UNK]"]] if None in found else [number for number in found if number is not None]


def _longest_pieces(token: str, vocabulary: Mapping[str, int]) -> Iterator[int | None]:
    start = 0
    while start < len(token):
        for end in range(len(token), start, -1):
            number = vocabulary.get(("##" if start else "") + token[start:end])
            if number is not None:
                yield number
                start = end
                break
        else:
            yield None
            return
