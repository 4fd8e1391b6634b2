"""Where mentors' Telegram chats stand: a conversation's topic in their group, and which message is about what.

A topic or message is known by a pair: the group (a negative number) and the topic's thread, or a mentor's own chat (a
positive one) and the message in it. That is what must be deleted in Telegram before our rows go. A message that is deleted
in a mentor's own chat while its conversation goes on keeps its row, under the negative of its number: up to where that chat
has been told.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.people import UNKEPT_REPLIES
from store.tables import ForumMessage, ForumTopic, Staff

LOCK_CLASS = 2  # 1 is a turn's lock (store/conversations.py)

type Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Told:
    """Up to where a conversation has been told, by the numbers of each kind."""

    inbound: int = 0
    outbound: int = 0
    event: int = 0
    note: int = 0

    def up_to(self, kind: str, number: int) -> "Told":
        name = {"recruit": "inbound", "bot": "outbound", "mentor": "outbound"}.get(kind, kind)
        return replace(self, **{name: max(number, getattr(self, name))})

    def or_later(self, other: "Told") -> "Told":
        return Told(
            max(self.inbound, other.inbound),
            max(self.outbound, other.outbound),
            max(self.event, other.event),
            max(self.note, other.note),
        )


@dataclass(frozen=True, slots=True)
class Topic:
    """A conversation's topic. shown: how it looks and whether it is closed; handover_id: whose package was posted."""

    conversation_id: int
    chat_id: int
    thread_id: int
    handover_id: int | None
    shown: str
    told: Told


async def lock(connection: AsyncConnection, conversation_id: int) -> None:
    """One at a time tells the mentors what is new in a conversation; until `unlock` or the end of the connection."""
    await connection.execute(sql("select pg_advisory_lock(:class, :id)"), _lock(conversation_id))


async def unlock(connection: AsyncConnection, conversation_id: int) -> None:
    await connection.execute(sql("select pg_advisory_unlock(:class, :id)"), _lock(conversation_id))


def _lock(conversation_id: int) -> dict[str, int]:
    return {"class": LOCK_CLASS, "id": conversation_id % 2**31}


# --- topics -----------------------------------------------------------------------------------------------------------

COLUMNS = (
    ForumTopic.conversation_id, ForumTopic.chat_id, ForumTopic.thread_id, ForumTopic.handover_id, ForumTopic.state,
    ForumTopic.inbound_id, ForumTopic.outbound_id, ForumTopic.event_id,
)  # fmt: skip


async def topic_of(connection: AsyncConnection, conversation_id: int) -> Topic | None:
    row = await connection.execute(select(*COLUMNS).where(ForumTopic.conversation_id == conversation_id))
    return _topic(row.one_or_none())


async def topic_at(connection: AsyncConnection, chat_id: int, thread_id: int) -> Topic | None:
    fits = (ForumTopic.chat_id == chat_id, ForumTopic.thread_id == thread_id)
    return _topic((await connection.execute(select(*COLUMNS).where(*fits))).one_or_none())


def _topic(row: Sequence[object] | None) -> Topic | None:
    if row is None:
        return None
    conversation_id, chat_id, thread_id, handover_id, state, inbound, outbound, event = row
    shown, note = _read(str(state))
    told = Told(int(inbound), int(outbound), int(event), note)  # type: ignore[call-overload]
    return Topic(conversation_id, chat_id, thread_id, handover_id, shown, told)  # type: ignore[arg-type]


async def add_topic(connection: AsyncConnection, topic: Topic) -> None:
    """A new topic; in place of the one that the conversation had."""
    await drop_topic(connection, topic.conversation_id)
    values = {"chat_id": topic.chat_id, "thread_id": topic.thread_id}
    await connection.execute(
        insert(ForumTopic).values(conversation_id=topic.conversation_id, **values, **_columns(topic))
    )


async def keep_topic(connection: AsyncConnection, topic: Topic) -> None:
    """How far it is told, and how it looks."""
    fits = (ForumTopic.conversation_id == topic.conversation_id, ForumTopic.thread_id == topic.thread_id)
    await connection.execute(update(ForumTopic).where(*fits).values(**_columns(topic)))


async def drop_topic(connection: AsyncConnection, conversation_id: int) -> None:
    await connection.execute(delete(ForumTopic).where(ForumTopic.conversation_id == conversation_id))


def _columns(topic: Topic) -> dict[str, object]:
    # Notes have no column of their own; the number of the last one told stands with how the topic looks.
    state = json.dumps({"shown": topic.shown, "note": topic.told.note}, ensure_ascii=False)
    told = {"inbound_id": topic.told.inbound, "outbound_id": topic.told.outbound, "event_id": topic.told.event}
    return {"handover_id": topic.handover_id, "state": state, **told}


def _read(state: str) -> tuple[str, int]:
    found = json.loads(state) if state else {}
    return found.get("shown", ""), found.get("note", 0)


