"""certificate.json and prices.csv: the prices of a plan, as columns, to and from the plan folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quartermaster.domain.certificate import VERSION, Certificate, NodePrices, OpeningShares, StockPrices
from quartermaster.domain.money import money_text, to_micro
from quartermaster.errors import InputError, Problem
from quartermaster.io.files import read_bytes
from quartermaster.io.findings import shown
from quartermaster.io.json_text import parse_document
from quartermaster.io.limits import DEFAULT_LIMITS
from quartermaster.io.plan_cells import plan_money
from quartermaster.io.texts import Refused

if TYPE_CHECKING:
    import pandas as pd

FILE = "certificate.json"
PRICE_COLUMNS = ("resource", "node_id", "sku", "price")
"""Columns of prices.csv; resource is stock, shipments or units."""
PARTS: dict[str, tuple[tuple[str, ...], str]] = {
    "stock": (("node_id", "sku"), "price_micro"),
    "shipments": (("node_id",), "price_micro"),
    "units": (("node_id",), "price_micro"),
    "shares": (("order_id", "node_id"), "share_micro"),
}
"""What certificate.json holds of each kind: its id columns and its amounts."""
_HEAD = ("version", "snapshot_sha256", "bound")
_MANY = 1_000
"""Problems of one column that are listed; a file with more is broken as a whole."""
MAX_AMOUNT = 10**18 - 1
"""Largest price or share: 18 digits, as everywhere in our documents."""


def certificate_bytes(certificate: Certificate) -> bytes:
    """Write certificate.json: one layout, keys sorted, UTF-8, so that equal certificates are equal bytes.

    Parameters
    ----------
    certificate
        The certificate.
    """
    document = {
        "version": VERSION,
        "snapshot_sha256": certificate.snapshot_sha256,
        "bound": money_text(certificate.bound_micro),
        **{
            name: {column: getattr(getattr(certificate, name), column) for column in (*ids, amount)}
            for name, (ids, amount) in PARTS.items()
        },
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def prices_frame(certificate: Certificate) -> pd.DataFrame:
    """List the prices as the table of prices.csv.

    Parameters
    ----------
    certificate
        The certificate.

    Returns
    -------
    DataFrame
        Columns as in `PRICE_COLUMNS`, all text; the price is a decimal text, the SKU empty where a node's capacity is
        priced.
    """
    import pandas as pd  # late: it is slow to import, and reading a certificate needs none of it

    rows: list[tuple[str, str, str, int]] = [
        ("stock", node_id, sku, price)
        for node_id, sku, price in zip(
            certificate.stock.node_id, certificate.stock.sku, certificate.stock.price_micro, strict=True
        )
    ]
    for resource, prices in (("shipments", certificate.shipments), ("units", certificate.units)):
        rows += [
            (resource, node_id, "", price) for node_id, price in zip(prices.node_id, prices.price_micro, strict=True)
        ]
    columns = zip(*rows, strict=True) if rows else ((),) * 4
    table = dict(zip(PRICE_COLUMNS, map(list, columns), strict=True))
    table["price"] = [money_text(micro) for micro in table["price"]]
    return pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in table.items()})


def read_certificate(folder: str | Path) -> Certificate:
    """Read the certificate of a plan folder.

    Parameters
    ----------
    folder
        The folder of a plan.

    Raises
    ------
    InputError
        If the file is missing or malformed; carries every problem. Whether it fits a snapshot is the question of
        `quartermaster.io.certificate_problems`.
    """
    try:
        document = parse_document(read_bytes(Path(folder) / FILE, DEFAULT_LIMITS.max_file_bytes))
    except InputError as error:
        raise InputError([replace(problem, file=FILE) for problem in error.problems]) from None
    return certificate_from_document(document)


def certificate_from_document(document: Any) -> Certificate:
    """Read a certificate from its parsed JSON document.

    Parameters
    ----------
    document
        From `quartermaster.io.parse_document`.

    Raises
    ------
    InputError
        If it is malformed; carries every problem.
    """
    if not isinstance(document, Mapping):
        raise InputError([Problem("type", "must be a JSON object", file=FILE)])
    problems = [
        Problem(
            "unknown_field", f"unknown; known are {', '.join((*_HEAD, *PARTS))}", file=FILE, pointer=f"/{shown(key)}"
        )
        for key in document
        if key not in (*_HEAD, *PARTS)
    ]
    if document.get("version") != VERSION or isinstance(document["version"], bool):
        value = shown(document.get("version"))
        problems.append(Problem("choice", f"must be {VERSION}", file=FILE, pointer="/version", value=value))
    sha256, bound_micro = document.get("snapshot_sha256"), _bound(document.get("bound"), problems)
    if not isinstance(sha256, str):
        problems.append(_problem("type", "must be text", "/snapshot_sha256", sha256))
    parts = {name: _part(name, document.get(name), problems) for name in PARTS}
    if problems:
        raise InputError(problems)
    assert isinstance(sha256, str)  # noqa: S101 - anything else is a problem above
    return Certificate(
        snapshot_sha256=sha256,
        bound_micro=bound_micro,
        stock=StockPrices(**parts["stock"]),
        shipments=NodePrices(**parts["shipments"]),
        units=NodePrices(**parts["units"]),
        shares=OpeningShares(**parts["shares"]),
    )


def _bound(given: Any, problems: list[Problem]) -> int:
    try:
        if not isinstance(given, str):
            raise Refused("type", "money must be text, such as 12.50")
        return to_micro(plan_money(given))
    except Refused as refused:
        problems.append(_problem(refused.code, refused.detail, "/bound", given))
        return 0


def _part(name: str, given: Any, problems: list[Problem]) -> dict[str, Any]:
    """Read the columns of one kind of prices; what is wrong is added to the problems."""
    ids, amount = PARTS[name]
    known = (*ids, amount)
    if not isinstance(given, Mapping):
        problems.append(_problem("type", f"must be an object of columns {', '.join(known)}", f"/{name}", given))
        return {}
    found = [
        *(
            _problem("unknown_field", f"unknown column; known are {', '.join(known)}", f"/{name}/{shown(key)}", None)
            for key in given
            if key not in known
        ),
        *(
            _problem("type", "must be an array", f"/{name}/{column}", given.get(column))
            for column in known
            if not isinstance(given.get(column), list)
        ),
    ]
    if found:
        problems += found
        return {}
    if len({len(given[column]) for column in known}) > 1:
        lengths = ", ".join(f"{column} {len(given[column])}" for column in known)
        problems.append(_problem("type", f"columns differ in length: {lengths}", f"/{name}", None))
        return {}
    for column in ids:
        found += _flaws(f"/{name}/{column}", given[column], _text_flaw)
    found += _flaws(f"/{name}/{amount}", given[amount], _amount_flaw)
    if not found:
        found += _repeated(name, [given[column] for column in ids])
    problems += found
    return {column: tuple(given[column]) for column in known}


def _flaws(pointer: str, cells: Sequence[Any], flaw_of: Callable[[Any], tuple[str, str] | None]) -> list[Problem]:
    found: list[Problem] = []
    for at, cell in enumerate(cells):
        flaw = flaw_of(cell)
        if flaw is not None:
            code, detail = flaw
            found.append(_problem(code, detail, f"{pointer}/{at}", cell))
            if len(found) == _MANY:
                break
    return found


def _text_flaw(cell: Any) -> tuple[str, str] | None:
    return None if isinstance(cell, str) else ("type", "must be text")


def _amount_flaw(cell: Any) -> tuple[str, str] | None:
    if not isinstance(cell, int) or isinstance(cell, bool):
        return ("not_whole", "must be a whole number of micro")
    return None if 0 <= cell <= MAX_AMOUNT else ("out_of_range", f"must be from 0 to {MAX_AMOUNT}")


def _repeated(name: str, columns: list[list[str]]) -> list[Problem]:
    seen: set[tuple[str, ...]] = set()
    found: list[Problem] = []
    for at, key in enumerate(zip(*columns, strict=True)):
        if key in seen and len(found) < _MANY:
            found.append(_problem("duplicate_row", "stands twice", f"/{name}/{at}", " ".join(key)))
        seen.add(key)
    return found


def _problem(code: str, detail: str, pointer: str, value: Any) -> Problem:
    return Problem(code, detail, file=FILE, pointer=pointer, value=shown(value))
