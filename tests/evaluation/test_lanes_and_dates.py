"""Known values of distances, zones and dates, each with its reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import floor
from random import Random

import pytest
from geopy.distance import great_circle
from good_plan import NODES, ORDERS, SERVICES, good_snapshot

from quartermaster.domain.carriers import Service, Zone
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.evaluation.dates import delivery_date, ship_date
from quartermaster.evaluation.lanes import UNKNOWN_PLACE_M, distance_m, zone_of
from quartermaster.evaluation.records import records_of


def _node(lat, lon, **given):
    return Node(node_id="N", lat=lat, lon=lon, **given)


def _order(lat, lon, **given):
    return Order(order_id="O", lat=lat, lon=lon, **given)


@pytest.mark.parametrize(
    ("origin", "destination", "metres"),
    [
        ((0.0, 0.0), (0.0, 1.0), 111_195),  # pi / 180 * 6 371 009
        ((0.0, 0.0), (90.0, 0.0), 10_007_558),  # a quarter: pi / 2 * 6 371 009 = 10 007 557.53
        ((0.0, 0.0), (0.0, 180.0), 20_015_115),  # half: pi * 6 371 009 = 20 015 115.07
        ((0.0, 179.5), (0.0, -179.5), 111_195),  # over the date line
        (
            (41.49008, -71.312796),
            (41.499498, -81.695391),
            864_214,
        ),  # Newport to Cleveland: 536.997990696 miles in geopy's docs
        ((10.0, 20.0), (10.0, 20.0), 0),
    ],
)
def test_distance_is_the_great_circle_rounded_to_the_metre(origin, destination, metres):
    assert distance_m(_node(*origin), _order(*destination)) == metres


def test_an_unknown_place_is_half_the_earth_away_from_anywhere():
    known, unknown = (1.0, 2.0), (None, None)
    assert distance_m(_node(*unknown), _order(*known)) == UNKNOWN_PLACE_M == 20_015_115
    assert distance_m(_node(*known), _order(*unknown)) == UNKNOWN_PLACE_M
    assert distance_m(_node(*unknown), _order(*unknown)) == UNKNOWN_PLACE_M


def _zone(zones, origin="", destination="", metres=0):
    records = records_of(replace(good_snapshot(), zones=zones))
    node, order = replace(NODES[0], postal_code=origin), replace(ORDERS[0], postal_code=destination)
    return zone_of(records, "post", node, order, metres)


def _band(zone, bound_km):
    return Zone(carrier="post", zone=zone, max_distance_km=Decimal(bound_km))


def _pair(zone, origin, destination):
    return Zone(carrier="post", zone=zone, origin_prefix=origin, destination_prefix=destination)


@pytest.mark.parametrize(
    ("metres", "zone"),
    [(0, "near"), (150_000, "near"), (150_001, "far"), (400_500, "far"), (400_501, None)],
)
def test_a_band_reaches_up_to_its_bound(metres, zone):
    assert _zone([_band("far", "400.5"), _band("near", "150")], metres=metres) == zone


def test_a_pair_of_prefixes_wins_over_bands_even_without_a_place():
    zones = [_band("band", "30000"), _pair("pair", "1", "2")]
    assert _zone(zones, "10001", "20001", 5) == "pair"
    assert _zone(zones, "10001", "30001", 5) == "band"
    assert _zone(zones, "", "20001", 5) == "band"


def test_the_longest_pair_wins_then_the_longer_origin():
    zones = [_pair("1+3", "1", "200"), _pair("2+1", "10", "2"), _pair("2+2", "10", "20"), _pair("3+1", "100", "2")]
    assert _zone(zones, "10001", "20001") == "3+1"  # four characters like 1+3 and 2+2, the longer origin
    assert _zone(zones[:3], "10001", "20001") == "2+2"
    assert _zone(zones, "19000", "20001") == "1+3"


def test_a_prefix_may_be_the_whole_postal_code_or_one_end_of_any():
    zones = [_pair("whole", "10001", "20001"), _pair("from anywhere", "", "2"), _pair("3+3", "100", "200")]
    assert _zone(zones, "10001", "20001") == "whole"
    assert _zone(zones, "10002", "20001") == "3+3"
    assert _zone(zones, "", "20001") == "from anywhere"


def test_another_carriers_zones_do_not_count():
    assert _zone([Zone(carrier="van", zone="X", max_distance_km=Decimal(900))], metres=1) is None


NEW_YORK = _node(0.0, 0.0, timezone="America/New_York", cutoff=time(14, 0))
BY_NIGHT = replace(NEW_YORK, cutoff=time(1, 30), ships_on=frozenset(range(7)))


@pytest.mark.parametrize(
    ("node", "as_of", "shipped"),
    [
        # 18:00 UTC is 14:00 in New York in summer: still in time, to the last second of that minute.
        (NEW_YORK, "2026-09-03T18:00:59+00:00", "2026-09-03"),
        (NEW_YORK, "2026-09-03T18:01:00+00:00", "2026-09-04"),
        # The same instant written with another offset.
        (NEW_YORK, "2026-09-04T03:01:00+09:00", "2026-09-04"),
        # In winter 18:30 UTC is 13:30.
        (NEW_YORK, "2026-12-03T18:30:00+00:00", "2026-12-03"),
        # Saturday: its next ship day is Monday whatever the hour.
        (NEW_YORK, "2026-09-12T12:00:00+00:00", "2026-09-14"),
        # Late on Wednesday in UTC it is Thursday morning in Tokyo.
        (_node(0.0, 0.0, timezone="Asia/Tokyo"), "2026-09-02T23:30:00+00:00", "2026-09-03"),
        # Autumn night of 1 November: 01:15 in New York happens twice (05:15 and 06:15 UTC); both meet 01:30.
        (BY_NIGHT, "2026-11-01T05:15:00+00:00", "2026-11-01"),
        (BY_NIGHT, "2026-11-01T06:15:00+00:00", "2026-11-01"),
        (BY_NIGHT, "2026-11-01T06:31:00+00:00", "2026-11-02"),
        # Spring night of 8 March: 02:30 never comes; 07:00 UTC is 03:00, after it.
        (replace(BY_NIGHT, cutoff=time(2, 30)), "2026-03-08T06:59:00+00:00", "2026-03-08"),
        (replace(BY_NIGHT, cutoff=time(2, 30)), "2026-03-08T07:00:00+00:00", "2026-03-09"),
        # Only on Wednesdays, and the next one is a holiday: the one after.
        (replace(NEW_YORK, ships_on=frozenset({2})), "2026-12-17T12:00:00+00:00", "2026-12-30"),
        (NEW_YORK, "2026-12-23T20:00:00+00:00", "2026-12-24"),
    ],
)
def test_ship_date(node, as_of, shipped):
    holidays = {date(2026, 12, 23), date(2026, 12, 25)}
    assert ship_date(node, holidays, datetime.fromisoformat(as_of)) == date.fromisoformat(shipped)


def test_a_node_without_ship_days_never_ships():
    assert ship_date(replace(NEW_YORK, ships_on=frozenset()), set(), datetime(2026, 9, 3, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("delivers_on", "shipped", "days", "delivered"),
    [
        ("mon-fri", "2026-09-03", 1, "2026-09-04"),
        ("mon-fri", "2026-09-04", 1, "2026-09-08"),  # over the weekend and the holiday of Monday 7
        ("mon-sat", "2026-09-04", 1, "2026-09-05"),
        ("mon-sat", "2026-09-04", 2, "2026-09-08"),
        ("mon-sun", "2026-09-04", 2, "2026-09-06"),
        ("mon-sun", "2026-09-04", 3, "2026-09-08"),
        ("mon-fri", "2026-09-04", 0, "2026-09-04"),
        ("mon-fri", "2026-09-05", 0, "2026-09-08"),  # shipped on a Saturday, delivered on the next delivery day
        ("mon-sun", "2026-09-07", 0, "2026-09-08"),
        ("mon-fri", "2026-09-05", 1, "2026-09-08"),
        ("mon-fri", "2026-09-01", 10, "2026-09-16"),
    ],
)
def test_delivery_date(delivers_on, shipped, days, delivered):
    service = Service(carrier="post", service="ground", delivers_on=delivers_on)
    found = delivery_date(service, {date(2026, 9, 7)}, date.fromisoformat(shipped), days)
    assert found == date.fromisoformat(delivered)


def test_a_holiday_of_a_node_or_carrier_is_its_own_and_one_of_neither_is_everybodys():
    records = records_of(good_snapshot())
    everywhere = date(2026, 9, 7)
    assert records.node_holidays["N3"] == {date(2026, 9, 5), everywhere}
    assert records.node_holidays["N1"] == {everywhere}
    assert records.carrier_holidays == {"post": {date(2026, 9, 9), everywhere}, "van": {everywhere}}
    assert {service.carrier for service in SERVICES} == set(records.carrier_holidays)


def test_distances_are_geopys_to_the_metre():
    rng = Random(5)
    near_a_half = 0
    for number in range(20_000):
        lat, lon = rng.uniform(-90, 90), rng.uniform(-179, 179)
        # anywhere, next door, and near the antipode
        places = ((rng.uniform(-90, 90), rng.uniform(-180, 180)), (lat, lon + 0.01), (-lat, lon - 179.9 * (lon > 0)))
        here, there = _node(lat, lon), _order(*places[number % 3])
        metres = great_circle((here.lat, here.lon), (there.lat, there.lon)).meters
        near_a_half += abs(metres % 1 - 0.5) < 1e-4
        assert distance_m(here, there) == floor(metres + 0.5)
    assert near_a_half
