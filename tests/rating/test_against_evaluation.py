"""Rating (vectorised) and evaluation (scalar) are two writings of one rule: equal on every shipment."""

from datetime import date

import numpy as np
import pytest
from rating_cases import EPOCH
from rating_networks import draw_network, draw_shipments

from quartermaster.evaluation.loads import Load
from quartermaster.evaluation.plan_rows import ShipmentRow
from quartermaster.evaluation.pricing import Pricing
from quartermaster.evaluation.records import records_of
from quartermaster.evaluation.violations import Findings
from quartermaster.rating import rate_book

NETWORKS = 50
PER_NETWORK = 2100
NOT_OFFERED = {"no_zone", "no_rate", "no_transit", "service_node", "service_level", "no_ship_date"}


def test_together_they_are_more_than_a_hundred_thousand_shipments():
    assert NETWORKS * PER_NETWORK > 100_000


@pytest.mark.parametrize("seed", range(1000, 1000 + NETWORKS))
def test_rating_equals_evaluation(seed):
    compare(*draw_network(seed), seed)


@pytest.mark.parametrize("seed", range(1000, 1003))
def test_rating_equals_evaluation_without_services(seed):
    compare(*draw_network(seed, with_services=False), seed)


def compare(snapshot, policy, seed):
    """Hold every figure of random shipments of one network equal."""
    book, records = rate_book(snapshot, policy), records_of(snapshot)
    pricing = Pricing(records, policy)
    order_ids, node_ids = snapshot.orders["order_id"], snapshot.nodes["node_id"]
    drawn = draw_shipments(snapshot, PER_NETWORK, seed)
    lanes = book.lanes(drawn.order, drawn.node)
    each = np.arange(PER_NETWORK)
    zone, late_days = lanes.zone[each, drawn.service], lanes.late_days[each, drawn.service]
    delivery = EPOCH + lanes.delivery_day[each, drawn.service]
    units = drawn.units
    priced = book.transport(
        drawn.service,
        zone,
        book.residential[drawn.order],
        drawn.total(records.weight_g),
        drawn.total(records.volume_mm3),
    )
    handling, way = book.handling(drawn.node, units), book.distance_cost(lanes.distance_m, units)
    late = book.late_cost(late_days)
    shipped = EPOCH + book.ship_day[drawn.node]
    for row, load in enumerate(drawn.loads):
        carrier, service = book.service_names[drawn.service[row]]
        ids = (order_ids[drawn.order[row]], node_ids[drawn.node[row]], carrier, service)
        findings = Findings()
        found = pricing.price(Load(ShipmentRow("s", *ids, claims={}), load), findings)
        rules = {violation.rule for violation in findings.all()} - {"promise_date"}
        assert (rules != set()) == (found is None)
        assert bool(rules & NOT_OFFERED) == (zone[row] < 0), (ids, rules)
        assert (priced.parcels[row] == 0) == (rules != set()), (ids, rules)
        if found is None:
            continue
        assert (found.zone, found.parcels, found.billable_weight_g, found.distance_m, found.units) == (
            book.zone_names[zone[row]],
            priced.parcels[row],
            priced.billable_g[row],
            lanes.distance_m[row],
            units[row],
        )
        assert (found.ship_date, found.delivery_date) == (day(shipped[row]), day(delivery[row]))
        assert found.late_days == late_days[row]
        assert (found.transport, found.handling, found.distance, found.late) == (
            priced.micro[row],
            handling[row],
            way[row],
            late[row],
        )


def day(value):
    return date.fromisoformat(str(value))
