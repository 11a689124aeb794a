"""Decoding: tables in the user's words, exact cost, key figures."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from instances import small_instance
from rule_plans import checked_tables
from simple_day import CHICAGO, NEW_YORK, NEWARK, simple_day

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.plan import ALLOCATION_COLUMNS, BACKORDER_COLUMNS, SHIPMENT_COLUMNS
from quartermaster.errors import ModelError
from quartermaster.planning.decode import PlanTables, decode, exact_sum
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.sourcing import NOTHING, sourcing_of
from quartermaster.policy import BackorderPolicy, ObjectivePolicy, Policy

POLICY = Policy(
    objective=ObjectivePolicy(cost_per_shipment_km=Decimal("0.01"), extra_shipment=Decimal(2)),
    backorder=BackorderPolicy(cost_per_unit=Decimal(10), cost_per_order=Decimal(1)),
)


def split_day() -> PlanningProblem:
    """Order 1 from two nodes, order 2 short of one unit, order 3 of everything."""
    snapshot = simple_day(
        orders=[
            Order(order_id="1", **NEW_YORK),
            Order(order_id="2", priority=1, **NEW_YORK),
            Order(order_id="3", ordered_at=None, **NEW_YORK),
        ],
        lines=[
            OrderLine(order_id="1", line_id="a", sku="x", quantity=2),
            OrderLine(order_id="1", line_id="b", sku="y", quantity=1),
            OrderLine(order_id="2", line_id="a", sku="x", quantity=3),
            OrderLine(order_id="3", line_id="a", sku="z", quantity=4),
        ],
        nodes=[
            Node(node_id="n1", cost_per_unit=Decimal("0.5"), opening_cost=Decimal(7), **NEWARK),
            Node(node_id="n2", cost_per_shipment=Decimal("0.25"), **CHICAGO),
        ],
        stock={("n1", "x"): 4, ("n2", "y"): 9},
    )
    return build_problem(snapshot, POLICY)


@pytest.fixture(scope="module")
def tables() -> PlanTables:
    return checked_tables(split_day(), "nearest")


def test_allocations(tables: PlanTables) -> None:
    assert tuple(tables.allocations.columns) == ALLOCATION_COLUMNS
    rows = tables.allocations.drop(columns="shipment_id").itertuples(index=False, name=None)
    assert list(rows) == [("1", "a", "x", "n1", 1), ("1", "b", "y", "n2", 1), ("2", "a", "x", "n1", 3)]
    assert set(tables.allocations["shipment_id"]) == set(tables.shipments["shipment_id"])


def test_shipments(tables: PlanTables) -> None:
    assert tuple(tables.shipments.columns) == SHIPMENT_COLUMNS
    kept = ["order_id", "node_id", "carrier", "service", "zone", "parcels", "billable_weight_g", "units", "ship_date"]
    assert list(tables.shipments[kept].itertuples(index=False, name=None)) == [
        ("1", "n1", "C", "S", "near", 1, 400, 1, "2026-06-08"),
        ("1", "n2", "C", "S", "middle", 1, 400, 1, "2026-06-08"),
        ("2", "n1", "C", "S", "near", 1, 1200, 3, "2026-06-08"),
    ]
    assert tables.shipments["delivery_date"].tolist() == ["2026-06-10"] * 3
    assert tables.shipments["transport"].tolist() == [Decimal(5), Decimal(8), Decimal(5)]
    assert tables.shipments["handling"].tolist() == [Decimal("0.5"), Decimal("0.25"), Decimal("1.5")]
    metres = tables.shipments["distance_m"].tolist()
    assert 10_000 < metres[0] == metres[2] < 20_000
    assert tables.shipments["distance"].tolist() == [Decimal(metre) / 100_000 for metre in metres]


def test_backorders(tables: PlanTables) -> None:
    assert tuple(tables.backorders.columns) == BACKORDER_COLUMNS
    assert list(tables.backorders.itertuples(index=False, name=None)) == [
        ("1", "a", "x", 1, "stock_taken", "", ""),
        ("3", "a", "z", 4, "no_stock", "", ""),
    ]


def test_objective(tables: PlanTables) -> None:
    terms = tables.objective.terms()
    assert terms["transport"] == 18
    assert terms["handling"] == Decimal("2.25")
    assert terms["extra_shipment"] == 2
    assert terms["opening"] == 7
    assert terms["backorder"] == 5 * 10 + 2 * 1
    assert terms["distance"] == sum(tables.shipments["distance"])


def test_key_figures(tables: PlanTables) -> None:
    metres = sum(tables.shipments["distance_m"])
    expected = {
        "orders": 3,
        "lines": 4,
        "units": 10,
        "shipped_orders": 2,
        "short_orders": 2,
        "complete_orders": 1,
        "backordered_units": 5,
        "shipments": 3,
        "split_orders": 1,
        "parcels": 3,
        "nodes_used": 2,
        "late_shipments": 0,
        "fill_rate": Decimal("0.5"),
        "split_rate": Decimal("0.5"),
        "on_time_rate": 1,
        "shipments_per_order": Decimal("1.5"),
        "mean_distance_km": (Decimal(metres) / 3000).quantize(Decimal("0.000001")),
        "cost_per_order": (tables.objective.total - 52) / 2,
    }
    assert {name: tables.kpis[name] for name in expected} == expected
    assert {value.as_tuple().exponent for value in tables.kpis.values()} == {-6}


def test_a_plan_of_nothing() -> None:
    tables = decode(split_day(), NOTHING)
    assert tables.allocations.empty
    assert tables.shipments.empty
    assert tables.backorders["quantity"].tolist() == [2, 1, 3, 4]
    assert tables.kpis["fill_rate"] == 0
    assert tables.kpis["on_time_rate"] == 1
    assert tables.kpis["cost_per_order"] == 0
    assert tables.objective.total == 2 * 10 + 10 + 3 * 20 + 4 * 10 + 1 + 2 + 1


def test_types_and_order() -> None:
    for seed in range(60, 66):
        tables = checked_tables(build_problem(*small_instance(seed)), "highest_stock")
        for name in ("order_id", "line_id", "sku", "node_id", "shipment_id"):
            assert {type(text) for text in tables.allocations[name]} <= {str}
        assert tables.allocations["quantity"].dtype == np.int64
        for name in ("parcels", "billable_weight_g", "distance_m", "units"):
            assert tables.shipments[name].dtype == np.int64
        for name in ("transport", "handling", "distance", "late"):
            assert {type(amount) for amount in tables.shipments[name]} <= {Decimal}
        assert tables.shipments["shipment_id"].is_unique
        keys = ["order_id", "line_id", "node_id"]
        pd.testing.assert_frame_equal(tables.allocations, tables.allocations.sort_values(keys, kind="stable"))
        keys = ["order_id", "node_id", "carrier", "service"]
        pd.testing.assert_frame_equal(tables.shipments, tables.shipments.sort_values(keys, kind="stable"))


def test_shipment_ids_are_those_of_earlier_plans(tables: PlanTables) -> None:
    assert tables.shipments["shipment_id"].tolist() == [
        "40dfc85f-1fce-5e5e-ba8a-64c19d58bbac",
        "92e5de2a-f4bf-5a10-ba92-311dade4820f",
        "56cfadc1-4e45-53b2-9f54-eaec70c59555",
    ]


def test_a_line_served_beyond_its_quantity_is_our_bug() -> None:
    one = np.array([0])
    with pytest.raises(ModelError, match="beyond"):
        decode(split_day(), sourcing_of(one, one, one, np.array([3])))


def test_a_service_that_cannot_carry_is_our_bug() -> None:
    problem = split_day()
    heavy = simple_day(
        orders=[Order(order_id="1", **NEW_YORK)],
        lines=[OrderLine(order_id="1", line_id="a", sku="x", quantity=2)],
        nodes=[Node(node_id="n1", **NEWARK)],
        stock={("n1", "x"): 4},
        max_weight_g=500,
    )
    one = np.array([0])
    sourcing = sourcing_of(one, one, one, np.array([2]))
    assert len(decode(problem, sourcing).shipments) == 1
    with pytest.raises(ModelError, match="cannot carry"):
        decode(build_problem(heavy, POLICY), sourcing)


def test_sums_beyond_64_bits() -> None:
    values = np.array([2**62, 2**62, 2**62, -5, 7], dtype=np.int64)
    assert exact_sum(values) == 3 * 2**62 + 2
    assert exact_sum(np.empty(0, dtype=np.int64)) == 0
