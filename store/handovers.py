"""Handovers: what mentors see of them, and each step that changes one.

A step locks the conversation's row first (`hold`), so that of two steps at once the second sees what the first has
done. What is announced on INBOX is `<conversation>:<what>`; every web process hears it.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import (
    JSON,
    AbuseReport,
    Attachment,
    CaseNote,
    Conversation,
    Handover,
    HandoverEvent,
    HandoverMember,
    HandoverOffer,
    Look,
    Mentorship,
    OutboundMessage,
    Staff,
    Suggestion,
)

INBOX = "velkommen_inbox"
OPEN = ("waiting", "with_mentor", "snoozed")
SNIPPET = 160  # characters of the last message that a list shows


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the inbox: a conversation with its newest handover, `id`."""

    id: int
    conversation_id: int
    epoch: int
    owner: str
    status: str
    reason: str
    urgent: bool
    theme: str | None
    language: str | None
    created_at: datetime
    promised_at: datetime | None
    first_promised_at: datetime | None
    apologised_at: datetime | None
    noticed_at: datetime | None
    round: int
    offered_at: datetime | None
    supervisors_at: datetime | None
    mentor_id: int | None
    mentor: str | None
    claimed_at: datetime | None
    answered_at: datetime | None
    snoozed_until: datetime | None
    unread: int
    waiting_since: datetime | None
    last_at: datetime
    closed_at: datetime | None
    outcome: str | None
    rating: int | None
    rating_text: str | None
    channel: str
    address: str
    reachable: bool
    muted_until: datetime | None
    recruit_id: uuid.UUID
    consent: str
    name: str | None
    kommune: str | None
    occupation: str | None
    members: tuple[int, ...]
    invited: tuple[int, ...]
    offered: tuple[int, ...]
    declined: tuple[int, ...]
    past: tuple[int, ...]
    last_text: str | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


ROW = """
    select h.id, c.id, c.epoch, c.owner, h.status, h.reason, h.urgent, h.theme, coalesce(r.language, h.language),
        h.created_at, h.promised_at, h.first_promised_at, h.apologised_at, h.noticed_at, h.round, h.offered_at,
        h.supervisors_at, h.mentor_id, s.name, h.claimed_at, h.answered_at, h.snoozed_until, h.unread, h.waiting_since,
        h.last_at, h.closed_at, h.outcome, h.rating, h.rating_text, a.channel, a.external_id,
        a.unreachable_at is null, c.muted_until, r.id, r.consent,
        case when r.consent = 'given' then nullif(r.profile ->> 'name', '') end,
        case when r.consent = 'given' then nullif(r.profile ->> 'kommune', '') end,
        case when r.consent = 'given' then nullif(r.profile ->> 'occupation', '') end,
        (select array_agg(m.staff_id) from handover_members m where m.handover_id = h.id and m.joined_at is not null),
        (select array_agg(m.staff_id) from handover_members m where m.handover_id = h.id and m.joined_at is null),
        (select array_agg(o.staff_id) from handover_offers o where o.handover_id = h.id and o.declined_at is null),
        (select array_agg(o.staff_id) from handover_offers o where o.handover_id = h.id and o.declined_at is not null),
        (select array_agg(e.mentor_id order by e.latest desc) from (
            select mentor_id, max(id) as latest from handovers
            where conversation_id = c.id and id < h.id and mentor_id is not null group by mentor_id) e),
        (select left(i.text, :snippet) from inbound i where i.conversation_id = c.id and i.text <> '' and i.kind <> 'command'
            and i.received_at >= h.created_at - interval '1 day' order by i.id desc limit 1)
    from handovers h join conversations c on c.id = h.conversation_id join addresses a on a.id = c.address_id
    join recruits r on r.id = a.recruit_id left join staff s on s.id = h.mentor_id
"""
NEWEST = sql(f"{ROW} where c.id = :conversation order by h.id desc limit 1")
MINE = "(h.mentor_id = :staff or exists (select from handover_members m where m.handover_id = h.id and m.staff_id = :staff))"
SEES_ALL = "exists (select from staff me where me.id = :staff and me.role = 'supervisor')"
WAS_MINE = f"""({MINE} or exists (
    select from handovers e where e.conversation_id = h.conversation_id and e.mentor_id = :staff))"""
