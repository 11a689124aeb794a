"""Evaluation of expected dates: planned ones are true, corrupted ones are caught, and what is feasible passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from false_claims import without_its_complete_order
from good_plan import full_draft
from inbound_day import NODE, inbound_day, line, order
from instance_features import alone, with_rows
from instances import small_instance

import quartermaster as qm
from quartermaster.domain.plan import EXPECTED_COLUMNS
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables
from quartermaster.evaluation.placing import most_placed
from quartermaster.planning.decode import PlanTables, decode
from quartermaster.planning.problem import build_problem
from quartermaster.planning.rules import run_rule
from quartermaster.planning.sourcing import NOTHING
from quartermaster.policy import Policy

EXPECTED_RULES = {
    "expected_date_alone", "expected_complete", "wrong_expected_ship_date", "wrong_expected_delivery_date",
    "expected_units",
}  # fmt: skip
Corruption = Callable[[pd.DataFrame, int], None]


def broken(snapshot: Snapshot, policy: Policy, tables: PlanTables, backorders: pd.DataFrame | None = None) -> set[str]:
    """The rules that a plan breaks."""
    rows = tables.backorders if backorders is None else backorders
    evaluation = evaluate_tables(snapshot, policy, tables.allocations, tables.shipments, rows, tables.objective)
    return {violation.rule for violation in evaluation.violations}


def planned(snapshot: Snapshot, policy: Policy, strategy: str) -> PlanTables:
    problem = build_problem(snapshot, policy)
    return decode(problem, NOTHING if strategy == "nothing" else run_rule(problem, strategy).sourcing)


@pytest.mark.parametrize("first", range(700, 760, 15))
def test_planned_dates_are_true(first: int) -> None:
    dated = 0
    for seed in range(first, first + 15):
        snapshot, policy = small_instance(seed)
        for strategy in ("nothing", "cheapest"):
            tables = planned(snapshot, policy, strategy)
            assert broken(snapshot, policy, tables) == set(), seed
            dated += (tables.backorders["expected_ship_date"] != "").sum()
    assert dated > 50


def _moved(column: str, days: int) -> Corruption:
    def corrupt(rows: pd.DataFrame, at: int) -> None:
        day = date.fromisoformat(rows.loc[at, column]) + timedelta(days=days)
        rows.loc[at, column] = day.isoformat()

    return corrupt


def _replaced(column: str, text: str) -> Corruption:
    def corrupt(rows: pd.DataFrame, at: int) -> None:
        rows.loc[at, column] = text

    return corrupt


CORRUPTIONS: dict[str, tuple[Corruption, float]] = {
    "no ship date": (_replaced("expected_ship_date", ""), 1),
    "no delivery date": (_replaced("expected_delivery_date", ""), 1),
    "ships before today": (_moved("expected_ship_date", -60), 1),
    "delivered before today": (_moved("expected_delivery_date", -60), 1),
    "ships after it is delivered": (_moved("expected_ship_date", 60), 1),
    "delivered a year later": (_moved("expected_delivery_date", 365), 1),
    # a line that is alone cannot be had sooner, but for a shipment that is too heavy for the service that is
    "delivered a day sooner": (_moved("expected_delivery_date", -1), 0.9),
}
"""Changes of one row, and the least share of them that must be caught, on plans of one order."""


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corrupted_date_is_caught(name: str) -> None:
    corrupt, share = CORRUPTIONS[name]
    caught: Counter[bool] = Counter()
    for seed in range(800, 840):
        snapshot, policy = small_instance(seed)
        for order_id in snapshot.orders["order_id"].tolist()[:3]:
            single = alone(snapshot, order_id)
            tables = planned(single, policy, "nothing")
            dated = tables.backorders.index[tables.backorders["expected_ship_date"] != ""]
            if len(dated):
                rows = tables.backorders.copy()
                corrupt(rows, Random(seed).choice(dated.tolist()))
                rules = broken(single, policy, tables, rows)
                assert rules <= EXPECTED_RULES
                caught[bool(rules)] += 1
    assert caught.total() >= 30
    assert caught[True] >= share * caught.total(), caught


def test_one_unit_less_than_is_promised_is_caught() -> None:
    """What arrives of a SKU is cut to one unit less than its dated lines need; none of them may use what is left."""
    cases = 0
    for seed in range(860, 900):
        snapshot, policy = small_instance(seed)
        tables = planned(snapshot, policy, "cheapest")
        whole = set(snapshot.orders["order_id"][snapshot.orders["ship_complete"]]) | {
            (row.order_id, row.line_id) for row in snapshot.order_lines if row.line_complete
        }
        rows = tables.backorders[tables.backorders["expected_ship_date"] != ""]
        units = rows.groupby("sku")["quantity"].sum()
        for sku, promised in units.items():
            mine = rows[rows["sku"] == sku]
            if any(key[0] in whole or key in whole for key in zip(mine["order_id"], mine["line_id"], strict=True)):
                continue
            spare = sum(row.quantity for row in snapshot.replenishment if row.sku == sku) - int(promised) + 1
            less = _with_less(snapshot, str(sku), spare)
            assert broken(less, policy, tables) & EXPECTED_RULES, (seed, sku)
            cases += 1
    assert cases >= 20


def _with_less(snapshot: Snapshot, sku: str, units: int) -> Snapshot:
    rows: list[Any] = []
    for row in snapshot.replenishment:
        cut = min(units, row.quantity) if row.sku == sku else 0
        units -= cut
        if cut < row.quantity:
            rows.append(replace(row, quantity=row.quantity - cut))
    return with_rows(snapshot, "replenishment", rows)


def test_a_plan_without_the_columns_claims_nothing() -> None:
    draft = full_draft()
    frames: dict[str, Any] = draft.frames()
    frames["backorders"] = frames["backorders"].drop(columns=list(EXPECTED_COLUMNS))
    assert evaluate_tables(draft.snapshot, draft.policy, **frames).violations == ()


def test_a_complete_order_may_wait_for_what_is_left_over_and_what_arrives() -> None:
    """The plan that the false claims of a complete order change a little."""
    draft = full_draft()
    without_its_complete_order(draft)
    assert evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations == ()


DAYS = (date(2026, 9, 14), date(2026, 9, 16))


@pytest.mark.parametrize("cells", [DAYS, tuple(pd.Timestamp(day) for day in DAYS)])
def test_dates_may_be_dates(cells: tuple[date, date]) -> None:
    draft = full_draft()
    assert draft.backorders is not None
    for column, cell in zip(EXPECTED_COLUMNS, cells, strict=True):
        draft.backorders[0][column] = None
        draft.backorders[1][column] = cell
    assert evaluate_tables(draft.snapshot, draft.policy, **draft.frames()).violations == ()


@pytest.mark.parametrize(
    ("days", "rules"),
    [
        (("2026-06-17", "2026-06-19"), set()),
        (("2026-06-18", "2026-06-19"), set()),  # ships on the 17th or the 18th
        (("2026-06-26", "2026-06-30"), set()),  # a careful promise is a true one
        (("2026-06-20", "2026-06-23"), {"wrong_expected_ship_date"}),  # a Saturday
        (("2026-06-18", "2026-06-23"), {"wrong_expected_delivery_date"}),
    ],
)
def test_later_than_need_be_is_no_fault(days: tuple[str, str], rules: set[str]) -> None:
    snapshot = inbound_day([order("o")], [line("o", 1)], {("n1", "x", 17): 1})
    plan = qm.plan(snapshot)
    backorders = plan.backorders.assign(**dict(zip(EXPECTED_COLUMNS, days, strict=True)))
    found = evaluate_tables(snapshot, Policy(), plan.allocations, plan.shipments, backorders).violations
    assert {violation.rule for violation in found} == rules


def test_units_are_moved_between_lines_before_anyone_is_accused() -> None:
    """The line that may use both nodes must leave the one unit at n1 to the line that is pinned there."""
    lines = [line("a", 1), line("b", 1, pinned_node="n1")]
    nodes = [NODE, replace(NODE, node_id="n2")]
    inbound = {("n1", "x", 10): 1, ("n2", "x", 10): 1}
    snapshot = inbound_day([order("a"), order("b")], lines, inbound, nodes=nodes)
    plan = qm.plan(snapshot)
    backorders = plan.backorders.assign(expected_ship_date="2026-06-10", expected_delivery_date="2026-06-12")
    assert evaluate_tables(snapshot, Policy(), plan.allocations, plan.shipments, backorders).violations == ()
    pinned = inbound_day([order("a"), order("b")], [line("a", 1, pinned_node="n1"), lines[1]], inbound, nodes=nodes)
    (violation,) = evaluate_tables(pinned, Policy(), plan.allocations, plan.shipments, backorders).violations
    assert str(violation) == "sku x: 2 units have expected dates, 1 of them at most can be had by then [expected_units]"


@pytest.mark.parametrize("seed", range(40))
def test_most_placed_against_the_cuts(seed: int) -> None:
    """The largest flow is the least cut: over all sets of places, what they hold, and the demand that needs others."""
    rng = Random(seed)
    held = [rng.randint(0, 4) for _ in range(rng.randint(1, 5))]
    wanted = {
        frozenset(rng.sample(range(len(held)), rng.randint(0, len(held)))): rng.randint(1, 5)
        for _ in range(rng.randint(0, 6))
    }
    cuts = []
    for chosen in range(2 ** len(held)):
        cut = {place for place in range(len(held)) if chosen >> place & 1}
        inside = sum(held[place] for place in cut)
        cuts.append(inside + sum(units for known, units in wanted.items() if known - cut))
    assert most_placed(wanted, held) == min(cuts)
