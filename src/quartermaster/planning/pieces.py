"""Pieces of an order too large to list: what may leave from one node, as few as a program can combine."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.sourcing import Sourcing

Ints = NDArray[np.int64]

MAX_PIECES = 8
"""Pieces that an order is cut into: 256 ways to combine them."""
MAX_SHIPPED = 10
"""Nodes whose shipments of a known plan stay pieces of their own, even when they are more: with one more node's and the
rest 4 096 ways."""


def pieces_of(problem: PlanningProblem, order: int, start: Sourcing) -> Ints:
    """Cut an order into pieces that each leave from one node or are backordered whole.

    What a known plan ships from one node is a piece; of the rest, as much as each further node has and can carry; large
    pieces are halved while there is room for more. A line that must be complete is never cut.

    Parameters
    ----------
    problem
        The problem.
    order
        Order index.
    start
        A known decision.

    Returns
    -------
    ndarray, shape (n_pieces, n_lines of the order), int64
        Units of each line; the pieces add up to the order.
    """
    first, last = int(problem.line_start[order]), int(problem.line_start[order + 1])
    quantity = problem.line_quantity[first:last]
    inside = np.flatnonzero((start.line >= first) & (start.line < last))
    by_node: dict[int, Ints] = {}
    for at in inside.tolist():
        piece = by_node.setdefault(int(start.node[at]), np.zeros(last - first, dtype=np.int64))
        piece[start.line[at] - first] += start.quantity[at]
    pieces = sorted(by_node.values(), key=lambda piece: (-int(piece.sum()), piece.tolist()))[:MAX_SHIPPED]
    for line in np.flatnonzero(problem.line_complete[first:last]).tolist():
        holders = [piece for piece in pieces if piece[line]]
        for piece in holders:
            piece[line] = 0
        if holders:
            holders[0][line] = quantity[line]
    rest = quantity - (np.sum(pieces, axis=0) if pieces else 0)
    room = max(1, MAX_PIECES - 1 - len(pieces))
    pieces += _what_nodes_carry(problem, order, rest, by_node)[:room]
    rest = quantity - (np.sum(pieces, axis=0) if pieces else 0)
    pieces = [piece for piece in (*pieces, rest) if piece.any()]
    while len(pieces) < MAX_PIECES:
        halves = [_halved(piece, problem.line_complete[first:last]) for piece in pieces]
        able = [at for at, half in enumerate(halves) if half is not None]
        if not able:
            break
        largest = max(able, key=lambda at: (int(pieces[at].sum()), -at))
        half = halves[largest]
        assert half is not None  # noqa: S101 - chosen among those that are not
        pieces[largest] = pieces[largest] - half
        pieces.append(half)
    return np.array(pieces, dtype=np.int64).reshape(len(pieces), last - first)


def _halved(piece: Ints, complete: NDArray[np.bool_]) -> Ints | None:
    """Return about half of a piece: half of its lines, or half the units of its one line; None where it is one unit."""
    lines = np.flatnonzero(piece)
    half = np.zeros_like(piece)
    if len(lines) > 1:
        half[lines[: len(lines) // 2]] = piece[lines[: len(lines) // 2]]
        return half
    if piece.sum() < 2 or complete[lines[0]]:
        return None
    half[lines[0]] = piece[lines[0]] // 2
    return half


def _what_nodes_carry(problem: PlanningProblem, order: int, rest: Ints, used: Container[int]) -> list[Ints]:
    """Cut the rest of an order into what one shipment from each unused node has and can carry, most first."""
    lines = np.arange(problem.line_start[order], problem.line_start[order + 1])
    skus = problem.line_sku[lines]
    stock = problem.available_rows(skus) * problem.allowed(lines)
    zone = problem.lanes(np.full(problem.n_nodes, order), np.arange(problem.n_nodes)).zone
    # lines of one SKU share its stock: only the first of them is given any
    stock[[at for at, sku in enumerate(skus.tolist()) if sku in skus[:at].tolist()]] = 0
    pieces: list[Ints] = []
    left = rest * ~problem.line_complete[lines]
    nodes = np.argsort(-np.minimum(stock, left[:, None]).sum(axis=0), kind="stable").tolist()
    for node in nodes:
        if node in used or problem.node_max_shipments[node] < 1:
            continue
        piece = _carried(problem, order, skus, np.minimum(stock[:, node], left), node, zone[node])
        if piece.any():
            pieces.append(piece)
            left = left - piece
    return pieces


def _carried(problem: PlanningProblem, order: int, skus: Ints, units: Ints, node: int, zone: Ints) -> Ints:
    """Scale units down until some service carries them from a node as one shipment."""
    offered = np.flatnonzero(zone >= 0)
    if not len(offered) or not units.any():
        return np.zeros_like(units)
    # in steps of one unit of the largest line; the more, the heavier, so the most that is carried is found by halving
    home, steps = np.array(problem.book.residential[order]), int(units.max())
    low, high = 0, steps
    while low < high:
        middle = (low + high + 1) // 2
        part = units * middle // steps
        weight, volume = problem.weight_g[skus] @ part, problem.volume_mm3[skus] @ part
        price = problem.book.transport(offered, zone[offered], home, np.array(weight), np.array(volume)).micro
        if np.any(price >= 0) and part.sum() <= problem.node_max_units[node]:
            low = middle
        else:
            high = middle - 1
    return units * low // steps