BOXES = {
    "queue": "h.closed_at is null and h.status = 'waiting' "
    "order by h.urgent desc, (h.apologised_at is null), h.first_promised_at nulls last, h.id",
    "mine": f"h.closed_at is null and h.status = 'with_mentor' and {MINE} "
    "order by h.waiting_since nulls last, h.last_at desc",
    "others": f"h.closed_at is null and h.status <> 'waiting' and not {MINE} order by h.last_at desc",
    "snoozed": f"h.closed_at is null and h.status = 'snoozed' and {MINE} order by h.snoozed_until",
    "resolved": f"h.closed_at is not null and ({SEES_ALL} or {WAS_MINE}) order by h.closed_at desc",
    "open": "h.closed_at is null order by h.id",
}
SEARCH = """ where h.id in (
        select max(e.id) from handovers e join conversations k on k.id = e.conversation_id
        join addresses d on d.id = k.address_id join recruits p on p.id = d.recruit_id
        where (p.consent = 'given' and p.profile ->> 'name' ilike :like) or exists (
            select from inbound i where i.conversation_id = k.id and i.text ilike :like
        ) or exists (select from outbound o where o.conversation_id = k.id and o.mentor_id is not null
            and o.body ->> 'text' ilike :like)
        group by e.conversation_id
    ) and (SEES_ALL or WAS_MINE or h.closed_at is null) order by h.last_at desc""".replace(
    "SEES_ALL", SEES_ALL
).replace("WAS_MINE", WAS_MINE)


def _row(row: Sequence[Any]) -> Row:
    *plain, members, invited, offered, declined, past, last_text = row
    lists = (tuple(each or ()) for each in (members, invited, offered, declined, past))
    return Row(*[*plain, *lists, last_text])


async def row(connection: AsyncConnection, conversation_id: int) -> Row | None:
    """The newest handover of a conversation; None if it never came over."""
    found = await connection.execute(NEWEST, {"conversation": conversation_id, "snippet": SNIPPET})
    first = found.one_or_none()
    return _row(first) if first else None


async def rows(connection: AsyncConnection, box: str, staff_id: int, *, limit: int = 300) -> list[Row]:
    """One of the inbox's lists: queue, mine, others, snoozed, resolved; or all that is open."""
    query = sql(f"{ROW} where {BOXES[box]} limit :limit")
    values = {"staff": staff_id, "limit": limit, "snippet": SNIPPET}
    return [_row(each) for each in await connection.execute(query, values)]


async def search(connection: AsyncConnection, text: str, staff_id: int, *, limit: int = 50) -> list[Row]:
    """Conversations that came over, by name or by what was written and kept."""
    like = "%" + text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
    query = sql(f"{ROW} {SEARCH} limit :limit")
    values = {"like": like, "limit": limit, "snippet": SNIPPET, "staff": staff_id}
    return [_row(each) for each in await connection.execute(query, values)]


EARLIER = sql(f"{ROW} where c.id = :conversation order by h.id desc offset 1 limit 20")


async def earlier(connection: AsyncConnection, conversation_id: int) -> list[Row]:
    """The handovers before the newest one, newest first."""
    found = await connection.execute(EARLIER, {"conversation": conversation_id, "snippet": SNIPPET})
    return [_row(each) for each in found]


# --- what was said ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class File:
    id: uuid.UUID
    name: str
    kind: str
    size: int
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """One entry of a transcript. kind: recruit, bot, mentor, event or note; text: None where it was not kept.

    payload: of a pressed button. status: of a message on its way. edited: earlier versions. edits: the reference that
    a recruit's newer version points to. inbound ids, outbound ids, events and notes count each for themselves.
    """

    kind: str
    id: int
    at: datetime
    text: str | None = None
    title: str = ""
    buttons: tuple[tuple[str, str], ...] = ()
    payload: str = ""
    said: str = ""
    mentor: str | None = None
    mentor_id: int | None = None
    status: str = ""
    language: str = ""
    edited: tuple[str, ...] = ()
    edits: str | None = None
    reference: str | None = None
    attachments: tuple[File, ...] = ()
    event: str = ""
    data: JSON = field(default_factory=dict)


