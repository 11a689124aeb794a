"""The named rules as a reader of the interface would write them: one order, node and unit at a time.

Prices come from `quartermaster.evaluation`, distances from geopy; nothing of rating, planning or `solver_models` is
used. A plan is {(order_id, line_id, node_id, carrier, service): units}.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from itertools import product as grid
from math import floor

from brute_force import Enumeration
from geopy.distance import great_circle

from quartermaster.domain.money import to_micro
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

Plan = dict[tuple[str, str, str, str, str], int]
Vector = tuple[int, ...]
Shipments = dict[tuple[str, tuple[str, str]], Vector]
"""Units by line, by (node_id, (carrier, service))."""


class NaiveRules:
    """One snapshot, planned order by order.

    Parameters
    ----------
    snapshot, policy
        A checked snapshot; the policy's strategy is not looked at.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self.book = Enumeration(snapshot, policy)
        self.policy = policy
        self.nodes = sorted(self.book.nodes, key=lambda node: (node.priority, node.node_id))
        self.by_id = {node.node_id: node for node in self.nodes}
        self.stock = dict(self.book.available)
        self.shipments = {node.node_id: node.max_shipments for node in self.nodes}
        self.units = {node.node_id: node.max_units for node in self.nodes}
        self.opened: set[str] = set()

    def plan(self, rule: str) -> Plan:
        """Plan every order by one rule.

        Parameters
        ----------
        rule
            Name of the rule.
        """
        plan: Plan = {}
        for order in sorted(self.book.orders, key=_turn):
            lines = self.book.lines[order.order_id]
            for (node_id, service), units in getattr(self, rule)(order, lines).items():
                self.opened.add(node_id)
                self._less(self.shipments, node_id, 1)
                self._less(self.units, node_id, sum(units))
                for line, quantity in zip(lines, units, strict=True):
                    if quantity:
                        self.stock[node_id, line.sku] -= quantity
                        plan[order.order_id, line.line_id, node_id, *service] = quantity
        return plan

    def nearest(self, order: Order, lines: list[OrderLine]) -> Shipments:
        """The nodes from near to far."""

        def near(node: Node) -> tuple[bool, int]:
            if None in (order.lat, order.lon, node.lat, node.lon):
                return True, 0
            metres = great_circle((order.lat, order.lon), (node.lat, node.lon)).meters
            return False, floor(Fraction(metres) + Fraction(1, 2))

        return self._walk(order, lines, sorted(self.nodes, key=near))

    def priority(self, order: Order, lines: list[OrderLine]) -> Shipments:
        """The nodes by priority."""
        return self._walk(order, lines, self.nodes)

    def highest_stock(self, order: Order, lines: list[OrderLine]) -> Shipments:
        """Line by line, the nodes by units left of its SKU."""
        out: set[int] = set()
        barred: set[str] = set()
        while True:
            taken: dict[str, list[int]] = {}
            for at, line in enumerate(lines):
                wanted = 0 if at in out else line.quantity
                left = {node.node_id: self._left(node, lines, line, taken.get(node.node_id)) for node in self.nodes}
                for node in sorted(self.nodes, key=lambda node, left=left: -left[node.node_id]):
                    node_id = node.node_id
                    full = node_id not in taken and len(taken) >= self.book.most_shipments(order)
                    usable = self._usable(node) and node_id not in barred and self.book.allows(line, node)
                    room = self._room(node_id) - sum(taken.get(node_id, ()))
                    quantity = min(wanted, left[node_id], room)
                    if full or not usable or quantity <= 0:
                        continue
                    taken.setdefault(node_id, [0] * len(lines))[at] += quantity
                    wanted -= quantity
            found: Shipments = {}
            heavy = None
            for node_id, units in taken.items():
                service = self._service(order, self.by_id[node_id], lines, tuple(units))
                if service is None:
                    heavy = node_id
                    break
                found[node_id, service] = tuple(units)
            if heavy is not None:
                barred.add(heavy)
                continue
            broken = self._broken(lines, found)
            if not self._whole(order, lines, found):
                return {}
            if broken is None:
                return found
            out.add(broken)
            barred.clear()

    def fewest_shipments(self, order: Order, lines: list[OrderLine]) -> Shipments:
        """Every set of nodes and every choice of complete lines left out."""
        best: tuple[tuple[int, int, list[int]], Shipments] = ((0, 0, []), {})
        complete = [at for at, line in enumerate(lines) if line.line_complete]
        places = [at for at, node in enumerate(self.nodes) if self._gives(order, lines, node)]
        for size in range(1, min(len(places), self.book.most_shipments(order)) + 1):
            for chosen in combinations(places, size):
                for count in range(len(complete) + 1):
                    for out in combinations(complete, count):
                        found = self._visit(order, lines, [self.nodes[at] for at in chosen], set(out))
                        if self._broken(lines, found) is not None or not self._whole(order, lines, found):
                            continue
                        used = [at for at in chosen if any(key[0] == self.nodes[at].node_id for key in found)]
                        merit = (-sum(map(sum, found.values())), len(used), used)
                        if merit < best[0]:
                            best = merit, found
        return best[1]

    def cheapest(self, order: Order, lines: list[OrderLine]) -> Shipments:
        """Every option, ranked by cost, backordered units, shipments and the sorted tuples."""
        wanted = sum(line.quantity for line in lines)
        best: tuple[tuple[object, ...], Shipments] | None = None
        for option in self._options(order, lines, [], {}):
            served = tuple(map(sum, zip(*option.values(), strict=True))) if option else (0,) * len(lines)
            if not self.book.complete_enough(order, lines, served):
                continue
            cost = self.book.order_cost(order, lines, served, len(option))
            cost += sum(self._price(order, *key, lines, units) or 0 for key, units in option.items())
            fresh = {node_id for node_id, _ in option} - self.opened
            cost += sum(to_micro(self.by_id[node_id].opening_cost) for node_id in fresh)
            tuples = sorted(
                (self.by_id[node_id].priority, node_id, *service, line.line_id, -quantity)
                for (node_id, service), units in option.items()
                for line, quantity in zip(lines, units, strict=True)
                if quantity
            )
            rank = (cost, wanted - sum(served), len(option), tuples)
            if best is None or rank < best[0]:
                best = rank, option
        return best[1] if best else {}

    def n_options(self, order: Order, lines: list[OrderLine]) -> int:
        """Bound how many options `cheapest` may look at."""
        count = 1
        for _ in [(node, service) for node in self.nodes for service in self.book.prices.services]:
            count *= 2
        for line in lines:
            count *= line.quantity + 1
        return count

    def _options(
        self, order: Order, lines: list[OrderLine], done: list[tuple[str, tuple[str, str]]], chosen: Shipments
    ) -> Iterator[Shipments]:
        """Every choice of at most one shipment per (node, service) that stock, capacity and services allow."""
        slots = [(node.node_id, service) for node in self.nodes for service in self.book.prices.services]
        if len(done) == len(slots):
            yield dict(chosen)
            return
        key = slots[len(done)]
        yield from self._options(order, lines, [*done, key], chosen)
        node = self.by_id[key[0]]
        here = [units for (node_id, _), units in chosen.items() if node_id == node.node_id]
        limit = self.shipments[node.node_id]
        if not self._usable(node) or len(chosen) >= self.book.most_shipments(order):
            return
        if limit is not None and len(here) >= limit:
            return
        used = [sum(units) for units in zip(*chosen.values(), strict=True)] if chosen else [0] * len(lines)
        tops = [
            line.quantity - have if self.book.allows(line, node) else 0 for line, have in zip(lines, used, strict=True)
        ]
        for units in grid(*(range(top + 1) for top in tops)):
            stocked = any(units) and self._in_stock(node, lines, [*here, units])
            if stocked and self._price(order, *key, lines, units) is not None:
                yield from self._options(order, lines, [*done, key], {**chosen, key: units})

    def _in_stock(self, node: Node, lines: list[OrderLine], shipped: list[Vector]) -> bool:
        total = [sum(units) for units in zip(*shipped, strict=True)]
        if sum(total) > self._room(node.node_id):
            return False
        return all(
            sum(have for other, have in zip(lines, total, strict=True) if other.sku == line.sku)
            <= self.stock.get((node.node_id, line.sku), 0)
            for line in lines
        )

    def _walk(self, order: Order, lines: list[OrderLine], ranked: list[Node]) -> Shipments:
        out: set[int] = set()
        while True:
            found = self._visit(order, lines, ranked, out)
            if not self._whole(order, lines, found):
                return {}
            broken = self._broken(lines, found)
            if broken is None:
                return found
            out.add(broken)

    def _visit(self, order: Order, lines: list[OrderLine], ranked: list[Node], out: set[int]) -> Shipments:
        """One walk without restarts."""
        wanted = [0 if at in out else line.quantity for at, line in enumerate(lines)]
        found: Shipments = {}
        for node in ranked:
            if len(found) == self.book.most_shipments(order):
                break
            if not self._usable(node):
                continue
            units = [0] * len(lines)
            for at, line in enumerate(lines):
                if self.book.allows(line, node):
                    room = self._room(node.node_id) - sum(units)
                    units[at] = max(0, min(wanted[at], self._left(node, lines, line, units), room))
            service = self._service(order, node, lines, tuple(units)) if any(units) else None
            if service is None:
                continue
            found[node.node_id, service] = tuple(units)
            wanted = [want - have for want, have in zip(wanted, units, strict=True)]
        return found

    def _service(self, order: Order, node: Node, lines: list[OrderLine], units: Vector) -> tuple[str, str] | None:
        """The service of least cost; handling and distance are the same for all."""
        prices = [
            (price, service)
            for service in self.book.prices.services
            if (price := self._price(order, node.node_id, service, lines, units)) is not None
        ]
        return min(prices)[1] if prices else None

    def _price(
        self, order: Order, node_id: str, service: tuple[str, str], lines: list[OrderLine], units: Vector
    ) -> int | None:
        return self.book.prices.shipment(order, self.by_id[node_id], *service, lines, units)

    def _gives(self, order: Order, lines: list[OrderLine], node: Node) -> bool:
        return bool(self._visit(order, lines, [node], set())) or any(
            self._left(node, lines, line, None) > 0 and self.book.allows(line, node) for line in lines
        )

    def _left(self, node: Node, lines: list[OrderLine], line: OrderLine, taken: list[int] | None) -> int:
        """Units of the line's SKU left at a node after what this order has taken there."""
        own = sum(have for other, have in zip(lines, taken or [0] * len(lines), strict=True) if other.sku == line.sku)
        return self.stock.get((node.node_id, line.sku), 0) - own

    def _usable(self, node: Node) -> bool:
        return node.enabled and self.shipments[node.node_id] != 0

    def _room(self, node_id: str) -> int:
        units = self.units[node_id]
        return 10**9 if units is None else units

    @staticmethod
    def _less(left: dict[str, int | None], node_id: str, amount: int) -> None:
        limit = left[node_id]
        left[node_id] = None if limit is None else limit - amount

    @staticmethod
    def _broken(lines: list[OrderLine], found: Shipments) -> int | None:
        """The first line that wants all or nothing and has some."""
        for at, line in enumerate(lines):
            have = sum(units[at] for units in found.values())
            if line.line_complete and 0 < have < line.quantity:
                return at
        return None

    @staticmethod
    def _whole(order: Order, lines: list[OrderLine], found: Shipments) -> bool:
        have = sum(sum(units) for units in found.values())
        return not order.ship_complete or have == sum(line.quantity for line in lines)


def _turn(order: Order) -> tuple[int, bool, float, str]:
    instant = order.ordered_at.timestamp() if order.ordered_at else 0.0
    return -order.priority, order.ordered_at is None, instant, order.order_id
