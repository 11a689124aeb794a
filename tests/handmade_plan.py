"""Plans made by hand for pages and pictures: right in form, near enough in content, made without a planner."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from quartermaster.domain.plan import (
    ALLOCATION_COLUMNS,
    BACKORDER_COLUMNS,
    EXPECTED_COLUMNS,
    SHIPMENT_COLUMNS,
    Objective,
    Plan,
    RunRecord,
    Status,
)
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL, Policy


def handmade_plan(snapshot: Snapshot, strategy: str = OPTIMAL, dearer: float = 1.0, fill: float = 0.97) -> Plan:
    """Serve each line whole from the nearest of three random nodes; a share of the lines waits."""
    rng = np.random.default_rng(5)
    lines, nodes, orders = snapshot.order_lines, snapshot.nodes, snapshot.orders
    order = np.searchsorted(orders["order_id"], lines["order_id"])
    picks = rng.integers(0, len(nodes), (len(lines), 3))
    away = (nodes["lat"][picks] - orders["lat"][order][:, None]) ** 2
    away = np.nan_to_num(away + (nodes["lon"][picks] - orders["lon"][order][:, None]) ** 2, nan=1e9)
    node = picks[np.arange(len(lines)), away.argmin(axis=1)]
    served = rng.permutation(len(lines)) < round(fill * len(lines))
    allocations = pd.DataFrame(
        {
            "order_id": lines["order_id"][served],
            "line_id": lines["line_id"][served],
            "sku": lines["sku"][served],
            "node_id": nodes["node_id"][node[served]],
            "quantity": lines["quantity"][served],
        }
    )
    allocations["shipment_id"] = allocations["order_id"] + "/" + allocations["node_id"]
    shipments = allocations.groupby(["shipment_id", "order_id", "node_id"], as_index=False).agg(
        units=("quantity", "sum")
    )
    shipments = shipments.assign(
        carrier="USPS",
        service="Ground Advantage",
        zone="4",
        parcels=1,
        billable_weight_g=500,
        distance_m=800_000,
        ship_date="2026-11-23",
        delivery_date="2026-11-27",
        transport=Decimal("9.5"),
        handling=Decimal("1.5"),
        distance=Decimal(0),
        late=Decimal(0),
    )
    reasons = np.array(["stock_taken", "no_stock", "too_costly"], dtype=object)[rng.integers(0, 3, len(lines))]
    backorders = pd.DataFrame({name: lines[name][~served] for name in BACKORDER_COLUMNS[:4]})
    backorders["reason"] = reasons[~served]
    backorders[list(EXPECTED_COLUMNS)] = ""
    objective = Objective(
        transport_micro=int(9_500_000 * dearer) * len(shipments),
        handling_micro=1_500_000 * len(shipments),
        extra_shipment_micro=0,
        opening_micro=60_000_000,
        backorder_micro=100_000_000 * int(backorders["quantity"].sum()),
    )
    units = int(lines["quantity"].sum())
    shipped = allocations["order_id"].nunique()
    split = int((shipments["order_id"].value_counts() > 1).sum())
    together = strategy == OPTIMAL
    return Plan(
        status=Status.FEASIBLE if together else Status.HEURISTIC,
        strategy=strategy,
        objective=objective,
        allocations=allocations[list(ALLOCATION_COLUMNS)],
        shipments=shipments[list(SHIPMENT_COLUMNS)],
        backorders=backorders[list(BACKORDER_COLUMNS)],
        bound_micro=objective.total_micro * 99_695 // 100_000 if together else None,
        kpis={
            "units": Decimal(units),
            "shipments": Decimal(len(shipments)),
            "fill_rate": Decimal(int(lines["quantity"][served].sum())) / max(units, 1),
            "split_rate": Decimal(split) / max(shipped, 1),
            "on_time_rate": Decimal(1),
            "cost_per_order": Decimal(objective.total_micro - objective.backorder_micro) / 10**6 / max(shipped, 1),
            "mean_distance_km": Decimal(800),
        },
        snapshot_sha256="ab" * 32,
        policy=Policy(strategy=strategy),
        versions={"quartermaster": "0.1.0", "ortools": "9.15"},
        seed=0,
        deterministic=True,
        run=RunRecord(seconds={"read": 0.4, "rate": 0.1, "solve": 3.2}, peak_memory_bytes=300 * 2**20),
    )
