"""Exact cost of every shipment that could serve part of an order, in bulk.

Orders whose lines have the same quantities share one lattice of quantity vectors (`solver_models.lattice`), so that a
whole group is priced in a few array operations: each (order, vector, service, zone) is rated once, then gathered per
node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from solver_models.lattice import lattice_of, lattice_size
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_CELLS = 2_000_000
"""Cells (order, node, vector) priced at once, unless a single order has more: bounds memory to some 100 MB."""
TOO_MUCH = -2
"""In place of a service: the node has the units, no service carries them in one shipment."""


@dataclass(frozen=True, slots=True, eq=False)
class ShapeGroup:
    """Orders of one shape: the same quantities, and the same lines sharing a SKU.

    Parameters
    ----------
    orders
        (G,) order indices, rising.
    lines
        (G, L) line indices; the columns follow `quantities`, not the line ids.
    quantities
        (L,) units of each line.
    vectors
        (V, L) every vector 0 <= v <= quantities, last line fastest, the zero vector first.
    same_sku
        Columns that hold one SKU, as tuples of two or more; empty for most orders.
    """

    orders: Ints
    lines: Ints
    quantities: Ints
    vectors: Ints
    same_sku: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Rated (order, node) pairs of a group: the ones where any line is allowed and stocked.

    Parameters
    ----------
    row, column
        (P,) position in the group and in the list of nodes.
    fits
        (P, V) bool: the vector is allowed, in stock and within the node's capacity.
    zone
        (P, S), -1 = not offered (or late where late is forbidden).
    late_micro
        (P, S) cost of lateness, micro.
    rest_micro
        (P, V) handling and distance, micro.
    weight_g, volume_mm3
        (G, V) of a shipment of each vector.
    """

    row: NDArray[np.intp]
    column: NDArray[np.intp]
    fits: Flags
    zone: NDArray[np.int32]
    late_micro: Ints
    rest_micro: Ints
    weight_g: Ints
    volume_mm3: Ints


@dataclass(frozen=True, slots=True, eq=False)
class ShipmentCosts:
    """Cost of each single shipment (order, node, vector) by its cheapest service.

    Parameters
    ----------
    problem, group
        What was priced.
    nodes
        (N,) node indices of the second axis.
    cost
        (G, N, V) transport + handling + distance + late, micro; `INFEASIBLE` where the shipment cannot be, and for the
        zero vector.
    service
        (G, N, V) int16, the cheapest service (of equals the lowest index); -1 where infeasible, but `TOO_MUCH` where
        the node has the units and only no service carries them.
    allowed
        (G, L, N) bool: the node may serve the line; stock not considered.
    """

    problem: PlanningProblem
    group: ShapeGroup
    nodes: Ints
    cost: Ints
    service: NDArray[np.int16]
    allowed: Flags
    _pairs: _Pairs

    @property
    def fits(self) -> Flags:
        """(G, N, V) bool: allowed, in stock and within the node's capacity, whether or not a service carries it."""
        fits = np.zeros(self.cost.shape, dtype=bool)
        fits[self._pairs.row, self._pairs.column] = self._pairs.fits
        return fits

    def by_service(self, row: int, places: Ints | None = None) -> Ints:
        """Return the cost of one order's shipments by each service.

        Parameters
        ----------
        row
            Position of the order in the group.
        places
            (P,) positions in `nodes`, rising; all of them by default.

        Returns
        -------
        ndarray, shape (P, S, V), int64
            Micro; `INFEASIBLE` where the shipment cannot be, and for the zero vector.
        """
        pairs = self._pairs
        places = np.arange(len(self.nodes)) if places is None else places
        begin, end = np.searchsorted(pairs.row, [row, row + 1])
        own = pairs.column[begin:end]
        chosen = begin + np.flatnonzero(np.isin(own, places))
        column = np.searchsorted(places, pairs.column[chosen])
        shape = (len(places), self.problem.book.n_services, len(self.group.vectors))
        cost = np.full(shape, INFEASIBLE, dtype=np.int64)
        for service in np.flatnonzero(np.any(pairs.zone[chosen] >= 0, axis=0)):
            cost[column, service] = _service_cost(self.problem, self.group, pairs, int(service), chosen)
        return cost


