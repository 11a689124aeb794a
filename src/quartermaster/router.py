"""The router: one order at a time, exactly, between two plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from quartermaster import io
from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.network import MAX_STOCK
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.routing import Option, Routing
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem, RoutingError
from quartermaster.io.checks.cost import MAX_ORDER_MICRO
from quartermaster.io.one_order import OrderChecks
from quartermaster.io.places import place_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.routing.describe import option_of
from quartermaster.planning.routing.inbound import EPOCH, Inbound
from quartermaster.planning.routing.network import Network, StockRow
from quartermaster.planning.routing.options import next_best
from quartermaster.planning.routing.promise import departures_of, promises
from quartermaster.planning.routing.search import LargeSearch, search_of
from quartermaster.planning.routing.stock import Load, RoutingStock
from quartermaster.planning.routing.verdicts import verdicts_of
from quartermaster.policy import Policy

Ints = NDArray[np.int64]


class Router:
    """Routes single orders over the network of a snapshot, and keeps what they take.

    Costs are those of plans, to the last integer. The snapshot's own open orders play no part. Not to be used by
    several threads at once.

    Parameters
    ----------
    snapshot
        Nodes, stock and carriers; from `read_snapshot` and its kin, or built from row objects (then it is checked).
    policy
        How costs are counted; the defaults when None. Its strategy is not looked at.
    prices
        What a unit of stock is worth where it is, as in the certificate of a plan; None = nothing. Options are then
        compared by cost + stock value. Unless `policy.future.may_backorder`, stock value never backorders a unit: of
        every line at least so much is served as in the option that is best when stock is worth nothing.

    Raises
    ------
    InputError
        If the snapshot is not valid, or prices name what it does not hold.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy | None = None, prices: StockPrices | None = None) -> None:
        self._snapshot = io.ready(snapshot)
        self._policy = policy or Policy()
        self._network = Network(self._snapshot, self._policy)
        self._checks = OrderChecks.of(self._snapshot)
        self._stock = RoutingStock(self._network.problem)
        self._node_ids: list[str] = self._snapshot.nodes["node_id"].tolist()
        self._inbound = Inbound(self._snapshot, self._network.sku_of, self._network.node_of)
        self._committed: dict[Option, Load] = {}
        self._prices: dict[int, StockRow] = {}
        self.reprice(prices)

    @property
    def as_of(self) -> datetime:
        """The router's now."""
        return self._network.snapshot.as_of

    @property
    def committed(self) -> tuple[Option, ...]:
        """The options committed and not released, in the order of their commits."""
        return tuple(self._committed)

    def available(self, node_id: str, sku: str) -> int:
        """Return the units left of a SKU at a node.

        Parameters
        ----------
        node_id, sku
            Which ones.

        Raises
        ------
        InputError
            If there is no such node or SKU.
        """
        return self._stock.units(self._sku(sku), self._node(node_id))

    def stock_of(self, sku: str) -> dict[str, int]:
        """Return the units left of a SKU by node; nodes that never had any are left out.

        Parameters
        ----------
        sku
            Which one; one that is not known is nowhere.
        """
        row = self._network.sku_of.get(sku)
        if row is None:
            return {}
        held = self._stock.row(row)
        nodes = [self._node_ids[node] for node in held.node.tolist()]
        return dict(zip(nodes, held.amount.tolist(), strict=True))

    def knows(self, node_id: str, sku: str) -> bool:
        """Tell whether there is such a node and such a SKU.

        Parameters
        ----------
        node_id, sku
            Which ones.
        """
        return node_id in self._network.node_of and sku in self._network.sku_of

    def route(self, order: Order, lines: Sequence[OrderLine], count: int = 3) -> Routing:
        """Find the best option of one order and the next best; nothing is taken.

        The best option is what the rule `cheapest` would choose, ties included: exact over nodes, services, partitions
        and splits of quantities, for orders of up to 5 000 quantity vectors; beyond, the best within a fixed work limit
        (`Option.exact` is False). The next best are the cheapest distinct ones of these: for each node that the best
        option does not use, the best option in which it ships something; for each node that it does use, the best
        option in which it ships nothing. Each is exact. So the second option is the best of all that use another set
        of nodes; an option that only splits quantities or chooses services otherwise, at the same nodes, is not
        listed. Of an order beyond the exact search only those without a node are listed.

        With prices, every option is compared by cost + stock value, and all of them serve what the best must serve
        (see `Router`); there may then be fewer than `count`.

        Parameters
        ----------
        order
            The order; it need not be in the snapshot. A ZIP code stands for its place, as when a snapshot is read.
        lines
            Its lines, in any order.
        count
            Most options to return, at least 1.

        Returns
        -------
        Routing
            Its `options`, best first, and why the other `nodes` lost.

        Raises
        ------
        InputError
            If the order is not valid; carries every problem.
        RatingError
            If a price is beyond 64 bits.
        """
        if count < 1:
            raise InputError([_problem("out_of_range", "must be at least 1", "count", count)])
        self._checks.check(order, lines)
        lines = sorted(lines, key=lambda line: line.line_id)
        problem = self._problem(order, lines)
        stock_price = self._stock_price(lines)
        if not self._node_ids:
            return Routing((option_of(problem, order, lines, [], None, exact=True, node_ids=[]),), tuple)
        search = search_of(problem, stock_price, may_backorder=self._policy.future.may_backorder)
        best = search.best() or []
        exact = not isinstance(search, LargeSearch)
        found = [best, *next_best(search, best, stock_price, count - 1)]
        options = (
            option_of(problem, order, lines, takes, stock_price, exact=exact, node_ids=self._node_ids)
            for takes in found
        )
        return Routing(tuple(options), lambda: verdicts_of(search, best, stock_price, self._node_ids))

    def promise(self, order: Order, lines: Sequence[OrderLine]) -> list[tuple[date, Option]]:
        """Find the delivery dates that can be kept for one order, and what each costs; nothing is taken.

        Every option serves all units. Besides what is in stock it may use inbound supply (`Snapshot.replenishment`): a
        node that ships on its first shipping day on or after an arrival ships from all that has arrived by then.
        The order's own `promise_date` plays no part: it neither limits the options nor makes them cost more. Its other
        rules hold, and so do the nodes' capacities, which are those of now on later days too.

        An option uses each node on one ship date only: what it has now and what comes later never leave it in two
        shipments, so that now and then there would be a cheaper way than is told. Of all others each is the cheapest.
        What an arrival brings is not kept for anybody: two carts are promised the same units until one is committed.

        Parameters
        ----------
        order, lines
            As for `route`.

        Returns
        -------
        list of (date, Option)
            The date on which the last shipment arrives, rising, and the cheapest option that has arrived by then (by
            cost + stock value); each date is cheaper than all earlier ones. Empty where no date can be kept.

        Raises
        ------
        InputError
            If the order is not valid; carries every problem.
        RatingError
            If a price is beyond 64 bits.
        """
        self._checks.check(order, lines)
        order = replace(order, promise_date=None)
        lines = sorted(lines, key=lambda line: line.line_id)
        problem = self._problem(order, lines)
        skus = dict.fromkeys(self._network.sku_of[line.sku] for line in lines)
        departures = departures_of(self._network, problem, [self._inbound.of(sku) for sku in skus])
        node_ids = [self._node_ids[node] for node in departures.node.tolist()]
        found = []
        for day, promised in promises(self._network, problem, departures, self._stock_price(lines)):
            takes, price = promised.takes, promised.stock_price
            option = option_of(promised.problem, order, lines, takes, price, exact=promised.exact, node_ids=node_ids)
            found.append((date.fromordinal(day + EPOCH), option))
        return found

    def commit(self, option: Option) -> None:
        """Take the stock and the capacity of an option; nodes it uses are open from then on.

        Parameters
        ----------
        option
            From `route` or `promise`. Only stock on hand can be taken, so that one that waits for inbound supply can
            be committed once that is in stock (`restock`).

        Raises
        ------
        RoutingError
            If it is committed already, or stock or capacity no longer covers it; nothing is changed then.
        """
        if option in self._committed:
            raise RoutingError(f"order {option.order_id}: this option is committed already")
        load = self._load(option)
        try:
            self._stock.take(load)
        except RoutingError as error:
            raise RoutingError(f"order {option.order_id} cannot be committed: {error}") from None
        self._committed[option] = load

    def release(self, option: Option) -> None:
        """Give back what a committed option took; a node that no committed option uses is closed again.

        Parameters
        ----------
        option
            The same object that was committed.

        Raises
        ------
        RoutingError
            If it is not committed; nothing is changed then.
        """
        if option not in self._committed:
            raise RoutingError(f"order {option.order_id}: this option is not committed")
        self._stock.give(self._committed.pop(option))

    def restock(self, node_id: str, sku: str, units: int) -> None:
        """Add units that arrived at a node; inbound supply that was due there by today counts as arrived so far.

        Parameters
        ----------
        node_id, sku
            Where and what.
        units
            How many, at least 1.

        Raises
        ------
        InputError
            If there is no such node or SKU, or `units` is not a whole number above 0.
        """
        sku_row, node = self._sku(sku), self._node(node_id)
        if isinstance(units, bool) or not isinstance(units, Integral) or not 0 < units <= MAX_STOCK:
            raise InputError([_problem("qty_not_positive", f"must be from 1 to {MAX_STOCK}", "units", units)])
        self._stock.restock(sku_row, node, units)
        self._inbound.arrived(sku_row, node, units, self.as_of)

    def recount(self, node_id: str, sku: str, units: int) -> None:
        """Say how many units there are, as a system of record counts them; options committed here stay committed.

        Parameters
        ----------
        node_id, sku
            Where and what.
        units
            How many may be taken from now on, >= 0.

        Raises
        ------
        InputError
            If there is no such node or SKU, or `units` is not a whole number from 0 on.
        """
        sku_row, node = self._sku(sku), self._node(node_id)
        if isinstance(units, bool) or not isinstance(units, Integral) or not 0 <= units <= MAX_STOCK:
            raise InputError([_problem("out_of_range", f"must be from 0 to {MAX_STOCK}", "units", units)])
        self._stock.restock(sku_row, node, int(units) - self._stock.units(sku_row, node))

    def fed(self, as_of: datetime) -> None:
        """Say that what was due by an instant counts as stock by now, as a system of record has it.

        Parameters
        ----------
        as_of
            The instant, with its time zone; inbound supply due by its day, where the node is, comes no more.
        """
        self._inbound.due(as_of)

    def reprice(self, prices: StockPrices | None) -> None:
        """Put other prices in place of all present ones.

        Parameters
        ----------
        prices
            What a unit is worth where it is; None = nothing. A pair that is not listed is worth nothing.

        Raises
        ------
        InputError
            If a node or SKU is not known, or a price is beyond 10^15 micro; nothing is changed then.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        if prices is not None:
            for node_id, sku, micro in zip(prices.node_id, prices.sku, prices.price_micro, strict=True):
                if micro > MAX_ORDER_MICRO:
                    raise InputError([_problem("cost_range", "must be at most 10^15 micro", "price", micro)])
                if micro:
                    found.setdefault(self._sku(sku), []).append((self._node(node_id), micro))
        columns = {sku: np.array(sorted(priced), dtype=np.int64).T for sku, priced in found.items()}
        self._prices = {sku: StockRow(node, micro) for sku, (node, micro) in columns.items()}

    def advance(self, as_of: datetime) -> None:
        """Move time on: nodes ship on the days that follow from it. Stock does not arrive by itself; see `restock`.

        Parameters
        ----------
        as_of
            The new now, aware, not before the present one.

        Raises
        ------
        InputError
            If it is naive or in the past.
        """
        if as_of.tzinfo is None:
            raise InputError([_problem("time_no_offset", "must have an offset", "as_of", as_of)])
        if as_of < self.as_of:
            raise InputError([_problem("time_order", f"must not be before {self.as_of}", "as_of", as_of)])
        self._network.moved(as_of)

    def _problem(self, order: Order, lines: Sequence[OrderLine]) -> PlanningProblem:
        skus = dict.fromkeys(self._network.sku_of[line.sku] for line in lines)
        rows = [self._stock.row(sku) for sku in skus]
        return self._network.order_problem(order, lines, place_of(order), rows, self._stock.limits)

    def _stock_price(self, lines: Sequence[OrderLine]) -> Ints | None:
        """Return (n_skus of the order, n_nodes) prices; None where all are 0."""
        skus = list(dict.fromkeys(self._network.sku_of[line.sku] for line in lines))
        if not any(sku in self._prices for sku in skus):
            return None
        table = np.zeros((len(skus), len(self._node_ids)), dtype=np.int64)
        for at, sku in enumerate(skus):
            if sku in self._prices:
                node, micro = self._prices[sku]
                table[at, node] = micro
        dearest = dict(zip(skus, table.max(axis=1).tolist(), strict=True))
        worth = sum(dearest[self._network.sku_of[line.sku]] * line.quantity for line in lines)
        if worth > MAX_ORDER_MICRO:
            detail = "its units would be worth more than 10^15 micro"
            raise InputError([_problem("cost_range", detail, "order_id", lines[0].order_id)])
        return table

    def _load(self, option: Option) -> Load:
        units = {(self._sku(sku), self._node(node_id)): taken for (node_id, sku), taken in option.taken().items()}
        shipments: dict[int, int] = {}
        for shipment in option.shipments:
            node = self._node(shipment.node_id)
            shipments[node] = shipments.get(node, 0) + 1
        return Load(units, shipments)

    def _sku(self, sku: str) -> int:
        row = self._network.sku_of.get(sku)
        if row is None:
            raise InputError([_problem("unknown_sku", "is not in products", "sku", sku)])
        return row

    def _node(self, node_id: str) -> int:
        row = self._network.node_of.get(node_id)
        if row is None:
            raise InputError([_problem("unknown_node", "is not in nodes", "node_id", node_id)])
        return row


def _problem(code: str, detail: str, column: str, value: object) -> Problem:
    return Problem(code=code, detail=detail, column=column, value=str(value)[:64])
