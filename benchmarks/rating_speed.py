"""Rating speed: every (order, node, service) and every subset of the order's lines, 10 000 orders × 100 nodes.

::

    python -m benchmarks.rating_speed [--family M-typical] [--out FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.families import FAMILIES, family_snapshot
from benchmarks.measure import ROOT, peak_memory_mb, timed, write_results
from quartermaster import rating
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready
from quartermaster.policy import Policy

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "rating.json"
CHUNK = 256
"""Orders priced at once; bounds the memory."""


def subset_loads(snapshot: Snapshot) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """List (orders, weights, volumes) of all line subsets, by number of lines.

    Parameters
    ----------
    snapshot
        Checked.

    Returns
    -------
    list of tuple
        (n,) orders with that many lines; (n, 2^lines - 1) grams and cubic millimetres of each non-empty subset.
    """
    sku = {name: row for row, name in enumerate(snapshot.products["sku"])}
    order = {name: row for row, name in enumerate(snapshot.orders["order_id"])}
    line_order = np.array([order[name] for name in snapshot.order_lines["order_id"]])
    line_sku = np.array([sku[name] for name in snapshot.order_lines["sku"]])
    products, quantity = snapshot.products, snapshot.order_lines["quantity"]
    volume = products["length_mm"] * products["width_mm"] * products["height_mm"]
    loads = (products["weight_g"][line_sku] * quantity, volume[line_sku] * quantity)
    start = np.searchsorted(line_order, np.arange(len(order) + 1))
    lengths = np.diff(start)
    found = []
    for n_lines in np.unique(lengths):
        orders = np.flatnonzero(lengths == n_lines)
        members = (np.arange(1, 2**n_lines)[:, None] >> np.arange(n_lines)) & 1
        rows = start[orders][:, None] + np.arange(n_lines)
        found.append((orders, *(load[rows] @ members.T for load in loads)))
    return found


def measured(family: str) -> dict[str, Any]:
    """Rate one instance completely and return the figures.

    Parameters
    ----------
    family
        Name of the family.
    """
    snapshot = ready(family_snapshot(FAMILIES[family], 1))
    loads = subset_loads(snapshot)
    nodes = np.arange(len(snapshot.nodes))
    seconds: dict[str, float] = {}
    cells = carried = 0
    with timed(seconds, "book"):
        book = rating.rate_book(snapshot, Policy())
    services = np.arange(book.n_services)
    with timed(seconds, "lanes and prices"):
        for orders, weight_g, volume_mm3 in loads:
            for at in range(0, len(orders), CHUNK):
                some = orders[at : at + CHUNK]
                lanes = book.lanes(np.repeat(some, len(nodes)), np.tile(nodes, len(some)))
                transport = book.transport(
                    services,
                    lanes.zone.reshape(len(some), 1, len(nodes), -1),
                    book.residential[some][:, None, None, None],
                    weight_g[at : at + CHUNK, :, None, None],
                    volume_mm3[at : at + CHUNK, :, None, None],
                )
                cells += transport.micro.size
                carried += int(np.count_nonzero(transport.micro >= 0))
    return {
        "family": family,
        "orders": len(snapshot.orders),
        "nodes": len(nodes),
        "services": book.n_services,
        "subsets": sum(weight.size for _, weight, _ in loads),
        "prices": cells,
        "carried": carried,
        "seconds": seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def main(arguments: list[str] | None = None) -> None:
    """Measure and write the results file.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rating_speed", description=__doc__)
    parser.add_argument("--family", choices=list(FAMILIES), default="M-typical")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    given = parser.parse_args(arguments)
    run = measured(given.family)
    write_results(given.out, {"runs": [run]})
    print(f"{run['prices']:,} prices: {run['seconds']}, peak {run['peak_memory_mb']} MB")


if __name__ == "__main__":
    main()
