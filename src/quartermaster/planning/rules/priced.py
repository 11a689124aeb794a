"""Orders priced in bulk, looked up one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.rules.remaining import Remaining
from quartermaster.planning.shapes import shapes
from quartermaster.planning.shipment_cells import fitting
from quartermaster.planning.shipment_costs import ShipmentCosts, shipment_costs

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_VECTORS = 5000
"""Largest lattice of quantity vectors for which a rule is exact."""


@dataclass(frozen=True, slots=True, eq=False)
class PricedOrder:
    """One order's place in a priced group.

    Parameters
    ----------
    costs
        Costs of its group, nodes by rank.
    row
        Its position in the group.
    """

    costs: ShipmentCosts
    row: int

    @property
    def lines(self) -> Ints:
        """(L,) line indices, as the vectors' columns."""
        return np.asarray(self.costs.group.lines[self.row])

    def units(self, remaining: Remaining) -> Ints:
        """Return the units left that each line could take at each node: (N, L), 0 where it is not allowed.

        Parameters
        ----------
        remaining
            What is left.
        """
        problem, nodes = self.costs.problem, self.costs.nodes
        stock = remaining.rows(problem.line_sku[self.lines])[:, nodes]
        stock *= problem.allowed(self.lines)[:, nodes]
        return np.ascontiguousarray(stock.T)

    def fits(self, remaining: Remaining) -> Flags:
        """Tell which shipments stock and capacity left still allow: (N, V).

        Parameters
        ----------
        remaining
            What is left.
        """
        nodes = self.costs.nodes
        fits = fitting(self.costs.group, self.units(remaining), remaining.units[nodes])
        fits[remaining.shipments[nodes] <= 0] = False
        return fits


def priced_orders(
    problem: PlanningProblem, orders: Ints, available: sparse.csr_array | None = None
) -> list[ShipmentCosts]:
    """Price some orders in groups, nodes by rank.

    Parameters
    ----------
    problem
        The problem.
    orders
        Order indices; the caller leaves out those with too many vectors.
    available
        (n_skus, n_nodes) stock in place of the problem's own.
    """
    nodes = np.argsort(problem.node_rank)
    return [shipment_costs(problem, group, nodes, available) for group in shapes(problem, orders)]
