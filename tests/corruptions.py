"""Kinds of corrupted plan: each breaks the good plan in one way and names the rules that must catch it.

They work on the bare plan (ids, nodes, quantities and services only), so that nothing but the constraint itself can
catch them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from good_plan import Draft

from quartermaster.policy import ServicePolicy

Mutation = Callable[[Draft], None]
CORRUPTIONS: dict[str, tuple[Mutation, set[str]]] = {}


def _corruption(*rules: str) -> Callable[[Mutation], Mutation]:
    def note(mutation: Mutation) -> Mutation:
        CORRUPTIONS[mutation.__name__] = (mutation, set(rules))
        return mutation

    return note


# Ids and rows.


@_corruption("unknown_order")
def allocation_of_an_unknown_order(draft: Draft) -> None:
    draft.allocation("O1", "2", "S1")["order_id"] = "O9"


@_corruption("unknown_order", "unknown_shipment")
def order_id_without_its_zeros(draft: Draft) -> None:
    draft.allocations.append(dict(draft.allocations[0], order_id="01", shipment_id="S01"))


@_corruption("unknown_line")
def allocation_of_an_unknown_line(draft: Draft) -> None:
    draft.allocation("O1", "2", "S1")["line_id"] = "3"


@_corruption("unknown_sku")
def another_sku(draft: Draft) -> None:
    draft.allocation("O1", "2", "S1")["sku"] = "lamp"


@_corruption("unknown_node")
def shipment_from_an_unknown_node(draft: Draft) -> None:
    draft.ship("S1", "N9")


@_corruption("unknown_order")
def shipment_of_an_unknown_order(draft: Draft) -> None:
    draft.shipment("S1")["order_id"] = "O9"


@_corruption("unknown_service")
def unknown_service(draft: Draft) -> None:
    draft.shipment("S3")["service"] = "rocket"


@_corruption("unknown_service")
def service_of_another_carrier(draft: Draft) -> None:
    draft.shipment("S3")["carrier"] = "van"


@_corruption("unknown_shipment", "shipment_empty")
def allocation_without_its_shipment(draft: Draft) -> None:
    draft.allocation("O5", "1", "S5")["shipment_id"] = "S9"


@_corruption("unknown_shipment")
def dropped_shipment(draft: Draft) -> None:
    draft.shipments.remove(draft.shipment("S5"))


@_corruption("shipment_empty")
def dropped_allocation(draft: Draft) -> None:
    draft.allocations.remove(draft.allocation("O5", "1", "S5"))


@_corruption("duplicate_shipment")
def doubled_shipment(draft: Draft) -> None:
    draft.shipments.append(dict(draft.shipment("S5")))


@_corruption("duplicate_allocation", "over_allocated")
def doubled_allocation(draft: Draft) -> None:
    draft.allocations.append(dict(draft.allocation("O5", "1", "S5")))


@_corruption("foreign_order", "stock", "over_allocated", "node_max_units")
def units_of_one_order_in_the_shipment_of_another(draft: Draft) -> None:
    draft.allocations.append(dict(draft.allocation("O5", "1", "S5"), shipment_id="S1", node_id="N1"))


@_corruption("allocation_node")
def allocation_from_another_node_than_its_shipment(draft: Draft) -> None:
    draft.allocation("O5", "1", "S5")["node_id"] = "N3"


@_corruption("shipment_not_one")
def two_shipments_of_one_node_and_service(draft: Draft) -> None:
    draft.change("nodes", ("N1",), max_shipments=None)
    draft.shipments.append(dict(draft.shipment("S1"), shipment_id="S6"))
    draft.allocation("O1", "2", "S1")["shipment_id"] = "S6"


@_corruption("quantity")
def quantity_zero(draft: Draft) -> None:
    draft.allocations.append(dict(draft.allocation("O2", "1", "S3"), order_id="O4", quantity=0))


@_corruption("quantity")
def quantity_negative(draft: Draft) -> None:
    draft.allocations.append(dict(draft.allocation("O2", "1", "S3"), order_id="O4", quantity=-1))


@_corruption("quantity", "ship_complete")
def quantity_not_whole(draft: Draft) -> None:
    draft.allocation("O3", "2", "S4")["quantity"] = 0.5


@_corruption("missing_column", "unknown_shipment")
def shipments_without_their_node(draft: Draft) -> None:
    for row in draft.shipments:
        del row["node_id"]


@_corruption("missing_column", "shipment_empty")
def allocations_without_quantity(draft: Draft) -> None:
    for row in draft.allocations:
        del row["quantity"]


# Stock and capacity.


@_corruption("over_allocated")
def one_unit_more_than_ordered(draft: Draft) -> None:
    draft.allocation("O5", "1", "S5")["quantity"] = 2


@_corruption("stock")
def one_unit_more_than_available(draft: Draft) -> None:
    draft.change("rates", ("post", "air", "A"), max_weight_g=3000)  # so that the weight is no matter
    draft.allocation("O2", "1", "S3")["quantity"] = 2


@_corruption("stock")
def safety_stock_shipped(draft: Draft) -> None:
    draft.change("inventory", ("N1", "tea"), safety_stock=3)


@_corruption("stock")
def stock_that_other_systems_hold(draft: Draft) -> None:
    draft.change("inventory", ("N1", "tea"), reserved=3)


@_corruption("stock")
def stock_where_more_is_reserved_than_there_is(draft: Draft) -> None:
    draft.shipments.append(dict(draft.shipment("S4"), shipment_id="S6", order_id="O4", node_id="N2"))
    row = {"order_id": "O4", "line_id": "1", "node_id": "N2", "quantity": 1, "shipment_id": "S6"}
    draft.allocations.append(dict(draft.allocations[0], **row, sku="rug"))


@_corruption("stock")
def node_that_does_not_stock_the_sku(draft: Draft) -> None:
    draft.ship("S3", "N3")


@_corruption("node_max_shipments")
def one_shipment_over_the_capacity(draft: Draft) -> None:
    draft.change("nodes", ("N2",), max_shipments=1)


@_corruption("node_max_shipments")
def node_without_any_capacity(draft: Draft) -> None:
    draft.change("nodes", ("N3",), max_shipments=0)


@_corruption("node_max_units")
def one_unit_over_the_capacity(draft: Draft) -> None:
    draft.change("nodes", ("N1",), max_units=6)


@_corruption("node_disabled")
def closed_node(draft: Draft) -> None:
    draft.change("nodes", ("N2",), enabled=False)


# Rules of lines and orders.


@_corruption("pinned_node")
def away_from_the_pinned_node(draft: Draft) -> None:
    draft.change("order_lines", ("O1", "1"), pinned_node="N2")


@_corruption("allowed_nodes")
def outside_the_allowed_nodes(draft: Draft) -> None:
    draft.change("order_lines", ("O3", "2"), allowed_nodes=("N1", "N2"))


@_corruption("excluded_nodes")
def from_an_excluded_node(draft: Draft) -> None:
    draft.change("order_lines", ("O1", "2"), excluded_nodes=("N3", "N1"))


@_corruption("ship_complete")
def part_of_a_ship_complete_order(draft: Draft) -> None:
    draft.allocations.remove(draft.allocation("O3", "2", "S4"))


@_corruption("ship_complete")
def one_unit_of_a_ship_complete_order(draft: Draft) -> None:
    draft.allocations.remove(draft.allocation("O3", "1", "S4"))


@_corruption("line_complete")
def part_of_a_line_complete_line(draft: Draft) -> None:
    draft.change("orders", ("O3",), ship_complete=False)
    draft.allocation("O3", "1", "S4")["quantity"] = 1


@_corruption("max_shipments")
def more_shipments_than_the_policy_allows(draft: Draft) -> None:
    draft.policy = replace(draft.policy, service=replace(draft.policy.service, max_shipments=1))


@_corruption("max_shipments")
def more_shipments_than_the_order_allows(draft: Draft) -> None:
    draft.change("orders", ("O2",), max_shipments=1)


@_corruption("max_distance")
def farther_than_the_policy_allows(draft: Draft) -> None:
    draft.policy = replace(draft.policy, service=replace(draft.policy.service, max_distance_km=Decimal("20015.114")))


@_corruption("promise_date")
def late_where_that_is_forbidden(draft: Draft) -> None:
    draft.policy = replace(draft.policy, service=ServicePolicy(late="forbid"))


# Lanes.


@_corruption("service_node")
def service_that_the_node_does_not_offer(draft: Draft) -> None:
    draft.change("services", ("post", "air"), nodes=("N1", "N3"))


@_corruption("service_level")
def service_of_another_level(draft: Draft) -> None:
    draft.change("orders", ("O3",), service_level="express")


@_corruption("service_level")
def service_of_no_level(draft: Draft) -> None:
    draft.change("orders", ("O5",), service_level="std")


@_corruption("no_zone")
def lane_beyond_every_band(draft: Draft) -> None:
    draft.shipment("S5").update(carrier="post", service="ground")


@_corruption("no_zone")
def lane_without_a_pair_of_prefixes(draft: Draft) -> None:
    draft.change("orders", ("O5",), postal_code="30001")


@_corruption("no_rate")
def zone_without_a_rate(draft: Draft) -> None:
    draft.change("orders", ("O1",), lon=10.0)  # 1 111 951 m: zone C


@_corruption("no_transit")
def zone_without_a_transit_time(draft: Draft) -> None:
    draft.change("orders", ("O1",), lon=20.0)  # 2 223 902 m: zone D


@_corruption("too_heavy")
def heavier_than_any_number_of_parcels_carries(draft: Draft) -> None:
    draft.change("products", ("rug",), weight_g=14801)  # 30 002 g: three parcels of 10 001 g


@_corruption("no_ship_date")
def node_that_never_ships(draft: Draft) -> None:
    draft.change("nodes", ("N3",), ships_on=frozenset())
