"""Random networks for tests: products, nodes, stock and carriers, over every feature of the contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from quartermaster.domain.carriers import Holiday, Rate, Service, Transit, Zone
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.outlook import Replenishment

ZIPS = ("10001", "02139", "60601", "90001", "77002", "98101", "30303", "33101", "80202", "55401", "96701")
"""ZIP codes with a known centroid, from New York to Hawaii."""
POINTS = (
    (40.7484, -73.9967),
    (41.8858, -87.6181),
    (33.9731, -118.2479),
    (39.1, -94.58),
    (19.43, -99.13),
    (-33.86, 151.2),
)
"""Coordinates, two of them far from any ZIP code."""
SKUS = ("00123", "1e5", "NA", "null", "TRUE", "shirt blue", "été", "../x")
"""Texts that careless readers turn into numbers, missing values, booleans or paths."""
NODE_IDS = ("07", "N1", "östersund", "store 9", "10", "nan", "Z", "a/b", "W-2", "W-10", "7e1", "vendor")
ZONES = ("1", "2", "08", "remote")
BREAKS = (400, 500, 999, 1000, 1500, 2000, 3500, 6000, 20_000)
CARRIERS = ("USPS", "fast & co")
SERVICES = ("ground", "air")
LEVELS = ("std", "express")
SHIPPING_DAYS = ("mon-fri", "mon-sat", "mon-sun")


@dataclass(frozen=True, slots=True)
class Size:
    """How large an instance is drawn."""

    orders: tuple[int, ...]
    nodes: tuple[int, ...]
    skus: int
    lines: tuple[int, ...]
    quantities: tuple[int, ...]
    enumerable: int
    """Most ways to spread one order over the nodes; 0 = no limit."""


def draw_products(rng: Random, size: Size) -> list[Product]:
    heavy = rng.random() < 0.2
    products = []
    for sku in rng.sample(SKUS, min(size.skus, len(SKUS))) if size.skus <= len(SKUS) else _many(size.skus, "sku"):
        weight = rng.choice((50, 250, 333, 400, 500, 777, 1000)) * (3 if heavy and rng.random() < 0.6 else 1)
        sides: list[int | None] = [rng.choice((40, 100, 155, 250, 301, 480)) for _ in range(3)]
        if rng.random() < 0.35:
            sides = [None, None, None]
        elif rng.random() < 0.15:
            sides[rng.randrange(3)] = rng.choice((None, 0))
        products.append(
            Product(sku=sku, weight_g=weight, length_mm=sides[0], width_mm=sides[1], height_mm=sides[2], labels=("x",))
        )
    return products


def draw_nodes(rng: Random, size: Size) -> list[Node]:
    count = rng.choice(size.nodes)
    ids = rng.sample(NODE_IDS, count) if count <= len(NODE_IDS) else _many(count, "node")
    capacity = rng.random() < 0.35
    opening = rng.random() < 0.4
    far_apart = rng.random() < 0.8
    zips = ZIPS if far_apart else ZIPS[:2]
    nodes = []
    for node_id in ids:
        node = Node(
            node_id=node_id,
            kind=rng.choice(("dc", "store", "vendor")),
            timezone=rng.choice(("UTC", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Auckland")),
            cutoff=rng.choice((time(23, 59), time(14, 0), time(1, 30), time(2, 30), time(0, 0))),
            ships_on=frozenset(rng.choice(((0, 1, 2, 3, 4), range(6), range(7), range(7), (0, 2, 4), (5, 6)))),
            max_shipments=rng.choice((None, None, None, 0, 1, 1, 2, 3)) if capacity else None,
            max_units=rng.choice((None, None, None, 0, 1, 2, 3, 5)) if capacity else None,
            cost_per_shipment=Decimal(rng.choice(("0", "0.5", "1.25", "2.333333"))),
            cost_per_unit=Decimal(rng.choice(("0", "0.1", "0.423", "0.999999"))),
            opening_cost=Decimal(rng.choice(("0", "0.75", "4", "12.000001"))) if opening else Decimal(0),
            priority=rng.choice((100, 100, 100, 1, 50)),
            enabled=rng.random() > 0.04,
            labels=("west",) if rng.random() < 0.2 else (),
        )
        nodes.append(_placed(rng, node, zips))
    if count > 1 and rng.random() < 0.15:  # twins: everything is a tie, to the last micro
        nodes[1] = replace(nodes[0], node_id=nodes[1].node_id)
    return nodes


def _placed(rng: Random, node: Node, zips: tuple[str, ...]) -> Node:
    kind = rng.random()
    if kind < 0.65:
        return replace(node, postal_code=rng.choice(zips))
    if kind < 0.9:
        lat, lon = rng.choice(POINTS)
        return replace(node, lat=lat, lon=lon, postal_code=rng.choice(("", *ZIPS)))
    return replace(node, postal_code="K1A 0B1", country="CA") if kind < 0.95 else node


def draw_inventory(rng: Random, products: list[Product], nodes: list[Node], demand: dict[str, int]) -> list[Inventory]:
    """Draw stock around the demand, so that most SKUs are contested somewhere and some are ample."""
    rows = []
    carried = rng.choice((0.7, 0.9, 1.0))
    plenty = rng.random() < 0.1
    for product in products:
        wanted = demand.get(product.sku, 1)
        scarce = rng.random() < 0.6
        for node in nodes:
            if rng.random() > carried:
                continue
            on_hand = (
                rng.randint(rng.choice((0, 1)), max(1, (wanted + 1) // 2)) if scarce else rng.randint(1, wanted + 2)
            )
            rows.append(
                Inventory(
                    node_id=node.node_id,
                    sku=product.sku,
                    on_hand=on_hand + (1000 if plenty else 0),
                    safety_stock=rng.choice((0, 0, 0, 0, 0, 0, 1)),
                    reserved=rng.choice((0, 0, 0, 0, 0, 0, 0, 1, 7)),
                )
            )
    return rows


def draw_carriers(rng: Random, nodes: list[Node]) -> tuple[list[Service], list[Zone], list[Rate], list[Transit]]:
    """Draw one or two carriers of one or two services; in one of twelve instances none at all."""
    services: list[Service] = []
    zones: list[Zone] = []
    rates: list[Rate] = []
    transit: list[Transit] = []
    if rng.random() < 1 / 12:
        return services, zones, rates, transit
    for carrier in rng.sample(CARRIERS, rng.choice((1, 2))):
        lanes = _zones(rng, carrier, nodes)
        zones += lanes
        names = sorted({zone.zone for zone in lanes})
        for service in rng.sample(SERVICES, rng.choice((1, 1, 2))):
            services.append(_service(rng, carrier, service, nodes))
            priced = [name for name in names if rng.random() > 0.04] or names[:1]
            timed = [name for name in names if rng.random() > 0.04] or names[:1]
            for zone in priced:
                rates += _rates(rng, carrier, service, zone, fast=service == "air")
            for zone in timed:
                days = rng.choice((0, 1, 1, 2)) if service == "air" else rng.choice((1, 2, 3, 4, 6))
                transit.append(Transit(carrier=carrier, service=service, zone=zone, days=days))
    return services, zones, rates, transit


def _service(rng: Random, carrier: str, service: str, nodes: list[Node]) -> Service:
    dimensional = rng.random() < 0.45
    offered = rng.sample(nodes, rng.randint(1, len(nodes))) if rng.random() < 0.15 else []
    return Service(
        carrier=carrier,
        service=service,
        service_level=rng.choice(("", "std", *LEVELS)),
        dim_divisor_cm3_per_kg=Decimal(rng.choice(("5000", "6000", "5018.4217", "999.5"))) if dimensional else None,
        dim_above_cm3=Decimal(rng.choice(("0", "0", "1728.5", "20000"))),
        max_parcels=rng.choice((1, 1, 2, 3)),
        fuel_surcharge=Decimal(rng.choice(("0", "0", "0.15", "0.123456789", "1"))),
        residential_surcharge=Decimal(rng.choice(("0", "0", "1.75", "0.000001", "3.1"))),
        delivers_on=rng.choice(SHIPPING_DAYS),
        nodes=tuple(node.node_id for node in offered),
    )


def _zones(rng: Random, carrier: str, nodes: list[Node]) -> list[Zone]:
    rows: dict[tuple[str, str, Decimal | None], Zone] = {}
    bounds = rng.sample(("0", "306.5", "1500", "2999.999", "4500"), rng.randint(1, 3))
    if rng.random() < 0.85:
        bounds.append("20015.115")
    for bound in bounds:
        band = Decimal(bound)
        rows["", "", band] = Zone(carrier=carrier, zone=rng.choice(ZONES), max_distance_km=band)
    if rng.random() < 0.35:
        for _ in range(rng.randint(1, 4)):
            origin = (rng.choice(nodes).postal_code or "K1")[: rng.randint(1, 4)]
            destination = rng.choice(ZIPS)[: rng.randint(1, 4)]
            pair = Zone(carrier=carrier, zone=rng.choice(ZONES), origin_prefix=origin, destination_prefix=destination)
            rows[origin, destination, None] = pair
    return list(rows.values())


def _rates(rng: Random, carrier: str, service: str, zone: str, *, fast: bool) -> list[Rate]:
    breaks = sorted(rng.sample(BREAKS, rng.randint(2, 5)))
    falling = rng.random() < 0.12
    price = Decimal(rng.randint(200, 900)).scaleb(-2) + ZONES.index(zone) * Decimal("1.137")
    rows = []
    for max_weight_g in breaks:
        rows.append(
            Rate(
                carrier=carrier, service=service, zone=zone, max_weight_g=max_weight_g, price=price * (2 if fast else 1)
            )
        )
        price += Decimal(rng.choice((0, 25, 100, 333, 871))).scaleb(-2)
        if falling:
            price = max(Decimal("0.01"), price - Decimal("4.5"))
    return rows


def draw_holidays(rng: Random, as_of: datetime, nodes: list[Node], services: list[Service]) -> list[Holiday]:
    rows: dict[tuple[date, str, str], Holiday] = {}
    if rng.random() < 0.6:
        return []
    carriers = sorted({service.carrier for service in services})
    for _ in range(rng.randint(1, 3)):
        day = as_of.date() + timedelta(days=rng.randint(0, 5))
        kind = rng.random()
        node_id = rng.choice(nodes).node_id if kind < 0.35 else ""
        carrier = rng.choice(carriers) if kind > 0.7 and carriers else ""
        rows[day, node_id, carrier] = Holiday(date=day, node_id=node_id, carrier=carrier)
    return list(rows.values())


def draw_replenishment(
    rng: Random, as_of: datetime, products: list[Product], nodes: list[Node], demand: dict[str, int]
) -> list[Replenishment]:
    """Draw inbound supply around the demand, some of it due already, in random order; in one of four instances none."""
    rows: dict[tuple[str, str, date], Replenishment] = {}
    if rng.random() < 0.25:
        return []
    for product in products:
        for _ in range(rng.choice((0, 1, 1, 2, 3))):
            node_id = rng.choice(nodes).node_id
            arrives_on = as_of.date() + timedelta(days=rng.choice((-2, 0, 1, 1, 2, 3, 5, 8, 30)))
            quantity = rng.randint(1, demand.get(product.sku, 1) + 1)
            rows[node_id, product.sku, arrives_on] = Replenishment(
                node_id=node_id, sku=product.sku, quantity=quantity, arrives_on=arrives_on
            )
    drawn = list(rows.values())
    rng.shuffle(drawn)
    return drawn


def _many(count: int, stem: str) -> list[str]:
    return [f"{stem} {number:04d}" for number in range(count)]
