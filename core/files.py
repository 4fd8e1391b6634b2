"""Files that people send: what they are by their content, and names that do no harm. Pure; nothing is ever opened."""

import re
import unicodedata

from core.masking import mask

LARGEST = 10 * 1024 * 1024  # bytes
LONGEST_NAME = 80  # characters
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "application/pdf": ".pdf"}
IMAGES = ("image/jpeg", "image/png", "image/webp")
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')


def kind_of(content: bytes) -> str | None:
    """The MIME type that the first bytes show, of those that we pass on; None for everything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return "application/pdf" if content.startswith(b"%PDF-") else None


def refused(size: int, content: bytes | None) -> str | None:
    """Why a file is not passed on: too_big or kind; None if it is. Without the content only its size is looked at."""
    if size > LARGEST or (content is not None and len(content) > LARGEST):
        return "too_big"
    return "kind" if content is not None and kind_of(content) is None else None


def safe_name(name: str, kind: str) -> str:
    """The name without paths, control characters, turned writing or numbers that identify; with its content's ending."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(character for character in last if unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs"))
    stem = (
        NOT_IN_NAMES.sub(" ", mask(shown).text).rpartition(".")[0]
        if "." in shown
        else NOT_IN_NAMES.sub(" ", mask(shown).text)
    )
    stem = " ".join(stem.split()).strip(". ")[:LONGEST_NAME]
    return f"{stem or 'file'}{ENDINGS.get(kind, '.bin')}"
