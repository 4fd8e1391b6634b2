"""Queries of a turn: receive, read what waits, write what was decided, hand over for delivery."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from core.messages import Inbound
from store.tables import (
    Address,
    Conversation,
    InboundMessage,
    OutboundMessage,
    Recruit,
)

UNDELIVERED = ("pending", "sending")
MOST_WAITING = 50


@dataclass(frozen=True, slots=True)
class Context:
    """Who we are speaking with, and where the conversation stands.

    handover: the one that is open, as id, status, noticed (the person was told that nobody is there now) and promised
    (somebody will write: there are mentors).
    """

    conversation_id: int
    owner: str
    epoch: int
    state: dict[str, Any]
    erase_at: datetime | None
    channel: str
    address: str
    recruit_id: uuid.UUID
    language: str | None
    language_chosen: bool
    consent: str
    profile: dict[str, Any]
    muted_until: datetime | None = None
    handover: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One stored message that has not been answered yet."""

    id: int
    kind: str
    text: str
    payload: str
    reference: str | None
    edits: str | None
    masked: list[str]
    language_hint: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A reply to be delivered; `late` when it was thought under an older epoch and does not stand whoever has it now.

    error: what went wrong last; of a reminder, only that an earlier sending ended unclearly.
    """

    id: int
    inbound_id: int | None
    status: str
    body: dict[str, Any]
    attempts: int
    due_at: datetime
    late: bool
    error: str | None


@dataclass(slots=True)
class Decided:
    """What a turn writes, all in one transaction. tallies: for the numbers (bot/counting.py).

    for_mentor: somebody who waits for the person will read it, too.
    """

    inbound_ids: list[int]
    replies: list[dict[str, Any]]
    state: dict[str, Any]
    recruit: dict[str, Any] = field(default_factory=dict)
    keep_texts: bool = False
    unanswered: dict[str, Any] | None = None
    profile: dict[str, str] = field(default_factory=dict)
    for_mentor: bool = False
    erase_at: datetime | None = None
    tallies: list[dict[str, str]] = field(default_factory=list)


RECEIVE = sql("""
    insert into inbound (conversation_id, channel, update_id, kind, text, payload, reference, edits, masked,
                         language_hint, received_at)
    select c.id, a.channel, :update_id, :kind, :text, :payload, :reference, :edits, cast(:masked as jsonb),
           :language_hint, :received_at
    from addresses a join conversations c on c.address_id = a.id
    where a.channel = :channel and a.external_id = :address
    on conflict (channel, update_id) do nothing
    returning conversation_id
""")


async def receive(
    connection: AsyncConnection, inbound: Inbound, *, text: str, masked: str, now: datetime
) -> int | None:
    """Store an update; its conversation, or None if this update was stored before. `text` is masked already."""
    found = await receive_known(connection, inbound, text=text, masked=masked)
    if found is None:
        await _create(connection, inbound.channel, inbound.address, now)
        found = await receive_known(connection, inbound, text=text, masked=masked)
    return found


async def receive_known(connection: AsyncConnection, inbound: Inbound, *, text: str, masked: str) -> int | None:
    """`receive` for a person who has written before; None also if nobody has written from that address."""
    values = {
        "channel": inbound.channel,
        "address": inbound.address,
        "update_id": inbound.update_id,
        "kind": inbound.kind.value,
        "text": text,
        "payload": inbound.payload,
        "reference": inbound.reference,
        "edits": inbound.edits,
        "masked": masked,
        "language_hint": inbound.language_hint,
        "received_at": inbound.received_at,
    }
    found: int | None = (await connection.execute(RECEIVE, values)).scalar()
    return found


FOR_FILE = sql("""
    select i.id, (select count(*) from attachments f join inbound o on o.id = f.inbound_id
                  where o.conversation_id = i.conversation_id and f.status <> 'refused')
    from inbound i join handovers h on h.conversation_id = i.conversation_id and h.closed_at is null
    where i.channel = :channel and i.update_id = :update_id
      and not exists (select from attachments f where f.inbound_id = i.id)
""")


async def for_file(connection: AsyncConnection, channel: str, update_id: str) -> tuple[int, int] | None:
    """The stored message that a file belongs to, and how many files the conversation has.

    None where no human is asked for, or the file is there already.
    """
    row = (await connection.execute(FOR_FILE, {"channel": channel, "update_id": update_id})).one_or_none()
    return (row[0], row[1]) if row else None


async def _create(connection: AsyncConnection, channel: str, address: str, now: datetime) -> None:
    """Make person, address and conversation, unless they are there already."""
    recruit_id = uuid.uuid4()
    await connection.execute(insert(Recruit).values(id=recruit_id, created_at=now, seen_at=now))
    row = upsert(Address).values(recruit_id=recruit_id, channel=channel, external_id=address)
    made = (
        await connection.execute(
            row.on_conflict_do_nothing(index_elements=["channel", "external_id"]).returning(Address.id)
        )
    ).scalar()
    if made is None:
        await connection.execute(sql("delete from recruits where id = :id"), {"id": recruit_id})
    else:
        await connection.execute(insert(Conversation).values(address_id=made))


async def owner(connection: AsyncConnection, conversation_id: int) -> str | None:
    found: str | None = (
        await connection.execute(select(Conversation.owner).where(Conversation.id == conversation_id))
    ).scalar()
    return found


async def lock(connection: AsyncConnection, conversation_id: int) -> None:
    """Wait for the conversation's lock; it lasts until `unlock` or the end of the connection."""
    await connection.execute(sql("select pg_advisory_lock(1, :id)"), {"id": conversation_id % 2**31})


