"""All tables.

Whatever holds anything about a person hangs below `recruits` with ON DELETE CASCADE, so that forgetting a
person is deleting one row; `tests/integration/test_privacy.py` looks at every table of every schema.
"""

import uuid
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

JSON = dict[str, Any]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        JSON: JSONB,
        list[Any]: JSONB,
        str: Text,
        uuid.UUID: UUID(as_uuid=True),
    }


def _number() -> Mapped[int]:
    return mapped_column(BigInteger, Identity(), primary_key=True)


class Recruit(Base):
    """A person who writes to us. Consent: unasked, asked, given or declined."""

    __tablename__ = "recruits"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)
    language: Mapped[str | None]
    language_chosen: Mapped[bool] = mapped_column(server_default=sql("false"))
    consent: Mapped[str] = mapped_column(server_default="unasked")
    consent_at: Mapped[datetime | None]
    profile: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))
    __table_args__ = (CheckConstraint("consent in ('unasked', 'asked', 'given', 'declined')", name="consent"),)


class Address(Base):
    """Where a person is reached: a Telegram chat, a browser, a terminal."""

    __tablename__ = "addresses"
    id: Mapped[int] = _number()
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), index=True)
    channel: Mapped[str]
    external_id: Mapped[str]
    unreachable_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("channel", "external_id"),)


class Conversation(Base):
    """One address, one conversation. The epoch grows with each change of owner (bot or mentor)."""

    __tablename__ = "conversations"
    id: Mapped[int] = _number()
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id", ondelete="CASCADE"), unique=True)
    owner: Mapped[str] = mapped_column(server_default="bot")
    epoch: Mapped[int] = mapped_column(server_default=sql("0"))
    state: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))
    erase_at: Mapped[datetime | None]
    muted_until: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("owner in ('bot', 'mentor')", name="owner"),)


class InboundMessage(Base):
    """An update from a channel, stored before anything else happens; masked text only."""

    __tablename__ = "inbound"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    channel: Mapped[str]
    update_id: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str | None]
    payload: Mapped[str] = mapped_column(server_default="")
    reference: Mapped[str | None]
    edits: Mapped[str | None]
    masked: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    language_hint: Mapped[str | None]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("channel", "update_id"),
        Index("ix_inbound_conversation", "conversation_id", "id"),
        Index("ix_inbound_waiting", "conversation_id", "id", postgresql_where=sql("handled_at is null")),
    )


class OutboundMessage(Base):
    """A reply, stored with the state it follows from; or what a mentor wrote (mentor_id).

    Status: pending → sending → sent, or failed (nobody there), unknown (may have been sent; known and
    reported, never repeated blindly), dropped (thought under an older epoch; never a mentor's). source: what a
    mentor's message was known by where it was written, so that sending it again stores it once.
    """

    __tablename__ = "outbound"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"), index=True)
    epoch: Mapped[int]
    body: Mapped[JSON]
    status: Mapped[str] = mapped_column(server_default="pending")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    external_id: Mapped[str | None]
    error: Mapped[str | None]
    mentor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    source: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("status in ('pending', 'sending', 'sent', 'failed', 'unknown', 'dropped')", name="status"),
        Index("ix_outbound_conversation", "conversation_id", "id"),
        Index("uq_outbound_source", "source", unique=True, postgresql_where=sql("source is not null")),
        Index(
            "ix_outbound_revisions",
            sql("(body -> 'revisions') jsonb_path_ops"),
            postgresql_using="gin",
            postgresql_where=sql("jsonb_exists(body, 'revisions')"),
        ),
        Index(
            "ix_outbound_due",
            "conversation_id",
            "id",
            postgresql_where=sql("status in ('pending', 'sending')"),
        ),
    )


