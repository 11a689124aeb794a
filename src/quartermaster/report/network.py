"""What the nodes ship and where it goes, aggregated so that ten thousand orders still read well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.plan import Plan
from quartermaster.domain.snapshot import Snapshot

MAX_FLOWS = 400
"""Most lines on a map; more only blacken it."""
_CELLS_DEGREES = (0.25, 0.5, 1.0, 1.5, 2.0, 2.5)
"""Sides of the cells tried; larger ones would move the ends of the lines visibly."""


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """What one node ships in the plan, and what it could.

    Parameters
    ----------
    node_id, kind
        The node; ids are text and not yet escaped.
    lat, lon
        Degrees; NaN where unknown.
    units, shipments
        Shipped by the plan.
    limit, used, what
        The capacity that is nearest to full, what is used of it, and ``units`` or ``shipments``; limit None where the
        node is unlimited.
    """

    node_id: str
    kind: str
    lat: float
    lon: float
    units: int
    shipments: int
    limit: int | None
    used: int
    what: str

    @property
    def share(self) -> float:
        """Used part of the capacity, 0 to 1; 0 without a limit, 1 where the limit is 0."""
        if self.limit is None:
            return 0.0
        return self.used / self.limit if self.limit else 1.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Units that one node sends to one region.

    Parameters
    ----------
    kind
        Kind of the node.
    from_lat, from_lon, to_lat, to_lon
        Degrees.
    units
        How many.
    """

    kind: str
    from_lat: float
    from_lon: float
    to_lat: float
    to_lon: float
    units: int


@dataclass(frozen=True, slots=True)
class Region:
    """Orders of one small region.

    Parameters
    ----------
    lat, lon
        Degrees; the mean of its orders.
    orders, short
        How many orders, and how many of them have a backorder.
    """

    lat: float
    lon: float
    orders: int
    short: int


def node_loads(snapshot: Snapshot, plan: Plan) -> list[NodeLoad]:
    """Sum what each node ships, in the order of ``snapshot.nodes``.

    Parameters
    ----------
    snapshot
        Checked.
    plan
        A plan of it.
    """
    nodes = snapshot.nodes
    position = _positions(nodes["node_id"], plan.shipments["node_id"])
    units = _sums(position, plan.shipments["units"], len(nodes))
    shipments = np.bincount(position, minlength=len(nodes))
    loads = []
    for row in range(len(nodes)):
        used = {"shipments": int(shipments[row]), "units": int(units[row])}
        limits = {what: int(nodes[f"max_{what}"][row]) for what in used}
        given = [what for what in used if limits[what] != NOT_GIVEN]
        what = max(given, key=lambda name: used[name] / max(limits[name], 1)) if given else "shipments"
        loads.append(
            NodeLoad(
                node_id=nodes["node_id"][row],
                kind=nodes["kind"][row],
                lat=float(nodes["lat"][row]),
                lon=float(nodes["lon"][row]),
                units=used["units"],
                shipments=used["shipments"],
                limit=limits[what] if given else None,
                used=used[what],
                what=what,
            )
        )
    return loads


def flows(snapshot: Snapshot, plan: Plan, most: int = MAX_FLOWS) -> list[Flow]:
    """Aggregate shipments into flows from nodes to regions, in the finest grid that gives few enough of them.

    Shipments from or to an unknown place are left out, and so are the smallest flows where even the coarsest grid
    gives too many.

    Parameters
    ----------
    snapshot
        Checked.
    plan
        A plan of it.
    most
        Most flows wanted.

    Returns
    -------
    list of Flow
        Largest first.
    """
    order = _positions(snapshot.orders["order_id"], plan.shipments["order_id"])
    node = _positions(snapshot.nodes["node_id"], plan.shipments["node_id"])
    to_lat, to_lon = snapshot.orders["lat"][order], snapshot.orders["lon"][order]
    known = ~np.isnan(to_lat) & ~np.isnan(snapshot.nodes["lat"][node])
    table = pd.DataFrame(
        {"node": node, "to_lat": to_lat, "to_lon": to_lon, "units": plan.shipments["units"].to_numpy(dtype=np.int64)}
    )[known]
    for degrees in _CELLS_DEGREES:
        cell = _cells(table["to_lat"].to_numpy(), table["to_lon"].to_numpy(), degrees)
        if len(np.unique(table["node"].to_numpy() * (cell.max(initial=0) + 1) + cell)) <= most:
            break
    # Every flow into a cell ends at one point, the mean of its shipments, so that flows meet instead of fraying.
    table = table.assign(cell=cell)
    table = table.assign(**table.groupby("cell")[["to_lat", "to_lon"]].transform("mean"))
    sums = table.groupby(["node", "cell"], as_index=False, sort=True).agg(
        {"units": "sum", "to_lat": "first", "to_lon": "first"}
    )
    sums = sums.sort_values("units", ascending=False, kind="stable").head(most)
    nodes = snapshot.nodes
    return [
        Flow(
            kind=nodes["kind"][origin],
            from_lat=float(nodes["lat"][origin]),
            from_lon=float(nodes["lon"][origin]),
            to_lat=float(lat),
            to_lon=float(lon),
            units=int(total),
        )
        for origin, lat, lon, total in sums[["node", "to_lat", "to_lon", "units"]].itertuples(index=False)
    ]


def regions(snapshot: Snapshot, plan: Plan, degrees: float = 0.5) -> list[Region]:
    """Count orders, and orders with a backorder, by cells of a grid; orders without a place are left out.

    Parameters
    ----------
    snapshot
        Checked.
    plan
        A plan of it.
    degrees
        Side of a cell.
    """
    orders = snapshot.orders
    short = np.zeros(len(orders), dtype=np.int64)
    short[_positions(orders["order_id"], plan.backorders["order_id"])] = 1
    known = ~np.isnan(orders["lat"])
    lat, lon = orders["lat"][known], orders["lon"][known]
    table = pd.DataFrame(
        {"cell": _cells(lat, lon, degrees), "lat": lat, "lon": lon, "short": short[known], "orders": 1}
    )
    cells = table.groupby("cell").agg({"lat": "mean", "lon": "mean", "orders": "sum", "short": "sum"})
    return [
        Region(lat=float(mean_lat), lon=float(mean_lon), orders=int(count), short=int(missing))
        for mean_lat, mean_lon, count, missing in cells.itertuples(index=False)
    ]


def _cells(lat: NDArray[np.float64], lon: NDArray[np.float64], degrees: float) -> NDArray[np.int64]:
    across = int(np.ceil(360 / degrees)) + 1
    row, column = np.floor((lat + 90) / degrees), np.floor((lon + 180) / degrees)
    return row.astype(np.int64) * across + column.astype(np.int64)


def _positions(ids: NDArray[np.object_], wanted: pd.Series[str]) -> NDArray[np.int64]:
    """Row of each wanted id among sorted ids."""
    return np.searchsorted(ids, wanted.to_numpy(dtype=object)).astype(np.int64)


def _sums(position: NDArray[np.int64], values: pd.Series[int], length: int) -> NDArray[np.int64]:
    return np.bincount(position, weights=values.to_numpy(dtype=np.int64), minlength=length).astype(np.int64)
