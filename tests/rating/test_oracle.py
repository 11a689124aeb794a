"""The rate book against a naive writing of interface section 3: one shipment at a time, fractions and loops only."""

import math
from collections import Counter
from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from geopy.distance import great_circle
from rating_cases import iso
from rating_networks import draw_network, draw_shipments

from quartermaster.rating import rate_book

DELIVERS = {"mon-fri": 5, "mon-sat": 6, "mon-sun": 7}
PER_NETWORK = 150


def rounded(value):
    return math.floor(Fraction(value) + Fraction(1, 2))


def metres(node, order):
    if None in (node.lat, node.lon, order.lat, order.lon):
        return 20_015_115
    return rounded(great_circle((node.lat, node.lon), (order.lat, order.lon)).m)


def zone(snapshot, carrier, node, order, distance):
    mine = [rule for rule in snapshot.zones if rule.carrier == carrier]
    pairs = [
        (len(rule.origin_prefix) + len(rule.destination_prefix), len(rule.origin_prefix), rule)
        for rule in mine
        if rule.max_distance_km is None
        and node.postal_code.startswith(rule.origin_prefix)
        and order.postal_code.startswith(rule.destination_prefix)
    ]
    if pairs:
        best = max(pair[:2] for pair in pairs)
        return min(pair[2].zone for pair in pairs if pair[:2] == best)
    bands = [
        (rule.max_distance_km, rule.zone)
        for rule in mine
        if rule.max_distance_km is not None and distance <= rule.max_distance_km * 1000
    ]
    return min(bands)[1] if bands else None


def closed(snapshot, day, **whose):
    rows = [holiday for holiday in snapshot.holidays if holiday.date == day]
    ((column, value),) = whose.items()
    return any(not (row.node_id or row.carrier) or getattr(row, column) == value for row in rows)


def shipped(snapshot, node):
    local = snapshot.as_of.astimezone(ZoneInfo(node.timezone))
    day = local.date() + timedelta(days=f"{local:%H:%M}" > f"{node.cutoff:%H:%M}")
    while day.weekday() not in node.ships_on or closed(snapshot, day, node_id=node.node_id):
        day += timedelta(days=1)
    return day


def delivered(snapshot, service, ship_date, days):
    def is_delivery_day(day):
        return day.weekday() < DELIVERS[service.delivers_on] and not closed(snapshot, day, carrier=service.carrier)

    day = ship_date if days == 0 else ship_date + timedelta(days=1)
    left = max(days, 1)
    while True:
        left -= is_delivery_day(day)
        if left == 0:
            return day
        day += timedelta(days=1)


def transport(snapshot, service, name, residential, weight, volume):
    """(micro, parcels, billable grams); micro and parcels are -1 and 0 where not carried."""
    billable = weight
    if service.dim_divisor_cm3_per_kg is not None and Fraction(volume, 1000) > Fraction(service.dim_above_cm3):
        billable = max(billable, math.ceil(Fraction(volume) / Fraction(service.dim_divisor_cm3_per_kg)))
    steps = [
        (rate.max_weight_g, rate.price)
        for rate in snapshot.rates
        if (rate.carrier, rate.service, rate.zone) == (service.carrier, service.service, name)
    ]
    for parcels in range(1, service.max_parcels + 1):
        each = math.ceil(Fraction(billable, parcels))
        fits = [step for step in steps if each <= step[0]]
        if fits:
            money = parcels * (Fraction(min(fits)[1]) + residential * Fraction(service.residential_surcharge))
            return rounded(money * (1 + Fraction(service.fuel_surcharge)) * 10**6), parcels, billable
    return -1, 0, billable


