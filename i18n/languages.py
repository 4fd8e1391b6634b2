"""The languages Velkommen speaks. A new one starts with its line here; the tests list what is then missing."""

import functools
import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

DEFAULT = "en"
# Languages that we do not write, but have a lexicon of (nlu/lexicons) and one sentence in (knowledge/replies).
UNDERSTOOD = ("ar", "bn", "es", "fr", "it", "lt", "lv", "ml", "ne", "pt", "ru", "ta", "tr")


# Languages of the pages on which a Danish municipality's staff work; what people see comes in all of them.
OFFICE = ("en", "da")


@dataclass(frozen=True)
class Language:
    code: str
    """ISO 639 code; also the value of `lang` in HTML and the folder of the catalogue."""
    english_name: str
    own_name: str
    script: str
    """ISO 15924 code of the script its texts are written in."""
    locale: str
    """The locale that numbers and dates follow."""
    called: tuple[str, ...]
    """What people call it, in every language we speak, folded; a name ending in "-" stands for its inflections."""
    stands_in_for: tuple[str, ...] = ()
    """Codes whose readers read this one without effort."""
    text_direction: Literal["ltr", "rtl"] = "ltr"

    @property
    def html(self) -> dict[str, str]:
        """The attributes of an element that holds text in this language."""
        return {"lang": self.code, "dir": self.text_direction}


LANGUAGES: dict[str, Language] = {
    language.code: language
    for language in (
        Language(
            "en",
            "English",
            "English",
            "Latn",
            "en_GB",
            called=(
                "english",
                "englisch-",
                "engelsk",
                "ingles",
                "inglis",
                "angielsk-",
                "englez-",
                "engleza",
                "angrezi",
                "angreji",
                "англійськ-",
                "английск-",
                "अंग्रेज़ी",
                "अंग्रेजी",
                "इंग्लिश",
            ),
        ),
        Language(
            "da",
            "Danish",
            "Dansk",
            "Latn",
            "da_DK",
            called=(
                "danish",
                "dansk",
                "danisch-",
                "daenisch-",
                "dunsk-",
                "danez-",
                "daneza",
                "denish",
                "danes",
                "данськ-",
                "датск-",
                "डेनिश",
                "डैनिश",
            ),
            # Written Norwegian is all but Danish. Swedish is further away: a Swede is better served in English.
            stands_in_for=("no", "nb", "nn", "fo", "kl"),
        ),
        Language(
            "fil",
            "Filipino",
            "Filipino",
            "Latn",
            "fil_PH",
            called=(
                "filipino",
                "tagalog",
                "tagalo-",
                "filippinsk",
                "filipinsk-",
                "filipinez-",
                "filipineza",
                "pilipino",
                "taglish",
                "wikang",
                "тагальськ-",
                "філіппінськ-",
                "філіпінськ-",
                "फिलिपिनो",
                "टागालोग",
            ),
            stands_in_for=("tl", "ceb", "ilo", "war", "pam", "bcl", "hil", "pag"),
        ),
        Language(
            "hi",
            "Hindi",
            "हिन्दी",
            "Deva",
            "hi_IN",
            called=("hindi", "hinglish", "hindisk", "гінді", "хінді", "хинди", "हिंदी", "हिन्दी"),
            stands_in_for=("bho", "mai", "awa", "mag"),
        ),
        Language(
            "pl",
            "Polish",
            "Polski",
            "Latn",
            "pl_PL",
            called=("polish", "polsk-", "polnisch-", "polonez-", "poloneza", "польськ-", "польск-", "पोलिश"),
            stands_in_for=("szl", "csb"),
        ),
        Language(
            "ro",
            "Romanian",
            "Română",
            "Latn",
            "ro_RO",
            called=(
                "romanian",
                "roman",
                "romana",
                "romansk",
                "rumaensk",
                "rumensk",
                "rumunsk-",
                "romaneste",
                "rumanisch-",
                "rumaenisch-",
                "rumano",
                "румунськ-",
                "румынск-",
                "रोमानियाई",
            ),
            stands_in_for=("mo",),
        ),
        Language(
            "uk",
            "Ukrainian",
            "Українська",
            "Cyrl",
            "uk_UA",
            called=(
                "ukrainian",
                "ukrainsk",
                "ukrajinsk-",
                "ukrainsk-",
                "ukrainisch-",
                "ucrainean-",
                "ucraineana",
                "ukrainska",
                "українськ-",
                "украинск-",
                "यूक्रेनी",
                "यूक्रेनियन",
            ),
            stands_in_for=("rue",),
        ),
        Language(
            "de",
            "German",
            "Deutsch",
            "Latn",
            "de_DE",
            called=(
                "german",
                "deutsch",
                "deutsche-",
                "tysk",
                "niemieck-",
                "aleman",
                "german-",
                "germana",
                "німецьк-",
                "немецк-",
                "जर्मन",
            ),
            stands_in_for=("nds", "gsw", "lb", "bar"),
        ),
    )
}


