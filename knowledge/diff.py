"""What changed between two texts, word by word."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

# Words with their vowel signs, which Python does not count among letters; `{figure|number}` is one word, too.
TOKEN = re.compile(r"""\s+|[^\s.,:;!?()\[\]*_"“”„…।]+|.""")
LARGEST = 4_000_000  # words of one × words of the other; beyond that, nobody reads the difference word by word


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: in both (`same`), only in the newer (`added`), only in the older (`gone`)."""

    kind: Literal["same", "added", "gone"]
    text: str


def pieces(older: str, newer: str) -> list[Piece]:
    """Without the `added` it reads as the older text, without the `gone` as the newer one, to the letter."""
    before, after = TOKEN.findall(older), TOKEN.findall(newer)
    start = _shared(before, after)
    end = _shared(before[start:][::-1], after[start:][::-1])
    middle = before[start : len(before) - end], after[start : len(after) - end]
    found = [("same", before[:start]), *_between(*middle), ("same", before[len(before) - end :])]
    return [Piece(kind, "".join(tokens)) for kind, tokens in found if tokens]  # type: ignore[arg-type]


def changed(found: Sequence[Piece]) -> bool:
    return any(piece.kind != "same" for piece in found)


def _shared(some: Sequence[str], others: Sequence[str]) -> int:
    return next((at for at, (one, other) in enumerate(zip(some, others)) if one != other), min(len(some), len(others)))


def _between(before: list[str], after: list[str]) -> list[tuple[str, list[str]]]:
    if len(before) * len(after) > LARGEST:
        return [("gone", before), ("added", after)]
    found: list[tuple[str, list[str]]] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal" and not _thin(before[start:end], found, last=end == len(before)):
            found.append(("same", before[start:end]))
        else:
            found += [("gone", before[start:end]), ("added", after[new_start:new_end])]
    return _gathered(found)


def _thin(shared: list[str], found: Sequence[object], *, last: bool) -> bool:
    """Blanks and signs between two changes of a paragraph: whole phrases read better than words in turn."""
    text = "".join(shared)
    return bool(found) and not last and "\n" not in text and not any(character.isalnum() for character in text)


def _gathered(found: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """Between two stretches that both texts share: first all that is gone, then all that is added."""
    gathered: list[tuple[str, list[str]]] = []
    gone: list[str] = []
    added: list[str] = []
    for kind, tokens in [*found, ("same", [])]:
        if kind == "same":
            gathered += [("gone", gone), ("added", added), ("same", tokens)]
            gone, added = [], []
        elif kind == "gone":
            gone = gone + tokens
        else:
            added = added + tokens
    return gathered
