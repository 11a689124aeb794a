"""Random feasible plans of an instance, good and bad ones, drawn without any planner."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
from brute_force import Enumeration
from lane_prices import LanePrices

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.sourcing import Sourcing, sourcing_of

Spot = tuple[int, int, int]
"""Order line, node and service, by row of the checked snapshot."""


class RandomPlans:
    """Draws plans of one instance that keep every rule, as far as `brute_force` and evaluation know them.

    Parameters
    ----------
    enumeration
        The instance.
    snapshot
        Its snapshot.
    """

    def __init__(self, enumeration: Enumeration, snapshot: Snapshot) -> None:
        self.enumeration = enumeration
        self.prices: LanePrices = enumeration.prices
        self.row = {(line.order_id, line.line_id): row for row, line in enumerate(snapshot.order_lines)}

    def draw(self, rng: Random) -> Sourcing:
        """Draw one plan: each order takes random lanes and random units, or nothing.

        Parameters
        ----------
        rng
            Source of every choice.
        """
        stock = Counter(self.enumeration.available)
        room = {
            node.node_id: [
                10**9 if node.max_shipments is None else node.max_shipments,
                10**9 if node.max_units is None else node.max_units,
            ]
            for node in self.enumeration.nodes
        }
        placed: dict[Spot, int] = {}
        orders = list(self.enumeration.orders)
        rng.shuffle(orders)
        for order in orders:
            if rng.random() < 0.9:
                placed |= self._serve(order, stock, room, rng)
        spots = np.array(list(placed), dtype=np.int64).reshape(-1, 3)
        return sourcing_of(spots[:, 0], spots[:, 1], spots[:, 2], np.array(list(placed.values()), dtype=np.int64))

    def _serve(
        self, order: Order, stock: Counter[tuple[str, str]], room: dict[str, list[int]], rng: Random
    ) -> dict[Spot, int]:
        """Serve one order at random and take what it uses; an order that ends up breaking a rule takes nothing."""
        lines = self.enumeration.lines[order.order_id]
        lanes = [(at, node, by) for at, node in enumerate(self.enumeration.nodes) for by in range(self._n_services)]
        rng.shuffle(lanes)
        served = (0,) * len(lines)
        placed: dict[Spot, int] = {}
        used: Counter[tuple[str, str]] = Counter()
        shipments: Counter[str] = Counter()
        units_of: Counter[str] = Counter()
        for at, node, by in lanes[: self.enumeration.most_shipments(order)]:
            units = self._units(lines, node, served, stock, used, rng)
            count = sum(units)
            fits = shipments[node.node_id] < room[node.node_id][0]
            fits = fits and units_of[node.node_id] + count <= room[node.node_id][1]
            carrier, service = self.prices.services[by]
            if not count or not fits or self.prices.shipment(order, node, carrier, service, lines, units) is None:
                continue
            served = tuple(have + more for have, more in zip(served, units, strict=True))
            shipments[node.node_id] += 1
            units_of[node.node_id] += count
            for line, more in zip(lines, units, strict=True):
                used[node.node_id, line.sku] += more
                if more:
                    placed[self.row[line.order_id, line.line_id], at, by] = more
        if not self.enumeration.complete_enough(order, lines, served):
            return {}
        stock.subtract(used)
        for node_id in shipments:
            room[node_id][0] -= shipments[node_id]
            room[node_id][1] -= units_of[node_id]
        return placed

    @property
    def _n_services(self) -> int:
        return len(self.prices.services)

    def _units(
        self,
        lines: list[OrderLine],
        node: Node,
        served: tuple[int, ...],
        stock: Counter[tuple[str, str]],
        used: Counter[tuple[str, str]],
        rng: Random,
    ) -> tuple[int, ...]:
        """Random units of each line that this node may send; mostly all that is left."""
        units: list[int] = []
        taken: Counter[str] = Counter()
        for line, have in zip(lines, served, strict=True):
            left = stock[node.node_id, line.sku] - used[node.node_id, line.sku] - taken[line.sku]
            most = min(line.quantity - have, left) if node.enabled and self.enumeration.allows(line, node) else 0
            more = most if rng.random() < 0.6 else rng.randint(0, max(0, most))
            units.append(max(0, more))
            taken[line.sku] += units[-1]
        return tuple(units)
