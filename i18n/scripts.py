"""Which script a text is written in, and which languages that leaves."""

from collections import Counter

# First and last code point of each script whose letters settle a language or narrow it down.
_RANGES: tuple[tuple[int, int, str], ...] = (
    (0x0041, 0x024F, "Latn"), (0x0370, 0x03FF, "Grek"), (0x0400, 0x052F, "Cyrl"), (0x0530, 0x058F, "Armn"),
    (0x0590, 0x05FF, "Hebr"), (0x0600, 0x06FF, "Arab"), (0x0750, 0x077F, "Arab"), (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"), (0x0A00, 0x0A7F, "Guru"), (0x0A80, 0x0AFF, "Gujr"), (0x0B80, 0x0BFF, "Taml"),
    (0x0C00, 0x0C7F, "Telu"), (0x0C80, 0x0CFF, "Knda"), (0x0D00, 0x0D7F, "Mlym"), (0x0D80, 0x0DFF, "Sinh"),
    (0x0E00, 0x0E7F, "Thai"), (0x0E80, 0x0EFF, "Laoo"), (0x1000, 0x109F, "Mymr"), (0x10A0, 0x10FF, "Geor"),
    (0x1200, 0x137F, "Ethi"), (0x1780, 0x17FF, "Khmr"), (0x1E00, 0x1EFF, "Latn"), (0x3040, 0x30FF, "Kana"),
    (0x3400, 0x9FFF, "Hani"), (0xAC00, 0xD7AF, "Hang"), (0xFB50, 0xFEFC, "Arab"),
)  # fmt: skip

# A script that one language uses, as far as we will meet it.
ONLY: dict[str, str] = {
    "Grek": "el", "Armn": "hy", "Hebr": "he", "Beng": "bn", "Guru": "pa", "Gujr": "gu", "Taml": "ta", "Telu": "te",
    "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Thai": "th", "Laoo": "lo", "Mymr": "my", "Geor": "ka", "Ethi": "am",
    "Khmr": "km", "Kana": "ja", "Hani": "zh", "Hang": "ko",
}  # fmt: skip

# A script that some share; Latin letters are open to all that stand nowhere else, and to Hindi as it is typed.
SHARED: dict[str, frozenset[str]] = {
    "Cyrl": frozenset(["uk", "ru", "bg", "be", "sr", "mk", "kk", "mn"]),
    "Deva": frozenset(["hi", "ne", "mr"]),
    "Arab": frozenset(["ar", "fa", "ur", "ps", "ckb"]),
}
# Office words stay in Latin letters inside other scripts, so a third of the letters is enough to be the script.
_ENOUGH = 0.3


def script_of(text: str) -> str | None:
    """The script of the text; None when it holds no letters."""
    counts = Counter(filter(None, map(_script, text)))
    total = counts.total()
    if counts["Kana"]:
        return "Kana"
    for script, count in counts.most_common():
        if script != "Latn" and count >= total * _ENOUGH:
            return script
    return "Latn" if counts["Latn"] else None


def may_be(language: str, script: str) -> bool:
    """Whether the language is written in the script."""
    if script in SHARED:
        return language in SHARED[script]
    return language == "hi" or not any(language in languages for languages in SHARED.values())


def _script(char: str) -> str | None:
    if not char.isalpha():
        return None
    code = ord(char)
    for first, last, script in _RANGES:
        if first <= code <= last:
            return script
    return None