class Feedback(Base):
    """Thumbs up (1) or down (-1) on an answer; the last press counts."""

    __tablename__ = "feedback"
    outbound_id: Mapped[int] = mapped_column(ForeignKey("outbound.id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[int]
    topics: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    created_at: Mapped[datetime]


class Gap(Base):
    """Questions that mean the same, for the editors to decide about. What was asked stands in `unanswered` only.

    Status: open → answered (topic: where the answer is now) or not_ours. An open one with a topic waits for that topic to be
    published. by_hand: an editor took it out of another, so it is not merged by itself.
    """

    __tablename__ = "gaps"
    id: Mapped[int] = _number()
    status: Mapped[str] = mapped_column(server_default="open", index=True)
    topic: Mapped[str | None]
    by_hand: Mapped[bool] = mapped_column(server_default=sql("false"))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    __table_args__ = (CheckConstraint("status in ('open', 'answered', 'not_ours')", name="status"),)


class UnansweredQuestion(Base):
    """A masked question without a good answer, kept for the editors (with consent only).

    kind: unanswered (no sure answer), thumb_down, not_solved (by a mentor), left (we asked back, and nobody came back).
    gap_id: with which others it belongs; None until it was looked at. inbound_id: the message, where there is one.
    wants_answer: the person asked to be told; told_at: when that was done.
    """

    __tablename__ = "unanswered"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    language: Mapped[str]
    text: Mapped[str]
    candidates: Mapped[list[Any]]
    created_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(server_default="unanswered")
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"), index=True)
    gap_id: Mapped[int | None] = mapped_column(ForeignKey("gaps.id", ondelete="SET NULL"), index=True)
    wants_answer: Mapped[bool] = mapped_column(server_default=sql("false"))
    told_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("kind in ('unanswered', 'thumb_down', 'not_solved', 'left')", name="kind"),
        Index("ix_unanswered_new", "id", postgresql_where=sql("gap_id is null")),
    )


class Handover(Base):
    """One time that a conversation comes over to a human.

    Status: waiting → with_mentor ⇄ snoozed → resolved, or cancelled. theme: of the last topic. promised_at: before when
    a human will have written; first_promised_at: what was promised at first, against which the promise is measured.
    round, offered_at, supervisors_at: how far asking for somebody has come. unread, waiting_since: what the mentor has
    not seen, and since when the person waits for an answer. noticed_at: when the person was last told that nobody is
    there now. reopened_of: the handover that did not solve it.
    """

    __tablename__ = "handovers"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="waiting")
    urgent: Mapped[bool] = mapped_column(server_default=sql("false"))
    theme: Mapped[str | None]
    language: Mapped[str | None]
    created_at: Mapped[datetime]
    promised_at: Mapped[datetime | None]
    first_promised_at: Mapped[datetime | None]
    apologised_at: Mapped[datetime | None]
    noticed_at: Mapped[datetime | None]
    round: Mapped[int] = mapped_column(server_default=sql("0"))
    offered_at: Mapped[datetime | None]
    supervisors_at: Mapped[datetime | None]
    mentor_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    claimed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    unread: Mapped[int] = mapped_column(server_default=sql("0"))
    waiting_since: Mapped[datetime | None]
    last_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    rating: Mapped[int | None]
    rating_text: Mapped[str | None]
    rated_at: Mapped[datetime | None]
    reopened_of: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint("status in ('waiting', 'with_mentor', 'snoozed', 'resolved', 'cancelled')", name="status"),
        CheckConstraint("(closed_at is null) = (status in ('waiting', 'with_mentor', 'snoozed'))", name="closed"),
        CheckConstraint("rating between 1 and 5", name="rating"),
        Index("uq_handovers_open", "conversation_id", unique=True, postgresql_where=sql("closed_at is null")),
        Index("ix_handovers_open_status", "status", "last_at", postgresql_where=sql("closed_at is null")),
        Index("ix_handovers_closed_at", "closed_at", postgresql_where=sql("closed_at is not null")),
    )


class HandoverMember(Base):
    """Another mentor in a conversation: invited, and there from `joined_at` on."""

    __tablename__ = "handover_members"
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    invited_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]


class HandoverOffer(Base):
    """A mentor was asked to take a conversation. reasons: why this one (handover/routing.py)."""

    __tablename__ = "handover_offers"
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, index=True)
    round: Mapped[int]
    reasons: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    offered_at: Mapped[datetime]
    declined_at: Mapped[datetime | None]
    note: Mapped[str | None]


class HandoverEvent(Base):
    """Each step of a handover, in order: asked, offered, claimed, passed_on, escalated, sorry, resolved …"""

    __tablename__ = "handover_events"
    id: Mapped[int] = _number()
    handover_id: Mapped[int] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    data: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))


class CaseNote(Base):
    """What mentors note of a person for each other; the person sees it in the data export only."""

    __tablename__ = "case_notes"
    id: Mapped[int] = _number()
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    text: Mapped[str]
    created_at: Mapped[datetime]


