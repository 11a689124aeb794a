"""Forecast, replenishment and fixed: through every door, with what each decision means."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading_cases import AS_OF, GOOD, good_document, good_frames, pointers, problems_of

import quartermaster as qm
from quartermaster import io
from quartermaster.io.checks import outlook as checks
from quartermaster.io.remarks import remarks_of
from quartermaster.outlook import outlook

FORECAST = [
    {"sku": "00123", "units_per_day": "4.5"},
    {"sku": "00123", "destination_prefix": "100", "units_per_day": "0.25"},
]
REPLENISHMENT = [{"node_id": "NYC", "sku": "00123", "quantity": 20, "arrives_on": "2026-11-05"}]
FIXED = [
    {"order_id": "A-0", "line_id": "1", "sku": "1e5", "node_id": "NYC", "quantity": 1, "shipment_id": "S-0"},
    {"order_id": "A-0", "line_id": "2", "sku": "NA", "node_id": "CHI", "quantity": 2, "shipment_id": "S-1"},
]
TABLES = {"forecast": FORECAST, "replenishment": REPLENISHMENT, "fixed": FIXED}
ROWS = {
    "forecast": [
        qm.Forecast(sku="00123", destination_prefix="", units_per_day=Decimal("4.5")),
        qm.Forecast(sku="00123", destination_prefix="100", units_per_day=Decimal("0.25")),
    ],
    "replenishment": [qm.Replenishment(node_id="NYC", sku="00123", quantity=20, arrives_on=date(2026, 11, 5))],
    "fixed": [
        qm.Fixed(order_id="A-0", line_id="1", sku="1e5", node_id="NYC", quantity=1, shipment_id="S-0"),
        qm.Fixed(order_id="A-0", line_id="2", sku="NA", node_id="CHI", quantity=2, shipment_id="S-1"),
    ],
}


def held(snapshot):
    """The rows of the three tables; where a region lies is looked up, and has a test of its own."""
    return {name: [_unplaced(row) for row in snapshot.table(name)] for name in TABLES}


def _unplaced(row):
    return replace(row, lat=None, lon=None) if isinstance(row, qm.Forecast) else row


def document(**tables):
    return {**good_document(), **tables}


def warned(document):
    snapshot = io.snapshot_from_document(document)
    return [(warning.code, warning.pointer) for warning in snapshot.warnings]


def in_columns(rows):
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


@pytest.fixture
def day(tmp_path):
    return shutil.copytree(GOOD, tmp_path / "day")


# Every door.


def test_a_document_of_rows_or_of_columns():
    rows = io.snapshot_from_document(document(**TABLES))
    columns = io.snapshot_from_document(document(**{name: in_columns(table) for name, table in TABLES.items()}))
    assert held(rows) == held(columns) == ROWS
    assert rows.warnings == ()


def test_frames_of_text_and_typed_frames():
    texts = {name: pd.DataFrame(rows, dtype=object).fillna("") for name, rows in TABLES.items()}
    typed = {name: pd.DataFrame(rows) for name, rows in TABLES.items()}
    typed["forecast"]["units_per_day"] = [4.5, 0.25]
    typed["replenishment"]["arrives_on"] = pd.to_datetime(typed["replenishment"]["arrives_on"])
    for frames in (texts, typed):
        snapshot = qm.snapshot_from_frames({**good_frames(), **frames}, as_of=AS_OF, currency="USD")
        assert held(snapshot) == ROWS


def test_bad_frames_name_row_and_column():
    bad = {
        "forecast": pd.DataFrame({"sku": ["00123", "00123"], "units_per_day": [1.5, float("nan")]}),
        "replenishment": pd.DataFrame(REPLENISHMENT).assign(quantity=[2.0]),
        "fixed": pd.DataFrame(FIXED).assign(node_id=["NYC", "nowhere"]),
    }
    found = problems_of(qm.snapshot_from_frames, {**good_frames(), **bad}, as_of=AS_OF, currency="USD")
    assert [(problem.code, problem.file, problem.row, problem.column) for problem in found] == [
        ("duplicate_row", "forecast", 3, "destination_prefix"),
        ("missing_field", "forecast", 3, "units_per_day"),
        ("qty_not_whole", "replenishment", 2, "quantity"),
        ("unknown_node", "fixed", 3, "node_id"),
    ]


def test_parquet_as_other_tools_write_it(day):
    columns = {
        "forecast": {
            "sku": pa.array(["00123", "00123"]),
            "destination_prefix": pa.array([None, "100"]).dictionary_encode(),
            "units_per_day": pa.array([Decimal("4.5"), Decimal("0.25")], pa.decimal128(12, 6)),
        },
        "replenishment": {
            **{name: pa.array([REPLENISHMENT[0][name]]) for name in ("node_id", "sku")},
            "quantity": pa.array([20], pa.int16()),
            "arrives_on": pa.array([date(2026, 11, 5)], pa.date32()),
        },
        "fixed": {name: pa.array([row[name] for row in FIXED]) for name in FIXED[0]},
    }
    for name, table in columns.items():
        pq.write_table(pa.table(table), day / f"{name}.parquet")
    assert held(io.read_snapshot(day)) == ROWS


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("forecast", "units_per_day", pa.array([True, False])),
        ("replenishment", "quantity", pa.array([20.0])),
        ("replenishment", "arrives_on", pa.array([20261105])),
        ("fixed", "order_id", pa.array([1, 2])),
    ],
)
def test_parquet_of_the_wrong_schema(day, table, column, values):
    good = {name: pa.array([row.get(name) for row in TABLES[table]]) for name in TABLES[table][-1]}
    if table == "forecast":
        good["units_per_day"] = pa.array([4.5, 0.25])
    if table == "replenishment":
        good["arrives_on"] = pa.array([date(2026, 11, 5)])
    pq.write_table(pa.table(good), day / f"{table}.parquet")
    assert held(io.read_snapshot(day))[table] == ROWS[table]
    pq.write_table(pa.table({**good, column: values}), day / f"{table}.parquet")
    found = [(problem.code, problem.column) for problem in problems_of(io.read_snapshot, day)]
    assert found == [("parquet_format", column)]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_files_are_written_where_there_are_rows_and_stale_ones_go(tmp_path, format):
    full, bare = io.snapshot_from_document(document(**TABLES)), io.snapshot_from_document(good_document())
    names = {f"{name}.{format}" for name in TABLES}
    io.write_snapshot(full, tmp_path, format=format)
    assert names <= {path.name for path in tmp_path.iterdir()}
    assert held(io.read_snapshot(tmp_path)) == ROWS
    other = "parquet" if format == "csv" else "csv"
    io.write_snapshot(full, tmp_path, format=other)  # the same tables, and no second file of any
    assert held(io.read_snapshot(tmp_path)) == ROWS
    io.write_snapshot(bare, tmp_path, format=format)
    assert not {path.name for path in tmp_path.iterdir() if path.stem in TABLES}
    assert io.snapshot_sha256(io.read_snapshot(tmp_path)) == io.snapshot_sha256(bare)


def test_the_allocations_of_a_plan_are_a_fixed_table(day, tmp_path):
    plan = qm.plan(io.read_snapshot(day))
    plan.write(tmp_path / "plan")
    shutil.copyfile(tmp_path / "plan" / "allocations.csv", day / "fixed.csv")
    snapshot = io.read_snapshot(day)
    assert len(snapshot.fixed) == len(plan.allocations) > 0
    assert snapshot.fixed["quantity"].sum() == plan.allocations["quantity"].sum()
    assert snapshot.warnings == ()


def test_a_broken_table_is_the_only_problem_and_nothing_is_read(day):
    for name in TABLES:
        (day / f"{name}.csv").write_text("a;b\n1;2\n")
    found = [(problem.code, problem.file) for problem in problems_of(io.read_snapshot, day)]
    assert found == [("csv_format", f"{name}.csv") for name in TABLES]


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [("forecast", "units_per_day", "-1"), ("replenishment", "quantity", 0), ("fixed", "sku", "none")],
)
def test_quarantine_does_not_leave_bad_rows_out(name, column, value):
    orders = [{**good_document()["orders"][0], "order_id": f"B-{number}"} for number in range(40)]
    spoilt = document(orders=orders, **{name: [{**TABLES[name][0], column: value}]})
    found = problems_of(io.read_document, spoilt, io.ReadOptions(quarantine=True))
    assert [problem.pointer for problem in found] == [f"/{name}/0/{column}"]


# Sums.


@pytest.mark.parametrize(("name", "total"), [("forecast", Decimal("4.75")), ("replenishment", 20), ("fixed", 3)])
def test_sums_are_limited(name, total, monkeypatch):
    monkeypatch.setattr(checks, "MAX_SUM", total)
    assert warned(document(**{name: TABLES[name]})) == []
    monkeypatch.setattr(checks, "MAX_SUM", total - Decimal("0.01"))
    assert pointers(document(**{name: TABLES[name]})) == [("qty_too_large", f"/{name}")]


# Arrivals: as_of is 08:00 in New York.


@pytest.mark.parametrize(
    ("as_of", "past"),
    [
        # 03:00 UTC on 2 November is 22:00 on the 1st in New York (UTC-5) and 12:00 on the 2nd in Tokyo.
        ("2026-11-02T03:00:00+00:00", ["tokyo", "utc"]),
        # 05:00 UTC on 2 November is midnight in New York: the 2nd has begun everywhere.
        ("2026-11-02T05:00:00+00:00", ["york", "tokyo", "utc"]),
        # 14:59 UTC on the 1st is 23:59 in Tokyo; a minute later the 2nd has begun there.
        ("2026-11-01T14:59:00+00:00", []),
        ("2026-11-01T15:00:00+00:00", ["tokyo"]),
    ],
)
def test_an_arrival_is_past_by_the_day_of_its_node(as_of, past):
    zones = {"york": "America/New_York", "tokyo": "Asia/Tokyo", "utc": "UTC"}
    rows = [{"node_id": node, "sku": "NA", "quantity": 1, "arrives_on": "2026-11-01"} for node in zones]
    spoilt = document(
        snapshot={"as_of": as_of, "currency": "USD"},
        nodes=[*good_document()["nodes"], *({"node_id": node, "timezone": zone} for node, zone in zones.items())],
        replenishment=rows,
        orders=[{"order_id": "A", "postal_code": "10001", "lines": [{"line_id": "1", "sku": "NA", "quantity": 1}]}],
    )
    places = [f"/replenishment/{at}/arrives_on" for at, node in enumerate(zones) if node in past]
    assert warned(spoilt) == [("arrival_past", place) for place in places]


# What stands beyond what there is. NYC has 10 of 00123, CHI 6 of NA; CHI has max_units 200.


def stands(node_id, sku, quantity, shipment_id="S", order_id="A-9", line_id="1"):
    return {
        "order_id": order_id, "line_id": line_id, "sku": sku, "node_id": node_id, "quantity": quantity,
        "shipment_id": shipment_id,
    }  # fmt: skip


def test_all_that_is_available_may_stand():
    assert warned(document(fixed=[stands("NYC", "00123", 9), stands("NYC", "00123", 1, "T")])) == []


def test_the_row_that_takes_too_much_is_named_once_for_each_pair():
    rows = [
        stands("NYC", "00123", 9),
        stands("CHI", "NA", 7),
        stands("NYC", "00123", 2, "T"),
        stands("NYC", "00123", 5, "U"),
    ]
    assert warned(document(fixed=rows)) == [("fixed_clamped", f"/fixed/{row}/quantity") for row in (1, 2)]


def test_safety_stock_and_reservations_leave_less_to_stand():
    inventory = [{"node_id": "NYC", "sku": "00123", "on_hand": 10, "safety_stock": 4, "reserved": 3}]
    assert warned(document(inventory=inventory, fixed=[stands("NYC", "00123", 3)])) == []
    assert warned(document(inventory=inventory, fixed=[stands("NYC", "00123", 4)])) == [
        ("fixed_clamped", "/fixed/0/quantity")
    ]


@pytest.mark.parametrize(
    ("limit", "over"),
    [
        ({"max_units": 6}, []),
        ({"max_units": 5}, [2]),
        ({"max_units": 0}, [0]),
        ({"max_shipments": 2}, []),  # S of A-9 is one shipment, whatever its lines; S of A-8 another
        ({"max_shipments": 1}, [2]),
        ({"max_shipments": 0}, [0]),
    ],
)
def test_capacity_that_stands(limit, over):
    nodes = [{"node_id": "NYC", **limit}, {"node_id": "CHI"}]
    rows = [
        stands("NYC", "00123", 2),
        stands("NYC", "00123", 2, line_id="2"),
        stands("NYC", "00123", 2, order_id="A-8"),
        stands("CHI", "NA", 1, "T"),
    ]
    codes = [("fixed_clamped", f"/fixed/{row}/node_id") for row in over]
    assert warned(document(nodes=nodes, fixed=rows)) == codes


# What validate says.


def test_supply_is_what_allocations_that_stand_leave():
    found = {remark.name: remark.examples for remark in remarks_of(io.snapshot_from_document(document()))}
    assert found == {}
    rows = [stands("NYC", "00123", 9), stands("CHI", "NA", 99), stands("NYC", "1e5", 1, "T")]
    found = {remark.name: remark.examples for remark in remarks_of(io.snapshot_from_document(document(fixed=rows)))}
    assert found == {
        "sku_not_stocked": (("NA",),),  # all 6 of them, and more, are gone
        "sku_short": (("00123",),),  # 1 of 10 is left, 2 are ordered
        "node_without_stock": (("CHI",),),
    }


def test_a_forecast_without_a_horizon_is_said_to_have_no_effect():
    snapshot = io.snapshot_from_document(document(**TABLES))

    def said(policy):
        return {remark.name: remark.count for remark in outlook(snapshot, policy)}.get("forecast_unused")

    assert said(qm.Policy()) == 2
    assert said(qm.Policy(future=qm.FuturePolicy(horizon_days=14))) is None


def test_a_horizon_without_a_forecast_is_said_when_planning():
    ahead = qm.Policy(future=qm.FuturePolicy(horizon_days=14))

    def said(policy, **tables):
        plan = qm.plan(io.snapshot_from_document(document(**tables)), policy)
        return [text for text in plan.run.warnings if "horizon_days" in text]

    assert said(qm.Policy()) == said(ahead, forecast=FORECAST) == []
    assert said(ahead) == ["future.horizon_days is 14, but no forecast is given: it has no effect"]


def test_validate_counts_them_and_lists_their_warnings(day):
    (day / "forecast.csv").write_text("sku,destination_prefix,units_per_day\nnull,AB,1\n")
    (day / "fixed.csv").write_text("order_id,line_id,sku,node_id,quantity,shipment_id\nx,1,null,NYC,1,s\n")
    report = io.validate(day)
    assert report.valid
    assert {name: report.counts[name] for name in TABLES} == {"forecast": 1, "replenishment": 0, "fixed": 1}
    assert [(warning.code, warning.file, warning.row) for warning in report.warnings] == [
        ("forecast_not_stocked", "forecast.csv", 2),
        ("prefix_unknown", "forecast.csv", 2),
        ("fixed_clamped", "fixed.csv", 2),
    ]


def test_an_awaited_sku_is_stocked_enough():
    awaited = document(inventory=[], forecast=[FORECAST[0]], replenishment=REPLENISHMENT)
    assert warned(awaited) == []
    assert warned(document(inventory=[], forecast=[FORECAST[0]])) == [("forecast_not_stocked", "/forecast/0/sku")]


def test_as_of_that_cannot_be_read_is_the_only_problem():
    spoilt = document(snapshot={"as_of": "yesterday", "currency": "USD"}, **TABLES)
    assert [code for code, _ in pointers(spoilt)] == ["time_format"]


def test_objects_are_read_as_they_are():
    good = io.snapshot_from_document(good_document())
    made = qm.Snapshot(as_of=datetime(2026, 11, 2, 13, tzinfo=UTC), currency="USD", **{**good.tables(), **ROWS})
    again = io.snapshot_from_document(document(**TABLES))
    assert io.snapshot_sha256(made) == io.snapshot_sha256(again)


def test_a_region_lies_in_the_middle_of_its_postal_codes():
    rows = [
        {"sku": "00123", "destination_prefix": "606", "units_per_day": "1"},
        {"sku": "1e5", "destination_prefix": "606", "units_per_day": "1", "lat": 10.5, "lon": -20.5},
        {"sku": "NA", "destination_prefix": "", "units_per_day": "1"},
    ]
    chicago, given, everywhere = io.snapshot_from_document(document(forecast=rows)).forecast
    assert (chicago.lat, chicago.lon) == (pytest.approx(41.85, abs=0.1), pytest.approx(-87.7, abs=0.1))
    assert (given.lat, given.lon) == (10.5, -20.5)
    assert (everywhere.lat, everywhere.lon) == (None, None)


@pytest.mark.parametrize(
    ("place", "code"), [({"lat": 10.5}, "coordinate"), ({"lat": 0.0, "lon": 0.0}, "coordinate_null_island")]
)
def test_half_a_place_or_none_is_refused(place, code):
    row = {"sku": "00123", "units_per_day": "1", **place}
    assert pointers(document(forecast=[row])) == [(code, "/forecast/0/lat")]
