"""Prices, zones and transit of the demo's carriers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from quartermaster.demo import Size, draw_snapshot, meridian
from quartermaster.domain.snapshot import Snapshot


@pytest.fixture(scope="module")
def day() -> Snapshot:
    return draw_snapshot(Size(10, 20, 10, 0.2, 1))


# USPS Notice 123, retail, effective 2025-10-05. 2 lb = 907 g, 70 lb = 31 751 g, 4 oz = 113 g, rounded down.
@pytest.mark.parametrize(
    ("service", "zone", "weight_g", "price"),
    [
        ("Ground Advantage", "1", 113, "7.20"),
        ("Ground Advantage", "5", 453, "10.65"),
        ("Ground Advantage", "8", 907, "17.15"),
        ("Ground Advantage", "4", 4989, "18.80"),
        ("Priority Mail", "1", 453, "10.45"),
        ("Priority Mail", "8", 907, "19.85"),
        ("Priority Mail", "6", 1814, "23.95"),
    ],
)
def test_published_price(day: Snapshot, service: str, zone: str, weight_g: int, price: str) -> None:
    rates = day.rates
    row = np.flatnonzero(
        (rates["carrier"] == "USPS")
        & (rates["service"] == service)
        & (rates["zone"] == zone)
        & (rates["max_weight_g"] == weight_g)
    )
    assert [int(rates["price"][position]) for position in row] == [int(Decimal(price) * 10**6)]


def test_last_break_is_seventy_pounds(day: Snapshot) -> None:
    assert day.rates["max_weight_g"][day.rates["carrier"] == "USPS"].max() == 31_751


# By hand: rank of C is 3: 5.40 + 0.96 + 10 * 0.55 = 11.86; Express 1.7 * 11.86 + 4 = 24.162, up to 24.17.
@pytest.mark.parametrize(
    ("service", "zone", "pounds", "price"),
    [
        ("Ground", "C", 10, "11.86"),
        ("Express", "C", 10, "24.17"),
        ("Ground", "METRO", 1, "5.62"),
        ("Ground", "D", 150, "105.68"),
    ],
)
def test_formula_price(service: str, zone: str, pounds: int, price: str) -> None:
    assert meridian.price(service, zone, pounds) == Decimal(price)


def test_prices_rise_with_weight_and_each_zone_of_a_service_has_all_it_needs(day: Snapshot) -> None:
    rates, transit = day.rates, day.transit
    offered = set(zip(day.services["carrier"], day.services["service"], strict=True))
    cards = sorted(set(zip(rates["carrier"], rates["service"], rates["zone"], strict=True)))
    assert {card[:2] for card in cards} == offered
    assert sorted(zip(transit["carrier"], transit["service"], transit["zone"], strict=True)) == cards
    zones = set(zip(day.zones["carrier"], day.zones["zone"], strict=True))
    assert {(carrier, zone) for carrier, _, zone in cards} == zones
    for carrier, service, zone in cards:
        rows = np.flatnonzero((rates["carrier"] == carrier) & (rates["service"] == service) & (rates["zone"] == zone))
        assert (np.diff(rates["max_weight_g"][rows]) > 0).all()
        assert (np.diff(rates["price"][rows]) >= 0).all()


def test_bands_are_the_published_miles(day: Snapshot) -> None:
    bounds = [
        bound
        for carrier, bound in zip(day.zones["carrier"], day.zones["max_distance_km"], strict=True)
        if carrier == "USPS"
    ]
    assert [round(float(bound) / 1.609344) for bound in bounds[:7]] == [50, 150, 300, 600, 1000, 1400, 1800]


def test_dimensional_divisors_are_those_of_the_carriers(day: Snapshot) -> None:
    in3_per_lb = {
        carrier: float(divisor) * 0.45359237 / 16.387064
        for carrier, divisor in zip(day.services["carrier"], day.services["dim_divisor_cm3_per_kg"], strict=True)
    }
    assert in3_per_lb == {"USPS": pytest.approx(166, abs=0.01), "MERIDIAN": pytest.approx(139, abs=0.01)}
