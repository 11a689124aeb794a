"""Reading speed: 100 000 orders, 250 000 lines and 1 000 000 inventory rows, read and checked.

::

    python -m benchmarks.reading_speed [--orders 100000] [--formats csv parquet] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.families import Family, family_snapshot
from benchmarks.measure import ROOT, in_own_process, peak_memory_mb, timed, write_results
from benchmarks.tables import table_of
from quartermaster.bench.measure import sizes
from quartermaster.domain.network import Inventory
from quartermaster.domain.orders import OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import read_snapshot, snapshot_sha256, write_snapshot

DEFAULT_OUT = ROOT / "benchmarks" / "results" / "reading.json"


def large_day(orders: int) -> Snapshot:
    """Draw a day of `orders` orders, 2.5 lines each, and ten inventory rows an order; not yet checked.

    Parameters
    ----------
    orders
        Number of orders.
    """
    nodes, skus = 100, orders // 10
    drawn = family_snapshot(Family("reading", orders, nodes, skus, 0.05), 1)
    n_lines = orders * 5 // 2
    order = np.arange(n_lines) * orders // n_lines
    sku = drawn.products["sku"]
    return replace(
        drawn,
        order_lines=table_of(
            OrderLine,
            order_id=drawn.orders["order_id"][order],
            line_id=(np.arange(n_lines) - np.searchsorted(order, order) + 1).astype(str).astype(object),
            sku=sku[np.arange(n_lines) * 7919 % skus],
            quantity=np.ones(n_lines),
        ),
        inventory=table_of(
            Inventory,
            node_id=np.repeat(drawn.nodes["node_id"], skus),
            sku=np.tile(sku, nodes),
            on_hand=np.arange(nodes * skus) % 50,
        ),
    )


def measured(folder: str) -> dict[str, Any]:
    """Read one folder and return the figures.

    Parameters
    ----------
    folder
        The snapshot.
    """
    seconds: dict[str, float] = {}
    with timed(seconds, "read"):
        snapshot = read_snapshot(folder)
    memory = peak_memory_mb()
    with timed(seconds, "hash"):
        sha256 = snapshot_sha256(snapshot)
    return {**sizes(snapshot), "seconds": seconds, "peak_memory_mb": memory, "snapshot_sha256": sha256}


def main(arguments: list[str] | None = None) -> None:
    """Write the day in each format, read it in a process of its own, and write the results file.

    Parameters
    ----------
    arguments
        Of the command line; None = the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading_speed", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--one", help="read this folder here and print the figures as JSON")
    given = parser.parse_args(arguments)
    if given.one:
        print(json.dumps(measured(given.one)))
        return
    runs = []
    for file_format in given.formats:
        with tempfile.TemporaryDirectory() as folder:
            write_snapshot(large_day(given.orders), Path(folder), format=file_format)
            run = in_own_process("benchmarks.reading_speed", "--one", folder)
        runs.append({"format": file_format, **run})
        print(f"{file_format}: {run['seconds']}, peak {run['peak_memory_mb']} MB", flush=True)
    write_results(given.out, {"runs": runs})


if __name__ == "__main__":
    main()
