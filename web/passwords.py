"""Passwords: kept as argon2id only, checked in a thread, as slowly for somebody unknown as for a colleague."""

import asyncio
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 1000
AT_ONCE = 4  # each takes 64 MB for a tenth of a second


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._nobodys = ""

    async def hashed(self, password: str) -> str:
        async with self._at_once:
            return await asyncio.to_thread(self._hasher.hash, _plain(password))

    async def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is the one that `kept` was made of; without any, False after the same time."""
        async with self._at_once:
            if not self._nobodys:
                self._nobodys = await asyncio.to_thread(self._hasher.hash, secrets.token_urlsafe(24))
            fits = await asyncio.to_thread(self._verify, kept or self._nobodys, _plain(password))
        return fits and kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether it was made with parameters other than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


def _plain(password: str) -> str:
    """The same password however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", password)
