"""Tables and the constraints that hold them together; every scoped row begins with its scope.

Instants are whole microseconds since 1970 (UTC), quantities whole units, money micro of the currency.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of this name."""


def _scope() -> Column[str]:
    return Column("scope_id", Text, ForeignKey("scopes.scope_id"), primary_key=True)


SCOPES = Table(
    "scopes",
    METADATA,
    Column("scope_id", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("stock_version", BigInteger, nullable=False, server_default=text("0")),
    Column("commit_sequence", BigInteger, nullable=False, server_default=text("0")),
    Column("feed_sequence", BigInteger),
    Column("feed_as_of", BigInteger),
    Column("picture_as_of", BigInteger),
)
"""Planning areas. stock_version rises with each feed, commit_sequence with each reservation committed; feed_sequence is
that of the last feed taken, feed_as_of the latest instant of any, picture_as_of the instant of the last full one."""

STOCK = Table(
    "stock",
    METADATA,
    _scope(),
    Column("node_id", Text, primary_key=True),
    Column("sku", Text, primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("safety_stock", BigInteger, nullable=False),
    Column("feed_reserved", BigInteger, nullable=False),
    Column("supply", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default=text("0")),
    Column("shortfall", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("supply >= 0", name="supply"),
    CheckConstraint("shortfall >= 0", name="shortfall"),
    CheckConstraint("reserved >= 0 AND reserved <= supply + shortfall", name="never_oversold"),
    Index("ix_stock_sku", "scope_id", "sku"),
    Index("ix_stock_shortfall", "scope_id", sqlite_where=text("shortfall > 0"), postgresql_where=text("shortfall > 0")),
)
"""Stock by node and SKU. supply = max(0, on_hand - safety_stock - feed_reserved), what others hold being in
feed_reserved; reserved = units of our reservations that are held, or committed and not deducted by the feed yet."""

RESERVATIONS = Table(
    "reservations",
    METADATA,
    Column("reservation_id", Text, primary_key=True),
    Column("scope_id", Text, ForeignKey("scopes.scope_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("order_id", Text),
    Column("key_id", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("commit_sequence", BigInteger),
    CheckConstraint("state IN ('held', 'committed', 'released', 'expired')", name="state"),
    CheckConstraint("(state = 'held') = (resolved_at IS NULL)", name="resolved_once"),
    CheckConstraint("(state = 'committed') = (commit_sequence IS NOT NULL)", name="sequence_of_commits"),
    UniqueConstraint("scope_id", "commit_sequence", name="uq_reservations_commit_sequence"),
    Index("ix_reservations_expiry", "scope_id", "state", "expires_at"),
    Index(
        "ix_reservations_key",
        "key_id",
        "expires_at",
        sqlite_where=text("state = 'held'"),
        postgresql_where=text("state = 'held'"),
    ),
    Index("ix_reservations_order", "scope_id", "order_id", "state"),
)
"""Reservations; one is all or nothing over its lines. key_id is of whose key asked for it, NULL where a plan did."""

RESERVATION_LINES = Table(
    "reservation_lines",
    METADATA,
    Column("reservation_id", Text, ForeignKey("reservations.reservation_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("scope_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("deducted", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("quantity > 0", name="quantity"),
    ForeignKeyConstraint(["scope_id", "node_id", "sku"], ["stock.scope_id", "stock.node_id", "stock.sku"]),
    Index(
        "ix_reservation_lines_stock",
        "scope_id",
        "node_id",
        "sku",
        sqlite_where=text("deducted = 0"),
        postgresql_where=text("NOT deducted"),
    ),
)
"""Lines of reservations, each of a pair of its own. A line is deducted when a feed has said that on_hand of its pair is
lower for its commit; from then on its units are not reserved."""

LEDGER = Table(
    "ledger",
    METADATA,
    Column("entry", _NUMBER, primary_key=True, autoincrement=True),
    Column("scope_id", Text, ForeignKey("scopes.scope_id"), nullable=False),
    Column("reservation_id", Text, ForeignKey("reservations.reservation_id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    CheckConstraint("event IN ('held', 'committed', 'released', 'expired', 'deducted')", name="event"),
    Index("ix_ledger_stock", "scope_id", "node_id", "sku"),
)
"""Appended to, never changed: what each event adds to `reserved` (+ held, 0 committed, - released, expired, deducted).
"""

IDEMPOTENCY = Table(
    "idempotency",
    METADATA,
    Column("key_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_sha256", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_idempotency_created", "created_at"),
)
"""What was answered to each key; written with the effect, in one transaction, and kept for a while."""

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("key_id", Text, primary_key=True),
    Column("secret_sha256", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("scope_ids", Text, nullable=False),
    Column("actions", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)
"""Keys by their public part; of the secret part only the hash. scope_ids and actions are JSON lists of texts."""

BLOBS = Table(
    "blobs",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Contents by the hash of what they hold, compressed."""

SNAPSHOTS = Table(
    "snapshots",
    METADATA,
    _scope(),
    Column("version", Text, primary_key=True),
    Column("sha256", Text, ForeignKey("blobs.sha256"), nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("stock_version", BigInteger, nullable=False),
    Column("nodes", BigInteger, nullable=False),
    Column("skus", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("scope_id", "stock_version", name="uq_snapshots_stock_version"),
)

ORDERS = Table(
    "orders",
    METADATA,
    _scope(),
    Column("order_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("document", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('open', 'allocated', 'backordered', 'rejected', 'cancelled')", name="state"),
    Index("ix_orders_state", "scope_id", "state"),
)

ORDER_LINES = Table(
    "order_lines",
    METADATA,
    Column("scope_id", Text, primary_key=True),
    Column("order_id", Text, primary_key=True),
    Column("line_id", Text, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("ordered", BigInteger, nullable=False),
    Column("open", BigInteger, nullable=False),
    Column("allocated", BigInteger, nullable=False, server_default=text("0")),
    Column("backordered", BigInteger, nullable=False, server_default=text("0")),
    Column("rejected", BigInteger, nullable=False, server_default=text("0")),
    Column("cancelled", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("ordered = open + allocated + backordered + rejected + cancelled", name="conserved"),
    CheckConstraint(
        "open >= 0 AND allocated >= 0 AND backordered >= 0 AND rejected >= 0 AND cancelled >= 0", name="signs"
    ),
    ForeignKeyConstraint(["scope_id", "order_id"], ["orders.scope_id", "orders.order_id"]),
)
"""Where each ordered unit is; the sum is the database's to keep."""

ORDER_EVENTS = Table(
    "order_events",
    METADATA,
    Column("entry", _NUMBER, primary_key=True, autoincrement=True),
    Column("scope_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=text("'{}'")),
    ForeignKeyConstraint(["scope_id", "order_id"], ["orders.scope_id", "orders.order_id"]),
    Index("ix_order_events_order", "scope_id", "order_id"),
)

PLANS = Table(
    "plans",
    METADATA,
    Column("plan_id", Text, primary_key=True),
    Column("scope_id", Text, ForeignKey("scopes.scope_id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("is_current", Boolean, nullable=False, server_default=text("false")),
    Column("policy", Text, nullable=False),
    Column("snapshot_version", Text),
    Column("stock_version", BigInteger),
    Column("fence", BigInteger),
    Column("progress", Text, nullable=False, server_default=text("'{}'")),
    Column("summary", Text, nullable=False, server_default=text("'{}'")),
    Column("failure", Text, nullable=False, server_default=text("''")),
    Column("stop_asked", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("committed_at", BigInteger),
    CheckConstraint("state IN ('queued', 'running', 'finished', 'failed', 'committed', 'superseded')", name="state"),
    CheckConstraint("NOT is_current OR state = 'committed'", name="current_is_committed"),
    Index("ix_plans_state", "scope_id", "state"),
    Index("ix_plans_created", "scope_id", "created_at"),
    Index(
        "ix_plans_under_way",
        "state",
        sqlite_where=text("state IN ('queued', 'running')"),
        postgresql_where=text("state IN ('queued', 'running')"),
    ),
    Index(
        "uq_plans_current",
        "scope_id",
        unique=True,
        sqlite_where=text("is_current"),
        postgresql_where=text("is_current"),
    ),
)

PLAN_BLOCKS = Table(
    "plan_blocks",
    METADATA,
    Column("plan_id", Text, ForeignKey("plans.plan_id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Files of a plan in blocks, compressed; a table is cut at its rows, so that a page of it is read by itself."""

SECRETS = Table(
    "secrets",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""What this database signs with."""

ALLOCATIONS = Table(
    "allocations",
    METADATA,
    Column("reservation_id", Text, ForeignKey("reservations.reservation_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("plan_id", Text, ForeignKey("plans.plan_id")),
    Column("scope_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("line_id", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("shipment_id", Text),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("(plan_id IS NULL) = (shipment_id IS NULL)", name="shipments_of_plans"),
    ForeignKeyConstraint(
        ["scope_id", "order_id", "line_id"], ["order_lines.scope_id", "order_lines.order_id", "order_lines.line_id"]
    ),
    Index("ix_allocations_order", "scope_id", "order_id"),
    Index("ix_allocations_plan", "plan_id"),
)
"""What orders were given, each backed by a committed reservation: by a plan, or (plan_id NULL) by a reservation for the
order."""

LEASES = Table(
    "leases",
    METADATA,
    _scope(),
    Column("holder", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("entry", _NUMBER, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False, unique=True),
    Column("scope_id", Text, ForeignKey("scopes.scope_id"), nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sequence", BigInteger),
    UniqueConstraint("scope_id", "sequence", name="uq_events_sequence"),
)
"""Events. They are numbered by sequence only when read: transactions end in another order than they took entries, and
a reader that had passed a number would never see what came out below it."""

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    _scope(),
    Column("webhook_id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", Text, nullable=False, server_default=text("'[]'")),
    Column("salt", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    Column("after", BigInteger, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("failure", Text, nullable=False, server_default=text("''")),
    Column("failing_since", BigInteger),
    Column("next_at", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("held_until", BigInteger, nullable=False, server_default=text("0")),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("state IN ('active', 'disabled')", name="state"),
)
"""Who is told of events, and how far. The secret is not here: it is derived from the salt and a key that is kept in a
file, and has the hash secret_sha256."""

RUN_TOTALS = Table(
    "run_totals",
    METADATA,
    _scope(),
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False, server_default=text("0")),
    CheckConstraint("value >= 0", name="value"),
)
"""What runs add up to, by name; they only rise."""