BEFORE = sql("""
    select coalesce((select max(id) from inbound where conversation_id = h.conversation_id and handled_at < h.created_at), 0),
        coalesce((select max(id) from outbound where conversation_id = h.conversation_id and created_at < h.created_at), 0),
        coalesce((select max(e.id) from handover_events e join handovers o on o.id = e.handover_id
                  where o.conversation_id = h.conversation_id and o.id < h.id), 0),
        coalesce((select max(n.id) from case_notes n join addresses a on a.recruit_id = n.recruit_id
                  join conversations c on c.address_id = a.id
                  where c.id = h.conversation_id and n.created_at < h.created_at), 0)
    from handovers h where h.id = :handover
""")


async def before(connection: AsyncConnection, handover_id: int) -> Told:
    """What was said and done before a handover began: what its package tells in short."""
    row = (await connection.execute(BEFORE, {"handover": handover_id})).one_or_none()
    return Told(*row) if row else Told()


BEHIND = sql("""
    select h.conversation_id from handovers h
    left join forum_topics f on f.conversation_id = h.conversation_id and f.chat_id = :chat
    where h.created_at < :before and (h.closed_at is null or (h.closed_at > :since and f.thread_id is not null))
      and ((h.closed_at is null and f.handover_id is distinct from h.id)
        or exists (select from inbound i where i.conversation_id = h.conversation_id and i.id > f.inbound_id
                   and i.received_at < least(:before, coalesce(h.closed_at, 'infinity')))
        or exists (select from outbound o where o.conversation_id = h.conversation_id and o.id > f.outbound_id
                   and o.created_at < least(:before, coalesce(h.closed_at, 'infinity')))
        or exists (select from handover_events e where e.handover_id = h.id and e.id > f.event_id and e.at < :before))
      and not exists (select from handovers n where n.conversation_id = h.conversation_id and n.id > h.id)
    order by h.id
""")


async def behind(connection: AsyncConnection, chat_id: int, *, before: datetime, since: datetime) -> list[int]:
    """Conversations whose topic lacks something from before then: those that are open, or closed after `since`."""
    values = {"chat": chat_id, "before": before, "since": since}
    return list((await connection.execute(BEHIND, values)).scalars())


UNTOLD = sql("""
    select h.conversation_id from handovers h join staff s on s.id = h.mentor_id and s.active and s.telegram_id is not null
    where h.closed_at is null and h.status <> 'waiting' and exists (
        select from inbound i where i.conversation_id = h.conversation_id and i.received_at between :since and :before
          and i.id > coalesce((select max(m.inbound_id) from forum_messages m
                               where m.conversation_id = h.conversation_id and m.chat_id = cast(s.telegram_id as bigint)), 0))
    order by h.id
""")


async def untold(connection: AsyncConnection, *, before: datetime, since: datetime) -> list[int]:
    """Conversations whose mentor's own chat lacks something that the person wrote between the two."""
    return list((await connection.execute(UNTOLD, {"before": before, "since": since})).scalars())


# --- messages ---------------------------------------------------------------------------------------------------------

MAP = sql("""
    insert into forum_messages (chat_id, message_id, conversation_id, inbound_id, outbound_id)
    select :chat, :message, c.id, (select id from inbound where id = :inbound),
        (select id from outbound where id = :outbound)
    from conversations c where c.id = :conversation on conflict do nothing
""")


async def map_message(
    connection: AsyncConnection,
    chat_id: int,
    message_id: int,
    conversation_id: int,
    *,
    inbound_id: int | None = None,
    outbound_id: int | None = None,
) -> None:
    """Keep what a message in a mentors' chat is about. Of what has been deleted meanwhile, nothing is kept."""
    values = {"chat": chat_id, "message": message_id, "conversation": conversation_id}
    await connection.execute(MAP, {**values, "inbound": inbound_id, "outbound": outbound_id})


async def about(connection: AsyncConnection, chat_id: int, message_id: int) -> int | None:
    """The conversation that a message in a mentors' chat is about."""
    fits = (ForumMessage.chat_id == chat_id, ForumMessage.message_id == message_id)
    number: int | None = (await connection.execute(select(ForumMessage.conversation_id).where(*fits))).scalar()
    return number


async def seen_in(connection: AsyncConnection, chat_id: int, conversation_id: int) -> int | None:
    """The newest of a person's messages that stands in a mentor's own chat; None if nothing of them does."""
    found = sql("select max(inbound_id) from forum_messages where chat_id = :chat and conversation_id = :id")
    number: int | None = (await connection.execute(found, {"chat": chat_id, "id": conversation_id})).scalar()
    return number


# What a colleague does last with a conversation that is then not theirs any more.
GAVE_AWAY = ("declined", "passed_on", "to_queue", "left")
LAST_STEP = sql("""
    select kind from handover_events where handover_id = :handover and staff_id = :staff
      and kind in ('declined', 'passed_on', 'to_queue', 'left', 'claimed', 'taken_over', 'joined')
    order by id desc limit 1
""")


async def gave_away(connection: AsyncConnection, handover_id: int, staff_id: int) -> bool:
    """Whether the last that a colleague did with it was to say no to it, to pass it on, or to leave."""
    found = await connection.execute(LAST_STEP, {"handover": handover_id, "staff": staff_id})
    return found.scalar() in GAVE_AWAY


