"""Replies on their way to open pages: one listening database connection in each process, one queue for each page."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.channels.web import ANNOUNCED_ON, EDITED, RECEIVED, STANDING, TYPING
from bot.channels.web.standing import BOT, Standing
from store import transcript
from web.render import replied_view

HEARTBEAT_SECONDS = 20
LONGEST_PAUSE = 10.0
PAGES_A_VISITOR = 5  # browsers open six connections to one address, and sending needs one
CATCH_UP_LIMIT = 200

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrived:
    message_id: int


@dataclass(frozen=True, slots=True)
class Typing:
    """An answer is being written; who: by that mentor."""

    who: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """A message of the person's own was stored; perhaps sent from another page of theirs."""

    message: str


@dataclass(frozen=True, slots=True)
class Edited:
    """There is a newer version of a reply."""

    message_id: int


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody else speaks now, or was asked for."""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Announcements may have been missed: look what there is."""


@dataclass(frozen=True, slots=True)
class Close:
    """The process is going: the page shall come back, to another one. `rest`: not before a person looks at it."""

    rest: bool = False


type Signal = Arrived | Typing | Received | Edited | Changed | CatchUp | Close
type Signals = asyncio.Queue[Signal]


def parse(payload: str) -> tuple[str, Signal] | None:
    """An announcement as (address, signal); None for what we do not know."""
    address, _, what = payload.partition(":")
    kind, _, rest = what.partition(":")
    if what.isdecimal():
        return address, Arrived(int(what))
    if kind == TYPING:
        return address, Typing(rest)
    if kind == RECEIVED:
        return address, Received(rest)
    if kind == EDITED and rest.isdecimal():
        return address, Edited(int(rest))
    return (address, Changed()) if what == STANDING else None


