"""From the decision back to the world: tables with ids, dates and money, the exact cost, and key figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quartermaster.domain.money import from_micro
from quartermaster.domain.plan import ALLOCATION_COLUMNS, BACKORDER_COLUMNS, SHIPMENT_COLUMNS, Objective
from quartermaster.planning.inbound import NO_DAY, expected_days
from quartermaster.planning.kpis import key_figures
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.reasons import backorder_reasons
from quartermaster.planning.shipments import Shipments, shipments_of, unserved_units
from quartermaster.planning.sourcing import Sourcing
from solver_models.sourcing import exact_sum

Ints = NDArray[np.int64]

NAMESPACE = UUID("5f6dfeb5-3a3b-5d0f-9d5c-6d7f2f0f7f11")
"""Namespace of shipment ids; changing it changes every plan's bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class PlanTables:
    """A plan in the user's words, not yet checked.

    Parameters
    ----------
    allocations, shipments, backorders
        DataFrames with the columns of `quartermaster.domain.plan`; ids and dates are str, counts int64, money Decimal;
        sorted by order, line, node and service.
    objective
        Exact cost by term.
    kpis
        Key figures by name.
    """

    allocations: pd.DataFrame
    shipments: pd.DataFrame
    backorders: pd.DataFrame
    objective: Objective
    kpis: Mapping[str, Decimal]


def decode(problem: PlanningProblem, sourcing: Sourcing) -> PlanTables:
    """Write a sourcing as tables and price it.

    Parameters
    ----------
    problem
        The problem.
    sourcing
        The decision; every shipment is rated afresh as a whole.

    Raises
    ------
    ModelError
        If the sourcing serves a line beyond its quantity or uses a service that cannot carry a shipment.
    """
    shipments = shipments_of(problem, sourcing)
    unserved = unserved_units(problem, sourcing)
    objective = objective_of(problem, shipments, unserved)
    ids = _shipment_ids(problem, shipments)
    return PlanTables(
        allocations=_allocations(problem, sourcing, ids[shipments.of_allocation]),
        shipments=_shipments(problem, shipments, ids),
        backorders=_backorders(problem, sourcing, shipments, unserved),
        objective=objective,
        kpis=key_figures(problem, shipments, unserved, objective),
    )


def objective_of(problem: PlanningProblem, shipments: Shipments, unserved: Ints) -> Objective:
    """Price a plan, term by term.

    Parameters
    ----------
    problem
        The problem.
    shipments
        Its shipments.
    unserved
        (n_lines,) units backordered.
    """
    extra = len(shipments) - len(np.unique(shipments.order))
    short_orders = np.unique(problem.line_order[unserved > 0])
    units_cost = exact_sum(problem.line_backorder_micro * unserved)
    return Objective(
        transport_micro=exact_sum(shipments.transport),
        handling_micro=exact_sum(shipments.handling),
        distance_micro=exact_sum(shipments.distance),
        late_micro=exact_sum(shipments.late),
        extra_shipment_micro=problem.extra_shipment_micro * extra,
        opening_micro=exact_sum(problem.node_opening_micro[np.unique(shipments.node)]),
        backorder_micro=units_cost + exact_sum(problem.order_backorder_micro[short_orders]),
    )


def _shipment_ids(problem: PlanningProblem, shipments: Shipments) -> NDArray[np.object_]:
    """Derive each id from what identifies the shipment, so that the same plan has the same bytes."""
    order_ids = problem.snapshot.orders["order_id"][shipments.order]
    node_ids = problem.snapshot.nodes["node_id"][shipments.node]
    names = problem.book.service_names
    ids = np.empty(len(shipments), dtype=object)
    for at, (order_id, node_id, service) in enumerate(
        zip(order_ids, node_ids, shipments.service.tolist(), strict=True)
    ):
        carrier, name = names[service]
        # lengths before texts: no two different shipments can spell the same name
        spelled = "".join(f"{len(text)}:{text}" for text in (order_id, node_id, carrier, name))
        ids[at] = str(uuid5(NAMESPACE, spelled))
    return ids


def _allocations(problem: PlanningProblem, sourcing: Sourcing, shipment_ids: NDArray[np.object_]) -> pd.DataFrame:
    lines, nodes = problem.snapshot.order_lines, problem.snapshot.nodes
    return _frame(
        ALLOCATION_COLUMNS,
        lines["order_id"][sourcing.line],
        lines["line_id"][sourcing.line],
        lines["sku"][sourcing.line],
        nodes["node_id"][sourcing.node],
        sourcing.quantity,
        shipment_ids,
    )


def _shipments(problem: PlanningProblem, shipments: Shipments, ids: NDArray[np.object_]) -> pd.DataFrame:
    book = problem.book
    names = np.empty((book.n_services, 2), dtype=object)
    names[:] = book.service_names
    zones = np.empty(len(book.zone_names), dtype=object)
    zones[:] = book.zone_names
    return _frame(
        SHIPMENT_COLUMNS,
        ids,
        problem.snapshot.orders["order_id"][shipments.order],
        problem.snapshot.nodes["node_id"][shipments.node],
        names[shipments.service, 0],
        names[shipments.service, 1],
        zones[shipments.zone],
        shipments.parcels,
        shipments.billable_g,
        shipments.distance_m,
        shipments.units,
        _dates(shipments.ship_day),
        _dates(shipments.delivery_day),
        *(_money(cost) for cost in (shipments.transport, shipments.handling, shipments.distance, shipments.late)),
    )


def _backorders(problem: PlanningProblem, sourcing: Sourcing, shipments: Shipments, unserved: Ints) -> pd.DataFrame:
    lines = problem.snapshot.order_lines
    short = np.flatnonzero(unserved)
    expected = expected_days(problem, sourcing, unserved, short)
    return _frame(
        BACKORDER_COLUMNS,
        lines["order_id"][short],
        lines["line_id"][short],
        lines["sku"][short],
        unserved[short],
        backorder_reasons(problem, sourcing, shipments, unserved, short),
        _dates(expected.ship_day),
        _dates(expected.delivery_day),
    )


def _frame(names: tuple[str, ...], *columns: NDArray[Any]) -> pd.DataFrame:
    """Build a frame whose texts stay Python str, whatever a pandas version would infer."""
    series = {name: pd.Series(column, dtype=column.dtype) for name, column in zip(names, columns, strict=True)}
    return pd.DataFrame(series, columns=list(names))


def _dates(days: Ints) -> NDArray[np.object_]:
    """Write days since 1970-01-01 as ISO text, empty where there is none; distinct days are few."""
    distinct, where = np.unique(days, return_inverse=True)
    texts = np.empty(len(distinct), dtype=object)
    texts[:] = np.datetime_as_string(distinct.astype("datetime64[D]")).tolist()
    texts[distinct == NO_DAY] = ""
    return texts[where]


def _money(micro: Ints) -> NDArray[np.object_]:
    """Write micro units as Decimal; equal amounts share one object."""
    distinct, where = np.unique(micro, return_inverse=True)
    amounts = np.empty(len(distinct), dtype=object)
    amounts[:] = [from_micro(amount) for amount in distinct.tolist()]
    return amounts[where]
