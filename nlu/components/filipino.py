"""Filipino words come with affixes, also around English roots: nagpa-register, mag-apply, i-renew, binayaran, trabahong.

`roots` takes them off, the likeliest root first. It only proposes; whether a root is a word is for the lexicon to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PREFIXES = (
    "nakapagpa", "makapagpa", "ipagpa", "nagsipag", "pinakama", "nakapag", "makapag", "ipinag", "ipapa", "ipina",
    "nagpapa", "magpapa", "nagpa", "magpa", "napaka", "nangang", "mangang", "pinag", "ikina", "maipa", "naipa",
    "pinaka", "kapag", "ipag", "naka", "maka", "naki", "maki", "paki", "nang", "mang", "nag", "mag", "pang", "pag",
    "ini", "ipa", "pina", "papa", "mai", "nai", "pam", "pan", "mam", "nam", "man", "nan", "taga", "tag", "ika", "ka",
    "ma", "na", "pa", "i", "um", "di", "mala",
)  # fmt: skip
_SUFFIXES = ("hing", "hang", "ing", "ang", "hin", "han", "nin", "nan", "in", "an", "ng", "g")
_VOWELS = "aeiou"
_ENOUGH = 3


def roots(word: str) -> Iterator[str]:
    """Possible roots of a word, fewest changes first, none twice."""
    seen = {word}
    wave = [word]
    for _ in range(3):
        wave = [root for shape in wave for root in _peeled(shape) if root not in seen]
        for root in dict.fromkeys(wave):
            seen.add(root)
            yield root
        wave = list(dict.fromkeys(wave))[:40]


def _peeled(word: str) -> Iterator[str]:
    """The word with one affix less, in every way that leaves enough of it."""
    if "-" in word:
        yield from (part for part in reversed(word.split("-")) if len(part) >= _ENOUGH)
        yield word.replace("-", "")
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _ENOUGH:
            yield from _root_endings(word[: -len(suffix)], suffix)
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= _ENOUGH:
            yield word[len(prefix) :]
    yield from _without_infix(word)
    yield from _without_doubling(word)


def _root_endings(stem: str, suffix: str) -> Iterator[str]:
    """bayar+an → bayad, gamit+in → gamit, turu+an → turo."""
    yield stem
    if stem.endswith("r"):
        yield stem[:-1] + "d"
    if stem[-1] in "ui":
        yield stem[:-1] + ("o" if stem[-1] == "u" else "e")
    changed = re.sub(r"u([^aeiou]+)$", r"o\1", stem)
    if changed != stem:
        yield changed
    if suffix in ("g", "ng"):
        yield stem + "n"


def _without_infix(word: str) -> Iterator[str]:
    """b-in-ayad → bayad, p-um-unta → punta, b-in-a-bayaran."""
    match = re.match(r"([^aeiou]{0,2})(in|um)([aeiou].*)$", word)
    if match and len(match[1] + match[3]) >= _ENOUGH:
        yield match[1] + match[3]


def _without_doubling(word: str) -> Iterator[str]:
    """The first syllable is said twice for what is not finished: ba-bayad, a-apply, kuku-kuha."""
    for length in (2, 1, 3):
        if len(word) - length >= _ENOUGH and word[:length] == word[length : 2 * length] and word[length - 1] in _VOWELS:
            yield word[length:]
