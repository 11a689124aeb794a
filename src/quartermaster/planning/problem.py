"""Snapshot and policy as integers and arrays: what every planner reads.

Index spaces are the rows of the checked snapshot's canonical tables: orders [o], lines [l], nodes [n], SKUs [k],
services [s].
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster import rating
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.money import MICRO, round_half_up
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.standing import Standing, standing_of
from quartermaster.planning.stock_value import StockValue
from quartermaster.policy import Policy

UNLIMITED = 2**31 - 1
"""Stands for "no limit" in counts of shipments and units."""

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PlanningProblem:
    """Everything a planner needs, on arrays.

    Parameters
    ----------
    snapshot, policy, book
        Where it comes from, and the prices.
    line_start
        (n_orders + 1,): lines of order o are ``line_start[o]:line_start[o + 1]``.
    line_order, line_sku, line_quantity
        (n_lines,): order, SKU, units.
    line_complete
        (n_lines,) bool: all units or none.
    line_backorder_micro
        (n_lines,): cost of one backordered unit, priority included, micro.
    line_access
        (n_lines,) int32: which row of `access` says where the line may be served.
    access
        (n_distinct, n_nodes) bool: nodes that are enabled and that pins, allowed and excluded nodes leave; row 0 is of
        lines that name no node, which are nearly all.
    order_backorder_micro
        (n_orders,): paid once when the order is short, priority included, micro.
    order_complete
        (n_orders,) bool: everything or nothing.
    order_max_shipments
        (n_orders,): `UNLIMITED` where none is given.
    order_sequence
        (n_orders,): orders as named rules take them: priority (highest first), ordered_at (missing last), order_id.
    weight_g, volume_mm3
        (n_skus,): of one unit; volume 0 where a side is missing.
    node_max_shipments, node_max_units
        (n_nodes,): what allocations that stand (`Snapshot.fixed`) leave, never below 0; `UNLIMITED` where none is
        given.
    node_opening_micro
        (n_nodes,): paid once when the node ships anything.
    node_priority, node_rank
        (n_nodes,): priority, and position when sorted by (priority, node_id).
    extra_shipment_micro
        Cost of each shipment of an order after its first.
    late_forbidden
        True when no shipment may miss its promise.
    available
        (n_skus, n_nodes) sparse int64, only > 0 stored: what allocations that stand leave of the stock.
    value
        What a unit of stock is worth to orders still to come; None = nothing. Candidates count it, costs do not.
    line_spared
        (n_lines,) int64: units that may be backordered before each unit more is charged `beyond_micro`; None = all.
    beyond_micro
        That charge.
    """

    snapshot: Snapshot
    policy: Policy
    book: rating.RateBook
    line_start: Ints
    line_order: Ints
    line_sku: Ints
    line_quantity: Ints
    line_complete: Flags
    line_backorder_micro: Ints
    line_access: NDArray[np.int32]
    access: Flags
    order_backorder_micro: Ints
    order_complete: Flags
    order_max_shipments: Ints
    order_sequence: Ints
    weight_g: Ints
    volume_mm3: Ints
    node_max_shipments: Ints
    node_max_units: Ints
    node_opening_micro: Ints
    node_priority: Ints
    node_rank: Ints
    extra_shipment_micro: int
    late_forbidden: bool
    available: sparse.csr_array
    value: StockValue | None = None
    line_spared: Ints | None = None
    beyond_micro: int = 0

    @property
    def n_orders(self) -> int:
        """Number of orders."""
        return len(self.order_complete)

    @property
    def n_lines(self) -> int:
        """Number of order lines."""
        return len(self.line_order)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_rank)

    @property
    def n_skus(self) -> int:
        """Number of SKUs."""
        return len(self.weight_g)

    def available_rows(self, skus: NDArray[np.integer]) -> Ints:
        """Return the available units of some SKUs at every node.

        Parameters
        ----------
        skus
            (n,) SKU indices, repeats allowed.

        Returns
        -------
        ndarray, shape (n, n_nodes), int64
        """
        return np.asarray(self.available[np.asarray(skus)].toarray(), dtype=np.int64)

    def allowed(self, lines: NDArray[np.integer]) -> Flags:
        """Tell which nodes may serve some lines: enabled, pins, allowed and excluded nodes, radius; not stock.

        Parameters
        ----------
        lines
            (n,) line indices.

        Returns
        -------
        ndarray, shape (n, n_nodes), bool
        """
        lines = np.asarray(lines)
        allowed: Flags = self.access[self.line_access[lines]]
        if self.policy.service.max_distance_km:
            row, node = np.nonzero(allowed)
            allowed[row, node] = self._within_radius(lines[row], node)
        return allowed

    def allowed_at(self, line: NDArray[np.integer], node: NDArray[np.integer]) -> Flags:
        """Tell which pairs of a line and a node are allowed, as `allowed` does, without a table of all nodes.

        Parameters
        ----------
        line, node
            (n_pairs,) indices.

        Returns
        -------
        ndarray, shape (n_pairs,), bool
        """
        allowed: Flags = self.access[self.line_access[line], node]
        if self.policy.service.max_distance_km:
            pair = np.flatnonzero(allowed)
            allowed[pair] = self._within_radius(line[pair], node[pair])
        return allowed

    def _within_radius(self, line: NDArray[np.integer], node: NDArray[np.integer]) -> Flags:
        limit_m = int(Fraction(self.policy.service.max_distance_km) * 1000)
        return np.asarray(self.book.distance_m(self.line_order[line], node) <= limit_m)

    def lanes(self, order: NDArray[np.integer], node: NDArray[np.integer]) -> rating.Lanes:
        """Return the lanes of (order, node) pairs, services that would break a forbidding promise taken out.

        Parameters
        ----------
        order, node
            (n_pairs,) indices.
        """
        lanes = self.book.lanes(order, node)
        if not self.late_forbidden:
            return lanes
        return replace(lanes, zone=np.where(lanes.late_days > 0, -1, lanes.zone).astype(lanes.zone.dtype))


def build_problem(snapshot: Snapshot, policy: Policy) -> PlanningProblem:
    """Turn a checked snapshot and a policy into arrays.

    Parameters
    ----------
    snapshot
        Checked (see `quartermaster.io.ready`).
    policy
        The policy.
    """
    orders, lines, nodes, products = snapshot.orders, snapshot.order_lines, snapshot.nodes, snapshot.products
    order_index = {order_id: index for index, order_id in enumerate(orders["order_id"])}
    sku_index = {sku: index for index, sku in enumerate(products["sku"])}
    node_index = {node_id: index for index, node_id in enumerate(nodes["node_id"])}
    line_order = _indices(order_index, lines["order_id"])
    line_sku = _indices(sku_index, lines["sku"])
    priority = orders["priority"].astype(np.int64)
    rank = np.empty(len(nodes), dtype=np.int64)
    rank[np.lexsort((np.arange(len(nodes)), nodes["priority"]))] = np.arange(len(nodes))
    sides = [products[side].astype(np.int64) for side in ("length_mm", "width_mm", "height_mm")]
    sized = np.all([side != NOT_GIVEN for side in sides], axis=0)
    default_max = policy.service.max_shipments or UNLIMITED
    line_access, access = _access(snapshot, node_index)
    standing = standing_of(snapshot, sku_index, node_index)
    return PlanningProblem(
        snapshot=snapshot,
        policy=policy,
        book=rating.rate_book(snapshot, policy),
        line_start=np.searchsorted(line_order, np.arange(len(orders) + 1)).astype(np.int64),
        line_order=line_order,
        line_sku=line_sku,
        line_quantity=lines["quantity"].astype(np.int64),
        line_complete=lines["line_complete"],
        line_backorder_micro=_backorder_micro(lines["backorder_cost"], priority[line_order], policy),
        line_access=line_access,
        access=access,
        order_backorder_micro=_by_priority(Fraction(policy.backorder.cost_per_order) * MICRO, priority),
        order_complete=orders["ship_complete"],
        order_max_shipments=np.where(orders["max_shipments"] == NOT_GIVEN, default_max, orders["max_shipments"]).astype(
            np.int64
        ),
        order_sequence=_sequence(snapshot, priority),
        weight_g=products["weight_g"].astype(np.int64),
        volume_mm3=np.where(sized, np.prod(sides, axis=0), 0).astype(np.int64),
        node_max_shipments=_limit(nodes["max_shipments"], standing.shipments),
        node_max_units=_limit(nodes["max_units"], standing.units),
        node_opening_micro=nodes["opening_cost"].astype(np.int64),
        node_priority=nodes["priority"].astype(np.int64),
        node_rank=rank,
        extra_shipment_micro=round_half_up(Fraction(policy.objective.extra_shipment) * MICRO),
        late_forbidden=policy.service.late == "forbid",
        available=_available(snapshot, sku_index, node_index, standing),
    )


def _indices(index: dict[str, int], ids: NDArray[np.object_]) -> Ints:
    return np.fromiter(map(index.__getitem__, ids.tolist()), dtype=np.int64, count=len(ids))


def _access(snapshot: Snapshot, node_index: dict[str, int]) -> tuple[NDArray[np.int32], Flags]:
    """Find where each line may be served: the distinct answers, and which of them is the line's."""
    lines = snapshot.order_lines
    columns = [lines[name] for name in ("pinned_node", "allowed_nodes", "excluded_nodes")]
    line_access = np.zeros(len(lines), dtype=np.int32)
    naming = np.flatnonzero(np.any([column.astype(bool) for column in columns], axis=0))
    number: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = {("", (), ()): 0}
    rules = zip(*(column[naming].tolist() for column in columns), strict=True)
    line_access[naming] = [number.setdefault(rule, len(number)) for rule in rules]
    access = np.repeat(snapshot.nodes["enabled"][None, :], len(number), axis=0)
    for (pinned, only, never), row in number.items():
        if pinned:
            access[row] &= _among(node_index, (pinned,))
        if only:
            access[row] &= _among(node_index, only)
        if never:
            access[row] &= ~_among(node_index, never)
    return line_access, access


