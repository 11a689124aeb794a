"""What each run, sweep, feed and tick asks SQLite reads what is under way, not all that ever was."""

from __future__ import annotations

import re
from functools import partial

import pytest
from sqlalchemy import event
from store_cases import SCOPE, Clock, ordered, stocked

from quartermaster.store import open_store
from quartermaster.store.expiry import sweep, sweep_for
from quartermaster.store.plans_asked import last_asked
from quartermaster.store.reserved_orders import settle_reserved
from quartermaster.store.run_facts import capacity_used, scopes_to_run, shipments_had
from quartermaster.store.stock import Feed, StockRow, take_feed
from quartermaster.store.takers import takers_of

A, B = ("boston", "A"), ("dallas", "B")
TABLES = "(reservations|reservation_lines|allocations|plans|stock|orders)"
HISTORY = re.compile(
    rf"SCAN {TABLES}\b|SEARCH {TABLES} .*\(scope_id=\?( AND state=\?)?\)"
    r"|SEARCH reservations .*\(scope_id=\? AND (order_id|commit_sequence)>\?\)"
)
"""What reads a whole table, or a whole scope of it, or all in one state."""
FEW = re.compile("ix_reservation_lines_stock|ix_stock_shortfall|ix_plans_under_way|ix_plans_created|ix_orders_state")
"""Indexes of only what is under way, or read from their end as far as is asked for; of orders, those that wait."""


@pytest.fixture
def store(request, tmp_path, sqlite_template):
    path = tmp_path / "store.db"
    path.write_bytes(sqlite_template.read_bytes())
    opened = open_store(f"sqlite:///{path}", Clock())
    stocked(opened, {A: 10, B: 10})
    ordered(opened, "o1", {"1": ("A", 2)})
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "work",
    [
        partial(settle_reserved, scope_id=SCOPE),
        partial(settle_reserved, scope_id=SCOPE, order_ids=["o1"]),
        partial(shipments_had, scope_id=SCOPE),
        partial(capacity_used, scope_id=SCOPE, since=1),
        partial(sweep, scope_id=SCOPE, most=9),
        partial(sweep_for, scope_id=SCOPE, pairs=[A, B]),
        partial(takers_of, scope_id=SCOPE, skus=["A"], but="o1", most=9),
        scopes_to_run,
        partial(last_asked, scope_id=SCOPE, begins="x"),
        partial(take_feed, scope_id=SCOPE, feed=Feed([StockRow(*A, 1)], False, 1, 1, 0)),
    ],
    ids=lambda work: getattr(work, "func", work).__name__,
)
def test_nothing_reads_all_that_ever_was(store, work):
    sent = []
    event.listen(store.writer, "before_cursor_execute", lambda *given: sent.append(given[2:4]))
    store.transact(work)
    with store.read() as transaction:
        read = transaction.connection.connection.dbapi_connection
        lines = [
            (row[3], statement)
            for statement, parameters in sent
            if not statement.startswith("BEGIN")
            for row in read.execute(
                f"EXPLAIN QUERY PLAN {statement}",
                parameters[0] if isinstance(parameters, list) else parameters,
            )
        ]
    assert lines
    wrong = [line for line, _ in lines if HISTORY.match(line) and not FEW.search(line)]
    assert wrong == [], sent
