"""The admin backend: drafts and revisions, the audit log, second factors, trainings, gaps, invitations, keys, counts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"

KINDS = "'topic', 'text', 'figure', 'reply', 'term', 'municipality', 'task', 'task_text', 'document', 'canned', 'desk'"

# What is published already begins its history.
BEGIN = """
    with begun as (
        insert into revisions (kind, key, language, data, origin, at)
        select kind, key, language, data, origin, updated_at from knowledge order by kind, key, language
        returning id, kind, key, language
    )
    update knowledge k set revision_id = b.id from begun b
    where (k.kind, k.key, k.language) = (b.kind, b.key, b.language)
"""
# Whoever has a list is planned by the tasks that are published already.
PLANNED = "insert into replanning (id, planned) select 1, coalesce(max(id), 0) from revisions where kind = 'task'"
ONLY_ADDED = """
    create function velkommen_only_added() returns trigger language plpgsql as $$
    begin raise exception 'rows of % are only ever added', tg_table_name; end $$;
    create trigger only_added before update or delete or truncate on audit
    for each statement execute function velkommen_only_added();
"""
# Looks go with the person, but not that somebody looked: that stays, without the person's number.
LOOKS_LEFT = """
    create function velkommen_look_left() returns trigger language plpgsql as $$
    begin
        insert into audit (at, staff_id, who, what, about, data)
        values (old.at, old.staff_id, coalesce((select name from staff where id = old.staff_id), ''), 'look', '',
                jsonb_build_object('what', old.what));
        return old;
    end $$;
    create trigger look_left before delete on looks for each row execute function velkommen_look_left();
