"""Orders too large to list: their pieces as a group of one, and a floor to bound with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shapes import ShapeGroup
from solver_models.floors import LargeOrder
from solver_models.lattice import Lattice, lattice_of
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]

MAX_BREAKS = 4_000
"""Weights at which a rate card is looked at for the floor; above, only its least price counts."""


def shape_of_pieces(problem: PlanningProblem, order: int, pieces: Ints) -> tuple[ShapeGroup, Lattice]:
    """Return the order as a group whose vectors are sums of pieces, and the lattice of the pieces.

    Parameters
    ----------
    problem
        The problem.
    order
        Order index.
    pieces
        (n_pieces, n_lines) units of each line (see `quartermaster.planning.pieces`).
    """
    lines = np.arange(problem.line_start[order], problem.line_start[order + 1])
    lattice = lattice_of((1,) * len(pieces))
    skus = problem.line_sku[lines].tolist()
    shared = (tuple(at for at, own in enumerate(skus) if own == sku) for sku in sorted(set(skus)))
    shape = ShapeGroup(
        orders=np.array([order], dtype=np.int64),
        lines=lines[None, :],
        quantities=problem.line_quantity[lines],
        vectors=lattice.vectors @ pieces,
        same_sku=tuple(columns for columns in shared if len(columns) > 1),
    )
    return shape, lattice


def large_order(problem: PlanningProblem, order: int, stock_row: dict[int, int], first_node_row: int) -> LargeOrder:
    """Gather what the floor of an order needs.

    Parameters
    ----------
    problem
        The problem.
    order
        Order index.
    stock_row
        Number of the stock resource by sku * n_nodes + node, where there is one.
    first_node_row
        Number of the first node's shipment capacity; unit capacities follow those.
    """
    book, n_nodes = problem.book, problem.n_nodes
    lines = np.arange(problem.line_start[order], problem.line_start[order + 1])
    sku = problem.line_sku[lines]
    nodes = np.arange(n_nodes)
    available = problem.available_rows(sku) * problem.allowed(lines)
    lanes = problem.lanes(np.full(n_nodes, order), nodes)
    total_g = int(problem.weight_g[sku] @ problem.line_quantity[lines])
    least, per_gram = _minorant(problem, lanes.zone, bool(book.residential[order]), total_g)
    offered = np.isfinite(per_gram)
    slope = np.where(offered, per_gram, 0.0)
    unit = np.floor(slope[None, :] * problem.weight_g[sku][:, None]).astype(np.int64)
    fixed_part = book.handling(nodes, np.zeros_like(nodes)) + book.distance_cost(lanes.distance_m, np.zeros_like(nodes))
    # the distance cost of u units is rounded once: a unit of many costs at least the whole micro below
    unit_part = (
        book.handling(nodes, np.ones_like(nodes))
        - book.handling(nodes, np.zeros_like(nodes))
        + np.maximum(0, book.distance_cost(lanes.distance_m, np.ones_like(nodes)) - 1)
        - book.distance_cost(lanes.distance_m, np.zeros_like(nodes))
    )
    usable = (available > 0) & offered[None, :]
    stock = np.full((len(lines), n_nodes), -1, dtype=np.int64)
    for row, column in zip(*np.nonzero(usable), strict=True):
        stock[row, column] = stock_row.get(int(sku[row]) * n_nodes + int(column), -1)
    return LargeOrder(
        order=order,
        quantity=problem.line_quantity[lines],
        backorder=problem.line_backorder_micro[lines],
        order_backorder=int(problem.order_backorder_micro[order]),
        limit=int(problem.order_max_shipments[order]),
        complete=bool(problem.order_complete[order]),
        unit_cost=np.where(usable, unit + np.maximum(0, unit_part)[None, :], INFEASIBLE),
        available=available,
        stock=stock,
        fixed_cost=np.where(offered, least + fixed_part, INFEASIBLE),
        shipment=first_node_row + nodes,
        units=first_node_row + n_nodes + nodes,
    )


def _minorant(
    problem: PlanningProblem, zone: NDArray[np.int32], home: bool, total_g: int
) -> tuple[Ints, NDArray[np.float64]]:
    """Find, per node, a fixed cost and a cost per gram that no service undercuts at any weight up to the total.

    The line runs through the end of the first step and below the ends of all others; a fixed cost >= 0 keeps it valid
    when the weight is spread over shipments. Infinite cost per gram where no service is offered.
    """
    breaks = _break_weights(problem, total_g)
    fixed = np.zeros(len(zone), dtype=np.int64)
    per_gram = np.full(len(zone), np.inf)
    cells: dict[tuple[int, ...], tuple[int, float]] = {}
    for node in range(len(zone)):
        key = tuple(zone[node].tolist())
        if key not in cells:
            cells[key] = _line_below(problem, np.array(key), home, breaks, total_g)
        fixed[node], per_gram[node] = cells[key]
    return fixed, per_gram


def _line_below(
    problem: PlanningProblem, zone: NDArray[np.int64], home: bool, breaks: Ints | None, total_g: int
) -> tuple[int, float]:
    offered = np.flatnonzero(zone >= 0)
    if not len(offered):
        return 0, np.inf
    if breaks is None:
        return 0, 0.0
    price = problem.book.transport(
        offered[:, None], zone[offered][:, None], np.array(home), breaks[None, :], np.array(0)
    ).micro
    price = np.where(price < 0, INFEASIBLE, price).min(axis=0)
    # volume can only raise the billable weight, and a heavier parcel may be cheaper on an odd card
    price = np.minimum.accumulate(price[::-1])[::-1]
    kept = (price < INFEASIBLE) & (breaks <= total_g)
    if not kept.any():
        return 0, np.inf
    price, ends = price[kept], breaks[kept]
    slopes = (price[1:] - price[0]) / (ends[1:] - ends[0])
    slope = min([price[0] / ends[0], *slopes.tolist()])
    return int(np.floor(price[0] - slope * ends[0] * (1 + 1e-12))), float(slope) * (1 - 1e-12)


def _break_weights(problem: PlanningProblem, total_g: int) -> Ints | None:
    """Weights at which any price may step, and the order's own; None when they are too many to look at."""
    if not len(problem.snapshot.rates):
        return np.array([total_g], dtype=np.int64)
    breaks = np.unique(problem.snapshot.rates["max_weight_g"]).astype(np.int64)
    parcels = np.arange(1, int(problem.snapshot.services["max_parcels"].max()) + 1)
    if len(breaks) * len(parcels) > MAX_BREAKS:
        return None
    ends: Ints = np.unique(np.r_[np.outer(breaks, parcels).ravel(), total_g]).astype(np.int64)
    return ends
