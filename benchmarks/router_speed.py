"""Router speed: 10 000 orders of five lines, one by one, over 300 nodes and 10 000 SKUs, on one core.

::

    python -m benchmarks.router_speed [--orders 10000] [--nodes 300] [--skus 10000] [--lines 5] [--out FILE]

Three runs over the same orders, each on a fresh router: `route` alone (one option), `route` and `commit` of the best
option, and `route` with three options and every node's verdict (of fewer orders, since it takes longer).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import quartermaster as qm
from benchmarks.families import family_snapshot
from benchmarks.measure import ROOT, write_results
from quartermaster.bench.families import Family
from quartermaster.io import ready

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "router.json"
POOL = 2.6
"""Orders of the drawn instance for each routed order, so that stock is about three times what is routed."""
Cart = tuple[qm.Order, list[qm.OrderLine]]


def drawn(orders: int, nodes: int, skus: int, lines: int, seed: int) -> tuple[qm.Snapshot, list[Cart]]:
    """Draw a network, and orders of so many lines from its destinations and baskets.

    Parameters
    ----------
    orders, nodes, skus, lines
        How many; lines of each order.
    seed
        Names the instance.
    """
    family = Family("router", orders=round(orders * POOL), nodes=nodes, skus=skus, scarce=0.05)
    snapshot = ready(family_snapshot(family, seed))
    rng = np.random.default_rng(seed)
    pool_sku, pool_quantity = snapshot.order_lines["sku"], snapshot.order_lines["quantity"]
    carts = []
    for row in rng.permutation(len(snapshot.orders))[:orders].tolist():
        order = snapshot.orders.row(row)
        chosen: dict[str, int] = {}
        while len(chosen) < lines:
            at = int(rng.integers(len(pool_sku)))
            chosen.setdefault(str(pool_sku[at]), int(pool_quantity[at]))
        carts.append(
            (
                order,
                [
                    qm.OrderLine(order_id=order.order_id, line_id=str(at), sku=sku, quantity=quantity)
                    for at, (sku, quantity) in enumerate(chosen.items(), start=1)
                ],
            )
        )
    return snapshot, carts


def timed_runs(snapshot: qm.Snapshot, carts: list[Cart], policy: qm.Policy) -> dict[str, Any]:
    """Route every cart and return the figures, in milliseconds.

    Parameters
    ----------
    snapshot, carts, policy
        The instance.
    """
    figures: dict[str, Any] = {}
    began = perf_counter()
    router = qm.Router(snapshot, policy)
    figures["router made, seconds"] = perf_counter() - began
    router.route(*carts[0], count=1)  # loads the ZIP codes
    figures["route"] = _spread([_took(lambda cart=cart: router.route(*cart, count=1)) for cart in carts])
    router = qm.Router(snapshot, policy)
    began = perf_counter()
    times, split, short = [], 0, 0
    for cart in carts:
        start = perf_counter()
        best = router.route(*cart, count=1).best
        router.commit(best)
        times.append(perf_counter() - start)
        split += len(best.shipments) > 1
        short += bool(best.backordered)
    figures["route and commit"] = _spread(times)
    figures["orders per second"] = len(carts) / (perf_counter() - began)
    figures["split orders"], figures["short orders"] = split / len(carts), short / len(carts)
    router = qm.Router(snapshot, policy)
    few = carts[: max(1, len(carts) // 10)]
    figures["three options"] = _spread([_took(lambda cart=cart: router.route(*cart, count=3)) for cart in few])
    routings = [router.route(*cart, count=1) for cart in few]
    figures["verdicts"] = _spread([_took(lambda routing=routing: routing.nodes) for routing in routings])
    return figures


def _took(call: Any) -> float:
    start = perf_counter()
    call()
    return perf_counter() - start


def _spread(seconds: list[float]) -> dict[str, float]:
    taken = np.array(seconds) * 1000
    return {
        "calls": len(seconds),
        "median_ms": float(np.median(taken)),
        "p99_ms": float(np.percentile(taken, 99)),
        "max_ms": float(taken.max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("orders", 10_000), ("nodes", 300), ("skus", 10_000), ("lines", 5), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    given = parser.parse_args()
    snapshot, carts = drawn(given.orders, given.nodes, given.skus, given.lines, given.seed)
    policy = qm.Policy(objective=qm.ObjectivePolicy(extra_shipment=1))
    figures = timed_runs(snapshot, carts, policy)
    sizes = {name: getattr(given, name) for name in ("orders", "nodes", "skus", "lines", "seed")}
    write_results(given.out, {**sizes, **figures})
    print("| call | calls | median, ms | p99, ms | max, ms |\n|---|---|---|---|---|")
    for name in ("route", "route and commit", "three options", "verdicts"):
        row = figures[name]
        print(f"| {name} | {row['calls']} | {row['median_ms']:.2f} | {row['p99_ms']:.2f} | {row['max_ms']:.2f} |")
    print(f"{figures['orders per second']:.0f} orders/s routed and committed; {figures['split orders']:.0%} split")


if __name__ == "__main__":
    main()
