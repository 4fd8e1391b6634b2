"""The mentors' group: a topic for each conversation that waits for a human, told of all that happens in it.

What is new is posted by a job of the queue, one at a time for a conversation; how far it is told is kept after each
post, so a process that ends in between posts that one again, and nothing is lost.
"""

import heapq
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.telegram.rooms import Rooms, moved_to, refused, topic_closed, topic_gone
from bot.handing import Package, Task
from bot.mentor_chat import package_buttons
from bot.mentor_words import Line, Words, language_name, line, package, reason, trouble, who, words_in
from bot.services import Services
from core.days import danish_day
from core.errors import ChannelError
from core.messages import Kind
from journey.standing import standing
from store import forum, handovers, people
from store import journey as lists
from store.database import committing
from store.forum import Told, Topic
from store.handovers import Row, Said

log = structlog.get_logger()

TRY_AGAIN = 30.0  # seconds, when there was no answer
SETTLED_IN, LOOK_AGAIN = timedelta(seconds=20), 5.0
TROUBLE_EVERY = timedelta(hours=1)
LONGEST_POST = 3_000  # characters of what is posted together
CLOSED = "closed"
# How each state looks: icons in the order we like them, and the sign in the name where topics may have none of these.
LOOKS: dict[str, tuple[tuple[str, ...], str]] = {
    "urgent": (("🔥", "‼", "❗"), "🔴"),
    "waiting": (("⏳", "❗", "❓"), "🔴"),
    "with_mentor": (("💬", "🗣"), "🟢"),
    "snoozed": (("💤", "☕", "📆"), "💤"),
    "over": (("✅", "🏁"), "✅"),
}


