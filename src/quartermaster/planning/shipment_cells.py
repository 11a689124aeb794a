"""Exact cost of every shipment that could serve part of an order, in bulk, listed one by one.

Three things keep the work to what can matter. Only nodes that stock a line of the order are looked at. Of an order and
node only the vectors that the stock covers are listed. And many nodes of one order share a *lane kind* (their zones and
ship days are the same), so that transport is priced once for each (order, lane kind, vector), not for each node.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shapes import ShapeGroup
from solver_models.lattice import lattice_of, lattice_size, pair_count
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOO_MUCH = -2
"""In place of a service: the node has the units, no service carries them in one shipment."""
MAX_PAIRS = 300_000
"""Pairs of vectors of a lattice up to which the parts of a vector are looked up instead of searched."""
SMALL = 20_000
"""Prices up to which all services are asked for in one call, not each in turn."""
SEARCH_AT_ONCE = 2_000_000
"""(order, node, vector) triples searched in one go: bounds memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """The (order, node) pairs of a group where any line is allowed and stocked, by order and then by place.

    Parameters
    ----------
    row, place
        (P,) position of the order in the group, and of the node in the list of nodes.
    units
        (P, L) units of each line that the node could give; lines of one SKU see the same units.
    limit
        (P,) most units of a shipment of the node.
    distance_m
        (P,) metres.
    kind
        (P,) the pair's row in the following tables.
    kind_row
        (K,) rising: position of the order in the group.
    zone
        (K, S) int32, -1 = not offered, or late where that is forbidden.
    late_micro
        (K, S) cost of lateness, micro.
    """

    row: NDArray[np.intp]
    place: NDArray[np.intp]
    units: Ints
    limit: Ints
    distance_m: Ints
    kind: NDArray[np.intp]
    kind_row: NDArray[np.intp]
    zone: NDArray[np.int32]
    late_micro: Ints


@dataclass(frozen=True, slots=True, eq=False)
class ShipmentCells:
    """Every shipment of a group that stock and the node's size allow, by its cheapest service.

    Parameters
    ----------
    problem, group
        What was priced.
    nodes
        (N,) the nodes that were considered.
    pairs
        The (order, node) pairs.
    pair
        (E,) rising: the pair of each shipment.
    vector
        (E,) rising within a pair: its quantity vector, never the zero vector.
    cost
        (E,) transport + handling + distance + late, micro; `INFEASIBLE` where no service carries it in time.
    service
        (E,) int16, the cheapest service (of equals the lowest index); `TOO_MUCH` where none carries it.
    stock_price
        (n_skus, n_nodes) what giving a unit away costs beyond what is paid, micro, and part of `cost`; None = nothing.
    """

    problem: PlanningProblem
    group: ShapeGroup
    nodes: Ints
    pairs: Pairs
    pair: NDArray[np.intp]
    vector: Ints
    cost: Ints
    service: NDArray[np.int16]
    stock_price: Ints | None = None


