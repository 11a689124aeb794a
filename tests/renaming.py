"""Snapshots with other ids: everything renamed by a prefix, and two copies of a day side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quartermaster.domain.snapshot import ROW_TYPES, Snapshot
from quartermaster.io import ready

ID_FIELDS = ("order_id", "line_id", "sku", "node_id", "carrier", "service", "zone", "pinned_node")
LIST_FIELDS = ("allowed_nodes", "excluded_nodes", "nodes")


def renamed(snapshot: Snapshot, prefix: str) -> Snapshot:
    """Give every id a prefix, which keeps their order by code point; checked.

    Parameters
    ----------
    snapshot, prefix
        The snapshot and the prefix.
    """
    return ready(replace(snapshot, **_tables(snapshot, prefix), checked=False))


def side_by_side(snapshot: Snapshot) -> Snapshot:
    """Put two copies that share nothing into one snapshot; checked.

    Each copy has SKUs, nodes and carriers of its own, and its services are offered at its own nodes only.

    Parameters
    ----------
    snapshot
        The snapshot.
    """
    one, two = _tables(snapshot, "a "), _tables(snapshot, "b ")
    for copy in (one, two):
        everywhere = tuple(node.node_id for node in copy["nodes"])
        copy["services"] = [replace(row, nodes=row.nodes or everywhere) for row in copy["services"]]
    both = {name: list(dict.fromkeys([*one[name], *two[name]])) for name in ROW_TYPES}
    return ready(replace(snapshot, **both, checked=False))


def _tables(snapshot: Snapshot, prefix: str) -> dict[str, list[Any]]:
    return {name: [_renamed_row(row, prefix) for row in snapshot.table(name)] for name in ROW_TYPES}


def _renamed_row(row: Any, prefix: str) -> Any:
    ids = {name: prefix + getattr(row, name) for name in ID_FIELDS if getattr(row, name, "")}
    lists = {
        name: tuple(prefix + node_id for node_id in getattr(row, name)) for name in LIST_FIELDS if hasattr(row, name)
    }
    return replace(row, **ids, **lists)
