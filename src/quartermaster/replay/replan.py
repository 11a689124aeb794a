"""Planning again what has not been released: allocations stay open for some windows, and moving one has its price."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from quartermaster import api
from quartermaster.domain.money import to_micro
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL
from quartermaster.replay.conduct import Moment, Verdict
from quartermaster.replay.slack import in_time_next_wave
from quartermaster.replay.state import Departure, policy_without_future

Allocated = dict[tuple[str, str], Counter[str]]
"""Units by node, by (order_id, line_id)."""


@dataclass(slots=True)
class Replan:
    """The batch optimum over everything that has not been released.

    An order is planned when its window closes and again when each later one does, with everything new, until it is
    released: after `release` windows, in the last window, or as soon as a shipment of it would miss the promise by
    leaving a window later. A released allocation stands: it leaves, and its stock is gone from every later plan.
    Until then it holds no stock against orders planned with it, and it takes capacity in each window that it is planned
    in.

    Where moving has a price, everything is planned twice: freely, and with every line that was allocated whole kept at
    the nodes it had. The plan that costs less, its moved orders paid, counts. An order is moved when a node that had
    units of a line for it has fewer.

    Parameters
    ----------
    release
        Windows after its first in which an allocation may still change.
    stability
        Money per moved order; counted in the term `stability`.
    """

    release: int
    stability: Decimal
    _first: dict[int, int] = field(default_factory=dict)
    _before: Allocated = field(default_factory=dict)

    def decide(self, moment: Moment) -> Verdict:
        """Decide what is released now, and what may still change.

        Parameters
        ----------
        moment
            What is open.
        """
        state, orders = moment.state, moment.orders.tolist()
        policy = policy_without_future(replace(moment.policy, strategy=OPTIMAL))
        snapshot = state.snapshot(moment.orders, moment.as_of, window=moment.window)
        price_micro = to_micro(self.stability)
        plans = [api.plan(snapshot, policy)]
        if price_micro and self._before:
            plans.append(api.plan(self._kept(snapshot), policy))
        costs = [plan.objective.total_micro + price_micro * len(self._moved(plan)) for plan in plans]
        plan = plans[costs.index(min(costs))]
        moved_micro = price_micro * len(self._moved(plan))
        departures = state.departures(plan.allocations, plan.shipments)
        released = self._released(moment, orders, departures)
        leaving = [departure for departure in departures if state.order_row(departure.order_id) in released]
        self._before = {
            key: nodes for key, nodes in _allocated(plan).items() if state.order_row(key[0]) not in released
        }
        waiting = frozenset(orders) - released
        deterministic = all(made.deterministic for made in plans)
        return Verdict(leaving, waiting, (("stability", moved_micro),), deterministic)

    def _released(self, moment: Moment, orders: list[int], departures: list[Departure]) -> frozenset[int]:
        due = {
            order for order in orders if moment.window - self._first.setdefault(order, moment.window) >= self.release
        }
        if moment.next_as_of is None:
            return frozenset(orders)
        planned = {moment.state.order_row(departure.order_id) for departure in departures}
        late_now = {moment.state.order_row(departure.order_id) for departure in departures if departure.late}
        hurried = planned - in_time_next_wave(moment, departures) - late_now
        return frozenset(due | hurried)

    def _moved(self, plan: Plan) -> set[str]:
        """List the orders that have fewer units from a node than before."""
        after = _allocated(plan)
        return {key[0] for key, nodes in self._before.items() if nodes - after.get(key, Counter())}

    def _kept(self, snapshot: Snapshot) -> Snapshot:
        """Allow each line that was allocated whole only the nodes that it had."""
        lines = snapshot.order_lines
        allowed = lines["allowed_nodes"].copy()
        keys = zip(lines["order_id"].tolist(), lines["line_id"].tolist(), lines["quantity"].tolist(), strict=True)
        for row, (order_id, line_id, quantity) in enumerate(keys):
            nodes = self._before.get((order_id, line_id), Counter())
            if nodes.total() == quantity:
                allowed[row] = tuple(sorted(nodes))
        return replace(snapshot, order_lines=lines.with_columns(allowed_nodes=np.asarray(allowed)))


def _allocated(plan: Plan) -> Allocated:
    allocated: Allocated = {}
    columns = (plan.allocations[name].tolist() for name in ("order_id", "line_id", "node_id", "quantity"))
    for order_id, line_id, node_id, quantity in zip(*columns, strict=True):
        allocated.setdefault((order_id, line_id), Counter())[node_id] += int(quantity)
    return allocated
