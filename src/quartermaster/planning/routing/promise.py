"""Delivery dates that can be kept for one order, and what each costs.

A *departure* is a node on one ship day: that on which it ships next, with the stock it has then, or the first shipping
day on or after an arrival, with all that has arrived by then. Departures take the place of nodes in the order's
problem; those of one node are alternatives, at most one of which ships.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster import rating
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.routing.inbound import Arrival
from quartermaster.planning.routing.network import Network
from quartermaster.planning.routing.options import decision_micro
from quartermaster.planning.routing.search import LargeSearch, OrderSearch, is_large
from quartermaster.planning.rules.remaining import Take
from quartermaster.planning.shapes import shape_of
from quartermaster.planning.shipment_cells import shipment_cells, with_stock_price

Ints = NDArray[np.int64]

WORST_MICRO = 10**15
"""What no order costs (interface.md section 1)."""


@dataclass(frozen=True, slots=True, eq=False)
class Departures:
    """Where and when units of one order could leave, by node and day.

    Parameters
    ----------
    node
        (D,) rising.
    ship_day
        (D,) int32, rising within a node.
    units
        (n_skus, D) units of each SKU of the order that are there by then.
    """

    node: Ints
    ship_day: NDArray[np.int32]
    units: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Promised:
    """The cheapest option that arrives whole by a day.

    Parameters
    ----------
    problem
        Departures are its nodes.
    takes
        The option.
    stock_price
        (n_skus, D) micro; None = nothing.
    exact
        False where the order was too large to be solved exactly.
    """

    problem: PlanningProblem
    takes: list[Take]
    stock_price: Ints | None
    exact: bool


def departures_of(network: Network, problem: PlanningProblem, arrivals: Sequence[Sequence[Arrival]]) -> Departures:
    """List the departures of one order.

    Parameters
    ----------
    network
        The network.
    problem
        The order's, with what is in stock.
    arrivals
        What is to arrive of each SKU of the order.
    """
    ready = problem.book.ship_day
    here = problem.available.toarray()
    nodes, days = network.snapshot.nodes, network.snapshot.holidays
    coming = [(sku, arrival) for sku, own in enumerate(arrivals) for arrival in own if ready[arrival.node] >= 0]
    at = np.array([arrival.node for _, arrival in coming], dtype=np.int64)
    arrives = np.array([arrival.day for _, arrival in coming], dtype=np.int64)
    leaves = np.where(arrives <= ready[at], ready[at], rating.ship_days_from(nodes, days, at, arrives))
    stocked = np.flatnonzero(here.any(axis=0) & (ready >= 0))
    pairs = np.unique(np.c_[np.r_[stocked, at], np.r_[ready[stocked], leaves]].astype(np.int64), axis=0)
    node, ship_day = pairs[:, 0], pairs[:, 1].astype(np.int32)
    units = here[:, node].astype(np.int64)
    for (sku, arrival), day in zip(coming, leaves.tolist(), strict=True):
        units[sku, (node == arrival.node) & (ship_day >= day)] += arrival.units
    return Departures(node, ship_day, units)


def promises(
    network: Network, problem: PlanningProblem, departures: Departures, stock_price: Ints | None
) -> list[tuple[int, Promised]]:
    """Find every delivery day that is cheaper than all earlier ones.

    Parameters
    ----------
    network
        The network.
    problem
        The order's, nodes as nodes, nothing promised.
    departures
        Its departures.
    stock_price
        (n_skus, n_nodes) micro; None = nothing.

    Returns
    -------
    list of (int, Promised)
        Days since 1970-01-01, rising, each with the cheapest option that arrives whole by then; empty where none does.
    """
    node = departures.node
    if not len(node):
        return []
    problem = _with_departures(network, problem, departures)
    stock_price = None if stock_price is None else stock_price[:, node]
    order = np.zeros(len(node), dtype=np.int64)
    lanes = problem.book.lanes(order, np.arange(len(node)))
    days = np.unique(lanes.delivery_day[lanes.zone >= 0]).tolist()
    found: list[tuple[int, Promised]] = []
    cheapest = None
    floor = _by(problem, departures, stock_price, days[-1])[0] if days else None
    for day in days:
        if floor is None or (cheapest is not None and cheapest <= floor):
            break
        cost, promised = _by(problem, departures, stock_price, day)
        if promised is not None and cost is not None and (cheapest is None or cost < cheapest):
            cheapest = cost
            found.append((day, promised))
    return found


def _by(
    problem: PlanningProblem, departures: Departures, stock_price: Ints | None, day: int
) -> tuple[int | None, Promised | None]:
    """Find the cheapest option that arrives whole by a day, and its decision cost."""
    book = replace(problem.book, promise_day=np.array([day], dtype=np.int32))
    problem = replace(problem, book=book, late_forbidden=True)
    wanted = problem.line_quantity
    exact = not is_large(problem)
    if exact:
        by_rank = np.argsort(problem.node_rank)
        cells = shipment_cells(problem, shape_of(problem, 0), by_rank)
        cells = cells if stock_price is None else with_stock_price(cells, stock_price)
        node = departures.node[by_rank]
        alternatives = np.cumsum(np.r_[0, np.diff(node) != 0])
        lonely = len(np.unique(node)) == len(node)
        tried = [OrderSearch(problem, cells, wanted, None if lonely else alternatives).best()]
    else:
        step = np.diff(departures.node) != 0
        closed = [np.flatnonzero(~np.r_[True, step]), np.flatnonzero(~np.r_[step, True])]  # all but first, but last
        search = LargeSearch(_wanting_all(problem), stock_price, wanted)
        tried = [search.without(*places.tolist()) for places in closed]
    options = [(decision_micro(problem, takes, stock_price), takes) for takes in tried if takes is not None]
    if not options:
        return None, None
    cost, takes = min(options, key=lambda option: option[0])
    return cost, Promised(problem, takes, stock_price, exact)


def _wanting_all(problem: PlanningProblem) -> PlanningProblem:
    """Let backorders cost more than any option, so that the search for large orders serves everything."""
    dear = 2 * WORST_MICRO // int(problem.line_quantity.sum()) + 1
    return replace(
        problem, order_complete=np.ones(1, dtype=bool), line_backorder_micro=np.full(problem.n_lines, dear, np.int64)
    )


def _with_departures(network: Network, problem: PlanningProblem, departures: Departures) -> PlanningProblem:
    """Put departures in the place of nodes."""
    node, rank = departures.node, np.empty(len(departures.node), dtype=np.int64)
    rank[np.lexsort((departures.ship_day, problem.node_rank[node]))] = np.arange(len(node))
    return replace(
        problem,
        book=network.departing(problem.book, node, departures.ship_day),
        access=problem.access[:, node],
        node_max_shipments=problem.node_max_shipments[node],
        node_max_units=problem.node_max_units[node],
        node_opening_micro=problem.node_opening_micro[node],
        node_priority=problem.node_priority[node],
        node_rank=rank,
        available=sparse.csr_array(departures.units),
    )
