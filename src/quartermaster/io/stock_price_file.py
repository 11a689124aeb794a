"""stock_prices.csv: what a unit of stock is worth to orders still to come, to and from a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from quartermaster.domain.certificate import StockPrices
from quartermaster.domain.money import money_text, to_micro
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.io.files import decode, read_bytes
from quartermaster.io.findings import shown
from quartermaster.io.limits import DEFAULT_LIMITS
from quartermaster.io.plan_cells import plan_money
from quartermaster.io.plan_csv import csv_table, text_bytes
from quartermaster.io.texts import Refused

FILE = "stock_prices.csv"
COLUMNS = ("node_id", "sku", "price")
"""Columns of stock_prices.csv; the price is money per unit."""
MAX_ORDER_MICRO = 10**15
"""What the units of one order may be worth at the most, as much as an order may cost, in micro."""
_MANY = 1_000
"""Problems that are listed; prices with more are of another snapshot as a whole."""


def stock_prices_bytes(prices: StockPrices) -> bytes:
    """Write stock_prices.csv.

    Parameters
    ----------
    prices
        The prices, in the order of the file.
    """
    amounts = map(money_text, prices.price_micro)
    return text_bytes(COLUMNS, zip(prices.node_id, prices.sku, amounts, strict=True))


def read_stock_prices(path: str | Path) -> StockPrices:
    """Read prices of stock from a CSV file.

    Parameters
    ----------
    path
        The file, or a plan folder that holds stock_prices.csv.

    Raises
    ------
    InputError
        If it is missing or malformed; carries every problem.
    """
    path = Path(path)
    path = path / FILE if path.is_dir() else path
    file = path.name
    problems: list[Problem] = []
    table = csv_table(decode(read_bytes(path, DEFAULT_LIMITS.max_file_bytes), file), file, COLUMNS, COLUMNS, problems)
    micro: list[int] = []
    cells = [table.columns.get(name, []) for name in COLUMNS]
    seen: Counter[tuple[str, str]] = Counter()
    for row, node_id, sku, price in zip(table.rows, *cells, strict=False):
        for column, cell in (("node_id", node_id), ("sku", sku), ("price", price)):
            if not cell:
                problems.append(Problem("missing_field", "must be given", file=file, row=row, column=column))
        seen[node_id, sku] += 1
        if seen[node_id, sku] == 2 and node_id and sku:
            detail = "another row prices the same SKU at the same node"
            problems.append(Problem("duplicate_row", detail, file=file, row=row, column="sku", value=shown(sku)))
        try:
            amount = to_micro(plan_money(price or "0"))
            if amount < 0:
                raise Refused("money_range", "must be 0 or more")
            micro.append(amount)
        except Refused as refused:
            problems.append(
                Problem(refused.code, refused.detail, file=file, row=row, column="price", value=shown(price))
            )
    if problems:
        raise InputError(problems)
    return StockPrices(node_id=tuple(cells[0]), sku=tuple(cells[1]), price_micro=tuple(micro))


def stock_price_problems(prices: StockPrices, snapshot: Snapshot) -> list[Problem]:
    """List what of some prices does not fit a snapshot, the first thousand problems.

    Parameters
    ----------
    prices
        The prices.
    snapshot
        Checked.
    """
    nodes, skus = set(snapshot.nodes["node_id"].tolist()), set(snapshot.products["sku"].tolist())
    found: list[Problem] = []
    for at, (node_id, sku) in enumerate(zip(prices.node_id, prices.sku, strict=True)):
        for code, column, cell, known in (
            ("unknown_node", "node_id", node_id, nodes),
            ("unknown_sku", "sku", sku, skus),
        ):
            if cell not in known:
                detail = "is not in the snapshot"
                found.append(Problem(code, detail, file=FILE, row=at + 2, column=column, value=shown(cell)))
    _, order = np.unique(snapshot.order_lines["order_id"].astype(str), return_inverse=True)
    most_units = int(np.bincount(order, snapshot.order_lines["quantity"]).max(initial=0))
    highest = max(prices.price_micro, default=0)
    if highest * most_units > MAX_ORDER_MICRO:
        detail = f"the units of an order would be worth more than {money_text(MAX_ORDER_MICRO)}"
        found.append(Problem("cost_range", detail, file=FILE, column="price", value=money_text(highest)))
    return found[:_MANY]
