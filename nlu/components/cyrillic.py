"""Ukrainian and Russian as typed in Latin letters: "yak otrymaty chislo" → "як отримати число".

The lexicon's folded look-up treats и, і, ї, й alike and drops soft signs, so one spelling of them is enough.
"""

from __future__ import annotations

_LETTERS = {
    "shch": "щ", "zgh": "зг", "zh": "ж", "kh": "х", "ch": "ч", "sh": "ш", "sch": "щ", "ts": "ц", "tz": "ц",
    "ya": "я", "ja": "я", "ia": "я", "yu": "ю", "ju": "ю", "iu": "ю", "ye": "є", "je": "є", "ie": "є", "yi": "ї", "ji": "ї",
    "yo": "йо", "jo": "йо", "a": "а", "b": "б", "c": "ц", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "г", "i": "і",
    "j": "й", "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с", "t": "т",
    "u": "у", "v": "в", "w": "в", "x": "х", "y": "и", "z": "з", "'": "ь", "4": "ч",
}  # fmt: skip
_LONGEST = max(map(len, _LETTERS))


def cyrillic(word: str) -> str | None:
    """The word in Cyrillic letters; None when it is not typed in Latin ones."""
    if not word.isascii() or not any(letter.isalpha() for letter in word):
        return None
    found = []
    at = 0
    while at < len(word):
        for length in range(_LONGEST, 0, -1):
            letters = _LETTERS.get(word[at : at + length])
            if letters is not None:
                found.append(letters)
                at += length
                break
        else:
            return None
    return "".join(found)
