"""The brute force itself, against an even dumber enumeration that only asks `evaluate_tables`."""

from __future__ import annotations

import pandas as pd
import pytest
from brute_force import Enumeration, cheapest_cost
from every_spread import every_spread, n_spreads
from instances import tiny_instance

from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables
from quartermaster.policy import Policy

MOST_PLANS = 400
"""Plans one instance may have; each is evaluated as a whole."""


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


def seeds_small_enough(first: int, count: int) -> list[int]:
    found, seed = [], first
    while len(found) < count:
        if 20 <= n_spreads(tiny_instance(seed)[0]) <= MOST_PLANS:
            found.append(seed)
        seed += 1
    return found


@pytest.mark.parametrize("first", [10_000, 20_000, 30_000])
def test_equals_the_dumb_enumeration(first: int) -> None:
    for seed in seeds_small_enough(first, 5):
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
