"""What validate says: counts, and what the data will mean."""

from datetime import date

import pytest
from reading_cases import GOOD, as_json, good_document

from quartermaster import io
from quartermaster.io.remarks import cutoff_gaps, remarks_of


def remarks(document):
    return {remark.name: (remark.count, remark.examples) for remark in remarks_of(io.snapshot_from_document(document))}


def test_a_valid_folder():
    report = io.validate(GOOD)
    assert report.valid
    assert report.counts["orders"] == 3
    assert report.counts["rates"] == 6
    assert report.snapshot is not None
    assert report.warnings == report.problems == ()


def test_an_invalid_document_lists_its_problems(tmp_path):
    document = good_document()
    document["orders"][0]["lines"][0]["quantity"] = 0
    document["products"][0]["weight_g"] = 0
    (tmp_path / "day.json").write_bytes(as_json(document))
    report = io.validate(tmp_path / "day.json")
    assert not report.valid
    assert [problem.code for problem in report.problems] == ["qty_not_positive", "weight_not_positive"]
    assert report.snapshot is None
    assert report.remarks == ()


def test_a_missing_path_is_a_problem_not_an_exception(tmp_path):
    assert [problem.code for problem in io.validate(tmp_path / "no").problems] == ["file_missing"]


def test_what_the_good_document_means():
    assert remarks(good_document()) == {}


def test_places_that_are_unknown():
    document = good_document()
    document["orders"][0]["postal_code"] = ""
    document["nodes"][1] = {"node_id": "CHI"}
    found = remarks(document)
    assert found["orders_without_place"] == (1, (("A-1",),))
    assert found["nodes_without_place"] == (1, (("CHI",),))


def test_stock_that_is_not_there():
    document = good_document()
    document["inventory"] = [
        {"node_id": "NYC", "sku": "00123", "on_hand": 1},
        {"node_id": "CHI", "sku": "NA", "on_hand": 0},
    ]
    found = remarks(document)
    assert found["sku_not_stocked"] == (2, (("1e5",), ("NA",)))
    assert found["sku_short"] == (1, (("00123",),))
    assert found["node_without_stock"] == (1, (("CHI",),))
    document["nodes"][0]["enabled"] = False
    assert remarks(document)["sku_not_stocked"][0] == 3


def test_promises_before_as_of():
    document = good_document()
    document["orders"][0].update(promise_date="2026-11-01")
    assert remarks(document)["promise_past"] == (1, (("A-1",),))


def test_zones_without_a_price_and_products_without_volume(tmp_path):
    io.write_snapshot(io.read_snapshot(GOOD), tmp_path)
    rates = (tmp_path / "rates.csv").read_text().replace("post,air,far,2000,22.00\n", "")
    (tmp_path / "rates.csv").write_text(rates)
    found = {remark.name: remark.examples for remark in io.validate(tmp_path).remarks}
    assert found == {"zone_without_price": (("post", "air", "far"),), "sku_without_volume": (("1e5",), ("null",))}


def test_a_side_of_zero_is_given(tmp_path):
    io.write_snapshot(io.read_snapshot(GOOD), tmp_path)
    products = (tmp_path / "products.csv").read_text().replace("1e5,250,,,", "1e5,250,0,0,0")
    (tmp_path / "products.csv").write_text(products)
    found = {remark.name: remark.examples for remark in io.validate(tmp_path).remarks}
    assert found == {"sku_without_volume": (("null",),)}


# tz database: New York springs forward on 14 March 2027 at 02:00, Lord Howe Island by half an hour on 3 October 2027,
# Cairo on 30 April 2027 at 00:00 (so that 00:30 does not exist); UTC never.
@pytest.mark.parametrize(
    ("timezone", "cutoff", "days"),
    [
        ("America/New_York", "02:30", [date(2027, 3, 14)]),
        ("America/New_York", "01:59", []),
        ("America/New_York", "03:00", []),
        ("America/New_York", "01:30", []),
        ("Africa/Cairo", "00:30", [date(2027, 4, 30)]),
        ("Australia/Lord_Howe", "02:15", [date(2027, 10, 3)]),
        ("Australia/Lord_Howe", "02:45", []),
        ("UTC", "02:30", []),
    ],
)
def test_cutoffs_that_the_clock_skips(timezone, cutoff, days):
    document = good_document()
    document["nodes"][0].update(timezone=timezone, cutoff=cutoff)
    gaps = cutoff_gaps(io.snapshot_from_document(document))
    assert gaps == [("NYC", day.isoformat()) for day in days]
