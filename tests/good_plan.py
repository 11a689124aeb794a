"""A plan made by hand on a small snapshot that carries every feature of the contract.

Every figure is worked out in the comments, from interface section 3 and nothing else. All places are on the equator,
where one degree is 6 371 009 m * pi / 180 = 111 195.0797 m: 111 195 m; two degrees are 222 390.159 m: 222 390 m.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd

from quartermaster.domain.carriers import Holiday, Rate, Service, Transit, Zone
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Replenishment
from quartermaster.domain.plan import (
    ALLOCATION_COLUMNS,
    BACKORDER_COLUMNS,
    SHIPMENT_COLUMNS,
    Objective,
    Plan,
    RunRecord,
    Status,
)
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import BackorderPolicy, ObjectivePolicy, Policy, ServicePolicy

MONDAY_TO_SATURDAY = frozenset(range(6))

# Friday 4 September 2026, 20:30 UTC, before the Labor Day of Monday 7 September: 16:30 in New York, 15:30 in Chicago,
# 13:30 in Los Angeles.
AS_OF = datetime(2026, 9, 4, 20, 30, tzinfo=UTC)

ORDERS = (
    Order(order_id="O1", lat=0.0, lon=1.0, promise_date=date(2026, 9, 10)),
    Order(order_id="O2", lat=0.0, lon=2.0, promise_date=date(2026, 9, 9), residential=False, priority=2),
    Order(order_id="O3", lat=0.0, lon=1.0, service_level="std", ship_complete=True, max_shipments=1),
    Order(order_id="O4", lat=0.0, lon=1.0, priority=1),
    # Without coordinates: an unknown place, half the Earth's circumference from anywhere.
    Order(order_id="O5", postal_code="20001", promise_date=date(2026, 9, 4)),
)
LINES = (
    OrderLine(order_id="O1", line_id="1", sku="tea", quantity=3),
    OrderLine(order_id="O1", line_id="2", sku="tea", quantity=2, excluded_nodes=("N3",)),
    OrderLine(order_id="O2", line_id="1", sku="lamp", quantity=4),
    OrderLine(order_id="O3", line_id="1", sku="rug", quantity=2, line_complete=True, pinned_node="N3"),
    OrderLine(order_id="O3", line_id="2", sku="tea", quantity=1, allowed_nodes=("N1", "N3")),
    OrderLine(order_id="O4", line_id="1", sku="rug", quantity=1, backorder_cost=Decimal("12.345678")),
    OrderLine(order_id="O5", line_id="1", sku="tea", quantity=1),
)
PRODUCTS = (
    Product(sku="lamp", weight_g=1500, length_mm=300, width_mm=200, height_mm=200),  # 12 000 cm3
    Product(sku="rug", weight_g=9000, length_mm=2000, width_mm=100),  # a side is missing: no volume
    Product(sku="tea", weight_g=400),
)
NODES = (
    # Its cut-off is over, it does not ship on Saturday and Sunday, Monday is a holiday: ships Tuesday 8 September.
    Node(
        node_id="N1", postal_code="10001", lat=0.0, lon=0.0, timezone="America/New_York", cutoff=time(16),
        max_shipments=2, max_units=7, cost_per_shipment=Decimal("1.10"), cost_per_unit=Decimal("0.25"),
        opening_cost=Decimal(8),
    ),
    # Before its cut-off on a day it ships: today, Friday 4 September.
    Node(
        node_id="N2", kind="store", postal_code="10055", lat=0.0, lon=3.0, timezone="America/Chicago", cutoff=time(17),
        ships_on=MONDAY_TO_SATURDAY, cost_per_shipment=Decimal("0.90"), cost_per_unit=Decimal("0.40"),
    ),
    # After its cut-off; Saturday is its own holiday, Sunday none of its days, Monday a holiday: Tuesday 8 September.
    Node(
        node_id="N3", kind="vendor", lat=0.0, lon=-1.0, timezone="America/Los_Angeles", cutoff=time(12),
        ships_on=MONDAY_TO_SATURDAY, cost_per_unit=Decimal("0.333333"), opening_cost=Decimal("3.50"),
    ),
    Node(node_id="N4", lat=0.0, lon=0.5, enabled=False),
)  # fmt: skip
INVENTORY = (
    Inventory(node_id="N1", sku="lamp", on_hand=2),
    Inventory(node_id="N1", sku="tea", on_hand=9, safety_stock=2, reserved=2),  # 5 available
    Inventory(node_id="N2", sku="lamp", on_hand=1),
    Inventory(node_id="N2", sku="rug", on_hand=5, reserved=9),  # 0 available, never fewer
    Inventory(node_id="N2", sku="tea", on_hand=20),
    Inventory(node_id="N3", sku="rug", on_hand=2),
    Inventory(node_id="N3", sku="tea", on_hand=20),
    Inventory(node_id="N4", sku="tea", on_hand=20),
)
SERVICES = (
    Service(carrier="post", service="air", service_level="express", delivers_on="mon-sat"),
    Service(
        carrier="post", service="ground", service_level="std", dim_divisor_cm3_per_kg=Decimal(5000),
        dim_above_cm3=Decimal(1000), max_parcels=3, fuel_surcharge=Decimal("0.1"),
        residential_surcharge=Decimal("0.50"),
    ),
    Service(carrier="van", service="local", fuel_surcharge=Decimal("0.125"), delivers_on="mon-sun", nodes=("N2",)),
)  # fmt: skip
ZONES = (
    Zone(carrier="post", zone="A", max_distance_km=Decimal(150)),
    Zone(carrier="post", zone="B", max_distance_km=Decimal(400)),
    Zone(carrier="post", zone="C", max_distance_km=Decimal(1200)),  # no rate
    Zone(carrier="post", zone="D", max_distance_km=Decimal(5000)),  # no transit time
    Zone(carrier="van", zone="U", origin_prefix="1", destination_prefix="2"),
    Zone(carrier="van", zone="V", origin_prefix="100", destination_prefix="200"),  # longer, so it wins
)
RATES = tuple(
    Rate(carrier=carrier, service=service, zone=zone, max_weight_g=max_weight_g, price=Decimal(price))
    for carrier, service, zone, max_weight_g, price in (
        ("post", "air", "A", 2000, "20.00"),
        ("post", "air", "B", 2000, "31.07"),
        ("post", "ground", "A", 1000, "4.00"),
        ("post", "ground", "A", 5000, "7.25"),
        ("post", "ground", "A", 10000, "12.10"),
        ("post", "ground", "B", 1000, "5.00"),
        ("post", "ground", "B", 5000, "9.13"),
        ("post", "ground", "B", 10000, "15.00"),
        ("post", "ground", "D", 10000, "25.00"),
        ("van", "local", "U", 20000, "1.00"),
        ("van", "local", "V", 20000, "3.33"),
    )
)
TRANSIT = tuple(
    Transit(carrier=carrier, service=service, zone=zone, days=days)
    for carrier, service, zone, days in (
        ("post", "air", "A", 1),
        ("post", "air", "B", 1),
        ("post", "ground", "A", 1),
        ("post", "ground", "B", 2),
        ("post", "ground", "C", 3),
        ("van", "local", "U", 0),
        ("van", "local", "V", 0),
    )
)
HOLIDAYS = (
    Holiday(date=date(2026, 9, 5), node_id="N3"),
    Holiday(date=date(2026, 9, 7)),
    Holiday(date=date(2026, 9, 9), carrier="post"),
)

REPLENISHMENT = (Replenishment(node_id="N3", sku="rug", quantity=1, arrives_on=date(2026, 9, 13)),)

POLICY = Policy(
    objective=ObjectivePolicy(
        cost_per_shipment_km=Decimal("0.003"), cost_per_unit_km=Decimal("0.0015"), extra_shipment=Decimal("0.75")
    ),
    service=ServicePolicy(late="price", cost_per_late_day=Decimal(5), max_shipments=2),
    backorder=BackorderPolicy(cost_per_unit=Decimal(100), cost_per_order=Decimal("2.50")),
)

ALLOCATIONS = (
    ("O1", "1", "tea", "N1", 3, "S1"),
    ("O1", "2", "tea", "N1", 2, "S1"),
    ("O2", "1", "lamp", "N1", 2, "S2"),
    ("O2", "1", "lamp", "N2", 1, "S3"),
    ("O3", "1", "rug", "N3", 2, "S4"),
    ("O3", "2", "tea", "N3", 1, "S4"),
    ("O5", "1", "tea", "N2", 1, "S5"),
)
# Columns: shipment, order, node, carrier, service, zone, parcels, billable g, metres, units, shipped, delivered, then
# transport, handling, distance, late.
SHIPMENTS = (
    # Billable 5 * 400 g = 2 000 g; transport (7.25 + 0.50) * 1.1 = 8.525; handling 1.10 + 5 * 0.25 = 2.35;
    # distance 0.003 * 111.195 = 0.333585, and 0.0015 * 5 * 111.195 = 0.8339625, half up 0.833963: 1.167548.
    # Tuesday 8, then one delivery day; Wednesday 9 is the carrier's holiday: Thursday 10, as promised.
    ("S1", "O1", "N1", "post", "ground", "A", 1, 2000, 111195, 5, "2026-09-08", "2026-09-10",
     "8.525", "2.35", "1.167548", "0"),
    # Actual 3 000 g; 24 000 cm3 are over 1 000: 1000 * 24 000 / 5 000 = 4 800 g; transport 9.13 * 1.1 = 10.043 (no
    # residence); handling 1.10 + 2 * 0.25 = 1.60; distance 0.003 * 222.390 + 0.0015 * 2 * 222.390 = 1.33434.
    # Tuesday 8, then Thursday 10 and Friday 11: two days after Wednesday 9, late 2 * 5.
    ("S2", "O2", "N1", "post", "ground", "B", 1, 4800, 222390, 2, "2026-09-08", "2026-09-11",
     "10.043", "1.60", "1.33434", "10"),
    # No divisor: 1 500 g; transport 20.00; handling 0.90 + 0.40; distance 0.333585 + 0.0015 * 111.195 = 0.1667925,
    # half up 0.166793: 0.500378. Friday 4, delivered Saturday 5 (mon-sat).
    ("S3", "O2", "N2", "post", "air", "A", 1, 1500, 111195, 1, "2026-09-04", "2026-09-05",
     "20.00", "1.30", "0.500378", "0"),
    # 2 * 9 000 + 400 = 18 400 g are over 10 000: two parcels of 9 200 g; transport (2 * 15.00 + 2 * 0.50) * 1.1 =
    # 34.10; handling 3 * 0.333333 = 0.999999; distance 0.003 * 222.390 + 0.0015 * 3 * 222.390 = 0.66717 + 1.000755.
    ("S4", "O3", "N3", "post", "ground", "B", 2, 18400, 222390, 3, "2026-09-08", "2026-09-11",
     "34.10", "0.999999", "1.667925", "0"),
    # 3.33 * 1.125 = 3.74625; distance 0.003 * 20 015.115 = 60.045345, and 0.0015 * 20 015.115 = 30.0226725, half up
    # 30.022673. Friday 4, the first delivery day on or after it (0 days) is Friday 4.
    ("S5", "O5", "N2", "van", "local", "V", 1, 400, 20015115, 1, "2026-09-04", "2026-09-04",
     "3.74625", "1.30", "90.068018", "0"),
)  # fmt: skip
BACKORDERS = (
    ("O2", "1", "lamp", 1, "no_stock", "", ""),
    # One rug arrives at N3 on Sunday 13 and ships on Monday 14; two delivery days of zone B by ground: Wednesday 16.
    ("O4", "1", "rug", 1, "stock_taken", "2026-09-14", "2026-09-16"),
)
OBJECTIVE = Objective(
    transport_micro=76_414_250,  # 8.525 + 10.043 + 20 + 34.10 + 3.74625
    handling_micro=7_549_999,  # 2.35 + 1.60 + 1.30 + 0.999999 + 1.30
    distance_micro=94_738_209,  # 1.167548 + 1.33434 + 0.500378 + 1.667925 + 90.068018
    late_micro=10_000_000,
    extra_shipment_micro=750_000,  # O2 has two shipments
    opening_micro=11_500_000,  # N1 8.00, N3 3.50, N2 nothing
    # O2: 100 * (1 + 2) for the lamp and 2.50 * 3 for the order; O4: 12.345678 * (1 + 1) and 2.50 * 2.
    backorder_micro=307_500_000 + 29_691_356,
)
TOTAL_MICRO = 538_143_814


@dataclass(kw_only=True)
class Draft:
    """A plan with its snapshot and policy, to be changed by a test: rows as dictionaries by column."""

    snapshot: Snapshot
    policy: Policy
    allocations: list[dict[str, Any]]
    shipments: list[dict[str, Any]]
    backorders: list[dict[str, Any]] | None
    claimed: Objective | None

    def frames(self) -> dict[str, pd.DataFrame | None]:
        """Return the tables as evaluation takes them."""
        return {
            "allocations": _frame(self.allocations, ALLOCATION_COLUMNS),
            "shipments": _frame(self.shipments, SHIPMENT_COLUMNS),
            "backorders": None if self.backorders is None else _frame(self.backorders, BACKORDER_COLUMNS),
        }

    def allocation(self, order_id: str, line_id: str, shipment_id: str) -> dict[str, Any]:
        """Return one allocation row."""
        key = (order_id, line_id, shipment_id)
        return next(row for row in self.allocations if (row["order_id"], row["line_id"], row["shipment_id"]) == key)

    def shipment(self, shipment_id: str) -> dict[str, Any]:
        """Return one shipment row."""
        return next(row for row in self.shipments if row["shipment_id"] == shipment_id)

    def ship(self, shipment_id: str, node_id: str) -> None:
        """Let a shipment and its allocations leave from another node."""
        self.shipment(shipment_id)["node_id"] = node_id
        for row in self.allocations:
            if row["shipment_id"] == shipment_id:
                row["node_id"] = node_id

    def change(self, table: str, key: tuple[str, ...], **values: Any) -> None:
        """Replace values in the one row of a snapshot table whose first columns are the key."""
        rows = list(self.snapshot.table(table))
        names = list(type(rows[0]).__dataclass_fields__)[: len(key)]
        found = [position for position, row in enumerate(rows) if tuple(getattr(row, name) for name in names) == key]
        rows[found[0]] = replace(rows[found[0]], **values)
        self.snapshot = replace(self.snapshot, **{table: rows})


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    names = list(rows[0]) if rows else list(columns)
    return pd.DataFrame({name: [row[name] for row in rows] for name in names}, columns=names)


def good_snapshot() -> Snapshot:
    """Build the snapshot; rows are in canonical order and every place is resolved."""
    return Snapshot(
        as_of=AS_OF, currency="USD", orders=ORDERS, order_lines=LINES, products=PRODUCTS, nodes=NODES,
        inventory=INVENTORY, services=SERVICES, zones=ZONES, rates=RATES, transit=TRANSIT, holidays=HOLIDAYS,
        replenishment=REPLENISHMENT, checked=True,
    )  # fmt: skip


def full_draft() -> Draft:
    """Return the good plan with every derived column and its claimed cost."""
    shipments = [dict(zip(SHIPMENT_COLUMNS, row, strict=True)) for row in SHIPMENTS]
    for row in shipments:
        row.update({name: Decimal(row[name]) for name in SHIPMENT_COLUMNS[-4:]})
    return Draft(
        snapshot=good_snapshot(),
        policy=POLICY,
        allocations=[dict(zip(ALLOCATION_COLUMNS, row, strict=True)) for row in ALLOCATIONS],
        shipments=shipments,
        backorders=[dict(zip(BACKORDER_COLUMNS, row, strict=True)) for row in BACKORDERS],
        claimed=OBJECTIVE,
    )


def bare_draft() -> Draft:
    """Return the good plan as people bring it: ids, nodes, quantities and services, and nothing derived."""
    draft = full_draft()
    draft.shipments = [{name: row[name] for name in SHIPMENT_COLUMNS[:5]} for row in draft.shipments]
    draft.backorders = None
    draft.claimed = None
    return draft


def good_plan(**changes: Any) -> Plan:
    """Return the good plan as the planner would give it away."""
    tables = {name: frame for name, frame in full_draft().frames().items() if frame is not None}
    given: dict[str, Any] = {
        "status": Status.FEASIBLE,
        "strategy": "optimal",
        "objective": OBJECTIVE,
        **tables,
        "bound_micro": 530_000_000,
        "kpis": {"orders": Decimal(5), "fill_rate": Decimal(11) / Decimal(13)},
        "snapshot_sha256": "0" * 64,
        "policy": POLICY,
        "versions": {"quartermaster": "0.1.0"},
        "seed": 0,
        "deterministic": True,
        "run": RunRecord(seconds={"solve": 1.25}, peak_memory_bytes=10**8, warnings=("a “warning”",)),
    }
    return Plan(**{**given, **changes})