def named_language(text: str) -> str | None:
    """The one of our languages that a person names, in whichever of them: "po polsku", "tagalog", "auf deutsch".

    Of several the last counts ("from Danish to English"), but not one that is refused ("not Polish",
    "dansk i stedet for engelsk").
    """
    words = [fold(word) for word in _WORD.findall(text)]
    names = [_named(word) for word in words]
    if "hindi" in words and _means_not(words, names):
        names = [None if word == "hindi" else name for word, name in zip(words, names, strict=True)]
    wanted = [name for place, name in enumerate(names) if name and not _refused(place, words, names)]
    return wanted[-1] if wanted else None


def nearest(code: str | None) -> str:
    """Which of our languages to speak to somebody whose device says `code` ("pl-PL", "tl", "nb"); else DEFAULT.

    Only a language that is read without effort stands in for another. Russian does not become Ukrainian: who
    speaks it may be from anywhere, and it is not ours to decide that for them.
    """
    base = re.split(r"[-_.@]", (code or "").strip().lower())[0]
    if base in LANGUAGES:
        return base
    for language in LANGUAGES.values():
        if base in language.stands_in_for:
            return language.code
    return DEFAULT


def fold(text: str) -> str:
    """Lower case without the marks people leave out; scripts in which marks are letters keep them."""
    lowered = unicodedata.normalize("NFC", text).lower().translate(_FOLDED)
    return "".join(_bare(char) for char in lowered)


def _bare(char: str) -> str:
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() else char


def _named(word: str) -> str | None:
    whole, beginnings = _names()
    if word in whole:
        return whole[word]
    return next((code for start, code in beginnings.items() if word.startswith(start)), None)


@functools.cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Names that stand alone, and the beginnings of those that are inflected."""
    names = {fold(name): language.code for language in LANGUAGES.values() for name in language.called}
    beginnings = {name.removesuffix("-"): code for name, code in names.items() if name.endswith("-")}
    return names, beginnings


def _means_not(words: list[str], names: list[str | None]) -> bool:
    """In Filipino "hindi" is "not": "hindi ko gets", "hindi english, tagalog"."""
    after = words.index("hindi") + 1
    return bool(_FILIPINO.intersection(words)) or (after < len(words) and names[after] not in (None, "hi"))


def _refused(place: int, words: list[str], names: list[str | None]) -> bool:
    for before in (place - 1, place - 2):
        if before < 0 or names[before] or words[before] in _PAUSES:
            return False
        if words[before] in _REFUSALS:
            return True
    return False


_FOLDED = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "ß": "ss", "’": "'", "ı": "i"})
# Punctuation is kept as a word of its own: "nie, po polsku" refuses something else, "nie po polsku" does not.
_PAUSES = ",.;:!?"
_WORD = re.compile(rf"[\w\u0900-\u097f]+|[{_PAUSES}]")
_REFUSING = "not no than instead ikke end stedet hindi nie zamiast nicht statt anstatt nu loc decat не замість huwag"
_REFUSALS = frozenset(_REFUSING.split())
_AROUND_HINDI = "ko ako po ang yung ba naman lang sa ng mo"
_FILIPINO = frozenset(_AROUND_HINDI.split())
