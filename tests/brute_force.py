"""The exact optimum of tiny instances, by enumeration.

Every way to spread each order over (node, service) pairs is listed and priced by `quartermaster.evaluation`, the
executable specification; nothing of rating, planning or `solver_models` is used. The orders are then joined one by
one on the resources they can contest, with every combination kept that could still be the cheapest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product as grid

from lane_prices import LanePrices

from quartermaster.domain.money import MICRO, round_half_up
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

Vector = tuple[int, ...]
"""Units by line of one order, or units by contested resource."""


@dataclass(frozen=True, slots=True)
class Option:
    """One complete way to serve an order, as far as other orders can tell."""

    cost: int
    usage: Vector
    """Use of each contested resource."""
    opened: int
    """Bit set of the nodes it ships from that have an opening cost."""


def cheapest_cost(snapshot: Snapshot, policy: Policy) -> int:
    """Find the cost of the cheapest plan, in micro.

    Parameters
    ----------
    snapshot
        A checked snapshot of a few orders of a few units.
    policy
        The policy.
    """
    return Enumeration(snapshot, policy).cheapest()


class Enumeration:
    """The joint enumeration of one instance.

    Parameters
    ----------
    snapshot, policy
        As in `cheapest_cost`.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self.policy = policy
        self.prices = LanePrices(snapshot, policy)
        self.orders: list[Order] = list(snapshot.orders)
        self.nodes: list[Node] = [_after_fixed(node, snapshot) for node in snapshot.nodes]
        self.lines: dict[str, list[OrderLine]] = {order.order_id: [] for order in self.orders}
        for line in snapshot.order_lines:
            self.lines[line.order_id].append(line)
        self.available = units_left(snapshot)
        self.capacity = self._contested()
        self.resources = list(self.capacity)

    def cheapest(self) -> int:
        """Join the orders' options and return the least total cost, in micro."""
        options = sorted((self.options(order) for order in self.orders), key=len)
        limits = tuple(self.capacity.values())
        rest = [0] * (len(options) + 1)
        for position in reversed(range(len(options))):
            rest[position] = rest[position + 1] + min(option.cost for option in options[position])
        ceiling = min(self._greedy(options, limits), self._greedy(options[::-1], limits))
        states: dict[tuple[Vector, int], int] = {((0,) * len(limits), 0): 0}
        for position, choices in enumerate(options):
            joined: dict[tuple[Vector, int], int] = {}
            for (used, opened), spent in states.items():
                for option in choices:
                    cost = spent + option.cost + self._opening(option.opened & ~opened)
                    if cost + rest[position + 1] > ceiling:
                        continue
                    total = _plus(used, option.usage)
                    if all(use <= limit for use, limit in zip(total, limits, strict=True)):
                        key = total, opened | option.opened
                        joined[key] = min(cost, joined.get(key, cost))
            states = joined
        return min(states.values())

    def options(self, order: Order) -> list[Option]:
        """List every way to serve an order that no other way beats in cost and in every use.

        Parameters
        ----------
        order
            One order of the snapshot.
        """
        lines = self.lines[order.order_id]
        wanted = tuple(line.quantity for line in lines)
        most = self.most_shipments(order)
        nothing = (0,) * len(lines)
        states: dict[tuple[Vector, int, Vector, int], int] = {(nothing, 0, (0,) * len(self.resources), 0): 0}
        for node in self.nodes:
            parts = [
                (units, count, cost, self._usage(node, lines, units, count), self._opening_bit(node))
                for (units, count), cost in self.node_parts(order, lines, node).items()
            ]
            for (served, shipments, usage, opened), spent in list(states.items()):
                for units, count, cost, use, bit in parts:
                    total = _plus(served, units)
                    if shipments + count > most or any(have > want for have, want in zip(total, wanted, strict=True)):
                        continue
                    key = total, shipments + count, _plus(usage, use), opened | bit
                    states[key] = min(spent + cost, states.get(key, spent + cost))
        best: dict[tuple[Vector, int], int] = {}
        for (served, shipments, usage, opened), spent in states.items():
            if self.complete_enough(order, lines, served):
                cost = spent + self.order_cost(order, lines, served, shipments)
                best[usage, opened] = min(cost, best.get((usage, opened), cost))
        return _undominated([Option(cost, usage, opened) for (usage, opened), cost in best.items()])

    def node_parts(self, order: Order, lines: list[OrderLine], node: Node) -> dict[tuple[Vector, int], int]:
        """Cost of each (units by line, number of shipments) from one node, over all ways to spread over its services.

        Parameters
        ----------
        order, lines, node
            The order, its lines, the node.
        """
        if not node.enabled:
            return {}
        tops = [
            min(line.quantity, self.available.get((node.node_id, line.sku), 0)) if self.allows(line, node) else 0
            for line in lines
        ]
        vectors = [units for units in grid(*(range(top + 1) for top in tops)) if self._in_stock(node, lines, units)]
        parts: dict[tuple[Vector, int], int] = {((0,) * len(lines), 0): 0}
        for carrier, service in self.prices.services:
            priced = [
                (units, cost)
                for units in vectors
                if any(units)
                and (cost := self.prices.shipment(order, node, carrier, service, lines, units)) is not None
            ]
            for (units, count), spent in list(parts.items()):
                for more, cost in priced:
                    total = _plus(units, more)
                    if self._in_stock(node, lines, total):
                        key = total, count + 1
                        parts[key] = min(spent + cost, parts.get(key, spent + cost))
        del parts[(0,) * len(lines), 0]
        return parts

    def order_cost(self, order: Order, lines: list[OrderLine], served: Vector, shipments: int) -> int:
        """Cost that belongs to no single shipment: backorders and extra shipments, in micro.

        Parameters
        ----------
        order, lines
            The order and its lines.
        served
            Units served, by line.
        shipments
            How many shipments it makes.
        """
        terms, weight = self.policy.backorder, 1 + order.priority
        cost = max(0, shipments - 1) * _micro(Fraction(self.policy.objective.extra_shipment))
        for line, have in zip(lines, served, strict=True):
            each = terms.cost_per_unit if line.backorder_cost is None else line.backorder_cost
            cost += (line.quantity - have) * _micro(Fraction(each) * weight)
        if any(line.quantity > have for line, have in zip(lines, served, strict=True)):
            cost += _micro(Fraction(terms.cost_per_order) * weight)
        return cost

    def most_shipments(self, order: Order) -> int:
        """Most shipments an order may make."""
        return order.max_shipments or self.policy.service.max_shipments or 10**9

    @staticmethod
    def allows(line: OrderLine, node: Node) -> bool:
        """Whether pins, allowed and excluded nodes let a node serve a line.

        Parameters
        ----------
        line, node
            Which ones.
        """
        if line.pinned_node and line.pinned_node != node.node_id:
            return False
        if line.allowed_nodes and node.node_id not in line.allowed_nodes:
            return False
        return node.node_id not in line.excluded_nodes

    def complete_enough(self, order: Order, lines: list[OrderLine], served: Vector) -> bool:
        """Whether complete lines and complete orders are served whole or not at all.

        Parameters
        ----------
        order, lines, served
            As in `order_cost`.
        """
        for line, have in zip(lines, served, strict=True):
            if line.line_complete and have not in (0, line.quantity):
                return False
        return (
            not order.ship_complete
            or not any(served)
            or all(have == line.quantity for line, have in zip(lines, served, strict=True))
        )

    def _in_stock(self, node: Node, lines: list[OrderLine], units: Vector) -> bool:
        if any(have > line.quantity for line, have in zip(lines, units, strict=True)):
            return False
        return all(
            sum(have for line, have in zip(lines, units, strict=True) if line.sku == sku)
            <= self.available.get((node.node_id, sku), 0)
            for sku in {line.sku for line in lines}
        )

    def _contested(self) -> dict[tuple[str, ...], int]:
        """List the capacity of each resource that all orders together could exceed; no other one can bind."""
        capacity: dict[tuple[str, ...], int] = {}
        every = [line for lines in self.lines.values() for line in lines]
        for (node_id, sku), units in self.available.items():
            if sum(line.quantity for line in every if line.sku == sku) > units:
                capacity["stock", node_id, sku] = units
        for node in self.nodes:
            if node.max_shipments is not None:
                capacity["shipments", node.node_id] = node.max_shipments
            if node.max_units is not None:
                capacity["units", node.node_id] = node.max_units
        return capacity

    def _usage(self, node: Node, lines: list[OrderLine], units: Vector, shipments: int) -> Vector:
        use: list[int] = []
        for kind, node_id, *sku in self.resources:
            if node_id != node.node_id:
                use.append(0)
            elif kind == "stock":
                use.append(sum(have for line, have in zip(lines, units, strict=True) if line.sku == sku[0]))
            else:
                use.append(shipments if kind == "shipments" else sum(units))
        return tuple(use)

    def _opening_bit(self, node: Node) -> int:
        return 1 << self.nodes.index(node) if node.opening_cost else 0

    def _opening(self, opened: int) -> int:
        return sum(
            _micro(Fraction(node.opening_cost)) for number, node in enumerate(self.nodes) if opened >> number & 1
        )

    def _greedy(self, options: list[list[Option]], limits: Vector) -> int:
        """Cost of some feasible plan: each order takes its cheapest option that still fits."""
        used, opened, cost = (0,) * len(limits), 0, 0
        for choices in options:
            fitting = [
                option
                for option in choices
                if all(use <= limit for use, limit in zip(_plus(used, option.usage), limits, strict=True))
            ]
            taken = min(fitting, key=lambda option: option.cost + self._opening(option.opened & ~opened))
            cost += taken.cost + self._opening(taken.opened & ~opened)
            used, opened = _plus(used, taken.usage), opened | taken.opened
        return cost


