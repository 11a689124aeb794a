"""The router's choice is the planner's on snapshots of one order: total and allocations, ties included.

``QUARTERMASTER_SEEDS`` says how many instances (500 by default).
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from instance_features import alone
from instances import small_instance, tiny_instance

import quartermaster as qm
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "500"))
FIRST_SEED = 50_000
SHIPMENT = ["node_id", "carrier", "service", "zone", "parcels", "billable_weight_g", "distance_m", "ship_date",
            "delivery_date", "transport", "handling", "distance", "late"]  # fmt: skip


def case(seed: int) -> tuple[Snapshot, Policy]:
    snapshot, policy = (small_instance if seed % 5 == 0 else tiny_instance)(seed)
    return alone(snapshot, snapshot.orders["order_id"][seed % len(snapshot.orders)]), policy


def best_of(snapshot: Snapshot, policy: Policy) -> qm.Option:
    nothing = qm.StockPrices(
        node_id=tuple(snapshot.nodes["node_id"][:1]), sku=tuple(snapshot.products["sku"][:1]), price_micro=(0,)
    )
    router = qm.Router(snapshot, policy, nothing)
    return router.route(snapshot.orders.row(0), list(snapshot.order_lines)[::-1], 1).best


def units_of(option: qm.Option) -> dict[tuple[str, str, str, str], int]:
    return {
        (line_id, shipment.node_id, shipment.carrier, shipment.service): units
        for shipment in option.shipments
        for line_id, units in shipment.units.items()
    }


def planned_units(plan: qm.Plan) -> dict[tuple[str, str, str, str], int]:
    rows = plan.allocations.merge(plan.shipments[["shipment_id", "carrier", "service"]], on="shipment_id")
    keys = rows[["line_id", "node_id", "carrier", "service"]].itertuples(index=False, name=None)
    return dict(zip(keys, rows["quantity"].tolist(), strict=True))


@pytest.mark.parametrize("block", range(10))
def test_total_and_allocations(block: int) -> None:
    proven, seen = 0, 0
    for seed in range(FIRST_SEED + block, FIRST_SEED + N_SEEDS, 10):
        snapshot, policy = case(seed)
        best = best_of(snapshot, policy)
        rule = qm.plan(snapshot, replace(policy, strategy="cheapest"))
        assert best.objective == rule.objective, seed
        assert units_of(best) == planned_units(rule), seed
        short = dict(zip(rule.backorders["line_id"], rule.backorders["quantity"].tolist(), strict=True))
        assert best.backordered == short, seed
        columns = [list(rule.shipments[name]) for name in SHIPMENT]
        mine = [
            (s.node_id, s.carrier, s.service, s.zone, s.parcels, s.billable_weight_g, s.distance_m,
             s.ship_date.isoformat(), s.delivery_date.isoformat(), *s.cost.values())
            for s in best.shipments
        ]  # fmt: skip
        assert sorted(mine) == sorted(zip(*columns, strict=True)), seed
        seen += 1
        if best.exact:
            optimum = qm.plan(snapshot, replace(policy, strategy="optimal"))
            assert optimum.gap is not None
            assert optimum.objective.total_micro >= best.objective.total_micro, seed
            assert best.objective.total_micro >= (optimum.bound_micro or 0), seed
            if optimum.gap == 0:
                assert optimum.objective.total_micro == best.objective.total_micro, seed
                proven += 1
    assert proven * 10 >= seen * 9
