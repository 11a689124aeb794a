"""Rates with steps: two lines of 400 g in one parcel cost less than two parcels."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simple_day import BANDS, CHICAGO, NEW_YORK, NEWARK, sent, simple_day

import quartermaster as qm
from quartermaster.domain.carriers import Rate
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.policy import ObjectivePolicy, Policy

APART = {("o", "1", "east"): 1, ("o", "2", "west"): 1}
TOGETHER = {("o", "1", "hub"): 1, ("o", "2", "hub"): 1}


def rates(heavy_middle: str) -> list[Rate]:
    """Light parcels (500 g) near 5, farther 8; up to 1 000 g near 6, farther as given."""
    prices = {"near": ("5", "6"), "middle": ("8", heavy_middle), "far": ("12", "20")}
    return [
        Rate(carrier="C", service="S", zone=zone, max_weight_g=weight, price=Decimal(price))
        for zone, _ in BANDS
        for weight, price in zip((500, 1000), prices[zone], strict=True)
    ]


@pytest.mark.parametrize(
    ("heavy_middle", "extra", "expected", "total"),
    [
        ("9.99", "0", TOGETHER, "9.99"),  # 2 x 5.00 from the nearer nodes
        ("10.01", "0", APART, "10.00"),
        ("10.01", "0.02", TOGETHER, "10.01"),  # an extra shipment costs 0.02 more
        ("10.01", "0.000001", APART, "10.000001"),
    ],
)
def test_consolidates_exactly_when_cheaper(
    heavy_middle: str, extra: str, expected: dict[tuple[str, str, str], int], total: str
) -> None:
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id=line, sku=sku, quantity=1) for line, sku in (("1", "a"), ("2", "b"))],
        nodes=[Node(node_id="east", **NEWARK), Node(node_id="west", **NEWARK), Node(node_id="hub", **CHICAGO)],
        stock={("east", "a"): 5, ("west", "b"): 5, ("hub", "a"): 5, ("hub", "b"): 5},
        rates=rates(heavy_middle),
    )
    plan = qm.plan(snapshot, Policy(objective=ObjectivePolicy(extra_shipment=Decimal(extra))))
    assert sent(plan.allocations) == expected
    assert plan.objective.total == Decimal(total)


def test_one_parcel_is_priced_by_the_whole_shipment() -> None:
    """From one node the two lines are one parcel of 800 g at 6.00, not two of 400 g at 5.00."""
    snapshot = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id=line, sku=sku, quantity=1) for line, sku in (("1", "a"), ("2", "b"))],
        nodes=[Node(node_id="east", **NEWARK)],
        stock={("east", "a"): 5, ("east", "b"): 5},
        rates=rates("9"),
    )
    plan = qm.plan(snapshot)
    assert plan.shipments["billable_weight_g"].tolist() == [800]
    assert plan.objective.transport_micro == 6_000_000
