"""Every table. What came before was never released."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scope_ids", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_table(
        "idempotency",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_index("ix_idempotency_created", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "scopes",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stock_version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("commit_sequence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("feed_sequence", sa.BigInteger(), nullable=True),
        sa.Column("feed_as_of", sa.BigInteger(), nullable=True),
        sa.Column("picture_as_of", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_scopes")),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )
    op.create_table(
        "events",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_events_scope_id")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sa.UniqueConstraint("scope_id", "sequence", name="uq_events_sequence"),
    )
    op.create_table(
        "leases",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_leases_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_leases")),
    )
    op.create_table(
        "orders",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'allocated', 'backordered', 'rejected', 'cancelled')", name=op.f("ck_orders_state")
        ),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_orders_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_state", "orders", ["scope_id", "state"], unique=False)
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("is_current", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("snapshot_version", sa.Text(), nullable=True),
        sa.Column("stock_version", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.BigInteger(), nullable=True),
        sa.Column("progress", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("summary", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("failure", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("stop_asked", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("committed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("NOT is_current OR state = 'committed'", name=op.f("ck_plans_current_is_committed")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'finished', 'failed', 'committed', 'superseded')",
            name=op.f("ck_plans_state"),
        ),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_plans_scope_id")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_plans")),
    )
    op.create_index("ix_plans_created", "plans", ["scope_id", "created_at"], unique=False)
    op.create_index("ix_plans_state", "plans", ["scope_id", "state"], unique=False)
    op.create_index(
        "ix_plans_under_way",
        "plans",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('queued', 'running')"),
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_index(
        "uq_plans_current",
        "plans",
        ["scope_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "reservations",
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("commit_sequence", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'committed') = (commit_sequence IS NOT NULL)", name=op.f("ck_reservations_sequence_of_commits")
        ),
        sa.CheckConstraint("(state = 'held') = (resolved_at IS NULL)", name=op.f("ck_reservations_resolved_once")),
        sa.CheckConstraint("state IN ('held', 'committed', 'released', 'expired')", name=op.f("ck_reservations_state")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_reservations_scope_id")),
        sa.PrimaryKeyConstraint("reservation_id", name=op.f("pk_reservations")),
        sa.UniqueConstraint("scope_id", "commit_sequence", name="uq_reservations_commit_sequence"),
    )
    op.create_index("ix_reservations_expiry", "reservations", ["scope_id", "state", "expires_at"], unique=False)
    op.create_index(
        "ix_reservations_key",
        "reservations",
        ["key_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index("ix_reservations_order", "reservations", ["scope_id", "order_id", "state"], unique=False)
    op.create_table(
        "run_totals",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_run_totals_value")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_run_totals_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "name", name=op.f("pk_run_totals")),
    )
    op.create_table(
        "snapshots",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("stock_version", sa.BigInteger(), nullable=False),
        sa.Column("nodes", sa.BigInteger(), nullable=False),
        sa.Column("skus", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_snapshots_scope_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_snapshots_sha256")),
        sa.PrimaryKeyConstraint("scope_id", "version", name=op.f("pk_snapshots")),
        sa.UniqueConstraint("scope_id", "stock_version", name="uq_snapshots_stock_version"),
    )
    op.create_table(
        "stock",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("safety_stock", sa.BigInteger(), nullable=False),
        sa.Column("feed_reserved", sa.BigInteger(), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("shortfall", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("reserved >= 0 AND reserved <= supply + shortfall", name=op.f("ck_stock_never_oversold")),
        sa.CheckConstraint("shortfall >= 0", name=op.f("ck_stock_shortfall")),
        sa.CheckConstraint("supply >= 0", name=op.f("ck_stock_supply")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_stock_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "node_id", "sku", name=op.f("pk_stock")),
    )
    op.create_index(
        "ix_stock_shortfall",
        "stock",
        ["scope_id"],
        unique=False,
        sqlite_where=sa.text("shortfall > 0"),
        postgresql_where=sa.text("shortfall > 0"),
    )
    op.create_index("ix_stock_sku", "stock", ["scope_id", "sku"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("webhook_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("secret_sha256", sa.Text(), nullable=False),
        sa.Column("after", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.Text(), server_default=sa.text("('')"), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("held_until", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'disabled')", name=op.f("ck_webhooks_state")),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_webhooks_scope_id")),
        sa.PrimaryKeyConstraint("scope_id", "webhook_id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "ledger",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "event IN ('held', 'committed', 'released', 'expired', 'deducted')", name=op.f("ck_ledger_event")
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservations.reservation_id"], name=op.f("fk_ledger_reservation_id")
        ),
        sa.ForeignKeyConstraint(["scope_id"], ["scopes.scope_id"], name=op.f("fk_ledger_scope_id")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_stock", "ledger", ["scope_id", "node_id", "sku"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["scope_id", "order_id"], ["orders.scope_id", "orders.order_id"], name=op.f("fk_order_events_scope_id")
        ),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_order_events")),
    )
    op.create_index("ix_order_events_order", "order_events", ["scope_id", "order_id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("backordered", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "open >= 0 AND allocated >= 0 AND backordered >= 0 AND rejected >= 0 AND cancelled >= 0",
            name=op.f("ck_order_lines_signs"),
        ),
        sa.CheckConstraint(
            "ordered = open + allocated + backordered + rejected + cancelled", name=op.f("ck_order_lines_conserved")
        ),
        sa.ForeignKeyConstraint(
            ["scope_id", "order_id"], ["orders.scope_id", "orders.order_id"], name=op.f("fk_order_lines_scope_id")
        ),
        sa.PrimaryKeyConstraint("scope_id", "order_id", "line_id", name=op.f("pk_order_lines")),
    )
    op.create_table(
        "plan_blocks",
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name=op.f("fk_plan_blocks_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "name", "number", name=op.f("pk_plan_blocks")),
    )
    op.create_table(
        "reservation_lines",
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("deducted", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservations.reservation_id"], name=op.f("fk_reservation_lines_reservation_id")
        ),
        sa.ForeignKeyConstraint(
            ["scope_id", "node_id", "sku"],
            ["stock.scope_id", "stock.node_id", "stock.sku"],
            name=op.f("fk_reservation_lines_scope_id"),
        ),
        sa.PrimaryKeyConstraint("reservation_id", "number", name=op.f("pk_reservation_lines")),
    )
    op.create_index(
        "ix_reservation_lines_stock",
        "reservation_lines",
        ["scope_id", "node_id", "sku"],
        unique=False,
        sqlite_where=sa.text("deducted = 0"),
        postgresql_where=sa.text("NOT deducted"),
    )
    op.create_table(
        "allocations",
        sa.Column("reservation_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=True),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("shipment_id", sa.Text(), nullable=True),
        sa.CheckConstraint("(plan_id IS NULL) = (shipment_id IS NULL)", name=op.f("ck_allocations_shipments_of_plans")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_allocations_quantity")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name=op.f("fk_allocations_plan_id")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservations.reservation_id"], name=op.f("fk_allocations_reservation_id")
        ),
        sa.ForeignKeyConstraint(
            ["scope_id", "order_id", "line_id"],
            ["order_lines.scope_id", "order_lines.order_id", "order_lines.line_id"],
            name=op.f("fk_allocations_scope_id"),
        ),
        sa.PrimaryKeyConstraint("reservation_id", "number", name=op.f("pk_allocations")),
    )
    op.create_index("ix_allocations_order", "allocations", ["scope_id", "order_id"], unique=False)
    op.create_index("ix_allocations_plan", "allocations", ["plan_id"], unique=False)