class Attachment(Base):
    """A file that a person sent while a human is asked for. Status: pending (to be fetched), stored or refused (reason)."""

    __tablename__ = "attachments"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    inbound_id: Mapped[int] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str | None]
    source: Mapped[str] = mapped_column(server_default="")
    content: Mapped[bytes | None]
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("status in ('pending', 'stored', 'refused')", name="status"),
        Index("ix_attachments_pending", "created_at", postgresql_where=sql("status = 'pending'")),
    )


class Mentorship(Base):
    """Who is somebody's named mentor or buddy."""

    __tablename__ = "mentorships"
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, index=True)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("kind in ('mentor', 'buddy')", name="kind"),)


class Look(Base):
    """A look of a colleague's at a person's data: what was opened, and when."""

    __tablename__ = "looks"
    id: Mapped[int] = _number()
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    what: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)


class AbuseReport(Base):
    """A mentor reports what somebody writes; a supervisor closes it."""

    __tablename__ = "abuse_reports"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    reason: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ForumTopic(Base):
    """A conversation's topic in the mentors' Telegram group, and up to where it has been told."""

    __tablename__ = "forum_topics"
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(server_default="")
    handover_id: Mapped[int | None] = mapped_column(BigInteger)
    inbound_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    outbound_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    event_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    note_id: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    __table_args__ = (UniqueConstraint("chat_id", "thread_id"),)


class ForumMessage(Base):
    """Which message in the mentors' group or chat belongs to which of ours; for edits and answers."""

    __tablename__ = "forum_messages"
    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    inbound_id: Mapped[int | None] = mapped_column(ForeignKey("inbound.id", ondelete="CASCADE"), index=True)
    outbound_id: Mapped[int | None] = mapped_column(ForeignKey("outbound.id", ondelete="CASCADE"), index=True)


class Staff(Base):
    """A colleague: who may sign in, what they speak and know. Empty lists mean: any.

    telegram_id: of their own account, once linked. telegram_talk: the conversation that their direct chat is about.
    totp_secret: of their second factor, encrypted; totp_used: the last time step of which a code was taken, so that none
    is taken twice. subject: who they are at the municipality's own sign-in (issuer and subject), once they used it.
    """

    __tablename__ = "staff"
    id: Mapped[int] = _number()
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=sql("true"))
    languages: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    kommuner: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    themes: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    occupations: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    capacity: Mapped[int] = mapped_column(server_default=sql("15"))
    password_hash: Mapped[str | None]
    failed: Mapped[int] = mapped_column(server_default=sql("0"))
    locked_until: Mapped[datetime | None]
    telegram_id: Mapped[str | None] = mapped_column(unique=True)
    telegram_talk: Mapped[int | None] = mapped_column(BigInteger)
    translate: Mapped[bool] = mapped_column(server_default=sql("true"))
    totp_secret: Mapped[str | None]
    totp_used: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str | None] = mapped_column(unique=True)
    last_given_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("role in ('mentor', 'supervisor', 'admin', 'editor', 'reviewer', 'auditor')", name="role"),
        CheckConstraint("capacity > 0", name="capacity"),
    )


class StaffSession(Base):
    """A colleague is signed in; the secret itself is only in their cookie. second: with a second factor, too.

    number: what the session is called in lists; agent: the browser, as it names itself, shortened.
    """

    __tablename__ = "staff_sessions"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    second: Mapped[bool] = mapped_column(server_default=sql("false"))
    agent: Mapped[str] = mapped_column(server_default="")
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class StaffLink(Base):
    """A one-time link: to choose a password, or to link a Telegram account."""

    __tablename__ = "staff_links"
    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    __table_args__ = (CheckConstraint("purpose in ('password', 'telegram')", name="purpose"),)


class RecoveryCode(Base):
    """A code that stands for a colleague's second factor once, when their telephone is gone; its hash only."""

    __tablename__ = "staff_recovery"
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]


class Shift(Base):
    """When a colleague is on duty or on call: each week, or on one day. An end not after the start is on the next day."""

    __tablename__ = "shifts"
    id: Mapped[int] = _number()
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    weekday: Mapped[int | None]
    day: Mapped[date | None]
    start: Mapped[time]
    end: Mapped[time]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    __table_args__ = (
        CheckConstraint("kind in ('duty', 'on_call')", name="kind"),
        CheckConstraint("(weekday is null) <> (day is null)", name="when"),
        CheckConstraint("weekday between 0 and 6", name="weekday"),
    )


