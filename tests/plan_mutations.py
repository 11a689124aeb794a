"""Mutation operators that fit any good plan: each makes one fault at a random place, or says that it cannot.

An operator returns the rules of which at least one must be broken, or None where the plan has no place for its fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from good_plan import Draft

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.plan import Objective

Mutation = Callable[[Draft, Random], set[str] | None]
MICRO = Decimal("0.000001")
OPERATORS: dict[str, Mutation] = {}


def _operator(mutation: Mutation) -> Mutation:
    OPERATORS[mutation.__name__] = mutation
    return mutation


def _row(draft: Draft, table: str, key: tuple[str, ...]) -> Any:
    names = list(type(next(iter(draft.snapshot.table(table)))).__dataclass_fields__)[: len(key)]
    return next(row for row in draft.snapshot.table(table) if tuple(getattr(row, name) for name in names) == key)


def _lines_of(draft: Draft, order_id: str) -> list[Any]:
    return [line for line in draft.snapshot.order_lines if line.order_id == order_id]


def _shipped(draft: Draft) -> Counter[tuple[str, str]]:
    units: Counter[tuple[str, str]] = Counter()
    for row in draft.allocations:
        units[row["order_id"], row["line_id"]] += row["quantity"]
    return units


# Rows.


@_operator
def quantity_one_more(draft: Draft, random: Random) -> set[str] | None:
    random.choice(draft.allocations)["quantity"] += 1
    return {"wrong_units"}


@_operator
def quantity_one_less(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    row["quantity"] -= 1
    return {"wrong_units", "quantity"}


@_operator
def one_unit_more_in_all_that_is_claimed(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    row["quantity"] += 1
    draft.shipment(row["shipment_id"])["units"] += 1
    return {"over_allocated", "wrong_backorder"}


@_operator
def drop_allocation(draft: Draft, random: Random) -> set[str] | None:
    draft.allocations.remove(random.choice(draft.allocations))
    return {"wrong_backorder"}


@_operator
def duplicate_allocation(draft: Draft, random: Random) -> set[str] | None:
    draft.allocations.append(dict(random.choice(draft.allocations)))
    return {"duplicate_allocation"}


@_operator
def drop_shipment(draft: Draft, random: Random) -> set[str] | None:
    draft.shipments.remove(random.choice(draft.shipments))
    return {"unknown_shipment"}


@_operator
def duplicate_shipment(draft: Draft, random: Random) -> set[str] | None:
    draft.shipments.append(dict(random.choice(draft.shipments)))
    return {"duplicate_shipment"}


@_operator
def shipment_without_units(draft: Draft, random: Random) -> set[str] | None:
    draft.shipments.append(dict(random.choice(draft.shipments), shipment_id="another"))
    return {"shipment_empty"}


@_operator
def shipment_in_two(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    shipment = dict(draft.shipment(row["shipment_id"]), shipment_id="another")
    if row["quantity"] < 2:
        return None
    row["quantity"] -= 1
    draft.shipments.append(shipment)
    draft.allocations.append(dict(row, quantity=1, shipment_id="another"))
    return {"shipment_not_one"}


@_operator
def units_in_the_shipment_of_another_order(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    others = [shipment for shipment in draft.shipments if shipment["order_id"] != row["order_id"]]
    if not others:
        return None
    row["shipment_id"] = random.choice(others)["shipment_id"]
    return {"foreign_order"}


@_operator
def another_node_for_an_allocation(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    others = [node.node_id for node in draft.snapshot.nodes if node.node_id != row["node_id"]]
    row["node_id"] = random.choice([*others, "nowhere"])
    return {"allocation_node"}


@_operator
def shipment_from_nowhere(draft: Draft, random: Random) -> set[str] | None:
    draft.ship(random.choice(draft.shipments)["shipment_id"], "nowhere")
    return {"unknown_node"}


@_operator
def another_sku(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    row["sku"] = random.choice([product.sku for product in draft.snapshot.products if product.sku != row["sku"]])
    return {"unknown_sku"}


@_operator
def an_unknown_line(draft: Draft, random: Random) -> set[str] | None:
    random.choice(draft.allocations)["line_id"] += "x"
    return {"unknown_line"}


@_operator
def an_unknown_order(draft: Draft, random: Random) -> set[str] | None:
    random.choice(draft.shipments)["order_id"] = "no such order"
    return {"unknown_order"}


@_operator
def an_unknown_service(draft: Draft, random: Random) -> set[str] | None:
    random.choice(draft.shipments)["service"] += "+"
    return {"unknown_service"}


@_operator
def another_service(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.shipments)
    services = [(service.carrier, service.service) for service in draft.snapshot.services]
    others = [service for service in services if service != (row["carrier"], row["service"])]
    if not others:
        return None
    row["carrier"], row["service"] = random.choice(others)
    offered = {"service_node", "service_level", "no_zone", "no_rate", "no_transit", "too_heavy"}
    return {*offered, "wrong_transport", "wrong_delivery_date", "wrong_zone", "wrong_parcels"}


# Derived columns.


def _derived(name: str, column: str, change: Callable[[Any], Any]) -> None:
    def mutation(draft: Draft, random: Random) -> set[str] | None:
        row = random.choice(draft.shipments)
        row[column] = change(row[column])
        return {f"wrong_{column}"}

    mutation.__name__ = name
    _operator(mutation)


def _days(days: int) -> Callable[[str], str]:
    return lambda text: (date.fromisoformat(text) + timedelta(days=days)).isoformat()


_derived("zone_of_another_name", "zone", lambda zone: zone + "x")
_derived("one_parcel_more", "parcels", lambda parcels: parcels + 1)
_derived("one_gram_less", "billable_weight_g", lambda weight: weight - 1)
_derived("one_metre_more", "distance_m", lambda metres: metres + 1)
_derived("units_one_less", "units", lambda units: units - 1)
_derived("ships_a_day_earlier", "ship_date", _days(-1))
_derived("ships_a_day_later", "ship_date", _days(1))
_derived("delivered_a_day_earlier", "delivery_date", _days(-1))
_derived("transport_one_micro_less", "transport", lambda amount: amount - MICRO)
_derived("handling_one_micro_more", "handling", lambda amount: amount + MICRO)
_derived("distance_one_micro_more", "distance", lambda amount: amount + MICRO)
_derived("late_one_micro_more", "late", lambda amount: amount + MICRO)


@_operator
def backorder_dropped(draft: Draft, random: Random) -> set[str] | None:
    if not draft.backorders:
        return None
    draft.backorders.remove(random.choice(draft.backorders))
    return {"wrong_backorder"}


@_operator
def backorder_one_unit_more(draft: Draft, random: Random) -> set[str] | None:
    if not draft.backorders:
        return None
    random.choice(draft.backorders)["quantity"] += 1
    return {"wrong_backorder"}


@_operator
def backorder_without_a_known_reason(draft: Draft, random: Random) -> set[str] | None:
    if not draft.backorders:
        return None
    random.choice(draft.backorders)["reason"] = "rain"
    return {"wrong_reason"}


@_operator
def claimed_term_one_micro_less(draft: Draft, random: Random) -> set[str] | None:
    assert draft.claimed is not None
    name = random.choice([item.name for item in fields(Objective)])
    draft.claimed = replace(draft.claimed, **{name: getattr(draft.claimed, name) - 1})
    return {"wrong_objective"}


# The same plan in a world where a constraint is a little tighter.


@_operator
def one_unit_less_in_stock(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    key = (row["node_id"], row["sku"])
    taken = sum(other["quantity"] for other in draft.allocations if (other["node_id"], other["sku"]) == key)
    stock = _row(draft, "inventory", key)
    standing = sum(row.quantity for row in draft.snapshot.fixed if (row.node_id, row.sku) == key)
    held = stock.safety_stock + stock.reserved + standing
    draft.change("inventory", key, on_hand=taken + held - 1)
    return {"stock"}


@_operator
def one_shipment_less_capacity(draft: Draft, random: Random) -> set[str] | None:
    node_id = random.choice(draft.shipments)["node_id"]
    count = sum(row["node_id"] == node_id for row in draft.shipments)
    standing = {(row.order_id, row.shipment_id) for row in draft.snapshot.fixed if row.node_id == node_id}
    draft.change("nodes", (node_id,), max_shipments=count + len(standing) - 1)
    return {"node_max_shipments"}


@_operator
def one_unit_less_capacity(draft: Draft, random: Random) -> set[str] | None:
    node_id = random.choice(draft.shipments)["node_id"]
    units = sum(row["quantity"] for row in draft.allocations if row["node_id"] == node_id)
    standing = sum(row.quantity for row in draft.snapshot.fixed if row.node_id == node_id)
    draft.change("nodes", (node_id,), max_units=units + standing - 1)
    return {"node_max_units"}


@_operator
def node_closed(draft: Draft, random: Random) -> set[str] | None:
    draft.change("nodes", (random.choice(draft.shipments)["node_id"],), enabled=False)
    return {"node_disabled"}


@_operator
def line_pinned_elsewhere(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    draft.change("order_lines", (row["order_id"], row["line_id"]), pinned_node="elsewhere")
    return {"pinned_node"}


@_operator
def line_allowed_elsewhere(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    draft.change("order_lines", (row["order_id"], row["line_id"]), allowed_nodes=("elsewhere",))
    return {"allowed_nodes"}


@_operator
def node_excluded_for_a_line(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.allocations)
    draft.change("order_lines", (row["order_id"], row["line_id"]), excluded_nodes=("elsewhere", row["node_id"]))
    return {"excluded_nodes"}


@_operator
def short_order_must_be_complete(draft: Draft, random: Random) -> set[str] | None:
    units = _shipped(draft)
    served = sorted({row["order_id"] for row in draft.allocations})
    short = [
        order_id
        for order_id in served
        if any(units[order_id, line.line_id] < line.quantity for line in _lines_of(draft, order_id))
    ]
    if not short:
        return None
    draft.change("orders", (random.choice(short),), ship_complete=True)
    return {"ship_complete"}


@_operator
def short_line_must_be_complete(draft: Draft, random: Random) -> set[str] | None:
    units = _shipped(draft)
    short = [key for key in sorted(units) if units[key] < _row(draft, "order_lines", key).quantity]
    if not short:
        return None
    draft.change("order_lines", random.choice(short), line_complete=True)
    return {"line_complete"}


@_operator
def one_shipment_less_allowed(draft: Draft, random: Random) -> set[str] | None:
    counts = Counter(row["order_id"] for row in draft.shipments)
    split = sorted(order_id for order_id, count in counts.items() if count > 1)
    if not split:
        return None
    order_id = random.choice(split)
    draft.change("orders", (order_id,), max_shipments=counts[order_id] - 1)
    return {"max_shipments"}


@_operator
def promise_broken(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.shipments)
    draft.policy = replace(draft.policy, service=replace(draft.policy.service, late="forbid"))
    day = date.fromisoformat(row["delivery_date"]) - timedelta(days=1)
    draft.change("orders", (row["order_id"],), promise_date=day)
    return {"promise_date"}


@_operator
def radius_one_metre_too_small(draft: Draft, random: Random) -> set[str] | None:
    farthest = max(row["distance_m"] for row in draft.shipments)
    if farthest < 2:
        return None
    limit = Decimal(farthest - 1) / 1000
    draft.policy = replace(draft.policy, service=replace(draft.policy.service, max_distance_km=limit))
    return {"max_distance"}


@_operator
def another_service_level_asked_for(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.shipments)
    if not len(draft.snapshot.services):
        return None  # the one service of a snapshot without services carries every level
    draft.change("orders", (row["order_id"],), service_level="never offered")
    return {"service_level"}


@_operator
def service_withdrawn_from_the_node(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.shipments)
    if not len(draft.snapshot.services):
        return None
    draft.change("services", (row["carrier"], row["service"]), nodes=("elsewhere",))
    return {"service_node"}


@_operator
def rate_one_micro_dearer(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.shipments)
    if not len(draft.snapshot.services):
        return None
    key = (row["carrier"], row["service"], row["zone"])
    rates = [
        replace(rate, price=rate.price + MICRO) if (rate.carrier, rate.service, rate.zone) == key else rate
        for rate in draft.snapshot.rates
    ]
    draft.snapshot = replace(draft.snapshot, rates=rates)
    return {"wrong_transport"}


@_operator
def holiday_on_the_ship_date(draft: Draft, random: Random) -> set[str] | None:
    row = random.choice(draft.shipments)
    day = Holiday(date=date.fromisoformat(row["ship_date"]), node_id=row["node_id"])
    draft.snapshot = replace(draft.snapshot, holidays=[*draft.snapshot.holidays, day])
    return {"wrong_ship_date"}
