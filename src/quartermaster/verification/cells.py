"""Rating cells, drawn at random: what rating says of one possible shipment, beside what evaluation says of it.

A cell is one order, one node, one service and units of each line. The bound is priced by `rating` and `planning`
(vectorised); `evaluation` is the other writing of the same rules, one shipment at a time. Both say what the shipment
costs, or that it cannot be: lines not allowed there, stock or capacity short, service not offered, promise missed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.evaluation.constraints import check_line_nodes, check_nodes, check_stock
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import AllocationRow, ShipmentRow
from quartermaster.evaluation.pricing import Pricing
from quartermaster.evaluation.records import Records
from quartermaster.evaluation.violations import Findings
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipment_costs import ShapeGroup, shipment_costs
from solver_models.sourcing import INFEASIBLE

STOCKED_SHARE = 0.75
"""Share of the cells whose node is drawn among those that hold some of the order; elsewhere little is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One possible shipment, priced twice.

    Parameters
    ----------
    order_id, node_id, carrier, service
        The shipment.
    units
        Units of each line, by line id; lines without units are left out.
    rated_micro, evaluated_micro
        Transport + handling + distance + late by `rating` and by `evaluation`, micro; None = it cannot be.
    rules
        What evaluation says is broken.
    """

    order_id: str
    node_id: str
    carrier: str
    service: str
    units: dict[str, int]
    rated_micro: int | None
    evaluated_micro: int | None
    rules: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.rated_micro == self.evaluated_micro


def draw_cells(problem: PlanningProblem, records: Records, count: int, seed: int) -> list[Cell]:
    """Draw cells and price each of them twice.

    Parameters
    ----------
    problem
        The problem, as the bound sees it.
    records
        The same snapshot, as evaluation sees it.
    count
        How many; none where there is no order or no node.
    seed
        Names the draw.
    """
    if not problem.n_lines or not problem.n_nodes:
        return []
    draw = np.random.default_rng(seed)
    pricing = Pricing(records, problem.policy)
    cells: list[Cell] = []
    while len(cells) < count:
        cells += _cells(problem, records, pricing, draw)
    return cells[:count]


def _cells(problem: PlanningProblem, records: Records, pricing: Pricing, draw: np.random.Generator) -> list[Cell]:
    """Draw units of one order and a node, and price them by every service."""
    order = int(problem.line_order[draw.integers(problem.n_lines)])
    lines = np.arange(problem.line_start[order], problem.line_start[order + 1])
    stock = problem.available_rows(problem.line_sku[lines])
    holders = np.flatnonzero(stock.sum(axis=0))
    near = len(holders) > 0 and draw.random() < STOCKED_SHARE
    node = int(draw.choice(holders) if near else draw.integers(problem.n_nodes))
    most = np.minimum(stock[:, node], problem.line_quantity[lines]) if near else problem.line_quantity[lines]
    units = draw.integers(0, most + 1)
    if not units.any():
        at = int(draw.choice(np.flatnonzero(most)))
        units[at] = draw.integers(1, most[at] + 1)
    line_ids = problem.snapshot.order_lines["line_id"][lines]
    by_line = {str(line_ids[at]): int(units[at]) for at in np.flatnonzero(units).tolist()}
    cells = []
    for service, rated in enumerate(_rated(problem, order, lines, units, node)):
        evaluated, rules = _evaluated(problem, records, pricing, lines, units, node, service)
        carrier, name = problem.book.service_names[service]
        cells.append(
            Cell(
                order_id=str(problem.snapshot.orders["order_id"][order]),
                node_id=str(problem.snapshot.nodes["node_id"][node]),
                carrier=carrier,
                service=name,
                units=by_line,
                rated_micro=rated,
                evaluated_micro=evaluated,
                rules=rules,
            )
        )
    return cells


def _rated(
    problem: PlanningProblem, order: int, lines: NDArray[np.int64], units: NDArray[np.int64], node: int
) -> list[int | None]:
    """Price a shipment by each service as every column is priced, from a group of one order and one vector."""
    skus = problem.line_sku[lines].tolist()
    shared = (tuple(at for at, own in enumerate(skus) if own == sku) for sku in sorted(set(skus)))
    group = ShapeGroup(
        orders=np.array([order], dtype=np.int64),
        lines=lines[None, :],
        quantities=problem.line_quantity[lines],
        vectors=np.stack([np.zeros_like(units), units]),
        same_sku=tuple(columns for columns in shared if len(columns) > 1),
    )
    costs = shipment_costs(problem, group, np.array([node], dtype=np.int64)).by_service(0)[0, :, 1]
    return [None if cost >= INFEASIBLE else cost for cost in costs.tolist()]


def _evaluated(
    problem: PlanningProblem,
    records: Records,
    pricing: Pricing,
    lines: NDArray[np.int64],
    units: NDArray[np.int64],
    node: int,
    service: int,
) -> tuple[int | None, tuple[str, ...]]:
    """Price a cell by the executable specification, as the only shipment of a plan."""
    table, findings = problem.snapshot.order_lines, Findings()
    order_id, node_id = str(table["order_id"][lines[0]]), str(problem.snapshot.nodes["node_id"][node])
    load = Load(ShipmentRow("cell", order_id, node_id, *problem.book.service_names[service], claims={}), Counter())
    for line, quantity in zip(lines[units > 0].tolist(), units[units > 0].tolist(), strict=True):
        sku, line_id = str(table["sku"][line]), str(table["line_id"][line])
        load.units_of[sku] += quantity
        check_line_nodes(AllocationRow(order_id, line_id, sku, node_id, quantity, "cell"), node_id, records, findings)
    check_stock([load], problem.snapshot, findings)
    check_nodes([load], records, findings)
    priced = pricing.price(load, findings)
    rules = tuple(violation.rule for violation in findings.all())
    if priced is None or rules:
        return None, rules
    return priced.transport + priced.handling + priced.distance + priced.late, ()
