"""Inflected words and the lemma that a lexicon knows: karty → karta, also typed without diacritics.

Simplemma's whole dictionaries take hundreds of megabytes. Only what leads into a lexicon is kept, in a small file
that is written once for each version of a lexicon.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import simplemma
from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

from nlu.components.lexicon import Lexicon, lexicon
from nlu.components.text import folded
from nlu.places import data_dir

LANGUAGES = ("da", "de", "es", "fr", "hi", "it", "lt", "lv", "pl", "pt", "ro", "ru", "tr", "uk")


@cache
def lemmas(language: str) -> dict[str, str]:
    """Lemmas by word and by folded word; none for a language without a dictionary. Read once."""
    own = lexicon(language)
    if language not in LANGUAGES or not own.entries:
        return {}
    path = data_dir() / "lemmas" / f"{language}-{_version(own)}.tsv"
    if not path.exists():
        _write(path, leading_into(own, DefaultDictionaryFactory().get_dictionary(language)))
    return dict(line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())


def leading_into(own: Lexicon, dictionary: Mapping[str, str]) -> dict[str, str]:
    """The part of a dictionary whose lemmas are in the lexicon and whose words are not. Exact spelling goes first."""
    found: dict[str, str] = {}
    shapes: dict[str, str] = {}
    for typed, lemma in dictionary.items():
        word, known = typed.lower(), lemma.lower()
        if known in own.entries and own.look_up(word) is None:
            found.setdefault(word, known)
            shapes.setdefault(folded(word), known)
    return {**shapes, **found}


def _version(own: Lexicon) -> str:
    made_of = "\n".join([simplemma.__version__, *own.entries])
    return hashlib.sha256(made_of.encode()).hexdigest()[:12]


def _write(path: Path, found: dict[str, str]) -> None:
    """Appears whole or not at all; versions of older lexicons go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    lines = (f"{word}\t{lemma}\n" for word, lemma in found.items() if "\t" not in word and "\n" not in word)
    unfinished.write_text("".join(lines), encoding="utf-8")
    for old in path.parent.glob(f"{path.name.split('-')[0]}-*.tsv"):
        old.unlink(missing_ok=True)
    unfinished.replace(path)
