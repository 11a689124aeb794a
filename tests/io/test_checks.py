"""Rules between rows: sums, costs, times, zones; and that a cause is reported once, not with all its consequences."""

import shutil

import pytest
from reading_cases import GOOD, good_document, pointers, problems_of

from quartermaster import io


@pytest.fixture
def day(tmp_path):
    shutil.copytree(GOOD, tmp_path / "day")
    return tmp_path / "day"


def found(day):
    return [(problem.code, problem.file, problem.row) for problem in problems_of(io.read_snapshot, day)]


@pytest.mark.parametrize(
    "table", ["orders", "order_lines", "products", "nodes", "services", "zones", "rates", "transit"]
)
def test_a_table_that_cannot_be_read_is_the_only_problem(day, table):
    (day / f"{table}.csv").write_text("a;b\n1;2\n")
    assert found(day) == [("csv_format", f"{table}.csv", 1)]


def test_problems_of_all_files_are_listed_in_order(day):
    (day / "orders.csv").write_text((day / "orders.csv").read_text().replace("US", "UK"))
    (day / "inventory.csv").write_text((day / "inventory.csv").read_text().replace("10,1,0", "ten,-1,0"))
    (day / "transit.csv").write_text((day / "transit.csv").read_text().replace("far,5", "far,900"))
    assert found(day) == [
        ("country_code", "orders.csv", 2),
        ("country_code", "orders.csv", 3),
        ("country_code", "orders.csv", 4),
        ("type", "inventory.csv", 2),
        ("safety_negative", "inventory.csv", 2),
        ("out_of_range", "transit.csv", 3),
    ]


def with_cost(**change):
    document = good_document()
    for place, value in change.items():
        if place == "priority":
            document["orders"][0]["priority"] = value
        elif place in ("quantity", "backorder_cost"):
            document["orders"][0]["lines"][0][place] = value
        else:
            document["nodes"][0][place] = value
    return document


@pytest.mark.parametrize(
    "change",
    [
        {"backorder_cost": "1000", "quantity": 1_000_000},
        {"backorder_cost": "1000000000", "quantity": 1},
        {"backorder_cost": "10000000", "quantity": 1, "priority": 99},
        {"cost_per_unit": "1000", "quantity": 1_000_000},
    ],
)
def test_orders_whose_worst_cost_is_beyond_the_range(change):
    # each of them is 10^15 micro by one term alone; the rest of the order takes it over
    document = with_cost(**change)
    assert pointers(document) == [("cost_range", "/orders/0/order_id")]


def test_orders_just_within_the_range():
    document = with_cost(backorder_cost="999", quantity=1_000_000)
    assert len(io.snapshot_from_document(document).orders) == 2


def with_services(**service):
    document = good_document()
    document["services"] = [{"carrier": "c", "service": "s", "max_parcels": 1000, **service}]
    document["zones"] = [{"carrier": "c", "zone": "z", "max_distance_km": 20100}]
    document["rates"] = [{"carrier": "c", "service": "s", "zone": "z", "max_weight_g": 1000, "price": "100000"}]
    document["transit"] = [{"carrier": "c", "service": "s", "zone": "z", "days": 1}]
    return document


def test_worst_cost_counts_parcels():
    document = with_services()
    document["orders"][0]["lines"][0]["quantity"] = 1_000  # 400 kg: some 400 parcels of 100 000
    assert len(io.snapshot_from_document(document).orders) == 2
    document["orders"][0]["lines"][0]["quantity"] = 100_000
    document["services"][0]["max_parcels"] = 1_000
    document["services"][0]["residential_surcharge"] = "900000"
    assert pointers(document) == [("cost_range", "/orders/0/order_id")]


@pytest.mark.parametrize(("column", "value"), [("weight_g", 10**8), ("length_mm", 10**5)])
def test_orders_heavier_or_bulkier_than_any_shipment(column, value):
    document = good_document()
    document["products"][0].update({"width_mm": 10**5, "height_mm": 10**4, column: value})
    document["orders"][0]["lines"][0]["quantity"] = 10**7 // 10
    codes = {code for code, pointer in pointers(document) if pointer == "/orders/0/order_id"}
    assert codes == {"order_too_large"}


@pytest.mark.parametrize(
    ("order", "ok"),
    [
        ({"ordered_at": "2026-11-01T23:30:00-05:00", "promise_date": "2026-11-01"}, True),  # already 2 November in UTC
        ({"ordered_at": "2026-11-01T23:30:00-05:00", "promise_date": "2026-10-31"}, False),
        ({"ordered_at": "2026-11-01T00:30:00-05:00", "promise_date": "2026-10-30"}, False),
        ({"ordered_at": "2026-11-02T08:05:00-05:00"}, True),
        ({"ordered_at": "2026-11-02T08:05:01-05:00"}, False),
        ({"promise_date": "2026-10-01", "ordered_at": None}, True),
    ],
)
def test_times_that_contradict(order, ok):
    document = good_document()
    document["orders"][0].update(order)
    if ok:
        assert len(io.snapshot_from_document(document).orders) == 2
    else:
        assert pointers(document)[0][0] in ("time_order", "time_future")


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ({"zone": "y"}, "zone_form"),
        ({"zone": "y", "max_distance_km": 5, "origin_prefix": "1"}, "zone_form"),
        ({"zone": "y", "max_distance_km": 20100}, "zone_ambiguous"),
        ({"zone": "z", "max_distance_km": 20100}, "duplicate_row"),
        ({"zone": "y", "max_distance_km": -1}, "out_of_range"),
    ],
)
def test_zone_rows(zone, code):
    document = with_services()
    document["zones"].append({"carrier": "c", **zone})
    assert [entry[0] for entry in pointers(document)] == [code]
    assert pointers(document)[0][1].startswith("/zones/1/")


