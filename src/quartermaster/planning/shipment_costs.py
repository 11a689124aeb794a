"""Cost of every shipment of a group of orders as one table: order x node x quantity vector.

The table is mostly empty where nodes are many; `quartermaster.planning.shipment_cells` lists the same shipments one by
one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shapes import ShapeGroup
from quartermaster.planning.shipment_cells import ShipmentCells, service_costs, shipment_cells
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class ShipmentCosts:
    """Cost of each single shipment (order, node, vector) by its cheapest service.

    Parameters
    ----------
    cells
        The shipments that stock and the nodes' sizes allow.
    cost
        (G, N, V) transport + handling + distance + late, micro; `INFEASIBLE` where the shipment cannot be, and for the
        zero vector.
    service
        (G, N, V) int16, the cheapest service (of equals the lowest index); -1 where infeasible, but `TOO_MUCH` where
        the node has the units and only no service carries them.
    """

    cells: ShipmentCells
    cost: Ints
    service: NDArray[np.int16]

    @property
    def problem(self) -> PlanningProblem:
        """The problem."""
        return self.cells.problem

    @property
    def group(self) -> ShapeGroup:
        """The orders."""
        return self.cells.group

    @property
    def nodes(self) -> Ints:
        """(N,) node indices of the second axis."""
        return self.cells.nodes

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
        places = np.arange(len(self.nodes)) if places is None else places
        return service_costs(self.cells, np.full(len(places), row), places)


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
    return as_table(shipment_cells(problem, group, nodes, available))


def as_table(cells: ShipmentCells) -> ShipmentCosts:
    """Write listed shipments as a table.

    Parameters
    ----------
    cells
        The shipments of a group.
    """
    group = cells.group
    shape = (len(group.orders), len(cells.nodes), len(group.vectors))
    at = (cells.pairs.row * shape[1] + cells.pairs.place)[cells.pair] * shape[2] + cells.vector
    cost = np.full(shape, INFEASIBLE, dtype=np.int64)
    cost.ravel()[at] = cells.cost
    service = np.full(shape, -1, dtype=np.int16)
    service.ravel()[at] = cells.service
    return ShipmentCosts(cells, cost, service)
