"""The expected dates of backorders in files and documents: ISO text, empty or null where no date can be promised."""

from __future__ import annotations

from pathlib import Path

import pytest
from good_plan import good_plan

from quartermaster.documents import tables_document
from quartermaster.domain.plan import BACKORDER_COLUMNS, Plan
from quartermaster.errors import InputError
from quartermaster.io.plan_files import read_plan, write_plan
from quartermaster.service.answers import Backorder
from quartermaster.service.plan_reading import brought_plan


@pytest.fixture
def dated() -> Plan:
    backorders = good_plan().backorders.copy()
    backorders["expected_ship_date"] = ["", "2026-09-14"]
    backorders["expected_delivery_date"] = ["", "2026-09-16"]
    return good_plan(backorders=backorders)


def test_they_stand_after_the_reason_and_read_back_as_written(dated: Plan, tmp_path: Path) -> None:
    write_plan(dated, tmp_path)
    lines = (tmp_path / "backorders.csv").read_text().splitlines()
    assert lines[0] == "order_id,line_id,sku,quantity,reason,expected_ship_date,expected_delivery_date"
    assert lines[1:] == ["O2,1,lamp,1,no_stock,,", "O4,1,rug,1,stock_taken,2026-09-14,2026-09-16"]
    again = read_plan(tmp_path).backorders
    assert again is not None
    assert again.to_dict("records") == dated.backorders.to_dict("records")


def test_a_plan_that_people_bring_may_leave_them_out(dated: Plan, tmp_path: Path) -> None:
    write_plan(dated, tmp_path)
    (tmp_path / "backorders.csv").write_text("order_id,line_id,quantity\nO2,1,1\n")
    brought = read_plan(tmp_path).backorders
    assert brought is not None
    assert list(brought.columns) == ["order_id", "line_id", "quantity"]


@pytest.mark.parametrize("cell", ["soon", "20260914", "2026-02-30", "2026-09-14T00:00"])
@pytest.mark.parametrize("column", BACKORDER_COLUMNS[-2:])
def test_what_is_no_date_is_refused_with_its_place(column: str, cell: str, tmp_path: Path) -> None:
    write_plan(good_plan(), tmp_path)
    (tmp_path / "backorders.csv").write_text(f"order_id,line_id,quantity,{column}\nO2,1,1,\nO4,1,1,{cell}\n")
    with pytest.raises(InputError) as refused:
        read_plan(tmp_path)
    (problem,) = refused.value.problems
    assert (problem.file, problem.row, problem.column, problem.code, problem.value) == (
        "backorders.csv", 3, column, "time_format", cell
    )  # fmt: skip


def test_a_document_has_null_for_no_date_and_is_read_as_it_is_answered(dated: Plan) -> None:
    tables = tables_document(dated)
    assert [tuple(row.values())[-3:] for row in tables["backorders"]] == [
        ("no_stock", None, None),
        ("stock_taken", "2026-09-14", "2026-09-16"),
    ]
    for row in tables["backorders"]:
        Backorder.model_validate(row)
    brought = brought_plan(tables).backorders
    assert brought is not None
    assert brought["expected_ship_date"].tolist() == [None, "2026-09-14"]