SAID = {
    "recruit": """
        select i.id, i.received_at, i.kind, i.text, i.payload, i.reference, i.edits,
            (select json_agg(json_build_array(f.id, f.name, f.kind, f.size, f.status, f.reason) order by f.created_at)
             from attachments f where f.inbound_id = i.id)
        from inbound i where i.conversation_id = :conversation and i.id > :after and i.received_at < :before
        order by i.id desc limit :limit""",
    "outbound": """
        select o.id, o.created_at, o.body, o.status, o.mentor_id, s.name
        from outbound o left join staff s on s.id = o.mentor_id
        where o.conversation_id = :conversation and o.id > :after and o.created_at < :before
        order by o.id desc limit :limit""",
    "event": """
        select e.id, e.at, e.kind, e.staff_id, s.name, e.data
        from handover_events e join handovers h on h.id = e.handover_id left join staff s on s.id = e.staff_id
        where h.conversation_id = :conversation and e.id > :after and e.at < :before order by e.id desc limit :limit""",
    "note": """
        select n.id, n.created_at, n.text, n.staff_id, s.name
        from case_notes n left join staff s on s.id = n.staff_id
        join addresses a on a.recruit_id = n.recruit_id join conversations c on c.address_id = a.id
        where c.id = :conversation and n.id > :after and n.created_at < :before order by n.id desc limit :limit""",
}
END_OF_TIME = datetime.max


async def transcript(
    connection: AsyncConnection, conversation_id: int, *, limit: int = 200, before: datetime | None = None
) -> list[Said]:
    """Both sides with steps and notes, oldest first: the last `limit`, or those before a moment."""
    found = await _said(connection, conversation_id, limit=limit, before=before)
    return found[-limit:]


async def said_since(
    connection: AsyncConnection, conversation_id: int, *, inbound: int, outbound: int, event: int, note: int
) -> list[Said]:
    """What came after these numbers, oldest first."""
    after = {"recruit": inbound, "outbound": outbound, "event": event, "note": note}
    return await _said(connection, conversation_id, limit=200, after=after)


async def _said(
    connection: AsyncConnection,
    conversation_id: int,
    *,
    limit: int,
    before: datetime | None = None,
    after: dict[str, int] | None = None,
) -> list[Said]:
    found: list[Said] = []
    for kind, query in SAID.items():
        values = {"conversation": conversation_id, "limit": limit, "after": (after or {}).get(kind, 0)}
        text = query if before is not None else query.replace(":before", "'infinity'")
        if after is not None:  # the next ones, so that nobody who was away for long misses any
            text = text.replace(" desc limit", " asc limit")
        if before is not None:
            values["before"] = before  # type: ignore[assignment]
        found += [_AS_SAID[kind](each) for each in await connection.execute(sql(text), values)]
    return sorted(found, key=lambda said: (said.at, _PLACE[said.kind], said.id))


_PLACE = {"recruit": 0, "event": 1, "bot": 2, "mentor": 2, "note": 3}


def _from_recruit(row: Any) -> Said:
    number, at, kind, text, payload, reference, edits, files = row
    attachments = tuple(File(uuid.UUID(each[0]), *each[1:]) for each in files or ())
    return Said(
        "recruit",
        number,
        at,
        text,
        payload=payload,
        said=kind,
        reference=reference,
        edits=edits,
        attachments=attachments,
    )


def _from_us(row: Any) -> Said:
    number, at, body, status, mentor_id, name = row
    by_mentor = mentor_id is not None or bool(body.get("said_by"))
    return Said(
        "mentor" if by_mentor else "bot",
        number,
        at,
        body["text"],
        title=body.get("title", ""),
        buttons=tuple((button["payload"], button["label"]) for button in body["buttons"]),
        mentor=name or body.get("said_by") or None,
        mentor_id=mentor_id,
        status=status,
        language=body.get("language", ""),
        edited=tuple(version["text"] for version in body.get("earlier", ())),
    )