async def end_talks(connection: AsyncConnection, conversation_id: int, *, staff_id: int | None = None) -> None:
    """No own chat is about this conversation any more; or only that of one colleague."""
    fits = [Staff.telegram_talk == conversation_id, *([Staff.id == staff_id] if staff_id is not None else [])]
    await connection.execute(update(Staff).where(*fits).values(telegram_talk=None))


async def written_here(connection: AsyncConnection, conversation_id: int, prefix: str) -> frozenset[int]:
    """The newest of what mentors wrote in a chat itself: by what its source begins with, up to a plain number."""
    found = await connection.execute(
        sql("""select id from outbound where conversation_id = :id and source like :like
               and substr(source, length(:prefix) + 1) ~ '^[0-9]+$' order by id desc limit 300"""),
        {"id": conversation_id, "like": f"{prefix}%", "prefix": prefix},
    )
    return frozenset(found.scalars())


# --- while Telegram still deletes it ----------------------------------------------------------------------------------

MARKS = sql("""
    select chat_id, max(message_id) from forum_messages where chat_id > 0 and message_id > 0 group by chat_id
""")
TALK_OVER = """not exists (select from handovers h where h.conversation_id = m.conversation_id
    and (h.closed_at is null or h.closed_at > :before))"""
CLEAR_OVER = sql(f"delete from forum_messages m where m.chat_id > 0 and {TALK_OVER} returning m.chat_id, m.message_id")  # noqa: S608
CLEAR_OLD = sql("""
    update forum_messages m set message_id = -m.message_id
    from unnest(cast(:chats as bigint[]), cast(:numbers as bigint[])) p(chat, number)
    where m.chat_id = p.chat and m.message_id between 1 and p.number returning m.chat_id, -m.message_id
""")


async def marks(connection: AsyncConnection) -> list[Place]:
    """The newest message of each own chat: what has a lower number there is older, as Telegram counts upwards."""
    return [(row[0], row[1]) for row in await connection.execute(MARKS)]


async def clear_over(connection: AsyncConnection, before: datetime) -> list[Place]:
    """What stands in own chats of conversations that were over by then; our rows of it are gone then."""
    return [(row[0], row[1]) for row in await connection.execute(CLEAR_OVER, {"before": before}) if row[1] > 0]


async def clear_old(connection: AsyncConnection, up_to: Sequence[Place]) -> list[Place]:
    """What stands in own chats up to these messages."""
    values = {"chats": [chat for chat, _ in up_to], "numbers": [number for _, number in up_to]}
    return [(row[0], row[1]) for row in await connection.execute(CLEAR_OLD, values)]


# --- before it is forgotten -------------------------------------------------------------------------------------------

TOPICS = """
    select f.chat_id, f.thread_id from forum_topics f join conversations c on c.id = f.conversation_id
    join addresses a on a.id = c.address_id join recruits r on r.id = a.recruit_id where {which}
"""
MESSAGES = """
    select m.chat_id, m.message_id from forum_messages m join conversations c on c.id = m.conversation_id
    join addresses a on a.id = c.address_id join recruits r on r.id = a.recruit_id
    where m.chat_id > 0 and m.message_id > 0 and {which}
"""
OVER = """r.consent <> 'given' and not exists (select from handovers h where h.conversation_id = c.id
    and (h.closed_at > :before or h.closed_at is null and h.promised_at is not null))"""


async def topics_of(connection: AsyncConnection, recruit_id: uuid.UUID) -> list[Place]:
    """All of a person that stands in mentors' chats: topics of the group, messages in direct chats."""
    return await _places(connection, "r.id = :recruit", recruit=recruit_id)


async def topics_gone(connection: AsyncConnection, before: datetime) -> list[Place]:
    """The same of everybody not heard of since then."""
    return await _places(connection, "r.seen_at < :before", before=before)


async def topics_due(connection: AsyncConnection, now: datetime) -> list[Place]:
    """The same of those who are about to be deleted, as they wished."""
    return await _places(connection, "c.erase_at <= :now", now=now)


async def forget_unkept(
    connection: AsyncConnection, now: datetime, *, after: timedelta = UNKEPT_REPLIES
) -> list[Place]:
    """The same of those who did not agree that anything is kept, a day after the talk; our rows of it are gone then."""
    found = await _places(connection, OVER, before=now - after)
    for table, number in (("forum_topics", "thread_id"), ("forum_messages", "message_id")):
        await connection.execute(
            sql(f"""delete from {table} t using unnest(cast(:chats as bigint[]), cast(:numbers as bigint[])) p(chat, number)
                    where t.chat_id = p.chat and t.{number} = p.number"""),  # noqa: S608
            {"chats": [chat for chat, _ in found], "numbers": [number_ for _, number_ in found]},
        )
    return found


async def _places(connection: AsyncConnection, which: str, **values: object) -> list[Place]:
    found: list[Place] = []
    for query in (TOPICS, MESSAGES):
        found += [
            (row[0], row[1])
            for row in await connection.execute(sql(f"{query.format(which=which)} order by 1, 2"), values)
        ]
    return found
