"""The plan folder: bytes that repeat, files that replace each other whole, and a strict way back."""

import errno
import json
import os
import resource
import stat
from decimal import Decimal

import pandas as pd
import pytest
from good_plan import ALLOCATIONS, OBJECTIVE, POLICY, TOTAL_MICRO, good_plan, good_snapshot

from quartermaster.domain.plan import ALLOCATION_COLUMNS, RunRecord
from quartermaster.errors import InputError
from quartermaster.evaluation import evaluate_tables
from quartermaster.io.codes import CODES
from quartermaster.io.plan_csv import csv_bytes
from quartermaster.io.plan_files import read_plan, write_plan
from quartermaster.io.texts import guarded, restored

FILES = {"allocations.csv", "shipments.csv", "backorders.csv", "plan.json", "run.json"}
REPEATABLE = FILES - {"run.json"}


@pytest.fixture
def folder(tmp_path):
    write_plan(good_plan(), tmp_path / "plan")
    return tmp_path / "plan"


def _bytes(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _problems(folder):
    with pytest.raises(InputError) as caught:
        read_plan(folder)
    assert all(problem.code in CODES for problem in caught.value.problems)
    return [(problem.file, problem.row, problem.column, problem.code) for problem in caught.value.problems]


# Writing.


def test_the_folder_is_made_and_holds_five_files(tmp_path):
    write_plan(good_plan(), tmp_path / "deep" / "er")
    assert set(_bytes(tmp_path / "deep" / "er")) == FILES


def test_the_tables_stand_as_the_interface_says(folder):
    written = _bytes(folder)
    assert written["allocations.csv"].decode().splitlines()[:2] == [
        "order_id,line_id,sku,node_id,quantity,shipment_id",
        "O1,1,tea,N1,3,S1",
    ]
    assert written["shipments.csv"].decode().splitlines()[4] == (
        "S4,O3,N3,post,ground,B,2,18400,222390,3,2026-09-08,2026-09-11,34.10,0.999999,1.667925,0.00"
    )
    assert written["backorders.csv"].decode().splitlines() == [
        "order_id,line_id,sku,quantity,reason,expected_ship_date,expected_delivery_date",
        "O2,1,lamp,1,no_stock,,",
        "O4,1,rug,1,stock_taken,2026-09-14,2026-09-16",
    ]


def test_plan_json_holds_decimals_as_text_and_no_float(folder):
    text = (folder / "plan.json").read_text(encoding="utf-8")

    def refuse(number):
        raise AssertionError(f"a float: {number}")

    document = json.loads(text, parse_float=refuse)
    assert document["objective"] == {
        "transport": "76.41425", "handling": "7.549999", "distance": "94.738209", "late": "10.00",
        "extra_shipment": "0.75", "opening": "11.50", "backorder": "337.191356", "total": "538.143814",
    }  # fmt: skip
    assert document["status"] == "feasible"
    assert document["bound"] == "530.00"
    assert document["gap"] == "0.015133156"  # 8.143814 / 538.143814 = 0.01513315557, rounded up
    assert document["gap_served"] == "0.040526074"  # 8.143814 / 200.952458, rounded up
    assert document["kpis"] == {"orders": "5.000000", "fill_rate": "0.846154"}
    assert document["policy"]["backorder"] == {"cost_per_unit": "100", "cost_per_order": "2.5"}
    assert list(document) == sorted(document)
    assert text.endswith("}\n")


def test_a_plan_of_a_rule_has_neither_bound_nor_gap(tmp_path):
    write_plan(good_plan(bound_micro=None, strategy="cheapest"), tmp_path)
    document = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert (document["bound"], document["gap"], document["gap_served"]) == (None, None, None)


def test_the_same_plan_gives_the_same_bytes_whatever_the_run(folder, tmp_path):
    mappings = {"kpis": dict(reversed(good_plan().kpis.items())), "run": RunRecord(seconds={"solve": 99.0})}
    write_plan(good_plan(**mappings), tmp_path / "again")
    first, again = _bytes(folder), _bytes(tmp_path / "again")
    assert {name for name in FILES if first[name] == again[name]} == REPEATABLE


def test_run_json_tells_what_happened(folder):
    assert json.loads((folder / "run.json").read_text(encoding="utf-8")) == {
        "seconds": {"solve": 1.25}, "peak_memory_bytes": 10**8, "machine": {}, "warnings": ["a “warning”"],
        "counters": {},
    }  # fmt: skip


def test_an_older_plan_is_replaced_and_other_files_stay(folder):
    (folder / "report.html").write_text("kept", encoding="utf-8")
    empty = {"allocations": good_plan().allocations.iloc[:0], "shipments": good_plan().shipments.iloc[:0]}
    write_plan(good_plan(**empty), folder)
    assert (folder / "allocations.csv").read_text() == ",".join(ALLOCATION_COLUMNS) + "\n"
    assert (folder / "report.html").read_text() == "kept"


def test_files_get_the_permissions_that_the_umask_leaves(tmp_path):
    old = os.umask(0o027)
    try:
        write_plan(good_plan(), tmp_path / "plan")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "plan" / "plan.json").stat().st_mode) == 0o640


