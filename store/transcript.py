"""What was said in one conversation, read for showing it; and the thumbs below an answer.

Every query starts from the address, so that nobody can read or rate what was said to somebody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from core.messages import Kind
from i18n.languages import LANGUAGES
from store.tables import (
    JSON,
    Address,
    Attachment,
    Conversation,
    Feedback,
    Handover,
    InboundMessage,
    OutboundMessage,
    Recruit,
    Staff,
)

OVERLAP = timedelta(minutes=1)
SHOWN = ("sending", "sent", "unknown")


@dataclass(frozen=True, slots=True)
class Written:
    """A person's own message; text is None when it was not kept. files: the names of those that came with it."""

    update_id: str
    kind: Kind
    text: str | None
    payload: str
    at: datetime
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replied:
    """A reply as stored, with the thumb that was given, if any."""

    id: int
    body: JSON
    at: datetime
    rated: int | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """The language that a person is answered in; chosen: they said so, rather than just wrote in it."""

    language: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """Who has a conversation. state, mentor, promised_at: of the handover that is open; None without one."""

    conversation_id: int
    owner: str
    language: str | None
    profile: JSON
    state: str | None
    mentor: str | None
    promised_at: datetime | None


async def person_at(session: AsyncSession, channel: str, address: str) -> Recruit | None:
    return await session.scalar(
        select(Recruit)
        .join(Address, Address.recruit_id == Recruit.id)
        .where(Address.channel == channel, Address.external_id == address)
    )


async def spoken(session: AsyncSession, channel: str, address: str) -> Spoken | None:
    """None before the first answer, and when we don't speak that language any more."""
    person = await person_at(session, channel, address)
    if person is None or person.language not in LANGUAGES:
        return None
    return Spoken(person.language, person.language_chosen)


async def handed(session: AsyncSession, channel: str, address: str) -> Handed | None:
    """None before the first message."""
    columns = (Conversation.id, Conversation.owner, Recruit.language, Recruit.profile)
    found = await session.execute(
        select(*columns, Handover.status, Staff.name, Handover.promised_at)
        .join(Address, Conversation.address_id == Address.id)
        .join(Recruit, Recruit.id == Address.recruit_id)
        .outerjoin(Handover, and_(Handover.conversation_id == Conversation.id, Handover.closed_at.is_(None)))
        .outerjoin(Staff, Staff.id == Handover.mentor_id)
        .where(Address.channel == channel, Address.external_id == address)
    )
    row = found.one_or_none()
    return Handed(*row) if row else None


async def history(session: AsyncSession, channel: str, address: str, *, limit: int) -> list[Written | Replied]:
    """The last messages of both sides, oldest first."""
    written = await session.execute(_written(channel, address).order_by(InboundMessage.id.desc()).limit(limit))
    replied = await session.execute(_replied(channel, address).order_by(OutboundMessage.id.desc()).limit(limit))
    both: list[Written | Replied] = [*_as_written(written.all()[::-1]), *_as_replied(replied.all())]
    return sorted(both, key=_order)[-limit:]


async def since(
    session: AsyncSession, channel: str, address: str, *, after: int, limit: int
) -> list[Written | Replied]:
    """What both sides said after one reply, oldest first."""
    replies = await replies_after(session, channel, address, after=after, limit=limit)
    seen_at = await session.scalar(
        select(OutboundMessage.created_at).where(OutboundMessage.id == after, _ours(channel, address))
    )
    own = _written(channel, address).order_by(InboundMessage.id.desc()).limit(limit)
    if seen_at is not None:
        # A page may have shown a quick reply before what it answers; it leaves out what it has.
        own = own.where(InboundMessage.received_at > seen_at - OVERLAP)
    written = _as_written((await session.execute(own)).all()[::-1])
    both: list[Written | Replied] = [*written, *replies]
    return sorted(both, key=_order)


async def replies_after(session: AsyncSession, channel: str, address: str, *, after: int, limit: int) -> list[Replied]:
    query = _replied(channel, address).where(OutboundMessage.id > after).order_by(OutboundMessage.id).limit(limit)
    return _as_replied((await session.execute(query)).all())


async def edited_before(session: AsyncSession, channel: str, address: str, *, before: int, limit: int) -> list[Replied]:
    """Replies up to that one which there is a newer version of; the last of them, oldest first."""
    newer = OutboundMessage.body["edited"].as_boolean()
    query = _replied(channel, address).where(OutboundMessage.id <= before, newer)
    found = await session.execute(query.order_by(OutboundMessage.id.desc()).limit(limit))
    return _as_replied(found.all())[::-1]


async def reply(session: AsyncSession, channel: str, address: str, message_id: int) -> Replied | None:
    rows = (await session.execute(_replied(channel, address).where(OutboundMessage.id == message_id))).all()
    return next(iter(_as_replied(rows)), None)


def _ours(channel: str, address: str) -> ColumnElement[bool]:
    return OutboundMessage.conversation_id.in_(_conversation(channel, address))


def _conversation(channel: str, address: str) -> Select[int]:
    return (
        select(Conversation.id)
        .join(Address, Conversation.address_id == Address.id)
        .where(Address.channel == channel, Address.external_id == address)
    )


def _written(channel: str, address: str) -> Select[str, str, str | None, str, datetime, list[str] | None]:
    columns = (InboundMessage.update_id, InboundMessage.kind, InboundMessage.text, InboundMessage.payload)
    files = (
        select(func.array_agg(aggregate_order_by(Attachment.name, Attachment.created_at)))
        .where(Attachment.inbound_id == InboundMessage.id)
        .scalar_subquery()
    )
    return select(*columns, InboundMessage.received_at, files).where(
        InboundMessage.conversation_id.in_(_conversation(channel, address))
    )


def _replied(channel: str, address: str) -> Select[int, JSON, datetime, int]:
    return (
        select(OutboundMessage.id, OutboundMessage.body, OutboundMessage.created_at, Feedback.value)
        .outerjoin(Feedback, Feedback.outbound_id == OutboundMessage.id)
        .where(_ours(channel, address), OutboundMessage.status.in_(SHOWN))
    )


def _as_written(rows: Sequence[Any]) -> list[Written]:
    return [
        Written(update_id, Kind(kind), text, payload, at, tuple(files or ()))
        for update_id, kind, text, payload, at, files in rows
    ]


def _as_replied(rows: Sequence[Any]) -> list[Replied]:
    return [Replied(id_, body, at, rated) for id_, body, at, rated in rows]


def _order(message: Written | Replied) -> tuple[datetime, int, int]:
    match message:
        case Written(at=at):
            return at, 0, 0
        case Replied(id=id_, at=at):
            return at, 1, id_