def lattice_sizes(problem: PlanningProblem) -> NDArray[np.float64]:
    """Return the number of quantity vectors of every order, as float since it may be astronomical.

    Parameters
    ----------
    problem
        The problem.

    Returns
    -------
    ndarray, shape (n_orders,), float64
    """
    if not problem.n_orders:
        return np.zeros(0)
    with np.errstate(over="ignore"):
        return np.multiply.reduceat(problem.line_quantity + 1.0, problem.line_start[:-1])


def shapes(problem: PlanningProblem, orders: Sequence[int] | Ints, *, max_cells: int = MAX_CELLS) -> list[ShapeGroup]:
    """Group orders by shape, in groups small enough to be priced at once.

    Parameters
    ----------
    problem
        The problem.
    orders
        Order indices; the caller leaves out those whose lattice is too large (`lattice_sizes`).
    max_cells
        Most (order, node, vector) cells of a group of more than one order.
    """
    members: dict[tuple[tuple[int, ...], tuple[int, ...]], list[tuple[int, list[int]]]] = {}
    for order in np.sort(np.asarray(orders, dtype=np.int64)).tolist():
        start, stop = problem.line_start[order], problem.line_start[order + 1]
        # sorting by quantity lets orders share a lattice that differ only in the order of their lines
        lines = (start + np.argsort(problem.line_quantity[start:stop], kind="stable")).tolist()
        skus = problem.line_sku[lines].tolist()
        first = tuple(map(skus.index, skus))
        members.setdefault((tuple(problem.line_quantity[lines].tolist()), first), []).append((order, lines))
    groups = []
    for (quantities, first), found in members.items():
        step = max(1, max_cells // (lattice_size(quantities) * max(problem.n_nodes, 1)))
        groups += [_group(found[at : at + step], quantities, first) for at in range(0, len(found), step)]
    return groups


def shape_of(problem: PlanningProblem, order: int) -> ShapeGroup:
    """Return one order as a group of its own, its lines in the order of their ids.

    Parameters
    ----------
    problem
        The problem.
    order
        Order index.
    """
    lines = list(range(problem.line_start[order], problem.line_start[order + 1]))
    skus = problem.line_sku[lines].tolist()
    return _group([(order, lines)], tuple(problem.line_quantity[lines].tolist()), tuple(map(skus.index, skus)))


def _group(found: list[tuple[int, list[int]]], quantities: tuple[int, ...], first: tuple[int, ...]) -> ShapeGroup:
    shared = (tuple(at for at, own in enumerate(first) if own == sku) for sku in sorted(set(first)))
    return ShapeGroup(
        orders=np.array([order for order, _ in found], dtype=np.int64),
        lines=np.array([lines for _, lines in found], dtype=np.int64),
        quantities=np.array(quantities, dtype=np.int64),
        vectors=lattice_of(quantities).vectors,
        same_sku=tuple(columns for columns in shared if len(columns) > 1),
    )


def shipment_costs(
    problem: PlanningProblem,
    group: ShapeGroup,
    nodes: Ints | None = None,
    available: sparse.csr_array | None = None,
) -> ShipmentCosts:
    """Price every single shipment that could serve part of the orders of a group.

    Parameters
    ----------
    problem
        The problem.
    group
        From `shapes` or `shape_of`.
    nodes
        (N,) nodes to consider, in the wanted order; all of them by default.
    available
        (n_skus, n_nodes) stock in place of the problem's own.

    Returns
    -------
    ShipmentCosts
        A vector is infeasible at a node where a line is not allowed, stock is short (lines of one SKU add up), it has
        more units than the node's capacity, or no service carries it in time.
    """
    nodes = np.arange(problem.n_nodes) if nodes is None else np.asarray(nodes, dtype=np.int64)
    allowed = problem.allowed(group.lines.ravel())[:, nodes].reshape(*group.lines.shape, len(nodes))
    pairs = _rate_pairs(problem, group, nodes, allowed, problem.available if available is None else available)
    least = np.full(pairs.fits.shape, INFEASIBLE, dtype=np.int64)
    fastest = np.full(pairs.fits.shape, -1, dtype=np.int16)
    everywhere = np.arange(len(pairs.row))
    for service in range(problem.book.n_services):
        chosen = np.flatnonzero(pairs.zone[:, service] >= 0)
        if not len(chosen):
            continue
        whole = len(chosen) == len(everywhere)
        cost = _service_cost(problem, group, pairs, service, everywhere if whole else chosen)
        if whole:
            better = cost < least
            np.copyto(least, cost, where=better)
            fastest[better] = service
        else:
            better = cost < least[chosen]
            least[chosen] = np.where(better, cost, least[chosen])
            fastest[chosen] = np.where(better, np.int16(service), fastest[chosen])
    fastest[pairs.fits & (fastest < 0)] = TOO_MUCH
    shape = (len(group.orders), len(nodes), len(group.vectors))
    cost_table = np.full(shape, INFEASIBLE, dtype=np.int64)
    cost_table[pairs.row, pairs.column] = least
    service_table = np.full(shape, -1, dtype=np.int16)
    service_table[pairs.row, pairs.column] = fastest
    return ShipmentCosts(problem, group, nodes, cost_table, service_table, allowed, pairs)


def fitting(group: ShapeGroup, units: Ints, limit: Ints) -> Flags:
    """Tell which vectors are within what nodes can give.

    Parameters
    ----------
    group
        Gives vectors and shared SKUs.
    units
        (P, L) most units of each line: stock of its SKU where the line is allowed, else 0.
    limit
        (P,) most units of a shipment.

    Returns
    -------
    ndarray, shape (P, V), bool
        The zero vector never fits: it is no shipment.
    """
    vectors = group.vectors
    fits: Flags = vectors.sum(axis=1)[None, :] <= limit[:, None]
    fits[:, 0] = False
    for column in range(vectors.shape[1]):
        fits &= vectors[None, :, column] <= units[:, column, None]
    for columns in group.same_sku:
        # lines of one SKU draw on one stock; where only some are allowed the others' units are 0 and bind already
        shared = units[:, columns].max(axis=1)
        fits &= vectors[:, columns].sum(axis=1)[None, :] <= shared[:, None]
    return fits


def _rate_pairs(
    problem: PlanningProblem, group: ShapeGroup, nodes: Ints, allowed: Flags, available: sparse.csr_array
) -> _Pairs:
    """Find the pairs worth rating and everything about them but transport."""
    book, vectors = problem.book, group.vectors
    flat = group.lines.ravel()
    stock = np.asarray(available[problem.line_sku[flat]].toarray(), dtype=np.int64)[:, nodes]
    stock = stock.reshape(*group.lines.shape, len(nodes)) * allowed
    usable = np.any(stock > 0, axis=1) & (problem.node_max_shipments[nodes] > 0) & (problem.node_max_units[nodes] > 0)
    row, column = np.nonzero(usable)
    fits = fitting(group, stock[row, :, column], problem.node_max_units[nodes[column]])
    lanes = problem.lanes(group.orders[row], nodes[column])
    units = vectors.sum(axis=1)
    kinds, kind = np.unique(units, return_inverse=True)
    rest = book.handling(nodes[column][:, None], kinds[None, :])
    rest = rest + book.distance_cost(lanes.distance_m[:, None], kinds[None, :])
    skus = problem.line_sku[group.lines]
    return _Pairs(
        row=row,
        column=column,
        fits=fits,
        zone=lanes.zone,
        late_micro=book.late_cost(lanes.late_days),
        rest_micro=rest[:, kind],
        weight_g=problem.weight_g[skus] @ vectors.T,
        volume_mm3=problem.volume_mm3[skus] @ vectors.T,
    )


def _service_cost(problem: PlanningProblem, group: ShapeGroup, pairs: _Pairs, service: int, chosen: Ints) -> Ints:
    """Return (n_chosen, V): full cost of each pair's shipments by one service."""
    book = problem.book
    zone, row = pairs.zone[chosen, service], pairs.row[chosen]
    zones = np.unique(zone[zone >= 0])
    rows = np.unique(row)
    if len(zones) * len(rows) < len(chosen):
        home = book.residential[group.orders[rows]]
        weight, volume = pairs.weight_g[rows][:, None, :], pairs.volume_mm3[rows][:, None, :]
        table = book.transport(service, zones[None, :, None], home[:, None, None], weight, volume).micro
        place = np.clip(np.searchsorted(zones, zone), 0, len(zones) - 1)
        transport = table[np.searchsorted(rows, row), place]
        carried = (transport >= 0) & (zone >= 0)[:, None]
    else:
        home = book.residential[group.orders[row]]
        weight, volume = pairs.weight_g[row], pairs.volume_mm3[row]
        transport = book.transport(service, zone[:, None], home[:, None], weight, volume).micro
        carried = (transport >= 0) & (zone >= 0)[:, None]
    cost = transport + pairs.late_micro[chosen, service][:, None] + pairs.rest_micro[chosen]
    carried &= pairs.fits[chosen]
    return np.where(carried, cost, INFEASIBLE)
