"""A plan as columns where not every column is listed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simple_day import CHICAGO, NEW_YORK, NEWARK, simple_day

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import build_problem
from quartermaster.planning.sourcing import NOTHING, sourcing_of
from quartermaster.policy import Policy
from solver_models.sourcing import INFEASIBLE, cost_of


@pytest.mark.parametrize(
    ("ship_complete", "line_complete", "parts"),
    [
        pytest.param(False, False, 2, id="the rest waits"),
        pytest.param(True, False, 1, id="an order that ships complete"),
        pytest.param(False, True, 1, id="a line that ships complete"),
    ],
)
def test_a_part_that_no_listed_column_serves(ship_complete: bool, line_complete: bool, parts: int) -> None:
    """Of two orders alike, each served from two nodes, the second lacks the column of its second node."""
    day = simple_day(
        orders=[Order(order_id=name, ship_complete=ship_complete, **NEW_YORK) for name in ("kept", "lacking")],
        lines=[
            OrderLine(order_id=name, line_id="1", sku="a", quantity=5, line_complete=line_complete)
            for name in ("kept", "lacking")
        ],
        nodes=[Node(node_id="near", **NEWARK), Node(node_id="far", **CHICAGO)],
        stock={("near", "a"): 6, ("far", "a"): 6},
    )
    problem = build_problem(day, Policy())
    whole = list_candidates(problem, NOTHING)
    start = sourcing_of(*(np.array(part) for part in ([0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0], [2, 3, 2, 3])))
    columns = whole.columns_of(start)
    assert len(columns) == 4
    assert cost_of(whole.arrays, columns) < INFEASIBLE
    arrays = whole.arrays
    kept = np.ones(arrays.n_columns, dtype=bool)
    kept[columns[(arrays.column_order[columns] == 1) & (arrays.column_node[columns] == 1)]] = False
    some = replace(whole, arrays=arrays.restricted(kept), column_service=whole.column_service[kept])
    found = some.columns_of(start)
    assert cost_of(some.arrays, found) < INFEASIBLE
    assert some.arrays.column_order[found].tolist() == [0, 0, 1][: parts + 1]