def _from_event(row: Any) -> Said:
    number, at, kind, staff_id, name, data = row
    return Said("event", number, at, mentor=name, mentor_id=staff_id, event=kind, data=data)


def _from_note(row: Any) -> Said:
    number, at, text, staff_id, name = row
    return Said("note", number, at, text, mentor=name, mentor_id=staff_id)


_AS_SAID = {"recruit": _from_recruit, "outbound": _from_us, "event": _from_event, "note": _from_note}


# --- steps ------------------------------------------------------------------------------------------------------------


async def announce(connection: AsyncConnection, conversation_id: int, what: str) -> None:
    """Tell every web process; heard when the transaction is through."""
    await connection.execute(
        sql("select pg_notify(:channel, :what)"), {"channel": INBOX, "what": f"{conversation_id}:{what}"}
    )


async def hold(connection: AsyncConnection, conversation_id: int) -> Row | None:
    """Lock the conversation's row for a step, and read where it stands then."""
    await connection.execute(sql("select from conversations where id = :id for update"), {"id": conversation_id})
    return await row(connection, conversation_id)


async def hold_epoch(connection: AsyncConnection, conversation_id: int, epoch: int) -> int | None:
    """Lock the conversation's row; its epoch, None if that is not the one that was read: it has changed hands."""
    held = sql("select epoch from conversations where id = :id for update")
    found: int | None = (await connection.execute(held, {"id": conversation_id})).scalar()
    return found if found == epoch else None


async def event(
    connection: AsyncConnection, handover_id: int, kind: str, *, now: datetime, staff_id: int | None = None, **data: Any
) -> int:
    values = {"handover_id": handover_id, "kind": kind, "at": now, "staff_id": staff_id, "data": data}
    number: int = (
        await connection.execute(insert(HandoverEvent).values(**values).returning(HandoverEvent.id))
    ).scalar_one()
    return number


ASK = sql("""
    insert into handovers (conversation_id, reason, urgent, theme, language, created_at, promised_at, first_promised_at,
                           last_at, waiting_since, unread, reopened_of)
    values (:conversation, :reason, :urgent, :theme, :language, :now, :promised_at, :promised_at, :now, :now, 1, :reopened_of)
    on conflict (conversation_id) where closed_at is null do nothing
    returning id
""")
MORE_URGENT = sql("""
    update handovers set urgent = true, reason = :reason, round = 0, offered_at = null, supervisors_at = null,
        promised_at = least(promised_at, :promised_at)
    where conversation_id = :conversation and closed_at is null and not urgent returning id
""")


async def ask(
    connection: AsyncConnection,
    conversation_id: int,
    *,
    reason: str,
    now: datetime,
    urgent: bool = False,
    theme: str | None = None,
    language: str | None = None,
    promised_at: datetime | None = None,
    reopened_of: int | None = None,
) -> int | None:
    """A conversation comes over. One that is over already stays as it is, but becomes urgent; None then."""
    values = {"conversation": conversation_id, "reason": reason, "promised_at": promised_at}
    more = {"urgent": urgent, "theme": theme, "language": language, "now": now, "reopened_of": reopened_of}
    number: int | None = (await connection.execute(ASK, {**values, **more})).scalar()
    if number is not None:
        await event(connection, number, "asked", now=now, reason=reason)
    elif urgent:
        raised = (await connection.execute(MORE_URGENT, values)).scalar()
        if raised is not None:
            # Whoever was asked before is asked anew.
            unanswered = (HandoverOffer.handover_id == raised, HandoverOffer.declined_at.is_(None))
            await connection.execute(delete(HandoverOffer).where(*unanswered))
            await event(connection, raised, "urgent", now=now, reason=reason)
    await announce(connection, conversation_id, "row")
    return number


async def change(connection: AsyncConnection, handover_id: int, **values: Any) -> None:
    await connection.execute(update(Handover).where(Handover.id == handover_id).values(**values))


