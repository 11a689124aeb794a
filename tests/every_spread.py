"""Every way there is to send the units of a very tiny instance, rules unchecked: the dumbest enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as grid
from math import comb, prod

from quartermaster.domain.snapshot import Snapshot

Spread = dict[tuple[str, str, str, str, str], int]
"""Units by (order, line, node, carrier, service)."""


def every_spread(snapshot: Snapshot) -> Iterator[Spread]:
    """Yield every way to send each line's units by any node and service, or not at all; rules unchecked."""
    lanes = lanes_of(snapshot)
    spots = [
        [
            {(line.order_id, line.line_id, *lane): units for lane, units in zip(lanes, counts, strict=True) if units}
            for counts in grid(range(line.quantity + 1), repeat=len(lanes))
            if sum(counts) <= line.quantity
        ]
        for line in snapshot.order_lines
    ]
    for choice in grid(*spots):
        yield {spot: units for part in choice for spot, units in part.items()}


def lanes_of(snapshot: Snapshot) -> list[tuple[str, str, str]]:
    services = [(row.carrier, row.service) for row in snapshot.services] or [("", "none")]
    return [(node.node_id, *service) for node in snapshot.nodes for service in services]


def n_spreads(snapshot: Snapshot) -> int:
    lanes = len(lanes_of(snapshot))
    return prod(comb(line.quantity + lanes, lanes) for line in snapshot.order_lines)
