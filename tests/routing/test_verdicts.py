"""Why nodes lost, worked by hand; and what a router refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import quartermaster as qm
from quartermaster.planning.routing import search

AS_OF = datetime(2026, 9, 16, 9, tzinfo=UTC)  # a Wednesday
HOME = {"lat": 40.0, "lon": -75.0}
"""The destination."""


def node(node_id: str, **more: object) -> qm.Node:
    return qm.Node(**{"node_id": node_id, "lat": 40.0, "lon": -76.0, **more})


def network(**tables: object) -> qm.Snapshot:
    """Each node lacks one thing; `best` is the cheapest and `dearer` costs 3.10 more."""
    nodes = [
        node("best"),
        node("dearer", cost_per_shipment=Decimal("3.1")),
        node("disabled", enabled=False),
        node("empty"),
        node("far", lat=10.0, lon=100.0),
        node("full", max_shipments=0),
        node("no-units-left", max_units=0),
        node("slow", ships_on=frozenset({6})),  # Sundays
        node("unserved"),
    ]
    stocked = [row.node_id for row in nodes if row.node_id != "empty"]
    given = {
        "products": [qm.Product(sku="k", weight_g=500), qm.Product(sku="other", weight_g=500)],
        "nodes": nodes,
        "inventory": [
            *(qm.Inventory(node_id=node_id, sku="k", on_hand=3) for node_id in stocked),
            qm.Inventory(node_id="empty", sku="other", on_hand=3),
            qm.Inventory(node_id="empty", sku="k", on_hand=3, reserved=3),
        ],
        "services": [
            qm.Service(carrier="c", service="s", nodes=tuple(row.node_id for row in nodes if row.node_id != "unserved"))
        ],
        "zones": [qm.Zone(carrier="c", zone="1", max_distance_km=Decimal(5000))],
        "rates": [qm.Rate(carrier="c", service="s", zone="1", max_weight_g=9000, price=Decimal(7))],
        "transit": [qm.Transit(carrier="c", service="s", zone="1", days=1)],
        "orders": [qm.Order(order_id="open", **HOME)],
        "order_lines": [qm.OrderLine(order_id="open", line_id="1", sku="k", quantity=9)],
    }
    return qm.Snapshot(as_of=AS_OF, currency="USD", **{**given, **tables})


ORDER = qm.Order(order_id="o", promise_date=date(2026, 9, 18), **HOME)


def line(quantity: int = 1, line_id: str = "1", **more: object) -> qm.OrderLine:
    return qm.OrderLine(**{"order_id": "o", "line_id": line_id, "sku": "k", "quantity": quantity, **more})


def texts(routing: qm.Routing) -> dict[str, str]:
    return {verdict.node_id: verdict.text for verdict in routing.nodes}


def test_each_reason() -> None:
    routing = qm.Router(network()).route(ORDER, [line()])
    assert routing.best.decision_total == Decimal(7)
    assert texts(routing) == {
        "dearer": "+3.10",
        "disabled": "not allowed",
        "empty": "no stock",
        "far": "no service",
        "full": "no capacity",
        "no-units-left": "no capacity",
        "slow": "later than promised",
        "unserved": "no service",
    }
    assert [verdict.extra for verdict in routing.nodes if verdict.extra is not None] == [Decimal("3.1")]
    assert [option.decision_total for option in routing.options] == [Decimal(7), Decimal("10.1")]


def test_rules_of_the_line_and_the_radius_come_first() -> None:
    router = qm.Router(network(), qm.Policy(service=qm.ServicePolicy(max_distance_km=Decimal(3000))))
    routing = router.route(ORDER, [line(excluded_nodes=("dearer", "full", "empty"))])
    assert texts(routing) == {
        "dearer": "not allowed",
        "disabled": "not allowed",
        "empty": "not allowed",
        "far": "not allowed",
        "full": "not allowed",
        "no-units-left": "no capacity",
        "slow": "later than promised",
        "unserved": "no service",
    }


def test_what_is_too_heavy_has_no_service() -> None:
    heavy = [qm.Product(sku="k", weight_g=9001), qm.Product(sku="other", weight_g=1)]
    routing = qm.Router(network(products=heavy)).route(ORDER, [line()])
    assert routing.best.shipments == ()
    assert routing.best.backordered == {"1": 1}
    assert {text for node_id, text in texts(routing).items() if node_id not in ("disabled", "empty")} == {"no service"}


def test_lateness_that_is_priced_costs_more() -> None:
    policy = qm.Policy(service=qm.ServicePolicy(late="price", cost_per_late_day=Decimal(2)))
    routing = qm.Router(network(), policy).route(ORDER, [line()])
    # Sunday the 20th, delivered on Monday the 21st: three days late
    assert texts(routing)["slow"] == "+6.00"


def test_no_option_where_the_order_ships_whole() -> None:
    few = [
        qm.Inventory(node_id="best", sku="k", on_hand=4),
        qm.Inventory(node_id="dearer", sku="k", on_hand=2),
        qm.Inventory(node_id="slow", sku="k", on_hand=9),
    ]
    whole = replace(ORDER, ship_complete=True, max_shipments=1)
    routing = qm.Router(network(inventory=few)).route(whole, [line(4)])
    assert routing.best.shipments[0].node_id == "best"
    assert texts(routing)["dearer"] == "in no option"
    assert texts(routing)["slow"] == "later than promised"
    split = qm.Router(network(inventory=few)).route(replace(whole, max_shipments=None), [line(4)])
    assert texts(split)["dearer"] == "+10.10"  # a second shipment, 7.00 + 3.10


def test_extra_cost_counts_stock_value() -> None:
    prices = qm.StockPrices(node_id=("best", "dearer"), sku=("k", "k"), price_micro=(2_000_000, 500_000))
    routing = qm.Router(network(), prices=prices).route(ORDER, [line(2)])
    assert (routing.best.objective.total, routing.best.stock_value) == (Decimal(7), Decimal(4))
    assert texts(routing)["dearer"] == "+0.10"  # 10.10 + 1.00 against 7.00 + 4.00
    router = qm.Router(network(), prices=prices)
    router.reprice(qm.StockPrices(node_id=("best",), sku=("k",), price_micro=(2_000_000,)))
    assert [shipment.node_id for shipment in router.route(ORDER, [line(2)]).best.shipments] == ["dearer"]
    router.reprice(None)
    assert router.route(ORDER, [line(2)]).best.stock_value == 0


def test_stock_value_backorders_only_where_it_may() -> None:
    prices = qm.StockPrices(node_id=("best", "dearer"), sku=("k", "k"), price_micro=(200_000_000, 200_000_000))
    kept = qm.Router(network(), prices=prices).route(ORDER, [line()]).best
    assert (kept.backordered, kept.stock_value) == ({}, Decimal(200))
    policy = qm.Policy(future=qm.FuturePolicy(may_backorder=True))
    waits = qm.Router(network(), policy, prices).route(ORDER, [line()]).best
    assert (waits.backordered, waits.decision_total) == ({"1": 1}, Decimal(100))


def test_verdicts_are_of_the_moment_of_the_call() -> None:
    router = qm.Router(network())
    routing = router.route(ORDER, [line(3)])
    router.commit(routing.options[1])
    assert texts(routing)["dearer"] == "+3.10"
    assert texts(router.route(ORDER, [line(3)]))["dearer"] == "no stock"


def test_time_moves_ship_dates() -> None:
    router = qm.Router(network())
    assert router.route(ORDER, [line()]).best.shipments[0].ship_date == date(2026, 9, 16)
    router.advance(datetime(2026, 9, 18, 9, tzinfo=UTC))
    routing = router.route(ORDER, [line()])
    assert routing.best.backordered == {"1": 1}  # Friday is too late for Friday
    assert texts(routing)["best"] == "later than promised"
    later = router.route(replace(ORDER, promise_date=None), [line()]).best.shipments[0]
    assert (later.ship_date, later.delivery_date) == (date(2026, 9, 18), date(2026, 9, 21))
    with pytest.raises(qm.InputError, match="must not be before"):
        router.advance(AS_OF)
    with pytest.raises(qm.InputError, match="must have an offset"):
        router.advance(datetime(2027, 1, 1))


def test_zip_codes_become_places() -> None:
    router = qm.Router(network())
    by_zip = router.route(qm.Order(order_id="o", postal_code="19019"), [line()]).best.shipments[0]
    assert 60_000 < by_zip.distance_m < 90_000  # Philadelphia to a degree west of it
    nowhere = router.route(qm.Order(order_id="o", postal_code="SW1A 1AA", country="GB"), [line()]).best
    assert nowhere.backordered == {"1": 1}  # half the circumference is in no zone


WRONG: list[tuple[str, qm.Order, list[qm.OrderLine]]] = [
    ("no_lines", ORDER, []),
    ("unknown_sku", ORDER, [line(sku="nothing")]),
    ("unknown_node", ORDER, [line(pinned_node="nowhere")]),
    ("unknown_node", ORDER, [line(allowed_nodes=("best", "nowhere"))]),
    ("unknown_order", ORDER, [line(order_id="another")]),
    ("duplicate_row", ORDER, [line(), line()]),
    ("qty_not_positive", ORDER, [line(0)]),
    ("qty_too_large", ORDER, [line(10**6 + 1)]),
    ("qty_not_whole", ORDER, [line(True)]),
    ("out_of_range", replace(ORDER, priority=100), [line()]),
    ("out_of_range", replace(ORDER, max_shipments=0), [line()]),
    ("coordinate", replace(ORDER, lon=None), [line()]),
    ("coordinate", replace(ORDER, lat=91.0), [line()]),
    ("money_range", ORDER, [line(backorder_cost=Decimal("NaN"))]),
    ("cost_range", ORDER, [line(10**6, backorder_cost=Decimal(10**4))]),
]


@pytest.mark.parametrize(("code", "order", "lines"), WRONG, ids=[f"{n}-{code}" for n, (code, _, _) in enumerate(WRONG)])
def test_bad_orders_are_refused(code: str, order: qm.Order, lines: list[qm.OrderLine]) -> None:
    router = qm.Router(network())
    for call in (router.route, router.promise):
        with pytest.raises(qm.InputError) as caught:
            call(order, lines)
        assert [problem.code for problem in caught.value.problems] == [code]


def test_unknown_names_are_refused() -> None:
    router = qm.Router(network())
    for call in (
        lambda: router.restock("nowhere", "k", 1),
        lambda: router.restock("best", "nothing", 1),
        lambda: router.restock("best", "k", 0),
        lambda: router.reprice(qm.StockPrices(node_id=("nowhere",), sku=("k",), price_micro=(1,))),
        lambda: router.reprice(qm.StockPrices(node_id=("best",), sku=("k",), price_micro=(10**15 + 1,))),
        lambda: router.route(ORDER, [line()], count=0),
    ):
        with pytest.raises(qm.InputError):
            call()
    router.reprice(qm.StockPrices(node_id=("best",), sku=("k",), price_micro=(10**15,)))
    with pytest.raises(qm.InputError, match="worth more"):
        router.route(ORDER, [line(2)])


def heavy_network(units_at_b: int, services: int, max_shipments: int | None = None) -> qm.Snapshot:
    """Units of which a service carries one at a time: 7.00, 8.00, 9.00; `c`, `e` and `f` cost 3, 5 and 6 more."""
    dearer = {"c": 3, "e": 5, "f": 6}
    names = [f"s{number}" for number in range(services)]
    return network(
        products=[qm.Product(sku="k", weight_g=8000), qm.Product(sku="other", weight_g=1)],
        nodes=[
            node("b", max_shipments=max_shipments),
            *(node(node_id, cost_per_shipment=Decimal(cost)) for node_id, cost in dearer.items()),
        ],
        inventory=[
            qm.Inventory(node_id="b", sku="k", on_hand=units_at_b),
            *(qm.Inventory(node_id=node_id, sku="k", on_hand=1) for node_id in dearer),
        ],
        services=[qm.Service(carrier="c", service=name) for name in names],
        rates=[
            qm.Rate(carrier="c", service=name, zone="1", max_weight_g=9000, price=Decimal(7 + number))
            for number, name in enumerate(names)
        ],
        transit=[qm.Transit(carrier="c", service=name, zone="1", days=1) for name in names],
    )


@pytest.mark.parametrize("few", [search.FEW, -1], ids=["each node by itself", "all nodes at once"])
def test_a_node_may_ship_by_several_services(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", few)
    routing = qm.Router(heavy_network(2, 2)).route(ORDER, [line(3)])
    assert routing.best.decision_total == 7 + 8 + 10
    assert texts(routing) == {"e": "+2.00", "f": "+3.00"}  # b by both services again, and one of them for c


@pytest.mark.parametrize("few", [search.FEW, -1], ids=["each node by itself", "all nodes at once"])
def test_a_node_ships_by_no_more_services_than_it_has_room_for(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", few)
    routing = qm.Router(heavy_network(3, 3, max_shipments=2)).route(ORDER, [line(4)])
    assert routing.best.decision_total == 7 + 8 + 10 + 12
    assert texts(routing) == {"f": "+1.00"}
    free = qm.Router(heavy_network(3, 3)).route(ORDER, [line(4)])
    assert free.best.decision_total == 7 + 8 + 9 + 10
    assert texts(free) == {"e": "+2.00", "f": "+3.00"}
