"""Key figures of a plan, exact rationals written as decimals of 6 places."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.money import MICRO, round_half_up
from quartermaster.domain.plan import Objective
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipments import Shipments

Ints = NDArray[np.int64]


def key_figures(
    problem: PlanningProblem, shipments: Shipments, unserved: Ints, objective: Objective
) -> dict[str, Decimal]:
    """Compute the key figures of plan.json.

    Parameters
    ----------
    problem
        The problem.
    shipments
        The plan's shipments.
    unserved
        (n_lines,) units backordered.
    objective
        The plan's cost.

    Returns
    -------
    dict of str to Decimal
        Rounded half-up to 6 places. Rates of nothing: `fill_rate` and `on_time_rate` are 1 (nothing was missed), every
        other quotient is 0.
    """
    units, short_units = int(problem.line_quantity.sum()), int(unserved.sum())
    shipped_orders, counts = np.unique(shipments.order, return_counts=True)
    promised = ~np.isnat(problem.snapshot.orders["promise_date"][shipments.order])
    late = int(np.count_nonzero(shipments.late_days > 0))
    n_promised = int(np.count_nonzero(promised))
    n_shipments, n_shipped = len(shipments), len(shipped_orders)
    figures: dict[str, int | Fraction] = {
        "orders": problem.n_orders,
        "lines": problem.n_lines,
        "units": units,
        "shipped_orders": n_shipped,
        "complete_orders": problem.n_orders - len(np.unique(problem.line_order[unserved > 0])),
        "short_orders": len(np.unique(problem.line_order[unserved > 0])),
        "backordered_lines": int(np.count_nonzero(unserved)),
        "backordered_units": short_units,
        "shipments": n_shipments,
        "split_orders": int(np.count_nonzero(counts > 1)),
        "late_shipments": late,
        "parcels": int(shipments.parcels.sum()),
        "nodes_used": len(np.unique(shipments.node)),
        "fill_rate": _ratio(units - short_units, units, 1),
        "split_rate": _ratio(int(np.count_nonzero(counts > 1)), n_shipped, 0),
        "on_time_rate": _ratio(n_promised - late, n_promised, 1),
        "shipments_per_order": _ratio(n_shipments, n_shipped, 0),
        "parcels_per_shipment": _ratio(int(shipments.parcels.sum()), n_shipments, 0),
        "units_per_shipment": _ratio(int(shipments.units.sum()), n_shipments, 0),
        "mean_distance_km": _ratio(int(shipments.distance_m.sum()), 1000 * n_shipments, 0),
        "mean_late_days": _ratio(int(shipments.late_days.sum()), late, 0),
        "cost_per_order": _ratio(objective.total_micro - objective.backorder_micro, MICRO * n_shipped, 0),
    }
    return {name: _six_places(Fraction(value)) for name, value in figures.items()}


def node_load(problem: PlanningProblem, shipments: Shipments) -> tuple[Ints, Ints]:
    """Count what each node ships.

    Parameters
    ----------
    problem
        The problem.
    shipments
        The plan's shipments.

    Returns
    -------
    shipments, units
        (n_nodes,) int64 each.
    """
    units = np.zeros(problem.n_nodes, dtype=np.int64)
    np.add.at(units, shipments.node, shipments.units)
    return np.bincount(shipments.node, minlength=problem.n_nodes).astype(np.int64), units


def _ratio(part: int, whole: int, of_nothing: int) -> Fraction:
    return Fraction(part, whole) if whole else Fraction(of_nothing)


def _six_places(value: Fraction) -> Decimal:
    return Decimal(round_half_up(value * 10**6)).scaleb(-6)
