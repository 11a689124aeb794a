"""Files of plans in blocks: they come back byte for byte, and a page reads its own blocks."""

from __future__ import annotations

import random
import zlib

import pytest
from store_cases import SCOPE, planned, refused

from quartermaster.store.plan_blocks import BLOCK_ROWS
from quartermaster.store.plans import page_of, part_of

HEADER = b"a,b\n"


def table(rows):
    return HEADER + b"".join(b'%d,"x\r y"\n' % at for at in range(rows))


def read(store, function, *more):
    with store.read() as transaction:
        return function(transaction, SCOPE, *more)


@pytest.mark.parametrize("rows", [0, 1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS, 3_210])
def test_a_file_comes_back_byte_for_byte_and_a_page_is_a_part_of_it(store, rows):
    content = table(rows)
    files = {"t.csv": content, "uncut.csv": content.rstrip(b"\n"), "other.json": content, "empty.csv": b""}
    plan_id = planned(store, parts=files)
    for name, whole in files.items():
        assert read(store, part_of, plan_id, name) == whole
    lines = [b'%d,"x\r y"\n' % at for at in range(rows)]
    numbers = random.Random(rows)
    asked = [(0, 1), (0, 10_000), (rows, 1), (max(0, rows - 1), 5), (10**6, 10)]
    asked += [(numbers.randrange(rows + 2), numbers.randrange(1, 2_500)) for _ in range(10)]
    for first, count in asked:
        found, total = read(store, page_of, plan_id, "t.csv", first, count)
        assert (found, total) == (HEADER + b"".join(lines[first : first + count]), rows), (first, count)
    assert read(store, page_of, plan_id, "empty.csv", 0, 10) == (b"", 0)
    with refused("not_found"):
        read(store, page_of, plan_id, "none.csv", 0, 10)


@pytest.mark.parametrize("rows", [5_000, 50_000])
def test_a_page_costs_its_own_blocks_however_long_the_table_is(store, rows, monkeypatch):
    plan_id = planned(store, parts={"t.csv": table(rows)})
    opened = []
    decompress = zlib.decompress
    monkeypatch.setattr(zlib, "decompress", lambda data: opened.append(1) or decompress(data))
    found, total = read(store, page_of, plan_id, "t.csv", rows - 1_500, 1_000)
    assert (found.count(b"\n"), total) == (1_001, rows)
    assert len(opened) <= 3
