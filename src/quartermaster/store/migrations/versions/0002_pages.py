"""Files of plans in blocks, and secrets to sign with."""

import zlib

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BLOCK_ROWS = 1_000


def upgrade() -> None:
    """Make the tables, and cut what there is."""
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    blocks = op.create_table(
        "plan_blocks",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name=op.f("fk_plan_blocks_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "name", "number", name=op.f("pk_plan_blocks")),
    )
    parts = sa.table("plan_parts", sa.column("plan_id"), sa.column("name"), sa.column("content"))
    connection = op.get_bind()
    keys = connection.execute(sa.select(parts.c.plan_id, parts.c.name)).all()
    for plan_id, name in keys:
        own = (parts.c.plan_id == plan_id, parts.c.name == name)
        content = zlib.decompress(connection.execute(sa.select(parts.c.content).where(*own)).scalar_one())
        rows = [
            {"plan_id": plan_id, "name": name, "number": number, "rows": count, "content": zlib.compress(block, 6)}
            for number, (block, count) in enumerate(_cut(name, content))
        ]
        connection.execute(blocks.insert(), rows)
    op.drop_table("plan_parts")


def _cut(name: str, content: bytes) -> list[tuple[bytes, int]]:
    if not name.endswith(".csv"):
        return [(content, 0)]
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    header, *rows = [line for line in lines if line] or [b""]
    blocks = [rows[at : at + BLOCK_ROWS] for at in range(0, max(1, len(rows)), BLOCK_ROWS)]
    return [(b"".join([header, *block] if at == 0 else block), len(block)) for at, block in enumerate(blocks)]