async def unlock(connection: AsyncConnection, conversation_id: int) -> None:
    await connection.execute(sql("select pg_advisory_unlock(1, :id)"), {"id": conversation_id % 2**31})


READ = sql("""
    select c.id, c.owner, c.epoch, c.state, c.erase_at, a.channel, a.external_id,
           r.id, r.language, r.language_chosen, r.consent, r.profile, c.muted_until,
           (select jsonb_build_object('id', h.id, 'status', h.status, 'noticed', h.noticed_at is not null,
                                      'promised', h.promised_at is not null, 'urgent', h.urgent)
            from handovers h where h.conversation_id = c.id and h.closed_at is null),
           i.id, i.kind, coalesce(i.text, ''), i.payload, i.reference, i.edits, i.masked, i.language_hint, i.received_at
    from conversations c join addresses a on a.id = c.address_id join recruits r on r.id = a.recruit_id
    left join lateral (
        select * from inbound where conversation_id = c.id and handled_at is null order by id limit :most
    ) i on true
    where c.id = :id order by i.id
""")


async def read(connection: AsyncConnection, conversation_id: int) -> tuple[Context, list[Waiting]] | None:
    """A conversation and what waits in it, oldest first and at most MOST_WAITING; None if it is gone."""
    rows = (await connection.execute(READ, {"id": conversation_id, "most": MOST_WAITING})).all()
    if not rows:
        return None
    split = len(fields(Context))
    return Context(*rows[0][:split]), [Waiting(*row[split:]) for row in rows if row[split] is not None]


# One statement, so one round trip and all or nothing. What is null stays as it is.
#
# It does not wait for the disk, as the next `claim` does: the log is written in order, so whatever was decided is safe
# before anything of it is sent. Should PostgreSQL itself die before, the message waits as if never looked at.
WRITE = sql("""
    with answered as (
        update inbound set handled_at = :now, text = case when :keep then text end
        from set_config('synchronous_commit', 'off', true) where id = any(:inbound_ids)
    ), stands as (
        update conversations set state = cast(:state as jsonb), erase_at = :erase_at where id = :conversation_id
    ), person as (
        update recruits set seen_at = :now, language = coalesce(:language, language),
            language_chosen = coalesce(:language_chosen, language_chosen),
            profile = profile || cast(:profile as jsonb),
            consent = coalesce(:consent, consent), consent_at = coalesce(:consent_at, consent_at)
        where id = :recruit_id
    ), reached as (
        update addresses set unreachable_at = null
        where channel = :channel and external_id = :address
          and unreachable_at < (select max(received_at) from inbound where id = any(:inbound_ids))
    ), question as (
        insert into unanswered (conversation_id, language, text, candidates, created_at, inbound_id)
        select :conversation_id, q ->> 'language', q ->> 'text', q -> 'candidates', :now, :inbound_id
        from jsonb_array_elements(cast(:unanswered as jsonb)) q
    ), tallied as (
        insert into tallies (day, what, language, theme, topic)
        select :day, t ->> 'what', t ->> 'language', t ->> 'theme', t ->> 'topic'
        from jsonb_array_elements(cast(:tallies as jsonb)) t
    ), mentors as (
        update handovers set unread = unread + :count, waiting_since = coalesce(waiting_since, :now), last_at = :now
        where conversation_id = :conversation_id and closed_at is null and :count > 0
    )
    insert into outbound (conversation_id, inbound_id, epoch, body, created_at, due_at)
    select :conversation_id, :inbound_id, :epoch, body, :now, :now
    from jsonb_array_elements(cast(:replies as jsonb)) with ordinality as reply(body, place) order by place
""")


async def write(connection: AsyncConnection, context: Context, decided: Decided, *, now: datetime) -> None:
    """Write a turn's outcome. Unless texts may be kept, what was written is erased."""
    unanswered = [decided.unanswered] if decided.unanswered is not None and decided.keep_texts else []
    await connection.execute(
        WRITE,
        {
            "now": now,
            "keep": decided.keep_texts,
            "inbound_ids": decided.inbound_ids,
            "state": json.dumps(decided.state),
            "erase_at": decided.erase_at,
            "conversation_id": context.conversation_id,
            "language": decided.recruit.get("language"),
            "language_chosen": decided.recruit.get("language_chosen"),
            "consent": decided.recruit.get("consent"),
            "consent_at": decided.recruit.get("consent_at"),
            "profile": json.dumps(decided.profile),
            "recruit_id": context.recruit_id,
            "channel": context.channel,
            "address": context.address,
            "unanswered": json.dumps(unanswered, ensure_ascii=False),
            "count": len(decided.inbound_ids) if decided.for_mentor else 0,
            "inbound_id": decided.inbound_ids[-1],
            "epoch": context.epoch,
            "replies": json.dumps(decided.replies, ensure_ascii=False),
            "day": danish_day(now),
            "tallies": json.dumps(decided.tallies),
        },
    )


