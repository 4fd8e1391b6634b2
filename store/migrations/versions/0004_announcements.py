"""Announcements: their rows in the ledger are found by number; each has a text in English and, once scheduled, its time"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

OURS = sa.text("kind = 'announcement'")


def upgrade() -> None:
    op.create_index("ix_reminders_announcement", "reminders", ["task", "status"], postgresql_where=OURS)
    op.create_check_constraint(op.f("ck_announcements_english"), "announcements", "jsonb_exists(texts, 'en')")
    op.create_check_constraint(
        op.f("ck_announcements_timed"), "announcements", "status = 'draft' or scheduled_at is not null"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_announcements_timed"), "announcements")
    op.drop_constraint(op.f("ck_announcements_english"), "announcements")
    op.drop_index("ix_reminders_announcement", table_name="reminders", postgresql_where=OURS)
