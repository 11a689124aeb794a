"""Checks of one order that comes by itself, not in a snapshot: what reading would refuse, refused alike."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Integral

from quartermaster.domain.orders import MAX_QUANTITY, Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.io.checks.cost import MAX_ORDER_MICRO
from quartermaster.io.checks.orders import MAX_ORDER_VOLUME_MM3, MAX_ORDER_WEIGHT_G

MICRO = 10**6


@dataclass(frozen=True, slots=True)
class _Carrier:
    """What bounds the transport of an order by one service."""

    least_break_g: int
    dearest_parcel_micro: float
    divisor: float | None
    max_parcels: int


@dataclass(frozen=True, slots=True, eq=False)
class OrderChecks:
    """What orders for one network are checked against.

    Parameters
    ----------
    sizes
        Weight (g) and volume (mm3) of one unit of each SKU.
    nodes
        Every node_id.
    per_shipment_micro, per_unit_micro
        Handling at the dearest nodes.
    carriers
        The services that have rates.
    """

    sizes: Mapping[str, tuple[int, int]]
    nodes: Collection[str]
    per_shipment_micro: float
    per_unit_micro: float
    carriers: tuple[_Carrier, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> OrderChecks:
        """Prepare the checks.

        Parameters
        ----------
        snapshot
            Checked.
        """
        products, nodes = snapshot.products, snapshot.nodes
        sides = zip(*(products[name].tolist() for name in ("length_mm", "width_mm", "height_mm")), strict=True)
        volume = (max(0, length) * max(0, width) * max(0, height) for length, width, height in sides)
        sizes = zip(products["weight_g"].tolist(), volume, strict=True)
        return cls(
            dict(zip(products["sku"].tolist(), sizes, strict=True)),
            frozenset(nodes["node_id"].tolist()),
            float(nodes["cost_per_shipment"].max(initial=0)),
            float(nodes["cost_per_unit"].max(initial=0)),
            tuple(_carriers(snapshot)),
        )

    def check(self, order: Order, lines: Sequence[OrderLine]) -> None:
        """Check an order and its lines.

        Parameters
        ----------
        order, lines
            The order.

        Raises
        ------
        InputError
            If it is not valid; carries every problem.
        """
        problems = [*_of_order(order), *self._of_lines(order, lines)]
        if not problems:
            problems = list(self._of_sums(order, lines))
        if problems:
            raise InputError(problems)

    def _of_lines(self, order: Order, lines: Sequence[OrderLine]) -> Iterator[Problem]:
        if not lines:
            yield _problem("no_lines", "the order has no lines", "order_id", order.order_id)
        seen: set[str] = set()
        for line in lines:
            if line.order_id != order.order_id:
                yield _problem("unknown_order", f"must be {order.order_id}", "order_id", line.order_id)
            if not line.line_id:
                yield _problem("id_format", "must not be empty", "line_id", line.line_id)
            if line.line_id in seen:
                yield _problem("duplicate_row", "two lines have this line_id", "line_id", line.line_id)
            seen.add(line.line_id)
            if line.sku not in self.sizes:
                yield _problem("unknown_sku", "is not in products", "sku", line.sku)
            if isinstance(line.quantity, bool) or not isinstance(line.quantity, Integral):
                yield _problem("qty_not_whole", "must be a whole number", "quantity", line.quantity)
            elif not 0 < line.quantity <= MAX_QUANTITY:
                code = "qty_not_positive" if line.quantity <= 0 else "qty_too_large"
                yield _problem(code, f"must be from 1 to {MAX_QUANTITY}", "quantity", line.quantity)
            if line.pinned_node or line.allowed_nodes or line.excluded_nodes:
                named = (("pinned_node", (line.pinned_node,) if line.pinned_node else ()),)
                for column, ids in (
                    *named,
                    ("allowed_nodes", line.allowed_nodes),
                    ("excluded_nodes", line.excluded_nodes),
                ):
                    for node_id in ids:
                        if node_id not in self.nodes:
                            yield _problem("unknown_node", "is not in nodes", column, node_id)
            cost = line.backorder_cost
            if cost is not None and not (cost.is_finite() and cost >= 0):
                yield _problem("money_range", "must be a finite amount >= 0", "backorder_cost", cost)

    def _of_sums(self, order: Order, lines: Sequence[OrderLine]) -> Iterator[Problem]:
        """Check that sums over the order fit; the bounds are those of reading."""
        weight = sum(self.sizes[line.sku][0] * line.quantity for line in lines)
        volume = sum(self.sizes[line.sku][1] * line.quantity for line in lines)
        if weight > MAX_ORDER_WEIGHT_G or volume > MAX_ORDER_VOLUME_MM3:
            detail = f"weighs {weight} g and takes {volume} mm3, beyond any shipment"
            yield _problem("order_too_large", detail, "order_id", order.order_id)
            return
        units = sum(line.quantity for line in lines)
        short = sum(float(line.backorder_cost or 0) * MICRO * line.quantity for line in lines) * (1 + order.priority)
        shipments = min(units, max(len(self.nodes), 1) * max(len(self.carriers), 1))
        transport = 0.0
        for carrier in self.carriers:
            billable = weight if carrier.divisor is None else max(weight, volume / carrier.divisor)
            parcels = min(shipments + billable / carrier.least_break_g, shipments * carrier.max_parcels)
            transport = max(transport, parcels * carrier.dearest_parcel_micro)
        handling = shipments * self.per_shipment_micro + units * self.per_unit_micro
        if short + handling + transport > MAX_ORDER_MICRO:
            detail = "its worst cost (backorder, handling and transport) would pass 10^15 micro"
            yield _problem("cost_range", detail, "order_id", order.order_id)


def _of_order(order: Order) -> Iterator[Problem]:
    if not order.order_id:
        yield _problem("id_format", "must not be empty", "order_id", order.order_id)
    if not 0 <= order.priority <= 99:
        yield _problem("out_of_range", "must be from 0 to 99", "priority", order.priority)
    if order.max_shipments is not None and not 1 <= order.max_shipments <= MAX_QUANTITY:
        yield _problem("out_of_range", f"must be from 1 to {MAX_QUANTITY}", "max_shipments", order.max_shipments)
    if (order.lat is None) != (order.lon is None):
        yield _problem("coordinate", "lat and lon are given together or not at all", "lat", order.lat)
    for column, degrees, most in (("lat", order.lat, 90), ("lon", order.lon, 180)):
        if degrees is not None and not (isfinite(degrees) and abs(degrees) <= most):
            yield _problem("coordinate", f"must be from -{most} to {most}", column, degrees)


def _carriers(snapshot: Snapshot) -> Iterator[_Carrier]:
    rates = snapshot.rates
    columns = ("carrier", "service", "zone", "max_weight_g", "price")
    last: dict[tuple[str, str, str], int] = {}
    dearest: dict[tuple[str, str], int] = {}
    for carrier, service, zone, grams, price in zip(*(rates[name].tolist() for name in columns), strict=True):
        last[carrier, service, zone] = max(last.get((carrier, service, zone), 1), grams)
        dearest[carrier, service] = max(dearest.get((carrier, service), 0), price)
    for row in snapshot.services:
        key = row.carrier, row.service
        breaks = [grams for at, grams in last.items() if at[:2] == key]
        if breaks:
            parcel = (dearest[key] + float(row.residential_surcharge) * MICRO) * (1.0 + float(row.fuel_surcharge))
            divisor = None if row.dim_divisor_cm3_per_kg is None else float(row.dim_divisor_cm3_per_kg)
            yield _Carrier(min(breaks), parcel, divisor, row.max_parcels)


def _problem(code: str, detail: str, column: str, value: object) -> Problem:
    shown = str(value).encode("unicode_escape").decode("ascii")[:64]
    return Problem(code=code, detail=detail, file="order", column=column, value=shown)
