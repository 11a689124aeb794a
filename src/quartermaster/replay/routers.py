"""Order by order, as a checkout would: the router in a replay."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.routing import Option
from quartermaster.foresight import stock_prices
from quartermaster.replay.conduct import Moment, Verdict
from quartermaster.replay.state import Departure, policy_without_future
from quartermaster.router import Router


@dataclass(slots=True)
class Routed:
    """Takes the open orders as they came, each by its best option from what those before it left.

    Orders come by `ordered_at`, then by id; priorities play no part, since no order waits for another. An order ships
    as of the close of its window, as under every other policy. Each window has a router of its own, because capacities
    and opening costs are a window's.

    Parameters
    ----------
    priced
        Let stock have a value, where the stream has a forecast and the policy a horizon.
    refreshed
        Price stock anew in each window; False = once, when the first orders are decided.
    """

    priced: bool
    refreshed: bool
    _prices: StockPrices | None = field(default=None)

    def decide(self, moment: Moment) -> Verdict:
        """Route the open orders one by one.

        Parameters
        ----------
        moment
            What is open.
        """
        state, policy = moment.state, moment.policy
        whole = state.stream.snapshot
        foreseen = self.priced and len(whole.forecast) > 0 and policy.future.horizon_days > 0
        snapshot = state.snapshot(moment.orders, moment.as_of, window=moment.window, foresight=foreseen)
        in_time = True
        if foreseen and (self.refreshed or self._prices is None):
            began = perf_counter()
            self._prices = stock_prices(snapshot, policy)
            in_time = perf_counter() - began < float(policy.solver.time_limit_seconds)
        router = Router(
            snapshot, policy if foreseen else policy_without_future(policy), self._prices if foreseen else None
        )
        lines: dict[str, list[OrderLine]] = {}
        for line in snapshot.order_lines:
            lines.setdefault(line.order_id, []).append(line)
        departures: list[Departure] = []
        for order in sorted(snapshot.orders, key=_came):
            option = router.route(order, lines[order.order_id], count=1).options[0]
            router.commit(option)
            departures += _departures(order, option)
        return Verdict(departures, deterministic=in_time)


def _came(order: Order) -> tuple[float, str]:
    return (order.ordered_at.timestamp() if order.ordered_at else np.inf), order.order_id


def _departures(order: Order, option: Option) -> list[Departure]:
    return [
        Departure(
            order.order_id,
            shipment.node_id,
            (shipment.carrier, shipment.service),
            order.promise_date is not None and shipment.delivery_date > order.promise_date,
            shipment.cost_micro,
            dict(shipment.units),
        )
        for shipment in option.shipments
    ]
