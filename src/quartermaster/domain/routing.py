"""One order routed: the options it has, what each costs, and why the other nodes lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from quartermaster.domain.money import from_micro, money_text
from quartermaster.domain.plan import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionShipment:
    """One shipment of an option.

    Parameters
    ----------
    node_id, carrier, service
        Where it leaves, and by what.
    zone, parcels, billable_weight_g, distance_m
        As in shipments.csv.
    ship_date, delivery_date
        When it leaves and arrives.
    units
        Units by line_id.
    transport_micro, handling_micro, distance_micro, late_micro
        Its cost by term, micro.
    """

    node_id: str
    carrier: str
    service: str
    zone: str
    parcels: int
    billable_weight_g: int
    distance_m: int
    ship_date: date
    delivery_date: date
    units: Mapping[str, int]
    transport_micro: int
    handling_micro: int
    distance_micro: int
    late_micro: int

    @property
    def cost(self) -> dict[str, Decimal]:
        """Cost by term, in currency units."""
        return {name: from_micro(micro) for name, micro in self.cost_micro.items()}

    @property
    def cost_micro(self) -> dict[str, int]:
        """Cost by term, in micro."""
        return {
            "transport": self.transport_micro,
            "handling": self.handling_micro,
            "distance": self.distance_micro,
            "late": self.late_micro,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Option:
    """One complete way to serve an order; two options are the same only if they are one object.

    Parameters
    ----------
    order_id
        The order.
    shipments
        Sorted by node and service.
    backordered
        Units by line_id; only lines that are short.
    skus
        SKU by line_id.
    objective
        Cost by term; `total` is what is paid.
    stock_value_micro
        What the units are worth where they leave, at the prices of the time, micro.
    exact
        False where the order was too large to be solved exactly: there may be a cheaper option.
    """

    order_id: str
    shipments: tuple[OptionShipment, ...]
    backordered: Mapping[str, int]
    skus: Mapping[str, str]
    objective: Objective
    stock_value_micro: int
    exact: bool = True

    @property
    def decision_total_micro(self) -> int:
        """Total cost and stock value, by which options are compared, in micro."""
        return self.objective.total_micro + self.stock_value_micro

    @property
    def decision_total(self) -> Decimal:
        """Total cost and stock value, by which options are compared, in currency units."""
        return from_micro(self.decision_total_micro)

    @property
    def stock_value(self) -> Decimal:
        """What the units are worth where they leave, in currency units."""
        return from_micro(self.stock_value_micro)

    @property
    def delivery_date(self) -> date | None:
        """When the last shipment arrives; None without any."""
        return max((shipment.delivery_date for shipment in self.shipments), default=None)

    def taken(self) -> dict[tuple[str, str], int]:
        """Return the units it takes of each (node_id, sku)."""
        taken: dict[tuple[str, str], int] = {}
        for shipment in self.shipments:
            for line_id, units in shipment.units.items():
                key = shipment.node_id, self.skus[line_id]
                taken[key] = taken.get(key, 0) + units
        return taken


class NodeReason(StrEnum):
    """Why a node ships nothing in the best option: the first that applies, in this order."""

    NOT_ALLOWED = "not_allowed"
    """It is disabled or too far, or no line may come from it."""
    NO_STOCK = "no_stock"
    """It has no unit of a line that may come from it."""
    NO_SERVICE = "no_service"
    """No service carries any such unit from it to the destination."""
    LATE = "late"
    """It would be later than promised, which the policy forbids."""
    NO_CAPACITY = "no_capacity"
    """It has no shipment or no unit of capacity left."""
    NO_OPTION = "no_option"
    """No option that is allowed ships from it: an all-or-nothing rule, a limit on shipments or on backorders."""
    COSTS_MORE = "costs_more"
    """The best option through it costs more, or as much and comes later among equals."""


_WORDS = {
    NodeReason.NOT_ALLOWED: "not allowed",
    NodeReason.NO_STOCK: "no stock",
    NodeReason.NO_SERVICE: "no service",
    NodeReason.LATE: "later than promised",
    NodeReason.NO_CAPACITY: "no capacity",
    NodeReason.NO_OPTION: "in no option",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeVerdict:
    """Why one node lost.

    Parameters
    ----------
    node_id
        The node.
    reason
        The reason.
    extra_micro
        What the best option through it costs more than the best option, by decision cost, micro; None where there is
        another reason, or where the order is too large for it to be known.
    """

    node_id: str
    reason: NodeReason
    extra_micro: int | None = None

    @property
    def extra(self) -> Decimal | None:
        """`extra_micro` in currency units."""
        return None if self.extra_micro is None else from_micro(self.extra_micro)

    @property
    def text(self) -> str:
        """The reason in words: ``no stock``, ``later than promised``, ``+3.10``."""
        if self.reason is not NodeReason.COSTS_MORE:
            return _WORDS[self.reason]
        return "costs more" if self.extra_micro is None else f"+{money_text(self.extra_micro)}"


class Routing:
    """The options of one order, best first.

    Parameters
    ----------
    options
        The best option, then the next best; never empty.
    verdicts
        Finds out why the nodes that ship nothing in the best option lost; asked once, when `nodes` is first looked at.
    """

    def __init__(self, options: tuple[Option, ...], verdicts: Callable[[], tuple[NodeVerdict, ...]]) -> None:
        self.options = options
        self._verdicts = verdicts

    @property
    def best(self) -> Option:
        """The best option."""
        return self.options[0]

    @cached_property
    def nodes(self) -> tuple[NodeVerdict, ...]:
        """One verdict for each node in no shipment of the best option, by node_id.

        They are of the moment of the call that made this object, whatever was committed since; computed when first
        looked at.
        """
        return self._verdicts()

    def __repr__(self) -> str:
        return f"Routing({self.best.order_id!r}, {len(self.options)} options, best {self.best.decision_total})"
