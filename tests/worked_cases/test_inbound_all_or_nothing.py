"""Expected dates of what ships all or nothing: what the plan left over counts beside inbound supply."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from inbound_day import NO_DATE, NODE, dates, inbound_day, line, order
from simple_day import short

import quartermaster as qm
from quartermaster.policy import BackorderPolicy, Policy

TWIN = replace(NODE, node_id="n2")


def test_an_order_that_ships_complete_waits_for_its_last_unit() -> None:
    """Line 1 is on hand, line 2 arrives on Wednesday 17: both lines carry the later date."""
    lines = [line("o", 2, "x", "1"), line("o", 1, "y", "2")]
    day = inbound_day([order("o", ship_complete=True)], lines, {("n1", "y", 17): 1}, stock={("n1", "x"): 2})
    assert qm.plan(day).allocations.empty
    assert dates(day) == dict.fromkeys([("o", "1"), ("o", "2")], ("2026-06-17", "2026-06-19"))


def test_one_line_that_is_not_covered_leaves_the_order_without_a_date_and_its_units_to_others() -> None:
    lines = [line("o", 1, "x", "1"), line("o", 1, "y", "2"), line("p", 1, "x")]
    orders = [order("o", ship_complete=True, priority=1), order("p")]
    day = inbound_day(orders, lines, {("n1", "x", 10): 1})
    assert dates(day) == {("o", "1"): NO_DATE, ("o", "2"): NO_DATE, ("p", "1"): ("2026-06-10", "2026-06-12")}


def test_what_is_left_over_is_promised_once() -> None:
    """One x on hand, two orders that need one each beside an inbound y: the second waits for x on the 18th, or for
    good."""
    orders = [order("o", ship_complete=True), order("p", ship_complete=True)]
    lines = [line(order_id, 1, sku, sku) for order_id in ("o", "p") for sku in ("x", "y")]
    inbound = {("n1", "y", 10): 2}
    stock = {("n1", "x"): 1}
    day = inbound_day(orders, lines, inbound, stock=stock)
    assert dates(day) == {
        **dict.fromkeys([("o", "x"), ("o", "y")], ("2026-06-10", "2026-06-12")),
        **dict.fromkeys([("p", "x"), ("p", "y")], NO_DATE),
    }
    day = inbound_day(orders, lines, {**inbound, ("n1", "x", 18): 1}, stock=stock)
    assert dates(day) == {
        **dict.fromkeys([("o", "x"), ("o", "y")], ("2026-06-10", "2026-06-12")),
        **dict.fromkeys([("p", "x"), ("p", "y")], ("2026-06-18", "2026-06-22")),
    }


def test_what_is_left_over_goes_first_and_leaves_inbound_to_others() -> None:
    """The first order takes the x on hand, though one arrives today, too: that is left for a line that needs it."""
    orders = [order("o", ship_complete=True, priority=1), order("p")]
    lines = [line("o", 2, "x", "1"), line("o", 1, "y", "2"), line("p", 1, "x")]
    # two units of x would do for o now, but not y; a third x is due today
    day = inbound_day(orders, lines, {("n1", "x", 8): 1, ("n1", "y", 10): 1}, stock={("n1", "x"): 2})
    policy = Policy(backorder=BackorderPolicy(cost_per_unit=Decimal(1)))
    assert dates(day, policy) == {
        **dict.fromkeys([("o", "1"), ("o", "2")], ("2026-06-10", "2026-06-12")),
        ("p", "1"): ("2026-06-08", "2026-06-10"),
    }


def test_a_complete_line_counts_what_is_left_over_and_a_partial_one_does_not() -> None:
    """Three on hand and two on the 17th: the line of five has a date; one that may ship in part takes the three now."""
    inbound, stock = {("n1", "x", 17): 2}, {("n1", "x"): 3}
    complete = inbound_day([order("o")], [line("o", 5, line_complete=True)], inbound, stock=stock)
    assert qm.plan(complete).allocations.empty
    assert dates(complete) == {("o", "1"): ("2026-06-17", "2026-06-19")}
    partial = inbound_day([order("o")], [line("o", 5)], inbound, stock=stock)
    assert qm.plan(partial).allocations["quantity"].tolist() == [3]
    assert dates(partial) == {("o", "1"): ("2026-06-17", "2026-06-19")}


@pytest.mark.parametrize("whole", [{"ship_complete": True}, {}])
def test_what_is_left_over_alone_is_no_reason_for_a_date(whole: dict[str, bool]) -> None:
    """All is on hand; it was left as too costly. Inbound at another node on the 17th does not change that."""
    policy = Policy(backorder=BackorderPolicy(cost_per_unit=Decimal(1)))
    lines = [line("o", 2, line_complete=True)]
    for inbound in ({}, {("n2", "x", 17): 2}):
        day = inbound_day([order("o", **whole)], lines, inbound, nodes=[NODE, TWIN], stock={("n1", "x"): 2})
        assert short(qm.plan(day, policy).backorders)["o", "1"][0] == 2
        assert dates(day, policy) == {("o", "1"): NO_DATE}


def test_units_that_other_orders_took_are_not_left_over() -> None:
    """The one x ships today to the order without conditions; the complete order finds none left."""
    orders = [order("a"), order("b", ship_complete=True)]
    lines = [line("a", 1, "x"), line("b", 1, "x", "1"), line("b", 1, "y", "2")]
    day = inbound_day(orders, lines, {("n1", "y", 10): 1}, stock={("n1", "x"): 1})
    assert dates(day) == {("b", "1"): NO_DATE, ("b", "2"): NO_DATE}
