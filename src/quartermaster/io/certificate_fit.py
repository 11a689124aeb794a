"""Whether a certificate is one of a snapshot: every resource that it prices must exist there."""

from __future__ import annotations

from collections.abc import Iterable

from quartermaster.domain.certificate import Certificate
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import Problem
from quartermaster.io.certificate_file import FILE
from quartermaster.io.findings import shown

_MANY = 1_000
"""Problems that are listed; a certificate with more is another snapshot's as a whole."""


def certificate_problems(certificate: Certificate, snapshot: Snapshot, snapshot_sha256: str) -> list[Problem]:
    """List what does not fit, the first thousand; empty where the certificate is one of the snapshot.

    A resource exists where inventory or nodes list it, also when allocations that stand leave nothing of it: how much
    is left, the bound takes from the problem.

    Parameters
    ----------
    certificate
        The certificate.
    snapshot
        A checked snapshot.
    snapshot_sha256
        Its hash.
    """
    found: list[Problem] = []
    if certificate.snapshot_sha256 != snapshot_sha256:
        detail = f"is of another snapshot; this one is {snapshot_sha256}"
        value = shown(certificate.snapshot_sha256)
        found.append(Problem("other_snapshot", detail, file=FILE, pointer="/snapshot_sha256", value=value))
    nodes, orders = snapshot.nodes, set(snapshot.orders["order_id"].tolist())
    known = set(nodes["node_id"].tolist())
    skus = set(snapshot.products["sku"].tolist())
    listed = set(zip(snapshot.inventory["node_id"].tolist(), snapshot.inventory["sku"].tolist(), strict=True))
    limited = {
        kind: set(nodes["node_id"][nodes[column] != NOT_GIVEN].tolist())
        for kind, column in (("shipments", "max_shipments"), ("units", "max_units"))
    }
    opening = set(nodes["node_id"][nodes["opening_cost"] > 0].tolist())
    stock, shares = certificate.stock, certificate.shares
    found += _unknown("unknown_node", "/stock/node_id", stock.node_id, known)
    found += _unknown("unknown_sku", "/stock/sku", stock.sku, skus)
    for at, pair in enumerate(zip(stock.node_id, stock.sku, strict=True)):
        if pair not in listed and pair[0] in known and pair[1] in skus:
            found.append(_problem("the SKU is not in inventory at the node", f"/stock/{at}", " ".join(pair)))
    for kind, prices in (("shipments", certificate.shipments), ("units", certificate.units)):
        found += _unknown("unknown_node", f"/{kind}/node_id", prices.node_id, known)
        for at, node_id in enumerate(prices.node_id):
            if node_id in known and node_id not in limited[kind]:
                found.append(_problem(f"the node has no max_{kind}", f"/{kind}/node_id/{at}", node_id))
    found += _unknown("unknown_order", "/shares/order_id", shares.order_id, orders)
    found += _unknown("unknown_node", "/shares/node_id", shares.node_id, known)
    for at, node_id in enumerate(shares.node_id):
        if node_id in known and node_id not in opening:
            found.append(_problem("the node has no opening_cost", f"/shares/node_id/{at}", node_id))
    return found[:_MANY]


def _unknown(code: str, pointer: str, ids: Iterable[str], known: set[str]) -> list[Problem]:
    return [
        Problem(code, "is not in the snapshot", file=FILE, pointer=f"{pointer}/{at}", value=shown(name))
        for at, name in enumerate(ids)
        if name not in known
    ]


def _problem(detail: str, pointer: str, value: str) -> Problem:
    return Problem("unknown_resource", detail, file=FILE, pointer=pointer, value=shown(value))
