"""Seeded random instances over every feature of the contract.

`tiny_instance` draws what `brute_force` can enumerate; `small_instance` draws the same features on tens of orders.
The same seed gives the same instance on every machine. Rows come in random order on purpose.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import comb
from random import Random
from typing import Any

from instance_network import (
    LEVELS,
    POINTS,
    ZIPS,
    Size,
    draw_carriers,
    draw_holidays,
    draw_inventory,
    draw_nodes,
    draw_products,
    draw_replenishment,
)

from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Fixed, Replenishment
from quartermaster.domain.snapshot import ROW_TYPES, Snapshot
from quartermaster.domain.table import Table
from quartermaster.io import ready
from quartermaster.policy import BackorderPolicy, ObjectivePolicy, Policy, ServicePolicy, SolverPolicy

TINY = Size(
    orders=(1, 2, 2, 3, 3, 4, 4),
    nodes=(1, 2, 2, 3, 3, 4, 4),
    skus=3,
    lines=(1, 1, 2, 2, 3),
    quantities=(1, 1, 2, 2, 3),
    enumerable=12_000,
)
CROWDED = Size(
    orders=(5, 6, 7, 8),
    nodes=(2, 3, 3),
    skus=2,
    lines=(1, 1, 2),
    quantities=(1, 2, 2, 3),
    enumerable=400,
)
SMALL = Size(
    orders=tuple(range(10, 41)),
    nodes=tuple(range(3, 11)),
    skus=14,
    lines=(1, 1, 2, 2, 3, 3, 4, 5),
    quantities=(1, 1, 1, 2, 2, 3, 5, 12),
    enumerable=0,
)
INSTANTS = (
    "2026-06-12T21:30:00+00:00",  # a Friday, after some cut-offs
    "2026-07-02T13:00:00-04:00",  # the Thursday before a long weekend
    "2026-11-01T05:30:00+00:00",  # the night the clocks of New York go back
    "2026-03-08T10:15:00+00:00",  # the night the clocks of Los Angeles go forward
    "2026-12-31T23:59:00+05:30",
    "2026-09-16T06:00:00+00:00",
)


def tiny_instance(seed: int) -> tuple[Snapshot, Policy]:
    """Draw an instance of 1-4 orders, small enough to enumerate; checked.

    Parameters
    ----------
    seed
        Names the instance.
    """
    return _instance(f"tiny {seed}", TINY)


def crowded_instance(seed: int) -> tuple[Snapshot, Policy]:
    """Draw an instance of 5-8 orders that want the same two SKUs; it can still be enumerated; checked.

    Parameters
    ----------
    seed
        Names the instance.
    """
    return _instance(f"crowded {seed}", CROWDED)


def small_instance(seed: int) -> tuple[Snapshot, Policy]:
    """Draw an instance of 10-40 orders over the same features; checked.

    Parameters
    ----------
    seed
        Names the instance.
    """
    return _instance(f"small {seed}", SMALL)


def shuffled(snapshot: Snapshot, rng: Random) -> Snapshot:
    """Build the same snapshot from row objects in another order, unchecked.

    Parameters
    ----------
    snapshot
        Any snapshot.
    rng
        Source of the order.
    """
    tables: dict[str, Any] = {}
    for name in ROW_TYPES:
        rows = list(snapshot.table(name))
        rng.shuffle(rows)
        tables[name] = rows
    return Snapshot(as_of=snapshot.as_of, currency=snapshot.currency, version=snapshot.version, **tables)


def _instance(name: str, size: Size) -> tuple[Snapshot, Policy]:
    rng = Random(name)
    as_of = datetime.fromisoformat(rng.choice(INSTANTS))
    products = draw_products(rng, size)
    nodes = draw_nodes(rng, size)
    services, zones, rates, transit = draw_carriers(rng, nodes)
    orders = _orders(rng, size, as_of)
    lines = _lines(rng, size, orders, products, nodes)
    demand: dict[str, int] = {}
    for line in lines:
        demand[line.sku] = demand.get(line.sku, 0) + line.quantity
    snapshot = Snapshot(
        as_of=as_of,
        currency=rng.choice(("USD", "EUR")),
        version="drawn",
        orders=orders,
        order_lines=lines,
        products=products,
        nodes=nodes,
        inventory=draw_inventory(rng, products, nodes, demand),
        services=services,
        zones=zones,
        rates=rates,
        transit=transit,
        holidays=draw_holidays(rng, as_of, nodes, services),
    )
    # Drawn apart, so that an instance is otherwise the one that it was before there were such rows.
    fixed = _fixed(Random(f"fixed of {name}"), orders, products, nodes)
    inbound = draw_replenishment(Random(f"{name} inbound"), as_of, products, nodes, demand)
    told, policy = replace(shuffled(snapshot, rng), fixed=fixed), _policy(rng)
    return ready(with_inbound(told, inbound)), policy


def _fixed(rng: Random, orders: list[Order], products: list[Product], nodes: list[Node]) -> list[Fixed]:
    """Draw allocations that stand, in one of four instances: some of open orders, some beyond what there is."""
    if rng.random() < 0.75:
        return []
    rows: dict[tuple[str, str, str, str], Fixed] = {}
    for _ in range(rng.randint(1, 2 + len(orders) // 2)):
        row = Fixed(
            order_id=rng.choice(("gone", "gone", rng.choice(orders).order_id)),
            line_id=rng.choice(("1", "2", "x")),
            sku=rng.choice(products).sku,
            node_id=rng.choice(nodes).node_id,
            quantity=rng.choice((1, 1, 1, 2, 3)),
            shipment_id=rng.choice(("s", "t")),
        )
        rows[row.order_id, row.line_id, row.node_id, row.shipment_id] = row
    return list(rows.values())


def with_inbound(snapshot: Snapshot, rows: list[Replenishment]) -> Snapshot:
    """Replace the inbound supply; unchecked.

    Parameters
    ----------
    snapshot, rows
        The snapshot and the new rows.
    """
    return replace(snapshot, replenishment=Table.from_rows(Replenishment, rows), checked=False)


def _orders(rng: Random, size: Size, as_of: datetime) -> list[Order]:
    count = rng.choice(size.orders)
    promised = rng.choice((0.0, 0.3, 0.8))
    limited = rng.choice((0.0, 0.3, 0.9))
    levelled = rng.choice((0.0, 0.0, 0.0, 0.5))
    return [
        Order(
            order_id=order_id,
            **_place(rng),
            ordered_at=rng.choice((None, as_of - timedelta(minutes=rng.randint(0, 4000)))),
            promise_date=as_of.astimezone(UTC).date() + timedelta(days=rng.randint(1, 9))
            if rng.random() < promised
            else None,
            residential=rng.random() < 0.6,
            service_level=rng.choice(LEVELS) if rng.random() < levelled else "",
            ship_complete=rng.random() < 0.15,
            max_shipments=rng.choice((1, 1, 2)) if rng.random() < limited else None,
            priority=rng.choice((0, 0, 0, 1, 3, 99)),
            channel="web",
        )
        for order_id in rng.sample([f"o{number}" for number in range(size.orders[-1] * 3)], count)
    ]


def _place(rng: Random) -> dict[str, Any]:
    kind = rng.random()
    if kind < 0.75:
        return {"postal_code": rng.choice(ZIPS)}
    if kind < 0.93:
        lat, lon = rng.choice(POINTS)
        return {"lat": lat, "lon": lon, "postal_code": rng.choice(("", *ZIPS))}
    return {"postal_code": "SW1A 1AA", "country": "GB"} if kind < 0.96 else {}


def _lines(rng: Random, size: Size, orders: list[Order], products: list[Product], nodes: list[Node]) -> list[OrderLine]:
    rows = []
    ruled = rng.random() < 0.35
    complete = rng.choice((0.05, 0.05, 0.5))
    for order in orders:
        count = rng.choice(size.lines)
        quantities = [rng.choice(size.quantities) for _ in range(count)]
        while size.enumerable and _spreads(quantities, len(nodes)) > size.enumerable:
            quantities[quantities.index(max(quantities))] -= 1
        skus = [rng.choice(products).sku for _ in range(count)]
        if count > 1 and rng.random() < 0.2:
            skus[1] = skus[0]
        for number, (sku, quantity) in enumerate(zip(skus, quantities, strict=True)):
            rule = rng.random() if ruled else 1.0
            names = [node.node_id for node in rng.sample(nodes, rng.randint(1, len(nodes)))]
            rows.append(
                OrderLine(
                    order_id=order.order_id,
                    line_id=("1", "10", "2", "L", "5")[number],
                    sku=sku,
                    quantity=quantity,
                    line_complete=rng.random() < complete,
                    pinned_node=names[0] if rule < 0.2 else "",
                    allowed_nodes=tuple(names) if 0.2 <= rule < 0.4 else (),
                    excluded_nodes=tuple(names) if 0.4 <= rule < 0.6 else (),
                    backorder_cost=Decimal(rng.choice(("0", "0.5", "6.25", "40.000001")))
                    if rng.random() < 0.15
                    else None,
                )
            )
    return rows


def _spreads(quantities: list[int], n_nodes: int) -> int:
    ways = 1
    for quantity in quantities:
        ways *= comb(quantity + n_nodes, n_nodes)
    return ways


def _policy(rng: Random) -> Policy:
    far = rng.random() < 0.5
    return Policy(
        objective=ObjectivePolicy(
            cost_per_shipment_km=Decimal(rng.choice(("0.001", "0.0025", "0.000541234567"))) if far else Decimal(0),
            cost_per_unit_km=Decimal(rng.choice(("0", "0.0004", "0.000333333333"))) if far else Decimal(0),
            extra_shipment=Decimal(rng.choice(("0", "0", "0.7512345678", "3", "25"))),
        ),
        service=ServicePolicy(
            late=rng.choice(("forbid", "price")),
            cost_per_late_day=Decimal(rng.choice(("5", "0.3333333333", "40"))),
            max_shipments=rng.choice((0, 0, 0, 1, 2)),
            max_distance_km=Decimal(rng.choice(("0",) * 8 + ("1447.5", "3100.25"))),
        ),
        backorder=BackorderPolicy(
            cost_per_unit=Decimal(rng.choice(("100", "100", "38.5", "19.1234567891", "6"))),
            cost_per_order=Decimal(rng.choice(("0", "0", "2.5000005", "30"))),
        ),
        solver=SolverPolicy(relative_gap=Decimal(0), time_limit_seconds=Decimal(120)),
    )
