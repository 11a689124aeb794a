"""Every feature that random instances draw, each with the edit that takes it out again.

A feature is *drawn* in an instance where its edit changes anything, and *binding* where the edit changes the cost of
the cheapest plan. Tests use both to know that random instances really exercise the whole contract.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import Any

from quartermaster.domain.snapshot import ROW_TYPES, Snapshot
from quartermaster.io import ready
from quartermaster.policy import Policy

Case = tuple[Snapshot, Policy]
Edit = Callable[[Snapshot, Policy], Case]
Change = Any
"""A new value of a column, or a function of the row that returns it."""


def with_rows(snapshot: Snapshot, table: str, rows: list[Any]) -> Snapshot:
    """Replace one table and check again; returns the snapshot itself where nothing changes.

    Parameters
    ----------
    snapshot, table, rows
        The snapshot, the name of the table and its new rows.
    """
    return snapshot if rows == list(snapshot.table(table)) else with_tables(snapshot, **{table: rows})


def with_tables(snapshot: Snapshot, **tables: list[Any]) -> Snapshot:
    """Replace some tables and check again.

    Parameters
    ----------
    snapshot
        The snapshot.
    tables
        New rows by the table's name.
    """
    rows: dict[str, Any] = {name: snapshot.table(name) for name in ROW_TYPES} | tables
    return ready(Snapshot(as_of=snapshot.as_of, currency=snapshot.currency, version=snapshot.version, **rows))


def alone(snapshot: Snapshot, order_id: str) -> Snapshot:
    """Drop every order but one and check again.

    Parameters
    ----------
    snapshot, order_id
        The snapshot and the order that stays.
    """
    kept = {
        name: [row for row in snapshot.table(name) if row.order_id == order_id] for name in ("orders", "order_lines")
    }
    return with_tables(snapshot, **kept)


def edited(snapshot: Snapshot, table: str, **changes: Change) -> Snapshot:
    """Change columns of every row of one table and check again.

    Parameters
    ----------
    snapshot, table
        The snapshot and the name of the table.
    changes
        New value by column, or a function of the row.
    """
    rows = [
        replace(row, **{name: change(row) if callable(change) else change for name, change in changes.items()})
        for row in snapshot.table(table)
    ]
    return with_rows(snapshot, table, rows)


def without(snapshot: Snapshot, table: str, unwanted: Callable[[Any], bool]) -> Snapshot:
    """Drop rows of one table and check again.

    Parameters
    ----------
    snapshot, table, unwanted
        The snapshot, the name of the table, and which rows go.
    """
    return with_rows(snapshot, table, [row for row in snapshot.table(table) if not unwanted(row)])


def _rows(table: str, **changes: Change) -> Edit:
    return lambda snapshot, policy: (edited(snapshot, table, **changes), policy)


def _drop(table: str, unwanted: Callable[[Any], bool]) -> Edit:
    return lambda snapshot, policy: (without(snapshot, table, unwanted), policy)


def _knob(section: str, **changes: Any) -> Edit:
    return lambda snapshot, policy: (
        snapshot,
        replace(policy, **{section: replace(getattr(policy, section), **changes)}),
    )


def one_shipment_an_order(snapshot: Snapshot, policy: Policy) -> Case:
    """Forbid every split."""
    return edited(snapshot, "orders", max_shipments=None), _knob("service", max_shipments=1)(snapshot, policy)[1]


def _no_services(snapshot: Snapshot, policy: Policy) -> Case:
    """Give an instance without services none of its freedom: every lane vanishes with the stock."""
    return (snapshot, policy) if len(snapshot.services) else (edited(snapshot, "inventory", on_hand=0), policy)


def _bands_only(snapshot: Snapshot, policy: Policy) -> Case:
    banded = {zone.carrier for zone in snapshot.zones if zone.max_distance_km is not None}
    return without(snapshot, "zones", lambda zone: bool(zone.origin_prefix) and zone.carrier in banded), policy


def _rising_rates(snapshot: Snapshot, policy: Policy) -> Case:
    best: dict[tuple[str, str, str], Decimal] = {}
    rows = []
    for rate in snapshot.rates:  # sorted by weight within each card
        key = rate.carrier, rate.service, rate.zone
        best[key] = max(rate.price, best.get(key, rate.price))
        rows.append(replace(rate, price=best[key]))
    return with_rows(snapshot, "rates", rows), policy


def _one_line_per_sku(snapshot: Snapshot, policy: Policy) -> Case:
    seen: set[tuple[str, str]] = set()
    rows = []
    for line in snapshot.order_lines:
        if (line.order_id, line.sku) not in seen:
            rows.append(line)
        seen.add((line.order_id, line.sku))
    return with_rows(snapshot, "order_lines", rows), policy


def _more_stock(snapshot: Snapshot, policy: Policy) -> Case:
    """Give back, in stock, what fixed rows take of it; they still take capacity."""
    taken: Counter[tuple[str, str]] = Counter()
    for row in snapshot.fixed:
        taken[row.node_id, row.sku] += row.quantity
    return edited(snapshot, "inventory", on_hand=lambda row: row.on_hand + taken[row.node_id, row.sku]), policy


def _more_capacity(column: str) -> Edit:
    """Give back, in one capacity of nodes, what fixed rows take of it; they still take stock."""

    def edit(snapshot: Snapshot, policy: Policy) -> Case:
        units: Counter[str] = Counter()
        for row in snapshot.fixed:
            units[row.node_id] += row.quantity
        shipments = Counter(node_id for node_id, *_ in {(r.node_id, r.order_id, r.shipment_id) for r in snapshot.fixed})
        taken = units if column == "max_units" else shipments

        def given(node: Any) -> int | None:
            most = getattr(node, column)
            return None if most is None else most + taken[node.node_id]

        return edited(snapshot, "nodes", **{column: given}), policy

    return edit


def _known_places(table: str) -> Edit:
    return _rows(
        table,
        lat=lambda row: 39.1 if row.lat is None else row.lat,
        lon=lambda row: -94.58 if row.lon is None else row.lon,
    )


def _short_decimals(snapshot: Snapshot, policy: Policy) -> Case:
    short = lambda amount: amount.quantize(Decimal("0.000001"))  # noqa: E731 - one use, one line
    objective = policy.objective
    return snapshot, replace(
        policy,
        objective=replace(
            objective,
            cost_per_shipment_km=short(objective.cost_per_shipment_km),
            cost_per_unit_km=short(objective.cost_per_unit_km),
        ),
    )


EDITS: dict[str, Edit] = {
    "no services at all": _no_services,
    "splits": one_shipment_an_order,
    "the same SKU on two lines": _one_line_per_sku,
    "zones by prefix pairs": _bands_only,
    "bands": _drop("zones", lambda zone: zone.max_distance_km is not None and zone.max_distance_km > 2000),
    "rates that fall with weight": _rising_rates,
    "last break": _drop("rates", lambda rate: rate.max_weight_g == 20_000),
    "dimensional weight": _rows("services", dim_divisor_cm3_per_kg=None),
    "dimensional threshold": _rows("services", dim_above_cm3=Decimal(0)),
    "several parcels": _rows("services", max_parcels=1),
    "fuel": _rows("services", fuel_surcharge=Decimal(0)),
    "residential surcharge": _rows("services", residential_surcharge=Decimal(0)),
    "residential addresses": _rows("orders", residential=False),
    "delivery days": _rows("services", delivers_on="mon-sun"),
    "services of some nodes": _rows("services", nodes=()),
    "service levels": _rows("orders", service_level=""),
    "handling per shipment": _rows("nodes", cost_per_shipment=Decimal(0)),
    "handling per unit": _rows("nodes", cost_per_unit=Decimal(0)),
    "node shipment capacity": _rows("nodes", max_shipments=None),
    "node unit capacity": _rows("nodes", max_units=None),
    "opening cost": _rows("nodes", opening_cost=Decimal(0)),
    "disabled nodes": _rows("nodes", enabled=True),
    "cut-offs": _rows("nodes", cutoff=time(23, 59)),
    "time zones": _rows("nodes", timezone="UTC"),
    "ship days": _rows("nodes", ships_on=frozenset(range(7))),
    "nodes without a place": _known_places("nodes"),
    "orders without a place": _known_places("orders"),
    "holidays of a node": _drop("holidays", lambda holiday: bool(holiday.node_id)),
    "holidays of a carrier": _drop("holidays", lambda holiday: bool(holiday.carrier)),
    "holidays everywhere": _drop("holidays", lambda holiday: not holiday.node_id and not holiday.carrier),
    "safety stock": _rows("inventory", safety_stock=0),
    "reserved stock": _rows("inventory", reserved=0),
    "scarce stock": _rows("inventory", on_hand=lambda row: row.on_hand + 1000),
    "allocations that stand": _drop("fixed", lambda row: True),
    "stock of allocations that stand": _more_stock,
    "units of allocations that stand": _more_capacity("max_units"),
    "shipments of allocations that stand": _more_capacity("max_shipments"),
    "promise dates": _rows("orders", promise_date=None),
    "late forbidden": lambda snapshot, policy: (
        snapshot,
        replace(policy, service=replace(policy.service, late="price")),
    ),
    "late priced": _knob("service", cost_per_late_day=Decimal(0)),
    "ship_complete": _rows("orders", ship_complete=False),
    "line_complete": _rows("order_lines", line_complete=False),
    "max_shipments of orders": _rows("orders", max_shipments=None),
    "max_shipments of the policy": _knob("service", max_shipments=0),
    "pinned nodes": _rows("order_lines", pinned_node=""),
    "allowed nodes": _rows("order_lines", allowed_nodes=()),
    "excluded nodes": _rows("order_lines", excluded_nodes=()),
    "radius": _knob("service", max_distance_km=Decimal(0)),
    "priorities": _rows("orders", priority=0),
    "backorder cost of lines": _rows("order_lines", backorder_cost=None),
    "backorder cost of orders": _knob("backorder", cost_per_order=Decimal(0)),
    "cheap backorders": _knob("backorder", cost_per_unit=Decimal(100)),
    "distance cost of shipments": _knob("objective", cost_per_shipment_km=Decimal(0)),
    "distance cost of units": _knob("objective", cost_per_unit_km=Decimal(0)),
    "decimals beyond the sixth": _short_decimals,
    "extra_shipment": _knob("objective", extra_shipment=Decimal(0)),
}
"""The edit that takes each feature out, by the feature's name."""
