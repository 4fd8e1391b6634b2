"""Keeps what is published at hand and fresh: the library, and the index to search it."""

import asyncio
import time
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from knowledge.files import Entry
from knowledge.library import Library
from knowledge.search import Index
from store import knowledge as stored

FRESH = 1.0  # seconds for which the shelf does not ask the database again


class Shelf:
    """The current library of one process. An edit anywhere is seen, and found, within about a second."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._current: tuple[Library, Index] | None = None
        self._version: object = None
        self._asked = 0.0
        self._refreshing = asyncio.Lock()

    async def library(self) -> Library:
        return (await self._fresh())[0]

    async def index(self) -> Index:
        return (await self._fresh())[1]

    async def _fresh(self) -> tuple[Library, Index]:
        if self._current is not None and (time.monotonic() - self._asked <= FRESH or self._refreshing.locked()):
            return self._current
        async with self._refreshing:
            if self._current is None or time.monotonic() - self._asked > FRESH:
                await self._refresh()
        assert self._current is not None
        return self._current

    async def _refresh(self) -> None:
        async with self._sessions() as session:
            version = await stored.version(session)
            if self._current is None or version != self._version:
                rows = await stored.all_entries(session)
                entries = [Entry(row.kind, row.key, row.language, row.data) for row in rows]
                trained = await stored.trained_topics(session)
                before = self._current[1] if self._current else None
                self._current = await asyncio.to_thread(_read, entries, trained, before)
                self._version = version
        self._asked = time.monotonic()


def _read(entries: Sequence[Entry], trained: Sequence[str] | None, before: Index | None) -> tuple[Library, Index]:
    library = Library.of(entries, trained=trained)
    return library, Index(library, before)