async def change_owner(connection: AsyncConnection, conversation_id: int, owner: str) -> int:
    """Whoever speaks from now on; the new epoch."""
    raised = update(Conversation).where(Conversation.id == conversation_id)
    raised_ = raised.values(owner=owner, epoch=Conversation.epoch + 1).returning(Conversation.epoch)
    epoch: int = (await connection.execute(raised_)).scalar_one()
    return epoch


HEARD = sql("""
    with heard as (
        update inbound set handled_at = :now where id = any(:inbound_ids)
    ), seen as (
        update recruits set seen_at = :now where id = :recruit
    )
    update handovers set unread = unread + :count, waiting_since = coalesce(waiting_since, :now), last_at = :now,
        noticed_at = case when :noticed then :now else noticed_at end
    where conversation_id = :conversation and closed_at is null returning id, status
""")


async def heard(
    connection: AsyncConnection,
    conversation_id: int,
    *,
    epoch: int,
    recruit_id: uuid.UUID,
    inbound_ids: Sequence[int],
    now: datetime,
    noticed: bool = False,
) -> int | None:
    """Messages for the mentor who has the conversation, which wake it; its epoch from now on.

    None if it has changed hands since it was read. noticed: the person is told that nobody is there.
    """
    if await hold_epoch(connection, conversation_id, epoch) is None:
        return None
    values = {"conversation": conversation_id, "recruit": recruit_id, "now": now, "noticed": noticed}
    found = await connection.execute(HEARD, {**values, "inbound_ids": list(inbound_ids), "count": len(inbound_ids)})
    open_ = found.one_or_none()
    if open_ is not None and open_.status == "snoozed":
        await change(connection, open_.id, status="with_mentor", snoozed_until=None)
        await event(connection, open_.id, "woken", now=now)
        epoch = await change_owner(connection, conversation_id, "mentor")
    await announce(connection, conversation_id, "said")
    await announce(connection, conversation_id, "row")
    return epoch


async def store_written(
    connection: AsyncConnection,
    conversation_id: int,
    body: dict[str, Any],
    *,
    epoch: int,
    mentor_id: int | None,
    source: str | None,
    now: datetime,
) -> tuple[int, bool]:
    """What a mentor wrote (or a notice of ours), to be delivered; its id, and whether it is new."""
    values = {"conversation": conversation_id, "epoch": epoch, "body": json.dumps(body, ensure_ascii=False)}
    more = {"mentor": mentor_id, "source": source, "now": now}
    number = (await connection.execute(WRITTEN, {**values, **more})).scalar()
    if number is not None:
        return int(number), True
    known = select(OutboundMessage.id).where(OutboundMessage.source == source)
    return (await connection.execute(known)).scalar_one(), False


WRITTEN = sql("""
    insert into outbound (conversation_id, epoch, body, created_at, due_at, mentor_id, source)
    values (:conversation, :epoch, cast(:body as jsonb), :now, :now, :mentor, :source)
    on conflict (source) where source is not null do nothing returning id
""")


async def written(connection: AsyncConnection, source: str) -> int | None:
    """The message that was stored for that source, if it was."""
    known = select(OutboundMessage.id).where(OutboundMessage.source == source)
    number: int | None = (await connection.execute(known)).scalar()
    return number


async def message_of(connection: AsyncConnection, outbound_id: int) -> Any:
    """(conversation, body, mentor_id, status, external_id) of a reply; None if there is none."""
    columns = (
        OutboundMessage.conversation_id, OutboundMessage.body, OutboundMessage.mentor_id, OutboundMessage.status,
        OutboundMessage.external_id,
    )  # fmt: skip
    found = select(*columns).where(OutboundMessage.id == outbound_id).with_for_update()
    return (await connection.execute(found)).one_or_none()


async def rewrite(connection: AsyncConnection, outbound_id: int, body: dict[str, Any]) -> None:
    await connection.execute(update(OutboundMessage).where(OutboundMessage.id == outbound_id).values(body=body))


