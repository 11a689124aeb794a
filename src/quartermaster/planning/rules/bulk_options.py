"""The cheapest option of many orders at once, by a relaxation that is nearly always exact.

Relaxed, each quantity vector may leave from its cheapest node, whatever the other vectors of the order do; a dynamic
program over the lattice then partitions what is served into vectors. The answer is the order's true optimum when its
vectors leave from different nodes and no other partition costs the same. Any other order is reported as open, to be
solved by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.rules.lattice_bounds import least_finish, least_served
from quartermaster.planning.rules.remaining import Take
from quartermaster.planning.shapes import ShapeGroup
from quartermaster.planning.shipment_cells import TOO_MUCH, ShipmentCells
from quartermaster.planning.shipment_costs import ShipmentCosts, as_table
from solver_models.lattice import lattice_of, pair_count
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_STEPS = 60_000
"""Largest (shipments x pairs of vectors) of a shape that is solved in bulk."""


def solvable_in_bulk(group: ShapeGroup) -> bool:
    """Tell whether a shape is small enough for this module.

    Parameters
    ----------
    group
        The group.
    """
    quantities = tuple(group.quantities.tolist())
    return bool(sum(quantities) * pair_count(quantities) <= MAX_STEPS)


def backorder_costs(problem: PlanningProblem, group: ShapeGroup, rows: Ints) -> Ints:
    """Return the cost of what is backordered when exactly a vector is served.

    Parameters
    ----------
    problem, group
        The orders.
    rows
        (R,) positions in the group.

    Returns
    -------
    ndarray, shape (R, V), int64
        `INFEASIBLE` where a line or the order is all-or-nothing and the vector is neither.
    """
    orders, lines, vectors = group.orders[rows], group.lines[rows], group.vectors
    missing = group.quantities - vectors
    cost = problem.line_backorder_micro[lines] @ missing.T
    cost[:, :-1] += problem.order_backorder_micro[orders][:, None]
    part = (vectors > 0) & (missing > 0)
    broken = problem.line_complete[lines] @ part.T
    broken[:, 1:-1] |= problem.order_complete[orders][:, None]
    cost[broken] = INFEASIBLE
    return np.asarray(cost)


def ends(problem: PlanningProblem, group: ShapeGroup, rows: Ints) -> Ints:
    """Return the cost of ending with exactly a vector served when each shipment has paid `extra_shipment`.

    Parameters
    ----------
    problem, group
        The orders.
    rows
        (R,) positions in the group.

    Returns
    -------
    ndarray, shape (R, V), int64
        `backorder_costs`, less what the first shipment should not have paid.
    """
    cost = backorder_costs(problem, group, rows)
    cost[:, 1:] -= np.where(cost[:, 1:] < INFEASIBLE, problem.extra_shipment_micro, 0)
    return cost


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Answers to some orders of a group.

    Parameters
    ----------
    options
        Per order its cheapest option; None = open.
    total
        (R,) cost of the relaxation's optimum.
    finish
        (R, V) lower bound of going on to an end when a vector is served already, whatever nodes open; None when no
        opening cost is left to pay.
    cost
        (R, N, V) cost of the shipments, opening not counted; None when no opening cost is left to pay.
    """

    options: list[list[Take] | None]
    total: Ints
    finish: Ints | None
    cost: Ints | None


