"""The brute force itself, against an even dumber enumeration that only asks `evaluate_tables`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as grid
from math import comb, prod

import pandas as pd
import pytest
from brute_force import Enumeration, cheapest_cost
from instances import tiny_instance

from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables
from quartermaster.policy import Policy

MOST_PLANS = 700
"""Plans one instance may have; each is evaluated as a whole."""

Spread = dict[tuple[str, str, str, str, str], int]
"""Units by (order, line, node, carrier, service)."""


def dumb_cost(snapshot: Snapshot, policy: Policy) -> int:
    """Evaluate every plan there is and return the least cost of those without a violation."""
    costs = []
    for spread in every_spread(snapshot):
        allocations = [
            {"order_id": order, "line_id": line, "quantity": units, "shipment_id": "/".join((order, *lane))}
            for (order, line, *lane), units in spread.items()
        ]
        shipments = {
            "/".join((order, *lane)): (order, *lane)
            for order, _, *lane in spread  # one per order, node and service
        }
        rows = [(name, *shipment) for name, shipment in shipments.items()]
        evaluation = evaluate_tables(
            snapshot,
            policy,
            pd.DataFrame(allocations, columns=["order_id", "line_id", "quantity", "shipment_id"]),
            pd.DataFrame(rows, columns=["shipment_id", "order_id", "node_id", "carrier", "service"]),
        )
        if evaluation.feasible:
            costs.append(evaluation.objective.total_micro)
    return min(costs)


def every_spread(snapshot: Snapshot) -> Iterator[Spread]:
    """Yield every way to send each line's units by any node and service, or not at all; rules unchecked."""
    lanes = lanes_of(snapshot)
    spots = [
        [
            {(line.order_id, line.line_id, *lane): units for lane, units in zip(lanes, counts, strict=True) if units}
            for counts in grid(range(line.quantity + 1), repeat=len(lanes))
            if sum(counts) <= line.quantity
        ]
        for line in snapshot.order_lines
    ]
    for choice in grid(*spots):
        yield {spot: units for part in choice for spot, units in part.items()}


def lanes_of(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    services = [(row.carrier, row.service) for row in snapshot.services] or [("", "none")]
    return [(node.node_id, *service) for node in snapshot.nodes for service in services]


def n_plans(snapshot: Snapshot) -> int:
    lanes = len(lanes_of(snapshot))
    return prod(comb(line.quantity + lanes, lanes) for line in snapshot.order_lines)


def seeds_small_enough(first: int, count: int) -> list[int]:
    found, seed = [], first
    while len(found) < count:
        if 20 <= n_plans(tiny_instance(seed)[0]) <= MOST_PLANS:
            found.append(seed)
        seed += 1
    return found


@pytest.mark.parametrize("first", [10_000, 20_000, 30_000])
def test_equals_the_dumb_enumeration(first: int) -> None:
    for seed in seeds_small_enough(first, 8):
        snapshot, policy = tiny_instance(seed)
        assert cheapest_cost(snapshot, policy) == dumb_cost(snapshot, policy), f"tiny_instance({seed})"


def test_sees_a_wrong_price() -> None:
    """The control that must fail: one micro more on one option of the optimum shows."""
    seed = seeds_small_enough(40_000, 1)[0]
    enumeration = Enumeration(*tiny_instance(seed))
    before = enumeration.cheapest()
    original = enumeration.order_cost
    enumeration.order_cost = lambda *given: original(*given) + 1  # type: ignore[method-assign]
    assert enumeration.cheapest() == before + len(enumeration.orders)
