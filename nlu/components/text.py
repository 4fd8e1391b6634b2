"""Words of a message, and their shape without diacritics."""

from __future__ import annotations

import re
import unicodedata

# Vowel signs of Indian scripts and of Arabic are no "word characters" to Python, but belong to the word.
_SIGNS = (
    r"\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0970-\u0983\u09bc-\u09cd\u09d7"
    r"\u0b82\u0bbe-\u0bcd\u0d00-\u0d03\u0d3e-\u0d4d\u0d57\u200c\u200d"
)
_LETTER = rf"[^\W_]|[{_SIGNS}]|[\u0300-\u036f]"
_SIGN = r"[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"
WORD = re.compile(rf"(?:{_LETTER})+(?:[-'’ʼ](?:{_LETTER})+)*|{_SIGN}")

_FOLDED = str.maketrans(
    {
        "æ": "ae", "ø": "oe", "å": "aa", "ł": "l", "đ": "d", "ß": "ss", "ı": "i", "œ": "oe",
        "ä": "ae", "ö": "oe", "ü": "ue",
        "і": "и", "ї": "и", "ы": "и", "й": "и", "є": "е", "ё": "е", "э": "е", "ґ": "г", "ь": "", "ъ": "",
        "’": "", "'": "", "ʼ": "", "`": "",
    }
)  # fmt: skip
_BARE = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ä": "a", "ö": "o", "ü": "u"})


def words(text: str) -> list[str]:
    """The words of a text in lower case, emojis among them; hyphens and apostrophes inside a word stay."""
    return WORD.findall(unicodedata.normalize("NFC", text).lower().replace("’", "'"))


def folded(word: str) -> str:
    """The word as someone types it who has no diacritics: få → faa, ł → l, ż → z, ї → и."""
    if word.isascii() and "'" not in word:
        return word
    return _without_marks(word.translate(_FOLDED))


def bare(word: str) -> str:
    """The other way to leave diacritics out: få → fa, für → fur."""
    if word.isascii() and "'" not in word:
        return word
    return _without_marks(word.translate(_BARE).translate(_FOLDED))


def _without_marks(word: str) -> str:
    if any("\u0900" <= letter <= "\u0dff" for letter in word):
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
