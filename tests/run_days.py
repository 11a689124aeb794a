"""Days put into a store, a clock by hand, and a planner in this process: what tests of runs begin from."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quartermaster import api
from quartermaster.domain.snapshot import Snapshot
from quartermaster.io import parse_document, read_document, snapshot_document
from quartermaster.policy import Policy
from quartermaster.scheduling import PlanRequest, RunSettings, request_text
from quartermaster.scheduling.child import Made
from quartermaster.scheduling.run import Planner
from quartermaster.store import Store
from quartermaster.store.audit import audit
from quartermaster.store.instants import instant_of as micro
from quartermaster.store.order_intake import put_order
from quartermaster.store.orders import NewLine, NewOrder, StoredOrder, stored_order
from quartermaster.store.plans import StoredPlan, queue_plan, stored_plan
from quartermaster.store.snapshots import put_snapshot
from quartermaster.store.stock import StockRow

SCOPE = "north"
CHEAPEST = Policy(strategy="cheapest")
QUICK = RunSettings(report=False)


class Clock:
    """The store's clock, set by hand."""

    def __init__(self, instant: datetime) -> None:
        self.now = micro(instant)

    def __call__(self) -> int:
        return self.now

    def forward(self, **time: float) -> None:
        """Move it; `time` as of `timedelta`."""
        self.now += timedelta(**time) // timedelta(microseconds=1)


def canonical(document: Any) -> bytes:
    """JSON as it is kept."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def put_day(store: Store, snapshot: Snapshot, version: str = "v1") -> list[dict[str, Any]]:
    """Put a snapshot without its orders; return those as documents."""
    document = snapshot_document(snapshot)
    orders = document["orders"]
    stock = [StockRow(row.node_id, row.sku, row.on_hand, row.safety_stock, row.reserved) for row in snapshot.inventory]
    content, as_of = canonical({**document, "orders": []}), micro(snapshot.as_of)
    store.transact(lambda transaction: put_snapshot(transaction, SCOPE, version, content, as_of, stock))
    return orders


def put_orders(store: Store, orders: Iterable[Mapping[str, Any]]) -> None:
    """Take order documents in."""
    for order in orders:
        lines = [NewLine(line["line_id"], line["sku"], line["quantity"]) for line in order["lines"]]
        new = NewOrder(order["order_id"], canonical(order).decode(), lines)
        store.transact(lambda transaction, new=new: put_order(transaction, SCOPE, new))


def ask(store: Store, policy: Policy = CHEAPEST, **request: Any) -> StoredPlan:
    """Queue a plan."""
    text = request_text(PlanRequest(policy=policy, **request))
    return store.transact(lambda transaction: queue_plan(transaction, SCOPE, text, 10))


def order_of(store: Store, order_id: str) -> StoredOrder:
    """An order as it is."""
    with store.read() as transaction:
        return stored_order(transaction, SCOPE, order_id)


def plan_of(store: Store, plan_id: str) -> StoredPlan:
    """A plan as it is."""
    with store.read() as transaction:
        return stored_plan(transaction, SCOPE, plan_id)


def faults(store: Store) -> list[str]:
    """What does not add up."""
    with store.read() as transaction:
        return audit(transaction, SCOPE)


def plan_here(content: bytes, policy: Policy, settings: RunSettings, ask: Any) -> Made:
    """Plan in this process: what a planning process leaves, sooner."""
    ask({"phase": "begin", "share": 0.0, "seconds": 0.0})
    plan = api.plan(read_document(parse_document(content)).snapshot, policy)
    with tempfile.TemporaryDirectory() as folder:
        plan.write(folder)
        return Made({path.name: path.read_bytes() for path in Path(folder).iterdir()})


def between(happens: Callable[[], object]) -> Planner:
    """A planner during whose work something happens."""

    def planner(content: bytes, policy: Policy, settings: RunSettings, ask: Any) -> Made:
        made = plan_here(content, policy, settings, ask)
        happens()
        return made

    return planner
