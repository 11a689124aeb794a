"""The rate book for orders of no snapshot says what the snapshot's own book says; departures are nodes that wait."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from instance_features import with_tables
from instances import small_instance, tiny_instance

import quartermaster as qm
from quartermaster import rating
from quartermaster.domain.snapshot import Snapshot

SEEDS = range(70_000, 70_060)


def instance(seed: int) -> tuple[Snapshot, qm.Policy]:
    return (tiny_instance if seed % 3 else small_instance)(seed)


def test_every_order_is_rated_as_in_its_snapshot() -> None:
    prefixed = levelled = 0
    for seed in SEEDS:
        snapshot, policy = instance(seed)
        book = rating.rate_book(snapshot, policy)
        alone = rating.stand_ins(snapshot)
        any_orders = rating.AnyOrders.of(alone, rating.rate_book(alone, policy))
        nodes = np.arange(len(snapshot.nodes))
        for row, order in enumerate(snapshot.orders):
            own = any_orders.order(order, snapshot.orders["lat"][row], snapshot.orders["lon"][row])
            mine, theirs = own.lanes(np.zeros_like(nodes), nodes), book.lanes(np.full_like(nodes, row), nodes)
            for name in ("distance_m", "zone", "delivery_day", "late_days"):
                assert np.array_equal(getattr(mine, name), getattr(theirs, name)), (seed, order.order_id, name)
            assert own.residential.tolist() == [order.residential]
            levelled += bool(order.service_level)
        prefixed += any(zone.max_distance_km is None for zone in snapshot.zones)
    assert prefixed > 5
    assert levelled > 5


@pytest.mark.parametrize(
    ("code", "zone"), [("", "band"), ("19", "two"), ("191", "three"), ("19104", "three"), ("2", "band"), ("1", "band")]
)
def test_the_longest_prefix_of_the_carrier_counts(code: str, zone: str) -> None:
    snapshot, _ = tiny_instance(70_001)
    lanes = [
        qm.Zone(carrier="c", zone="two", origin_prefix="", destination_prefix="19"),
        qm.Zone(carrier="c", zone="three", origin_prefix="", destination_prefix="191"),
        qm.Zone(carrier="d", zone="none of c's", origin_prefix="", destination_prefix="1910"),
        qm.Zone(carrier="c", zone="band", max_distance_km=30_000),
    ]
    zones = sorted({row.zone for row in lanes})
    services = [qm.Service(carrier=carrier, service="s") for carrier in ("c", "d")]
    both = [(row.carrier, name) for row in services for name in zones]
    snapshot = with_tables(
        snapshot,
        services=services,
        zones=lanes,
        rates=[qm.Rate(carrier=c, service="s", zone=name, max_weight_g=10**6, price=1) for c, name in both],
        transit=[qm.Transit(carrier=c, service="s", zone=name, days=1) for c, name in both],
    )
    alone = rating.stand_ins(snapshot)
    any_orders = rating.AnyOrders.of(alone, rating.rate_book(alone, qm.Policy()))
    own = any_orders.order(qm.Order(order_id="o", postal_code=code), 40.0, -75.0)
    found = own.lanes(np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)).zone[0, 0]
    assert own.zone_names[found] == zone if own.ship_day[0] >= 0 else found == -1


def test_departures_are_nodes_at_another_time() -> None:
    later = 0
    for seed in SEEDS:
        snapshot, policy = instance(seed)
        book = rating.rate_book(snapshot, policy)
        moved = Snapshot(
            as_of=snapshot.as_of + timedelta(days=2, hours=5),
            currency=snapshot.currency,
            checked=True,
            **snapshot.tables(),
        )
        expected = rating.rate_book(moved, policy)
        ship_day = rating.ship_days(snapshot.nodes, snapshot.holidays, moved.as_of)
        rng = np.random.default_rng(seed)
        node = rng.integers(len(snapshot.nodes), size=2 * len(snapshot.nodes))
        departing = rating.departing(book, snapshot, node, ship_day[node])
        for row in range(len(snapshot.orders)):
            order = np.full(len(node), row)
            mine, theirs = departing.lanes(order, np.arange(len(node))), expected.lanes(order, node)
            for name in ("distance_m", "zone", "delivery_day", "late_days"):
                assert np.array_equal(getattr(mine, name), getattr(theirs, name)), (seed, row, name)
        units = np.full(len(node), 3)
        assert np.array_equal(departing.handling(np.arange(len(node)), units), expected.handling(node, units))
        later += bool(np.any(ship_day != book.ship_day))
    assert later > 20


def test_the_first_shipping_day_from_a_day_on() -> None:
    for seed in SEEDS:
        snapshot, _ = instance(seed)
        today = (snapshot.as_of.date() - np.datetime64(0, "D").item()).days
        closed = {(row.date, row.node_id) for row in snapshot.holidays if not row.carrier}
        for first in range(today, today + 12):
            node = np.arange(len(snapshot.nodes))
            found = rating.ship_days_from(snapshot.nodes, snapshot.holidays, node, np.full(len(node), first))
            for row, day in zip(snapshot.nodes, found.tolist(), strict=True):
                dates = [np.datetime64(number, "D").item() for number in range(first, first + 40)]
                ships = (
                    date
                    for date in dates
                    if date.weekday() in row.ships_on and not {(date, row.node_id), (date, "")} & closed
                )
                assert np.datetime64(day, "D").item() == next(ships)
