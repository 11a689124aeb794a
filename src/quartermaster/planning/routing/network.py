"""The network as single orders see it: everything of a planning problem but the orders, and one order's problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster import rating
from quartermaster.domain.money import MICRO, round_half_up, to_micro
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.planning.problem import UNLIMITED, PlanningProblem, build_problem
from quartermaster.policy import Policy

Ints = NDArray[np.int64]


class StockRow(NamedTuple):
    """Some amount of one SKU at the nodes that are listed.

    Parameters
    ----------
    node
        (n,) rising.
    amount
        (n,) int64.
    """

    node: Ints
    amount: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What nodes may still ship, and what opening them still costs; (n_nodes,) int64 each, never changed in place.

    Parameters
    ----------
    shipments, units
        `UNLIMITED` where there is no limit.
    opening_micro
        0 once a node is open.
    """

    shipments: Ints
    units: Ints
    opening_micro: Ints


class Network:
    """Nodes, products and carriers of a snapshot under a policy.

    Parameters
    ----------
    snapshot
        Checked; its own orders play no part.
    policy
        The policy.

    Attributes
    ----------
    problem : PlanningProblem
        Of stand-in orders without lines: its node and SKU side is everybody's.
    node_of, sku_of : dict
        Row of each id.
    """

    def __init__(self, snapshot: Snapshot, policy: Policy) -> None:
        self._snapshot = rating.stand_ins(snapshot)
        self.problem = build_problem(self._snapshot, policy)
        self._orders = rating.AnyOrders.of(self._snapshot, self.problem.book)
        self.node_of = {node_id: row for row, node_id in enumerate(snapshot.nodes["node_id"].tolist())}
        self.sku_of = {sku: row for row, sku in enumerate(snapshot.products["sku"].tolist())}
        self._every_node = self.problem.access[:1]
        self._unit_micro = _by_priority(Fraction(policy.backorder.cost_per_unit))
        self._order_micro = _by_priority(Fraction(policy.backorder.cost_per_order))
        self._most_shipments = policy.service.max_shipments or UNLIMITED

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot, stand-in orders in it."""
        return self._snapshot

    def moved(self, as_of: datetime) -> None:
        """Move on to another instant: nodes ship on the days that follow from it.

        Parameters
        ----------
        as_of
            Aware.
        """
        nodes, holidays = self._snapshot.nodes, self._snapshot.holidays
        ship_day = rating.ship_days(nodes, holidays, as_of)
        every = np.arange(len(nodes))
        book = rating.departing(self.problem.book, self._snapshot, every, ship_day)
        self.problem = replace(self.problem, book=book)
        self._orders = rating.AnyOrders.of(self._snapshot, book)
        self._snapshot = replace(self._snapshot, as_of=as_of)

    def order_problem(
        self,
        order: Order,
        lines: Sequence[OrderLine],
        place: tuple[float, float],
        stock: Sequence[StockRow],
        limits: Limits,
    ) -> PlanningProblem:
        """Return the problem of one order; its SKUs are numbered as `stock` lists them.

        Parameters
        ----------
        order
            The order.
        lines
            Its lines, by line_id; every id known.
        place
            Latitude and longitude in degrees; NaN = unknown.
        stock
            Units of each distinct SKU of the order, in the order in which lines name them first.
        limits
            What nodes may still ship.
        """
        base = self.problem
        position: dict[str, int] = {}
        line_sku = np.array([position.setdefault(line.sku, len(position)) for line in lines], dtype=np.int64)
        skus = np.array([self.sku_of[sku] for sku in position], dtype=np.int64)
        n_lines, priority = len(lines), order.priority
        line_access, access = self._access(lines)
        most = self._most_shipments if order.max_shipments is None else order.max_shipments
        own_micro = [self._own_micro(line, priority) for line in lines]
        return replace(
            base,
            book=self._orders.order(order, *place),
            line_start=np.array([0, n_lines], dtype=np.int64),
            line_order=np.zeros(n_lines, dtype=np.int64),
            line_sku=line_sku,
            line_quantity=np.array([line.quantity for line in lines], dtype=np.int64),
            line_complete=np.array([line.line_complete for line in lines]),
            line_backorder_micro=np.array(own_micro, dtype=np.int64),
            line_access=line_access,
            access=access,
            order_backorder_micro=np.array([self._order_micro[priority]], dtype=np.int64),
            order_complete=np.array([order.ship_complete]),
            order_max_shipments=np.array([most], dtype=np.int64),
            order_sequence=np.zeros(1, dtype=np.int64),
            weight_g=base.weight_g[skus],
            volume_mm3=base.volume_mm3[skus],
            node_max_shipments=limits.shipments,
            node_max_units=limits.units,
            node_opening_micro=limits.opening_micro,
            available=_stocked(stock, base.n_nodes),
        )

    def departing(self, book: rating.RateBook, node: Ints, ship_day: NDArray[np.int32]) -> rating.RateBook:
        """Put departures in the place of nodes in an order's rate book.

        Parameters
        ----------
        book
            Of the order alone.
        node
            (D,) the departures' nodes.
        ship_day
            (D,) days since 1970-01-01.
        """
        departing = rating.departing(self.problem.book, self._snapshot, node, ship_day)
        nodes_only = replace(departing.offers, order_class=book.offers.order_class)
        carriers = tuple(
            replace(carrier, destination_class=own.destination_class)
            for carrier, own in zip(departing.carriers, book.carriers, strict=True)
        )
        return replace(
            departing,
            residential=book.residential,
            promise_day=book.promise_day,
            destinations=book.destinations,
            carriers=carriers,
            offers=nodes_only,
        )

    def _own_micro(self, line: OrderLine, priority: int) -> int:
        if line.backorder_cost is None:
            return self._unit_micro[priority]
        return to_micro(line.backorder_cost) * (1 + priority)

    def _access(self, lines: Sequence[OrderLine]) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Find where each line may be served; see `PlanningProblem.access`."""
        line_access = np.zeros(len(lines), dtype=np.int32)
        rows = [self._every_node]
        for at, line in enumerate(lines):
            if not (line.pinned_node or line.allowed_nodes or line.excluded_nodes):
                continue
            row = self._every_node.copy()
            for only in ((line.pinned_node,) if line.pinned_node else (), line.allowed_nodes):
                if only:
                    among = np.zeros_like(row)
                    among[0, [self.node_of[node_id] for node_id in only]] = True
                    row &= among
            row[0, [self.node_of[node_id] for node_id in line.excluded_nodes]] = False
            line_access[at] = len(rows)
            rows.append(row)
        return line_access, rows[0] if len(rows) == 1 else np.concatenate(rows)


def _by_priority(cost: Fraction) -> list[int]:
    return [round_half_up(cost * MICRO * (1 + priority)) for priority in range(100)]


def _stocked(stock: Sequence[StockRow], n_nodes: int) -> sparse.csr_array:
    """Put rows of stock together; the arrays are copied."""
    start = np.cumsum([0, *(len(row.node) for row in stock)])
    node = np.concatenate([row.node for row in stock])
    units = np.concatenate([row.amount for row in stock])
    return sparse.csr_array((units, node, start), shape=(len(stock), n_nodes))
