"""From the problem to groups of columns."""

from __future__ import annotations

import numpy as np
import pytest
from instances import tiny_instance
from simple_day import CHICAGO, NEW_YORK, NEWARK, simple_day

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.planning import listing
from quartermaster.planning.candidates import Candidates
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import build_problem
from quartermaster.planning.sourcing import NOTHING
from quartermaster.policy import Policy
from solver_models.sourcing import INFEASIBLE, UNLIMITED


@pytest.mark.parametrize(("asked", "limit"), [(1, 1), (2, UNLIMITED), (3, UNLIMITED)])
def test_a_limit_on_shipments_that_cannot_bind_is_none(asked: int, limit: int) -> None:
    """Two nodes and one service give an order two shipments at the most: pricing need not count them."""
    day = simple_day(
        orders=[Order(order_id="o", max_shipments=asked, **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=9)],
        nodes=[Node(node_id="near", **NEWARK), Node(node_id="far", **CHICAGO)],
        stock={("near", "a"): 5, ("far", "a"): 5},
    )
    candidates = list_candidates(build_problem(day, Policy()), NOTHING)
    assert [group.limit for group in candidates.arrays.groups] == [limit]


def every_way(candidates: Candidates) -> dict[tuple[int, tuple[int, ...]], dict[int, int]]:
    """By order and quantity vector: cost of each node's cheapest column, `extra_shipment` included."""
    arrays, found = candidates.arrays, dict[tuple[int, tuple[int, ...]], dict[int, int]]()
    for group, meaning in zip(arrays.groups, candidates.meanings, strict=True):
        for column in range(group.first_column, group.first_column + group.n_columns):
            vector = tuple(meaning.vectors[arrays.column_vector[column]].tolist())
            ways = found.setdefault((int(arrays.column_order[column]), vector), {})
            paid = int(arrays.column_cost[column]) + arrays.extra_shipment * (int(arrays.column_shipments[column]) - 1)
            node = int(arrays.column_node[column])
            ways[node] = min(paid, ways.get(node, paid))
    return found


def test_what_is_left_out_costs_what_the_group_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheapest ways of each vector are listed, and the cheapest of the others is on record."""
    pruned_vectors, whole_vectors = 0, 0
    for seed in range(40):
        snapshot, policy = tiny_instance(seed)
        problem = build_problem(snapshot, policy)
        whole = every_way(list_candidates(problem, NOTHING))
        with monkeypatch.context() as small:
            for name, value in {"LISTED_WHOLE": 0, "CHEAPEST": 1, "FEWEST": 1, "AMPLE": 1e9}.items():
                small.setattr(listing, name, value)
            candidates = list_candidates(problem, NOTHING)
        pruned = every_way(candidates)
        assert set(pruned) == set(whole)
        for group, meaning in zip(candidates.arrays.groups, candidates.meanings, strict=True):
            for row, order in enumerate(group.orders.tolist()):
                for number, vector in enumerate(map(tuple, meaning.vectors.tolist())):
                    ways, kept = whole.get((order, vector), {}), pruned.get((order, vector), {})
                    assert set(kept.items()) <= set(ways.items())
                    least = INFEASIBLE if group.unlisted is None else int(group.unlisted[row, number])
                    # a joint way from a node that is listed may be what is left out
                    assert least <= min((cost for node, cost in ways.items() if node not in kept), default=INFEASIBLE)
                    assert least >= min(ways.values(), default=INFEASIBLE)
                    pruned_vectors += len(kept) < len(ways)
                    whole_vectors += len(kept) == len(ways) > 0
    assert pruned_vectors > 60
    assert whole_vectors > 60


def test_columns_take_what_can_run_out() -> None:
    """Stock of each SKU and node, shipments and units of each node; nothing of what all orders cannot use up."""
    taking, free = 0, 0
    for seed in range(30):
        snapshot, policy = tiny_instance(seed)
        problem = build_problem(snapshot, policy)
        candidates = list_candidates(problem, NOTHING)
        arrays, n_stock, n_nodes = candidates.arrays, len(candidates.stock_pair), problem.n_nodes
        assert arrays.n_resources == n_stock + 2 * n_nodes
        assert arrays.usage.has_canonical_format
        usage = arrays.usage.toarray()
        demand = np.bincount(problem.line_sku, weights=problem.line_quantity, minlength=problem.n_skus)
        for group, meaning in zip(arrays.groups, candidates.meanings, strict=True):
            for column in range(group.first_column, group.first_column + group.n_columns):
                order, node = int(arrays.column_order[column]), int(arrays.column_node[column])
                units = meaning.vectors[arrays.column_vector[column]]
                expected: dict[int, int] = {}
                for line, taken in zip(meaning.lines[group.orders.tolist().index(order)], units.tolist(), strict=True):
                    sku = int(problem.line_sku[line])
                    stock = int(problem.available[sku, node])
                    row = candidates.stock_pair.tolist().index(sku * n_nodes + node) if taken else -1
                    assert row < 0 or arrays.capacity[row] == stock
                    if taken and stock < demand[sku]:
                        expected[row] = expected.get(row, 0) + taken
                    free += taken > 0 and stock >= demand[sku]
                if problem.node_max_shipments[node] < UNLIMITED:
                    expected[n_stock + node] = int(arrays.column_shipments[column])
                if problem.node_max_units[node] < UNLIMITED:
                    expected[n_stock + n_nodes + node] = int(units.sum())
                rows = np.flatnonzero(usage[:, column]).tolist()
                assert {row: int(usage[row, column]) for row in rows} == expected
                taking += bool(expected)
    assert taking > 100
    assert free > 20
