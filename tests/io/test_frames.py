"""Pandas frames: typed or text, with the traps of pandas."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from reading_cases import AS_OF, GOOD, good_frames, problems_of

from quartermaster import io


def read(frames, **heading):
    return io.snapshot_from_frames(frames, **{"as_of": AS_OF, "currency": "USD", **heading})


def found(frames, **heading):
    return [
        (problem.code, problem.file, problem.row, problem.column) for problem in problems_of(read, frames, **heading)
    ]


def test_text_frames_are_the_folder():
    assert io.snapshot_sha256(read(good_frames())) == io.snapshot_sha256(io.read_snapshot(GOOD))


def test_typed_frames_are_the_folder():
    frames = good_frames()
    lines, orders, nodes = frames["order_lines"], frames["orders"], frames["nodes"]
    lines["quantity"] = lines["quantity"].astype("int32")
    lines["line_complete"] = lines["line_complete"] == "true"
    lines["allowed_nodes"] = [text.split(";") if text else None for text in lines["allowed_nodes"]]
    orders["promise_date"] = pd.to_datetime(orders["promise_date"])
    orders["ordered_at"] = pd.to_datetime(orders["ordered_at"].replace("", None), utc=True)
    orders["lat"] = pd.to_numeric(orders["lat"])
    orders["lon"] = pd.to_numeric(orders["lon"])
    orders["priority"] = pd.to_numeric(orders["priority"])  # float64: a cell is missing
    orders["channel"] = orders["channel"].replace("", None).astype("category")
    nodes["max_units"] = pd.to_numeric(nodes["max_units"]).astype("Int64")
    nodes["cost_per_shipment"] = pd.to_numeric(nodes["cost_per_shipment"])
    frames["holidays"]["date"] = [date.fromisoformat(day) for day in frames["holidays"]["date"]]
    as_of = datetime(2026, 11, 2, 13, tzinfo=UTC)
    assert io.snapshot_sha256(read(frames, as_of=as_of)) == io.snapshot_sha256(io.read_snapshot(GOOD))


def test_the_index_does_not_matter():
    frames = good_frames()
    frames["inventory"].index = [7, 7, 7, 7, 7]
    frames["inventory"].loc[7, "safety_stock"] = ""
    assert len(read(frames).inventory) == 5


def test_ids_that_pandas_made_numbers_are_refused():
    frames = {path.stem: pd.read_csv(path) for path in GOOD.glob("*.csv")}  # as everybody does at first
    codes = {(code, column) for code, _, _, column in found(frames)}
    assert ("type", "postal_code") in codes or ("type", "line_id") in codes
    assert ("id_format", "sku") in codes or ("missing_field", "sku") in codes  # the SKU "NA" became a hole


@pytest.mark.parametrize(
    ("value", "code"),
    [(2.0, "qty_not_whole"), (True, "type"), (None, "missing_field"), (float("nan"), "missing_field")],
)
def test_cells_of_objects(value, code):
    frames = good_frames()
    frames["order_lines"]["quantity"] = pd.Series([2, value, 3, 1], dtype=object)
    assert found(frames) == [(code, "order_lines", 3, "quantity")]


def test_numpy_scalars_are_numbers():
    frames = good_frames()
    frames["order_lines"]["quantity"] = pd.Series([np.int64(2), np.int32(1), 3, 1], dtype=object)
    assert io.snapshot_sha256(read(frames)) == io.snapshot_sha256(io.read_snapshot(GOOD))


def test_float_quantities_are_refused_even_when_whole():
    frames = good_frames()
    frames["inventory"]["on_hand"] = frames["inventory"]["on_hand"].astype(float)
    assert {code for code, *_ in found(frames)} == {"qty_not_whole"}


def test_shapes_that_are_no_snapshot():
    frames = good_frames()
    frames["stock"] = frames["inventory"]
    del frames["products"]
    frames["nodes"] = [1, 2]
    assert found(frames) == [
        ("unknown_field", "stock", None, ""),
        ("missing_field", "products", None, ""),
        ("type", "nodes", None, ""),
    ]


def test_repeated_and_unknown_columns():
    frames = good_frames()
    frames["products"] = pd.concat([frames["products"], frames["products"][["sku"]]], axis=1)
    frames["transit"] = frames["transit"].rename(columns={"days": "day"})
    assert set(found(frames)) == {
        ("duplicate_column", "products", None, "sku"),
        ("unknown_field", "transit", None, "day"),
        ("missing_field", "transit", None, "days"),
    }


def test_rows_are_counted_as_in_a_file():
    frames = good_frames()
    frames["products"].loc[3, "weight_g"] = "0"
    assert found(frames) == [("weight_not_positive", "products", 5, "weight_g")]


@pytest.mark.parametrize(
    ("heading", "code"),
    [
        ({"as_of": "2026-11-02T08:00:00"}, "time_no_offset"),
        ({"as_of": datetime(2026, 11, 2)}, "time_no_offset"),
        ({"as_of": None}, "missing_field"),
        ({"currency": "US$"}, "currency_unknown"),
        ({"currency": 840}, "type"),
        ({"version": 3}, "type"),
        ({"version": "a\nb"}, "text_not_allowed"),
    ],
)
def test_headings(heading, code):
    assert [entry[0] for entry in found(good_frames(), **heading)] == [code]
