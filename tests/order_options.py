"""Every way to serve one order, by its set of nodes and what it serves: priced by evaluation, compared by hand.

Beside the cost, the value of stock at given prices is counted, so that a router with prices can be held against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from brute_force import Enumeration, Vector

from quartermaster.domain.money import to_micro
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy

Prices = dict[tuple[str, str], int]
"""Micro of one unit by (node_id, sku)."""


@dataclass(frozen=True, slots=True)
class Way:
    """The cheapest of all options that use some nodes, serve some units and make so many shipments."""

    nodes: frozenset[str]
    served: Vector
    shipments: int
    cost: int
    """Of the plan alone."""
    decision: int
    """With the value of the stock it takes."""


class OrderOptions:
    """All ways to serve the one order of a tiny snapshot.

    Parameters
    ----------
    snapshot, policy
        A checked snapshot of one order.
    prices
        Value of stock.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy, prices: Prices | None = None) -> None:
        self._book = Enumeration(snapshot, policy)
        self.order: Order = self._book.orders[0]
        self.lines: list[OrderLine] = self._book.lines[self.order.order_id]
        self._prices = prices or {}
        self.ways = self._ways()

    def best(self, ways: list[Way] | None = None) -> int | None:
        """Least decision cost of some ways, by default of all."""
        return min((way.decision for way in (self.ways if ways is None else ways)), default=None)

    def keeping(self) -> list[list[Way]]:
        """Ways that backorder no more of any line than the best by cost alone: one list for each best there may be."""
        first = min((way.cost, -sum(way.served), way.shipments) for way in self.ways)
        served = {way.served for way in self.ways if (way.cost, -sum(way.served), way.shipments) == first}
        return [
            [way for way in self.ways if all(mine >= least for mine, least in zip(way.served, at_least, strict=True))]
            for at_least in sorted(served)
        ]

    def _ways(self) -> list[Way]:
        """Join the nodes one by one; both cost and decision cost are minimised, each by itself."""
        found: list[dict[tuple[frozenset[str], Vector, int], int]] = []
        for priced in (False, True):
            states = {(frozenset[str](), (0,) * len(self.lines), 0): 0}
            for node in self._book.nodes:
                parts = self._parts(node.node_id, priced)
                for (nodes, served, count), spent in list(states.items()):
                    for (units, more), cost in parts:
                        total = tuple(a + b for a, b in zip(served, units, strict=True))
                        if any(have > line.quantity for have, line in zip(total, self.lines, strict=True)):
                            continue
                        if count + more > self._book.most_shipments(self.order):
                            continue
                        key = nodes | {node.node_id}, total, count + more
                        states[key] = min(spent + cost, states.get(key, spent + cost))
            found.append(states)
        plain, decision = found
        return [
            Way(nodes, served, count, cost + rest, decision[nodes, served, count] + rest)
            for (nodes, served, count), cost in plain.items()
            if self._book.complete_enough(self.order, self.lines, served)
            for rest in [self._book.order_cost(self.order, self.lines, served, count)]
        ]

    def _parts(self, node_id: str, priced: bool) -> list[tuple[tuple[Vector, int], int]]:
        node = next(node for node in self._book.nodes if node.node_id == node_id)
        found = []
        for (units, count), cost in self._book.node_parts(self.order, self.lines, node).items():
            if node.max_units is not None and sum(units) > node.max_units:
                continue
            if node.max_shipments is not None and count > node.max_shipments:
                continue
            worth = sum(
                have * self._prices.get((node_id, line.sku), 0) for line, have in zip(self.lines, units, strict=True)
            )
            found.append(((units, count), cost + to_micro(node.opening_cost) + (worth if priced else 0)))
        return found
