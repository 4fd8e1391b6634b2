"""Which beginnings of words tell what a sentence is about: `words/<language>.yml`, in the language and in English."""

import re
import unicodedata
from functools import cache
from pathlib import Path

import yaml

from i18n.languages import DEFAULT

FOLDER = Path(__file__).parent / "words"
# Letters that Unicode does not take apart.
WHOLE = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ß": "ss", "ı": "i", "’": "'", "ʼ": "'"})
SHORT = 3  # letters; a beginning as short as this must be the whole word where it stands alone
APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


def fold(text: str) -> list[str]:
    """The words of a text, lower case, without diacritics, apostrophes and punctuation."""
    plain = unicodedata.normalize("NFKD", APOSTROPHE.sub("", text.casefold().translate(WHOLE)))
    kept = (c if c.isalnum() or unicodedata.category(c) in ("Mc", "Mn") else " " for c in plain)
    letters = "".join(c for c in kept if not unicodedata.combining(c))
    return letters.replace("aa", "a").replace("oe", "o").split()  # "faaet" is "fået"


def found(phrase: str, words: list[str]) -> list[tuple[int, int]]:
    """Where the beginnings of words in a phrase stand one after the other: (first, behind the last).

    A phrase that ends with `$` means its last word as a whole.
    """
    stems, whole = fold(phrase), phrase.endswith("$")
    size = len(stems)
    return [
        (at, at + size)
        for at in range(len(words) - size + 1 if size else 0)
        if all(_begins(word, stem, alone=size == 1) for word, stem in zip(words[at : at + size], stems))
        and not (whole and words[at + size - 1] != stems[-1])
    ]


def _begins(word: str, stem: str, *, alone: bool) -> bool:
    return word == stem or (len(stem) >= SHORT + alone and word.startswith(stem))


def named(kind: str, text: str, language: str) -> list[str]:
    """The names of one kind (fields, values, say) whose words stand in a text, the longest match first."""
    words, best = fold(text), dict[str, int]()
    for name in {**_table(language).get(kind, {}), **_table(DEFAULT).get(kind, {})}:
        hits = [hit for phrase in phrases(kind, name, language) for hit in found(phrase, words)]
        best[name] = max((sum(map(len, words[begin:end])) for begin, end in hits), default=0)
    return sorted((name for name, size in best.items() if size), key=lambda name: -best[name])


def told(kind: str, text: str, language: str) -> list[str]:
    """The names whose words stand in a text, in the order of the text, without what is said not to be ("not a nurse")."""
    words = fold(text)
    denied = {end for p in ("none", "not") for phrase in phrases("say", p, language) for _, end in found(phrase, words)}
    first: dict[str, int] = {}
    for name in {**_table(language).get(kind, {}), **_table(DEFAULT).get(kind, {})}:
        places = [begin for phrase in phrases(kind, name, language) for begin, _ in found(phrase, words)]
        places = [place for place in places if not denied & {place, place - 1}]
        if places:
            first[name] = min(places)
    return sorted(first, key=lambda name: first[name])


def without(kind: str, name: str, text: str, language: str) -> str:
    """A text without the words of one name, as it was written otherwise."""
    written = text.split()
    folded = [(at, word) for at, part in enumerate(written) for word in fold(part)]
    said = [word for _, word in folded]
    for phrase in sorted(phrases(kind, name, language), key=len, reverse=True):
        for begin, end in found(phrase, said):
            gone = {at for at, _ in folded[begin:end]}
            return " ".join(part for at, part in enumerate(written) if at not in gone)
    return text


def phrases(kind: str, name: str, language: str) -> list[str]:
    """The written beginnings for one name, in the language and in English; `not_english` are words that mean something
    else in the language (Polish "no" is a yes).
    """
    foreign = _table(language).get("not_english", {}).get(name, [])
    english = [phrase for phrase in _table(DEFAULT).get(kind, {}).get(name, []) if phrase not in foreign]
    return [*_table(language).get(kind, {}).get(name, []), *english]


@cache
def _table(language: str) -> dict[str, dict[str, list[str]]]:
    path = FOLDER / f"{language}.yml"
    if not path.exists():
        return {}
    table = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {kind: {name: [str(p) for p in some] for name, some in names.items()} for kind, names in table.items()}
