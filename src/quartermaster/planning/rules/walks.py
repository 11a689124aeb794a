"""The walking rules: nodes in a fixed ranking, each line takes what is available there.

`nearest` and `priority` rank the nodes once for the whole order. `highest_stock` ranks them for each line by the units
left of its SKU. All lines that take from a node leave in one shipment, by the service of least transport + late cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.rules.order_view import OrderView
from quartermaster.planning.rules.remaining import Remaining, Take

Ints = NDArray[np.int64]
Taken = dict[int, dict[int, int]]
"""Units by node and position of the line, nodes in the order of their first use."""


def nearest(view: OrderView, remaining: Remaining) -> list[Take]:
    """Walk from near to far; places without coordinates come last, an order without a place walks by priority.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    """
    problem = view.problem
    unknown = np.isnan(problem.book.origins.lat) | np.isnan(problem.book.destinations.lat[view.order])
    distance = np.where(unknown, 0, view.distance_m)  # all unknown places are equally far
    return walk(view, remaining, np.lexsort((problem.node_rank, distance, unknown)).tolist())


def priority(view: OrderView, remaining: Remaining) -> list[Take]:
    """Walk by node priority, then node id.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    """
    return walk(view, remaining, np.argsort(view.problem.node_rank).tolist())


def highest_stock(view: OrderView, remaining: Remaining) -> list[Take]:
    """Walk line by line, from the node with most units left of the line's SKU to the one with fewest.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    """
    return _complete(view, remaining, _by_line)


def walk(view: OrderView, remaining: Remaining, ranked: Sequence[int]) -> list[Take]:
    """Walk nodes in one ranking for the whole order.

    Parameters
    ----------
    view
        The order.
    remaining
        What is left.
    ranked
        Nodes, first to last; others are not visited.

    Returns
    -------
    list of Take
        Empty when a ship-complete order cannot be completed.
    """
    return _complete(view, remaining, partial(_by_node, ranked))


Walk = Callable[[OrderView, Remaining, Ints, list[int]], tuple[Taken, dict[int, int]]]
"""One walk over given stock and demand: what is taken, and the service of each node. It changes the demand."""


def _complete(view: OrderView, remaining: Remaining, once: Walk) -> list[Take]:
    """Walk until every line that wants all or nothing has it, then until the order has it."""
    problem = view.problem
    wanted = list(view.quantities)
    while True:
        unserved = wanted.copy()
        taken, services = once(view, remaining, view.stock(remaining), unserved)
        if problem.order_complete[view.order] and any(unserved):
            return []
        broken = next(
            (
                position
                for position, line in enumerate(view.lines.tolist())
                if problem.line_complete[line] and 0 < unserved[position] < wanted[position]
            ),
            None,
        )
        if broken is None:
            break
        if problem.order_complete[view.order]:
            return []
        wanted[broken] = 0
    return [
        Take(int(view.lines[position]), node, services[node], quantity)
        for node, units in taken.items()
        for position, quantity in units.items()
    ]


def _by_node(
    ranked: Sequence[int], view: OrderView, remaining: Remaining, stock: Ints, unserved: list[int]
) -> tuple[Taken, dict[int, int]]:
    """Visit nodes in turn; a node whose shipment no service carries is skipped."""
    taken: Taken = {}
    services: dict[int, int] = {}
    most = view.problem.order_max_shipments[view.order]
    skus = view.skus.tolist()
    stocked = stock.sum(axis=0).tolist()
    for node in ranked:
        if len(taken) >= most or not any(unserved):
            break
        if not stocked[node]:
            continue
        units = takes_at(skus, stock[:, node].tolist(), int(remaining.units[node]), unserved)
        if not units:
            continue
        service = view.service(node, units)
        if service is None:
            continue
        taken[node], services[node] = units, service
        for position, quantity in units.items():
            unserved[position] -= quantity
    return taken, services


def takes_at(skus: Sequence[int], stock: Sequence[int], capacity: int, unserved: Sequence[int]) -> dict[int, int]:
    """Let the lines of an order take, in turn, what one node has.

    Parameters
    ----------
    skus, stock, unserved
        By position of the line: its SKU, the node's units of it, and the units wanted.
    capacity
        Units the node may still ship.

    Returns
    -------
    dict of int to int
        Units > 0 by position.
    """
    units: dict[int, int] = {}
    taken_of: dict[int, int] = {}
    for position, sku in enumerate(skus):
        quantity = min(unserved[position], stock[position] - taken_of.get(sku, 0), capacity)
        if quantity > 0:
            units[position] = quantity
            taken_of[sku] = taken_of.get(sku, 0) + quantity
            capacity -= quantity
    return units


def _by_line(view: OrderView, remaining: Remaining, stock: Ints, unserved: list[int]) -> tuple[Taken, dict[int, int]]:
    """Visit nodes line by line; start again without the first node whose whole shipment no service carries."""
    stock, wanted = stock.copy(), unserved.copy()
    while True:
        unserved[:] = wanted
        taken = _spread(view, remaining, stock.copy(), unserved)
        services = {}
        for node, units in taken.items():
            service = view.service(node, units)
            if service is None:
                stock[:, node] = 0
                break
            services[node] = service
        else:
            return taken, services


def _spread(view: OrderView, remaining: Remaining, stock: Ints, unserved: list[int]) -> Taken:
    """Let each line in turn take from the nodes that have most of its SKU; changes `stock` and `unserved`."""
    taken: Taken = {}
    problem, skus = view.problem, view.skus
    most = problem.order_max_shipments[view.order]
    capacity: dict[int, int] = {}
    for position in range(len(skus)):
        if not unserved[position]:
            continue
        for node in np.lexsort((problem.node_rank, -stock[position])).tolist():
            left = capacity.setdefault(node, int(remaining.units[node]))
            quantity = min(unserved[position], int(stock[position, node]), left)
            if quantity <= 0 or (node not in taken and len(taken) >= most):
                continue
            taken.setdefault(node, {})[position] = quantity
            unserved[position] -= quantity
            capacity[node] -= quantity
            same = np.flatnonzero((skus == skus[position]) & (stock[:, node] > 0))
            stock[same, node] -= quantity
            if not unserved[position]:
                break
    return taken
