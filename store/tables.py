"""All tables.

Whatever holds anything about a person hangs below `recruits` with ON DELETE CASCADE, so that forgetting a
person is deleting one row; `tests/integration/test_privacy.py` looks at every table of every schema.
"""

import uuid
from datetime import date, datetime
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
    """A reply, stored with the state it follows from.

    Status: pending → sending → sent, or failed (nobody there), unknown (may have been sent; known and
    reported, never repeated blindly), dropped (thought under an older epoch).
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
    __table_args__ = (
        CheckConstraint("status in ('pending', 'sending', 'sent', 'failed', 'unknown', 'dropped')", name="status"),
        Index("ix_outbound_conversation", "conversation_id", "id"),
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


class UnansweredQuestion(Base):
    """A masked question that we had no sure answer to, kept for the editors (with consent only)."""

    __tablename__ = "unanswered"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    language: Mapped[str]
    text: Mapped[str]
    candidates: Mapped[list[Any]]
    created_at: Mapped[datetime]


class MentorRequest(Base):
    """A person asked for a human; open until a mentor has taken it."""

    __tablename__ = "mentor_requests"
    id: Mapped[int] = _number()
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class Employer(Base):
    """A workplace that receives recruits; they give its `code`, its contact opens the chat with `contact_code`."""

    __tablename__ = "employers"
    id: Mapped[int] = _number()
    name: Mapped[str]
    code: Mapped[str] = mapped_column(unique=True)
    contact_code: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("recruits.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime]


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
    __table_args__ = (
        CheckConstraint("status in ('draft', 'scheduled', 'sending', 'stopped', 'done')", name="status"),
        CheckConstraint("jsonb_exists(texts, 'en')", name="english"),
        CheckConstraint("status = 'draft' or scheduled_at is not null", name="timed"),
    )


class SendLimit(Base):
    """How far ahead a channel's sending is reserved; buckets are shards, nobody's address stands here."""

    __tablename__ = "send_limits"
    bucket: Mapped[str] = mapped_column(primary_key=True)
    full_at: Mapped[datetime]


class Entry(Base):
    """One published piece of knowledge: a topic, its text in a language, a figure, a reply, a term.

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
    __table_args__ = (
        CheckConstraint(
            "kind in ('topic', 'text', 'figure', 'reply', 'term', 'municipality', 'task', 'task_text', 'document')",
            name="kind",
        ),
        CheckConstraint("origin in ('file', 'pages', 'edited')", name="origin"),
    )


class TrainedTopics(Base):
    """The topics that the model in use has learnt, one row; others are found by search."""

    __tablename__ = "trained_topics"
    id: Mapped[int] = mapped_column(primary_key=True)
    topics: Mapped[list[Any]]
    trained_at: Mapped[datetime]
    __table_args__ = (CheckConstraint("id = 1", name="one"),)
