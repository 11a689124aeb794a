"""Prices that a plan found, as what a unit of stock is worth to the next order."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.money import to_micro
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import StoreError
from quartermaster.store.database import Transaction
from quartermaster.store.plans import part_of

STOCK_PRICES, PRICES = "stock_prices.csv", "prices.csv"
"""Prices for orders still to come, where the plan looked ahead; else those of the orders it planned."""


def prices_of_plan(transaction: Transaction, scope_id: str, plan_id: str, snapshot: Snapshot) -> StockPrices | None:
    """Return the prices of stock that a plan found; None where it found none.

    Parameters
    ----------
    transaction, scope_id, plan_id
        Which plan.
    snapshot
        Only what it names is priced.
    """
    content = _part(transaction, scope_id, plan_id, STOCK_PRICES) or _part(transaction, scope_id, plan_id, PRICES)
    if content is None:
        return None
    nodes, skus = set(snapshot.nodes["node_id"].tolist()), set(snapshot.products["sku"].tolist())
    rows = [
        (row["node_id"], row["sku"], to_micro(Decimal(row["price"])))
        for row in csv.DictReader(StringIO(content.decode("utf-8")))
        if row.get("resource", "stock") == "stock" and row["node_id"] in nodes and row["sku"] in skus
    ]
    node_id, sku, micro = zip(*sorted(rows), strict=True) if rows else ((), (), ())
    return StockPrices(node_id=node_id, sku=sku, price_micro=micro)


def _part(transaction: Transaction, scope_id: str, plan_id: str, name: str) -> bytes | None:
    try:
        return part_of(transaction, scope_id, plan_id, name)
    except StoreError:
        return None
