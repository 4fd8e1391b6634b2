"""A conversation made fit for others to read: a suggested answer or an example question names nobody.

Whoever saves it sees it first. In doubt a number goes, as in `core.masking`; what is not found here stays letter by letter.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.masking import LABELS, mask

REPLACED_BY = {"email": "[EMAIL]", "phone": "[PHONE]", "address": "[ADDRESS]", "name": "[NAME]"}
KINDS = (*LABELS, "link", *REPLACED_BY)


@dataclass(frozen=True, slots=True)
class Anonymised:
    """The text, and which kinds were removed, in the order of KINDS."""

    text: str
    removed: tuple[str, ...]


def anonymise(text: str, names: Iterable[str]) -> Anonymised:
    """Identifiers, links with a query, e-mail addresses, telephone numbers, Danish addresses and the given names.

    A name of several words is removed as a whole; give its words too where they may stand alone.
    """
    masked = mask(text)
    removed = set(masked.kinds)
    rules: list[tuple[str, Callable[[str], str]]] = [
        ("link", _without_queries),
        ("email", _without_emails),
        ("phone", _without_phones),
        ("address", _without_addresses),
        ("name", lambda text: _without_names(text, names)),
    ]
    text = masked.text
    for kind, without in rules:
        before, text = text, without(text)
        if text != before:
            removed.add(kind)
    return Anonymised(text, tuple(kind for kind in KINDS if kind in removed))


# --- links and e-mail -------------------------------------------------------------------------------------------------

_LINK = re.compile(r"(?<![\w@.-])(?:https?://|www\.|(?:[\w-]+\.)+[a-z]{2,}/)[^\s<>\"]+", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_AFTER_LINK = ".,;:!?)]}'»”’"


def _without_emails(text: str) -> str:
    return _EMAIL.sub(REPLACED_BY["email"], text)


def _without_queries(text: str) -> str:
    return _LINK.sub(_link, text)


def _link(match: re.Match[str]) -> str:
    link = match[0].rstrip(_AFTER_LINK)
    if "?" not in link:
        return match[0]
    scheme, _, rest = link.rpartition("://") if "://" in link.partition("?")[0] else ("", "", link)
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    return (f"{scheme}://" if scheme else "") + host + match[0][len(link) :]


# --- telephone numbers ------------------------------------------------------------------------------------------------

_SPACE = r"[ \u00a0\u202f]"
_DASH = r"[\-‐-―]"
_JOINT = rf"(?:{_SPACE}?(?:{_DASH}|[()/]){_SPACE}?|{_SPACE}|\.)?"
_PHONE_WORD = (
    r"(?<!\w)(?:tlf|telefon\w{0,6}|mobil\w{0,6}|mobile|phone|cellphone|cell|tel|handy|whatsapp|viber"
    r"|телефон\w{0,3}|тел|моб|फ़ोन|फोन|मोबाइल)"
    r"[^\w+(]{0,3}(?:(?:nr|no|number|nummer|numer|is|er|to|jest|este|номер|नंबर)[^\w+(]{1,3}){0,2}"
)
_DATE = r"[0-9]{1,2}[.\-/ ][0-9]{1,2}[.\-/ ](?:19|20)[0-9]{2}(?![0-9])"
_TIMES = rf"[0-9]{{1,2}}\.[0-9]{{2}}{_SPACE}?{_DASH}{_SPACE}?[0-9]{{1,2}}\.[0-9]{{2}}(?![0-9.])"
_TWO_YEARS = r"(?:19|20)[0-9]{2}.(?:19|20)[0-9]{2}(?![0-9])"
_TWO_CLOCKS = rf"2[0-4][0-5][0-9]{_DASH}[0-2][0-9][0-5][0-9](?![0-9])"
_BEFORE = r"(?<![\w+\[])(?<![0-9][.,:/])"
_CURRENCY = r"(?:kr\b|kroner|dkk|euro?\b|€|\$|£|usd|zł|zl\b|pln|php|₱|lei\b|ron\b|грн|uah|₴|inr|₹)"
_AFTER = rf"(?![0-9])(?![.,][0-9])(?!{_SPACE}?(?:{_CURRENCY}|,-|%))"
_CURRENCY_AHEAD = re.compile(rf"{_CURRENCY}\.?\s?$", re.IGNORECASE)
_PHONES = tuple(
    re.compile(pattern + _AFTER, re.IGNORECASE)
    for pattern in (
        # after a word such as "tlf." in any grouping
        rf"{_PHONE_WORD}(?!{_DATE})(?!{_TIMES})(?P<number>[0-9](?:{_JOINT}[0-9]){{6,13}})",
        # +45 12 34 56 78, 0045 12345678, (+63) 917-123-4567
        rf"(?<![\w+])\(?(?:\+|00(?=[1-9 ])){_SPACE}?[0-9](?:{_JOINT}[0-9]){{7,14}}",
        # Danish: 12345678, 12 34 56 78, 1234 5678
        rf"{_BEFORE}[2-9][0-9]{{7}}",
        rf"{_BEFORE}[2-9][0-9]({_SPACE}|{_DASH}|[./])[0-9]{{2}}(?:\1[0-9]{{2}}){{2}}",
        rf"{_BEFORE}(?!{_TWO_YEARS})(?!{_TWO_CLOCKS})[2-9][0-9]{{3}}(?:{_SPACE}|{_DASH})[0-9]{{4}}",
        # as it is written at home elsewhere: 600 100 200, 600100200, 0722 123 456, 067 123 45 67, 98765 43210
        rf"{_BEFORE}[4-9][0-9]{{2}}({_SPACE}|{_DASH})(?!000)[0-9]{{3}}\1[0-9]{{3,4}}",
        rf"{_BEFORE}[4-9][0-9]{{8,9}}",
        rf"{_BEFORE}0[0-9]{{2,3}}{_JOINT}[0-9]{{3}}{_JOINT}(?:[0-9]{{3,4}}|[0-9]{{2}}{_JOINT}[0-9]{{2}})",
        rf"{_BEFORE}[6-9][0-9]{{4}}(?:{_SPACE}|{_DASH})[0-9]{{5}}",
    )
)


def _without_phones(text: str) -> str:
    """Numbers of eight digits and more in the groups of telephone numbers: so no 112, no 1813, and no amounts."""
    plain = "".join(str(unicodedata.decimal(char, char)) for char in text)
    links = [match.span() for match in _LINK.finditer(plain)]
    spans = sorted(
        match.span("number" if "number" in pattern.groupindex else 0)
        for pattern in _PHONES
        for match in pattern.finditer(plain)
    )
    parts, at = [], 0
    for start, end in spans:
        in_link = any(first <= start < last for first, last in links)
        if in_link or _CURRENCY_AHEAD.search(plain[max(0, start - 12) : start]):
            continue
        if start >= at:
            parts += [text[at:start], REPLACED_BY["phone"]]
        at = max(at, end)
    return "".join([*parts, text[at:]])


# --- addresses --------------------------------------------------------------------------------------------------------

_SMALL = "a-zæøåäöéü"
_BIG = "A-ZÆØÅÄÖÉÜ"
_WORD = rf"[{_BIG}][{_SMALL}{_BIG}'’\-]*"
_STREET = (
    # Vesterbrogade, vesterbrogade
    r"(?i:(?!brigade|renegade|overvej|undervej|udvej|omvej|genvej|motorvej)"
    rf"[{_SMALL}\-]{{2,}}(?:gade|vej|vejen|gaden|allé|alléen|stræde|boulevard|vænge|vænget))"
    # Enghave Plads, H.C. Andersens Boulevard, Gl. Kongevej: the word before it belongs to it
    rf"|(?:(?:{_WORD}[ ]|[{_BIG}]\.[ ]?){{1,2}})(?:Gade|Vej|Allé|Alle|Stræde|Plads|Torv|Boulevard|Vænge|Kaj|Brygge)"
    # Kongensgårdparken: only with a capital, being words of their own otherwise
    rf"|[{_BIG}][{_SMALL}\-]{{2,}}(?:alle|plads|pladsen|torv|torvet|parken|haven|toften|bakken|bakke|vangen|kajen"
    r"|stien|engen|løkken|lunden|krogen|marken|kvarteret|gårdsvej|gården|bryggen|dalen|kæret|høj|høje|ager)"
)
_AHEAD_OF_STREET = (
    rf"(?:(?:Gl|Gammel|Ny|Nørre|Sønder|Øster|Vester|Store|Lille|St|Sankt|Skt|Sdr|Ndr)\.?[ ]|[{_BIG}]\.[ ]?){{0,2}}"
)
_FLOOR = r"(?:,?\s?(?:(?:st|kl|[0-9]{1,2})\.?\s?(?:sal)?,?\s?(?:tv|th|mf)\b|[0-9]{1,2}\.\s?(?:sal\b|etage\b)|(?:st|kl)\.(?=\W|$)))?"
_TOWN = rf"(?:,?\s(?:DK-?\s?)?[1-9][0-9]{{3}}\s{_WORD}(?:\s(?:NV|SV|[NSVKØC])\b)?)?"
_ADDRESS = re.compile(
    rf"(?<![\w\[])(?:{_AHEAD_OF_STREET})(?:{_STREET})[ ](?:nr\.?[ ])?[0-9]{{1,3}}(?:[ ]?[A-ZÆØa-hæø](?!\w))?(?![0-9:])"
    rf"{_FLOOR}{_TOWN}"
)


def _without_addresses(text: str) -> str:
    """Street and house number, with floor, postcode and town where they follow."""
    return _ADDRESS.sub(REPLACED_BY["address"], text)


# --- names ------------------------------------------------------------------------------------------------------------

# Vowel signs and the like are no letters to `\w`: अनीता would end in the middle.
_MARKS = r"\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963\u200c\u200d"
_LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
_LABEL = "|".join(re.escape(label) for label in (*LABELS.values(), *REPLACED_BY.values()))
ENDINGS_FROM, LONGEST_ENDING = 4, 3
# What Polish, Romanian and Ukrainian put in the place of a name's last a: Annie, Anny, Anei, Анною.
_INSTEAD_OF_A = "ą|ę|y|i|ie|o|ei|и|і|ї|у|ю|ою|єю|е|о"


def _without_names(text: str, names: Iterable[str]) -> str:
    spellings = {unicodedata.normalize(form, name.strip()) for name in names for form in ("NFC", "NFD")}
    patterns = [_name(name) for name in sorted(spellings, key=len, reverse=True) if len(name) > 1]
    if not patterns:
        return text
    pattern = rf"({_LABEL})|(?<![\w{_MARKS}])(?i:{'|'.join(patterns)})(?![\w{_MARKS}])"
    return re.sub(pattern, lambda match: match[1] or REPLACED_BY["name"], text)


def _name(name: str) -> str:
    words = name.split()
    pattern = r"\s+".join(re.escape(word) for word in words)
    if len(re.findall(_LETTER, unicodedata.normalize("NFC", words[-1]))) < ENDINGS_FROM:
        return pattern
    ending = rf"(?:['’]?{_LETTER}{{1,{LONGEST_ENDING}}})?"
    if words[-1][-1] in "aая":
        return rf"(?:{pattern}{ending}|{pattern[:-1]}(?:{_INSTEAD_OF_A}))"
    return pattern + ending