"""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), server_default="", nullable=False),
        sa.Column("data", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_about"), "audit", ["about"], unique=False)
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_staff_id"), "audit", ["staff_id"], unique=False)
    op.create_table(
        "counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("theme", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("day", "what", "language", "theme", "topic", name=op.f("pk_counts")),
    )
    op.create_table(
        "tallies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("theme", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.Text(), server_default="", nullable=False),
        sa.Column("number", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("scopes", JSONB(), nullable=False),
        sa.Column("kommuner", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_api_keys_created_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "drafts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("base_id", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("minor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("writers", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state in ('draft', 'in_review')", name=op.f("ck_drafts_state")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_drafts_staff_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("kind", "key", "language", name=op.f("pk_drafts")),
    )
    op.create_table(
        "gaps",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("status in ('open', 'answered', 'not_ours')", name=op.f("ck_gaps_status")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_gaps_decided_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    op.create_index(op.f("ix_gaps_status"), "gaps", ["status"], unique=False)
    op.create_table(
        "progress",
        sa.Column("recruit_id", sa.UUID(), nullable=False),
        sa.Column("phase", sa.Text(), server_default="", nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("next_legal", sa.Date(), nullable=True),
        sa.Column("late", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recruit_id"], ["recruits.id"], name=op.f("fk_progress_recruit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("recruit_id", name=op.f("pk_progress")),
    )
    op.create_index(op.f("ix_progress_next_legal"), "progress", ["next_legal"], unique=False)
    op.create_index(op.f("ix_progress_phase"), "progress", ["phase"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="", nullable=False),
        sa.Column("data", JSONB(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("writer_id", sa.BigInteger(), nullable=True),
        sa.Column("minor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_revisions_staff_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["writer_id"], ["staff.id"], name=op.f("fk_revisions_writer_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
    )
    op.create_index("ix_revisions_name", "revisions", ["kind", "key", "language", "id"], unique=False)
    op.create_index(op.f("ix_revisions_staff_id"), "revisions", ["staff_id"], unique=False)
    op.create_index(op.f("ix_revisions_writer_id"), "revisions", ["writer_id"], unique=False)
    op.create_table(
        "staff_recovery",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_staff_recovery_staff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_staff_recovery")),
    )
    op.create_index(op.f("ix_staff_recovery_staff_id"), "staff_recovery", ["staff_id"], unique=False)
    op.create_table(
        "trainings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("topics", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("progress", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("report", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "status in ('waiting', 'training', 'evaluating', 'ready', 'refused', 'failed', 'activating', 'active', 'retired')",
            name=op.f("ck_trainings_status"),
        ),
        sa.ForeignKeyConstraint(
            ["activated_by"], ["staff.id"], name=op.f("fk_trainings_activated_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_trainings_asked_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainings")),
    )
    op.create_index(
        "uq_trainings_active", "trainings", ["status"], unique=True, postgresql_where=sa.text("status = 'active'")
    )
    op.create_index(
        "uq_trainings_running",
        "trainings",
        [sa.text("(true)")],
        unique=True,
        postgresql_where=sa.text("status in ('waiting', 'training', 'evaluating', 'activating')"),
    )
    op.create_table(
        "announcement_people",
        sa.Column("announcement_id", sa.BigInteger(), nullable=False),
        sa.Column("recruit_id", sa.UUID(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.id"],
            name=op.f("fk_announcement_people_announcement_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recruit_id"], ["recruits.id"], name=op.f("fk_announcement_people_recruit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("announcement_id", "recruit_id", name=op.f("pk_announcement_people")),
    )
    op.create_index(op.f("ix_announcement_people_recruit_id"), "announcement_people", ["recruit_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("profile", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("batch", sa.UUID(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recruit_id", sa.UUID(), nullable=True),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_invitations_api_key_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["staff.id"], name=op.f("fk_invitations_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["recruit_id"], ["recruits.id"], name=op.f("fk_invitations_recruit_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code", name=op.f("uq_invitations_code")),
    )
    op.create_index(op.f("ix_invitations_batch"), "invitations", ["batch"], unique=False)
    op.create_index(op.f("ix_invitations_recruit_id"), "invitations", ["recruit_id"], unique=False)
    op.add_column("announcements", sa.Column("kind", sa.Text(), server_default="announcement", nullable=False))
    op.add_column("announcements", sa.Column("about", JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("announcements", sa.Column("staff_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_announcements_staff_id"), "announcements", "staff", ["staff_id"], ["id"], ondelete="SET NULL"
    )
    op.add_column("knowledge", sa.Column("revision_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_outbound_revisions",
        "outbound",
        [sa.text("(body -> 'revisions') jsonb_path_ops")],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("jsonb_exists(body, 'revisions')"),
    )
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_used", sa.BigInteger(), nullable=True))
    op.add_column("staff", sa.Column("subject", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_staff_subject"), "staff", ["subject"])
    op.add_column("staff_sessions", sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False))
    op.add_column("staff_sessions", sa.Column("second", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("staff_sessions", sa.Column("agent", sa.Text(), server_default="", nullable=False))
    op.create_unique_constraint(op.f("uq_staff_sessions_number"), "staff_sessions", ["number"])
    op.add_column("unanswered", sa.Column("kind", sa.Text(), server_default="unanswered", nullable=False))
    op.add_column("unanswered", sa.Column("inbound_id", sa.BigInteger(), nullable=True))
    op.add_column("unanswered", sa.Column("gap_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "unanswered", sa.Column("wants_answer", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("unanswered", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_unanswered_gap_id"), "unanswered", ["gap_id"], unique=False)
    op.create_index(op.f("ix_unanswered_inbound_id"), "unanswered", ["inbound_id"], unique=False)
    op.create_index("ix_unanswered_new", "unanswered", ["id"], unique=False, postgresql_where=sa.text("gap_id is null"))
    op.create_foreign_key(op.f("fk_unanswered_gap_id"), "unanswered", "gaps", ["gap_id"], ["id"], ondelete="SET NULL")
    op.create_foreign_key(
        op.f("fk_unanswered_inbound_id"), "unanswered", "inbound", ["inbound_id"], ["id"], ondelete="CASCADE"
    )
    op.create_check_constraint(
        op.f("ck_announcements_kind"), "announcements", "kind in ('announcement', 'correction', 'answer')"
    )
    op.create_check_constraint(
        op.f("ck_unanswered_kind"), "unanswered", "kind in ('unanswered', 'thumb_down', 'not_solved', 'left')"
    )
    op.drop_constraint(op.f("ck_knowledge_kind"), "knowledge", type_="check")
    op.create_check_constraint(op.f("ck_knowledge_kind"), "knowledge", f"kind in ({KINDS}, 'danger')")
    op.create_table(
        "replanning",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("planned", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("wanted", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("after", sa.UUID(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_replanning_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replanning")),
    )
    op.create_index(op.f("ix_looks_at"), "looks", ["at"], unique=False)
    op.execute(BEGIN)
    op.execute(PLANNED)
    op.execute(ONLY_ADDED)
    op.execute(LOOKS_LEFT)


def downgrade() -> None:
    op.execute("drop trigger look_left on looks")
    op.execute("drop function velkommen_look_left()")
    op.drop_index(op.f("ix_looks_at"), table_name="looks")
    op.drop_table("replanning")
    op.execute("delete from announcements where kind <> 'announcement'")
    op.execute("delete from knowledge where kind = 'danger'")
    op.drop_constraint(op.f("ck_knowledge_kind"), "knowledge", type_="check")
    op.create_check_constraint(op.f("ck_knowledge_kind"), "knowledge", f"kind in ({KINDS})")
    op.drop_constraint(op.f("ck_unanswered_kind"), "unanswered", type_="check")
    op.drop_constraint(op.f("ck_announcements_kind"), "announcements", type_="check")
    op.drop_constraint(op.f("fk_unanswered_inbound_id"), "unanswered", type_="foreignkey")
    op.drop_constraint(op.f("fk_unanswered_gap_id"), "unanswered", type_="foreignkey")
    op.drop_index("ix_unanswered_new", table_name="unanswered", postgresql_where=sa.text("gap_id is null"))
    op.drop_index(op.f("ix_unanswered_inbound_id"), table_name="unanswered")
    op.drop_index(op.f("ix_unanswered_gap_id"), table_name="unanswered")
    op.drop_column("unanswered", "told_at")
    op.drop_column("unanswered", "wants_answer")
    op.drop_column("unanswered", "gap_id")
    op.drop_column("unanswered", "inbound_id")
    op.drop_column("unanswered", "kind")
    op.drop_constraint(op.f("uq_staff_sessions_number"), "staff_sessions", type_="unique")
    op.drop_column("staff_sessions", "agent")
    op.drop_column("staff_sessions", "second")
    op.drop_column("staff_sessions", "number")
    op.drop_constraint(op.f("uq_staff_subject"), "staff", type_="unique")
    op.drop_column("staff", "subject")
    op.drop_column("staff", "totp_used")
    op.drop_column("staff", "totp_secret")
    op.drop_index(
        "ix_outbound_revisions",
        table_name="outbound",
        postgresql_using="gin",
        postgresql_where=sa.text("jsonb_exists(body, 'revisions')"),
    )
    op.drop_column("knowledge", "revision_id")
    op.drop_constraint(op.f("fk_announcements_staff_id"), "announcements", type_="foreignkey")
    op.drop_column("announcements", "staff_id")
    op.drop_column("announcements", "about")
    op.drop_column("announcements", "kind")
    op.drop_index(op.f("ix_invitations_recruit_id"), table_name="invitations")
    op.drop_index(op.f("ix_invitations_batch"), table_name="invitations")
    op.drop_table("invitations")
    op.drop_index(op.f("ix_announcement_people_recruit_id"), table_name="announcement_people")
    op.drop_table("announcement_people")
    op.drop_index(
        "uq_trainings_running",
        table_name="trainings",
        postgresql_where=sa.text("status in ('waiting', 'training', 'evaluating', 'activating')"),
    )
    op.drop_index("uq_trainings_active", table_name="trainings", postgresql_where=sa.text("status = 'active'"))
    op.drop_table("trainings")
    op.drop_index(op.f("ix_staff_recovery_staff_id"), table_name="staff_recovery")
    op.drop_table("staff_recovery")
    op.drop_index(op.f("ix_revisions_writer_id"), table_name="revisions")
    op.drop_index(op.f("ix_revisions_staff_id"), table_name="revisions")
    op.drop_index("ix_revisions_name", table_name="revisions")
    op.drop_table("revisions")
    op.drop_index(op.f("ix_progress_phase"), table_name="progress")
    op.drop_index(op.f("ix_progress_next_legal"), table_name="progress")
    op.drop_table("progress")
    op.drop_index(op.f("ix_gaps_status"), table_name="gaps")
    op.drop_table("gaps")
    op.drop_table("drafts")
    op.drop_table("tallies")
    op.drop_table("api_keys")
    op.drop_table("counts")
    op.drop_index(op.f("ix_audit_staff_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_index(op.f("ix_audit_about"), table_name="audit")
    op.drop_table("audit")
    op.execute("drop function velkommen_only_added()")
