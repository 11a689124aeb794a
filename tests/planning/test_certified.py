"""The certified bound by hand, in portions, with floors, and where prices are absurd."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from instances import small_instance
from scipy import sparse
from simple_day import CHICAGO, LOS_ANGELES, NEW_YORK, NEWARK, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import ModelError
from quartermaster.planning import certified as certified_module
from quartermaster.planning.certified import certified_bound
from quartermaster.planning.optimum import credible_bound
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.resource_prices import ResourcePrices, no_resource_prices, prices_of
from quartermaster.policy import Policy

MONEY = 10**6


def contested(**west: Any) -> Snapshot:
    """Two orders of one unit: from New York they cost 5 and 8, from Los Angeles 12 each; New York has one unit."""
    return simple_day(
        orders=[Order(order_id="1", **NEWARK), Order(order_id="2", **CHICAGO)],
        lines=[OrderLine(order_id=order_id, line_id="1", sku="a", quantity=1) for order_id in "12"],
        nodes=[Node(node_id="E", **NEW_YORK), Node(node_id="W", **LOS_ANGELES, **west)],
        stock={("E", "a"): 1, ("W", "a"): 5},
    )


def prices(problem: PlanningProblem, east: int = 0, shares: tuple[int, int] = (0, 0), **others: Any) -> ResourcePrices:
    """A price of the unit in New York, and what each order pays towards opening Los Angeles; in currency units."""
    free = no_resource_prices(problem.n_orders, problem.n_nodes)
    given: dict[str, Any] = {"shipments": free.shipments, "units": free.units, **others}
    one, share = np.array([0]), np.array([[0, shares[0]], [0, shares[1]]]) * MONEY
    priced = one[: int(east > 0)]
    return ResourcePrices(
        priced, priced, np.array([east * MONEY])[: len(priced)], share=sparse.csr_array(share), **given
    )


@pytest.mark.parametrize(
    ("price", "bound"),
    [
        (0, 5 + 8),
        (4, 9 + 12 - 4),
        (7, 12 + 12 - 7),  # the optimum: 5 + 12
        (8, 12 + 12 - 8),
        (10**9, 12 + 12 - 10**9),
        (10**11, 12 + 12 - 10**11),
        (9 * 10**12, 12 + 12 - 9 * 10**12),  # the largest price that 64 bits hold, about
    ],
)
def test_by_hand(price, bound):
    problem = build_problem(contested(), Policy())
    assert certified_bound(problem, prices(problem, price)).bound_micro == bound * MONEY


@pytest.mark.parametrize(
    ("price", "shares", "bound"),
    [
        (7, (0, 6), 12 + 15 - 7),
        (10, (3, 6), 15 + 18 - 10 - 3),
        (9 * 10**12, (9 * 10**12, 9 * 10**12), 200 - 27 * 10**12 + 6),  # both wait
    ],
)
def test_by_hand_with_an_opening_cost(price, shares, bound):
    problem = build_problem(contested(opening_cost=6), Policy())
    assert certified_bound(problem, prices(problem, price, shares)).bound_micro == bound * MONEY


def test_every_priced_resource_counts_its_whole_capacity():
    """More than all orders together could take: nothing is left out because it cannot bind."""
    snapshot = contested(max_shipments=1_000, max_units=700)
    problem = build_problem(snapshot, Policy())
    shipments, units = np.array([0, 1]) * MONEY, np.array([0, 2]) * MONEY
    found = certified_bound(problem, prices(problem, 7, shipments=shipments, units=units))
    assert found.bound_micro == (12 + 15 - 7 - 1_000 - 2 * 700) * MONEY


def test_what_nobody_can_serve_is_backordered_in_every_plan():
    snapshot = simple_day(
        orders=[Order(order_id="1", **NEWARK)],
        lines=[OrderLine(order_id="1", line_id="1", sku="a", quantity=5)],
        nodes=[Node(node_id="E", **NEW_YORK)],
        stock={("E", "a"): 2},
    )
    problem = build_problem(snapshot, Policy())
    free = no_resource_prices(problem.n_orders, problem.n_nodes)
    assert certified_bound(problem, free).bound_micro == (5 + 3 * 100) * MONEY


def test_the_planner_finds_the_price_and_claims_what_it_proves():
    snapshot = contested()
    plan = qm.plan(snapshot)
    assert plan.certificate is not None
    assert (plan.certificate.stock.node_id, plan.certificate.stock.sku) == (("E",), ("a",))
    assert 4 * MONEY <= plan.certificate.stock.price_micro[0] <= 7 * MONEY
    assert plan.certified_bound_micro == plan.bound_micro == 17 * MONEY
    assert plan.certified_gap == 0


@pytest.mark.parametrize("seed", [3, 8])
def test_portions_add_up(seed, monkeypatch):
    snapshot, policy = small_instance(seed)
    problem = build_problem(snapshot, policy)
    draw = np.random.default_rng(seed)
    sku, node = problem.available.nonzero()
    given = ResourcePrices(
        sku,
        node,
        draw.integers(1, 10**7, len(sku)),
        draw.integers(0, 10**6, problem.n_nodes),
        draw.integers(0, 10**6, problem.n_nodes),
        sparse.csr_array(draw.integers(0, 10**6, (problem.n_orders, problem.n_nodes))),
    )
    told: list[float] = []
    whole = certified_bound(problem, given)
    monkeypatch.setattr(certified_module, "CELLS_AT_ONCE", 1)
    assert certified_bound(problem, given, told.append) == whole
    assert len(told) == problem.n_orders - whole.floored_orders
    assert told == sorted(told)


def test_large_orders_count_their_floor_and_are_counted():
    snapshot = simple_day(
        orders=[Order(order_id="1", **NEWARK), Order(order_id="2", **NEWARK)],
        lines=[
            OrderLine(order_id="1", line_id="1", sku="a", quantity=9_000),
            OrderLine(order_id="2", line_id="1", sku="a", quantity=2),
        ],
        nodes=[Node(node_id="E", **NEW_YORK)],
        stock={("E", "a"): 10_000},
        weight_g=1,
    )
    problem = build_problem(snapshot, Policy())
    found = certified_bound(problem, no_resource_prices(2, 1))
    assert (found.orders, found.floored_orders) == (2, 1)
    assert 5 * MONEY <= found.bound_micro <= 10 * MONEY  # the optimum: two parcels at 5


def test_a_certificate_reads_back_as_the_prices_it_was_written_from():
    snapshot, policy = small_instance(5)
    plan = qm.plan(snapshot, policy)
    assert plan.certificate is not None
    assert plan.certificate.n_prices
    held = prices_of(snapshot, plan.certificate)
    assert held.stock_price.sum() == sum(plan.certificate.stock.price_micro)
    key = held.stock_sku * len(snapshot.nodes) + held.stock_node
    assert np.all(np.diff(key) > 0)
    stock = zip(held.stock_node.tolist(), held.stock_sku.tolist(), held.stock_price.tolist(), strict=True)
    ids = {(snapshot.nodes["node_id"][node], snapshot.products["sku"][sku]): price for node, sku, price in stock}
    columns = plan.certificate.stock
    assert ids == dict(zip(zip(columns.node_id, columns.sku, strict=True), columns.price_micro, strict=True))


def test_claims_above_a_known_cost_are_withdrawn():
    assert credible_bound(90, 80, 100) == (90, False)
    assert credible_bound(70, 80, 100) == (80, False)
    assert credible_bound(100, 80, 100) == (100, False)
    assert credible_bound(101, 80, 100) == (80, True)


def test_a_certified_bound_above_the_cost_is_our_bug(monkeypatch):
    monkeypatch.setattr("quartermaster.planning.optimum.trim", lambda problem: (problem, 10**12))
    with pytest.raises(ModelError, match="certified bound"):
        qm.plan(contested())


def test_a_run_without_time_for_prices_claims_what_is_backordered_at_least():
    snapshot, policy = small_instance(5)
    policy = replace(policy, solver=replace(policy.solver, time_limit_seconds=Decimal("0.001")))
    plan = qm.plan(snapshot, policy)
    assert plan.certificate is not None
    assert plan.certificate.n_prices == 0
    found = qm.verify(snapshot, plan, cells=10)
    assert found.ok
    assert found.recomputed is not None
    assert plan.certified_bound_micro <= found.recomputed.bound_micro <= plan.objective.total_micro
