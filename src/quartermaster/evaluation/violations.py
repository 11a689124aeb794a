"""What is wrong with a plan, as data: every rule by its stable name."""

from __future__ import annotations

from dataclasses import dataclass

from quartermaster.domain.plan import Objective

RULES: dict[str, str] = {
    # What the tables of a plan must look like.
    "missing_column": "a column that no plan can do without is not there",
    "unknown_order": "the order is not in the snapshot",
    "unknown_line": "the order line is not in the snapshot",
    "unknown_sku": "the SKU is not the one of the order line",
    "unknown_node": "the node is not in the snapshot",
    "unknown_service": "the service is not in the snapshot",
    "unknown_shipment": "the allocation names a shipment that is not in shipments",
    "duplicate_shipment": "a shipment_id stands on two rows",
    "duplicate_allocation": "an order line stands twice in one shipment",
    "duplicate_backorder": "an order line stands twice in backorders",
    "shipment_empty": "the shipment has no allocation",
    "shipment_not_one": "an order has at most one shipment of a node and service",
    "foreign_order": "units of one order travel in a shipment of another",
    "allocation_node": "the allocation names another node than its shipment",
    "quantity": "a quantity must be a whole number > 0",
    "over_allocated": "more units are allocated than were ordered",
    # Constraints of the network and of the orders.
    "stock": "more units of a SKU leave a node than are available there",
    "node_max_shipments": "more shipments leave a node than it has capacity for",
    "node_max_units": "more units leave a node than it has capacity for",
    "node_disabled": "the node ships nothing in this plan",
    "pinned_node": "the line must be served by its pinned node",
    "allowed_nodes": "the node is not one of the line's allowed nodes",
    "excluded_nodes": "the node is one of the line's excluded nodes",
    "ship_complete": "all units of all lines of the order, or nothing now",
    "line_complete": "all units of the line, or nothing now",
    "max_shipments": "the order has more shipments than it, or the policy, allows",
    "max_distance": "the shipment travels farther than the policy allows",
    "promise_date": "the shipment arrives after the promise date and the policy forbids that",
    # A lane that is not offered.
    "service_node": "the service is not offered at the node",
    "service_level": "the order asks for another service level",
    "no_ship_date": "the node has no day on which it ships",
    "no_zone": "the carrier has no zone for the lane",
    "no_rate": "the service has no rate for the zone",
    "no_transit": "the service has no transit time for the zone",
    "too_heavy": "no number of parcels carries the shipment",
    # What a plan claims about itself, compared where it is given.
    "wrong_zone": "zone is not the one of the lane",
    "wrong_parcels": "parcels is not the least number that carries the shipment",
    "wrong_billable_weight_g": "billable_weight_g is not the shipment's",
    "wrong_distance_m": "distance_m is not the lane's",
    "wrong_units": "units is not the sum of the shipment's allocations",
    "wrong_ship_date": "ship_date is not the node's next",
    "wrong_delivery_date": "delivery_date does not follow from ship date and transit",
    "wrong_transport": "transport is not what the carrier charges",
    "wrong_handling": "handling is not what the node charges",
    "wrong_distance": "distance is not what the policy charges",
    "wrong_late": "late is not what the policy charges",
    "wrong_backorder": "backorders must be ordered - allocated, for each line that is short",
    "wrong_reason": "the reason of a backorder is not a known one",
    "expected_date_alone": "expected_ship_date and expected_delivery_date come together or not at all",
    "expected_complete": "an order that ships complete has the same expected dates on all its lines, or on none",
    "wrong_expected_ship_date": "no node that may serve the line can ship what arrives for it on that day",
    "wrong_expected_delivery_date": "no service delivers what ships by expected_ship_date on that day",
    "expected_units": "more units of a SKU have expected dates than can be had by then",
    "wrong_objective": "the claimed cost is not the plan's",
}
"""Meaning of every rule a violation can name. The names are stable."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that a plan breaks, and where.

    Parameters
    ----------
    rule
        A key of `RULES`.
    where
        What breaks it, such as ``shipment S-7`` or ``order 1001 line 2``.
    message
        In words, with the figures.
    """

    rule: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.rule}]"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a plan really costs, and every rule it breaks.

    Parameters
    ----------
    objective
        Every term recomputed. A shipment that cannot be priced counts 0 and is a violation.
    violations
        Empty when the plan is feasible and true in all it claims.
    """

    objective: Objective
    violations: tuple[Violation, ...] = ()

    @property
    def feasible(self) -> bool:
        """True when no rule is broken."""
        return not self.violations


class Findings:
    """The violations found so far, in the order they were found."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: list[Violation] = []

    def add(self, rule: str, where: str, message: str) -> None:
        """Note one violation.

        Parameters
        ----------
        rule, where, message
            As in `Violation`.

        Raises
        ------
        KeyError
            If the rule is not listed in `RULES`.
        """
        _ = RULES[rule]
        self._found.append(Violation(rule, where, message))

    def all(self) -> tuple[Violation, ...]:
        """Return every violation noted."""
        return tuple(self._found)