class Suggestion(Base):
    """What a mentor learnt from a conversation, without names: an answer or an example question, for an editor."""

    __tablename__ = "suggestions"
    id: Mapped[int] = _number()
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    kind: Mapped[str]
    topic: Mapped[str | None]
    language: Mapped[str]
    question: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="waiting")
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("kind in ('answer', 'example')", name="kind"),
        CheckConstraint("status in ('waiting', 'accepted', 'refused')", name="status"),
    )


class Employer(Base):
    """A workplace that receives recruits; they give its `code`, its contact opens the chat with `contact_code`."""

    __tablename__ = "employers"
    id: Mapped[int] = _number()
    name: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    contact_code: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recruits.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]


class Invitation(Base):
    """Somebody is invited before they write: what is known of them, and the code of their link.

    name: what the inviting side calls them. reference: its own number for them. profile: what they need not be asked.
    recruit_id: who opened the link. batch: what was imported at once. data goes when it was used or is too old.
    """

    __tablename__ = "invitations"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    reference: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str | None]
    profile: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))
    batch: Mapped[uuid.UUID] = mapped_column(index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    api_key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    recruit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), index=True)


class Progress(Base):
    """Where a person's list stands, for lists of many people; a copy that can be made anew at any time.

    next_legal: the earliest legal limit that is not done, so that it is late from the day after. next_due: the same for
    any task. done, total: of the tasks that apply. late: each limit that is not done, as task and day, the next first; the
    limit has passed where the day has.
    """

    __tablename__ = "progress"
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), primary_key=True)
    phase: Mapped[str] = mapped_column(server_default="", index=True)
    done: Mapped[int]
    total: Mapped[int]
    next_due: Mapped[date | None]
    next_legal: Mapped[date | None] = mapped_column(index=True)
    late: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    computed_at: Mapped[datetime]


class TaskChange(Base):
    """What became of a task on a person's list; the newest row counts, so taking one back is deleting it.

    day: when it was done. batch: what was said at once is taken back at once.
    """

    __tablename__ = "task_changes"
    id: Mapped[int] = _number()
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"))
    task: Mapped[str]
    status: Mapped[str]
    day: Mapped[date]
    said_by: Mapped[str]
    batch: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("status in ('done', 'skipped', 'open')", name="status"),
        CheckConstraint("said_by in ('recruit', 'employer', 'mentor')", name="said_by"),
        Index("ix_task_changes_recruit_id_task_id", "recruit_id", "task", "id"),
    )


class Reminder(Base):
    """The ledger: one row a person, task and occurrence.

    recruit_id: who is reminded; about_id: whose list the task stands on, where that is somebody else (an employer's
    contact is reminded of a recruit). kind: task, own (in the person's words), announcement. due_at: when it is looked
    at next; planned_for: when it was first meant to be. batch: claimed together. reason: why it was skipped, postponed
    or failed. Status: planned → claimed → sending → sent; or skipped, postponed (until due_at), failed.
    """

    __tablename__ = "reminders"
    id: Mapped[int] = _number()
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"))
    about_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"))
    kind: Mapped[str]
    task: Mapped[str] = mapped_column(server_default="")
    occurrence: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str | None]
    planned_for: Mapped[datetime]
    due_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default="planned")
    reason: Mapped[str | None]
    batch: Mapped[uuid.UUID | None]
    claimed_at: Mapped[datetime | None]
    outbound_id: Mapped[int | None] = mapped_column(ForeignKey("outbound.id", ondelete="SET NULL"))
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    __table_args__ = (
        CheckConstraint("kind in ('task', 'own', 'announcement')", name="kind"),
        CheckConstraint(
            "status in ('planned', 'claimed', 'sending', 'sent', 'skipped', 'postponed', 'failed')", name="status"
        ),
        UniqueConstraint("recruit_id", "about_id", "kind", "task", "occurrence", postgresql_nulls_not_distinct=True),
        # Partial, as each row is written four times and most have neither; measured in docs/decisions/0004.
        Index("ix_reminders_about_id", "about_id", postgresql_where=sql("about_id is not null")),
        Index("ix_reminders_outbound_id", "outbound_id", postgresql_where=sql("outbound_id is not null")),
        Index("ix_reminders_due", "due_at", postgresql_where=sql("status in ('planned', 'postponed')")),
        Index(
            "ix_reminders_to_come", "recruit_id", "due_at", postgresql_where=sql("status in ('planned', 'postponed')")
        ),
        Index("ix_reminders_under_way", "claimed_at", postgresql_where=sql("status in ('claimed', 'sending')")),
        Index("ix_reminders_announcement", "task", "status", postgresql_where=sql("kind = 'announcement'")),
    )


