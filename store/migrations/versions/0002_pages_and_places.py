"""Municipalities' lines, imported pages, and which topics the model in use has learnt"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

KINDS = "kind in ('topic', 'text', 'figure', 'reply', 'term', 'municipality')"
ORIGINS = "origin in ('file', 'pages', 'edited')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_knowledge_kind"), "knowledge")
    op.create_check_constraint(op.f("ck_knowledge_kind"), "knowledge", KINDS)
    op.drop_constraint(op.f("ck_knowledge_origin"), "knowledge")
    op.create_check_constraint(op.f("ck_knowledge_origin"), "knowledge", ORIGINS)
    op.create_table(
        "trained_topics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_trained_topics_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trained_topics")),
    )


def downgrade() -> None:
    op.drop_table("trained_topics")
    op.execute("delete from knowledge where kind = 'municipality' or origin = 'pages'")
    op.drop_constraint(op.f("ck_knowledge_kind"), "knowledge")
    op.create_check_constraint(
        op.f("ck_knowledge_kind"), "knowledge", "kind in ('topic', 'text', 'figure', 'reply', 'term')"
    )
    op.drop_constraint(op.f("ck_knowledge_origin"), "knowledge")
    op.create_check_constraint(op.f("ck_knowledge_origin"), "knowledge", "origin in ('file', 'edited')")
