"""Changes on their way to open inboxes: one listening database connection in each process, one queue for each page.

The facts of every open handover are held in memory. When something is announced, its row is read once, however many
pages there are and however often it was announced within a moment; it is put into JSON once for each way of standing
to it; and each page gets it if its colleague may see it. A page asks the database only who it belongs to, every
fifteen seconds.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from psycopg import sql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from bot.handing import case_of
from core.errors import VelkommenError
from handover import access
from handover.access import Case, Staff
from store import handovers
from store.handovers import INBOX, Row
from web.inbox_views import Rights, Words, rights, row_view
from web.stream import LONGEST_PAUSE, event

GATHER_SECONDS = 0.05  # what is announced of a conversation within this time is one change
COUNT_SECONDS = 1.0
CHECK_SECONDS = 15
PAGES_A_SESSION = 5
LONGEST_QUEUE = 200
MOST_OPEN = 20_000
HERE_FOR = timedelta(seconds=45)
STAFF = "staff"

log = structlog.get_logger()

type Counts = dict[str, int]
type WordsIn = Callable[[str], Awaitable[Words]]


@dataclass(frozen=True, slots=True)
class Announced:
    """`<conversation>:<what>`, or `<conversation>:<what>:<who or which>:<name>`."""

    conversation: int
    what: str
    number: int = 0
    name: str = ""


def parse(payload: str) -> Announced | None:
    """None for what we do not know."""
    conversation, _, rest = payload.partition(":")
    what, _, more = rest.partition(":")
    number, _, name = more.partition(":")
    if not conversation.isdecimal() or not what or (number and not number.isdecimal()):
        return None
    return Announced(int(conversation), what, int(number or 0), name)


@dataclass(slots=True, eq=False)
class Page:
    """One open inbox. `closing`: no more is put into its queue."""

    me: Staff
    session: str
    language: str
    events: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(maxsize=LONGEST_QUEUE))
    counts: Counts = field(default_factory=dict)
    closing: bool = False

    def give(self, text: str) -> None:
        """Never waits: a page that does not read loses what is there and loads its lists anew."""
        if self.closing:
            return
        if self.events.full():
            self._empty()
            self.events.put_nowait(CATCH_UP)
        self.events.put_nowait(text)

    def close(self, *, rest: bool = False) -> None:
        """`rest`: it shall not come back before somebody looks at it."""
        if not self.closing:
            self._empty()
            self.events.put_nowait(event("bye", {"rest": rest}))
            self.closing = True

    def _empty(self) -> None:
        while not self.events.empty():
            self.events.get_nowait()


CATCH_UP = event("catchup", {})


class InboxHub:
    """Hands changes to the open inboxes that may see them. After a broken connection every page loads its lists anew."""

    def __init__(self, conninfo: str, sessions: async_sessionmaker[AsyncSession], words: WordsIn) -> None:
        self._conninfo = conninfo
        self._sessions = sessions
        self._words = words
        self._pages: list[Page] = []
        self._open: dict[int, Case] = {}
        self._here: dict[int, dict[int, tuple[str, float]]] = {}
        self._changed: dict[int, list[Announced]] = {}
        self._gathering: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._closed = False

    # --- pages --------------------------------------------------------------------------------------------------------

    @contextmanager
    def subscribe(self, me: Staff, session: str, language: str) -> Iterator[Page]:
        """An open inbox. Who opens too many in one session loses the oldest."""
        page = Page(me, session, language)
        own = [each for each in self._pages if each.session == session and not each.closing]
        self._pages.append(page)
        if self._closed:
            page.close()
        elif len(own) >= PAGES_A_SESSION:
            own[0].close(rest=True)
        try:
            yield page
        finally:
            self._pages.remove(page)

    def counts(self, me: Staff) -> Counts:
        """How many conversations stand in the lists that show a number."""
        counts = {"queue": 0, "mine": 0, "snoozed": 0}
        for case in self._open.values():
            if case.status == access.WAITING:
                counts["queue"] += access.access_conversation(me, case)
            elif me.id == case.mentor_id or me.id in case.members | case.invited:
                counts["mine" if case.status == "with_mentor" else "snoozed"] += 1
        return counts

    def viewers(self, conversation: int, *, without: int) -> list[dict[str, Any]]:
        """Colleagues who looked at it a moment ago."""
        since = time.monotonic() - HERE_FOR.total_seconds()
        there = self._here.get(conversation, {})
        return [
            {"id": number, "name": name} for number, (name, at) in there.items() if at > since and number != without
        ]

    def close(self) -> None:
        """Let every open inbox go, so that the process can stop without waiting for them."""
        self._closed = True
        for page in self._pages:
            page.close()

    # --- what is announced --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Listen for as long as the process lives."""
        pause = 0.2
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(INBOX)))
                    pause = 0.2
                    await self.catch_up()
                    async for announcement in connection.notifies():
                        self.hand_out(announcement.payload)
            except (psycopg.Error, SQLAlchemyError) as error:
                log.warning("listening connection lost", error=type(error).__name__, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def catch_up(self) -> None:
        """Read every open handover, and have every page load its lists."""
        async with self._sessions() as session:
            found = await handovers.rows(await session.connection(), "open", 0, limit=MOST_OPEN)
        self._open = {row.conversation_id: case_of(row) for row in found}
        for page in self._pages:
            page.counts = self.counts(page.me)
            page.give(event("counts", page.counts))
            page.give(CATCH_UP)

    def hand_out(self, payload: str) -> None:
        told = parse(payload)
        if told is None:
            log.warning("unknown announcement", length=len(payload))
            return
        if told.conversation == 0:
            if told.what == STAFF:
                self._part_from(told.number)
            return
        match told.what:
            case "typing":
                self._show(told.conversation, event("typing", {"conversationId": told.conversation}))
            case "here" | "gone" | "writing":
                self._show_colleague(told)
            case _:
                self._gather(told)

    def _part_from(self, staff_id: int) -> None:
        """Something about the account has changed: the colleague's pages come back, if they still may."""
        for page in self._pages:
            if page.me.id == staff_id:
                page.close()

    def _show_colleague(self, told: Announced) -> None:
        there = self._here.setdefault(told.conversation, {})
        if told.what == "gone":
            there.pop(told.number, None)
        else:
            there[told.number] = (told.name, time.monotonic())
        if len(self._here) > MOST_OPEN or not there:
            del self._here[told.conversation]
        data = {"conversationId": told.conversation, "id": told.number, "name": told.name}
        self._show(told.conversation, event(told.what, data), without=told.number)

    def _show(self, conversation: int, text: str, *, without: int = 0) -> None:
        """Passing signs, for whoever may see the conversation; of one that is over there are none."""
        case = self._open.get(conversation)
        if case is None:
            return
        for page in self._pages:
            if page.me.id != without and access.access_conversation(page.me, case):
                page.give(text)

    # --- what has changed ---------------------------------------------------------------------------------------------

    def _gather(self, told: Announced) -> None:
        self._changed.setdefault(told.conversation, []).append(told)
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._tell_soon())

    async def _tell_soon(self) -> None:
        """Until nothing is left to tell."""
        while self._changed:
            await asyncio.sleep(GATHER_SECONDS)
            changed, self._changed = self._changed, {}
            try:
                rows = await self._read(list(changed))
                words = {language: await self._words(language) for language in {page.language for page in self._pages}}
            except (SQLAlchemyError, VelkommenError) as error:
                log.warning("changes not read", error=type(error).__name__)
                for page in self._pages:
                    page.give(CATCH_UP)
                continue
            for conversation, announced in changed.items():
                self._tell(conversation, announced, rows.get(conversation), words)

    async def _read(self, conversations: list[int]) -> dict[int, Row]:
        async with self._sessions() as session:
            connection = await session.connection()
            found = [await handovers.row(connection, number) for number in conversations]
        return {row.conversation_id: row for row in found if row is not None}

    def _tell(self, conversation: int, announced: list[Announced], row: Row | None, words: dict[str, Words]) -> None:
        """The row for those who may see it; `gone` for those who could until now; what was said, as a sign to look."""
        before, now = self._open.get(conversation), case_of(row) if row else None
        if now is not None and now.open:
            self._open[conversation] = now
        else:
            self._open.pop(conversation, None)
            self._here.pop(conversation, None)
        if before != now:
            self._count_soon()
        gone = event("row", {"gone": conversation})
        said = [_said(conversation, each) for each in announced if each.what in ("said", "edited")]
        made: dict[tuple[str, Rights], str] = {}
        for page in self._pages:
            may = rights(page.me, now) if now is not None else None
            if row is None or may is None or not may.see:
                if before is not None and access.access_conversation(page.me, before):
                    page.give(gone)
                continue
            key = (page.language, may)
            if key not in made and page.language in words:
                made[key] = event("row", {"row": row_view(row, may, words[page.language])})
            page.give(made.get(key, CATCH_UP))
            for text in dict.fromkeys(said):
                page.give(text)

    def _count_soon(self) -> None:
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())

    async def _count(self) -> None:
        await asyncio.sleep(COUNT_SECONDS)
        for page in self._pages:
            counts = self.counts(page.me)
            if counts != page.counts:
                page.counts = counts
                page.give(event("counts", counts))


def _said(conversation: int, told: Announced) -> str:
    data: dict[str, Any] = {"conversationId": conversation}
    if told.what == "edited":
        data["edited"] = f"o{told.number}"
    return event("said", data)


async def events(
    hub: InboxHub, me: Staff, session: str, language: str, *, still_in: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """Server-sent events for one open inbox, until it closes, the process goes or the session is over."""
    with hub.subscribe(me, session, language) as page:
        yield ": welcome\n\n"
        page.counts = hub.counts(me)
        yield event("counts", page.counts)
        check_at = time.monotonic() + CHECK_SECONDS
        while not (page.closing and page.events.empty()):
            with suppress(TimeoutError):
                yield await asyncio.wait_for(page.events.get(), max(0.0, check_at - time.monotonic()))
            if time.monotonic() >= check_at:
                check_at = time.monotonic() + CHECK_SECONDS
                if not await still_in():
                    yield event("bye", {"rest": False})
                    return
                yield event("beat", {})
