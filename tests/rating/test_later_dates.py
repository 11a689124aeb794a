"""Dates of shipments that leave later: worked by hand, and rating equal to evaluation on random calendars."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from instances import small_instance
from rating_cases import book_of, card, iso, snapshot_of

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.evaluation.dates import delivery_date, later_ship_date, ship_date
from quartermaster.evaluation.records import records_of
from quartermaster.policy import Policy
from quartermaster.rating import later_dates, rate_book
from quartermaster.rating.calendars import NO_DAY, ship_days_from

EPOCH = date(1970, 1, 1)


def number(day: date) -> int:
    return (day - EPOCH).days


@pytest.mark.parametrize(
    ("first", "shipped"),
    [
        ("2026-06-12", "2026-06-12"),  # a Friday
        ("2026-06-13", "2026-06-16"),  # a Saturday; Monday is a holiday of the node
        ("2026-06-15", "2026-06-16"),
        ("2026-06-17", "2026-06-17"),
    ],
)
def test_the_first_ship_day_on_or_after_a_day(first: str, shipped: str) -> None:
    node = Node(node_id="n")
    snapshot = snapshot_of(nodes=[node], holidays=[Holiday(date=date(2026, 6, 15), node_id="n")])
    day = np.array([number(date.fromisoformat(first))])
    found = ship_days_from(snapshot.nodes, snapshot.holidays, np.array([0]), day)
    assert iso(found[0]) == shipped
    assert later_ship_date(node, {date(2026, 6, 15)}, date.fromisoformat(first)) == date.fromisoformat(shipped)


def test_a_node_without_any_ship_day_never_ships_later() -> None:
    node = Node(node_id="n", ships_on=frozenset())
    snapshot = snapshot_of(nodes=[node])
    found = ship_days_from(snapshot.nodes, snapshot.holidays, np.array([0]), np.array([20_000]))
    assert found.tolist() == [NO_DAY]
    assert later_ship_date(node, set(), date(2026, 6, 15)) is None


def test_no_days_at_all() -> None:
    book = book_of(nodes=[Node(node_id="n")], **card())
    later = later_dates(snapshot_of(nodes=[Node(node_id="n")], **card()), book)
    none = np.zeros(0, dtype=np.int64)
    assert later.ship_day(none, none).shape == (0,)
    assert later.delivery_day(np.zeros((0, 1), dtype=np.int32), none).shape == (0, 1)


@pytest.mark.parametrize("seed", range(3000, 3060))
def test_rating_equals_evaluation(seed: int) -> None:
    """Every node, service and zone with a transit time, from random days around the instant on."""
    snapshot, _ = small_instance(seed)
    records = records_of(snapshot)
    book = rate_book(snapshot, Policy())
    later = later_dates(snapshot, book)
    rng = Random(seed)
    node = np.array([rng.randrange(len(snapshot.nodes)) for _ in range(60)])
    arrives = [snapshot.as_of.date() + timedelta(days=rng.randint(-4, 40)) for _ in node]
    shipped = later.ship_day(node, np.array([number(day) for day in arrives]))
    zone = np.array([[rng.randrange(-1, len(book.zone_names)) for _ in book.service_names] for _ in node])
    delivered = later.delivery_day(zone, shipped)
    node_ids = snapshot.nodes["node_id"].tolist()
    for row, first in enumerate(arrives):
        held = records.nodes[node_ids[node[row]]]
        closed = records.node_holidays[held.node_id]
        soonest = ship_date(held, closed, snapshot.as_of)
        assert soonest is not None  # every node of these instances ships on some day
        expected = later_ship_date(held, closed, max(first, soonest))
        assert expected is not None
        assert iso(shipped[row]) == expected.isoformat()
        for index, (carrier, name) in enumerate(book.service_names):
            if zone[row, index] < 0:
                assert delivered[row, index] == NO_DAY
            elif not len(snapshot.services):
                assert delivered[row, index] == shipped[row]
            elif (days := records.transit.get((carrier, name, book.zone_names[zone[row, index]]))) is not None:
                service = records.services[carrier, name]
                day = delivery_date(service, records.carrier_holidays[carrier], expected, days)
                assert iso(delivered[row, index]) == day.isoformat()