def test_prefix_pairs_stand_beside_bands():
    document = with_services()
    document["zones"] += [
        {"carrier": "c", "zone": "z", "origin_prefix": "1", "destination_prefix": "6"},
        {"carrier": "c", "zone": "z", "origin_prefix": "10", "destination_prefix": "6"},
    ]
    assert len(io.snapshot_from_document(document).zones) == 3


def test_a_holiday_of_a_node_and_a_carrier():
    document = with_services()
    document["holidays"].append({"date": "2026-12-24", "node_id": "NYC", "carrier": "c"})
    assert pointers(document) == [("holiday_form", "/holidays/1/carrier")]


def test_unknown_ids_come_with_the_nearest_known_one():
    document = good_document()
    document["orders"][1]["lines"][0]["allowed_nodes"] = ["NYCC"]
    (problem,) = problems_of(io.snapshot_from_document, document)
    assert problem.detail == "is not in nodes; did you mean NYC?"


def test_many_unknown_ids_are_reported_fast():
    import time

    document = good_document()
    document["products"] += [{"sku": f"SKU-{number:05d}", "weight_g": 1} for number in range(15_000)]
    line = document["orders"][0]["lines"][0]
    document["orders"][0]["lines"] = [{**line, "line_id": str(n), "sku": f"SKV-{n:05d}"} for n in range(5_000)]
    started = time.process_time()
    problems = problems_of(io.snapshot_from_document, document)
    assert len(problems) == 5_000
    assert time.process_time() - started < 10


def test_warnings_of_a_kind_are_counted_not_listed_for_ever():
    document = good_document()
    document["products"] += [{"sku": f"S{number}", "weight_g": 1} for number in range(500)]
    document["inventory"] += [
        {"node_id": "NYC", "sku": f"S{number}", "on_hand": 1, "safety_stock": 2} for number in range(500)
    ]
    warnings = io.snapshot_from_document(document).warnings
    clamped = [warning for warning in warnings if warning.code == "supply_clamped"]
    assert len(clamped) == 21
    assert clamped[-1].detail.startswith("and 480 more")


def test_a_checked_snapshot_is_canonical():
    snapshot = io.read_snapshot(GOOD)
    assert snapshot.checked
    assert io.ready(snapshot) is snapshot
    assert [line.line_id for line in snapshot.order_lines] == ["1", "2", "1", "1"]
    assert snapshot.nodes["node_id"].tolist() == ["CHI", "NYC"]
    assert snapshot.products["sku"].tolist() == ["00123", "1e5", "NA", "TRUE", "null"]
    assert snapshot.zones["origin_prefix"].tolist() == ["", "", "100"]
    with pytest.raises(ValueError, match="read-only"):
        snapshot.nodes["lat"][0] = 0


def test_a_file_that_is_bad_as_a_whole_is_not_listed_row_by_row(monkeypatch):
    from quartermaster.io import findings

    monkeypatch.setattr(findings, "MAX_PROBLEMS_OF_A_KIND", 50)
    document = good_document()
    order = document["orders"][0]
    document["orders"] = [{**order, "order_id": f"o{n}", "country": "UK" if n < 60 else "US"} for n in range(2_000)]
    problems = problems_of(io.snapshot_from_document, document)
    assert [problem.code for problem in problems] == ["country_code"] * 50
    assert sum(problem.detail == "and more like the ones listed" for problem in problems) == 1
    # 3 % would be few enough for quarantine, were they known one by one
    assert problems_of(io.read_document, document, io.ReadOptions(quarantine=True)) == problems


def test_a_conflict_names_the_other_rows():
    document = good_document()
    document["orders"] += [{**document["orders"][0], "channel": channel} for channel in ("phone", "fax")]
    problems = problems_of(io.snapshot_from_document, document)
    assert [problem.detail for problem in problems] == [
        f"stands also, with other content, in {others}"
        for others in ("/orders/2, /orders/3", "/orders/0, /orders/3", "/orders/0, /orders/2")
    ]


def test_what_stands_in_for_a_bad_cell_is_no_duplicate():
    document = with_services()
    card = document["rates"][0]
    document["rates"] += [{**card, "max_weight_g": 1}, {**card, "max_weight_g": "x"}, {**card, "max_weight_g": 0}]
    assert pointers(document) == [("type", "/rates/2/max_weight_g"), ("weight_not_positive", "/rates/3/max_weight_g")]


def test_an_order_of_just_the_largest_volume():
    document = good_document()
    document["products"][0].update(length_mm=10**5, width_mm=10**5, height_mm=10**5)
    document["orders"][0]["lines"][0]["quantity"] = 1
    assert len(io.snapshot_from_document(document).orders) == 2
    document["orders"][0]["lines"][0]["quantity"] = 2
    assert pointers(document) == [("order_too_large", "/orders/0/order_id")]
