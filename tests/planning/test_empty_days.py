"""Days on which there is nothing to plan, or nothing to plan with."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rule_plans import checked_tables
from simple_day import NEW_YORK, NEWARK, simple_day

import quartermaster as qm
from quartermaster.domain.network import Node, Product
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Forecast
from quartermaster.planning.problem import build_problem
from quartermaster.policy import RULES, FuturePolicy, Policy

ORDERS = [Order(order_id="o", **NEW_YORK)]
LINES = [OrderLine(order_id="o", line_id="1", sku="a", quantity=2)]
NODES = [Node(node_id="near", **NEWARK)]
WITHOUT_CARRIERS = {"services": [], "zones": [], "rates": [], "transit": []}


@pytest.mark.parametrize("rule", RULES)
def test_no_orders(rule: str) -> None:
    day = simple_day(orders=[], lines=[], nodes=NODES, stock={})
    tables = checked_tables(build_problem(day, Policy()), rule)
    assert tables.allocations.empty
    assert tables.backorders.empty
    assert tables.kpis["fill_rate"] == 1
    assert tables.objective.total == 0


@pytest.mark.parametrize("rule", RULES)
def test_no_nodes(rule: str) -> None:
    day = simple_day(orders=ORDERS, lines=LINES, nodes=[], stock={})
    tables = checked_tables(build_problem(day, Policy()), rule)
    assert tables.backorders["reason"].tolist() == ["not_allowed"]


@pytest.mark.parametrize("rule", RULES)
def test_no_stock(rule: str) -> None:
    day = simple_day(orders=ORDERS, lines=LINES, nodes=NODES, stock={})
    tables = checked_tables(build_problem(day, Policy()), rule)
    assert tables.backorders["reason"].tolist() == ["no_stock"]


@pytest.mark.parametrize("rule", RULES)
def test_no_carriers(rule: str) -> None:
    day = simple_day(orders=ORDERS, lines=LINES, nodes=NODES, stock={("near", "a"): 2}, **WITHOUT_CARRIERS)
    tables = checked_tables(build_problem(day, Policy()), rule)
    assert tables.shipments[["carrier", "service", "zone", "units"]].values.tolist() == [["", "none", "", 2]]
    assert tables.objective.total == 0


@pytest.mark.parametrize("orders", [0, 1])
def test_a_forecast_of_nothing(orders: int) -> None:
    nothing = Forecast(sku="a", units_per_day=Decimal(0), lat=40.0, lon=-74.0)
    tables = {"orders": ORDERS[:orders], "lines": LINES[:orders], "products": [Product(sku="a", weight_g=5)]}
    day = simple_day(**tables, nodes=NODES, stock={("near", "a"): 5}, forecast=[nothing])
    policy = Policy(future=FuturePolicy(horizon_days=3))
    assert qm.stock_prices(day, policy).sku == ()
    plan = qm.plan(day, policy)
    assert (plan.stock_value_micro, len(plan.allocations)) == (0, orders)