class Hub:
    """Hands announcements to the open pages they are meant for. After a broken connection every page catches up."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._pages: dict[str, list[Signals]] = {}
        self._closed = False

    @contextmanager
    def subscribe(self, address: str) -> Iterator[Signals]:
        """Signals for one open page. Who opens too many loses the oldest."""
        signals: Signals = asyncio.Queue(maxsize=200)
        pages = self._pages.setdefault(address, [])
        pages.append(signals)
        if self._closed:
            _hand(signals, Close())
        elif len(pages) > PAGES_A_VISITOR:
            _hand(pages[0], Close(rest=True))
        try:
            yield signals
        finally:
            pages.remove(signals)
            if not pages and self._pages.get(address) is pages:
                del self._pages[address]

    def hand_out(self, payload: str) -> None:
        parsed = parse(payload)
        if parsed is None:
            log.warning("unknown announcement", length=len(payload))
            return
        address, signal = parsed
        for signals in self._pages.get(address, ()):
            _hand(signals, signal)

    def close(self) -> None:
        """Let every open page go, so that the process can stop without waiting for them."""
        self._closed = True
        self._hand_all(Close())

    async def run(self) -> None:
        """Listen for as long as the process lives."""
        pause = 0.2
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(ANNOUNCED_ON)))
                    pause = 0.2
                    self._hand_all(CatchUp())
                    async for announcement in connection.notifies():
                        self.hand_out(announcement.payload)
            except psycopg.Error as error:
                log.warning("listening connection lost", error=type(error).__name__, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _hand_all(self, signal: Signal) -> None:
        for pages in self._pages.values():
            for signals in pages:
                _hand(signals, signal)


def _hand(signals: Signals, signal: Signal) -> None:
    """Never waits: a page that does not read loses its signals and catches up instead."""
    if signals.full():
        while not signals.empty():
            signals.get_nowait()
        signals.put_nowait(CatchUp())
    signals.put_nowait(signal)


type Stands = Callable[[str], Awaitable[Standing]]


async def events(
    sessions: async_sessionmaker[AsyncSession], hub: Hub, visitor: str, *, after: int, stands: Stands
) -> AsyncIterator[str]:
    """Server-sent events for one open page: first what it missed, then what comes; each reply once.

    Before the replies, the language they are in, whenever it is another one than before; after them who speaks now.
    """
    page = _Page(sessions, visitor, after, stands)
    with hub.subscribe(visitor) as signals:
        _hand(signals, CatchUp())
        yield ": welcome\n\n"
        while True:
            signal: Signal | None = None
            with suppress(TimeoutError):
                signal = await asyncio.wait_for(signals.get(), HEARTBEAT_SECONDS)
            if isinstance(signal, Close):
                if signal.rest:
                    yield event("rest", {})
                return
            try:
                told = await page.hears(signal)
            except SQLAlchemyError as error:
                log.warning("stream ended", error=type(error).__name__)
                return  # the page comes back by itself and catches up
            for each in told:
                yield each


@dataclass(slots=True)
class _Page:
    """What one open page has been told so far."""

    sessions: async_sessionmaker[AsyncSession]
    visitor: str
    after: int
    stands: Stands
    shown: set[int] = field(default_factory=set)
    spoken: transcript.Spoken | None = None
    standing: Standing | None = None

    async def hears(self, signal: Signal | None) -> list[str]:
        """The events that follow from a signal; None: nothing was heard for a while."""
        match signal:
            case Typing(who):
                return [event("typing", {"who": who})]
            case Received(client_id):
                return [event("received", {"id": client_id})]
            case Changed():
                return await self._stands()
            case Edited(message_id):
                return await self._edited(message_id)
            case Arrived() | CatchUp():
                return [*await self._news(signal), *await self._stands()]
            case _:
                # While a human is asked for, what nobody announces is seen a little later.
                asked = self.standing is not None and self.standing.state != BOT
                return [event("beat", {}), *(await self._stands() if asked else ())]

    async def _news(self, signal: Arrived | CatchUp) -> list[str]:
        newer: list[transcript.Replied] = []
        async with self.sessions() as session:
            spoken = await transcript.spoken(session, "web", self.visitor)
            if isinstance(signal, CatchUp):
                found = await transcript.replies_after(
                    session, "web", self.visitor, after=self.after, limit=CATCH_UP_LIMIT
                )
                seen = max(self.shown, default=self.after)
                newer = await transcript.edited_before(session, "web", self.visitor, before=seen, limit=CATCH_UP_LIMIT)
            else:
                message = await transcript.reply(session, "web", self.visitor, signal.message_id)
                found = [message] if message else []
        told: list[str] = []
        if spoken and spoken != self.spoken:
            self.spoken = spoken
            told.append(event("language", spoken_view(spoken)))
        for message in found:
            if message.id not in self.shown:
                self.shown.add(message.id)
                told.append(event("reply", replied_view(message), id_=message.id))
        return told + [event("edited", replied_view(message)) for message in newer]

    async def _edited(self, message_id: int) -> list[str]:
        async with self.sessions() as session:
            message = await transcript.reply(session, "web", self.visitor, message_id)
        return [event("edited", replied_view(message))] if message else []

    async def _stands(self) -> list[str]:
        now = await self.stands(self.visitor)
        if now == self.standing:
            return []
        self.standing = now
        return [event("standing", standing_view(now))]


def spoken_view(spoken: transcript.Spoken) -> dict[str, Any]:
    return {"language": spoken.language, "chosen": spoken.chosen}


def standing_view(standing: Standing) -> dict[str, Any]:
    return {**asdict(standing), "files": standing.files}


def event(name: str, data: dict[str, Any], *, id_: int | None = None) -> str:
    """One server-sent event; JSON never holds a bare line break, so one data line is enough."""
    number = f"id: {id_}\n" if id_ is not None else ""
    return f"{number}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def listening_address(sessions: async_sessionmaker[AsyncSession]) -> str:
    """Where the sessions' database is, as psycopg wants it."""
    engine = sessions.kw["bind"]
    assert isinstance(engine, AsyncEngine)
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
