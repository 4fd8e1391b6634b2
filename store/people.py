"""What people may ask of their own data: see it, delete it; and what runs by itself: retention."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, not_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.days import danish_day
from store.conversations import Context
from store.invitations import forget_told
from store.tables import (
    AbuseReport,
    Address,
    AnnouncementPerson,
    Attachment,
    CaseNote,
    Conversation,
    Employer,
    Feedback,
    ForumMessage,
    ForumTopic,
    Handover,
    HandoverEvent,
    HandoverMember,
    HandoverOffer,
    InboundMessage,
    Invitation,
    Look,
    MentorNote,
    Mentorship,
    OutboundMessage,
    PrivateLink,
    Progress,
    Recruit,
    Reminder,
    TaskChange,
    UnansweredQuestion,
)

UNKEPT_REPLIES = timedelta(hours=24)

# Every table that holds anything about a person: the person's own rows, as columns to show.
EXPORTED: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "addresses": (Address, ("channel", "external_id", "unreachable_at")),
    "conversations": (Conversation, ("owner", "epoch", "state", "erase_at")),
    "inbound": (
        InboundMessage,
        ("received_at", "kind", "text", "payload", "reference", "edits", "masked", "language_hint", "handled_at"),
    ),
    "outbound": (OutboundMessage, ("created_at", "status", "sent_at", "external_id", "body")),
    "feedback": (Feedback, ("created_at", "value", "topics")),
    "unanswered": (UnansweredQuestion, ("created_at", "kind", "language", "text", "candidates", "wants_answer", "told_at")),
    "attachments": (Attachment, ("created_at", "name", "kind", "size", "status", "reason")),
    "handovers": (
        Handover,
        ("created_at", "reason", "status", "promised_at", "answered_at", "closed_at", "outcome", "rating", "rating_text"),
    ),
    "handover_events": (HandoverEvent, ("at", "kind", "data")),
    "handover_offers": (HandoverOffer, ("offered_at", "declined_at", "note")),
    "handover_members": (HandoverMember, ("invited_at", "joined_at")),
    "abuse_reports": (AbuseReport, ("created_at", "reason", "closed_at")),
    "forum_topics": (ForumTopic, ("chat_id", "thread_id")),
    "forum_messages": (ForumMessage, ("chat_id", "message_id")),
    "case_notes": (CaseNote, ("created_at", "text")),
    "mentorships": (Mentorship, ("created_at", "kind")),
    "looks": (Look, ("at", "what")),
    "employers": (Employer, ("name", "code", "created_at")),  # whose contact the person is
    "task_changes": (TaskChange, ("created_at", "task", "status", "day", "said_by")),
    "reminders": (
        Reminder,
        (
            "created_at", "kind", "task", "occurrence", "text", "planned_for", "due_at", "status", "reason", "settled_at",
        ),
    ),
    "mentor_notes": (MentorNote, ("created_at", "kind", "task", "closed_at")),
    "private_links": (PrivateLink, ("created_at", "used_at", "revoked_at")),
    "progress": (Progress, ("phase", "done", "total", "next_due", "next_legal", "late", "computed_at")),
    "invitations": (
        Invitation,
        ("created_at", "name", "reference", "language", "profile", "expires_at", "used_at", "revoked_at"),
    ),
    "announcement_people": (AnnouncementPerson, ("announcement_id",)),  # named for a correction, or an answer
}  # fmt: skip
OWNED_BY: dict[type[Any], Any] = {
    Employer: Employer.contact_id,
    TaskChange: TaskChange.recruit_id,
    Reminder: Reminder.recruit_id,
    MentorNote: MentorNote.recruit_id,
    PrivateLink: PrivateLink.recruit_id,
    CaseNote: CaseNote.recruit_id,
    Mentorship: Mentorship.recruit_id,
    Look: Look.recruit_id,
    Progress: Progress.recruit_id,
    Invitation: Invitation.recruit_id,
    AnnouncementPerson: AnnouncementPerson.recruit_id,
}
ERASED_AT_ONCE = (
    TaskChange, Reminder, MentorNote, PrivateLink, CaseNote, Mentorship, Look, Progress, Invitation, AnnouncementPerson,
)  # fmt: skip
OF_HANDOVER = (HandoverEvent, HandoverOffer, HandoverMember)


async def export(connection: AsyncConnection, recruit_id: uuid.UUID) -> dict[str, Any]:
    """Everything kept about a person, as JSON."""
    person = (
        (await connection.execute(select(Recruit.__table__).where(Recruit.id == recruit_id))).mappings().one_or_none()
    )
    data: dict[str, Any] = {"person": _plain(dict(person)) if person else None}
    for name, (table, columns) in EXPORTED.items():
        picked = [getattr(table, column) for column in columns]
        in_order = select(*picked).order_by(*table.__table__.primary_key.columns)
        rows = await connection.execute(_of_person(in_order, table, recruit_id))
        data[name] = [_plain(dict(row)) for row in rows.mappings()]
    return data


def _of_person(query: Any, table: type[Any], recruit_id: uuid.UUID) -> Any:
    if table in OWNED_BY:
        return query.where(OWNED_BY[table] == recruit_id)
    if table is not Address:
        if table is Feedback:
            query = query.join(OutboundMessage, Feedback.outbound_id == OutboundMessage.id)
            query = query.join(Conversation, OutboundMessage.conversation_id == Conversation.id)
        elif table is Attachment:
            query = query.join(InboundMessage, Attachment.inbound_id == InboundMessage.id)
            query = query.join(Conversation, InboundMessage.conversation_id == Conversation.id)
        elif table in OF_HANDOVER:
            query = query.join(Handover, table.handover_id == Handover.id)
            query = query.join(Conversation, Handover.conversation_id == Conversation.id)
        elif table is not Conversation:
            query = query.join(Conversation, table.conversation_id == Conversation.id)
        query = query.join(Address, Conversation.address_id == Address.id)
    return query.where(Address.recruit_id == recruit_id)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in row.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


async def erase_all_but_last(connection: AsyncConnection, recruit_id: uuid.UUID, conversation_id: int) -> None:
    """Delete everything of a person but what the farewell needs to travel; `erase_due` takes that, too."""
    newest = (
        select(OutboundMessage.id)
        .where(OutboundMessage.conversation_id == conversation_id)
        .order_by(OutboundMessage.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    await connection.execute(update(OutboundMessage).where(OutboundMessage.id == newest).values(inbound_id=None))
    others = Address.id != select(Conversation.address_id).where(Conversation.id == conversation_id).scalar_subquery()
    await connection.execute(delete(Address).where(Address.recruit_id == recruit_id, others))
    for owned in ERASED_AT_ONCE:
        await connection.execute(delete(owned).where(owned.recruit_id == recruit_id))
    await connection.execute(delete(Reminder).where(Reminder.about_id == recruit_id))
    await connection.execute(update(Employer).where(Employer.contact_id == recruit_id).values(contact_id=None))
    for table in (UnansweredQuestion, Handover, AbuseReport, ForumTopic, ForumMessage):
        await connection.execute(delete(table).where(table.conversation_id == conversation_id))
    # Whoever had it has it no more; the farewell is not late because of that.
    await connection.execute(update(Conversation).where(Conversation.id == conversation_id).values(owner="bot"))
    # What was written after the wish and waits for its answer is not part of it.
    handled = (InboundMessage.conversation_id == conversation_id, InboundMessage.handled_at.is_not(None))
    await connection.execute(delete(InboundMessage).where(*handled))
    await connection.execute(
        delete(OutboundMessage).where(OutboundMessage.conversation_id == conversation_id, OutboundMessage.id != newest)
    )
    await connection.execute(
        update(Recruit)
        .where(Recruit.id == recruit_id)
        .values(language=None, language_chosen=False, consent="unasked", consent_at=None, profile={})
    )


async def erase_texts(connection: AsyncConnection, conversation_id: int) -> None:
    """Delete what a person wrote, because the consent to keep it was not given or is taken back.

    With it goes the list that was kept: what is done, own reminders, private addresses.
    """
    of_it = (
        select(Address.recruit_id)
        .join(Conversation, Conversation.address_id == Address.id)
        .where(Conversation.id == conversation_id)
        .scalar_subquery()
    )
    for owned in (TaskChange, MentorNote, PrivateLink, Progress):
        await connection.execute(delete(owned).where(owned.recruit_id == of_it))
    await forget_told(connection, of_it)
    for profile in (
        update(Recruit).where(Recruit.id == of_it).values(profile={}),
        delete(Attachment).where(
            Attachment.inbound_id.in_(
                select(InboundMessage.id).where(InboundMessage.conversation_id == conversation_id)
            ),
            not_(
                select(Handover.id)
                .where(Handover.conversation_id == conversation_id, Handover.closed_at.is_(None))
                .exists()
            ),
        ),
    ):
        await connection.execute(profile)
    unsent = Reminder.status.not_in(("sent", "sending"))
    await connection.execute(delete(Reminder).where(Reminder.recruit_id == of_it, Reminder.kind == "own", unsent))
    await connection.execute(update(Reminder).where(Reminder.recruit_id == of_it).values(text=None))
    await connection.execute(delete(UnansweredQuestion).where(UnansweredQuestion.conversation_id == conversation_id))
    written = (InboundMessage.conversation_id == conversation_id, InboundMessage.handled_at.is_not(None))
    # What was written for a mentor who is still asked for stays until the talk is over; the person was told so.
    asked_since = select(Handover.created_at).where(
        Handover.conversation_id == conversation_id, Handover.closed_at.is_(None), Handover.promised_at.is_not(None)
    )
    for_nobody = or_(InboundMessage.received_at < asked_since.scalar_subquery(), not_(asked_since.exists()))
    await connection.execute(update(InboundMessage).where(*written, for_nobody).values(text=None))


LOCK_DUE = text("select from conversations where erase_at <= :now for update")
ERASE_DUE = text("""
    delete from recruits r using addresses a, conversations c
    where a.recruit_id = r.id and c.address_id = a.id and c.erase_at <= :now
      and not exists (select from inbound i where i.conversation_id = c.id)
