"""Random networks over every feature that rating reads, with values placed on the edges of its rules."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
from geopy.distance import great_circle
from rating_cases import snapshot_of

from quartermaster.domain.carriers import Holiday, Rate, Service, Transit, Zone
from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import ObjectivePolicy, Policy, ServicePolicy

TIME_ZONES = ("UTC", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
NIGHTS = ("2026-03-08T06:30:00+00:00", "2026-11-01T05:45:00+00:00", "2026-10-25T00:59:00+00:00")
"""Daylight-saving nights of New York (both) and of Berlin."""
NAMES = ("1", "2", "02", "7e1", "far")
LEVELS = ("", "std", "express")


@dataclass(frozen=True, slots=True)
class Shipments:
    """Random shipments of a snapshot: rows of its tables, and the units by SKU."""

    order: np.ndarray
    node: np.ndarray
    service: np.ndarray
    loads: list[Counter[str]]

    def total(self, of_unit: dict[str, int]) -> np.ndarray:
        """Sum a figure of the units of each shipment."""
        return np.array([sum(units * of_unit[sku] for sku, units in load.items()) for load in self.loads])

    @property
    def units(self) -> np.ndarray:
        """Units of each shipment."""
        return np.array([load.total() for load in self.loads])


def draw_network(seed: int, *, with_services: bool = True) -> tuple[Snapshot, Policy]:
    """Draw a snapshot without stock and order lines, which rating does not read, and a policy."""
    rng = Random(f"network {seed}")
    as_of = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(365 * 1440))
    if rng.random() < 0.4:
        as_of = datetime.fromisoformat(rng.choice(NIGHTS)) + timedelta(seconds=rng.randrange(7200))
    orders = [_order(rng, f"o{row:02d}", as_of) for row in range(30)]
    nodes = [_node(rng, f"n{row}") for row in range(9)]
    tables: dict[str, list[Any]] = {"services": [], "zones": [], "rates": [], "transit": []}
    for carrier in rng.sample(("c", "d & e", "ß"), rng.choice((1, 2, 3)) if with_services else 0):
        _carrier(rng, carrier, orders, nodes, tables)
    products = [_product(rng, f"sku {row}") for row in range(12)]
    holidays = _holidays(rng, as_of, nodes, tables["services"])
    snapshot = snapshot_of(as_of, orders=orders, nodes=nodes, products=products, holidays=holidays, **tables)
    rate = lambda digits: Decimal(rng.randrange(10 ** rng.randrange(1, 6))).scaleb(-digits)  # noqa: E731
    policy = Policy(
        objective=ObjectivePolicy(
            cost_per_shipment_km=rate(rng.choice((3, 6, 9, 12))), cost_per_unit_km=rate(rng.choice((4, 7, 12)))
        ),
        service=ServicePolicy(late=rng.choice(("forbid", "price")), cost_per_late_day=rate(rng.choice((2, 7, 12)))),
    )
    return snapshot, policy


def draw_shipments(snapshot: Snapshot, count: int, seed: int) -> Shipments:
    """Draw shipments: any order, node and service, with 1-3 SKUs of 1-40 units."""
    rng = Random(f"shipments {seed}")
    skus = snapshot.products["sku"].tolist()

    def rows(of: int) -> np.ndarray:
        return np.array([rng.randrange(of) for _ in range(count)])

    return Shipments(
        rows(len(snapshot.orders)),
        rows(len(snapshot.nodes)),
        rows(max(len(snapshot.services), 1)),
        [
            Counter({sku: rng.choice((1, 1, 1, 2, 5, 40)) for sku in rng.sample(skus, rng.choice((1, 1, 2, 3)))})
            for _ in range(count)
        ],
    )


def _place(rng: Random) -> dict[str, Any]:
    code = "".join(rng.choice("01") for _ in range(rng.randrange(6)))
    if rng.random() < 0.08:
        return {"postal_code": code}
    if rng.random() < 0.2:  # many share a few places, so that a distance of zero and equal distances occur
        lat, lon = rng.choice(((40.75, -73.99), (41.88, -87.63), (0.0, 179.9999), (-33.87, 151.21)))
        return {"postal_code": code, "lat": lat, "lon": lon}
    return {"postal_code": code, "lat": rng.uniform(25, 49), "lon": rng.uniform(-125, -67)}


def _order(rng: Random, order_id: str, as_of: datetime) -> Order:
    return Order(
        order_id=order_id,
        **_place(rng),
        promise_date=as_of.date() + timedelta(days=rng.randrange(-2, 9)) if rng.random() < 0.6 else None,
        residential=rng.random() < 0.5,
        service_level=rng.choice(LEVELS) if rng.random() < 0.3 else "",
    )


def _node(rng: Random, node_id: str) -> Node:
    return Node(
        node_id=node_id,
        **_place(rng),
        timezone=rng.choice(TIME_ZONES),
        cutoff=time(rng.randrange(24), rng.choice((0, 30, 59))),
        ships_on=frozenset(rng.sample(range(7), rng.choice((1, 3, 5, 7)))),
        cost_per_shipment=Decimal(rng.randrange(5_000_000)).scaleb(-6),
        cost_per_unit=Decimal(rng.randrange(900_000)).scaleb(-6),
    )


def _product(rng: Random, sku: str) -> Product:
    sides: list[int | None] = [rng.choice((None, 0)) if rng.random() < 0.05 else rng.randrange(20, 500) for _ in "LWH"]
    weight = rng.choice((1, 249, 250, 333, 500, 1000)) if rng.random() < 0.5 else rng.randrange(1, 3000)
    return Product(sku=sku, weight_g=weight, length_mm=sides[0], width_mm=sides[1], height_mm=sides[2])


def _carrier(rng: Random, carrier: str, orders: list[Order], nodes: list[Node], tables: dict[str, list[Any]]) -> None:
    names = rng.sample(NAMES, rng.randrange(2, 6))
    zones = {(name, _bound(rng, orders, nodes), "", "") for name in names for _ in range(rng.choice((1, 1, 2)))}
    for name in names if rng.random() < 0.6 else ():
        for _ in range(rng.randrange(1, 7)):
            origin, destination = ("".join(rng.choice("01") for _ in range(rng.randrange(1, 4))) for _ in "OD")
            zones.add((name, None, origin, destination))
    tables["zones"] += [
        Zone(carrier=carrier, zone=name, max_distance_km=bound, origin_prefix=origin, destination_prefix=destination)
        for name, bound, origin, destination in zones
    ]
    for service in rng.sample(("air", "ground", "1e5"), rng.choice((1, 2))):
        tables["services"].append(_service(rng, carrier, service, nodes))
        for name in names:
            if rng.random() < 0.95:
                days = rng.choice((0, 0, 1, 2, 3, 8, 40))
                tables["transit"].append(Transit(carrier=carrier, service=service, zone=name, days=days))
            if rng.random() < 0.95:
                tables["rates"] += _rates(rng, carrier, service, name)


def _bound(rng: Random, orders: list[Order], nodes: list[Node]) -> Decimal:
    """A band that ends exactly at a distance that occurs, a hair before or after it, or anywhere."""
    order, node = rng.choice(orders), rng.choice(nodes)
    if rng.random() < 0.3 or order.lat is None or node.lat is None:
        return Decimal(rng.choice((500, 1500, 4000, 25_000)))
    metres = math.floor(great_circle((node.lat, node.lon), (order.lat, order.lon)).m + 0.5)
    return max(Decimal(metres) / 1000 + Decimal(rng.choice(("0", "0", "-0.0001", "0.0009", "1"))), Decimal(0))


def _service(rng: Random, carrier: str, service: str, nodes: list[Node]) -> Service:
    dimensional = rng.random() < 0.6
    return Service(
        carrier=carrier,
        service=service,
        service_level=rng.choice(LEVELS),
        dim_divisor_cm3_per_kg=Decimal(rng.choice(("5000", "6000", "5997.2212", "139.7"))) if dimensional else None,
        dim_above_cm3=Decimal(rng.choice(("0", "5000", "28316.846592"))),
        max_parcels=rng.choice((1, 1, 2, 5, 30)),
        fuel_surcharge=Decimal(rng.choice(("0", "0.5", "0.0775", "0.123456789012", "1"))),
        residential_surcharge=Decimal(rng.choice(("0", "2.1", "0.000001"))),
        delivers_on=rng.choice(("mon-fri", "mon-sat", "mon-sun")),
        nodes=tuple(node.node_id for node in rng.sample(nodes, rng.randrange(1, 9))) if rng.random() < 0.2 else (),
    )


def _rates(rng: Random, carrier: str, service: str, zone: str) -> list[Rate]:
    breaks = {rng.choice((250, 500, 1000, 2000, 5000)), *(rng.randrange(1, 30_000) for _ in range(rng.randrange(12)))}
    return [
        Rate(
            carrier=carrier,
            service=service,
            zone=zone,
            max_weight_g=grams,
            price=Decimal(rng.choice((rng.randrange(20), rng.randrange(60_000_000)))).scaleb(-6),
        )
        for grams in breaks
    ]


def _holidays(rng: Random, as_of: datetime, nodes: list[Node], services: list[Service]) -> list[Holiday]:
    days = [as_of.date() + timedelta(days=day) for day in rng.sample(range(-1, 15), rng.choice((0, 2, 6)))]
    whose: list[dict[str, str]] = [{}, *({"node_id": node.node_id} for node in nodes[:4])]
    whose += [{"carrier": service.carrier} for service in services]
    return [Holiday(date=day, **rng.choice(whose)) for day in days]
