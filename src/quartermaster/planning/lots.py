"""Lots: the units of one SKU that can ship from one node on one day, inbound or left over by a plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.sourcing import Sourcing
from quartermaster.rating import LaterDates

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lots:
    """Lots in the order in which they are taken: by SKU, ship day, node priority, node_id.

    Parameters
    ----------
    start
        (n_skus + 1,): lots of SKU k are ``start[k]:start[k + 1]``.
    node, ship_day
        (n_lots,) where and when (days since 1970-01-01).
    inbound, on_hand
        (n_lots,) units that are not promised yet: they go down as dates are given out. `on_hand` is what the plan left
        over.
    """

    start: Ints
    node: Ints
    ship_day: Ints
    inbound: Ints
    on_hand: Ints

    def total(self, units: Ints) -> Ints:
        """Add up units by SKU.

        Parameters
        ----------
        units
            `inbound` or `on_hand`.

        Returns
        -------
        ndarray, shape (n_skus,), int64
        """
        sums = np.concatenate([[0], np.cumsum(units)])
        return np.asarray(sums[self.start[1:]] - sums[self.start[:-1]], dtype=np.int64)


def lots_of(problem: PlanningProblem, sourcing: Sourcing, later: LaterDates, skus: Ints) -> Lots:
    """Gather what arrives, and what a plan leaves over, of some SKUs.

    Units that arrive on different days but ship from their node on the same one are one lot.

    Parameters
    ----------
    problem
        The problem.
    sourcing
        The plan.
    later
        Ship days.
    skus
        The SKUs that matter, rising.
    """
    in_sku, in_node, in_day, in_units = _inbound(problem, later, skus)
    left_sku, left_node, left_units = _left_over(problem, sourcing, skus)
    sku = np.concatenate([in_sku, left_sku])
    node = np.concatenate([in_node, left_node])
    day = np.concatenate([in_day, problem.book.ship_day[left_node].astype(np.int64)])
    distinct, lot = np.unique(np.column_stack([sku, day, problem.node_rank[node]]), axis=0, return_inverse=True)
    lot = lot.ravel()
    inbound, on_hand = np.zeros((2, len(distinct)), dtype=np.int64)
    np.add.at(inbound, lot[: len(in_units)], in_units)
    np.add.at(on_hand, lot[len(in_units) :], left_units)
    of_rank = np.argsort(problem.node_rank)
    return Lots(
        start=np.searchsorted(distinct[:, 0], np.arange(problem.n_skus + 1)).astype(np.int64),
        node=of_rank[distinct[:, 2]],
        ship_day=distinct[:, 1],
        inbound=inbound,
        on_hand=on_hand,
    )


def _inbound(problem: PlanningProblem, later: LaterDates, skus: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """SKU, node, ship day and units of each row of replenishment that matters and whose node ever ships."""
    table = problem.snapshot.replenishment
    sku_ids, node_ids = problem.snapshot.products["sku"], problem.snapshot.nodes["node_id"]
    wanted = {sku_ids[sku]: sku for sku in skus.tolist()}
    rows = np.array([row for row, sku in enumerate(table["sku"].tolist()) if sku in wanted], dtype=np.int64)
    place = {node_id: node for node, node_id in enumerate(node_ids.tolist())}
    sku = np.array([wanted[held] for held in table["sku"][rows].tolist()], dtype=np.int64)
    node = np.array([place[held] for held in table["node_id"][rows].tolist()], dtype=np.int64)
    day = later.ship_day(node, table["arrives_on"][rows].astype("datetime64[D]").astype(np.int64))
    ships = day >= 0
    return sku[ships], node[ships], day[ships], table["quantity"][rows].astype(np.int64)[ships]


def _left_over(problem: PlanningProblem, sourcing: Sourcing, skus: Ints) -> tuple[Ints, Ints, Ints]:
    """SKU, node and units of what a plan leaves over at nodes that ever ship."""
    taken = sparse.csr_array(
        (sourcing.quantity, (problem.line_sku[sourcing.line], sourcing.node)), shape=problem.available.shape
    )
    left = sparse.coo_array(problem.available[skus] - taken[skus])
    kept = np.flatnonzero((left.data > 0) & (problem.book.ship_day[left.col] >= 0))
    return skus[left.row[kept]], left.col[kept].astype(np.int64), left.data[kept].astype(np.int64)