async def nothing_pending(connection: AsyncConnection, conversation_id: int) -> None:
    """What the bot had asked before the mentor came is not open any more."""
    await connection.execute(
        sql("""update conversations set state = (state - 'unsure' - 'form' - 'waiting' - 'then') || '{"pending": "none"}'
               where id = :id"""),
        {"id": conversation_id},
    )


async def was_here(connection: AsyncConnection, conversation_id: int, *, since: datetime) -> bool:
    """Whether a mentor has taken the conversation or written in it since then."""
    found = await connection.execute(
        sql("""select exists (select from outbound where conversation_id = :id and mentor_id is not null
                   and created_at > :since)
               or exists (select from handovers where conversation_id = :id and closed_at is null and claimed_at > :since)"""),
        {"id": conversation_id, "since": since},
    )
    return bool(found.scalar_one())


async def newest_inbound(connection: AsyncConnection, conversation_id: int) -> int:
    found = await connection.execute(
        sql("select coalesce(max(id), 0) from inbound where conversation_id = :id"), {"id": conversation_id}
    )
    return int(found.scalar_one())


async def offer(
    connection: AsyncConnection, handover_id: int, staff_id: int, *, round_: int, reasons: Sequence[str], now: datetime
) -> None:
    await connection.execute(
        sql("""insert into handover_offers (handover_id, staff_id, round, reasons, offered_at)
               values (:handover, :staff, :round, cast(:reasons as jsonb), :now) on conflict do nothing"""),
        {"handover": handover_id, "staff": staff_id, "round": round_, "reasons": json.dumps(list(reasons)), "now": now},
    )


async def decline(connection: AsyncConnection, handover_id: int, staff_id: int, note: str, *, now: datetime) -> None:
    await connection.execute(
        sql("""insert into handover_offers (handover_id, staff_id, round, offered_at, declined_at, note)
               values (:handover, :staff, 0, :now, :now, :note)
               on conflict (handover_id, staff_id) do update set declined_at = :now, note = :note"""),
        {"handover": handover_id, "staff": staff_id, "note": note or None, "now": now},
    )


async def member(
    connection: AsyncConnection, handover_id: int, staff_id: int, *, now: datetime, joined: bool = False
) -> None:
    """Invite a colleague; or let them join."""
    await connection.execute(
        sql("""insert into handover_members (handover_id, staff_id, invited_at, joined_at)
               values (:handover, :staff, :now, :joined_at) on conflict (handover_id, staff_id)
               do update set joined_at = coalesce(handover_members.joined_at, excluded.joined_at)"""),
        {"handover": handover_id, "staff": staff_id, "now": now, "joined_at": now if joined else None},
    )


async def no_member(connection: AsyncConnection, handover_id: int, staff_id: int) -> None:
    gone = delete(HandoverMember).where(HandoverMember.handover_id == handover_id, HandoverMember.staff_id == staff_id)
    await connection.execute(gone)


async def given_now(connection: AsyncConnection, staff_id: int, *, now: datetime) -> None:
    await connection.execute(update(Staff).where(Staff.id == staff_id).values(last_given_at=now))


async def note(connection: AsyncConnection, recruit_id: uuid.UUID, staff_id: int, text: str, *, now: datetime) -> int:
    row_ = insert(CaseNote).values(recruit_id=recruit_id, staff_id=staff_id, text=text, created_at=now)
    number: int = (await connection.execute(row_.returning(CaseNote.id))).scalar_one()
    return number


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at a person's data: when, whose, and at what."""

    at: datetime
    name: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody writes was reported, and is not looked after yet."""

    id: int
    conversation_id: int
    at: datetime
    by: str | None
    reason: str


async def looks(connection: AsyncConnection, recruit_id: uuid.UUID, *, limit: int = 20) -> list[Looked]:
    """The last looks at a person's data, newest first."""
    found = await connection.execute(
        sql("""select l.at, s.name, l.what from looks l left join staff s on s.id = l.staff_id
               where l.recruit_id = :recruit order by l.id desc limit :limit"""),
        {"recruit": recruit_id, "limit": limit},
    )
    return [Looked(*row_) for row_ in found]


