"""A tiny world that can be priced on paper: few places, few services, whole prices.

Everything that the brute force of horizons needs to know is in plain numbers of this file; the planner is told the
same by a snapshot. Windows are days that close at noon, UTC, every node ships and every service delivers on all days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor, radians

from quartermaster.domain.carriers import Rate, Service, Transit, Zone
from quartermaster.domain.network import Inventory, Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Forecast, Replenishment
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ready
from quartermaster.policy import BackorderPolicy, FuturePolicy, ObjectivePolicy, Policy, ServicePolicy, SolverPolicy
from quartermaster.replay import Knobs

MICRO = 10**6
EARTH_M = 6_371_009
BEGIN = datetime(2026, 6, 8, 12, tzinfo=UTC)
DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))
NO_SERVICE = "none"
ANYTIME = 10**6
"""A promise that nothing misses."""
UNLIMITED = 10**6


@dataclass(frozen=True)
class TinyNode:
    """A place on the equator that ships; money in whole units."""

    name: str
    longitude: float
    per_shipment: int
    per_unit: int
    opening: int
    max_shipments: int
    max_units: int


@dataclass(frozen=True)
class TinyLine:
    name: str
    sku: str
    quantity: int
    complete: bool


@dataclass(frozen=True)
class TinyOrder:
    """An order; `promise` counts days since the beginning, `ANYTIME` for none."""

    name: str
    region: int
    window: int
    minute: int
    promise: int
    ship_complete: bool
    max_shipments: int
    priority: int
    lines: tuple[TinyLine, ...]


@dataclass(frozen=True)
class TinyStream:
    """A whole stream, how it is priced and how it is replayed.

    Parameters
    ----------
    regions
        Longitude of each region on the equator.
    transit
        Days of each service; `NO_SERVICE` alone where there are no carriers.
    offered
        Nodes by service.
    price
        Of (service, node, region): of one unit, of more.
    stock, arrivals
        Units by (node, sku); rows of (node, sku, units, day since the beginning).
    per_shipment_km, per_unit_km
        Money, by km.
    """

    nodes: tuple[TinyNode, ...]
    regions: tuple[float, ...]
    transit: dict[str, int]
    offered: dict[str, frozenset[str]]
    price: dict[tuple[str, str, int], tuple[int, int]]
    orders: tuple[TinyOrder, ...]
    stock: dict[tuple[str, str], int]
    arrivals: tuple[tuple[str, str, int, int], ...]
    n_windows: int
    forbid_late: bool
    per_late_day: int
    extra: int
    short_unit: int
    short_order: int
    per_shipment_km: Fraction
    per_unit_km: Fraction
    knobs: Knobs
    horizon: int = 0
    may_backorder: bool = False
    forecast: tuple[tuple[str, int, int], ...] = ()
    """(sku, region, units a day)."""

    def shipment_micro(self, order: TinyOrder, node: TinyNode, service: str, units: int, window: int) -> int | None:
        """What one shipment of some units costs when it leaves as a window closes; None where it may not."""
        if node.name not in self.offered[service]:
            return None
        late = max(0, window + 1 + self.transit[service] - order.promise)
        if late and self.forbid_late:
            return None
        one, more = self.price.get((service, node.name, order.region), (0, 0))
        whole = (one if units == 1 else more) + node.per_shipment + node.per_unit * units + late * self.per_late_day
        metres = floor(EARTH_M * abs(radians(node.longitude) - radians(self.regions[order.region])) + 0.5)
        by_distance = sum(
            floor(rate * metres * MICRO / 1000 + Fraction(1, 2))
            for rate in (self.per_shipment_km, self.per_unit_km * units)
        )
        return whole * MICRO + by_distance

    def short_micro(self, order: TinyOrder, units: int) -> int:
        """What it costs to never ship some units of an order."""
        return (units * self.short_unit + (self.short_order if units else 0)) * (1 + order.priority) * MICRO

    def arriving(self, window: int) -> Iterator[tuple[tuple[str, str], int]]:
        """Units that can first ship as a window closes, by (node, sku)."""
        for node, sku, units, day in self.arrivals:
            if max(1, day) == window + 1:
                yield (node, sku), units

    def policy(self) -> Policy:
        """The policy file that says the same; plans are proven."""
        return Policy(
            objective=ObjectivePolicy(
                cost_per_shipment_km=_decimal(self.per_shipment_km),
                cost_per_unit_km=_decimal(self.per_unit_km),
                extra_shipment=Decimal(self.extra),
            ),
            service=ServicePolicy(
                late="forbid" if self.forbid_late else "price", cost_per_late_day=Decimal(self.per_late_day)
            ),
            backorder=BackorderPolicy(cost_per_unit=Decimal(self.short_unit), cost_per_order=Decimal(self.short_order)),
            solver=SolverPolicy(relative_gap=Decimal(0), time_limit_seconds=Decimal(120)),
            future=FuturePolicy(horizon_days=self.horizon, may_backorder=self.may_backorder),
        )

    def snapshot(self) -> Snapshot:
        """The same as a checked snapshot."""
        return ready(
            Snapshot(
                as_of=BEGIN + self.n_windows * DAY,
                currency="USD",
                orders=[self._order(order) for order in self.orders],
                order_lines=[
                    OrderLine(
                        order_id=order.name,
                        line_id=line.name,
                        sku=line.sku,
                        quantity=line.quantity,
                        line_complete=line.complete,
                    )
                    for order in self.orders
                    for line in order.lines
                ],
                products=[Product(sku=sku, weight_g=500) for sku in self._skus()],
                nodes=[self._node(number, node) for number, node in enumerate(self.nodes)],
                inventory=[Inventory(node_id=node, sku=sku, on_hand=n) for (node, sku), n in self.stock.items()],
                replenishment=[
                    Replenishment(node_id=node, sku=sku, quantity=units, arrives_on=_date(day))
                    for node, sku, units, day in self.arrivals
                ],
                forecast=[
                    Forecast(
                        sku=sku,
                        destination_prefix=_region_code(region),
                        units_per_day=Decimal(units),
                        lat=0.0,
                        lon=self.regions[region],
                    )
                    for sku, region, units in self.forecast
                ],
                **self._carriers(),
            )
        )

    def _skus(self) -> list[str]:
        named = {line.sku for order in self.orders for line in order.lines} | {sku for _, sku in self.stock}
        return sorted(named | {sku for sku, _, _ in self.forecast} | {sku for _, sku, _, _ in self.arrivals})

    def _order(self, order: TinyOrder) -> Order:
        return Order(
            order_id=order.name,
            postal_code=_region_code(order.region),
            lat=0.0,
            lon=self.regions[order.region],
            ordered_at=BEGIN + order.window * DAY + timedelta(minutes=order.minute),
            promise_date=None if order.promise == ANYTIME else _date(order.promise),
            ship_complete=order.ship_complete,
            max_shipments=None if order.max_shipments == UNLIMITED else order.max_shipments,
            priority=order.priority,
        )

    def _node(self, number: int, node: TinyNode) -> Node:
        return Node(
            node_id=node.name,
            postal_code=f"2000{number}",
            lat=0.0,
            lon=node.longitude,
            ships_on=EVERY_DAY,
            max_shipments=None if node.max_shipments == UNLIMITED else node.max_shipments,
            max_units=None if node.max_units == UNLIMITED else node.max_units,
            cost_per_shipment=Decimal(node.per_shipment),
            cost_per_unit=Decimal(node.per_unit),
            opening_cost=Decimal(node.opening),
        )

    def _carriers(self) -> dict[str, list[Service] | list[Zone] | list[Rate] | list[Transit]]:
        if NO_SERVICE in self.transit:
            return {}
        lanes = [(n, node.name, region) for n, node in enumerate(self.nodes) for region in range(len(self.regions))]
        zones = {(node, region): f"{node} to {region}" for _, node, region in lanes}
        return {
            "services": [
                Service(carrier="C", service=name, delivers_on="mon-sun", nodes=tuple(sorted(self.offered[name])))
                for name in self.transit
            ],
            "zones": [
                Zone(carrier="C", zone=zones[node, region], origin_prefix=f"2000{n}",
                     destination_prefix=_region_code(region))
                for n, node, region in lanes
            ],
            "rates": [
                Rate(carrier="C", service=name, zone=zones[node, region], max_weight_g=grams, price=Decimal(price))
                for (name, node, region), steps in self.price.items()
                for grams, price in zip((500, 50_000), steps, strict=True)
            ],
            "transit": [
                Transit(carrier="C", service=name, zone=zone, days=days)
                for name, days in self.transit.items()
                for zone in zones.values()
            ],
        }  # fmt: skip


def _region_code(region: int) -> str:
    return f"1000{region}"


def _date(day: int) -> date:
    return BEGIN.date() + day * DAY


def _decimal(rate: Fraction) -> Decimal:
    return Decimal(rate.numerator) / Decimal(rate.denominator)
