"""Postal codes become coordinates; what is not known stays unknown."""

import math
from datetime import UTC, datetime

import pytest

from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import places as io_places
from quartermaster.io import ready


def place_of(**order):
    snapshot = Snapshot(
        as_of=datetime(2026, 11, 2, tzinfo=UTC),
        currency="USD",
        orders=[Order(order_id="o", **order)],
        order_lines=[OrderLine(order_id="o", line_id="1", sku="s", quantity=1)],
        products=[Product(sku="s", weight_g=1)],
        nodes=[Node(node_id="n", postal_code="60601")],
        inventory=[Inventory(node_id="n", sku="s", on_hand=1)],
    )
    held = ready(snapshot)
    codes = {warning.code for warning in held.warnings} - {"calendar_missing"}
    return float(held.orders["lat"][0]), float(held.orders["lon"][0]), codes


# Census ZCTA gazetteer, rounded: 10001 is Chelsea in Manhattan, 99950 Ketchikan, 00601 Adjuntas in Puerto Rico.
@pytest.mark.parametrize(
    ("order", "lat", "lon"),
    [
        ({"postal_code": "10001"}, 40.75, -74.0),
        ({"postal_code": "10001-0042"}, 40.75, -74.0),
        ({"postal_code": "99950"}, 55.5, -132.0),
        ({"postal_code": "00601", "country": "PR"}, 18.2, -66.7),
        ({"postal_code": "00601"}, 18.2, -66.7),
        ({"postal_code": "10001", "lat": 34.0, "lon": -118.0}, 34.0, -118.0),
    ],
)
def test_known_places(order, lat, lon):
    found = place_of(**order)
    assert found[0] == pytest.approx(lat, abs=1.0)
    assert found[1] == pytest.approx(lon, abs=1.0)
    assert found[2] == set()


@pytest.mark.parametrize(
    ("order", "warned"),
    [
        ({}, set()),
        ({"postal_code": "00000"}, {"postcode_unknown"}),
        ({"postal_code": "09001"}, {"postcode_unknown"}),  # a military post office, which the data put at 0, 0
        ({"postal_code": "10115", "country": "DE"}, {"postcode_unknown"}),  # New York's Manhattan in US ZIP codes
        ({"postal_code": "K1A 0B1", "country": "CA"}, {"postcode_unknown"}),
    ],
)
def test_unknown_places(order, warned):
    lat, lon, codes = place_of(**order)
    assert math.isnan(lat)
    assert math.isnan(lon)
    assert codes == warned


def test_few_and_many_codes_are_looked_up_alike():
    few = ["00601", "02139", "10001", "60601", "90210", "99950", "09001", "00000"]
    one_by_one = io_places.zip_centroids(few)
    every = io_places._every_centroid()
    assert one_by_one == {code: every[code] for code in few if code in every}
    assert len(one_by_one) == 6
    assert len(every) > 40_000
    assert all(-90 < lat < 90 and (lat, lon) != (0, 0) for lat, lon in every.values())
