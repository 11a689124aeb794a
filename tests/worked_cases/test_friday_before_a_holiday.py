"""An order after the cut-off on a Friday before a Monday holiday: ship and delivery dates in the node's zone."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from simple_day import CHICAGO, NEW_YORK, simple_day

import quartermaster as qm
from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import OPTIMAL, RULES, Policy, ServicePolicy

MEMORIAL_DAY = date(2026, 5, 25)


def friday(as_of: str, *, promise: date | None = None, timezone: str = "America/Chicago") -> Snapshot:
    """Friday 22 May 2026; the cut-off in Chicago is 17:00; two delivery days, Monday to Friday."""
    return simple_day(
        orders=[Order(order_id="o", **NEW_YORK, promise_date=promise)],
        lines=[OrderLine(order_id="o", line_id="1", sku="mug", quantity=1)],
        nodes=[Node(node_id="chicago", **CHICAGO, timezone=timezone, cutoff=time(17, 0))],
        stock={("chicago", "mug"): 1},
        as_of=datetime.fromisoformat(as_of),
        holidays=[Holiday(date=MEMORIAL_DAY)],
    )


@pytest.mark.parametrize("strategy", [OPTIMAL, *RULES])
@pytest.mark.parametrize(
    ("as_of", "shipped", "delivered"),
    [
        ("2026-05-22T17:00:59-05:00", "2026-05-22", "2026-05-27"),  # the cut-off is a minute, to its end
        ("2026-05-22T17:01:00-05:00", "2026-05-26", "2026-05-28"),  # neither the weekend nor the holiday counts
        ("2026-05-22T22:00:00+00:00", "2026-05-22", "2026-05-27"),  # 17:00 in Chicago
        ("2026-05-23T00:30:00+02:00", "2026-05-26", "2026-05-28"),  # 17:30 on Friday in Chicago
    ],
)
def test_dates(strategy: str, as_of: str, shipped: str, delivered: str) -> None:
    plan = qm.plan(friday(as_of), Policy(strategy=strategy))
    assert plan.shipments["ship_date"].tolist() == [shipped]
    assert plan.shipments["delivery_date"].tolist() == [delivered]


def test_the_zone_of_the_node_decides() -> None:
    plan = qm.plan(friday("2026-05-22T22:30:00+00:00", timezone="America/Los_Angeles"))
    assert plan.shipments["ship_date"].tolist() == ["2026-05-22"]


def test_a_promise_that_the_holiday_breaks() -> None:
    late = friday("2026-05-22T17:01:00-05:00", promise=date(2026, 5, 27))
    plan = qm.plan(late)
    assert plan.backorders["reason"].tolist() == ["late_everywhere"]
    priced = qm.plan(late, Policy(service=ServicePolicy(late="price")))
    assert priced.backorders.empty
    assert priced.objective.late_micro == 5_000_000
