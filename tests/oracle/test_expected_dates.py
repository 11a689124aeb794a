"""Expected dates on random instances: equal to trying every way, each unit promised once, monotone, repeatable.

``QUARTERMASTER_SEEDS`` says how many instances (100 by default). Every plan backorders something: what the rules leave,
or all there is.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pandas as pd
import pytest
from instance_features import edited, with_rows
from instances import crowded_instance, shuffled, small_instance, tiny_instance, with_inbound
from naive_dates import Dates, naive_dates

from quartermaster.domain.plan import BACKORDER_COLUMNS
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready
from quartermaster.io.plan_csv import csv_bytes
from quartermaster.planning.decode import PlanTables, decode
from quartermaster.planning.problem import build_problem
from quartermaster.planning.rules import run_rule
from quartermaster.planning.sourcing import NOTHING
from quartermaster.policy import Policy

N_SEEDS = int(os.environ.get("QUARTERMASTER_SEEDS", "100"))
CHUNK = 25
DRAWS = {"tiny": tiny_instance, "crowded": crowded_instance, "small": small_instance}


def tables_of(snapshot: Snapshot, policy: Policy, strategy: str) -> PlanTables:
    """Plan by a rule, or nothing at all."""
    problem = build_problem(snapshot, policy)
    return decode(problem, NOTHING if strategy == "nothing" else run_rule(problem, strategy).sourcing)


def dated(backorders: pd.DataFrame) -> Dates:
    """The dates given out."""
    rows = backorders[["order_id", "line_id", "expected_ship_date", "expected_delivery_date"]]
    return {
        (order_id, line_id): (shipped, delivered)
        for order_id, line_id, shipped, delivered in rows.itertuples(index=False)
        if shipped or delivered
    }


@pytest.mark.parametrize("first", range(0, N_SEEDS, CHUNK))
@pytest.mark.parametrize("strategy", ["nothing", "cheapest", "highest_stock"])
@pytest.mark.parametrize("draw", ["tiny", "crowded"])
def test_equal_to_trying_every_way(draw: str, strategy: str, first: int) -> None:
    found = 0
    for seed in range(first, min(first + CHUNK, N_SEEDS)):
        snapshot, policy = DRAWS[draw](seed)
        tables = tables_of(snapshot, policy, strategy)
        expected = naive_dates(snapshot, policy, tables.allocations, tables.backorders)
        assert dated(tables.backorders) == expected, seed
        found += len(expected)
    assert found  # there are dates to compare


def test_every_kind_of_line_is_among_them() -> None:
    """Dates of whole orders, whole lines and parts of lines, and such as need units that the plan left over."""
    kinds: Counter[str] = Counter()
    for seed in range(100):
        snapshot, policy = DRAWS["crowded"](seed)
        complete = dict(zip(snapshot.orders["order_id"], snapshot.orders["ship_complete"], strict=True))
        lines = {(line.order_id, line.line_id): line for line in snapshot.order_lines}
        inbound: Counter[str] = Counter()
        for row in snapshot.replenishment:
            inbound[row.sku] += row.quantity
        for strategy in ("nothing", "cheapest"):
            backorders = tables_of(snapshot, policy, strategy).backorders
            dates = dated(backorders)
            for order_id, line_id, units in backorders[["order_id", "line_id", "quantity"]].itertuples(index=False):
                if (order_id, line_id) in dates:
                    line = lines[order_id, line_id]
                    kinds["order" if complete[order_id] else "line" if line.line_complete else "any"] += 1
                    kinds["part of a line"] += units < line.quantity
                    kinds["more than arrives"] += units > inbound[line.sku]
    assert set(kinds) == {"order", "line", "any", "part of a line", "more than arrives"}
    assert min(kinds.values()) >= 2, kinds


@pytest.mark.parametrize("seed", range(400, 440))
def test_each_unit_is_promised_once(seed: int) -> None:
    """For each SKU and day: no more units are promised by then than arrive by then, or were left over."""
    snapshot, policy = small_instance(seed)
    for strategy in ("nothing", "cheapest"):
        tables = tables_of(snapshot, policy, strategy)
        dates = dated(tables.backorders)
        promised: list[tuple[str, str, int]] = []
        for order_id, line_id, sku, units in tables.backorders[list(BACKORDER_COLUMNS[:4])].itertuples(index=False):
            if (order_id, line_id) in dates:
                promised.append((sku, dates[order_id, line_id][0], int(units)))
        held: Counter[str] = Counter()
        for row in snapshot.inventory:
            held[row.sku] += max(0, row.on_hand - row.safety_stock - row.reserved)
        for sku, units in zip(tables.allocations["sku"], tables.allocations["quantity"], strict=True):
            held[sku] -= int(units)
        for sku, day, _ in promised:
            by_then = sum(units for other, shipped, units in promised if other == sku and shipped <= day)
            there = sum(
                row.quantity for row in snapshot.replenishment if row.sku == sku and row.arrives_on.isoformat() <= day
            )
            assert by_then <= there + held[sku], (sku, day)


@pytest.mark.parametrize("first", range(500, 560, 15))
def test_more_inbound_never_makes_the_first_line_that_changes_worse(first: int) -> None:
    """In the order in which lines are served, without orders that ship complete, whose dates hide those of their lines:
    up to the first line whose dates change nobody is worse off, and that line is better off."""
    for seed in range(first, first + 15):
        snapshot, policy = small_instance(seed)
        snapshot = edited(snapshot, "orders", ship_complete=False)
        rng = Random(seed)
        arrivals = list(snapshot.replenishment)
        if not arrivals:
            continue
        before = tables_of(snapshot, policy, "cheapest").backorders
        at = rng.randrange(len(arrivals))
        arrivals[at] = replace(arrivals[at], quantity=arrivals[at].quantity + rng.randint(1, 6))
        after = tables_of(with_rows(snapshot, "replenishment", arrivals), policy, "cheapest").backorders
        one, two = _in_turn(snapshot, before), _in_turn(snapshot, after)
        change = next((place for place, pair in enumerate(zip(one, two, strict=True)) if pair[0] != pair[1]), None)
        if change is not None:
            assert _rank(two[change]) < _rank(one[change]), seed


def test_more_inbound_does_change_dates() -> None:
    """The test above compares something."""
    changed = 0
    for seed in range(500, 530):
        snapshot, policy = small_instance(seed)
        many = [replace(row, quantity=row.quantity + 6) for row in snapshot.replenishment]
        both = [tables_of(held, policy, "cheapest").backorders for held in
                (snapshot, with_rows(snapshot, "replenishment", many))]  # fmt: skip
        changed += not both[0].equals(both[1])
    assert changed >= 5


def _in_turn(snapshot: Snapshot, backorders: pd.DataFrame) -> list[tuple[str, str]]:
    orders = {order.order_id: order for order in snapshot.orders}

    def turn(row: Any) -> tuple[Any, ...]:
        order = orders[row.order_id]
        at = order.ordered_at
        return -order.priority, at is None, 0 if at is None else at.timestamp(), order.order_id, row.line_id

    rows = sorted(backorders.itertuples(index=False), key=turn)
    return [(row.expected_delivery_date, row.expected_ship_date) for row in rows]


def _rank(days: tuple[str, str]) -> tuple[bool, tuple[str, str]]:
    return days == ("", ""), days


@pytest.mark.parametrize("seed", range(600, 620))
def test_permuted_rows_give_the_same_bytes(seed: int) -> None:
    snapshot, policy = small_instance(seed)
    one, two = (
        tables_of(held, policy, "nothing").backorders for held in (snapshot, ready(shuffled(snapshot, Random(seed))))
    )
    assert csv_bytes(one, BACKORDER_COLUMNS) == csv_bytes(two, BACKORDER_COLUMNS)


@pytest.mark.parametrize("seed", range(600, 620))
def test_inbound_changes_the_dates_and_nothing_else(seed: int) -> None:
    snapshot, policy = small_instance(seed)
    bare = ready(with_inbound(snapshot, []))
    one, two = (tables_of(held, policy, "cheapest") for held in (snapshot, bare))
    assert one.objective == two.objective
    assert one.kpis == two.kpis
    for name in ("allocations", "shipments"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    columns = list(BACKORDER_COLUMNS[:5])
    pd.testing.assert_frame_equal(one.backorders[columns], two.backorders[columns])
    assert dated(two.backorders) == {}


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_the_pieces_in_which_lines_are_looked_at_do_not_matter(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(640, 650):
        snapshot, policy = small_instance(seed)
        whole = tables_of(snapshot, policy, "nothing").backorders
        with monkeypatch.context() as patched:
            patched.setattr("quartermaster.planning.inbound.CHUNK", chunk)
            pd.testing.assert_frame_equal(tables_of(snapshot, policy, "nothing").backorders, whole)
