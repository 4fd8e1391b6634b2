"""Numbers that identify a person, taken out of a text before anybody keeps or reads it.

Found by shape and by check (a real date, Luhn, modulus 97), never by a list of people. In doubt a number is
taken: a phone number masked by mistake can be asked for again, a CPR number in a log cannot be called back.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

LABELS = {"cpr": "[CPR]", "passport": "[PASSPORT]", "card": "[CARD]", "iban": "[IBAN]", "account": "[ACCOUNT]"}


@dataclass(frozen=True, slots=True)
class Masked:
    """The text without identifiers, and which kinds were in it, in the order of LABELS."""

    text: str
    kinds: tuple[str, ...]


def mask(text: str) -> Masked:
    """Replace CPR, passport, card, IBAN and account numbers by their labels; linear in the length of the text.

    Masking a masked text changes nothing: it is repeated until nothing is found, because a label is shorter
    than a number and may bring a further number close to a word such as "passport".
    """
    kinds: set[str] = set()
    while spans := _spans_in(text):
        kinds.update(kind for _, _, kind in spans)
        text = _replaced(text, spans)
    return Masked(text, tuple(kind for kind in LABELS if kind in kinds))


# --- where ----------------------------------------------------------------------------------------------------

type Span = tuple[int, int, str]


def _spans_in(text: str) -> list[Span]:
    plain, origin = _plain(text)
    if not re.search("[0-9]", plain):
        return []
    runs = list(_runs(plain))
    found = [*_ibans(plain), *_cards(runs), *_accounts(plain), *_cprs(plain, runs), *_passports(plain)]
    return _merged((origin[start], origin[end - 1] + 1, kind) for start, end, kind in found)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping spans become one, named after the longest, so that no digit of either is left behind."""
    merged: list[Span] = []
    longest = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged and start < merged[-1][1]:
            first, last, name = merged[-1]
            if end - start > longest:
                name, longest = kind, end - start
            merged[-1] = (first, max(last, end), name)
        else:
            merged.append((start, end, kind))
            longest = end - start
    return merged


def _replaced(text: str, spans: list[Span]) -> str:
    parts, at = [], 0
    for start, end, kind in spans:
        parts += [text[at:start], LABELS[kind]]
        at = end
    return "".join([*parts, text[at:]])


def _plain(text: str) -> tuple[str, list[int]]:
    """The text as the rules read it, and where each of its characters stands in the original.

    Lower case, every script's digits as 0-9, no marks, nothing invisible: "０１" and "०१" read as "01".
    """
    plain: list[str] = []
    origin: list[int] = []
    for at, char in enumerate(text):
        for part in char.lower() if char.isascii() else _plain_char(char):
            plain.append(part)
            origin.append(at)
    return "".join(plain), origin


def _plain_char(char: str) -> str:
    kept = []
    for part in unicodedata.normalize("NFKD", char).lower():
        digit = unicodedata.decimal(part, None)
        if digit is not None:
            kept.append(str(digit))
        elif unicodedata.category(part) not in ("Mn", "Me", "Cf") and part not in _FILLERS:
            kept.append(" " if part.isspace() else part)
    return "".join(kept)


_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"  # letters and signs that show as nothing


def _words(words: str) -> str:
    """An alternation of words, spelt as `_plain` spells them; longer first."""
    plain = {_plain(word)[0] for word in words.split()}
    return "(?:" + "|".join(re.escape(word) for word in sorted(plain, key=lambda word: (-len(word), word))) + ")"


# --- digits in groups -----------------------------------------------------------------------------------------

type Group = tuple[int, int, str]
type Run = list[Group]

_JOINT = r"[ \t\n\r\-._/‐-―−·]{1,3}"
_RUN = re.compile(rf"[0-9]+(?:{_JOINT}[0-9]+)*")
_GROUP = re.compile("[0-9]+")


