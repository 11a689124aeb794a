from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest
from rating_cases import all_lanes, book_of, card, iso
from rating_networks import draw_network

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order
from quartermaster.errors import RatingError
from quartermaster.policy import ObjectivePolicy, Policy, ServicePolicy
from quartermaster.rating import book as book_module
from quartermaster.rating import rate_book


def test_handling_is_per_shipment_and_per_unit():
    nodes = [
        Node(node_id="a", cost_per_shipment=Decimal("1.25"), cost_per_unit=Decimal("0.000003")),
        Node(node_id="b"),
    ]
    book = book_of(nodes=nodes)
    assert book.handling(np.array([0, 0, 1]), np.array([1, 7, 9])).tolist() == [1_250_003, 1_250_021, 0]
    assert book.handling(np.array([[0], [1]]), np.array([1, 2])).tolist() == [[1_250_003, 1_250_006], [0, 0]]


def test_handling_beyond_64_bits_is_refused():
    book = book_of(nodes=[Node(node_id="a", cost_per_unit=Decimal(9 * 10**12))])
    with pytest.raises(RatingError, match="64 bits"):
        book.handling(np.array([0]), np.array([10**6]))


def distance_book(per_shipment="0", per_unit="0"):
    objective = ObjectivePolicy(cost_per_shipment_km=Decimal(per_shipment), cost_per_unit_km=Decimal(per_unit))
    return book_of(Policy(objective=objective))


@pytest.mark.parametrize(
    ("per_shipment", "per_unit", "metres", "units", "micro"),
    [
        ("0.002", "0", 1_234_567, 3, 2_469_134),
        ("0", "0.002", 1_234_567, 3, 7_407_402),
        ("0.0000005", "0", 1000, 1, 1),  # 0.5 micro goes up
        ("0.000000499999", "0", 1000, 1, 0),
        ("0.0000005", "0.0000005", 1000, 1, 2),  # each term is rounded, not their sum
        ("0.0000002", "0.0000002", 1000, 1, 0),
        ("0", "0.000000000001", 20_015_115, 10**6, 20_015),  # 12 decimals: 20 015.115 micro
        ("0", "0", 20_015_115, 10**6, 0),
    ],
)
def test_distance_cost_has_two_terms_each_rounded_once(per_shipment, per_unit, metres, units, micro):
    book = distance_book(per_shipment, per_unit)
    assert book.distance_cost(np.array([metres]), np.array([units])).tolist() == [micro]


def test_distance_cost_broadcasts():
    for per_unit, expected in (("0", [[1000, 1000], [2000, 2000]]), ("0.001", [[2000, 3000], [4000, 6000]])):
        found = distance_book("0.001", per_unit).distance_cost(np.array([[1000], [2000]]), np.array([1, 2]))
        assert found.tolist() == expected


def test_late_days_cost_only_where_the_policy_prices_them():
    days = np.array([[0, 1], [3, 30]])
    priced = Policy(service=ServicePolicy(late="price", cost_per_late_day=Decimal("1.3333335")))
    assert book_of(priced).late_cost(days).tolist() == [[0, 1_333_334], [4_000_001, 40_000_005]]
    assert book_of(Policy(service=ServicePolicy(cost_per_late_day=Decimal(7)))).late_cost(days).tolist() == [[0, 0]] * 2


def test_lanes_of_any_pairs_in_any_order():
    orders = [Order(order_id=str(row), lat=40.0 + row, lon=-70.0 - 3 * row) for row in range(5)]
    nodes = [Node(node_id=str(row), lat=30.0 + row, lon=-100.0) for row in range(4)]
    book = book_of(orders=orders, nodes=nodes, **card())
    everything = all_lanes(book)
    order, node = np.array([4, 0, 4, 2]), np.array([1, 3, 1, 0])
    some = book.lanes(order, node)
    assert some.distance_m.tolist() == everything.distance_m.reshape(5, 4)[order, node].tolist()
    assert some.delivery_day.tolist() == everything.delivery_day.reshape(5, 4, 1)[order, node].tolist()
    assert book.distance_m(order, node).tolist() == some.distance_m.tolist()
    none = book.lanes(order[:0], node[:0])
    assert none.distance_m.shape == (0,)
    assert none.zone.shape == none.delivery_day.shape == none.late_days.shape == (0, 1)


def test_blocks_of_lanes_do_not_change_the_answer(monkeypatch):
    snapshot, policy = draw_network(3)
    whole = all_lanes(rate_book(snapshot, policy))
    monkeypatch.setattr(book_module, "BLOCK", 7)
    cut = all_lanes(rate_book(snapshot, policy))
    for name in ("distance_m", "zone", "delivery_day", "late_days"):
        assert getattr(cut, name).tolist() == getattr(whole, name).tolist()
    assert len(whole.distance_m) % 7 > 0
    assert (whole.zone >= 0).any()


def test_dtypes_are_those_of_the_contract():
    book = book_of(**card())
    lanes = all_lanes(book)
    assert lanes.distance_m.dtype == np.int64
    assert [column.dtype for column in (lanes.zone, lanes.delivery_day, lanes.late_days)] == [np.int32] * 3
    assert (book.ship_day.dtype, book.residential.dtype) == (np.int32, np.bool_)
    found = book.transport(0, 0, True, 1, 0)
    assert [column.dtype for column in (found.micro, found.parcels, found.billable_g)] == [np.int64] * 3


def test_residential_is_the_orders():
    orders = [Order(order_id="a"), Order(order_id="b", residential=False)]
    assert book_of(orders=orders).residential.tolist() == [True, False]


def test_no_services_still_may_be_late():
    orders = [Order(order_id="a", promise_date=date(2026, 6, 12))]
    saturday = datetime(2026, 6, 13, 9, tzinfo=UTC)
    lanes = all_lanes(book_of(as_of=saturday, orders=orders))
    assert iso(lanes.delivery_day[0, 0]) == "2026-06-15"
    assert lanes.late_days.tolist() == [[3]]
