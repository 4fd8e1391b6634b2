"""How long and how plain a text is. LIX: words a sentence + share of words over six letters (Björnsson, 1968)."""

import re
from dataclasses import dataclass

from knowledge.render import REFERENCE

WORD = re.compile(r"\S*[^\W_]\S*")
EDGES = "*_\"'“”„‘’«»()[].,;:!?…।–—"
END = re.compile(r"(?<=[.!?:…।])[\"”’)*_]*\s+|\n+")
LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")


@dataclass(frozen=True, slots=True)
class Readability:
    words: int
    longest: int
    lix: float
    bullets: int


def readability(text: str) -> Readability:
    """Counts over a text as a reader gets it; a figure counts as two words."""
    plain = REFERENCE.sub("12 dage", LINK.sub(r"\1", text))
    sentences = [[word.strip(EDGES) for word in found] for part in END.split(plain) if (found := WORD.findall(part))]
    words = [word for sentence in sentences for word in sentence]
    long = sum(len(word) > 6 for word in words)
    return Readability(
        words=len(words),
        longest=max(map(len, sentences), default=0),
        lix=len(words) / len(sentences) + 100 * long / len(words) if words else 0.0,
        bullets=len(re.findall(r"^- ", text, re.MULTILINE)),
    )
