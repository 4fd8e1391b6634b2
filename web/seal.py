"""Texts that only we can read, and nobody else can make: encrypted with a key of their own purpose."""

import base64
import functools
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def sealed(secret_key: str, purpose: str, text: str, *, now: datetime) -> str:
    return _fernet(secret_key, purpose).encrypt_at_time(text.encode(), int(now.timestamp())).decode()


def unsealed(secret_key: str, purpose: str, token: str, *, now: datetime, seconds: int | None = None) -> str | None:
    """What was sealed for that purpose; None if it was not, if another key did it, or it was longer ago than that."""
    fernet, given = _fernet(secret_key, purpose), token.encode("utf-8", "replace")
    try:
        if seconds is None:
            return fernet.decrypt(given).decode()
        return fernet.decrypt_at_time(given, seconds, int(now.timestamp())).decode()
    except InvalidToken:
        return None


@functools.cache
def _fernet(secret_key: str, purpose: str) -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=f"velkommen.{purpose}".encode()).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(key))