def _runs(plain: str) -> Iterator[Run]:
    """Groups of digits that stand together: "01 01 90-1234" is one run of four groups."""
    for run in _RUN.finditer(plain):
        yield [(group.start(), group.end(), group[0]) for group in _GROUP.finditer(plain, run.start(), run.end())]


def _windows(run: Run, *, most: int) -> Iterator[Run]:
    """Neighbouring groups of a run with at most `most` digits together."""
    for first in range(len(run)):
        digits = 0
        for last in range(first, min(first + most, len(run))):
            digits += len(run[last][2])
            if digits > most:
                break
            yield run[first : last + 1]


# --- CPR ------------------------------------------------------------------------------------------------------

_HEADS = {(6,), (2, 2, 2), (4, 2), (2, 4)}
_TAILS = {(4,), (2, 2), (1, 3), (3, 1), (1, 1, 1, 1)}
_SIX_FOUR = re.compile(r"(?<![0-9])([0-9]{6})[\W_]{0,5}([0-9]{4})(?![0-9])")
_LONG_YEAR = re.compile(r"(?<![0-9])([0-9]{4})(?:19|20)([0-9]{2})[ \-‐-―−]{0,3}([0-9]{4})(?![0-9])")
_LONG_YEAR_IN_PARTS = re.compile(
    r"(?<![0-9])([0-9]{2})[\-./ ]([0-9]{2})[\-./ ](?:19|20)([0-9]{2})[\-‐-―−]([0-9]{4})(?![0-9])"
)
_NAMED_CPR = re.compile(
    r"(?:cpr|personnummer|personnr|сpr|срр|सीपीआर)"
    rf"(?:\W{{0,3}}{_words('nr no number nummer numeret numer numarul номер नंबर is er je jest ist este hai')}){{0,3}}"
    r"\W{0,4}([0-9](?:[ \-._/‐-―−·]{0,3}[0-9]){9})(?![0-9])"
)
_CURRENCY = re.compile(r"[ ]?(?:kr\b|dkk|,-|eur|€|\$|zl\b|pln|php|usd|lei\b|грн|uah|inr|₹)")


def _cprs(plain: str, runs: list[Run]) -> Iterator[Span]:
    for match in _SIX_FOUR.finditer(plain):
        if _is_birthday(match[1] + match[2]):
            yield match.start(), match.end(), "cpr"
    for match in _LONG_YEAR.finditer(plain):
        if _is_birthday(match[1] + match[2] + match[3]):
            yield match.start(), match.end(), "cpr"
    for match in _LONG_YEAR_IN_PARTS.finditer(plain):
        if _is_birthday(match[1] + match[2] + match[3] + match[4]):
            yield match.start(), match.end(), "cpr"
    for match in _NAMED_CPR.finditer(plain):
        yield match.start(1), match.end(1), "cpr"
    for run in runs:
        for window in _windows(run, most=10):
            digits = "".join(group[2] for group in window)
            if len(digits) == 10 and _is_birthday(digits) and _is_spaced_like_cpr(plain, window, run):
                yield window[0][0], window[-1][1], "cpr"


def _is_birthday(digits: str) -> bool:
    """Whether the first six digits are a day; the seventh tells the century. A substitute number has day + 60.

    No check digit: numbers given out since 2007 need not have a valid one.
    """
    day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    day -= 60 if day > 60 else 0
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    try:
        date(century + year, month, day)
    except ValueError:
        return False
    return True


def _is_spaced_like_cpr(plain: str, window: Run, run: Run) -> bool:
    sizes = tuple(len(group[2]) for group in window)
    joints = [plain[left[1] : right[0]] for left, right in pairwise(window)]
    if sizes == (10,):
        return True
    if len(set(sizes)) == 1:  # five pairs, ten single digits: only alone, or a row of phone numbers would match
        return len(window) == len(run) and len(set(joints)) == 1
    cut = next((size for size in range(1, len(sizes)) if sum(sizes[:size]) == 6), 0)
    if sizes[:cut] not in _HEADS or sizes[cut:] not in _TAILS:
        return False
    if len(sizes[cut:]) > 1 and "." in "".join(joints[cut:]):  # 010126 12.30 is a date and a time
        return False
    amount = cut > 1 and joints[cut - 1].isspace() and _CURRENCY.match(plain, window[-1][1])
    return not amount  # 01-01-26 2300 kr


