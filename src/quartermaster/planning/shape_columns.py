"""Every column of the orders of one shape: single shipments and joint ones, and which nodes must be watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.joint import JointShipments, joint_shipments, needs_watching
from quartermaster.planning.pair_tables import PairTables
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shapes import ShapeGroup
from quartermaster.planning.shipment_cells import shipment_cells
from solver_models.lattice import Lattice
from solver_models.sourcing import INFEASIBLE, UNLIMITED, OrderGroup, order_group

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ShapeColumns:
    """Ways to serve a quantity vector of an order from one node, in no particular order; all arrays (n,).

    Parameters
    ----------
    row
        Position of the order in its shape group.
    node, vector
        Node, number of the vector.
    shipments
        How many shipments it takes.
    cost
        Their transport + handling + distance + late, micro.
    service
        The service; -1 - k where the column is number k of `joint`.
    once
        See `SourcingArrays.column_once`.
    joint
        The columns of several services.
    """

    row: Ints
    node: Ints
    vector: Ints
    shipments: Ints
    cost: Ints
    service: Ints
    once: Flags
    joint: Sequence[JointShipments]


def shape_columns(problem: PlanningProblem, shape: ShapeGroup, lattice: Lattice) -> ShapeColumns:
    """List every column of the orders of one shape.

    Parameters
    ----------
    problem
        The problem.
    shape
        The orders.
    lattice
        How the vectors of the shape add up.
    """
    cells = shipment_cells(problem, shape)
    tables = PairTables(cells)
    joint = joint_shipments(tables, lattice)
    watched = needs_watching(tables, joint, lattice)
    single = np.flatnonzero(cells.cost < INFEASIBLE)
    count = np.array([len(found.services) for found in joint], dtype=np.int64)
    pair = np.r_[cells.pair[single], np.array([found.pair for found in joint], dtype=np.int64)]
    return ShapeColumns(
        row=cells.pairs.row[pair],
        node=cells.nodes[cells.pairs.place[pair]],
        vector=np.r_[cells.vector[single], np.array([sum(found.vectors) for found in joint], dtype=np.int64)],
        shipments=np.r_[np.ones(len(single), dtype=np.int64), count],
        cost=np.r_[cells.cost[single], np.array([found.cost for found in joint], dtype=np.int64)],
        service=np.r_[cells.service[single], -1 - np.arange(len(joint))].astype(np.int64),
        once=watched[pair],
        joint=joint,
    )


def shipment_limits(problem: PlanningProblem, shape: ShapeGroup, lattice: Lattice) -> Ints:
    """Return how many shipments each order of a shape may have; `UNLIMITED` where that cannot bind.

    Parameters
    ----------
    problem, shape, lattice
        As in `shape_columns`.

    Returns
    -------
    ndarray, shape (G,), int64
    """
    limit = problem.order_max_shipments[shape.orders]
    most = min(int(lattice.units[-1]), problem.n_nodes * problem.book.n_services)
    return np.where(limit >= most, UNLIMITED, limit).astype(np.int64)


def group_of(
    problem: PlanningProblem,
    shape: ShapeGroup,
    lattice: Lattice,
    pieces: Ints,
    rows: Ints,
    limit: int,
    numbers: Ints,
    columns: slice,
) -> OrderGroup:
    """Describe some orders of a shape to `solver_models`.

    Parameters
    ----------
    problem, shape, lattice
        As in `shape_columns`.
    pieces
        (n_pieces, n_lines) units of each line that a unit of the lattice stands for.
    rows
        (R,) positions in the shape.
    limit
        Shipments each may have.
    numbers
        (R,) what the orders are called.
    columns
        Where their columns stand.
    """
    lines, orders = shape.lines[rows], shape.orders[rows]
    spared, unit_backorder = problem.line_spared, problem.line_backorder_micro[lines]
    if not (pieces.shape[0] == pieces.shape[1] and np.all(pieces == np.eye(len(pieces), dtype=np.int64))):
        # units of a large order's pieces are not counted one by one: lines that are to be served whole pay by the unit
        if spared is not None:
            unit_backorder = unit_backorder + np.where(spared[lines] == 0, problem.beyond_micro, 0)
        spared = None
    return order_group(
        lattice,
        limit,
        numbers,
        unit_backorder @ pieces.T,
        problem.order_backorder_micro[orders],
        # a piece of a line that must be complete is the whole line, so the rule holds for each piece by itself
        (problem.line_complete[lines].astype(np.int64) @ pieces.T) > 0,
        problem.order_complete[orders],
        columns.start,
        columns.stop - columns.start,
        spared[lines] if spared is not None else None,
        problem.beyond_micro,
    )
