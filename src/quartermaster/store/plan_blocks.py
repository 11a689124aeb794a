"""Files of plans, held in blocks: a table is cut at its rows, and a page of it costs what its own blocks cost.

The blocks of a file are its bytes, one after the other. Block 0 of a table begins with its header; every block but the
last holds `BLOCK_ROWS` rows. No cell of a plan's table holds a newline.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from sqlalchemy import func, insert, or_, select

from quartermaster.store.database import Transaction
from quartermaster.store.tables import PLAN_BLOCKS

BLOCK_ROWS = 1_000
"""Rows of a block of a table."""


def write_files(transaction: Transaction, plan_id: str, files: Mapping[str, bytes]) -> None:
    """Write the files of a plan.

    Parameters
    ----------
    transaction, plan_id
        Which plan.
    files
        By name; those named ``.csv`` are tables.
    """
    rows = [
        {"plan_id": plan_id, "name": name, "number": number, "rows": count, "content": zlib.compress(block, 6)}
        for name, content in sorted(files.items())
        for number, (block, count) in enumerate(_blocks(name, content))
    ]
    if rows:
        transaction.run(insert(PLAN_BLOCKS), rows)


def _blocks(name: str, content: bytes) -> Iterator[tuple[bytes, int]]:
    """Cut a file; yield each block with the number of its rows."""
    if not name.endswith(".csv"):
        yield content, 0
        return
    header, *rows = _lines(content) or [b""]
    for at in range(0, max(1, len(rows)), BLOCK_ROWS):
        block = rows[at : at + BLOCK_ROWS]
        yield b"".join([header, *block] if at == 0 else block), len(block)


def _lines(content: bytes) -> list[bytes]:
    """Cut at newlines only: a cell may hold a carriage return."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]


def file_of(transaction: Transaction, plan_id: str, name: str) -> bytes | None:
    """Return a file of a plan; None where it has none of that name.

    Parameters
    ----------
    transaction, plan_id, name
        Which.
    """
    query = select(PLAN_BLOCKS.c.content).where(PLAN_BLOCKS.c.plan_id == plan_id, PLAN_BLOCKS.c.name == name)
    blocks = transaction.all(query.order_by(PLAN_BLOCKS.c.number))
    return b"".join(zlib.decompress(block.content) for block in blocks) if blocks else None


def rows_of(transaction: Transaction, plan_id: str, name: str, first: int, count: int) -> tuple[bytes, int] | None:
    """Return some rows of a table of a plan below its header, and how many it has; None where there is no such table.

    Parameters
    ----------
    transaction, plan_id, name
        Which.
    first
        Rows that are passed over.
    count
        Rows, at the most.
    """
    block = PLAN_BLOCKS.c
    own = (block.plan_id == plan_id, block.name == name)
    total = transaction.connection.execute(select(func.sum(block.rows)).where(*own)).scalar_one()
    if total is None:
        return None
    begin = first // BLOCK_ROWS
    wanted = or_(block.number == 0, block.number.between(begin, (first + count - 1) // BLOCK_ROWS))
    found = transaction.all(select(block.number, block.content).where(*own, wanted).order_by(block.number))
    lines = {row.number: _lines(zlib.decompress(row.content)) for row in found}
    header, *lines[0] = lines[0] or [b""]
    held = [line for number in sorted(lines) if number >= begin for line in lines[number]]
    skipped = first - begin * BLOCK_ROWS
    return b"".join([header, *held[skipped : skipped + count]]), int(total)
