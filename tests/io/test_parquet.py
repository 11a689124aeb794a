"""Parquet as other tools write it: typed columns, dictionaries, lists, decimals."""

import shutil
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_cases import GOOD, problems_of

from quartermaster import io

ROWS = {
    "orders": {
        "order_id": pa.array(["A-1", "A-2", "A-3"], pa.large_string()),
        "postal_code": pa.array(["10001", "60601-1234", None]).dictionary_encode(),
        "lat": pa.array([None, None, 34.05], pa.float64()),
        "lon": pa.array([None, None, Decimal("-118.25")], pa.decimal128(9, 4)),
        "ordered_at": pa.array(
            [datetime(2026, 11, 1, 14, tzinfo=UTC), datetime(2026, 11, 1, 16, tzinfo=UTC), None],
            pa.timestamp("us", "America/New_York"),
        ),
        "promise_date": pa.array([date(2026, 11, 9), None, date(2026, 11, 12)], pa.date32()),
        "residential": pa.array([True, False, None]),
        "priority": pa.array([0, 3, None], pa.int8()),
        "channel": pa.array(["web", "store", None]),
    },
    "order_lines": {
        "order_id": pa.array(["A-1", "A-1", "A-2", "A-3"]),
        "line_id": pa.array(["1", "2", "1", "1"]),
        "sku": pa.array(["00123", "1e5", "NA", "TRUE"]),
        "quantity": pa.array([2, 1, 3, 1], pa.uint16()),
        "line_complete": pa.array([None, True, None, None]),
        "pinned_node": pa.array([None, None, None, "CHI"]),
        "allowed_nodes": pa.array([None, None, ["NYC", "CHI"], []]),
        "backorder_cost": pa.array([None, Decimal("12.500000000"), None, None], pa.decimal128(18, 9)),
    },
    "nodes": {
        "node_id": pa.array(["NYC", "CHI"]),
        "kind": pa.array(["dc", "store"]),
        "postal_code": pa.array(["10018", "60601"]),
        "timezone": pa.array(["America/New_York", "America/Chicago"]),
        "cutoff": pa.array([time(16), time(12, 30)], pa.time32("s")),
        "ships_on": pa.array([["mon-fri"], ["mon", "tue", "wed", "thu", "fri", "sat"]]),
        "max_shipments": pa.array([None, 50], pa.int32()),
        "max_units": pa.array([None, 200], pa.int64()),
        "cost_per_shipment": pa.array([1.25, 0.8], pa.float64()),
        "cost_per_unit": pa.array(["0.10", None]),
    },
}


@pytest.fixture
def day(tmp_path):
    return shutil.copytree(GOOD, tmp_path / "day")


def put(day, table, columns):
    (day / f"{table}.csv").unlink(missing_ok=True)
    pq.write_table(pa.table(columns), day / f"{table}.parquet")


def test_typed_tables_mixed_with_csv_are_the_same_snapshot(day):
    for table, columns in ROWS.items():
        put(day, table, columns)
    assert io.snapshot_sha256(io.read_snapshot(day)) == io.snapshot_sha256(io.read_snapshot(GOOD))


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("orders", "promise_date", pa.array([datetime(2026, 11, 9, tzinfo=UTC)] * 3, pa.timestamp("us", "UTC"))),
        ("orders", "promise_date", pa.array([20_000, 20_001, None])),
        ("orders", "ordered_at", pa.array([datetime(2026, 11, 1)] * 3, pa.timestamp("us"))),
        ("orders", "residential", pa.array([1, 0, 1])),
        ("orders", "lat", pa.array(["1", "2", "3"])),
        ("order_lines", "backorder_cost", pa.array([True, False, True, None])),
        ("order_lines", "allowed_nodes", pa.array([[1], [2], [3], []])),
        ("nodes", "cutoff", pa.array([960, 750])),
    ],
)
def test_types_that_cannot_hold_a_kind(day, table, column, values):
    put(day, table, {**ROWS[table], column: values})
    found = [(problem.code, problem.file, problem.column) for problem in problems_of(io.read_snapshot, day)]
    assert found == [("parquet_format", f"{table}.parquet", column)]


def test_a_midnight_timestamp_without_zone_is_a_date(day):
    columns = dict(ROWS["orders"])
    columns["promise_date"] = columns["promise_date"].cast(pa.timestamp("us"))
    put(day, "orders", columns)
    assert io.snapshot_sha256(io.read_snapshot(day)) == io.snapshot_sha256(io.read_snapshot(GOOD))


def test_bad_cells_are_found_at_their_row(day):
    columns = {**ROWS["order_lines"], "quantity": pa.array([2, 0, None, 1])}
    put(day, "order_lines", columns)
    found = [(problem.code, problem.row, problem.column) for problem in problems_of(io.read_snapshot, day)]
    assert found == [("qty_not_positive", 3, "quantity"), ("missing_field", 4, "quantity")]


def test_unknown_and_missing_columns(day):
    columns = {name: cells for name, cells in ROWS["order_lines"].items() if name != "quantity"}
    put(day, "order_lines", {**columns, "qty": pa.array([2, 1, 3, 1])})
    found = {(problem.code, problem.column) for problem in problems_of(io.read_snapshot, day)}
    assert found == {("unknown_field", "qty"), ("missing_field", "quantity")}


def test_the_row_limit_itself_is_allowed(day):
    put(day, "orders", ROWS["orders"])
    put(day, "order_lines", ROWS["order_lines"])
    assert len(io.read_input(day, limits=io.Limits(max_rows=6)).snapshot.rates) == 6
    codes = {problem.code for problem in problems_of(io.read_input, day, limits=io.Limits(max_rows=5))}
    assert codes == {"too_many_rows"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("promise_date", pa.array([2**30] * 3, pa.int32()).cast(pa.date32())),
        ("ordered_at", pa.array([2**62] * 3, pa.int64()).cast(pa.timestamp("us", tz="UTC"))),
    ],
)
def test_days_after_the_last_that_python_knows_are_damage(day, column, values):
    put(day, "orders", {**ROWS["orders"], column: values})
    assert ("parquet_format", "orders.parquet") in {
        (found.code, found.file) for found in problems_of(io.read_snapshot, day)
    }
