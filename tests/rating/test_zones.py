from decimal import Decimal

import numpy as np
import pytest
from rating_cases import all_lanes, book_of, card

from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order

MILE_KM = Decimal("1.609344")
USPS_BANDS_MILES = {"1": 50, "2": 150, "3": 300, "4": 600, "5": 1000, "6": 1400, "7": 1800}
"""Zones by distance, USPS Domestic Mail Manual 608.9: zone 1 up to 50 miles … zone 7 up to 1 800; beyond is zone 8."""
METRE_DEGREES = 360 / (2 * np.pi * 6_371_009)
"""Degrees of longitude of a metre along the equator."""


def tables(zones, services=(("c", "ground"),)):
    """Zone rules with a rate and a transit row for each zone of each service."""
    names = sorted({(zone.carrier, zone.zone) for zone in zones})
    rows = [(carrier, service, zone) for carrier, service in services for of, zone in names if of == carrier]
    return {
        "zones": zones,
        "services": [Service(carrier=carrier, service=service) for carrier, service in services],
        "rates": [Rate(carrier=c, service=s, zone=zone, max_weight_g=1000, price=Decimal(1)) for c, s, zone in rows],
        "transit": [Transit(carrier=c, service=s, zone=zone, days=1) for c, s, zone in rows],
    }


def band(zone, km, carrier="c"):
    return Zone(carrier=carrier, zone=zone, max_distance_km=Decimal(km))


def pair(zone, origin, destination, carrier="c"):
    return Zone(carrier=carrier, zone=zone, origin_prefix=origin, destination_prefix=destination)


def zone_names(zones, orders, nodes=None, **more):
    """Zone of each order from each node, by name; None = not offered."""
    book = book_of(orders=orders, nodes=nodes or [Node(node_id="n", lat=0.0, lon=0.0)], **{**tables(zones), **more})
    return [book.zone_names[zone] if zone >= 0 else None for zone in all_lanes(book).zone[:, 0]]


def at_metres(*metres):
    """Orders so many metres east of node n, which is at 0 N 0 E."""
    return [Order(order_id=f"{row}", lat=0.0, lon=m * METRE_DEGREES) for row, m in enumerate(metres)]


@pytest.mark.parametrize(
    ("origin", "destination", "zone"),
    [
        ((40.75, -73.99), (39.95, -75.16), "2"),  # New York to Philadelphia, 80 miles
        ((42.36, -71.06), (40.75, -73.99), "3"),  # Boston to New York, 190 miles
        ((40.75, -73.99), (41.88, -87.63), "5"),  # New York to Chicago, 712 miles
        ((40.75, -73.99), (34.05, -118.24), "8"),  # New York to Los Angeles, 2 446 miles
        ((40.75, -73.99), (40.69, -73.99), "1"),  # Manhattan to Brooklyn
    ],
)
def test_usps_zones_by_distance(origin, destination, zone):
    zones = [band(name, miles * MILE_KM) for name, miles in USPS_BANDS_MILES.items()] + [band("8", 99_999)]
    node = Node(node_id="n", lat=origin[0], lon=origin[1])
    assert zone_names(zones, [Order(order_id="o", lat=destination[0], lon=destination[1])], [node]) == [zone]


def test_a_band_includes_its_bound_and_not_a_metre_more():
    zones = [band("near", 241), band("far", "500.5")]
    found = zone_names(zones, at_metres(0, 241_000, 241_001, 500_500, 500_501))
    assert found == ["near", "near", "far", "far", None]


def test_bounds_are_compared_exactly_below_the_metre():
    # 10.000999 km is 10 000.999 m: 10 000 is within it, 10 001 is not; 10.0009999999 is no nearer to it.
    zones = [band("a", "10.000999"), band("b", "10.0009999999"), band("c", "10.001")]
    assert zone_names(zones, at_metres(10_000, 10_001, 10_002)) == ["a", "c", None]


def test_bands_are_taken_by_their_bound_whatever_their_names():
    zones = [band("1", 900), band("2", 30), band("3", 200), band("0", 200)]
    assert zone_names(zones, at_metres(30_000, 30_001, 200_001)) == ["2", "0", "1"], "equal bounds: the first name"


def test_an_unknown_place_is_in_the_band_that_reaches_it():
    nowhere = [Order(order_id="o")]
    assert zone_names([band("near", 20_000)], nowhere) == [None]
    assert zone_names([band("near", 20_000), band("any", "20015.115")], nowhere) == ["any"]


def test_prefix_pairs_win_over_bands_and_the_longest_wins():
    zones = [
        band("band", 10**6),
        pair("2+1", "10", "9"),
        pair("1+2", "1", "90"),
        pair("1+1", "1", "9"),
        pair("3+3", "100", "902"),
        pair("other", "2", "9"),
        pair("0+5", "2", "10001"),
    ]
    nodes = [Node(node_id="n", postal_code="10001", lat=0.0, lon=0.0)]
    codes = {"902": "3+3", "90210": "3+3", "90310": "2+1", "91": "2+1", "9": "2+1", "80210": "band", "": "band"}
    orders = [Order(order_id=f"{row}", postal_code=code) for row, code in enumerate(codes)]
    # 10|9 and 1|90 are both three characters long: the longer origin wins.
    assert zone_names(zones, orders, nodes) == list(codes.values())


