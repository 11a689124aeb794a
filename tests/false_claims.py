"""Kinds of false claim: each changes what the full plan says of itself and names the rules that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from good_plan import Draft

Mutation = Callable[[Draft], None]
FALSE_CLAIMS: dict[str, tuple[Mutation, set[str]]] = {}


def _false_claim(*rules: str) -> Callable[[Mutation], Mutation]:
    def note(mutation: Mutation) -> Mutation:
        FALSE_CLAIMS[mutation.__name__] = (mutation, set(rules))
        return mutation

    return note


@_false_claim("wrong_zone")
def wrong_zone(draft: Draft) -> None:
    draft.shipment("S1")["zone"] = "B"


@_false_claim("wrong_zone")
def zone_of_the_shorter_prefixes(draft: Draft) -> None:
    draft.shipment("S5")["zone"] = "U"


@_false_claim("wrong_parcels")
def one_parcel_too_few(draft: Draft) -> None:
    draft.shipment("S4")["parcels"] = 1


@_false_claim("wrong_billable_weight_g")
def actual_weight_where_the_dimensional_counts(draft: Draft) -> None:
    draft.shipment("S2")["billable_weight_g"] = 3000


@_false_claim("wrong_distance_m")
def one_metre_off(draft: Draft) -> None:
    draft.shipment("S1")["distance_m"] = 111196


@_false_claim("wrong_units")
def one_unit_off(draft: Draft) -> None:
    draft.shipment("S1")["units"] = 4


@_false_claim("wrong_ship_date")
def ships_on_the_holiday(draft: Draft) -> None:
    draft.shipment("S1")["ship_date"] = "2026-09-07"


@_false_claim("wrong_delivery_date")
def delivers_on_the_carriers_holiday(draft: Draft) -> None:
    draft.shipment("S1")["delivery_date"] = "2026-09-09"


@_false_claim("wrong_transport")
def transport_off_by_one_micro(draft: Draft) -> None:
    draft.shipment("S1")["transport"] += Decimal("0.000001")


@_false_claim("wrong_transport")
def transport_off_by_less_than_a_micro(draft: Draft) -> None:
    draft.shipment("S1")["transport"] += Decimal("0.0000001")


@_false_claim("wrong_handling")
def handling_off_by_one_micro(draft: Draft) -> None:
    draft.shipment("S4")["handling"] = Decimal(1)


@_false_claim("wrong_distance")
def distance_rounded_down(draft: Draft) -> None:
    draft.shipment("S1")["distance"] = Decimal("1.167547")


@_false_claim("wrong_late")
def late_day_forgotten(draft: Draft) -> None:
    draft.shipment("S2")["late"] = Decimal(5)


@_false_claim("wrong_late")
def late_that_is_no_number(draft: Draft) -> None:
    draft.shipment("S2")["late"] = "ten"


@_false_claim("wrong_backorder")
def backorder_forgotten(draft: Draft) -> None:
    assert draft.backorders is not None
    del draft.backorders[1]


@_false_claim("wrong_backorder")
def backorder_of_one_unit_more(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders[0]["quantity"] = 2


@_false_claim("wrong_backorder")
def backorder_of_a_line_that_ships(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders.append(dict(draft.backorders[0], order_id="O1", sku="tea", quantity=3))


@_false_claim("duplicate_backorder")
def doubled_backorder(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders.append(dict(draft.backorders[0]))


@_false_claim("unknown_sku")
def backorder_of_another_sku(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders[0]["sku"] = "tea"


@_false_claim("unknown_line")
def backorder_of_an_unknown_line(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders.append(dict(draft.backorders[0], line_id="7"))


# Expected dates. O4's rug is the one that arrives at N3 on Sunday 13, ships on Monday 14, is delivered on Wednesday 16.


def _dated(draft: Draft) -> dict[str, Any]:
    assert draft.backorders is not None
    return draft.backorders[1]


@_false_claim("expected_date_alone")
def ship_date_expected_and_no_delivery(draft: Draft) -> None:
    _dated(draft)["expected_delivery_date"] = ""


@_false_claim("expected_date_alone")
def delivery_expected_and_no_ship_date(draft: Draft) -> None:
    _dated(draft)["expected_ship_date"] = None


@_false_claim("wrong_expected_ship_date")
def expected_to_ship_before_it_arrives(draft: Draft) -> None:
    _dated(draft)["expected_ship_date"] = "2026-09-12"  # a Saturday on which N3 ships


@_false_claim("wrong_expected_ship_date")
def expected_to_ship_on_a_sunday(draft: Draft) -> None:
    _dated(draft).update(expected_ship_date="2026-09-20", expected_delivery_date="2026-09-22")


@_false_claim("wrong_expected_ship_date")
def expected_to_ship_some_day(draft: Draft) -> None:
    _dated(draft)["expected_ship_date"] = "soon"


@_false_claim("wrong_expected_ship_date", "wrong_expected_delivery_date")
def expected_in_another_age(draft: Draft) -> None:
    _dated(draft).update(expected_ship_date="9999-12-30", expected_delivery_date="9999-12-31")


@_false_claim("wrong_expected_ship_date")
def expected_where_nothing_arrives(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders[0].update(expected_ship_date="2026-09-14", expected_delivery_date="2026-09-16")


@_false_claim("wrong_expected_ship_date")
def expected_from_a_node_that_is_excluded(draft: Draft) -> None:
    draft.change("order_lines", ("O4", "1"), excluded_nodes=("N3",))


@_false_claim("wrong_expected_ship_date")
def expected_where_no_service_carries_a_unit(draft: Draft) -> None:
    draft.change("orders", ("O4",), service_level="express")  # air takes 2 000 g, a rug weighs 9 000


@_false_claim("wrong_expected_delivery_date")
def expected_a_day_before_any_service_delivers(draft: Draft) -> None:
    _dated(draft)["expected_delivery_date"] = "2026-09-15"


@_false_claim("wrong_expected_delivery_date")
def expected_a_day_after_the_last_delivery(draft: Draft) -> None:
    # what ground takes on Friday 18 is delivered on Tuesday 22
    _dated(draft).update(expected_ship_date="2026-09-18", expected_delivery_date="2026-09-23")


@_false_claim("wrong_expected_delivery_date")
def expected_to_arrive_before_it_ships(draft: Draft) -> None:
    _dated(draft)["expected_ship_date"] = "2026-09-17"


@_false_claim("expected_units")
def one_unit_expected_by_two(draft: Draft) -> None:
    draft.change("order_lines", ("O4", "1"), quantity=2)
    _dated(draft)["quantity"] = 2
    draft.claimed = None  # two units backordered cost more than one


def without_its_complete_order(draft: Draft) -> list[dict[str, Any]]:
    """O3 takes nothing, and is backordered: two rugs from N3, where two are left over then, and a tea."""
    assert draft.backorders is not None
    draft.allocations = [row for row in draft.allocations if row["order_id"] != "O3"]
    draft.shipments = [row for row in draft.shipments if row["order_id"] != "O3"]
    draft.claimed = None
    days = {"expected_ship_date": "2026-09-14", "expected_delivery_date": "2026-09-16"}
    rows = [
        {"order_id": "O3", "line_id": line_id, "sku": sku, "quantity": units, "reason": "ship_complete", **days}
        for line_id, sku, units in (("1", "rug", 2), ("2", "tea", 1))
    ]
    draft.backorders += rows
    return rows


@_false_claim("expected_complete")
def half_a_complete_order_expected(draft: Draft) -> None:
    without_its_complete_order(draft)[1].update(expected_ship_date="", expected_delivery_date="")


@_false_claim("expected_complete")
def a_complete_order_expected_on_two_days(draft: Draft) -> None:
    without_its_complete_order(draft)[1].update(expected_delivery_date="2026-09-17")


@_false_claim("expected_units")
def a_rug_left_over_expected_twice(draft: Draft) -> None:
    without_its_complete_order(draft)
    draft.change("inventory", ("N3", "rug"), on_hand=1)  # with the one that arrives two, for three that are promised


@_false_claim("wrong_reason")
def unknown_reason(draft: Draft) -> None:
    assert draft.backorders is not None
    draft.backorders[0]["reason"] = "because"


@_false_claim("wrong_objective")
def claimed_transport_off_by_one_micro(draft: Draft) -> None:
    assert draft.claimed is not None
    draft.claimed = replace(draft.claimed, transport_micro=draft.claimed.transport_micro - 1)


@_false_claim("wrong_objective")
def claimed_terms_swapped_at_the_same_total(draft: Draft) -> None:
    assert draft.claimed is not None
    late, extra = draft.claimed.late_micro, draft.claimed.extra_shipment_micro
    draft.claimed = replace(draft.claimed, late_micro=extra, extra_shipment_micro=late)


@_false_claim("wrong_objective")
def opening_cost_forgotten(draft: Draft) -> None:
    assert draft.claimed is not None
    draft.claimed = replace(draft.claimed, opening_micro=0)


@_false_claim("wrong_delivery_date", "wrong_late", "wrong_objective")
def promise_moved_and_a_date_of_another_calendar(draft: Draft) -> None:
    draft.change("orders", ("O2",), promise_date=date(2026, 9, 10))
    draft.shipment("S2")["delivery_date"] = "2026-09-12"