""")


async def erase_due(connection: AsyncConnection, *, now: datetime) -> int:
    """Delete the last trace of those whose farewell had its minute, unless they have written again."""
    # First wait for messages that are just being stored, then look: else one would go down with its conversation.
    await connection.execute(LOCK_DUE, {"now": now})
    return (await connection.execute(ERASE_DUE, {"now": now})).rowcount


OVER = """not exists (select from handovers h where h.conversation_id = c.id
        and (h.closed_at > :before or h.closed_at is null and h.promised_at is not null))"""
RETENTION = text("delete from recruits where seen_at < :before")
UNKEPT = text(
    """
    delete from outbound o using conversations c, addresses a, recruits r
    where o.conversation_id = c.id and c.address_id = a.id and a.recruit_id = r.id
      and r.consent <> 'given' and o.created_at < :before and o.status not in ('pending', 'sending') and TALK_OVER
""".replace("TALK_OVER", OVER)
)
UNKEPT_NOTES = text(
    """
    delete from case_notes n using conversations c, addresses a, recruits r
    where n.recruit_id = r.id and c.address_id = a.id and a.recruit_id = r.id
      and r.consent <> 'given' and n.created_at < :before and TALK_OVER
""".replace("TALK_OVER", OVER)
)
# What somebody wrote in passing: a line with the rating, a note with a step, the reason of a report.
UNKEPT_WORDS = tuple(
    text(
        """
        update TABLE t set COLUMN from handovers h, conversations c, addresses a, recruits r
        where WHOSE and h.conversation_id = c.id and c.address_id = a.id and a.recruit_id = r.id
          and r.consent <> 'given' and h.closed_at < :before and t.HELD and OVER
        """.replace("TABLE", table)
        .replace("COLUMN", column)
        .replace("WHOSE", whose)
        .replace("HELD", held)
        .replace("OVER", OVER)
    )
    for table, column, whose, held in (
        ("handovers", "rating_text = null", "t.id = h.id", "rating_text is not null"),
        ("handover_events", "data = t.data - 'note'", "t.handover_id = h.id", "data ->> 'note' <> ''"),
        ("handover_offers", "note = null", "t.handover_id = h.id", "note is not null"),
        ("abuse_reports", "reason = ''", "t.conversation_id = h.conversation_id", "reason <> ''"),
    )
)
UNKEPT_INBOUND = text(
    """
    delete from inbound i using conversations c, addresses a, recruits r
    where i.conversation_id = c.id and c.address_id = a.id and a.recruit_id = r.id
      and r.consent <> 'given' and i.handled_at < :before and TALK_OVER
      and not exists (select from outbound o where o.inbound_id = i.id and o.status in ('pending', 'sending'))
