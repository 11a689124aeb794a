"""The published experiment: policies that route orders as they come, against the clairvoyant optimum.

::

    python -m benchmarks.ma_network --data DIR                    # small network, 30 instances
    python -m benchmarks.ma_network --data DIR --large            # 10 nodes, 99 cities, 100 SKUs, 100 000 orders, once

Every policy sees the orders in the sequence of their coming. `cheapest` is the rule; the routers are `qm.Router` with
stock prices of the orders still expected, found once (static) or again after each tenth of the stream
(refreshed) from the stock then left; the batch plans each hundredth of the stream together
(a twentieth on the large network), with refreshed prices.
What a policy pays is counted from its own options or plans; the clairvoyant knows the whole stream: a plan of all
orders at once, and its lower bound, which no policy can beat.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from rich.progress import track

import quartermaster as qm
from benchmarks.ma_instances import LARGE, SMALL, Instance, Network, instance, policy
from benchmarks.ma_table import BOUND, PLAN, table
from benchmarks.measure import ROOT, commit, write_results
from quartermaster.io import ready
from quartermaster.planning.expected_orders import ExpectedOrders
from quartermaster.planning.problem import build_problem
from quartermaster.planning.stock_prices import price_stock

RESULTS = ROOT / "benchmarks" / "results"
BOUND_SECONDS = 600.0
REFRESHED = 10
BATCHES = 100
BATCH_SECONDS = 4.0
"""Time limit of each batch; most are proven optimal long before."""


def expected(drawn: Instance, snapshot: qm.Snapshot, period: int) -> qm.StockPrices:
    """Price the stock of a snapshot for what is expected from a period to the end."""
    times = drawn.rate * (drawn.periods - period)
    return qm.stock_prices(snapshot, policy(), kinds=drawn.kinds, times=times.tolist())


def orders_of(stream: qm.Snapshot) -> Iterator[tuple[qm.Order, list[qm.OrderLine]]]:
    """Yield the orders in the sequence of their coming, with their lines."""
    lines = iter([*stream.order_lines, None])
    line = next(lines)
    for order in stream.orders:
        own = []
        while line is not None and line.order_id == order.order_id:
            own.append(line)
            line = next(lines)
        yield order, own


def left_of(router: qm.Router, stream: qm.Snapshot) -> qm.Snapshot:
    """Write the stock that a router has left into the stream's snapshot."""
    stock = stream.inventory
    pairs = zip(stock["node_id"].tolist(), stock["sku"].tolist(), strict=True)
    left = np.array([router.available(*pair) for pair in pairs], dtype=np.int64)
    return replace(stream, inventory=stock.with_columns(on_hand=left))


