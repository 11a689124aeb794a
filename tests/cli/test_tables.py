"""Tables of the command line: backorders by reason, and how many of them have a date."""

from __future__ import annotations

from good_plan import good_plan

from quartermaster.cli.tables import backorder_table


def _cells(plan_changes: dict[str, list[str]]) -> tuple[list[str], list[list[str]]]:
    plan = good_plan()
    table = backorder_table(good_plan(backorders=plan.backorders.assign(**plan_changes)))
    assert table is not None
    columns = [[str(cell) for cell in column.cells] for column in table.columns]
    return [str(column.header) for column in table.columns], [list(row) for row in zip(*columns, strict=True)]


def test_units_with_a_date_are_counted_where_there_are_any() -> None:
    assert _cells({}) == (
        ["reason", "lines", "units", "with a date"],
        [["no_stock", "1", "1", "0"], ["stock_taken", "1", "1", "1"]],
    )
    none = {"expected_ship_date": ["", ""], "expected_delivery_date": ["", ""]}
    assert _cells(none) == (["reason", "lines", "units"], [["no_stock", "1", "1"], ["stock_taken", "1", "1"]])