class Forum:
    """Told of by `mirror`; one for a process."""

    def __init__(self, services: Services, rooms: Rooms, chat_id: int) -> None:
        self._services, self._rooms, self._chat = services, rooms, chat_id
        self._troubled: datetime | None = None

    async def mirror(self, conversation_id: int) -> float | None:
        """Bring the conversation's topic up to date; seconds after which to look again, if something is left."""
        async with telling(self._services, conversation_id) as connection:
            try:
                return await self._tell(connection, conversation_id)
            except ChannelError as error:
                if error.retry_after is not None:
                    return error.retry_after
                self._trouble(error)
                # After a refusal, what is behind is looked for every few minutes.
                return None if refused(error) else TRY_AGAIN

    async def _tell(self, connection: AsyncConnection, conversation_id: int) -> float | None:
        topic = await forum.topic_of(connection, conversation_id)
        row = await handovers.row(connection, conversation_id)
        if row is not None and not row.is_open:
            await forum.end_talks(connection, conversation_id)
        if topic is not None and row is not None and topic.chat_id == self._chat:
            try:
                return await self._go_on(connection, row, topic)
            except ChannelError as error:
                if not topic_gone(error):
                    raise
            log.warning("topic is gone", conversation=conversation_id)
            await forum.drop_topic(connection, conversation_id)
            row = await handovers.row(connection, conversation_id)  # gone with the person, maybe
        if row is None or not row.is_open:
            return None
        made = await self._open(connection, row, topic.told if topic else Told())
        return await self._go_on(connection, row, made) if made else None

    async def _go_on(self, connection: AsyncConnection, row: Row, topic: Topic) -> float | None:
        words = await words_in(self._services, connection)
        topic, again = await self._bring_up(connection, row, topic, words)
        if await handovers.row(connection, row.conversation_id) is None:
            # Forgotten while we were posting.
            await forum.drop_topic(connection, row.conversation_id)
            await self._rooms.delete(topic.chat_id, topic.thread_id)
        return again

    async def _bring_up(
        self, connection: AsyncConnection, row: Row, topic: Topic, words: Words
    ) -> tuple[Topic, float | None]:
        if row.is_open and topic.shown.startswith(CLOSED):
            await self._rooms.reopen_topic(self._chat, topic.thread_id)
            topic = await self._keep(connection, replace(topic, shown=""))
        topic = await self._look(connection, row, topic, words)
        try:
            if row.is_open and topic.handover_id != row.id:
                topic = await self._package(connection, row, topic, words)
            topic, again = await self._entries(connection, row, topic, words)
        except ChannelError as error:
            if not topic_closed(error):
                raise
            await self._rooms.reopen_topic(self._chat, topic.thread_id)
            again = LOOK_AGAIN
        if not row.is_open and not topic.shown.startswith(CLOSED) and again is None:
            await self._rooms.close_topic(self._chat, topic.thread_id)
            topic = await self._keep(connection, replace(topic, shown=f"{CLOSED} {topic.shown}"))
        return topic, again

    # --- the topic ----------------------------------------------------------------------------------------------------

    async def _open(self, connection: AsyncConnection, row: Row, told: Told) -> Topic | None:
        """A new topic. It gets the person's name only once we know it, so that no name is left where we cannot delete."""
        words = await words_in(self._services, connection)
        icons, sign = LOOKS[look_of(row)]
        name = f"{sign} {language_name(row, words)} · {reason(row.reason, words)}"
        thread = await self._rooms.open_topic(self._chat, name, icons, urgent=row.urgent)
        self._services.step("topic made")
        topic = Topic(row.conversation_id, self._chat, thread, None, "", told)
        try:
            await forum.add_topic(connection, topic)
        except IntegrityError:
            # The conversation is gone.
            await self._rooms.delete(self._chat, thread)
            return None
        return topic

    async def _look(self, connection: AsyncConnection, row: Row, topic: Topic, words: Words) -> Topic:
        """Name and icon as it stands now."""
        icons, sign = LOOKS[look_of(row)]
        has_icon = await self._rooms.icon(icons) is not None
        name = f"{who(row, words)} · {reason(row.reason, words)}"
        shown = name if has_icon else f"{sign} {name}"
        known = f"{look_of(row)} {shown}"
        if topic.shown in (known, f"{CLOSED} {known}"):
            return topic
        await self._rooms.show_topic(self._chat, topic.thread_id, shown, icons)
        still = f"{CLOSED} " if topic.shown.startswith(CLOSED) else ""
        return await self._keep(connection, replace(topic, shown=f"{still}{known}"))

    async def _package(self, connection: AsyncConnection, row: Row, topic: Topic, words: Words) -> Topic:
        told = topic.told.or_later(await forum.before(connection, row.id))
        if topic.told.event:
            told = replace(told, event=topic.told.event)  # how the talk before ended is told, too
        found = await group_package(self._services, connection, row, told)
        buttons = package_buttons(row.conversation_id, words)
        posted = await self._rooms.post(self._chat, package(found, words), thread=topic.thread_id, buttons=buttons)
        self._services.step("package posted")
        await self._rooms.pin(self._chat, posted[0])
        return await self._keep(connection, replace(topic, handover_id=row.id, told=told))

    # --- what happened ------------------------------------------------------------------------------------------------

    async def _entries(
        self, connection: AsyncConnection, row: Row, topic: Topic, words: Words
    ) -> tuple[Topic, float | None]:
        """Post what is new, several entries together where they come at once; files alone."""
        told = topic.told
        said = await handovers.said_since(
            connection,
            row.conversation_id,
            inbound=told.inbound,
            outbound=told.outbound,
            event=told.event,
            note=told.note,
        )
        prefix = source_of(topic.chat_id)
        here = await forum.written_here(connection, row.conversation_id, prefix)
        labels = await labels_of(connection, row.conversation_id, said)
        lines: list[Line] = []
        for each in in_order(said):
            if unsettled(each, self._services.now()):
                return await self._post(connection, topic, lines, told), LOOK_AGAIN
            so_far, told = told, told.up_to(each.kind, each.id)
            if row.closed_at is not None and each.at > row.closed_at and each.kind != "event":
                continue
            written_here = each.kind == "mentor" and each.id in here
            if written_here and not trouble(each, words):
                continue
            if (shown := line(each, row, words, labels)) is None:
                continue
            if sum(len(known.text) for known in lines) + len(shown.text) > LONGEST_POST:
                topic, lines = await self._post(connection, topic, lines, so_far), []
            lines.append(shown)
            if shown.files:
                topic, lines = await self._post(connection, topic, lines, told), []
        return await self._post(connection, topic, lines, told), None

    async def _post(self, connection: AsyncConnection, topic: Topic, lines: list[Line], told: Told) -> Topic:
        if any(each.text or each.lead for each in lines):
            await self._rooms.post(self._chat, lines, thread=topic.thread_id)
        for each in lines:
            for file in each.files:
                found = await handovers.attachment(connection, file.id)
                if found is not None and found[2] is not None:
                    await self._rooms.file(self._chat, file, found[2], each.lead, thread=topic.thread_id)
        self._services.step("posted")
        return await self._keep(connection, replace(topic, told=told)) if told != topic.told else topic

    async def _keep(self, connection: AsyncConnection, topic: Topic) -> Topic:
        await forum.keep_topic(connection, topic)
        return topic

    def _trouble(self, error: ChannelError) -> None:
        """The inbox goes on without the group; said once an hour."""
        now = self._services.now()
        if self._troubled is not None and now - self._troubled < TROUBLE_EVERY:
            return
        self._troubled = now
        if (number := moved_to(error)) is not None:
            log.error("the mentors' group has a new number: set VELKOMMEN_MENTOR_GROUP to it", number=number)
            return
        log.error("the mentors' group cannot be told", error=str(error)[:300])


