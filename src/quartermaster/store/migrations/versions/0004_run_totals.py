"""Totals of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of totals."""
    op.create_table(
        "run_totals",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_run_totals_value")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_run_totals_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "name", name=op.f("pk_run_totals")),
    )
