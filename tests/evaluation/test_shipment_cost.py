"""Known values of billable weight, parcels and the rounded terms, each worked out in its comment."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from quartermaster.domain.carriers import Service
from quartermaster.evaluation.shipment_cost import (
    billable_weight_g,
    distance_micro,
    late_days,
    late_micro,
    parcels_and_price,
    transport_micro,
)
from quartermaster.policy import ObjectivePolicy, Policy, ServicePolicy

PLAIN = Service(carrier="c", service="s")


@pytest.mark.parametrize(
    ("divisor", "above", "actual_g", "volume_mm3", "billable_g"),
    [
        (None, "0", 700, 10**12, 700),
        ("5000", "0", 700, 3_500_000, 700),  # 3 500 cm3 / 5 = 700 g
        ("5000", "0", 700, 3_500_001, 701),  # 700.0002 g, and any part of a gram counts as one
        ("5000", "3500", 1, 3_500_000, 1),  # not over the volume
        ("5000", "3500", 1, 3_500_001, 701),
        ("5000", "3500.0005", 1, 3_500_000, 1),
        ("2.5", "0", 1, 1_000, 400),  # 1 cm3 * 1000 / 2.5
        ("6000", "0", 1, 1_000_000, 167),  # 166.67
    ],
)
def test_billable_weight(divisor, above, actual_g, volume_mm3, billable_g):
    given = None if divisor is None else Decimal(divisor)
    service = replace(PLAIN, dim_divisor_cm3_per_kg=given, dim_above_cm3=Decimal(above))
    assert billable_weight_g(service, actual_g, volume_mm3) == billable_g


@pytest.mark.parametrize(
    ("max_parcels", "billable_g", "found"),
    [
        (1, 1, (1, 10)),
        (1, 100, (1, 10)),
        (1, 101, (1, 25)),
        (1, 500, (1, 25)),
        (1, 501, None),
        (2, 501, (2, 25)),  # 251 g each
        (3, 1001, (3, 25)),  # two would carry 501 g each
        (3, 1500, (3, 25)),
        (3, 1501, None),
    ],
)
def test_the_least_number_of_parcels_that_carries_the_weight(max_parcels, billable_g, found):
    assert parcels_and_price(replace(PLAIN, max_parcels=max_parcels), [(100, 10), (500, 25)], billable_g) == found


@pytest.mark.parametrize(
    ("fuel", "surcharge", "parcels", "price_micro", "residential", "micro"),
    [
        ("0", "0", 1, 4_150_000, True, 4_150_000),
        ("0.1", "0.5", 2, 1_000_000, True, 3_300_000),  # (2 + 2 * 0.5) * 1.1
        ("0.1", "0.5", 2, 1_000_000, False, 2_200_000),
        ("0.5", "0", 1, 1, False, 2),  # 1.5, half up
        ("0.25", "0", 1, 1, False, 1),
        ("0.5", "0", 3, 1, False, 5),  # 4.5: rounded once, not parcel by parcel (6)
    ],
)
def test_transport_is_rounded_half_up_once(fuel, surcharge, parcels, price_micro, residential, micro):
    service = replace(PLAIN, fuel_surcharge=Decimal(fuel), residential_surcharge=Decimal(surcharge))
    assert transport_micro(service, parcels, price_micro, residential=residential) == micro


def test_each_product_of_the_distance_is_rounded_once():
    rates = ObjectivePolicy(cost_per_shipment_km=Decimal("0.000000000001"), cost_per_unit_km=Decimal("0.000000500001"))
    # 10^-6 micro * 20 015.115 km = 0.02 micro: 0.  0.500001 micro * 3 units * 1 km = 1.500003: 2.
    assert distance_micro(Policy(objective=rates), 20_015_115, 0) == 0
    assert distance_micro(Policy(objective=rates), 1000, 3) == 2
    # Two halves are rounded apart: 0.5 -> 1 and 0.5 -> 1.
    halves = ObjectivePolicy(cost_per_shipment_km=Decimal("0.0000005"), cost_per_unit_km=Decimal("0.0000005"))
    assert distance_micro(Policy(objective=halves), 1000, 1) == 2


def test_late_days_are_calendar_days_after_the_promise():
    assert late_days(date(2026, 9, 14), date(2026, 9, 11)) == 3  # a Friday, delivered on Monday
    assert late_days(date(2026, 9, 11), date(2026, 9, 11)) == 0
    assert late_days(date(2026, 9, 1), date(2026, 9, 11)) == 0
    assert late_days(date(2026, 9, 14), None) == 0


def test_late_days_cost_only_where_the_policy_prices_them():
    priced = ServicePolicy(late="price", cost_per_late_day=Decimal("0.0000015"))
    assert late_micro(Policy(service=priced), 3) == 5  # 4.5, rounded once
    assert late_micro(Policy(service=replace(priced, late="forbid")), 3) == 0