def expected(snapshot, policy, order, node, service, load):
    """Every figure of one shipment, or None for a lane that is not offered."""
    distance = metres(node, order)
    name = zone(snapshot, service.carrier, node, order, distance)
    key = (service.carrier, service.service, name)
    days = [row.days for row in snapshot.transit if (row.carrier, row.service, row.zone) == key]
    carded = any((row.carrier, row.service, row.zone) == key for row in snapshot.rates)
    here = not service.nodes or node.node_id in service.nodes
    level = order.service_level in ("", service.service_level)
    if not (name is not None and days and carded and here and level):
        return distance, None
    arrival = delivered(snapshot, service, shipped(snapshot, node), days[0])
    late = max((arrival - order.promise_date).days, 0) if order.promise_date else 0
    units = load.total()
    weights = policy.objective
    per_km = Fraction(distance, 1000) * 10**6
    return distance, {
        "zone": name,
        "delivery": arrival.isoformat(),
        "late_days": late,
        "handling": rounded((Fraction(node.cost_per_shipment) + units * Fraction(node.cost_per_unit)) * 10**6),
        "distance": rounded(Fraction(weights.cost_per_shipment_km) * per_km)
        + rounded(Fraction(weights.cost_per_unit_km) * units * per_km),
        "late": rounded(Fraction(policy.service.cost_per_late_day) * late * 10**6)
        if policy.service.late == "price"
        else 0,
    }


def volume_of(product):
    sides = (product.length_mm, product.width_mm, product.height_mm)
    return 0 if None in sides else math.prod(sides)


@pytest.mark.parametrize("seed", range(40))
def test_every_figure_of_random_shipments(seed):
    snapshot, policy = draw_network(seed)
    orders, nodes, services = list(snapshot.orders), list(snapshot.nodes), list(snapshot.services)
    weight = {product.sku: product.weight_g for product in snapshot.products}
    volume = {product.sku: volume_of(product) for product in snapshot.products}
    book = rate_book(snapshot, policy)
    drawn = draw_shipments(snapshot, PER_NETWORK, seed)
    lanes = book.lanes(drawn.order, drawn.node)
    each = np.arange(PER_NETWORK)
    zones = lanes.zone[each, drawn.service]
    grams, mm3, units = drawn.total(weight), drawn.total(volume), drawn.units
    priced = book.transport(drawn.service, zones, book.residential[drawn.order], grams, mm3)
    handling, way = book.handling(drawn.node, units), book.distance_cost(lanes.distance_m, units)
    late_days = lanes.late_days[each, drawn.service]
    late = book.late_cost(late_days)
    for row, load in enumerate(drawn.loads):
        order, node = orders[drawn.order[row]], nodes[drawn.node[row]]
        service = services[drawn.service[row]]
        distance, lane = expected(snapshot, policy, order, node, service, load)
        assert lanes.distance_m[row] == distance
        if lane is None:
            assert (zones[row], late_days[row], priced.micro[row], priced.parcels[row]) == (-1, 0, -1, 0)
            continue
        found = {
            "zone": book.zone_names[zones[row]],
            "delivery": iso(lanes.delivery_day[row, drawn.service[row]]),
            "late_days": late_days[row],
            "handling": handling[row],
            "distance": way[row],
            "late": late[row],
        }
        assert found == lane
        carried = transport(snapshot, service, lane["zone"], order.residential, grams[row].item(), mm3[row].item())
        assert (priced.micro[row], priced.parcels[row], priced.billable_g[row]) == carried


def test_the_networks_reach_every_corner():
    """Guards the tests above: a generator that no longer draws a case would let it pass unseen."""
    seen = Counter()
    for seed in range(40):
        snapshot, policy = draw_network(seed)
        book = rate_book(snapshot, policy)
        drawn = draw_shipments(snapshot, PER_NETWORK, seed)
        lanes = book.lanes(drawn.order, drawn.node)
        zones = lanes.zone[np.arange(PER_NETWORK), drawn.service]
        weight = drawn.total({product.sku: product.weight_g for product in snapshot.products})
        volume = drawn.total({product.sku: volume_of(product) for product in snapshot.products})
        priced = book.transport(drawn.service, zones, book.residential[drawn.order], weight, volume)
        seen += Counter(
            {
                "not offered": int((zones < 0).sum()),
                "too heavy": int(((zones >= 0) & (priced.parcels == 0)).sum()),
                "one parcel": int((priced.parcels == 1).sum()),
                "several parcels": int((priced.parcels > 1).sum()),
                "dimensional": int(((priced.billable_g > weight) & (priced.parcels > 0)).sum()),
                "late": int((lanes.late_days > 0).sum()),
                "unknown place": int((lanes.distance_m == 20_015_115).sum()),
                "prefix zone": sum(carrier.pair_zone.max() >= 0 for carrier in book.carriers),
                "same place": int((lanes.distance_m == 0).sum()),
            }
        )
    assert {case: count for case, count in seen.items() if count < 20} == {}
    assert len(seen) == 9
