"""Keeps what is published at hand and fresh: the library, and the index to search it."""

import asyncio
import math
import time

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from knowledge.files import Entry
from knowledge.library import Library
from knowledge.search import Index
from store import knowledge as stored
from store.knowledge import Name

FRESH = 0.25  # seconds for which the shelf does not ask the database again; who publishes waits as long


class Shelf:
    """The current library of one process. An edit anywhere is seen, and found, within FRESH seconds."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self._library: Library | None = None
        self._entries: dict[Name, Entry] = {}
        self._newest = 0
        self._index: tuple[Library, Index] | None = None
        self._version: object = None
        self._asked = 0.0
        self._indexing = asyncio.Lock()

    async def library(self) -> Library:
        if self._library is None or time.monotonic() - self._asked > FRESH:
            async with self._sessions() as session:
                version = await stored.version(session)
                if self._library is None or version != self._version:
                    self._library = await self._read(session)
                    self._version = version
            self._asked = time.monotonic()
        return self._library

    async def fresh(self) -> Library:
        """What is published at this very moment."""
        self._asked = -math.inf
        return await self.library()

    async def _read(self, session: AsyncSession) -> Library:
        """All there is at first; then only what was published since."""
        if not self._entries:
            rows = await stored.all_entries(session)
            self._entries = {
                (row.kind, row.key, row.language): Entry(
                    row.kind, row.key, row.language, row.data, row.revision_id or 0
                )
                for row in rows
            }
            self._newest = max((entry.revision for entry in self._entries.values()), default=0)
        for change in await stored.changes_since(session, self._newest):
            name = (change.kind, change.key, change.language)
            if change.data is None:
                self._entries.pop(name, None)
            else:
                self._entries[name] = Entry(*name, change.data, change.id)
            self._newest = change.id
        made = Library.of(self._entries.values(), trained=await stored.trained_topics(session))
        await asyncio.to_thread(made.ready)
        return made

    async def index(self) -> Index:
        """The index of the current library; made when first asked for, in a thread of its own."""
        library = await self.library()
        if self._index is None or self._index[0] is not library:
            async with self._indexing:
                if self._index is None or self._index[0] is not library:
                    before = self._index[1] if self._index else None
                    self._index = library, await asyncio.to_thread(Index, library, before)
        return self._index[1]
