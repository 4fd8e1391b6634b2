"""The words that tell languages apart, read once from `words/<language>.txt`.

A file holds words a person would type, as they are spelt; a star marks one that tells this language from its
neighbours, two stars one that does so even among borrowed words ("can I get CPR po" is Filipino). After `[courtesy]`
stand greetings and thanks, which people borrow: they count when a conversation begins, never for a change of
language. After `[letters]` stand telling letters. `terms.txt` holds what everybody says whatever they speak (Danish
terms, services, places): it counts for nobody.
"""

import functools
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from i18n.languages import fold

FOLDER = Path(__file__).parent / "words"
# By the number of stars.
STRENGTH = (1.0, 2.0, 3.0)
LETTER = 1.5
# A spelling without its marks is weaker: it may be another language's proper word.
WITHOUT_MARKS = 0.6

type Claims = dict[str, float]


@dataclass(frozen=True)
class Lexicon:
    words: dict[str, Claims]
    """For each word, how strongly it speaks for which language."""
    letters: dict[str, Claims]
    courtesy: frozenset[str]
    terms: frozenset[str]
    names: re.Pattern[str]
    """Terms of two words."""

    def claims(self, word: str) -> Claims:
        """What a lower-case word speaks for; a misspelt or hyphenated one through its folded form or its parts."""
        for form in (word, fold(word), _unstretched(word)):
            if form in self.words:
                return self.words[form]
        parts = re.split(r"['’-]", word)
        if len(parts) == 1:
            return {}
        joined: Claims = defaultdict(float)
        for part in filter(None, parts):
            for language, weight in self.claims(part).items():
                joined[language] = max(joined[language], weight)
        return dict(joined)

    def is_term(self, word: str) -> bool:
        return word in self.terms or fold(word) in self.terms


@functools.cache
def lexicon() -> Lexicon:
    words: dict[str, Claims] = defaultdict(dict)
    letters: dict[str, Claims] = defaultdict(dict)
    courtesy: set[str] = set()
    for path in sorted(FOLDER.glob("*.txt")):
        if path.stem == "terms":
            continue
        for section, entry in _entries(path):
            if section == "letters":
                letters[entry][path.stem] = LETTER
                continue
            word = entry.rstrip("*")
            strength = STRENGTH[len(entry) - len(word)]
            if section == "courtesy":
                courtesy.update(_spellings(word))
            for spelling, share in _spellings(word).items():
                claimed = words[spelling].get(path.stem, 0.0)
                words[spelling][path.stem] = max(claimed, strength * share)
    terms = {spelling for _, term in _entries(FOLDER / "terms.txt") for spelling in _spellings(term)}
    names = "|".join(re.escape(term).replace("_", r"[\s-]?") for term in sorted(terms) if "_" in term)
    return Lexicon(
        _shared(words), _shared(letters), frozenset(courtesy), frozenset(terms), re.compile(rf"\b(?:{names})\b", re.I)
    )


def _entries(path: Path) -> list[tuple[str, str]]:
    """Section and entry, in the order of the file."""
    section, found = "words", []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if text.startswith("["):
            section = text.strip("[]")
        elif not text.startswith("#"):
            found += [(section, entry) for entry in text.lower().split()]
    return found


def _spellings(word: str) -> dict[str, float]:
    """The word as spelt, and as it is typed on a keyboard that lacks its letters."""
    spelt = {fold(word): WITHOUT_MARKS, fold(word.translate(_DIGRAPHS)): WITHOUT_MARKS}
    return spelt | {word: 1.0}


def _shared(claims: dict[str, Claims]) -> dict[str, Claims]:
    """A word that several languages know says less for each of them, least for those with the weaker claim."""
    return {
        entry: {language: weight**2 / sum(claim.values()) for language, weight in claim.items()}
        for entry, claim in claims.items()
    }


def _unstretched(word: str) -> str:
    """ "pleaseee" as "please"."""
    return re.sub(r"(.)\1{2,}", r"\1", word)


_DIGRAPHS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