# Output that cannot be written.


def _refused(folder):
    with pytest.raises(InputError) as caught:
        write_plan(good_plan(seed=7), folder)
    assert [problem.code for problem in caught.value.problems] == ["output"]
    return caught.value.problems[0]


def test_a_target_that_is_a_file_is_refused_and_left_alone(tmp_path):
    target = tmp_path / "plan"
    target.write_text("mine", encoding="utf-8")
    assert "cannot be written" in _refused(target).detail
    assert target.read_text(encoding="utf-8") == "mine"


def test_a_target_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    _refused(tmp_path / "file" / "plan")


def test_a_folder_where_a_file_belongs_is_refused_before_anything_changes(folder):
    (folder / "run.json").unlink()
    (folder / "run.json").mkdir()
    before = (folder / "plan.json").read_bytes()
    assert _refused(folder).file.endswith("run.json")
    assert (folder / "plan.json").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == FILES


def test_a_full_disk_leaves_the_old_plan_intact_and_nothing_behind(folder):
    before = _bytes(folder)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))  # every file over 200 bytes fails, as on a full disk
    try:
        problem = _refused(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert problem.file.endswith(".csv")
    assert _bytes(folder) == before


def test_a_disk_that_fails_at_sync_leaves_the_old_plan_intact(folder, monkeypatch):
    before = _bytes(folder)

    def fail(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("quartermaster.io.atomic_files.os.fsync", fail)
    assert _refused(folder).detail == "cannot be written: Input/output error"
    assert _bytes(folder) == before


# Cells that a spreadsheet would run.


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@cmd", "\t=1", "\r=1", "'=1", "''@x", '=HYPERLINK("a","b")'])
def test_a_formula_is_written_as_text_and_read_back_as_it_was(text, tmp_path):
    assert guarded(text) == f"'{text}"
    assert restored(guarded(text)) == text
    plan = good_plan()
    allocations = plan.allocations.assign(sku=text)
    write_plan(good_plan(allocations=allocations), tmp_path)
    assert text not in {
        cell for line in (tmp_path / "allocations.csv").read_text().split("\n") for cell in line.split(",")
    }
    assert set(read_plan(tmp_path).allocations["sku"]) == {text}


@pytest.mark.parametrize(
    "text", ["00123", "1e5", "NA", "null", "TRUE", "'quoted", "'", "a-b", "é", 'say "hi", you', ""]
)
def test_other_text_is_written_byte_for_byte(text):
    assert guarded(text) == text
    assert restored(text) == text


def test_numbers_are_not_guarded():
    frame = pd.DataFrame({"quantity": [-3], "transport": [Decimal("-12.5")]})
    assert csv_bytes(frame, ["quantity", "transport"]) == b"quantity,transport\n-3,-12.50\n"


# Reading.


def test_a_written_plan_reads_back_whole(folder):
    brought = read_plan(folder)
    plan = good_plan()
    for name in ("allocations", "shipments", "backorders"):
        pd.testing.assert_frame_equal(getattr(brought, name), getattr(plan, name), check_dtype=False)
    assert brought.policy == POLICY
    assert brought.claimed == OBJECTIVE
    assert brought.claimed_total_micro == TOTAL_MICRO
    assert brought.document["snapshot_sha256"] == "0" * 64


def test_a_written_plan_is_judged_good(folder):
    brought = read_plan(folder)
    evaluation = evaluate_tables(
        good_snapshot(), brought.policy, brought.allocations, brought.shipments, brought.backorders, brought.claimed,
        claimed_total_micro=brought.claimed_total_micro,
    )  # fmt: skip
    assert evaluation.violations == ()


def test_two_files_with_few_columns_suffice(tmp_path):
    (tmp_path / "allocations.csv").write_bytes(b"\xef\xbb\xbforder_id,line_id,quantity,shipment_id\r\nO1,1,3,S1\r\n")
    (tmp_path / "shipments.csv").write_bytes(
        b"service,shipment_id,order_id,node_id,carrier,units\nground,S1,O1,N1,post,\n"
    )
    brought = read_plan(tmp_path)
    assert brought.allocations.to_dict("records") == [
        {"order_id": "O1", "line_id": "1", "quantity": 3, "shipment_id": "S1"}
    ]
    assert brought.shipments.to_dict("records")[0]["units"] is None
    assert (brought.backorders, brought.policy, brought.claimed, brought.claimed_total_micro) == (
        None,
        None,
        None,
        None,
    )


def test_text_survives_byte_for_byte(tmp_path):
    (tmp_path / "allocations.csv").write_text("order_id,line_id,sku,quantity,shipment_id\n00123,1e5,NA,1,null\n")
    (tmp_path / "shipments.csv").write_text("shipment_id,order_id,node_id,carrier,service\nnull,00123,TRUE,,none\n\n")
    brought = read_plan(tmp_path)
    assert list(brought.allocations.iloc[0]) == ["00123", "1e5", "NA", 1, "null"]
    assert list(brought.shipments.iloc[0]) == ["null", "00123", "TRUE", "", "none"]


def test_an_empty_plan_reads_back_with_its_columns(tmp_path):
    (tmp_path / "allocations.csv").write_text("order_id,line_id,quantity,shipment_id\n")
    (tmp_path / "shipments.csv").write_text("shipment_id,order_id,node_id,carrier,service\n")
    brought = read_plan(tmp_path)
    assert len(brought.allocations) == 0
    assert tuple(brought.shipments.columns) == ("shipment_id", "order_id", "node_id", "carrier", "service")
    assert evaluate_tables(good_snapshot(), POLICY, brought.allocations, brought.shipments).violations == ()


def test_quantities_that_are_whole_but_bad_are_left_to_evaluation(folder):
    path = folder / "allocations.csv"
    path.write_text(path.read_text().replace("N1,3,S1", "N1,-3,S1"))
    assert read_plan(folder).allocations["quantity"][0] == -3


def test_every_problem_of_all_files_is_told_with_its_place(folder):
    (folder / "allocations.csv").write_text(
        "order_id,line_id,quantity,shipment_id\nO1,1,2.5,S1\nO1,2,three,S1\n,1,1,S1\nO1,1\nO2,1,1e3,S1\n"
    )
    (folder / "shipments.csv").write_text(
        "shipment_id,order_id,node_id,carrier,service,transport,late,ship_date,zoen\nS1,O1,N1,post,ground,1,2,3,4\n"
    )
    (folder / "backorders.csv").write_text("order_id,sku\nO1,tea\n")
    assert _problems(folder) == [
        ("allocations.csv", 2, "quantity", "qty_not_whole"),
        ("allocations.csv", 3, "quantity", "qty_not_whole"),
        ("allocations.csv", 4, "order_id", "missing_field"),
        ("allocations.csv", 5, "", "csv_format"),
        ("allocations.csv", 6, "quantity", "qty_not_whole"),
        ("shipments.csv", 1, "zoen", "unknown_field"),
        ("backorders.csv", 1, "line_id", "missing_field"),
        ("backorders.csv", 1, "quantity", "missing_field"),
    ]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("transport", "1,5", "csv_format"),
        ("transport", "1.2345678", "money_scale"),
        ("transport", "1e2", "number_format"),
        ("late", "NaN", "number_format"),
        ("parcels", "1.0", "qty_not_whole"),
        ("ship_date", "2026-02-30", "time_format"),
        ("ship_date", "20260908", "time_format"),
        ("delivery_date", "tomorrow", "time_format"),
    ],
)
def test_a_derived_cell_of_another_kind_is_a_problem(tmp_path, column, cell, code):
    (tmp_path / "allocations.csv").write_text("order_id,line_id,quantity,shipment_id\n")
    (tmp_path / "shipments.csv").write_text(
        f"shipment_id,order_id,node_id,carrier,service,{column}\nS1,O1,N1,post,ground,{cell}\n"
    )
    assert [(row, found) for _, row, _, found in _problems(tmp_path)] == [(2, code)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing_field"),
        (b"order_id;line_id;quantity;shipment_id\n", "missing_field"),
        (b"order_id,line_id,quantity,shipment_id,order_id\n", "csv_format"),
        (b'order_id,line_id,quantity,shipment_id\n"O1,1,1,S1\n', "csv_format"),
        (b"order_id,line_id,quantity,shipment_id\n\xff,1,1,S1\n", "encoding"),
        (b"\xff\xfeo\x00", "encoding"),
        (b"order_id,line_id,quantity,shipment_id\n" + b"x" * 40_000 + b",1,1,S1\n", "csv_limit"),
    ],
)
def test_a_file_that_is_no_table_is_a_problem(folder, content, code):
    (folder / "allocations.csv").write_bytes(content)
    assert code in {found for _, _, _, found in _problems(folder)}


