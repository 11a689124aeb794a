"""What happens on a day, and what is true of it whatever anybody thinks: shelves, orders, sales at the counter.

The network, the articles and the orders are those of the benchmark families (`quartermaster.bench`); each order comes
at a minute drawn from a day with a peak at noon and a higher one in the evening. A unit leaves its shelf an hour after
a plan gave it away; in every window some shelves sell a few of the units that nobody was promised, and some are filled
up. Feeds say what is on the shelves, and through which commit that is so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from quartermaster.bench.drawing import family_snapshot
from quartermaster.bench.families import Family
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready, snapshot_document

START = datetime(2026, 6, 9, 4, 0, tzinfo=UTC)
"""Beginning of the day, eleven in the evening before in Chicago."""
WINDOW = timedelta(minutes=15)
LEAVES_AFTER = 4
"""Windows after which what was given away is off the shelf."""
SHELVES_TOUCHED = 0.01
"""Share of the shelves that sell or are filled up in a window."""
FILLED_UP = 0.1
"""Of these, the share that is filled up."""
CANCELLED = 0.02
"""Share of the orders whose customers change their minds within two hours."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of a day.

    Parameters
    ----------
    orders, nodes, skus
        How many.
    windows
        Runs of the day, 15 minutes each.
    scarce
        Share of the SKUs whose stock is near the demand.
    """

    orders: int = 20_000
    nodes: int = 40
    skus: int = 1_500
    windows: int = 96
    scarce: float = 0.2


@dataclass(slots=True, eq=False)
class World:
    """The truth of a day.

    Parameters
    ----------
    snapshot
        The whole day: all orders, the stock it opens with.
    document
        The same as a document.
    comes_in, cancelled_in
        Orders, as documents and ids, by the window of their coming and of their cancelling.
    down
        The node that breaks down.
    on_shelf
        Units of each (node, SKU).
    promised
        Of these, the units that were given away and have not left.
    received
        Units that came in since the day began.
    rng
        Where chance comes from.
    """

    snapshot: Snapshot
    document: Mapping[str, Any]
    comes_in: Sequence[Sequence[Mapping[str, Any]]]
    cancelled_in: Sequence[Sequence[str]]
    down: str
    on_shelf: Counter[Pair]
    rng: np.random.Generator
    promised: Counter[Pair] = field(default_factory=Counter)
    received: Counter[Pair] = field(default_factory=Counter)
    leaving: list[Counter[Pair]] = field(default_factory=list)
    oversold: int = 0

    def give_away(self, units: Mapping[Pair, int]) -> None:
        """Promise units to orders; they leave later. What is not on the shelf to be given was sold twice.

        Parameters
        ----------
        units
            Of each pair.
        """
        self.leaving.append(Counter(units))
        self.promised.update(units)
        self.oversold += sum(max(0, self.promised[pair] - max(self.on_shelf[pair], 0)) for pair in units)

    def leave(self, keep: int) -> set[Pair]:
        """Take what was given away off the shelves, but for the last batches; return the shelves touched.

        Parameters
        ----------
        keep
            Batches that stay.
        """
        touched: set[Pair] = set()
        while len(self.leaving) > keep:
            gone = self.leaving.pop(0)
            self.on_shelf.subtract(gone)
            self.promised.subtract(gone)
            touched |= gone.keys()
        return touched

    def trade(self) -> set[Pair]:
        """Sell at the counter, and fill shelves up; return the shelves touched."""
        pairs = sorted(self.on_shelf)
        touched = self.rng.choice(len(pairs), size=max(1, round(SHELVES_TOUCHED * len(pairs))), replace=False)
        for at in touched.tolist():
            pair = pairs[at]
            if self.rng.random() < FILLED_UP:
                units = int(self.rng.integers(1, 6))
                self.on_shelf[pair] += units
                self.received[pair] += units
            else:
                free = max(0, self.on_shelf[pair] - self.promised[pair])
                self.on_shelf[pair] -= min(free, int(self.rng.integers(1, 3)))
        return {pairs[at] for at in touched.tolist()}

    def rows(self, pairs: set[Pair]) -> list[dict[str, Any]]:
        """Say what is on some shelves, as rows of a feed.

        Parameters
        ----------
        pairs
            The shelves.
        """
        return [{"node_id": node, "sku": sku, "on_hand": self.on_shelf[node, sku]} for node, sku in sorted(pairs)]

    def picture(self, version: str, instant: datetime, *, broken: bool) -> dict[str, Any]:
        """Say what all shelves hold, as a snapshot without orders.

        Parameters
        ----------
        version, instant
            Of the snapshot.
        broken
            Whether the node that breaks down is down.
        """
        nodes = [
            {**node, "enabled": False} if broken and node["node_id"] == self.down else node
            for node in self.document["nodes"]
        ]
        heading = {**self.document["snapshot"], "as_of": instant.isoformat(), "version": version}
        inventory = self.rows(set(self.on_shelf))
        return {**self.document, "snapshot": heading, "nodes": nodes, "inventory": inventory, "orders": []}


def draw_world(size: Size, seed: int) -> World:
    """Draw a day.

    Parameters
    ----------
    size
        How much there is of it.
    seed
        Of everything that is drawn.
    """
    drawn = family_snapshot(Family("day", size.orders, size.nodes, size.skus, size.scarce), seed)
    snapshot = ready(drawn)
    document = snapshot_document(snapshot)
    rng = np.random.default_rng([seed, size.orders, size.windows])
    hours = (np.arange(size.windows) + 0.5) * 24 / size.windows
    busy = 0.2 + np.exp(-(((hours - 13) / 3) ** 2)) + 1.6 * np.exp(-(((hours - 20) / 2.5) ** 2))
    came = rng.choice(size.windows, p=busy / busy.sum(), size=size.orders)
    comes_in: list[list[Mapping[str, Any]]] = [[] for _ in range(size.windows)]
    cancelled_in: list[list[str]] = [[] for _ in range(size.windows)]
    for window, order in zip(came.tolist(), document["orders"], strict=True):
        ordered_at = (START + (window + float(rng.random())) * WINDOW).replace(microsecond=0)
        comes_in[window].append({**order, "ordered_at": ordered_at.isoformat()})
        if rng.random() < CANCELLED:
            cancelled_in[min(size.windows - 1, window + int(rng.integers(0, 9)))].append(order["order_id"])
    stock = snapshot.inventory
    pairs = zip(stock["node_id"].tolist(), stock["sku"].tolist(), strict=True)
    on_shelf: Counter[Pair] = Counter(dict(zip(pairs, stock["on_hand"].tolist(), strict=True)))
    busiest = Counter(dict.fromkeys(snapshot.nodes["node_id"].tolist(), 0))
    for (node, _), units in on_shelf.items():
        busiest[node] += units
    down = busiest.most_common(1)[0][0]
    return World(snapshot, document, comes_in, cancelled_in, down, on_shelf, rng)
