"""Orders too large to list every option: a valid lower bound on what each costs at given prices.

Such an order takes part in the search with some of its options only. For the bound each of its units is served from
where a unit is cheapest, at the least cost per gram that any rate card has, as if shipments could share one fixed cost;
every real option costs at least that. (Each unit is dealt with once; a stock is not sold beyond what it holds.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver_models.sourcing import INFEASIBLE

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LargeOrder:
    """What is needed to bound the cost of one large order.

    Parameters
    ----------
    order
        Its number.
    quantity, backorder
        (L,) units of each line, cost of backordering one.
    order_backorder
        Paid once when the order is short.
    limit
        Shipments it may have.
    complete
        True when the order ships complete or not at all.
    unit_cost
        (L, N) least cost of serving one unit from a node, without the fixed part; `INFEASIBLE` where it cannot be.
    available
        (L, N) units in stock there.
    stock
        (L, N) number of the stock resource; -1 where it has none.
    fixed_cost
        (N,) least fixed cost of a shipment from a node.
    shipment, units
        (N,) numbers of the nodes' capacity resources.
    """

    order: int
    quantity: Ints
    backorder: Ints
    order_backorder: int
    limit: int
    complete: bool
    unit_cost: Ints
    available: Ints
    stock: Ints
    fixed_cost: Ints
    shipment: Ints
    units: Ints

    def floor(self, price: Ints | None = None) -> int:
        """Return a lower bound on the cost of every option of the order, prices included.

        Parameters
        ----------
        price
            (n_resources,) int64 >= 0; None = every resource is free.
        """
        nothing = int(self.quantity @ self.backorder) + self.order_backorder
        usable = self.unit_cost < INFEASIBLE
        priced, shipment = self.unit_cost, self.fixed_cost
        if price is not None:
            priced = priced + np.where(self.stock >= 0, price[self.stock], 0) + price[self.units][None, :]
            shipment = shipment + price[self.shipment]
        if not np.any(usable):
            return nothing
        served = self._from_one_node(usable, priced, shipment) if self.limit == 1 else self._from_any(priced, shipment)
        return min(nothing, served)

    def _from_one_node(self, usable: NDArray[np.bool_], priced: Ints, shipment: Ints) -> int:
        """Bound the cost when everything that is served leaves from one node."""
        units = np.where(usable, np.minimum(self.available, self.quantity[:, None]), 0)
        backorder, unit = self.backorder[:, None], np.where(usable, priced, 0)
        if self.complete:
            whole = np.all(units == self.quantity[:, None], axis=0)
            cost = np.where(whole, shipment + (units * unit).sum(axis=0), INFEASIBLE)
        else:
            left = (self.quantity[:, None] - units) * backorder
            cost = shipment + (units * np.minimum(unit, backorder) + left).sum(axis=0)
        return int(cost.min())

    def _from_any(self, priced: Ints, shipment: Ints) -> int:
        """Bound the cost when units may leave from every node."""
        usable = self.unit_cost < INFEASIBLE
        in_reach = np.where(usable, self.available, 0).sum(axis=1) >= self.quantity
        if self.complete and not np.all(in_reach):
            return INFEASIBLE
        total = int(shipment[np.any(usable, axis=0)].min())
        for line in range(len(self.quantity)):
            left = int(self.quantity[line])
            nodes = np.flatnonzero(usable[line])
            for node in nodes[np.argsort(priced[line, nodes], kind="stable")].tolist():
                if left == 0 or (priced[line, node] >= self.backorder[line] and not self.complete):
                    break
                taken = min(left, int(self.available[line, node]))
                total += taken * int(priced[line, node])
                left -= taken
            total += left * int(self.backorder[line])
        return total