# --- cards, IBAN, accounts ------------------------------------------------------------------------------------


def _cards(runs: list[Run]) -> Iterator[Span]:
    for run in runs:
        for window in _windows(run, most=19):
            digits = "".join(group[2] for group in window)
            if len(digits) >= 13 and digits[0] in "23456" and _is_grouped_like_card(window) and _luhn(digits):
                yield window[0][0], window[-1][1], "card"


def _is_grouped_like_card(window: Run) -> bool:
    sizes = [len(group[2]) for group in window]
    return len(sizes) == 1 or (sizes[0] == 4 and all(size >= 4 for size in sizes[:-1])) or set(sizes) == {1}


def _luhn(digits: str) -> bool:
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = int(char) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


_IBAN_START = re.compile(r"(?=([a-z]{2}[0-9]{2}))")
_IBAN_SIZES = {
    "ad": 24, "ae": 23, "al": 28, "at": 20, "az": 28, "ba": 20, "be": 16, "bg": 22, "bh": 22, "br": 29, "by": 28,
    "ch": 21, "cr": 22, "cy": 28, "cz": 24, "de": 22, "dk": 18, "do": 28, "ee": 20, "eg": 29, "es": 24, "fi": 18,
    "fo": 18, "fr": 27, "gb": 22, "ge": 22, "gi": 23, "gl": 18, "gr": 27, "gt": 28, "hr": 21, "hu": 28, "ie": 22,
    "il": 23, "iq": 23, "is": 26, "it": 27, "jo": 30, "kw": 30, "kz": 20, "lb": 28, "li": 21, "lt": 20, "lu": 20,
    "lv": 21, "mc": 27, "md": 24, "me": 22, "mk": 19, "mr": 27, "mt": 31, "mu": 30, "nl": 18, "no": 15, "pk": 24,
    "pl": 28, "ps": 29, "pt": 25, "qa": 29, "ro": 24, "rs": 22, "sa": 24, "se": 24, "si": 19, "sk": 24, "sm": 27,
    "tn": 24, "tr": 26, "ua": 29, "vg": 24, "xk": 20,
}  # fmt: skip


def _ibans(plain: str) -> Iterator[Span]:
    for match in _IBAN_START.finditer(plain):
        size = _IBAN_SIZES.get(match[1][:2])
        if size is None:
            continue
        number, end = _letters_and_digits(plain, match.start(), size)
        if len(number) == size and int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1:
            yield match.start(), end, "iban"


def _letters_and_digits(plain: str, start: int, size: int) -> tuple[str, int]:
    """Up to `size` of them from `start`, over single joints, and where they end."""
    kept: list[str] = []
    end = start
    for at in range(start, min(start + 3 * size, len(plain))):
        if plain[at].isascii() and plain[at].isalnum():
            kept.append(plain[at])
            end = at + 1
            if len(kept) == size:
                break
        elif at - end >= 2:
            break
    return "".join(kept), end