def units_left(snapshot: Snapshot) -> dict[tuple[str, str], int]:
    """Units that a plan may take, by (node_id, sku): what safety stock, reservations and fixed rows leave.

    Parameters
    ----------
    snapshot
        A checked snapshot.
    """
    return {
        (row.node_id, row.sku): max(
            0,
            max(0, row.on_hand - row.safety_stock - row.reserved)
            - sum(fixed.quantity for fixed in snapshot.fixed if (fixed.node_id, fixed.sku) == (row.node_id, row.sku)),
        )
        for row in snapshot.inventory
    }


def _after_fixed(node: Node, snapshot: Snapshot) -> Node:
    """Return a node with the capacity that fixed rows leave it."""
    rows = [fixed for fixed in snapshot.fixed if fixed.node_id == node.node_id]
    shipments = {(fixed.order_id, fixed.shipment_id) for fixed in rows}
    taken = {"max_shipments": len(shipments), "max_units": sum(fixed.quantity for fixed in rows)}
    left = {name: getattr(node, name) for name in taken}
    return replace(node, **{name: None if left[name] is None else max(0, left[name] - taken[name]) for name in taken})


def _undominated(options: list[Option]) -> list[Option]:
    kept: list[Option] = []
    for option in sorted(options, key=lambda option: (option.cost, sum(option.usage), option.opened.bit_count())):
        if not any(_dominates(other, option) for other in kept):
            kept.append(option)
    return kept


def _dominates(one: Option, other: Option) -> bool:
    return not one.opened & ~other.opened and all(
        mine <= theirs for mine, theirs in zip(one.usage, other.usage, strict=True)
    )


def _plus(one: Vector, other: Vector) -> Vector:
    return tuple(mine + theirs for mine, theirs in zip(one, other, strict=True))


def _micro(amount: Fraction) -> int:
    return round_half_up(amount * MICRO)