@asynccontextmanager
async def telling(services: Services, conversation_id: int) -> AsyncIterator[AsyncConnection]:
    """The right to tell mentors of a conversation, on a connection of its own; it goes with the connection."""
    async with services.at_once, committing(services.database) as connection:
        await forum.lock(connection, conversation_id)
        try:
            yield connection
        finally:
            if not connection.closed and not connection.invalidated:
                await forum.unlock(connection, conversation_id)


def look_of(row: Row) -> str:
    if not row.is_open:
        return "over"
    return "urgent" if row.urgent and row.status == "waiting" else row.status


def source_of(chat_id: int) -> str:
    """In front of the number of a message that a mentor writes in a chat; what it is stored as."""
    return f"telegram:{chat_id}:"


def in_order(said: list[Said]) -> Iterator[Said]:
    """By time, but the entries of one kind by their numbers: how far it is told is one number for each."""
    kinds = {"bot": "outbound", "mentor": "outbound"}
    queues: dict[str, list[Said]] = {}
    for each in sorted(said, key=lambda one: one.id):
        queues.setdefault(kinds.get(each.kind, each.kind), []).append(each)
    yield from heapq.merge(*queues.values(), key=lambda one: one.at)


def unsettled(said: Said, now: datetime) -> bool:
    """What is waited for a moment: a file that is being fetched, so that it comes with its message; a mentor's message
    that is on its way, so that it is said if it does not arrive.
    """
    fetched = all(file.status != "pending" for file in said.attachments)
    delivered = said.kind != "mentor" or said.status not in ("pending", "sending")
    return not (fetched and delivered) and now - said.at < SETTLED_IN


async def labels_of(connection: AsyncConnection, conversation_id: int, said: list[Said]) -> dict[str, str]:
    """What the buttons say that were shown lately, where one of them was pressed."""
    if not any(each.kind == "recruit" and each.payload for each in said):
        return {}
    before = await handovers.transcript(connection, conversation_id)
    return {payload: label for each in before for payload, label in each.buttons if payload}


async def group_package(services: Services, connection: AsyncConnection, row: Row, told: Told) -> Package:
    """What a mentor gets to whom the conversation is offered. Profile and list only with consent; told: what the
    package stands for, as what came after it is posted itself.
    """
    known: dict[str, str] = {}
    tasks: tuple[Task, ...] = ()
    if row.consent == "given":
        planned = await people.planned_with(connection, row.recruit_id)
        known = {name: value for name, value in planned.profile.items() if value} if planned else {}
        tasks = await _late(services, connection, row, known)
    said = await handovers.transcript(connection, row.conversation_id)
    return Package(
        row=row,
        consent=row.consent,
        profile=known,
        tasks=tasks,
        earlier=tuple(await handovers.earlier(connection, row.conversation_id)),
        mentors=tuple(await handovers.named_mentors(connection, row.recruit_id)),
        messages=tuple(each for each in said if _told(each, told)),
        zone="",
    )


def _told(said: Said, told: Told) -> bool:
    return told.up_to(said.kind, said.id) == told and said.said != Kind.COMMAND


async def _late(services: Services, connection: AsyncConnection, row: Row, known: dict[str, str]) -> tuple[Task, ...]:
    """What is late on the person's list."""
    library = await services.shelf.library()
    mine = await lists.mine(connection, row.recruit_id)
    today = danish_day(services.now())
    words = await words_in(services, connection)
    plan = standing(library.tasks, known, mine.done, mine.skipped, mine.reopened, today=today).plan
    return tuple(
        Task(
            id=each.task.id,
            title=library.task_text(each.task.id, words.language).title,
            state=each.state.value,
            due=each.due.isoformat() if each.due else None,
            legal=each.legal.isoformat() if each.legal else None,
            late=each.late,
            legally_late=each.legally_late,
            topic=each.task.topic,
        )
        for each in plan
        if each.task.id.startswith("r-") and (each.late or each.legally_late)
    )