_ACCOUNT = r"(?<![\w\[])" + _words(
    "konto kontonr kontonummer kontoen kontonummeret bankkonto nemkonto lonkonto lønkonto account acct accountno "
    "konta kont kontem bankkontonummer kontonummern cont contul contului cuenta рахунок рахунку рахунка счет счета "
    "счёт счёта खाता खाते khata khaata akawnt"
)
_REG = r"\breg(?:istrerings?)?\b"
_NUMBER_WORD = _words("nr nr. no number nummer numer numarul numar numero номер № नंबर nambar #")
_IS = _words("is er je jest ist este ang ko hai to es है я mein min mit my moj")
_DATE = r"(?:0?[1-9]|[12][0-9]|3[01])[ \-.](?:0?[1-9]|1[0-2])[ \-.](?:19|20)?[0-9]{2}(?![ \-.]?[0-9])"
_CURRENCY_AHEAD = rf"(?![0-9])(?!{_CURRENCY.pattern})"
_ACCOUNTS = (
    # reg. 1234 konto 567890
    re.compile(
        rf"{_REG}\W{{0,3}}(?:{_NUMBER_WORD}\W{{0,3}})?"
        rf"([0-9]{{4}}\D{{1,25}}[0-9]{{3}}(?:[ \-.]?[0-9]){{3,7}}){_CURRENCY_AHEAD}"
    ),
    # kontonummer 1234567890, account number is 1234 567890, nr konta 12 1234 5678 …
    re.compile(
        rf"{_ACCOUNT}(?:\W{{0,3}}(?:{_NUMBER_WORD}|{_IS})(?!\w)){{0,3}}[^\w+?!]{{0,4}}(?!{_DATE})"
        rf"([0-9](?:[ \-.]?[0-9]){{5,25}}){_CURRENCY_AHEAD}"
    ),
)
# 1234 1234567890, with a word about banks somewhere near
_REG_AND_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{4}[ \-./+]{0,3}[0-9]{6,10}(?![0-9])")
_ABOUT_BANKS = re.compile(rf"{_ACCOUNT}|{_REG}|bank|банк|बैंक|overfor|transfer|przelew|uberweis|payout|sahod|\blon\b|løn")


def _accounts(plain: str) -> Iterator[Span]:
    for pattern in _ACCOUNTS:
        for match in pattern.finditer(plain):
            yield match.start(1), match.end(1), "account"
    for match in _REG_AND_ACCOUNT.finditer(plain):
        if _near(_ABOUT_BANKS, plain, match.start(), match.end()):
            yield match.start(), match.end(), "account"


# --- passports ------------------------------------------------------------------------------------------------

_PASSPORT = (
    r"(?:(?<!\[)(?:passport|pasport|passeport|pasaport|pasaporte|paszport|reisepass|паспорт|"
    + _words("पासपोर्ट पासपोट")
    + r")|\bpas(?:s|set|sets|nr|nummer|snr)?\b)"
)
_PASSPORT_WORD = re.compile(_PASSPORT)
_PASSPORT_NAMED = re.compile(
    rf"{_PASSPORT}\w{{0,8}}(?:\W{{0,3}}(?:{_NUMBER_WORD}|{_IS})(?!\w)){{0,3}}\W{{0,4}}"
    rf"([a-z]{{0,3}}[ ]?[0-9][a-z0-9]?(?:[ \-]?[0-9]){{4,8}}[a-z]?)(?!\w)(?!{_CURRENCY.pattern})"
)
# X1234567, AB 1234567, P1234567A, 123456789, C01X00T47: only near a word for passport
_PASSPORT_SHAPE = re.compile(
    r"(?<!\w)(?:[a-z]{1,3}[ \-]?[0-9]{2}[ ]?[0-9]{4,6}[a-z]?|[0-9]{9}"
    r"|(?=\w{9}(?!\w))[cfghjk](?=\w*[0-9]\w*[0-9]\w*[0-9])\w+)"
    rf"(?!\w)(?!{_CURRENCY.pattern})"
)


def _passports(plain: str) -> Iterator[Span]:
    for match in _PASSPORT_NAMED.finditer(plain):
        yield match.start(1), match.end(1), "passport"
    for match in _PASSPORT_SHAPE.finditer(plain):
        if _near(_PASSPORT_WORD, plain, match.start(), match.end()):
            yield match.start(), match.end(), "passport"


def _near(pattern: re.Pattern[str], plain: str, start: int, end: int) -> bool:
    return bool(pattern.search(plain[max(0, start - 40) : start]) or pattern.search(plain[end : end + 25]))