def test_without_the_longer_pair_the_next_counts():
    zones = [pair("12", "1", "90"), pair("11", "1", "9")]
    nodes = [Node(node_id="n", postal_code="10001")]
    orders = [Order(order_id="a", postal_code="90001"), Order(order_id="b", postal_code="91001")]
    assert zone_names(zones, orders, nodes) == ["12", "11"]
    assert zone_names(zones, orders, [Node(node_id="n", postal_code="20001")]) == [None, None]


def test_prefixes_are_texts():
    zones = [pair("a", "0", "02"), pair("b", "SW1A ", "1e")]
    nodes = [Node(node_id="m", postal_code="02139"), Node(node_id="n", postal_code="SW1A 1AA")]
    orders = [
        Order(order_id="a", postal_code="02139"),
        Order(order_id="b", postal_code="1e5"),
        Order(order_id="c", postal_code="2139"),
    ]
    assert zone_names(zones, orders, nodes) == ["a", None, None, "b", None, None]


def test_carriers_have_their_own_rules_and_may_share_names():
    zones = [band("1", 100), band("2", 10**6), band("1", 10**6, "d"), pair("9", "1", "1", "d")]
    services = (("c", "ground"), ("d", "ground"))
    orders = [Order(order_id="a", lat=0.0, lon=5.0), Order(order_id="b", postal_code="1", lat=0.0, lon=0.0)]
    nodes = [Node(node_id="n", lat=0.0, lon=0.0, postal_code="1")]
    book = book_of(orders=orders, nodes=nodes, **tables(zones, services))
    assert book.zone_names == ("1", "2", "9")
    assert all_lanes(book).zone.tolist() == [[1, 0], [0, 2]]


def lanes_without(table):
    given = tables([band("1", 100), band("2", 10**6)])
    given[table] = [row for row in given[table] if row.zone != "2"]
    book = book_of(orders=at_metres(0, 200_000), nodes=[Node(node_id="n", lat=0.0, lon=0.0)], **given)
    return all_lanes(book)


@pytest.mark.parametrize("table", ["zones", "rates", "transit"])
def test_a_lane_without_a_zone_a_rate_or_a_transit_row_is_not_offered(table):
    lanes = lanes_without(table)
    assert lanes.zone.tolist() == [[0], [-1]]
    assert (lanes.delivery_day[:, 0] == -1).tolist() == [False, True]
    assert lanes.late_days.tolist() == [[0], [0]]


def test_a_pair_whose_zone_has_no_rate_hides_the_band():
    zones = [band("1", 10**6), pair("X", "1", "9")]
    given = tables(zones)
    given["rates"] = [row for row in given["rates"] if row.zone != "X"]
    orders = [Order(order_id="a", postal_code="9"), Order(order_id="b", postal_code="8")]
    book = book_of(orders=orders, nodes=[Node(node_id="n", postal_code="1")], **given)
    assert all_lanes(book).zone[:, 0].tolist() == [-1, 0]


def test_a_service_is_offered_at_its_nodes_and_to_its_service_level_only():
    given = card()
    service = given["services"][0]
    given["services"] = [
        service,
        Service(carrier="c", service="here", nodes=("m",)),
        Service(carrier="c", service="quick", service_level="express"),
    ]
    for name in ("rates", "transit"):
        row = given[name][0]
        kind = type(row)
        values = {field: getattr(row, field) for field in row.__dataclass_fields__}
        given[name] = [kind(**{**values, "service": each.service}) for each in given["services"]]
    orders = [
        Order(order_id="any"),
        Order(order_id="express", service_level="express"),
        Order(order_id="unheard of", service_level="rocket"),
    ]
    book = book_of(orders=orders, nodes=[Node(node_id="m"), Node(node_id="n")], **given)
    assert book.service_names == [("c", "ground"), ("c", "here"), ("c", "quick")]
    offered = all_lanes(book).zone >= 0
    assert offered.tolist() == [
        [True, True, True],
        [True, False, True],
        [False, False, True],
        [False, False, True],
        [False, False, False],
        [False, False, False],
    ]


def startswith_zone(rules, origin, destination):
    """The rule in one line: longest origin + destination, then the longer origin, then the first."""
    fits = [rule for rule in rules if origin.startswith(rule[0]) and destination.startswith(rule[1])]
    return max(fits, key=lambda rule: (len(rule[0] + rule[1]), len(rule[0])), default=(None, None, None))[2]


@pytest.mark.parametrize("seed", range(12))
def test_random_prefixes_agree_with_trying_every_rule(seed):
    random = np.random.default_rng(seed)
    texts = lambda count, longest: [  # noqa: E731
        "".join(random.choice(["0", "1"], int(random.integers(0, longest + 1)))) for _ in range(count)
    ]
    keys = sorted(set(zip(texts(40, 4), texts(40, 4), strict=True)) - {("", "")})
    rules = [(origin, destination, f"z{row:02d}") for row, (origin, destination) in enumerate(keys)]
    codes = texts(60, 6)
    nodes = [Node(node_id=f"{row:02d}", postal_code=code) for row, code in enumerate(texts(15, 6))]
    orders = [Order(order_id=f"{row:02d}", postal_code=code) for row, code in enumerate(codes)]
    found = zone_names([pair(zone, origin, destination) for origin, destination, zone in rules], orders, nodes)
    expected = [startswith_zone(rules, node.postal_code, order.postal_code) for order in orders for node in nodes]
    assert found == expected
