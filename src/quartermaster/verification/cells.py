"""Rating cells, drawn at random: what rating says of one possible shipment, beside what evaluation says of it.

A cell is one order, one node, one service and units of each line. The bound is priced by `rating` and `planning`
(vectorised); `evaluation` is the other writing of the same rules, one shipment at a time. Both say what the shipment
costs, or that it cannot be: lines not allowed there, stock or capacity short (after
allocations that stand, which each side takes off by itself), service not offered, promise missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quartermaster.evaluation.constraints import check_line_nodes, check_nodes, check_stock, units_taken
from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import AllocationRow, ShipmentRow
from quartermaster.evaluation.pricing import Pricing
from quartermaster.evaluation.records import Records, available_units
from quartermaster.evaluation.violations import Findings
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shapes import ShapeGroup
from quartermaster.planning.shipment_costs import shipment_costs
from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]
Stock = Mapping[tuple[str, str], int]

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
    draw, pricing = np.random.default_rng(seed), Pricing(records, problem.policy)
    drawn = [_drawn(problem, draw) for _ in range(-(-count // problem.book.n_services))]
    taken = units_taken(_load(problem, one, 0) for one in drawn)
    stock = available_units(problem.snapshot, taken.keys())
    cells = [cell for one in drawn for cell in _cells(problem, records, pricing, stock, one)]
    return cells[:count]


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Units of the lines of one order, and a node."""

    lines: Ints
    units: Ints
    node: int


def _drawn(problem: PlanningProblem, draw: np.random.Generator) -> _Drawn:
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
    return _Drawn(lines, units, node)


def _cells(problem: PlanningProblem, records: Records, pricing: Pricing, stock: Stock, drawn: _Drawn) -> list[Cell]:
    """Price what was drawn by every service."""
    line_ids = problem.snapshot.order_lines["line_id"][drawn.lines]
    by_line = {str(line_ids[at]): int(drawn.units[at]) for at in np.flatnonzero(drawn.units).tolist()}
    cells = []
    for service, rated in enumerate(_rated(problem, drawn)):
        load = _load(problem, drawn, service)
        evaluated, rules = _evaluated(records, pricing, stock, load, problem, drawn)
        cells.append(
            Cell(
                order_id=load.shipment.order_id,
                node_id=load.shipment.node_id,
                carrier=load.shipment.carrier,
                service=load.shipment.service,
                units=by_line,
                rated_micro=rated,
                evaluated_micro=evaluated,
                rules=rules,
            )
        )
    return cells


def _rated(problem: PlanningProblem, drawn: _Drawn) -> list[int | None]:
    """Price a shipment by each service as every column is priced, from a group of one order and one vector."""
    lines, units = drawn.lines, drawn.units
    skus = problem.line_sku[lines].tolist()
    shared = (tuple(at for at, own in enumerate(skus) if own == sku) for sku in sorted(set(skus)))
    group = ShapeGroup(
        orders=problem.line_order[lines[:1]],
        lines=lines[None, :],
        quantities=problem.line_quantity[lines],
        vectors=np.stack([np.zeros_like(units), units]),
        same_sku=tuple(columns for columns in shared if len(columns) > 1),
    )
    costs = shipment_costs(problem, group, np.array([drawn.node], dtype=np.int64)).by_service(0)[0, :, 1]
    return [None if cost >= INFEASIBLE else cost for cost in costs.tolist()]


def _load(problem: PlanningProblem, drawn: _Drawn, service: int) -> Load:
    """Write what was drawn as evaluation sees a shipment."""
    table, nodes = problem.snapshot.order_lines, problem.snapshot.nodes
    order_id, node_id = str(table["order_id"][drawn.lines[0]]), str(nodes["node_id"][drawn.node])
    load = Load(ShipmentRow("cell", order_id, node_id, *problem.book.service_names[service], claims={}), Counter())
    for line, quantity in zip(drawn.lines.tolist(), drawn.units.tolist(), strict=True):
        if quantity:
            load.units_of[str(table["sku"][line])] += quantity
    return load


def _evaluated(
    records: Records, pricing: Pricing, stock: Stock, load: Load, problem: PlanningProblem, drawn: _Drawn
) -> tuple[int | None, tuple[str, ...]]:
    """Price a cell by the executable specification, as the only shipment of a plan."""
    table, findings = problem.snapshot.order_lines, Findings()
    order_id, node_id = load.shipment.order_id, load.shipment.node_id
    for line, quantity in zip(drawn.lines.tolist(), drawn.units.tolist(), strict=True):
        if quantity:
            sku, line_id = str(table["sku"][line]), str(table["line_id"][line])
            row = AllocationRow(order_id, line_id, sku, node_id, quantity, "cell")
            check_line_nodes(row, node_id, records, findings)
    check_stock(units_taken([load]), stock, findings)
    check_nodes([load], records, findings)
    priced = pricing.price(load, findings)
    rules = tuple(violation.rule for violation in findings.all())
    if priced is None or rules:
        return None, rules
    return priced.transport + priced.handling + priced.distance + priced.late, ()
