"""Small true examples of what the service takes and answers; tests send them."""

from __future__ import annotations

from typing import Any

SNAPSHOT: dict[str, Any] = {
    "snapshot": {"as_of": "2026-03-02T09:00:00-05:00", "currency": "USD", "version": "morning"},
    "orders": [
        {
            "order_id": "1001",
            "postal_code": "02139",
            "promise_date": "2026-03-06",
            "lines": [{"line_id": "1", "sku": "00123", "quantity": 3}],
        }
    ],
    "products": [{"sku": "00123", "weight_g": 400, "length_mm": 200, "width_mm": 150, "height_mm": 100}],
    "nodes": [
        {"node_id": "newark", "postal_code": "07105", "timezone": "America/New_York", "cutoff": "16:00"},
        {"node_id": "store-7", "kind": "store", "postal_code": "02116", "timezone": "America/New_York"},
    ],
    "inventory": [
        {"node_id": "newark", "sku": "00123", "on_hand": 40},
        {"node_id": "store-7", "sku": "00123", "on_hand": 2, "safety_stock": 1},
    ],
    "services": [{"carrier": "parcelco", "service": "ground"}],
    "zones": [
        {"carrier": "parcelco", "zone": "2", "max_distance_km": 250},
        {"carrier": "parcelco", "zone": "4", "max_distance_km": 5000},
    ],
    "rates": [
        {"carrier": "parcelco", "service": "ground", "zone": "2", "max_weight_g": 1000, "price": "7.20"},
        {"carrier": "parcelco", "service": "ground", "zone": "2", "max_weight_g": 5000, "price": "9.10"},
        {"carrier": "parcelco", "service": "ground", "zone": "4", "max_weight_g": 1000, "price": "8.45"},
        {"carrier": "parcelco", "service": "ground", "zone": "4", "max_weight_g": 5000, "price": "11.90"},
    ],
    "transit": [
        {"carrier": "parcelco", "service": "ground", "zone": "2", "days": 1},
        {"carrier": "parcelco", "service": "ground", "zone": "4", "days": 3},
    ],
}
"""A snapshot of one order, two nodes and one service."""

POLICY: dict[str, Any] = {"service": {"late": "forbid"}, "solver": {"time_limit_seconds": 5}}
"""A policy that states two keys."""

PLAN_REQUEST: dict[str, Any] = {"snapshot": SNAPSHOT, "policy": POLICY}
"""Body of ``POST /v1/plan``."""

PLAN: dict[str, Any] = {
    "allocations": [
        {
            "order_id": "1001",
            "line_id": "1",
            "sku": "00123",
            "node_id": "newark",
            "quantity": 3,
            "shipment_id": "s1",
        }
    ],
    "shipments": [
        {"shipment_id": "s1", "order_id": "1001", "node_id": "newark", "carrier": "parcelco", "service": "ground"}
    ],
}
"""A plan as an older system may hand it over: ids and quantities only."""

EVALUATE_REQUEST: dict[str, Any] = {"snapshot": SNAPSHOT, "plan": PLAN}
"""Body of ``POST /v1/evaluate``."""

PROBLEM: dict[str, Any] = {
    "type": "urn:quartermaster:problem:validation",
    "title": "Input is not valid",
    "status": 422,
    "detail": "1 problem was found; nothing was planned or stored.",
    "instance": "urn:quartermaster:request:01KN4Z5V9G8T3M2X7Q6R5S4T3V",
    "code": "validation",
    "errors_total": 1,
    "errors": [
        {
            "pointer": "/snapshot/orders/0/lines/0/quantity",
            "code": "qty_not_positive",
            "detail": "must be a whole number from 1 to 1000000",
            "value": "-5",
        }
    ],
}
"""A problem body."""