def test_a_missing_file_or_folder_is_a_problem(folder, tmp_path):
    (folder / "shipments.csv").unlink()
    assert _problems(folder) == [("shipments.csv", None, "", "file_missing")]
    assert _problems(tmp_path / "nowhere")[0][3] == "file_missing"
    assert _problems(folder / "plan.json")[0][3] == "file_kind"


def _with_document(folder, change):
    document = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    change(document)
    (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "column", "code"),
    [
        (lambda document: document["objective"].update(late=10), "objective.late", "type"),
        (lambda document: document["objective"].update(late="ten"), "objective.late", "number_format"),
        (lambda document: document["objective"].update(late="0.0000001"), "objective.late", "money_scale"),
        (lambda document: document["objective"].update(fee="1"), "objective.fee", "unknown_field"),
        (lambda document: document["objective"].pop("late"), "objective.late", "missing_field"),
        (lambda document: document.update(objective=[]), "objective", "type"),
        (lambda document: document.update(policy="cheap"), "policy", "type"),
        (lambda document: document["policy"]["service"].update(late="maybe"), "policy.service.late", "policy_value"),
        (lambda document: document["policy"].update(speed=1), "policy.speed", "unknown_field"),
    ],
)
def test_a_bad_plan_json_is_a_problem_with_its_place(folder, change, column, code):
    _with_document(folder, change)
    assert _problems(folder) == [("plan.json", None, column, code)]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"seed": NaN}', b'{"seed": 1, "seed": 2}'])
def test_a_plan_json_that_is_no_document_is_a_problem(folder, content):
    (folder / "plan.json").write_bytes(content)
    assert {file for file, *_ in _problems(folder)} == {"plan.json"}


def test_a_plan_may_claim_only_its_total(folder):
    _with_document(folder, lambda document: document.update(objective={"total": "1.00"}))
    brought = read_plan(folder)
    assert (brought.claimed, brought.claimed_total_micro) == (None, 1_000_000)
    assert len(ALLOCATIONS) == len(brought.allocations)
