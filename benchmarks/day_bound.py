"""What nobody who serves the units of a day can go below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np

import quartermaster as qm
from benchmarks.day_world import World
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.policy import Policy, SolverPolicy
from quartermaster.replay.bound import with_services_repeated


def bound_micro(world: World, cancelled: Mapping[tuple[str, str], int], most: int, seconds: int) -> int | None:
    """Plan the whole day at once, under rules that are relaxed; return the certified bound of that, micro, or None.

    All orders are known when the day begins, with every unit that came in, none of them sold at the counter, no promise
    dates and no limits of nodes.

    Parameters
    ----------
    world
        The day.
    cancelled
        Units that customers took back, by order and line; nobody serves them.
    most
        Shipments of one lane that an order had: two light ones may cost less than one, so the bound may have them too.
    seconds
        Time limit of the plan.
    """
    whole = world.snapshot
    lines, stock = whole.order_lines, whole.inventory
    names = zip(lines["order_id"].tolist(), lines["line_id"].tolist(), strict=True)
    wanted = lines["quantity"] - np.array([cancelled.get(name, 0) for name in names], dtype=np.int64)
    kept = np.flatnonzero(wanted > 0)
    some = np.isin(whole.orders["order_id"].astype(str), lines["order_id"][kept].astype(str))
    pairs = zip(stock["node_id"].tolist(), stock["sku"].tolist(), strict=True)
    received = np.array([world.received[pair] for pair in pairs], dtype=np.int64)
    orders = whole.orders.take(np.flatnonzero(some))
    unlimited = np.full(len(whole.nodes), NOT_GIVEN, dtype=np.int64)
    relaxed = replace(
        whole,
        orders=orders.with_columns(promise_date=np.full(len(orders), np.datetime64("NaT", "D"))),
        order_lines=lines.take(kept).with_columns(quantity=wanted[kept]),
        inventory=stock.with_columns(on_hand=stock["on_hand"] + received),
        nodes=whole.nodes.with_columns(max_shipments=unlimited, max_units=unlimited.copy()),
    )
    policy = Policy(solver=SolverPolicy(time_limit_seconds=Decimal(seconds)))
    return qm.plan(with_services_repeated(relaxed, most), policy).certified_bound_micro