class MentorNote(Base):
    """What a mentor should hear of, with the person's consent: a legal limit passed, reminders nobody reacts to."""

    __tablename__ = "mentor_notes"
    id: Mapped[int] = _number()
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"))
    kind: Mapped[str]
    task: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (
        CheckConstraint("kind in ('legal_limit_passed', 'reminders_ignored')", name="kind"),
        UniqueConstraint("recruit_id", "kind", "task"),
    )


class PrivateLink(Base):
    """A private address of a person's list (calendar feed, page to print); the secret in it is not kept here."""

    __tablename__ = "private_links"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    recruit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("recruits.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Announcement(Base):
    """A message to many: draft → scheduled → sending → done, or stopped. Who got it stands in the ledger.

    segment: which people (language, kommune, origin, occupation, phase …), each a list of values. texts: by language.
    kind: to a segment; or correction, answer: to those named in `announcement_people` alone. about: what it corrects
    (revisions) or answers (gap, topic).
    """

    __tablename__ = "announcements"
    id: Mapped[int] = _number()
    name: Mapped[str] = mapped_column(unique=True)
    segment: Mapped[JSON]
    texts: Mapped[JSON]
    status: Mapped[str] = mapped_column(server_default="draft")
    created_at: Mapped[datetime]
    scheduled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(server_default="announcement")
    about: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    __table_args__ = (
        CheckConstraint("kind in ('announcement', 'correction', 'answer')", name="kind"),
        CheckConstraint("status in ('draft', 'scheduled', 'sending', 'stopped', 'done')", name="status"),
        CheckConstraint("jsonb_exists(texts, 'en')", name="english"),
        CheckConstraint("status = 'draft' or scheduled_at is not null", name="timed"),
    )


class AnnouncementPerson(Base):
    """Whom a correction or an answer is for."""

    __tablename__ = "announcement_people"
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id", ondelete="CASCADE"), primary_key=True)
    recruit_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("recruits.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SendLimit(Base):
    """How far ahead a channel's sending is reserved; buckets are shards, nobody's address stands here."""

    __tablename__ = "send_limits"
    bucket: Mapped[str] = mapped_column(primary_key=True)
    full_at: Mapped[datetime]


class Entry(Base):
    """One published piece of knowledge: a topic, its text in a language, a figure, a reply, a term …

    origin `file`: as imported; `pages`: from a folder of Markdown pages; `edited`: changed here, never overwritten by
    an import.
    """

    __tablename__ = "knowledge"
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True, server_default="")
    data: Mapped[JSON]
    origin: Mapped[str] = mapped_column(server_default="file")
    file_hash: Mapped[str] = mapped_column(server_default="")
    updated_at: Mapped[datetime]
    revision_id: Mapped[int | None] = mapped_column(BigInteger)
    __table_args__ = (
        CheckConstraint(
            "kind in ('topic', 'text', 'figure', 'reply', 'term', 'municipality', 'task', 'task_text', 'document', "
            "'canned', 'desk', 'danger')",
            name="kind",
        ),
        CheckConstraint("origin in ('file', 'pages', 'edited')", name="origin"),
    )


class Revision(Base):
    """What a piece of knowledge was from `at` on, until its next revision; without data: it was taken away.

    The highest number says whether anything published has changed. minor: translations made from the one before stay
    up to date. staff_id: who published it (None: an import); writer_id: who wrote it, where that was somebody else.
    """

    __tablename__ = "revisions"
    id: Mapped[int] = _number()
    kind: Mapped[str]
    key: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="")
    data: Mapped[JSON | None] = mapped_column(JSONB(none_as_null=True))
    origin: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"), index=True)
    minor: Mapped[bool] = mapped_column(server_default=sql("false"))
    note: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (Index("ix_revisions_name", "kind", "key", "language", "id"),)