async def add_replies(
    connection: AsyncConnection,
    context: Context,
    bodies: Sequence[dict[str, Any]],
    *,
    inbound_id: int | None,
    due_at: datetime,
    now: datetime,
) -> list[int]:
    if not bodies:
        return []
    common = {"conversation_id": context.conversation_id, "epoch": context.epoch, "inbound_id": inbound_id}
    rows = [{**common, "body": body, "created_at": now, "due_at": due_at} for body in bodies]
    returning = insert(OutboundMessage).returning(OutboundMessage.id, sort_by_parameter_order=True)
    return list((await connection.execute(returning, rows)).scalars())


# What a mentor wrote stays due, and so do a warning, one's own things and the word that something may be lost.
STANDS = "(o.epoch = c.epoch or o.mentor_id is not null or jsonb_exists_any(o.body, array['always', 'notice']))"
DUE = sql(
    """
    select o.id, o.inbound_id, o.status, o.body, o.attempts, o.due_at, not STANDS, o.error
    from outbound o join conversations c on c.id = o.conversation_id
    where o.conversation_id = :id and o.status in ('pending', 'sending') order by o.id
""".replace("STANDS", STANDS)
)


async def due(connection: AsyncConnection, conversation_id: int) -> list[Due]:
    """All that is not delivered yet, in order; the caller looks at `due_at`."""
    return [Due(*row) for row in await connection.execute(DUE, {"id": conversation_id})]


CLAIM = sql(
    """
    update outbound o set status = 'sending', attempted_at = :now, attempts = attempts + 1
    from conversations c
    where o.id = :id and o.status = 'pending' and c.id = o.conversation_id and STANDS
""".replace("STANDS", STANDS)
)


async def claim(connection: AsyncConnection, outbound_id: int, *, now: datetime) -> bool:
    """Take one reply for sending; False if it is late or somebody else has it."""
    return (await connection.execute(CLAIM, {"id": outbound_id, "now": now})).rowcount == 1


SEND_AGAIN = sql("""
    update outbound set attempts = attempts + 1, attempted_at = :now, error = coalesce(error, 'the process ended while sending')
    where id = :id and status = 'sending'
""")


async def send_again(connection: AsyncConnection, outbound_id: int, *, now: datetime) -> None:
    """Note that a message whose sending ended unclearly is sent once more."""
    await connection.execute(SEND_AGAIN, {"id": outbound_id, "now": now})


# It does not wait for the disk: a mark that PostgreSQL loses with its own death is a sending that ended unclearly.
MARK = sql("""
    update outbound set status = :status, sent_at = coalesce(:sent_at, sent_at), due_at = coalesce(:due_at, due_at),
        external_id = coalesce(:external_id, external_id), error = coalesce(:error, error)
    from set_config('synchronous_commit', 'off', true) where id = :id
""")


async def mark(
    connection: AsyncConnection,
    outbound_id: int,
    status: str,
    *,
    sent_at: datetime | None = None,
    due_at: datetime | None = None,
    external_id: str | None = None,
    error: str | None = None,
) -> None:
    """How a reply stands from now on; what is not given stays as it is."""
    values = {"sent_at": sent_at, "due_at": due_at, "external_id": external_id, "error": error}
    await connection.execute(MARK, {"id": outbound_id, "status": status, **values})


async def set_reachable(connection: AsyncConnection, channel: str, address: str, *, since: datetime | None) -> None:
    """Note since when nobody can be reached at an address; None: somebody can again."""
    await connection.execute(
        update(Address).where(Address.channel == channel, Address.external_id == address).values(unreachable_at=since)
    )


async def unfinished(connection: AsyncConnection, *, before: datetime, now: datetime) -> list[int]:
    """Conversations in which something received or due before that moment is not done yet."""
    waiting_since = select(InboundMessage.conversation_id).where(
        InboundMessage.handled_at.is_(None), InboundMessage.received_at <= before
    )
    undelivered = select(OutboundMessage.conversation_id).where(
        OutboundMessage.status.in_(UNDELIVERED),
        or_(OutboundMessage.attempted_at.is_(None), OutboundMessage.attempted_at <= before),
        OutboundMessage.due_at <= now,
        OutboundMessage.created_at <= before,
    )
    return sorted((await connection.execute(waiting_since.union(undelivered))).scalars())


async def delivered_status(connection: AsyncConnection) -> dict[str, int]:
    """How many replies have which status."""
    rows = await connection.execute(select(OutboundMessage.status, func.count()).group_by(OutboundMessage.status))
    return {row[0]: row[1] for row in rows}