async def look_hourly(
    connection: AsyncConnection, staff_id: int, recruit_id: uuid.UUID, what: str, *, now: datetime
) -> None:
    """Keep a look that a page repeats by itself, once an hour."""
    await connection.execute(
        sql("""insert into looks (staff_id, recruit_id, what, at) select :staff, :recruit, :what, :now
               where not exists (select from looks where recruit_id = :recruit and staff_id = :staff and what = :what
                                 and at > :since)"""),
        {"staff": staff_id, "recruit": recruit_id, "what": what, "now": now, "since": now - timedelta(hours=1)},
    )


async def reports(connection: AsyncConnection) -> list[Report]:
    """Reports that nobody has closed, oldest first."""
    found = await connection.execute(
        sql("""select a.id, a.conversation_id, a.created_at, s.name, a.reason
               from abuse_reports a left join staff s on s.id = a.staff_id where a.closed_at is null order by a.id""")
    )
    return [Report(*row_) for row_ in found]


async def close_report(connection: AsyncConnection, number: int, *, now: datetime) -> bool:
    done = update(AbuseReport).where(AbuseReport.id == number, AbuseReport.closed_at.is_(None)).values(closed_at=now)
    return (await connection.execute(done)).rowcount == 1


async def look(connection: AsyncConnection, staff_id: int, recruit_id: uuid.UUID, what: str, *, now: datetime) -> None:
    """Keep that a colleague has looked at a person's data."""
    await connection.execute(insert(Look).values(staff_id=staff_id, recruit_id=recruit_id, what=what, at=now))


async def mute(connection: AsyncConnection, conversation_id: int, until: datetime | None) -> None:
    await connection.execute(update(Conversation).where(Conversation.id == conversation_id).values(muted_until=until))


async def report(
    connection: AsyncConnection, conversation_id: int, staff_id: int, reason: str, *, now: datetime
) -> int:
    row_ = insert(AbuseReport).values(conversation_id=conversation_id, staff_id=staff_id, reason=reason, created_at=now)
    number: int = (await connection.execute(row_.returning(AbuseReport.id))).scalar_one()
    return number


async def suggest(connection: AsyncConnection, **values: Any) -> int:
    row_ = insert(Suggestion).values(**values).returning(Suggestion.id)
    number: int = (await connection.execute(row_)).scalar_one()
    return number


async def named_mentors(connection: AsyncConnection, recruit_id: uuid.UUID) -> list[tuple[int, str, str]]:
    """(id, name, mentor or buddy) of those who look after somebody; mentors first."""
    found = (
        select(Mentorship.staff_id, Staff.name, Mentorship.kind)
        .join(Staff, Staff.id == Mentorship.staff_id)
        .where(Mentorship.recruit_id == recruit_id, Staff.active)
        .order_by(Mentorship.kind.desc(), Mentorship.created_at)
    )
    return [(number, name, kind) for number, name, kind in await connection.execute(found)]


async def set_mentorship(
    connection: AsyncConnection, recruit_id: uuid.UUID, staff_id: int, kind: str | None, *, now: datetime
) -> None:
    """Make somebody a recruit's mentor or buddy; None: no longer."""
    fits = (Mentorship.recruit_id == recruit_id, Mentorship.staff_id == staff_id)
    await connection.execute(delete(Mentorship).where(*fits))
    if kind is not None:
        await connection.execute(
            insert(Mentorship).values(recruit_id=recruit_id, staff_id=staff_id, kind=kind, created_at=now)
        )


# --- how busy everybody is --------------------------------------------------------------------------------------------


async def open_counts(connection: AsyncConnection) -> dict[int, int]:
    """How many conversations each mentor has at this moment; snoozed ones do not count."""
    found = await connection.execute(
        sql(
            "select mentor_id, count(*) from handovers where status = 'with_mentor' and mentor_id is not null group by 1"
        )
    )
    return {row_[0]: row_[1] for row_ in found}


