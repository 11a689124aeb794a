"""Orders grouped by shape: those of one group share one lattice of quantity vectors, and are priced together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from solver_models.lattice import lattice_of, lattice_size

Ints = NDArray[np.int64]

MAX_CELLS = 2_000_000
"""Cells (order, node, vector) priced at once, unless a single order has more: bounds memory to some 100 MB."""
TABLE_SHARE = 8
"""Cells (order, line, node) of a group, stocked or not, for each that it may price: they are only marked."""
CODES = 1 << 62
"""Numbers of distinct shapes stay below this while columns are put together."""


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


def shapes(
    problem: PlanningProblem, orders: Sequence[int] | Ints, *, max_cells: int = MAX_CELLS, only_stocked: bool = False
) -> list[ShapeGroup]:
    """Group orders by shape, in groups small enough to be priced at once.

    Parameters
    ----------
    problem
        The problem.
    orders
        Order indices; the caller leaves out those whose lattice is too large (`lattice_sizes`).
    max_cells
        Most (order, node, vector) cells of a group of more than one order.
    only_stocked
        Count only nodes that stock a line of the order, for callers that price no others; the group has at most
        `TABLE_SHARE` times as many cells (order, line, node) in all.

    Returns
    -------
    list of ShapeGroup
        Shapes in the order of their first members, the members of a shape rising.
    """
    orders = np.sort(np.asarray(orders, dtype=np.int64))
    counts = problem.line_start[orders + 1] - problem.line_start[orders]
    found: list[tuple[Ints, Ints]] = []
    for n_lines in np.unique(counts).tolist():
        alike = orders[counts == n_lines]
        lines = _by_quantity(problem, problem.line_start[alike][:, None] + np.arange(n_lines))
        code = _shape_codes(problem.line_quantity[lines], _first_of_sku(problem.line_sku[lines]))
        by_shape = np.argsort(code, kind="stable")
        parts = np.split(by_shape, np.flatnonzero(np.diff(code[by_shape])) + 1)
        found += [(alike[members], lines[members]) for members in parts]
    found.sort(key=lambda shape: int(shape[0][0]))
    stocking = np.diff(problem.available.indptr)
    groups = []
    for members, lines in found:
        size, nodes = lattice_size(tuple(problem.line_quantity[lines[0]].tolist())), problem.n_nodes
        if only_stocked:
            nodes = min(nodes, int(stocking[problem.line_sku[lines]].sum(axis=1).mean()))
        step = max_cells // (size * max(nodes, 1))
        if only_stocked:
            step = min(step, TABLE_SHARE * max_cells // (lines.shape[1] * max(problem.n_nodes, 1)))
        step = max(1, step)
        groups += [_group(problem, members[at : at + step], lines[at : at + step]) for at in range(0, len(lines), step)]
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
    lines = np.arange(problem.line_start[order], problem.line_start[order + 1], dtype=np.int64)
    return _group(problem, np.array([order], dtype=np.int64), lines[None])


def _by_quantity(problem: PlanningProblem, lines: Ints) -> Ints:
    """Sort the lines of each order by quantity: orders then share a lattice that differ only in their lines' order."""
    at = np.argsort(problem.line_quantity[lines], axis=1, kind="stable")
    return np.take_along_axis(lines, at, axis=1)


def _first_of_sku(skus: Ints) -> Ints:
    """Return, for each line of each order, the first of its lines that has the same SKU."""
    by_sku = np.argsort(skus, axis=1, kind="stable")
    ordered = np.take_along_axis(skus, by_sku, axis=1)
    repeats = np.diff(ordered, axis=1) == 0
    if not repeats.any():
        return np.broadcast_to(np.arange(skus.shape[1]), skus.shape)
    first = by_sku.copy()
    for column in range(1, skus.shape[1]):
        first[:, column] = np.where(repeats[:, column - 1], first[:, column - 1], by_sku[:, column])
    firsts = np.empty_like(first)
    np.put_along_axis(firsts, by_sku, first, axis=1)
    return firsts


def _shape_codes(quantities: Ints, firsts: Ints) -> Ints:
    """Number the distinct rows of both tables together."""
    code = np.zeros(len(quantities), dtype=np.int64)
    span = 1
    for column in (*quantities.T, *firsts.T):
        width = int(column.max(initial=0)) + 1
        if span * width >= CODES:
            distinct, code = np.unique(code, return_inverse=True)
            span = len(distinct)
        code = code * width + column
        span *= width
    return code


def _group(problem: PlanningProblem, orders: Ints, lines: Ints) -> ShapeGroup:
    quantities: Ints = problem.line_quantity[lines[0]]
    firsts = _first_of_sku(problem.line_sku[lines[:1]])[0].tolist()
    shared = (tuple(at for at, own in enumerate(firsts) if own == first) for first in sorted(set(firsts)))
    return ShapeGroup(
        orders=orders,
        lines=lines,
        quantities=quantities,
        vectors=lattice_of(tuple(quantities.tolist())).vectors,
        same_sku=tuple(columns for columns in shared if len(columns) > 1),
    )