def shipment_cells(
    problem: PlanningProblem,
    group: ShapeGroup,
    nodes: Ints | None = None,
    available: sparse.csr_array | None = None,
) -> ShipmentCells:
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
    ShipmentCells
        A vector is not listed at a node where a line is not allowed, stock is short (lines of one SKU add up), or it
        has more units than the node's capacity.
    """
    nodes = np.arange(problem.n_nodes) if nodes is None else np.asarray(nodes, dtype=np.int64)
    pairs = _pairs(problem, group, nodes, problem.available if available is None else available)
    pair, vector = _fitting_vectors(group, pairs)
    n_vectors = len(group.vectors)
    cell = pairs.kind[pair] * n_vectors + vector
    needed = np.zeros(len(pairs.kind_row) * n_vectors, dtype=bool)
    needed[cell] = True
    priced = np.flatnonzero(needed)
    number = np.empty(len(needed), dtype=np.intp)
    number[priced] = np.arange(len(priced))
    least, fastest = _cheapest_service(problem, pairs, _shipments(problem, group, pairs, *np.divmod(priced, n_vectors)))
    where = number[cell]
    cost = least[where] + _rest(problem, group, nodes, pairs, pair, vector)
    return ShipmentCells(problem, group, nodes, pairs, pair, vector, np.minimum(cost, INFEASIBLE), fastest[where])


def with_stock_price(cells: ShipmentCells, stock_price: Ints) -> ShipmentCells:
    """Add to each shipment what its units are worth where they are.

    Parameters
    ----------
    cells
        The priced group.
    stock_price
        (n_skus, n_nodes) micro, of one unit; at most 10^15 for all units of an order.
    """
    worth = replace(cells, stock_price=stock_price)
    cost = np.minimum(cells.cost + _stock_value(worth, cells.pair, cells.vector), INFEASIBLE)
    return replace(worth, cost=cost)


def cells_of_order(cells: ShipmentCells, row: int) -> ShipmentCells:
    """Take one order out of a priced group.

    Parameters
    ----------
    cells
        The priced group.
    row
        Position of the order in it.

    Returns
    -------
    ShipmentCells
        Of a group of that order alone.
    """
    group, pairs = cells.group, cells.pairs
    begin, end = np.searchsorted(pairs.row, [row, row + 1])
    first, last = np.searchsorted(cells.pair, [begin, end])
    low, high = np.searchsorted(pairs.kind_row, [row, row + 1])
    own = Pairs(
        row=np.zeros(end - begin, dtype=np.intp),
        place=pairs.place[begin:end],
        units=pairs.units[begin:end],
        limit=pairs.limit[begin:end],
        distance_m=pairs.distance_m[begin:end],
        kind=pairs.kind[begin:end] - low,
        kind_row=np.zeros(high - low, dtype=np.intp),
        zone=pairs.zone[low:high],
        late_micro=pairs.late_micro[low:high],
    )
    alone = replace(group, orders=group.orders[row : row + 1], lines=group.lines[row : row + 1])
    here = slice(first, last)
    priced = (cells.pair[here] - begin, cells.vector[here], cells.cost[here], cells.service[here])
    return ShipmentCells(cells.problem, alone, cells.nodes, own, *priced, cells.stock_price)


def service_costs(cells: ShipmentCells, row: NDArray[np.intp], place: NDArray[np.intp]) -> Ints:
    """Return the cost of the shipments of some (order, node) pairs by each service.

    Parameters
    ----------
    cells
        The priced group.
    row, place
        (P,) position of the order in the group, of the node in `ShipmentCells.nodes`.

    Returns
    -------
    ndarray, shape (P, S, V), int64
        Micro; `INFEASIBLE` where the shipment cannot be, and for the zero vector.
    """
    problem, group, pairs = cells.problem, cells.group, cells.pairs
    n_vectors, n_services = len(group.vectors), problem.book.n_services
    key, asked = pairs.row * len(cells.nodes) + pairs.place, row * len(cells.nodes) + place
    number = np.minimum(np.searchsorted(key, asked), max(0, len(key) - 1))
    known = np.flatnonzero(key[number] == asked) if len(key) else np.empty(0, dtype=np.intp)
    first, last = np.searchsorted(cells.pair, [number[known], number[known] + 1])
    of = np.repeat(known, last - first)
    mine = np.repeat(first - np.r_[0, np.cumsum(last - first)[:-1]][: len(first)], last - first) + np.arange(len(of))
    pair, vector = cells.pair[mine], cells.vector[mine]
    rest = _rest(problem, group, cells.nodes, pairs, pair, vector) + _stock_value(cells, pair, vector)
    priced, which = np.unique(pairs.kind[pair] * n_vectors + vector, return_inverse=True)
    carried = _shipments(problem, group, pairs, *np.divmod(priced, n_vectors))
    cost = np.full((len(row), n_services, n_vectors), INFEASIBLE, dtype=np.int64)
    transport = _by_services(problem, pairs, carried, np.arange(n_services))
    cost[of, :, vector] = np.minimum(transport.T[which] + rest[:, None], INFEASIBLE)
    return cost


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


def _pairs(problem: PlanningProblem, group: ShapeGroup, nodes: Ints, available: sparse.csr_array) -> Pairs:
    """Find the pairs worth rating and the kinds of their lanes."""
    n_rows, n_lines = group.lines.shape
    lines = group.lines.T.ravel()  # line by line, so that each column's entries stand together
    stock = available[problem.line_sku[lines]]
    line = np.repeat(np.arange(len(lines)), np.diff(stock.indptr))
    place_of = np.full(problem.n_nodes, -1, dtype=np.int64)
    usable = (problem.node_max_shipments[nodes] > 0) & (problem.node_max_units[nodes] > 0)
    place_of[nodes[usable]] = np.flatnonzero(usable)
    place = place_of[stock.indices]
    kept = (place >= 0) & (stock.data > 0)
    kept &= problem.allowed_at(lines[line], stock.indices)
    key = (line % n_rows) * len(nodes) + place
    seen = np.zeros(n_rows * len(nodes), dtype=bool)
    seen[key[kept]] = True
    keys = np.flatnonzero(seen)
    number = np.empty(len(seen), dtype=np.intp)
    number[keys] = np.arange(len(keys))
    units = np.zeros((len(keys), n_lines), dtype=np.int64)
    units[number[key[kept]], line[kept] // n_rows] = stock.data[kept]
    row, place = np.divmod(keys, max(len(nodes), 1))
    order, node = group.orders[row], nodes[place]
    distance_m, kind = problem.book.lane_kinds(order, node)
    # any pair of an order and lane kind may speak for all of them
    n_kinds = int(kind.max(initial=0)) + 1
    speaker = np.full(n_rows * n_kinds, -1, dtype=np.intp)
    speaker[row * n_kinds + kind] = np.arange(len(row))
    kinds = np.flatnonzero(speaker >= 0)
    number = np.empty(len(speaker), dtype=np.intp)
    number[kinds] = np.arange(len(kinds))
    lanes = problem.lanes(order[speaker[kinds]], node[speaker[kinds]])
    return Pairs(
        row=row,
        place=place,
        units=units,
        limit=problem.node_max_units[node],
        distance_m=distance_m,
        kind=number[row * n_kinds + kind],
        kind_row=row[speaker[kinds]],
        zone=lanes.zone,
        late_micro=problem.book.late_cost(lanes.late_days),
    )


def _fitting_vectors(group: ShapeGroup, pairs: Pairs) -> tuple[NDArray[np.intp], Ints]:
    """List the pair and vector of everything that fits."""
    quantities = tuple(group.quantities.tolist())
    whole_lattice = lattice_size(quantities) == len(group.vectors) and pair_count(quantities) <= MAX_PAIRS
    if not whole_lattice or not np.array_equal(lattice_of(quantities).vectors, group.vectors):
        return _searched_vectors(group, pairs)
    # what a node can give of each line is itself a vector, and what fits are the parts of it
    part, start = lattice_of(quantities).parts
    strides = np.cumprod(np.r_[1, group.quantities[:0:-1] + 1])[::-1]
    most = np.minimum(pairs.units, group.quantities) @ strides
    begin = start[most] + 1  # the zero vector comes first
    count = start[most + 1] - begin
    pair = np.repeat(np.arange(len(most)), count)
    vector = part[np.arange(len(pair)) + np.repeat(begin - np.cumsum(count) + count, count)]
    whole_units = group.vectors.sum(axis=1)
    kept = np.ones(len(pair), dtype=bool)
    if np.any(whole_units[most] > pairs.limit):
        kept &= whole_units[vector] <= pairs.limit[pair]
    for columns in group.same_sku:
        shared = pairs.units[:, columns].max(axis=1)
        kept &= group.vectors[:, columns].sum(axis=1)[vector] <= shared[pair]
    return (pair, vector) if kept.all() else (pair[kept], vector[kept])


def _searched_vectors(group: ShapeGroup, pairs: Pairs) -> tuple[NDArray[np.intp], Ints]:
    width = max(1, SEARCH_AT_ONCE // len(group.vectors))
    found = [np.empty((2, 0), dtype=np.intp)]
    for at in range(0, len(pairs.row), width):
        pair, vector = np.nonzero(fitting(group, pairs.units[at : at + width], pairs.limit[at : at + width]))
        found.append(np.stack([pair + at, vector]))
    pair, vector = np.concatenate(found, axis=1)
    return pair, vector


@dataclass(frozen=True, slots=True, eq=False)
class _Shipments:
    """Some (lane kind, vector): what is carried, and to what kind of place; all of one length."""

    kind: NDArray[np.intp]
    weight_g: Ints
    volume_mm3: Ints
    residential: Flags


def _shipments(
    problem: PlanningProblem, group: ShapeGroup, pairs: Pairs, kind: NDArray[np.intp], vector: NDArray[np.intp]
) -> _Shipments:
    row = pairs.kind_row[kind]
    skus, units = problem.line_sku[group.lines], group.vectors.T
    weight_g, volume_mm3 = problem.weight_g[skus] @ units, problem.volume_mm3[skus] @ units
    home = problem.book.residential[group.orders]
    return _Shipments(kind, weight_g[row, vector], volume_mm3[row, vector], home[row])


def _cheapest_service(problem: PlanningProblem, pairs: Pairs, carried: _Shipments) -> tuple[Ints, NDArray[np.int16]]:
    """Return transport + late cost by the cheapest service, and the service."""
    least = np.full(len(carried.kind), INFEASIBLE, dtype=np.int64)
    fastest = np.full(len(carried.kind), TOO_MUCH, dtype=np.int16)
    n_services = problem.book.n_services
    step = n_services if n_services * len(carried.kind) < SMALL else 1
    for first in range(0, n_services, step):
        services = np.arange(first, min(first + step, n_services))
        for service, cost in zip(services.tolist(), _by_services(problem, pairs, carried, services), strict=True):
            better = cost < least
            np.copyto(least, cost, where=better)
            fastest[better] = service
    return least, fastest


def _by_services(problem: PlanningProblem, pairs: Pairs, carried: _Shipments, services: Ints) -> Ints:
    """Return transport + late cost by some services, (n_services, n); `INFEASIBLE` where it cannot be."""
    at = (carried.kind[None, :], services[:, None])
    transport = problem.book.transport(
        services[:, None], pairs.zone[at], carried.residential, carried.weight_g, carried.volume_mm3
    ).micro
    return np.where(transport >= 0, transport + pairs.late_micro[at], INFEASIBLE)


def _rest(
    problem: PlanningProblem, group: ShapeGroup, nodes: Ints, pairs: Pairs, pair: NDArray[np.intp], vector: Ints
) -> Ints:
    """Return handling and distance of some shipments."""
    book, units = problem.book, group.vectors.sum(axis=1)[vector]
    handling = book.handling(nodes[pairs.place][pair], units)
    if book.costs.per_unit_metre:
        return handling + book.distance_cost(pairs.distance_m[pair], units)
    return handling + book.distance_cost(pairs.distance_m, np.zeros(1, dtype=np.int64))[pair]


def _stock_value(cells: ShipmentCells, pair: NDArray[np.intp], vector: Ints) -> Ints:
    """Return what the units of some shipments are worth where they are."""
    group, pairs = cells.group, cells.pairs
    if cells.stock_price is None:
        return np.zeros(len(pair), dtype=np.int64)
    skus = cells.problem.line_sku[group.lines[pairs.row]]
    by_pair = cells.stock_price[skus, cells.nodes[pairs.place][:, None]] @ group.vectors.T
    return np.asarray(by_pair[pair, vector])
