"""Orders too large to list every option: a valid lower bound on what each costs at given prices.

Such an order takes part in the search with some of its options only. For the bound each of its units is served from
where a unit is cheapest, at the least cost per gram that any rate card has, as if shipments could share one fixed cost;
every real option costs at least that. (Each unit is dealt with once; a stock is not sold beyond what it holds.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from solver_models.backend import LinearModel, Solver
from solver_models.runner import IN_PROCESS, Runner, SolveJob, limit_within, overrun
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]

PROGRAM_SCALE = 10_000.0
"""Cost in a program = exact cost / this."""
PROGRAM_SECONDS = 2.0
"""Wall clock of one program; they take some hundredths."""
PROGRAM_GAP = 1e-3
"""Gap at which a program may stop: its bound is what counts."""


@dataclass(frozen=True, slots=True, eq=False)
class LargeOrder:
    """What is needed to bound the cost of one large order.

    Parameters
    ----------
    order
        Its number.
    quantity, backorder
        (L,) units of each line, cost of backordering one.
    order_backorder
        Paid once when the order is short.
    limit
        Shipments it may have.
    complete
        True when the order ships complete or not at all.
    unit_cost
        (L, N) least cost of serving one unit from a node, without the fixed part; `INFEASIBLE` where it cannot be.
    available
        (L, N) units in stock there.
    stock
        (L, N) number of the stock resource; -1 where it has none.
    fixed_cost
        (N,) least fixed cost of a shipment from a node.
    shipment, units
        (N,) numbers of the nodes' capacity resources.
    """

    order: int
    quantity: Ints
    backorder: Ints
    order_backorder: int
    limit: int
    complete: bool
    unit_cost: Ints
    available: Ints
    stock: Ints
    fixed_cost: Ints
    shipment: Ints
    units: Ints

    def floor(self, price: Ints | None = None) -> int:
        """Return a lower bound on the cost of every option of the order, prices included.

        Parameters
        ----------
        price
            (n_resources,) int64 >= 0; None = every resource is free.
        """
        nothing = int(self.quantity @ self.backorder) + self.order_backorder
        usable = self.unit_cost < INFEASIBLE
        priced, shipment = self.unit_cost, self.fixed_cost
        if price is not None:
            priced = priced + np.where(self.stock >= 0, price[self.stock], 0) + price[self.units][None, :]
            shipment = shipment + price[self.shipment]
        if not np.any(usable):
            return nothing
        served = self._from_one_node(usable, priced, shipment) if self.limit == 1 else self._from_any(priced, shipment)
        return min(nothing, served)

    def program_floor(
        self, price: Ints | None, seed: int, runner: Runner = IN_PROCESS, *, seconds: float = PROGRAM_SECONDS
    ) -> tuple[int, bool]:
        """Return a lower bound like `floor`, by a small integer program: every node used pays its fixed cost.

        Stronger than `floor` where an order needs several shipments, but a solver's claim; 0 when it makes none.

        Parameters
        ----------
        price
            As in `floor`.
        seed
            Passed to the solver.
        runner
            Who solves it.
        seconds
            Wall clock there is; it takes `PROGRAM_SECONDS` at the most.

        Returns
        -------
        floor
            The bound.
        finished
            False when the clock ended the solver, or it failed.
        """
        usable = self.unit_cost < INFEASIBLE
        priced, shipment = self.unit_cost, self.fixed_cost
        if price is not None:
            priced = priced + np.where(self.stock >= 0, price[self.stock], 0) + price[self.units][None, :]
            shipment = shipment + price[self.shipment]
        line, node = np.nonzero(usable)
        nodes, place = np.unique(node, return_inverse=True)
        n_lines, n_pairs = len(self.quantity), len(line)
        most = np.minimum(self.available[line, node], self.quantity[line]).astype(float)
        # variables: units of each pair, backordered units of each line, nodes used, the order short
        x, r = np.arange(n_pairs), n_pairs + np.arange(n_lines)
        y, short = n_pairs + n_lines + np.arange(len(nodes)), n_pairs + n_lines + len(nodes)
        quantity = self.quantity.astype(float)
        entries = [
            (line, x, np.ones(n_pairs)),
            (np.arange(n_lines), r, np.ones(n_lines)),
            (n_lines + x, x, np.ones(n_pairs)),
            (n_lines + x, y[place], -most),
            (n_lines + n_pairs + np.arange(n_lines), r, np.ones(n_lines)),
            (n_lines + n_pairs + np.arange(n_lines), np.full(n_lines, short), -quantity),
            (np.full(len(nodes), 2 * n_lines + n_pairs), y, np.ones(len(nodes))),
        ]
        row, column, value = (np.concatenate([entry[at] for entry in entries]) for at in range(3))
        # an order that ships complete is short of everything or of nothing
        tie = quantity if self.complete else np.zeros(n_lines)
        cost = np.concatenate([priced[line, node], self.backorder, shipment[nodes], [self.order_backorder]])
        n_rows = 2 * n_lines + n_pairs + 1
        model = LinearModel(
            cost=cost / PROGRAM_SCALE,
            lower=np.zeros(len(cost)),
            upper=np.concatenate([most, quantity, np.ones(len(nodes) + 1)]),
            integer=np.r_[np.zeros(n_pairs + n_lines, dtype=bool), np.ones(len(nodes) + 1, dtype=bool)],
            matrix=sparse.csr_array((value, (row, column)), shape=(n_rows, len(cost))),
            row_lower=np.concatenate([quantity, np.full(n_pairs, -np.inf), tie - quantity, [-np.inf]]),
            row_upper=np.concatenate([quantity, np.zeros(n_pairs + n_lines), [float(self.limit)]]),
        )
        if seconds <= overrun(model):
            return 0, False
        limit = min(PROGRAM_SECONDS, limit_within(model, seconds))
        answer = runner.run([SolveJob(model, Solver.HIGHS, limit, PROGRAM_GAP, seed)])[0]
        if not np.isfinite(answer.bound):
            return 0, answer.finished
        bound = answer.bound * PROGRAM_SCALE
        return max(0, int(np.floor(bound - 1e-9 * abs(bound))) - 1), answer.finished

    def _from_one_node(self, usable: NDArray[np.bool_], priced: Ints, shipment: Ints) -> int:
        """Bound the cost when everything that is served leaves from one node."""
        units = np.where(usable, np.minimum(self.available, self.quantity[:, None]), 0)
        backorder, unit = self.backorder[:, None], np.where(usable, priced, 0)
        if self.complete:
            whole = np.all(units == self.quantity[:, None], axis=0)
            # absurd prices are cut before their sum could wrap: a lower one keeps the floor valid
            unit = np.minimum(unit, INFEASIBLE // (len(units) * np.maximum(units, 1)))
            cost = np.where(whole, shipment + (units * unit).sum(axis=0), INFEASIBLE)
        else:
            left = (self.quantity[:, None] - units) * backorder
            cost = shipment + (units * np.minimum(unit, backorder) + left).sum(axis=0)
        return int(cost.min())

    def _from_any(self, priced: Ints, shipment: Ints) -> int:
        """Bound the cost when units may leave from every node."""
        usable = self.unit_cost < INFEASIBLE
        in_reach = np.where(usable, self.available, 0).sum(axis=1) >= self.quantity
        if self.complete and not np.all(in_reach):
            return INFEASIBLE
        total = int(shipment[np.any(usable, axis=0)].min())
        for line in range(len(self.quantity)):
            left = int(self.quantity[line])
            nodes = np.flatnonzero(usable[line])
            for node in nodes[np.argsort(priced[line, nodes], kind="stable")].tolist():
                if left == 0 or (priced[line, node] >= self.backorder[line] and not self.complete):
                    break
                taken = min(left, int(self.available[line, node]))
                total += taken * int(priced[line, node])
                left -= taken
            total += left * int(self.backorder[line])
        return total
