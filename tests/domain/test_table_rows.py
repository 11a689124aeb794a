"""Walking a table gives the rows that asking for them one by one gives, of every kind of column."""

import pytest
from good_plan import good_snapshot
from instances import small_instance

from quartermaster.domain import table as module
from quartermaster.io import ready


@pytest.mark.parametrize("at_once", [1, 3, 4096])
def test_walked_rows_are_the_rows_asked_for_one_by_one(monkeypatch, at_once):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", at_once)
    given, missing = set(), set()
    for snapshot in (good_snapshot(), *(ready(small_instance(seed)[0]) for seed in range(4))):
        for name, table in snapshot.tables().items():
            rows = [table.row(position) for position in range(len(table))]
            walked = list(table)
            assert walked == rows
            assert list(map(repr, walked)) == list(map(repr, rows))  # 1, 1.0 and True are equal but not alike
            for row in rows:
                for field in row.__slots__:
                    value = getattr(row, field)
                    (missing if value is None else given).add((name, field))
    assert len(given) > 40
    assert len(missing) > 5