def _among(position: dict[str, int], node_ids: tuple[str, ...]) -> Flags:
    mask = np.zeros(len(position), dtype=bool)
    mask[[position[node_id] for node_id in node_ids]] = True
    return mask


def _limit(column: Ints, standing: Ints) -> Ints:
    left = np.clip(column - standing, 0, UNLIMITED)
    return np.where(column == NOT_GIVEN, UNLIMITED, left).astype(np.int64)


def _by_priority(per_unit_micro: Fraction, priority: Ints) -> Ints:
    """Return round(cost x (1 + priority)) for each entry; priorities are few, so each is rounded exactly."""
    table = np.array([round_half_up(per_unit_micro * (1 + value)) for value in range(100)], dtype=np.int64)
    return table[priority]


def _backorder_micro(line_cost: Ints, priority: Ints, policy: Policy) -> Ints:
    standard = _by_priority(Fraction(policy.backorder.cost_per_unit) * MICRO, priority)
    return np.where(line_cost == NOT_GIVEN, standard, line_cost * (1 + priority)).astype(np.int64)


def _sequence(snapshot: Snapshot, priority: Ints) -> Ints:
    ordered_at = snapshot.orders["ordered_at"]
    missing = np.isnat(ordered_at)
    instant = np.where(missing, np.datetime64(0, "us"), ordered_at).astype(np.int64)
    return np.lexsort((np.arange(len(priority)), instant, missing, -priority)).astype(np.int64)


def _available(
    snapshot: Snapshot, sku_index: dict[str, int], node_index: dict[str, int], standing: Standing
) -> sparse.csr_array:
    stock = snapshot.inventory
    units = np.maximum(0, stock["on_hand"] - stock["safety_stock"] - stock["reserved"]).astype(np.int64)
    kept = np.flatnonzero(units)
    sku = _indices(sku_index, stock["sku"][kept])
    node = _indices(node_index, stock["node_id"][kept])
    held = sparse.csr_array((units[kept], (sku, node)), shape=(len(sku_index), len(node_index)))
    return standing.left_of(held)
