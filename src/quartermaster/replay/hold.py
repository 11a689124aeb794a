"""Holding to the next wave: an order with slack may wait where tomorrow, as far as it is known today, is cheaper."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from quartermaster import api
from quartermaster.domain.money import to_micro
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL
from quartermaster.replay.conduct import Moment, Verdict
from quartermaster.replay.slack import in_time_next_wave
from quartermaster.replay.state import Departure, policy_without_future


@dataclass(frozen=True, slots=True)
class Hold:
    """The batch optimum that lets an order wait where that pays by what is known.

    The rule, for each window but the last:

    1. All open orders are planned together, as by `optimal`.
    2. An order may wait if it has a promise and every lane that this plan uses for it would still be in time if it
       shipped when the next window closes. An order without a promise never waits: nobody said that it may.
    3. A shadow plan serves those that may wait, alone, when the next window closes: from the stock that the others
       leave, with what is known to arrive by then and with the nodes' capacity of that window.
    4. An order may go on waiting if it costs less in the shadow plan, the holding cost added, than in the plan of now
       (opening costs aside, which belong to no order). The others leave by the plan of now, with their stock: where
       there are any, 3 and 4 are done again for those that may go on waiting. So whoever waits gains by a shadow plan
       that can be carried out.

    Orders that come in the next window are not known, and nothing is kept for an order that waits: they may take its
    stock. So holding can lose, and its replay shows by how much.

    Parameters
    ----------
    cost
        Money per order and window of waiting; counted in the term `hold`.
    """

    cost: Decimal

    def decide(self, moment: Moment) -> Verdict:
        """Decide who leaves and who waits.

        Parameters
        ----------
        moment
            What is open.
        """
        state = moment.state
        policy = policy_without_future(replace(moment.policy, strategy=OPTIMAL))
        plan = api.plan(state.snapshot(moment.orders, moment.as_of, window=moment.window), policy)
        now = state.departures(plan.allocations, plan.shipments)
        promised = ~np.isnat(state.stream.snapshot.orders["promise_date"])
        may_wait = sorted(order for order in in_time_next_wave(moment, now) if promised[order])
        if moment.next_as_of is None or not may_wait:
            return Verdict(now, deterministic=plan.deterministic)
        hold_micro = to_micro(self.cost)
        cost_now = state.cost_of_orders(may_wait, now)
        waiting, deterministic = may_wait, plan.deterministic
        while waiting:
            shadow = api.plan(_next_wave(moment, moment.next_as_of, waiting, now), policy)
            deterministic &= shadow.deterministic
            later = state.cost_of_orders(waiting, state.departures(shadow.allocations, shadow.shipments))
            gaining = [order for order in waiting if later[order] + hold_micro < cost_now[order]]
            if gaining == waiting:
                break
            waiting = gaining
        held = frozenset(waiting)
        leaving = [departure for departure in now if state.order_row(departure.order_id) not in held]
        return Verdict(leaving, held, (("hold", hold_micro * len(held)),), deterministic)


def _next_wave(moment: Moment, as_of: datetime, waiting: list[int], now: list[Departure]) -> Snapshot:
    """Make the snapshot of the orders that wait, when the next window closes and the others have left."""
    state, held = moment.state, set(waiting)
    others = [departure for departure in now if state.order_row(departure.order_id) not in held]
    return state.snapshot(
        np.array(waiting, dtype=np.int64),
        as_of,
        window=moment.window + 1,
        on_hand=state.on_hand_after(others, moment.window + 1),
    )
