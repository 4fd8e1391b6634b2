"""Handing over to a human: handovers take the place of the wishes for a mentor, and colleagues get accounts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

KINDS = "'topic', 'text', 'figure', 'reply', 'term', 'municipality', 'task', 'task_text', 'document'"

# Wishes that nobody could take so far wait for the first mentor.
WISHES = """
    insert into handovers (conversation_id, reason, status, created_at, last_at, closed_at)
    select conversation_id, reason, case when closed_at is null then 'waiting' else 'resolved' end,
           created_at, created_at, closed_at
    from mentor_requests order by id
"""


def upgrade() -> None:
    op.create_table(
        "forum_topics",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("handover_id", sa.BigInteger(), nullable=True),
        sa.Column("inbound_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("outbound_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("event_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("note_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_forum_topics_conversation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_forum_topics")),
        sa.UniqueConstraint("chat_id", "thread_id", name=op.f("uq_forum_topics_chat_id_thread_id")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("languages", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("kommuner", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("themes", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("occupations", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("capacity", sa.Integer(), server_default=sa.text("15"), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("failed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("telegram_id", sa.Text(), nullable=True),
        sa.Column("telegram_talk", sa.BigInteger(), nullable=True),
        sa.Column("translate", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("last_given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role in ('mentor', 'supervisor', 'admin', 'editor', 'reviewer', 'auditor')", name=op.f("ck_staff_role")
        ),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_staff_capacity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
        sa.UniqueConstraint("telegram_id", name=op.f("uq_staff_telegram_id")),
    )
    op.create_table(
        "abuse_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_abuse_reports_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_abuse_reports_staff_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abuse_reports")),
    )
    op.create_index(op.f("ix_abuse_reports_conversation_id"), "abuse_reports", ["conversation_id"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status in ('pending', 'stored', 'refused')", name=op.f("ck_attachments_status")),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound.id"], name=op.f("fk_attachments_inbound_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_inbound_id"), "attachments", ["inbound_id"], unique=False)
    op.create_index(
        "ix_attachments_pending",
        "attachments",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "case_notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recruit_id", sa.UUID(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recruit_id"], ["recruits.id"], name=op.f("fk_case_notes_recruit_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_notes_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notes")),
    )
    op.create_index(op.f("ix_case_notes_recruit_id"), "case_notes", ["recruit_id"], unique=False)
    op.create_table(
        "handovers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("urgent", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("theme", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("apologised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("round", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supervisors_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mentor_id", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unread", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rating_text", sa.Text(), nullable=True),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_of", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(closed_at is null) = (status in ('waiting', 'with_mentor', 'snoozed'))", name=op.f("ck_handovers_closed")
        ),
        sa.CheckConstraint(
            "status in ('waiting', 'with_mentor', 'snoozed', 'resolved', 'cancelled')", name=op.f("ck_handovers_status")
        ),
        sa.CheckConstraint("rating between 1 and 5", name=op.f("ck_handovers_rating")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_handovers_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["mentor_id"], ["staff.id"], name=op.f("fk_handovers_mentor_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index(
        "ix_handovers_closed_at",
        "handovers",
        ["closed_at"],
        unique=False,
        postgresql_where=sa.text("closed_at is not null"),
    )
    op.create_index(op.f("ix_handovers_conversation_id"), "handovers", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_handovers_mentor_id"), "handovers", ["mentor_id"], unique=False)
    op.create_index(
        "ix_handovers_open_status",
        "handovers",
        ["status", "last_at"],
        unique=False,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_index(
        "uq_handovers_open",
        "handovers",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "looks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("recruit_id", sa.UUID(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["recruit_id"], ["recruits.id"], name=op.f("fk_looks_recruit_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_looks_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_looks")),
    )
    op.create_index(op.f("ix_looks_recruit_id"), "looks", ["recruit_id"], unique=False)
    op.create_index(op.f("ix_looks_staff_id"), "looks", ["staff_id"], unique=False)
    op.create_table(
        "mentorships",
        sa.Column("recruit_id", sa.UUID(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('mentor', 'buddy')", name=op.f("ck_mentorships_kind")),
        sa.ForeignKeyConstraint(
            ["recruit_id"], ["recruits.id"], name=op.f("fk_mentorships_recruit_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_mentorships_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("recruit_id", "staff_id", name=op.f("pk_mentorships")),
    )
    op.create_index(op.f("ix_mentorships_staff_id"), "mentorships", ["staff_id"], unique=False)
    op.create_table(
        "shifts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("start", sa.Time(), nullable=False),
        sa.Column("end", sa.Time(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("kind in ('duty', 'on_call')", name=op.f("ck_shifts_kind")),
        sa.CheckConstraint("(weekday is null) <> (day is null)", name=op.f("ck_shifts_when")),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("ck_shifts_weekday")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_shifts_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    op.create_index(op.f("ix_shifts_staff_id"), "shifts", ["staff_id"], unique=False)
    op.create_table(
        "staff_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose in ('password', 'telegram')", name=op.f("ck_staff_links_purpose")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_links_staff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_links")),
    )
    op.create_index(op.f("ix_staff_links_staff_id"), "staff_links", ["staff_id"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "suggestions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('answer', 'example')", name=op.f("ck_suggestions_kind")),
        sa.CheckConstraint("status in ('waiting', 'accepted', 'refused')", name=op.f("ck_suggestions_status")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_suggestions_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
    )
    op.create_table(
        "forum_messages",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("inbound_id", sa.BigInteger(), nullable=True),
        sa.Column("outbound_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_forum_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["inbound_id"], ["inbound.id"], name=op.f("fk_forum_messages_inbound_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["outbound_id"], ["outbound.id"], name=op.f("fk_forum_messages_outbound_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name=op.f("pk_forum_messages")),
    )
    op.create_index(op.f("ix_forum_messages_conversation_id"), "forum_messages", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_forum_messages_inbound_id"), "forum_messages", ["inbound_id"], unique=False)
    op.create_index(op.f("ix_forum_messages_outbound_id"), "forum_messages", ["outbound_id"], unique=False)
    op.create_table(
        "handover_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("handover_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("data", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name=op.f("fk_handover_events_handover_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_handover_events_staff_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover_events")),
    )
    op.create_index(op.f("ix_handover_events_handover_id"), "handover_events", ["handover_id"], unique=False)
    op.create_table(
        "handover_members",
        sa.Column("handover_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name=op.f("fk_handover_members_handover_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_handover_members_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handover_id", "staff_id", name=op.f("pk_handover_members")),
    )
    op.create_table(
        "handover_offers",
        sa.Column("handover_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("reasons", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["handover_id"], ["handovers.id"], name=op.f("fk_handover_offers_handover_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_handover_offers_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("handover_id", "staff_id", name=op.f("pk_handover_offers")),
    )
    op.create_index(op.f("ix_handover_offers_staff_id"), "handover_offers", ["staff_id"], unique=False)
    op.add_column("conversations", sa.Column("muted_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbound", sa.Column("mentor_id", sa.BigInteger(), nullable=True))
    op.add_column("outbound", sa.Column("source", sa.Text(), nullable=True))
    op.create_index(
        "uq_outbound_source", "outbound", ["source"], unique=True, postgresql_where=sa.text("source is not null")
    )
    op.create_foreign_key(
        op.f("fk_outbound_mentor_id"), "outbound", "staff", ["mentor_id"], ["id"], ondelete="SET NULL"
    )
    op.drop_constraint(op.f("ck_knowledge_kind"), "knowledge")
    op.create_check_constraint(op.f("ck_knowledge_kind"), "knowledge", f"kind in ({KINDS}, 'canned', 'desk')")
    op.execute(WISHES)
    op.drop_table("mentor_requests")


def downgrade() -> None:
    op.create_table(
        "mentor_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_mentor_requests_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentor_requests")),
    )
    op.create_index(op.f("ix_mentor_requests_conversation_id"), "mentor_requests", ["conversation_id"])
    op.execute(
        "insert into mentor_requests (conversation_id, reason, created_at, closed_at) "
        "select conversation_id, reason, created_at, closed_at from handovers order by id"
    )
    op.execute("delete from knowledge where kind in ('canned', 'desk')")
    op.drop_constraint(op.f("ck_knowledge_kind"), "knowledge")
    op.create_check_constraint(op.f("ck_knowledge_kind"), "knowledge", f"kind in ({KINDS})")
    op.drop_constraint(op.f("fk_outbound_mentor_id"), "outbound", type_="foreignkey")
    op.drop_index("uq_outbound_source", table_name="outbound", postgresql_where=sa.text("source is not null"))
    op.drop_column("outbound", "source")
    op.drop_column("outbound", "mentor_id")
    op.drop_column("conversations", "muted_until")
    op.drop_index(op.f("ix_handover_offers_staff_id"), table_name="handover_offers")
    op.drop_table("handover_offers")
    op.drop_table("handover_members")
    op.drop_index(op.f("ix_handover_events_handover_id"), table_name="handover_events")
    op.drop_table("handover_events")
    op.drop_index(op.f("ix_forum_messages_outbound_id"), table_name="forum_messages")
    op.drop_index(op.f("ix_forum_messages_inbound_id"), table_name="forum_messages")
    op.drop_index(op.f("ix_forum_messages_conversation_id"), table_name="forum_messages")
    op.drop_table("forum_messages")
    op.drop_table("suggestions")
    op.drop_index(op.f("ix_staff_sessions_staff_id"), table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_index(op.f("ix_staff_links_staff_id"), table_name="staff_links")
    op.drop_table("staff_links")
    op.drop_index(op.f("ix_shifts_staff_id"), table_name="shifts")
    op.drop_table("shifts")
    op.drop_index(op.f("ix_mentorships_staff_id"), table_name="mentorships")
    op.drop_table("mentorships")
    op.drop_index(op.f("ix_looks_staff_id"), table_name="looks")
    op.drop_index(op.f("ix_looks_recruit_id"), table_name="looks")
    op.drop_table("looks")
    op.drop_index("uq_handovers_open", table_name="handovers", postgresql_where=sa.text("closed_at is null"))
    op.drop_index("ix_handovers_open_status", table_name="handovers", postgresql_where=sa.text("closed_at is null"))
    op.drop_index(op.f("ix_handovers_mentor_id"), table_name="handovers")
    op.drop_index(op.f("ix_handovers_conversation_id"), table_name="handovers")
    op.drop_index("ix_handovers_closed_at", table_name="handovers", postgresql_where=sa.text("closed_at is not null"))
    op.drop_table("handovers")
    op.drop_index(op.f("ix_case_notes_recruit_id"), table_name="case_notes")
    op.drop_table("case_notes")
    op.drop_index("ix_attachments_pending", table_name="attachments", postgresql_where=sa.text("status = 'pending'"))
    op.drop_index(op.f("ix_attachments_inbound_id"), table_name="attachments")
    op.drop_table("attachments")
    op.drop_index(op.f("ix_abuse_reports_conversation_id"), table_name="abuse_reports")
    op.drop_table("abuse_reports")
    op.drop_table("staff")
    op.drop_table("forum_topics")
