"""The same day told differently: rows permuted, ids renamed, two copies side by side, another currency unit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest
from instances import shuffled, small_instance, tiny_instance
from renaming import renamed, side_by_side

import quartermaster as qm
from quartermaster.domain.money import MICRO
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready, snapshot_sha256
from quartermaster.policy import OPTIMAL, RULES, Policy

PLAN_FILES = {"allocations.csv", "shipments.csv", "backorders.csv", "plan.json"}
PROOF_FILES = {"certificate.json", "prices.csv"}
ID_COLUMNS = ("order_id", "line_id", "sku", "node_id", "carrier", "service", "zone")


def quick(policy: Policy, strategy: str = OPTIMAL) -> Policy:
    """The policy with a stop that no clock decides."""
    solver = replace(policy.solver, time_limit_seconds=Decimal(300), relative_gap=Decimal("0.01"), work_limit=200)
    return replace(policy, strategy=strategy, solver=solver)


def written(snapshot: Snapshot, policy: Policy, folder: Path) -> dict[str, bytes]:
    plan = qm.plan(snapshot, policy)
    assert plan.deterministic
    plan.write(folder)
    held = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.json"}
    assert set(held) == PLAN_FILES | (PROOF_FILES if policy.strategy == OPTIMAL else set())
    return held


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strategy", [OPTIMAL, *RULES])
def test_permuted_rows_give_the_same_bytes(strategy: str, seed: int, tmp_path: Path) -> None:
    snapshot, policy = small_instance(100 + seed)
    policy = quick(policy, strategy)
    again = ready(shuffled(snapshot, Random(seed)))
    assert snapshot_sha256(again) == snapshot_sha256(snapshot)
    assert written(snapshot, policy, tmp_path / "one") == written(again, policy, tmp_path / "two")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("strategy", [OPTIMAL, *RULES])
def test_renamed_ids_map_the_plan(strategy: str, seed: int) -> None:
    """Every id gets a prefix, which keeps their order, so that no tie can fall the other way."""
    snapshot, policy = small_instance(121 + seed)
    policy = quick(policy, strategy)
    plan, other = qm.plan(snapshot, policy), qm.plan(renamed(snapshot, "k "), policy)
    assert other.objective == plan.objective
    assert other.kpis == plan.kpis
    for name in ("allocations", "shipments", "backorders"):
        pd.testing.assert_frame_equal(_mapped(getattr(plan, name)), _plain(getattr(other, name)))


@pytest.mark.parametrize("seed", range(2200, 2208))
def test_two_copies_cost_twice(seed: int) -> None:
    snapshot, policy = tiny_instance(seed)
    once = qm.plan(snapshot, policy).objective
    twice = qm.plan(side_by_side(snapshot), policy).objective
    assert twice.total_micro == 2 * once.total_micro


@pytest.mark.parametrize("seed", range(2300, 2306))
@pytest.mark.parametrize("factor", [2, 7])
def test_costs_times_k_give_k_times_the_cost(factor: int, seed: int) -> None:
    """Up to rounding: each unit takes part in a handful of products, each rounded once."""
    snapshot, policy = tiny_instance(seed)
    plan, scaled = qm.plan(snapshot, policy), qm.plan(_times(snapshot, factor), _policy_times(policy, factor))
    units = int(snapshot.order_lines["quantity"].sum()) + len(snapshot.orders)
    slack = 4 * factor * units
    assert slack < MICRO // 100
    assert abs(scaled.objective.total_micro - factor * plan.objective.total_micro) <= slack


def _mapped(frame: pd.DataFrame) -> pd.DataFrame:
    return _plain(frame.assign(**{name: "k " + frame[name] for name in ID_COLUMNS if name in frame}))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Without shipment ids, which are made from the other ids; in a fixed order."""
    columns = [name for name in frame.columns if name != "shipment_id"]
    return frame[columns].sort_values(columns, ignore_index=True)


def _times(snapshot: Snapshot, factor: int) -> Snapshot:
    money = {
        "order_lines": ("backorder_cost",),
        "nodes": ("cost_per_shipment", "cost_per_unit", "opening_cost"),
        "services": ("residential_surcharge",),
        "rates": ("price",),
    }
    tables: dict[str, Any] = {}
    for table, columns in money.items():
        tables[table] = [
            replace(row, **{name: _product(getattr(row, name), factor) for name in columns})
            for row in snapshot.table(table)
        ]
    return ready(replace(snapshot, **tables, checked=False))


def _product(amount: Decimal | None, factor: int) -> Decimal | None:
    return None if amount is None else amount * factor


def _policy_times(policy: Policy, factor: int) -> Policy:
    objective, service, backorder = policy.objective, policy.service, policy.backorder
    return replace(
        policy,
        objective=replace(
            objective,
            cost_per_shipment_km=objective.cost_per_shipment_km * factor,
            cost_per_unit_km=objective.cost_per_unit_km * factor,
            extra_shipment=objective.extra_shipment * factor,
        ),
        service=replace(service, cost_per_late_day=service.cost_per_late_day * factor),
        backorder=replace(
            backorder,
            cost_per_unit=backorder.cost_per_unit * factor,
            cost_per_order=backorder.cost_per_order * factor,
        ),
    )