class Draft(Base):
    """What an editor is writing and nobody is told yet; one for each piece of knowledge.

    base_id: the revision that it was begun from. version grows with each saving, so that the second of two editors
    cannot overwrite the first unseen. staff_id: who saved it last; writers: all who did, none of whom may approve it.
    note: to the reviewer, or from one who sent it back.
    """

    __tablename__ = "drafts"
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True, server_default="")
    data: Mapped[JSON]
    base_id: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    state: Mapped[str] = mapped_column(server_default="draft")
    minor: Mapped[bool] = mapped_column(server_default=sql("false"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    writers: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    updated_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (CheckConstraint("state in ('draft', 'in_review')", name="state"),)


class Audit(Base):
    """What a colleague, a system with a key, or a command did; rows are only ever added (a trigger refuses the rest).

    staff_id stays when the colleague goes; who: their name then, or the key's. what: an action of `core/rights.py` or
    a word like it; about: the thing, as kind:key. data: what changed, never what a person wrote.
    """

    __tablename__ = "audit"
    id: Mapped[int] = _number()
    at: Mapped[datetime] = mapped_column(index=True)
    staff_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    who: Mapped[str]
    what: Mapped[str]
    about: Mapped[str] = mapped_column(server_default="", index=True)
    data: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))


class Training(Base):
    """A training that was asked for, and the model that came of it.

    Status: waiting → training → evaluating → ready (may be activated) or refused (below a floor) or failed (reason);
    activating → active; an active one that another replaced is retired and can be brought back as long as its file is
    there. progress: what is shown meanwhile. report: shares by measure and language, of this model and of the one then
    in use, and the questions that flipped. topics: what it has learnt. code: hash of what is not knowledge.
    """

    __tablename__ = "trainings"
    id: Mapped[int] = _number()
    status: Mapped[str] = mapped_column(server_default="waiting")
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    activated_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    model: Mapped[str] = mapped_column(server_default="")
    code: Mapped[str] = mapped_column(server_default="")
    topics: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    progress: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))
    report: Mapped[JSON] = mapped_column(server_default=sql("'{}'"))
    reason: Mapped[str] = mapped_column(server_default="")
    __table_args__ = (
        CheckConstraint(
            "status in ('waiting', 'training', 'evaluating', 'ready', 'refused', 'failed', 'activating', 'active', 'retired')",
            name="status",
        ),
        Index("uq_trainings_active", "status", unique=True, postgresql_where=sql("status = 'active'")),
        Index(
            "uq_trainings_running", sql("(true)"), unique=True,
            postgresql_where=sql("status in ('waiting', 'training', 'evaluating', 'activating')"),
        ),
    )  # fmt: skip


class Count(Base):
    """How often something happened on a Danish day; nothing leads from here to a person.

    what: conversation (a person writing on a day), answered, asked_back, unanswered, handed_over, danger, thumb_up,
    thumb_down; and, counted anew every hour, reminder (topic: its status), reminder_skipped (topic: why), reminder_done.
    """

    __tablename__ = "counts"
    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True, server_default="")
    theme: Mapped[str] = mapped_column(primary_key=True, server_default="")
    topic: Mapped[str] = mapped_column(primary_key=True, server_default="")
    number: Mapped[int] = mapped_column(server_default=sql("0"))


class Tally(Base):
    """What happened since the last roll-up into `counts`: each turn adds rows of its own, so that none waits for another."""

    __tablename__ = "tallies"
    id: Mapped[int] = _number()
    day: Mapped[date]
    what: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="")
    theme: Mapped[str] = mapped_column(server_default="")
    topic: Mapped[str] = mapped_column(server_default="")
    number: Mapped[int] = mapped_column(server_default=sql("1"))


class ApiKey(Base):
    """Another system's key to our API; the key itself is shown once and kept as its hash. scopes: what it may."""

    __tablename__ = "api_keys"
    id: Mapped[int] = _number()
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[Any]]
    kommuner: Mapped[list[Any]] = mapped_column(server_default=sql("'[]'"))
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="SET NULL"))
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class TrainedTopics(Base):
    """The topics that the model in use has learnt, one row; others are found by search."""

    __tablename__ = "trained_topics"
    id: Mapped[int] = mapped_column(primary_key=True)
    topics: Mapped[list[Any]]
    trained_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("id = 1", name="one"),)


class Replanning(Base):
    """How far everybody's reminders follow the tasks; one row.

    planned: the newest revision of a task by which all are planned. wanted: the one that is being followed; after: the
    recruit to whom that has come.
    """

    __tablename__ = "replanning"
    id: Mapped[int] = mapped_column(primary_key=True)
    planned: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    wanted: Mapped[int] = mapped_column(BigInteger, server_default=sql("0"))
    after: Mapped[uuid.UUID | None]
    __table_args__ = (CheckConstraint("id = 1", name="one"),)