""".replace("TALK_OVER", OVER)
)


async def retain(connection: AsyncConnection, *, now: datetime, days: int) -> dict[str, int]:
    """Delete people not heard of for `days`; and what was said with those who did not consent, a day after it, or after
    the talk with a mentor that it was part of."""
    gone = await connection.execute(RETENTION, {"before": now - timedelta(days=days)})
    replies = await connection.execute(UNKEPT, {"before": now - UNKEPT_REPLIES})
    for unkept in (UNKEPT_INBOUND, UNKEPT_NOTES, *UNKEPT_WORDS):
        await connection.execute(unkept, {"before": now - UNKEPT_REPLIES})
    return {"people": gone.rowcount, "replies": replies.rowcount}


RATE = text("""
    with rated as (
        select o.id, o.body ->> 'about' as topic, coalesce(o.body ->> 'around', '') as around,
               o.body ->> 'language' as language, f.value as before
        from outbound o join conversations c on c.id = o.conversation_id join addresses a on a.id = c.address_id
        left join feedback f on f.outbound_id = o.id
        where o.id = :id and a.channel = :channel and a.external_id = :address and o.body ->> 'rate' = 'true'
    ), tallied as (
        insert into tallies (day, what, language, theme, topic, number)
        select :day, case t.value when 1 then 'thumb_up' else 'thumb_down' end, coalesce(nullif(r.around, ''), r.language),
               coalesce(k.data ->> 'theme', ''), coalesce(r.topic, ''), t.number
        from rated r left join knowledge k on k.kind = 'topic' and k.key = r.topic,
             lateral (values (cast(:value as integer), 1), (r.before, -1)) t(value, number)
        where t.value is not null and r.before is distinct from cast(:value as integer)
    )
    insert into feedback (outbound_id, value, topics, created_at)
    select id, cast(:value as integer), jsonb_build_array(topic), :now from rated
    on conflict (outbound_id) do update set value = excluded.value, created_at = excluded.created_at
