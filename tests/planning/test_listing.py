"""From the problem to groups of columns."""

from __future__ import annotations

import pytest
from simple_day import CHICAGO, NEW_YORK, NEWARK, simple_day

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import build_problem
from quartermaster.planning.sourcing import NOTHING
from quartermaster.policy import Policy
from solver_models.sourcing import UNLIMITED


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
