"""An option in the user's words: ids, dates and money of what was decided on arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.routing import Option, OptionShipment
from quartermaster.planning.decode import objective_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.routing.search import served
from quartermaster.planning.rules.remaining import Take
from quartermaster.planning.shipments import Shipments, shipments_of
from quartermaster.planning.sourcing import Sourcing, sourcing_of

Ints = NDArray[np.int64]
_EPOCH = date(1970, 1, 1).toordinal()


def option_of(
    problem: PlanningProblem,
    order: Order,
    lines: Sequence[OrderLine],
    takes: Sequence[Take],
    stock_price: Ints | None,
    *,
    exact: bool,
    node_ids: Sequence[str],
) -> Option:
    """Describe an option, every shipment rated afresh as a whole.

    Parameters
    ----------
    problem
        Of the order alone.
    order, lines
        The order, and its lines as the problem numbers them.
    takes
        The option.
    stock_price
        (n_skus, n_nodes) micro; None = nothing.
    exact
        Whether it was found by an exact search.
    node_ids
        Id of each node of the problem.

    Raises
    ------
    ModelError
        If a shipment's service cannot carry it: our bug.
    """
    line, node, service, quantity = np.array(takes, dtype=np.int64).reshape(-1, 4).T
    sourcing = sourcing_of(line, node, service, quantity)
    shipments = shipments_of(problem, sourcing)
    unserved = problem.line_quantity - served(problem, list(takes))
    worth = 0 if stock_price is None else int(stock_price[problem.line_sku[line], node] @ quantity)
    return Option(
        order_id=order.order_id,
        shipments=_shipments(problem, lines, sourcing, shipments, node_ids),
        backordered={lines[at].line_id: int(unserved[at]) for at in np.flatnonzero(unserved).tolist()},
        skus={line.line_id: line.sku for line in lines},
        objective=objective_of(problem, shipments, unserved),
        stock_value_micro=worth,
        exact=exact,
    )


def _shipments(
    problem: PlanningProblem,
    lines: Sequence[OrderLine],
    sourcing: Sourcing,
    shipments: Shipments,
    node_ids: Sequence[str],
) -> tuple[OptionShipment, ...]:
    units: list[dict[str, int]] = [{} for _ in range(len(shipments))]
    columns = (shipments.of_allocation, sourcing.line, sourcing.quantity)
    for at, line, quantity in zip(*(column.tolist() for column in columns), strict=True):
        units[at][lines[line].line_id] = quantity
    book = problem.book
    found = []
    for at in range(len(shipments)):
        carrier, service = book.service_names[shipments.service[at]]
        found.append(
            OptionShipment(
                node_id=node_ids[shipments.node[at]],
                carrier=carrier,
                service=service,
                zone=book.zone_names[shipments.zone[at]],
                parcels=int(shipments.parcels[at]),
                billable_weight_g=int(shipments.billable_g[at]),
                distance_m=int(shipments.distance_m[at]),
                ship_date=date.fromordinal(int(shipments.ship_day[at]) + _EPOCH),
                delivery_date=date.fromordinal(int(shipments.delivery_day[at]) + _EPOCH),
                units=units[at],
                transport_micro=int(shipments.transport[at]),
                handling_micro=int(shipments.handling[at]),
                distance_micro=int(shipments.distance[at]),
                late_micro=int(shipments.late[at]),
            )
        )
    return tuple(found)