""")


async def rate(
    connection: AsyncConnection, channel: str, address: str, outbound_id: int, value: int, *, now: datetime
) -> bool:
    """Keep a thumb (1 or -1) on one of the person's own answers; False if there is no such answer."""
    values = {
        "id": outbound_id,
        "value": value,
        "now": now,
        "channel": channel,
        "address": address,
        "day": danish_day(now),
    }
    return (await connection.execute(RATE, values)).rowcount == 1


async def show_again(
    connection: AsyncConnection, context: Context, outbound_id: int, *, inbound_id: int, now: datetime
) -> None:
    """Queue a copy of one of the person's own replies."""
    copy = text("""
        insert into outbound (conversation_id, inbound_id, epoch, body, created_at, due_at)
        select conversation_id, :inbound, :epoch, body || '{"always": true}', :now, :now from outbound
        where id = :id and conversation_id = :conversation
    """)
    await connection.execute(
        copy,
        {
            "id": outbound_id,
            "conversation": context.conversation_id,
            "inbound": inbound_id,
            "epoch": context.epoch,
            "now": now,
        },
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """What planning needs to know of a person; contact_id: of the employer whose code the person gave."""

    id: uuid.UUID
    language: str | None
    consent: str
    profile: dict[str, str]
    contact_id: uuid.UUID | None


PLANNED = text("""
    select r.id, r.language, r.consent, r.profile, e.contact_id
    from recruits r left join employers e on e.code = r.profile ->> 'employer' where r.id = :id
""")


async def planned_with(connection: AsyncConnection, recruit_id: object) -> Planned | None:
    row = (await connection.execute(PLANNED, {"id": recruit_id})).one_or_none()
    return Planned(*row) if row else None


async def introduce(
    connection: AsyncConnection, conversation_id: int, *, language: str | None, profile: dict[str, Any]
) -> None:
    """What is known of a person before the first message: a language, a profile."""
    await connection.execute(
        update(Recruit).where(Recruit.id == _who(conversation_id)).values(language=language, profile=profile)
    )


async def erase(connection: AsyncConnection, conversation_id: int) -> None:
    """Delete the person of a conversation, with everything."""
    await connection.execute(delete(Recruit).where(Recruit.id == _who(conversation_id)))


def _who(conversation_id: int) -> Any:
    return (
        select(Address.recruit_id)
        .join(Conversation, Conversation.address_id == Address.id)
        .where(Conversation.id == conversation_id)
        .scalar_subquery()
    )