def routed(drawn: Instance, refreshes: int, **future: bool) -> dict[str, Any]:
    """Route the stream; prices are found at the beginning of each of so many parts of it (0 = none)."""
    began = perf_counter()
    router = qm.Router(drawn.stream, policy(**future))
    paid, lost, seconds = 0, 0, 0.0
    due = [part * drawn.periods // max(refreshes, 1) for part in range(refreshes)]
    for period, (order, lines) in zip(drawn.came_in.tolist(), orders_of(drawn.stream), strict=True):
        if due and period >= due[0]:
            started = perf_counter()
            router.reprice(expected(drawn, left_of(router, drawn.stream), due.pop(0)))
            seconds += perf_counter() - started
        option = router.route(order, lines, count=1).options[0]
        router.commit(option)
        paid += option.objective.total_micro
        lost += sum(option.backordered.values())
    return {"cost": paid, "lost_units": lost, "seconds": perf_counter() - began, "pricing_seconds": seconds}


def batched(drawn: Instance, parts: int) -> dict[str, Any]:
    """Plan each part of the stream together, with prices of what is expected from its beginning on."""
    began, stream = perf_counter(), drawn.stream
    came_in = drawn.came_in * parts // drawn.periods
    line_of = np.searchsorted(stream.orders["order_id"].astype(str), stream.order_lines["order_id"].astype(str))
    place = {
        pair: at
        for at, pair in enumerate(zip(*(stream.inventory[name].tolist() for name in ("node_id", "sku")), strict=True))
    }
    left = stream.inventory["on_hand"].copy()
    paid = lost = 0
    for part in range(parts):
        orders = np.flatnonzero(came_in == part)
        now = replace(
            stream,
            inventory=stream.inventory.with_columns(on_hand=left.copy()),
            orders=stream.orders.take(orders),
            order_lines=stream.order_lines.take(np.flatnonzero(np.isin(line_of, orders))),
        )
        prices = expected(drawn, now, part * drawn.periods // parts)
        plan = qm.plan(now, policy(seconds=BATCH_SECONDS), stock_prices=prices)
        for node_id, sku, quantity in plan.allocations[["node_id", "sku", "quantity"]].itertuples(index=False):
            left[place[node_id, sku]] -= quantity
        paid += plan.objective.total_micro
        lost += int(plan.backorders["quantity"].sum())
    return {"cost": paid, "lost_units": lost, "seconds": perf_counter() - began}


def planned(drawn: Instance, strategy: str, seconds: float) -> dict[str, Any]:
    """Plan the whole stream at once: by the rule in the sequence of its coming, or as a clairvoyant would."""
    began = perf_counter()
    plan = qm.plan(drawn.stream, policy(strategy, seconds))
    lost = int(plan.backorders["quantity"].sum())
    return {"cost": plan.objective.total_micro, "lost_units": lost, "seconds": perf_counter() - began}


def clairvoyant_bound(drawn: Instance) -> dict[str, Any]:
    """Bound what the stream costs anybody: it is served as a fluid, the orders that came of each kind together."""
    began = perf_counter()
    kinds, stream = ready(drawn.kinds), ready(drawn.stream)
    number = {_content(order, lines): at for at, (order, lines) in enumerate(orders_of(kinds))}
    came = np.bincount([number[_content(*both)] for both in orders_of(stream)], minlength=len(number))
    some = np.flatnonzero(came)
    lines = np.isin(kinds.order_lines["order_id"], kinds.orders["order_id"][some])
    known = replace(stream, orders=kinds.orders.take(some), order_lines=kinds.order_lines.take(np.flatnonzero(lines)))
    supply = build_problem(stream, policy()).available
    priced = price_stock(
        ExpectedOrders(known, came[some].astype(float)), policy(), supply, seconds_left=lambda: BOUND_SECONDS
    )
    return {"cost": int(priced.bound), "finished": priced.finished, "seconds": perf_counter() - began}


def _content(order: qm.Order, lines: list[qm.OrderLine]) -> tuple[Any, ...]:
    return order.lat, order.lon, *(line.sku for line in lines)


def batches_of(network: Network) -> int:
    """Say in how many batches a stream is planned: of a hundred orders on the small network, 5 000 on the large one."""
    return 20 if network == LARGE else BATCHES


def run(network: Network, data: Path, seconds: float, seed: int) -> dict[str, Any]:
    """Run every policy on one instance."""
    drawn = instance(network, data, seed)
    drawn = replace(drawn, stream=ready(drawn.stream), kinds=ready(drawn.kinds))  # checked once, not at each step
    batches = batches_of(network)
    runs = {
        BOUND: clairvoyant_bound(drawn),
        PLAN: planned(drawn, "optimal", seconds),
        "cheapest": planned(drawn, "cheapest", 10 * seconds),
        "router, static prices": routed(drawn, 1),
        "router, prices refreshed 10 times": routed(drawn, REFRESHED),
        "router, refreshed 10 times, may backorder": routed(drawn, REFRESHED, may_backorder=True),
        f"batches of {100 // batches} %, prices refreshed {batches} times": batched(drawn, batches),
    }
    return {"seed": seed, "orders": len(drawn.stream.orders), "runs": runs}


def main() -> None:
    """Run the experiment."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the published cities and centres")
    parser.add_argument("--large", action="store_true", help="the large network instead, once")
    parser.add_argument("--instances", type=int, default=None, help="30; 1 for the large network")
    parser.add_argument("--seconds", type=float, default=None, help="of the clairvoyant's plan: 10; 300 for the large")
    parser.add_argument("--workers", type=int, default=1, help="instances side by side")
    parser.add_argument("--keep", action="store_true", help="run only the instances that the results do not have yet")
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    network, name = (LARGE, "large") if given.large else (SMALL, "small")
    count = given.instances or (1 if given.large else 30)
    out = given.out or RESULTS / f"ma_network_{name}.json"
    held = json.loads(out.read_text(encoding="utf-8"))["runs"] if given.keep and out.exists() else []
    done = {one["seed"]: one for one in held}
    wanted = [seed for seed in range(1, count + 1) if seed not in done]
    one = partial(run, network, given.data, given.seconds or (300.0 if given.large else 10.0))
    with ProcessPoolExecutor(given.workers, mp_context=get_context("spawn")) as pool:
        for found in track(pool.map(one, wanted), total=len(wanted), description=f"{name} network"):
            done[found["seed"]] = {**found, "commit": commit()}
            write_results(out, {"network": name, "runs": [done[seed] for seed in sorted(done)]})
    print(table([done[seed] for seed in sorted(done)]))


if __name__ == "__main__":
    main()
