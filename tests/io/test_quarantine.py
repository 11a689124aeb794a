"""Quarantine: bad orders leave one by one, a broken input stops, and what is left is exactly the rest."""

import pytest
from reading_cases import good_document, problems_of

from quartermaster import io
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import ReadOptions, read_document

ASKED = ReadOptions(quarantine=True)


def many(count=40):
    """A document of `count` good orders."""
    document = good_document()
    first = document["orders"][0]
    document["orders"] = [{**first, "order_id": f"B-{number:03d}"} for number in range(count)]
    return document


def spoilt(document, *places, **change):
    for place in places:
        document["orders"][place] = {**document["orders"][place], **change}
    return document


def test_bad_orders_are_left_out_with_their_reasons():
    document = spoilt(many(), 3, country="UK")
    document["orders"][7] = {**document["orders"][7], "lines": [{"line_id": "1", "sku": "none", "quantity": 0}]}
    reading = read_document(document, ASKED)
    assert [(gone.order_id, [problem.code for problem in gone.problems]) for gone in reading.rejected] == [
        ("B-003", ["country_code"]),
        ("B-007", ["qty_not_positive", "unknown_sku"]),
    ]
    rest = many()
    rest["orders"] = [order for number, order in enumerate(rest["orders"]) if number not in (3, 7)]
    assert io.snapshot_sha256(reading.snapshot) == io.snapshot_sha256(io.snapshot_from_document(rest))


def test_without_quarantine_one_bad_order_stops_all():
    assert [problem.pointer for problem in problems_of(read_document, spoilt(many(), 3, country="UK"))] == [
        "/orders/3/country"
    ]


def test_above_five_percent_the_run_stops():
    assert len(read_document(spoilt(many(), 3, 7, country="UK"), ASKED).rejected) == 2
    problems = problems_of(read_document, spoilt(many(), 3, 7, 9, country="UK"), ASKED)
    assert [problem.code for problem in problems] == ["too_many_rejected", *["country_code"] * 3]


@pytest.mark.parametrize(
    ("table", "column", "value"), [("products", "weight_g", 0), ("inventory", "on_hand", -1), ("nodes", "node_id", "")]
)
def test_anything_but_an_order_stops_the_run(table, column, value):
    document = spoilt(many(), 3, country="UK")
    document[table][0][column] = value
    codes = {problem.code for problem in problems_of(read_document, document, ASKED)}
    assert "country_code" in codes
    assert len(codes) > 1


def test_an_order_with_an_unreadable_id_leaves_with_its_lines():
    reading = read_document(spoilt(many(), 3, order_id="=x"), ASKED)
    assert [gone.order_id for gone in reading.rejected] == [""]
    assert len(reading.snapshot.orders) == 39
    assert len(reading.snapshot.order_lines) == 39 * 2


def test_conflicting_orders_both_leave():
    document = many()
    document["orders"].append({**document["orders"][5], "channel": "phone"})
    reading = read_document(document, ASKED)
    assert [(gone.order_id, len(gone.problems)) for gone in reading.rejected] == [("B-005", 2)]
    assert len(reading.snapshot.orders) == 39


def test_a_bad_order_that_stands_twice_is_one_rejection():
    document = spoilt(many(), 5, country="UK")
    document["orders"].insert(0, document["orders"][5])
    reading = read_document(document, ASKED)
    assert [gone.order_id for gone in reading.rejected] == ["B-005"]
    assert [order.order_id for order in reading.snapshot.orders] == [f"B-{n:03d}" for n in range(40) if n != 5]


def test_line_of_no_order_is_rejected(tmp_path):
    io.write_snapshot(io.snapshot_from_document(many()), tmp_path)
    with open(tmp_path / "order_lines.csv", "a") as stream:
        stream.write("C-1,1,NA,1,false,,,,\n")
    reading = io.read_folder(tmp_path, ASKED)
    assert [(gone.order_id, gone.problems[0].code) for gone in reading.rejected] == [("C-1", "unknown_order")]
    assert len(reading.snapshot.orders) == 40


def test_a_broken_file_stops_even_quarantine(tmp_path):
    io.write_snapshot(io.snapshot_from_document(many()), tmp_path)
    with open(tmp_path / "orders.csv", "a") as stream:
        stream.write("B-100,10001\n")
    assert [problem.code for problem in problems_of(io.read_folder, tmp_path, ASKED)] == ["csv_format"]


def test_a_snapshot_is_what_read_snapshot_gives(tmp_path):
    io.write_snapshot(io.snapshot_from_document(many()), tmp_path)
    with open(tmp_path / "orders.csv", "a") as stream:
        stream.write("B-100" + "," * 13 + "\n")
    snapshot = io.read_snapshot(tmp_path, quarantine=True)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.checked
    assert len(snapshot.orders) == 40
