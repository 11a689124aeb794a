"""Seeded random streams: the random instances, their orders spread over some days, supply on its way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from random import Random

import numpy as np
from instances import crowded_instance, tiny_instance

from quartermaster.domain.outlook import Replenishment
from quartermaster.domain.snapshot import KEYS, Snapshot
from quartermaster.domain.table import Table
from quartermaster.policy import Policy
from quartermaster.replay import Knobs

WINDOWS = (timedelta(hours=5), timedelta(days=1), timedelta(days=2))
"""Windows to cut a stream of `DAYS` into."""
DAYS = 4


@dataclass(frozen=True)
class Drawn:
    """A stream, and how to replay it."""

    snapshot: Snapshot
    policy: Policy
    window: timedelta
    knobs: Knobs


def random_stream(seed: int) -> Drawn:
    """Draw a stream of 1-8 orders over `DAYS` days; checked.

    Parameters
    ----------
    seed
        Names the stream.
    """
    rng = Random(f"stream {seed}")
    snapshot, policy = (crowded_instance if rng.random() < 0.5 else tiny_instance)(seed)
    end = np.datetime64(snapshot.as_of.astimezone(UTC).replace(tzinfo=None), "us")
    minutes = [rng.randrange(DAYS * 24 * 60) for _ in range(len(snapshot.orders))]
    minutes[rng.randrange(len(minutes))] = DAYS * 24 * 60
    ordered = end - np.array(minutes, dtype="timedelta64[m]").astype("timedelta64[us]")
    return Drawn(
        snapshot=replace(
            snapshot,
            orders=snapshot.orders.with_columns(ordered_at=ordered),
            replenishment=Table.from_rows(Replenishment, _inbound(rng, snapshot)),
        ),
        policy=policy,
        window=rng.choice(WINDOWS),
        knobs=Knobs(
            patience=rng.choice((0, 0, 1, 2, 30)),
            hold_cost=Decimal(rng.choice(("0", "0.5"))),
            release=rng.choice((0, 1, 2)),
            stability=Decimal(rng.choice(("0", "0.75", "20"))),
        ),
    )


def _inbound(rng: Random, snapshot: Snapshot) -> list[Replenishment]:
    today = snapshot.as_of.astimezone(UTC).date()
    rows = {}
    for _ in range(rng.randrange(6)):
        row = Replenishment(
            node_id=str(rng.choice(snapshot.nodes["node_id"].tolist())),
            sku=str(rng.choice(snapshot.products["sku"].tolist())),
            quantity=rng.randint(1, 3),
            arrives_on=today - timedelta(days=rng.randint(-2, DAYS + 1)),
        )
        rows[tuple(getattr(row, name) for name in KEYS["replenishment"])] = row
    return [rows[key] for key in sorted(rows)]
