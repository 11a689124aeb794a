"""Tiny seeded streams: 3-6 orders in 2 or 3 windows, small enough for every way to serve them to be listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random

from tiny_world import ANYTIME, NO_SERVICE, UNLIMITED, TinyLine, TinyNode, TinyOrder, TinyStream

from quartermaster.replay import Knobs


def tiny_stream(seed: int) -> TinyStream:
    """Draw a stream of 3-6 orders in 2 or 3 windows.

    Parameters
    ----------
    seed
        Names the stream.
    """
    rng = Random(f"tiny stream {seed}")
    n_windows = rng.choice((2, 2, 3))
    skus = ["A", "B", "C"][: rng.choice((1, 2, 2, 3))]
    capped = rng.random() < 0.4
    opened = rng.random() < 0.3
    nodes = tuple(
        TinyNode(
            name=f"n{number}",
            longitude=rng.choice((-9.0, -2.5, 4.0, 11.25)),
            per_shipment=rng.choice((0, 1, 3)),
            per_unit=rng.choice((0, 0, 1)),
            opening=rng.choice((0, 4, 9)) if opened else 0,
            max_shipments=rng.choice((1, 2, UNLIMITED)) if capped else UNLIMITED,
            max_units=rng.choice((1, 2, 3, UNLIMITED)) if capped else UNLIMITED,
        )
        for number in range(rng.choice((2, 2, 3)))
    )
    regions = (-10.0, 1.5, 12.0)
    carried = rng.random() < 0.6
    transit = (
        {name: 3 - number for number, name in enumerate(["slow", "fast"][: rng.choice((1, 2))])}
        if carried
        else {NO_SERVICE: 0}
    )
    names = frozenset(node.name for node in nodes)
    offered = {
        name: names if not carried or rng.random() < 0.8 else frozenset(rng.sample(sorted(names), 1))
        for name in transit
    }
    price = {}
    for name in transit if carried else ():
        for node in nodes:
            for region in range(len(regions)):
                one = rng.randint(2, 9) + (6 if name == "fast" else 0)
                price[name, node.name, region] = one, one + rng.choice((0, 1, 2, 7))
    orders = _orders(rng, n_windows, skus, carried)
    demand = {sku: sum(line.quantity for order in orders for line in order.lines if line.sku == sku) for sku in skus}
    stock, arrivals = {}, []
    for sku in skus:
        supply = max(0, demand[sku] + rng.choice((-2, -1, 0, 0, 1)))
        for _ in range(supply):
            node, window = rng.choice(nodes).name, rng.choice((0, 0, 0, *range(1, n_windows + 1)))
            if window:
                arrivals.append((node, sku, 1, window + 1))
            else:
                stock[node, sku] = stock.get((node, sku), 0) + 1
    kilometre = Fraction(1, 1000)
    far = not carried or rng.random() < 0.3
    return TinyStream(
        nodes=nodes,
        regions=regions,
        transit=transit,
        offered=offered,
        price=price,
        orders=orders,
        stock=stock,
        arrivals=tuple(_merged(arrivals)),
        n_windows=n_windows,
        forbid_late=rng.random() < 0.4,
        per_late_day=rng.choice((1, 3, 12)),
        extra=rng.choice((0, 0, 1, 5)),
        short_unit=rng.choice((6, 20, 60)),
        short_order=rng.choice((0, 0, 10)),
        per_shipment_km=rng.choice((2, 5)) * kilometre if far else Fraction(0),
        per_unit_km=rng.choice((0, 1)) * kilometre if far else Fraction(0),
        knobs=Knobs(
            patience=rng.choice((0, 0, 1, 2)),
            hold_cost=Decimal(rng.choice((0, 0, 1))),
            release=rng.choice((0, 1, 2)),
            stability=Decimal(rng.choice((0, 1, 4))),
        ),
    )


def single_units(seed: int) -> TinyStream:
    """Draw two windows of orders of one unit each, without promises or limits, and just the stock that they need.

    What they cost together is a transport problem, whose linear program is whole; and with all stock there from the
    beginning, nothing is gained by waiting.

    Parameters
    ----------
    seed
        Names the stream.
    """
    drawn, rng = tiny_stream(seed), Random(f"single units {seed}")
    orders = tuple(
        TinyOrder(
            name=order.name,
            region=order.region,
            window=min(order.window, 1),
            minute=order.minute,
            promise=ANYTIME,
            ship_complete=False,
            max_shipments=UNLIMITED,
            priority=0,
            lines=(replace(order.lines[0], quantity=1, complete=False),),
        )
        for order in drawn.orders
    )
    stock: dict[tuple[str, str], int] = {}
    for order in orders:
        pair = rng.choice(drawn.nodes).name, order.lines[0].sku
        stock[pair] = stock.get(pair, 0) + 1
    return replace(
        drawn,
        nodes=tuple(replace(node, opening=0, max_shipments=UNLIMITED, max_units=UNLIMITED) for node in drawn.nodes),
        offered=dict.fromkeys(drawn.offered, frozenset(node.name for node in drawn.nodes)),
        orders=orders,
        stock=stock,
        arrivals=(),
        n_windows=2,
        short_unit=60,
        knobs=Knobs(),
    )


def with_forecast(stream: TinyStream, window: int = 1) -> TinyStream:
    """Let a forecast say every day just what comes in one window.

    Parameters
    ----------
    stream
        Any stream.
    window
        Of which.
    """
    demand: dict[tuple[str, int], int] = {}
    for order in stream.orders:
        for line in order.lines if order.window == window else ():
            demand[line.sku, order.region] = demand.get((line.sku, order.region), 0) + line.quantity
    rows = tuple((sku, region, units) for (sku, region), units in sorted(demand.items()))
    return replace(stream, horizon=1, forecast=rows)


def _merged(rows: Iterable[tuple[str, str, int, int]]) -> list[tuple[str, str, int, int]]:
    total: dict[tuple[str, str, int], int] = {}
    for node, sku, units, day in rows:
        total[node, sku, day] = total.get((node, sku, day), 0) + units
    return [(node, sku, units, day) for (node, sku, day), units in sorted(total.items())]


def _orders(rng: Random, n_windows: int, skus: list[str], carried: bool) -> tuple[TinyOrder, ...]:
    count = rng.choice((3, 4, 5, 6))
    promised = rng.choice((0.0, 0.6, 0.9))
    orders = []
    for number in range(count):
        window = number if number < 2 else rng.randrange(n_windows)
        quantities = rng.choice(((1,), (1,), (2,), (3,), (1, 1), (1, 2)))
        orders.append(
            TinyOrder(
                name=f"o{rng.randrange(100):02}-{number}",
                region=rng.randrange(3),
                window=window,
                minute=rng.randrange(24 * 60),
                promise=window + 1 + rng.randint(0, 3) + 2 * carried if rng.random() < promised else ANYTIME,
                ship_complete=rng.random() < 0.2,
                max_shipments=rng.choice((1, 2, UNLIMITED, UNLIMITED)),
                priority=rng.choice((0, 0, 0, 1)),
                lines=tuple(
                    TinyLine(f"l{at}", rng.choice(skus), units, rng.random() < 0.2)
                    for at, units in enumerate(quantities)
                ),
            )
        )
    return tuple(orders)