class BulkOptions:
    """The relaxation of one group.

    Parameters
    ----------
    problem
        The problem.
    cells
        Prices of the group's shipments, nodes by rank.
    """

    def __init__(self, problem: PlanningProblem, cells: ShipmentCells) -> None:
        self.problem, self.cells, self.group = problem, cells, cells.group
        quantities = tuple(self.group.quantities.tolist())
        self._steps = lattice_of(quantities).steps
        units = self.group.vectors.sum(axis=1)
        self._most = int(units[-1])
        # states (shipments, served vector), the preferred of equal cost first: fewer backordered units, then shipments
        shipments, served = np.divmod(np.arange((self._most + 1) * len(units)), len(units))
        possible = np.where(served == 0, shipments == 0, (shipments > 0) & (shipments <= units[served]))
        states = np.flatnonzero(possible)
        self._states = states[np.lexsort((shipments[states], -units[served[states]]))]
        self._shipments, self._served = shipments[self._states], served[self._states]
        self._same = units[self._served] * (self._most + 1) + self._shipments

    def best_of_all(self, cost: Ints, opening: Ints) -> Solved:
        """Find the cheapest option of every order of the group.

        Parameters
        ----------
        cost
            (E,) cost of each of `cells`; `INFEASIBLE` for those that are not to be had any more.
        opening
            (N,) opening costs still to be paid.
        """
        rows = np.arange(len(self.group.orders))
        if opening.any():
            costs = as_table(replace(self.cells, cost=cost))
            return self.best(rows, costs, opening)
        pairs, n_vectors = self.cells.pairs, len(self.group.vectors)
        key = pairs.row[self.cells.pair] * n_vectors + self.cells.vector
        block = np.full(len(rows) * n_vectors, INFEASIBLE, dtype=np.int64)
        np.minimum.at(block, key, cost)
        cheapest = np.flatnonzero((cost == block[key]) & (cost < INFEASIBLE))[::-1]
        first = np.full(len(block), -1, dtype=np.intp)
        first[key[cheapest]] = cheapest  # of equals the node first by rank, which is written last
        found = np.flatnonzero(first >= 0)
        node, service = np.zeros(len(block), dtype=np.intp), np.full(len(block), -1, dtype=np.int64)
        node[found], service[found] = pairs.place[self.cells.pair[first[found]]], self.cells.service[first[found]]
        shape = (len(rows), n_vectors)
        return self._solve(rows, block.reshape(shape), node.reshape(shape), service.reshape(shape))

    def best(self, rows: Ints, costs: ShipmentCosts, opening: Ints) -> Solved:
        """Find the cheapest option of some orders of the group.

        Parameters
        ----------
        rows
            (R,) positions in the group.
        costs
            Tables of their shipments, one row for each of `rows`.
        opening
            (N,) opening costs still to be paid; where two shipments might share one, the order is left open.
        """
        paid = costs.cost + opening[:, None] if opening.any() else costs.cost
        node = paid.argmin(axis=1)[:, None, :]
        block = np.minimum(np.take_along_axis(paid, node, axis=1)[:, 0, :], INFEASIBLE)
        service = np.take_along_axis(costs.service, node, axis=1)[:, 0, :].astype(np.int64)
        return self._solve(rows, block, node[:, 0, :], service, (costs, opening) if opening.any() else None)

    def _solve(
        self, rows: Ints, block: Ints, node: Ints, service: Ints, closed: tuple[ShipmentCosts, Ints] | None = None
    ) -> Solved:
        """Choose among the cheapest shipments: (R, V) cost, place and service; `closed` while nodes are to open."""
        served = self._partition(block)
        total = self._totals(rows, served)
        state = total.argmin(axis=1)
        least = np.take_along_axis(total, state[:, None], axis=1)
        alike = (total == least) & (self._same[None, :] == self._same[state][:, None])
        unclear = alike.sum(axis=1) > 1
        finish = None
        if closed is not None:
            finish = self._finish(rows, closed[0].cost)
            unclear |= self._shares_opening(*closed, finish, least)
        options: list[list[Take] | None] = []
        for at in range(len(rows)):
            if unclear[at]:
                options.append(None)
                continue
            shipments, whole = int(self._shipments[state[at]]), int(self._served[state[at]])
            parts = self._parts(block[at], [layer[at] for layer in served], shipments, whole)
            options.append(None if parts is None else self._takes(int(rows[at]), node[at], service[at], parts))
        return Solved(options, least[:, 0], finish, None if closed is None else closed[0].cost)

    def _finish(self, rows: Ints, cost: Ints) -> Ints:
        """Bound what follows a vector served, every node open."""
        extra, quantities = self.problem.extra_shipment_micro, tuple(self.group.quantities.tolist())
        served = least_served(quantities, np.minimum(cost.min(axis=1) + extra, INFEASIBLE))
        return least_finish(quantities, served, ends(self.problem, self.group, rows))

    def _partition(self, block: Ints) -> list[Ints]:
        """Return, by number of shipments, the (R, V) least cost of serving exactly a vector in so many.

        `extra_shipment` is paid by every shipment here; `_totals` gives the first one back.
        """
        steps, extra = self._steps, self.problem.extra_shipment_micro
        nothing = np.full_like(block, INFEASIBLE)
        nothing[:, 0] = 0
        layers = [nothing, np.minimum(block + extra, INFEASIBLE)]
        paid = layers[1][:, steps.part]
        for _ in range(2, self._most + 1):
            layer = np.full_like(block, INFEASIBLE)
            sums = np.minimum.reduceat(paid + layers[-1][:, steps.rest], steps.start, axis=1)
            layer[:, steps.whole] = np.minimum(sums, INFEASIBLE)
            layers.append(layer)
        return layers

    def _totals(self, rows: Ints, served: list[Ints]) -> Ints:
        """Return the cost of every state, in the order of preference: (R, n_states)."""
        costs = np.concatenate(served, axis=1)[:, self._states]
        costs += backorder_costs(self.problem, self.group, rows)[:, self._served]
        costs -= np.where(self._shipments > 0, self.problem.extra_shipment_micro, 0)
        limit = self.problem.order_max_shipments[self.group.orders[rows]]
        costs[self._shipments[None, :] > limit[:, None]] = INFEASIBLE
        return costs

    def _parts(self, block: Ints, served: list[Ints], shipments: int, whole: int) -> list[int] | None:
        """Undo the partition of one order; None when another partition costs the same."""
        steps, extra = self._steps, self.problem.extra_shipment_micro
        parts = []
        for layer in range(shipments, 1, -1):
            pairs = steps.parts(whole)
            part, rest = steps.part[pairs], steps.rest[pairs]
            found = np.flatnonzero(block[part] + extra + served[layer - 1][rest] == served[layer][whole])
            if len(found) > 1:
                return None
            parts.append(int(part[found[0]]))
            whole = int(rest[found[0]])
        return parts if shipments == 0 else [*parts, whole]

    def _shares_opening(self, costs: ShipmentCosts, opening: Ints, finish: Ints, least: Ints) -> Flags:
        """Tell which orders might gain from two shipments of one closed node, which would open it only once."""
        cost = costs.cost
        shares = np.zeros(len(cost), dtype=bool)
        if self.problem.book.n_services < 2 or self._most < 2:
            return shares
        steps, extra = self._steps, self.problem.extra_shipment_micro
        whole = np.repeat(steps.whole, np.diff(np.r_[steps.start, len(steps.part)]))
        slack = (least - finish)[:, whole]
        for place in np.flatnonzero(opening).tolist():
            at = cost[:, place]
            apart = at[:, steps.part] + at[:, steps.rest] + extra
            # worth a look: cheaper than one shipment, or none carries it, and maybe part of an option that is no dearer
            better = (apart < at[:, whole]) & (apart + (extra + int(opening[place])) <= slack)
            if better.any():
                service = costs.service[:, place][:, whole]
                shares |= np.any(better & ((at[:, whole] < INFEASIBLE) | (service == TOO_MUCH)), axis=1)
        return shares

    def _takes(self, row: int, node: Ints, service: Ints, parts: list[int]) -> list[Take] | None:
        """Write an option as takes; None when two of its shipments leave from one node."""
        places = [int(node[part]) for part in parts]
        if len(set(places)) < len(places):
            return None
        takes = []
        for place, part in zip(places, parts, strict=True):
            leaves, by = int(self.cells.nodes[place]), int(service[part])
            for line, quantity in zip(self.group.lines[row].tolist(), self.group.vectors[part].tolist(), strict=True):
                if quantity:
                    takes.append(Take(line, leaves, by, quantity))
        return takes