async def ahead(connection: AsyncConnection, handover_id: int | None = None) -> int:
    """How many wait; with a handover: in front of that one."""
    found = await connection.execute(
        sql("""
            select count(*) from handovers h left join handovers mine on mine.id = :id
            where h.status = 'waiting' and h.closed_at is null and (mine.id is null or
                (not h.urgent, h.apologised_at is null, h.first_promised_at, h.id)
                < (not mine.urgent, mine.apologised_at is null, mine.first_promised_at, mine.id))
        """),
        {"id": handover_id},
    )
    return int(found.scalar_one())


DUE_STEPS = sql("""
    select conversation_id from handovers where closed_at is null
      and (status = 'waiting' or (status = 'with_mentor' and answered_at is null and promised_at < :now)
           or (status = 'snoozed' and snoozed_until <= :now)
           or (status = 'with_mentor' and supervisors_at is null and (waiting_since < :silent or urgent))
           or (status <> 'waiting' and not exists (select from staff s where s.id = mentor_id and s.active
               and s.role in ('mentor', 'supervisor'))))
    order by id
""")


async def to_look_at(connection: AsyncConnection, *, now: datetime) -> list[int]:
    """Conversations in which a step may be due: waiting ones, missed promises, snoozed ones whose time has come, those
    whose mentor does not write, or is gone."""
    values = {"now": now, "silent": now - timedelta(hours=1)}
    return list((await connection.execute(DUE_STEPS, values)).scalars())


async def has_mentor(connection: AsyncConnection, handover_id: int) -> bool:
    """Whether who has it can still answer: the account is on, and a mentor's."""
    found = await connection.execute(
        sql("""select exists (select from handovers h join staff s on s.id = h.mentor_id where h.id = :id and s.active
               and s.role in ('mentor', 'supervisor'))"""),
        {"id": handover_id},
    )
    return bool(found.scalar_one())


# --- files ------------------------------------------------------------------------------------------------------------


async def add_attachment(connection: AsyncConnection, **values: Any) -> uuid.UUID:
    number: uuid.UUID = (
        await connection.execute(insert(Attachment).values(**values).returning(Attachment.id))
    ).scalar_one()
    return number


async def settle_attachment(connection: AsyncConnection, number: uuid.UUID, **values: Any) -> None:
    await connection.execute(update(Attachment).where(Attachment.id == number).values(**values))


async def pending_attachments(
    connection: AsyncConnection, conversation_id: int
) -> list[tuple[uuid.UUID, str, datetime]]:
    """(id, source, since when) of files that are to be fetched."""
    found = await connection.execute(
        sql("""select f.id, f.source, f.created_at from attachments f join inbound i on i.id = f.inbound_id
               where i.conversation_id = :id and f.status = 'pending' order by f.created_at"""),
        {"id": conversation_id},
    )
    return [(number, source, created_at) for number, source, created_at in found]


async def unfetched(connection: AsyncConnection, *, before: datetime) -> list[int]:
    """Conversations with files that should have been fetched by then."""
    found = await connection.execute(
        sql("""select distinct i.conversation_id from attachments f join inbound i on i.id = f.inbound_id
               where f.status = 'pending' and f.created_at <= :before"""),
        {"before": before},
    )
    return list(found.scalars())


async def file_of(connection: AsyncConnection, inbound_id: int) -> File | None:
    """The file that came with a message, if it was kept."""
    found = await connection.execute(
        sql("select id, name, kind, size, status, reason from attachments where inbound_id = :id limit 1"),
        {"id": inbound_id},
    )
    row_ = found.one_or_none()
    return File(*row_) if row_ else None


async def attachment(connection: AsyncConnection, number: uuid.UUID) -> tuple[int, File, bytes | None] | None:
    """(conversation, file, content); None if there is no such file."""
    found = await connection.execute(
        sql("""select i.conversation_id, f.id, f.name, f.kind, f.size, f.status, f.reason, f.content
               from attachments f join inbound i on i.id = f.inbound_id where f.id = :id"""),
        {"id": number},
    )
    row_ = found.one_or_none()
    if row_ is None:
        return None
    conversation, id_, name, kind, size, status, reason, content = row_
    return conversation, File(id_, name, kind, size, status, reason), content
