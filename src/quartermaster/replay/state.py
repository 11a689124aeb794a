"""How a replay stands: what is open, what is in stock, and what leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.money import to_micro
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import ModelError
from quartermaster.planning.problem import PlanningProblem
from quartermaster.policy import Policy
from quartermaster.replay.figures import WindowFigures
from quartermaster.replay.stream import Stream

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Departure:
    """One shipment that leaves.

    Parameters
    ----------
    order_id, node_id, service
        Whose, from where, and by which (carrier, service).
    late
        Whether it is later than promised.
    cost_micro
        Cost by term of a shipment (transport, handling, distance, late), micro.
    units
        Units by line_id.
    """

    order_id: str
    node_id: str
    service: tuple[str, str]
    late: bool
    cost_micro: dict[str, int]
    units: dict[str, int]


class State:
    """What is left of orders and stock while a stream passes; changed by `arrive`, `ship` and `give_up` only.

    Parameters
    ----------
    stream
        The stream.
    problem
        The whole stream as a planning problem: what a backorder costs.
    """

    def __init__(self, stream: Stream, problem: PlanningProblem) -> None:
        snapshot = stream.snapshot
        self.stream, self.problem = stream, problem
        self.on_hand: Ints = snapshot.inventory["on_hand"].astype(np.int64)
        self.left: Ints = snapshot.order_lines["quantity"].astype(np.int64)
        """(n_lines,) units that have not left."""
        self.shipped: Ints = np.zeros(len(snapshot.orders), dtype=np.int64)
        """(n_orders,) shipments so far."""
        self.came_micro: Ints = np.zeros(stream.n_windows, dtype=np.int64)
        """(n_windows,) what the orders that came in each window have cost so far, opening costs aside."""
        lines = snapshot.order_lines
        self._order = {order_id: row for row, order_id in enumerate(snapshot.orders["order_id"].tolist())}
        self._line = {
            key: row for row, key in enumerate(zip(lines["order_id"].tolist(), lines["line_id"].tolist(), strict=True))
        }
        stock = snapshot.inventory
        self._pair = {
            key: row for row, key in enumerate(zip(stock["node_id"].tolist(), stock["sku"].tolist(), strict=True))
        }
        self._held = stock["safety_stock"] + stock["reserved"]
        self._promise = snapshot.orders["promise_date"]
        self._opening = dict(zip(snapshot.nodes["node_id"].tolist(), problem.node_opening_micro.tolist(), strict=True))

    def order_row(self, order_id: str) -> int:
        """Return the row of an order in the stream.

        Parameters
        ----------
        order_id
            Of the stream.
        """
        return self._order[order_id]

    def units_left(self, orders: Ints) -> Ints:
        """Add up what has not left of some orders.

        Parameters
        ----------
        orders
            (n,) rows of the stream.
        """
        sums = np.concatenate([[0], np.cumsum(self.left)])
        start = self.problem.line_start
        return np.asarray(sums[start[orders + 1]] - sums[start[orders]], dtype=np.int64)

    def may_ship(self, orders: Ints) -> NDArray[np.bool_]:
        """Tell which orders have units left and may have one more shipment.

        Parameters
        ----------
        orders
            (n,) rows of the stream.
        """
        return (self.units_left(orders) > 0) & (self.shipped[orders] < self.problem.order_max_shipments[orders])

    def arrive(self, window: int) -> None:
        """Put what arrives for a window's plan into stock.

        Parameters
        ----------
        window
            From 0.
        """
        due = self.stream.arrival_window == window
        np.add.at(self.on_hand, self.stream.arrival_pair[due], self.stream.arrival_units[due])

    def on_hand_after(self, departures: list[Departure], window: int) -> Ints:
        """Return the stock when some shipments have left and what arrives for a window has arrived.

        Parameters
        ----------
        departures
            Of the open orders.
        window
            The one after this.
        """
        on_hand = self.on_hand.copy()
        skus = self.stream.snapshot.order_lines["sku"]
        for departure in departures:
            for line_id, units in departure.units.items():
                on_hand[self._pair[departure.node_id, skus[self._line[departure.order_id, line_id]]]] -= units
        due = self.stream.arrival_window == window
        np.add.at(on_hand, self.stream.arrival_pair[due], self.stream.arrival_units[due])
        return on_hand

    def cost_of_orders(self, orders: Sequence[int], departures: list[Departure]) -> dict[int, int]:
        """Add up what orders cost in a plan: their shipments, extra shipments and backorders; no opening cost.

        Parameters
        ----------
        orders
            Rows of the stream.
        departures
            Every shipment of the plan.

        Returns
        -------
        dict of int to int
            Micro, by row.
        """
        cost, left = dict.fromkeys(orders, 0), {}
        made = {order: int(self.shipped[order]) for order in orders}
        for order in orders:
            lines = slice(self.problem.line_start[order], self.problem.line_start[order + 1])
            left[order] = self.left[lines].copy()
        for departure in departures:
            order = self._order[departure.order_id]
            if order in cost:
                made[order] += 1
                extra = self.problem.extra_shipment_micro if made[order] > 1 else 0
                cost[order] += sum(departure.cost_micro.values()) + extra
                for line_id, units in departure.units.items():
                    left[order][self._line[departure.order_id, line_id] - self.problem.line_start[order]] -= units
        return {order: micro + self._backorder_micro(order, left[order]) for order, micro in cost.items()}

    def _backorder_micro(self, order: int, left: Ints) -> int:
        """Price what is left of an order's lines as never served."""
        problem = self.problem
        if not left.any():
            return 0
        lines = slice(problem.line_start[order], problem.line_start[order + 1])
        return int(problem.order_backorder_micro[order]) + int(np.dot(left, problem.line_backorder_micro[lines]))

    def snapshot(
        self, orders: Ints, as_of: datetime, *, window: int, foresight: bool = False, on_hand: Ints | None = None
    ) -> Snapshot:
        """Make the snapshot of some orders as it stands.

        Without foresight only products and stock of what they want are in it: no other matters to a plan.

        Parameters
        ----------
        orders
            (n,) rows of the stream, ascending; each with units left.
        as_of
            Instant of the plan.
        window
            From 0; what arrives for later windows is still inbound.
        foresight
            Keep the forecast, all stock, and what is inbound.
        on_hand
            Stock in place of what there is.
        """
        whole = self.stream.snapshot
        start = self.problem.line_start
        lines = np.concatenate([np.arange(start[row], start[row + 1]) for row in orders.tolist()])
        lines = lines[self.left[lines] > 0]
        limit = whole.orders["max_shipments"][orders]
        standard = self.problem.policy.service.max_shipments
        most = np.where((limit == NOT_GIVEN) & (standard > 0), standard, limit)
        held = (self.on_hand if on_hand is None else on_hand).copy()
        tables: dict[str, Any] = {}
        if window == 0 and len(self.stream.fixed):  # they take the first window's capacity, and the stock put back here
            held += self.stream.standing
            tables["fixed"] = self.stream.fixed
        inventory = whole.inventory.with_columns(on_hand=held)
        if foresight:
            inbound = np.flatnonzero(self.stream.arrival_window > window)
            tables["replenishment"] = whole.replenishment.take(inbound)
        else:
            nothing = np.empty(0, dtype=np.intp)
            wanted = np.zeros(self.problem.n_skus, dtype=bool)
            wanted[self.problem.line_sku[lines]] = True
            wanted |= np.isin(whole.products["sku"].astype(str), tables.get("fixed", whole.fixed)["sku"].astype(str))
            skus = set(whole.products["sku"][wanted].tolist())
            kept = [row for row, sku in enumerate(inventory["sku"].tolist()) if sku in skus]
            inventory = inventory.take(np.array(kept, dtype=np.intp))
            tables["products"] = whole.products.take(np.flatnonzero(wanted))
            tables["forecast"] = whole.forecast.take(nothing)
            tables["replenishment"] = whole.replenishment.take(nothing)
        return replace(
            whole,
            as_of=as_of,
            orders=whole.orders.take(orders).with_columns(
                max_shipments=np.where(most == NOT_GIVEN, NOT_GIVEN, most - self.shipped[orders])
            ),
            order_lines=whole.order_lines.take(lines).with_columns(quantity=self.left[lines]),
            inventory=inventory,
            warnings=(),
            **tables,
        )

    def ship(self, departures: list[Departure], figures: WindowFigures) -> None:
        """Let shipments of one window's plan leave: stock falls, their cost is counted.

        Parameters
        ----------
        departures
            All that leave in the window.
        figures
            Of the window; added to.

        Raises
        ------
        ModelError
            If stock, an order or its shipments would fall below zero: our bug.
        """
        cost, opened = figures.cost_micro, set()
        for departure in departures:
            order = self._order[departure.order_id]
            if self.shipped[order] >= self.problem.order_max_shipments[order]:
                raise ModelError(f"order {departure.order_id} would have a shipment more than it may")
            self.shipped[order] += 1
            opened.add(departure.node_id)
            for term, micro in departure.cost_micro.items():
                cost[term] += micro
            extra = self.problem.extra_shipment_micro if self.shipped[order] > 1 else 0
            cost["extra_shipment"] += extra
            self.came_micro[self.stream.order_window[order]] += sum(departure.cost_micro.values()) + extra
            figures.shipments += 1
            figures.late_shipments += departure.late
            figures.split_orders += int(self.shipped[order] == 2)
            for line_id, units in departure.units.items():
                self._take(self._line[departure.order_id, line_id], departure.node_id, units)
                figures.units_served += units
        cost["opening"] += sum(self._opening[node_id] for node_id in opened)

    def _take(self, line: int, node_id: str, units: int) -> None:
        pair = self._pair[node_id, self.stream.snapshot.order_lines["sku"][line]]
        self.left[line] -= units
        self.on_hand[pair] -= units
        if units <= 0 or self.left[line] < 0 or self.on_hand[pair] < self._held[pair]:
            raise ModelError(f"{units} units of line {line} cannot leave {node_id}: they are not wanted or not there")

    def give_up(self, orders: Ints, figures: WindowFigures) -> None:
        """Count what will never be served of some orders, each once in a replay.

        Parameters
        ----------
        orders
            (n,) rows of the stream.
        figures
            Of the window; added to.
        """
        problem = self.problem
        short = orders[self.units_left(orders) > 0]
        for order in short.tolist():
            lines = slice(problem.line_start[order], problem.line_start[order + 1])
            figures.units_short += int(self.left[lines].sum())
            micro = self._backorder_micro(order, self.left[lines])
            figures.cost_micro["backorder"] += micro
            self.came_micro[self.stream.order_window[order]] += micro

    def departures(self, allocations: pd.DataFrame, shipments: pd.DataFrame) -> list[Departure]:
        """List the shipments of a plan.

        Parameters
        ----------
        allocations, shipments
            Tables of a plan of some of the stream's orders.
        """
        units: dict[str, Counter[str]] = {}
        columns = (allocations[name].tolist() for name in ("shipment_id", "line_id", "quantity"))
        for shipment_id, line_id, quantity in zip(*columns, strict=True):
            units.setdefault(shipment_id, Counter())[line_id] += int(quantity)
        costs = ("transport", "handling", "distance", "late")
        names = ("shipment_id", "order_id", "node_id", "carrier", "service", "delivery_date", *costs)
        made = []
        for shipment_id, order_id, node_id, carrier, service, delivery, *amounts in zip(
            *(shipments[name].tolist() for name in names), strict=True
        ):
            promise = self._promise[self._order[order_id]]
            late = bool(delivery) and not np.isnat(promise) and bool(np.datetime64(delivery, "D") > promise)
            cost = {term: to_micro(amount) for term, amount in zip(costs, amounts, strict=True)}
            made.append(Departure(order_id, node_id, (carrier, service), late, cost, dict(units[shipment_id])))
        return made


def policy_without_future(policy: Policy) -> Policy:
    """Return a policy for which stock has no value beyond the orders in hand.

    Parameters
    ----------
    policy
        Any policy.
    """
    return replace(policy, future=replace(policy.future, horizon_days=0))
