"""Kinds of false claim: each changes what the full plan says of itself and names the rules that must catch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

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
