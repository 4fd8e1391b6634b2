"""Fakes for the edges: the dialogue engine, a channel, the clock. Their contracts are tested with their real twins."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession

from core.acts import Act, Smalltalk
from core.acts import Say as SayAct
from core.errors import ChannelError, EngineError
from core.messages import Reply
from knowledge.library import Library
from knowledge.search import Index
from knowledge.shelf import Shelf
from store import knowledge as stored


@dataclass
class Asked:
    text: str
    language: str
    pending: str
    audience: str


class ScriptedEngine:
    """Answers with the acts it was given, in order; then with a greeting. An exception in the script is raised."""

    def __init__(self) -> None:
        self.script: deque[list[Act] | EngineError] = deque()
        self.asked: list[Asked] = []

    def will(self, *acts: Act) -> None:
        self.script.append(list(acts))

    def will_fail(self) -> None:
        self.script.append(EngineError("Rasa answered nothing"))

    async def next_acts(self, *, sender: str, text: str, language: str, pending: str, audience: str) -> list[Act]:
        self.asked.append(Asked(text, language, pending, audience))
        if not self.script:
            return [SayAct(Smalltalk.GREETING)]
        scripted = self.script.popleft()
        if isinstance(scripted, EngineError):
            raise scripted
        return scripted

    async def ready(self) -> bool:
        return True


@dataclass
class FakeChannel:
    """Remembers what was sent. `faults` are raised one by one before a message gets through.

    repeatable: like the web chat (a message id is shown once), or like Telegram (each sending is shown).
    """

    name: str = "fake"
    repeatable: bool = False
    interactive: bool = True
    sent: list[tuple[str, int, Reply, bytes | None]] = field(default_factory=list)
    faults: deque[ChannelError] = field(default_factory=deque)
    typed: int = 0
    edited: list[tuple[str, int, Reply]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    async def send(self, address: str, message_id: int, reply: Reply, attachment: bytes | None = None) -> str | None:
        if self.faults:
            fault = self.faults.popleft()
            if fault.maybe_sent:
                self.sent.append((address, message_id, reply, attachment))
            raise fault
        if not (self.repeatable and any(known == message_id for _, known, _, _ in self.sent)):
            self.sent.append((address, message_id, reply, attachment))
        return f"external-{message_id}"

    async def edit(self, address: str, external_id: str | None, message_id: int, reply: Reply) -> None:
        if self.faults:
            raise self.faults.popleft()
        self.edited.append((address, message_id, reply))

    async def fetch(self, source: str) -> bytes:
        if source not in self.files:
            raise ChannelError("There is no such file.", permanent=True)
        return self.files[source]

    async def standing(self, address: str) -> None:
        return

    async def typing(self, address: str, who: str = "") -> None:
        self.typed += 1


class FixedShelf(Shelf):
    """Holds one library, as it was given."""

    def __init__(self, library: Library) -> None:
        self.given = library

    async def library(self) -> Library:
        return self.given

    async def index(self) -> Index:
        return Index(self.given)


class SharedShelf(Shelf):
    """Reads what is published like any shelf, but the same once for all tests: reading it takes longer than a test, and
    so does making its index."""

    read: ClassVar[dict[tuple[Any, ...], Library]] = {}
    indexed: ClassVar[dict[int, tuple[Library, Index]]] = {}

    async def _read(self, session: AsyncSession) -> Library:
        version = await stored.version(session)
        if version not in self.read:
            self.read[version] = await super()._read(session)
        return self.read[version]

    async def index(self) -> Index:
        library = await self.library()
        self._index = self.indexed.get(id(library), self._index)
        index = await super().index()
        self.indexed[id(library)] = library, index
        return index


class Clock:
    """A clock that moves when told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)
