"""Two plans of the same orders made one: each order as in the one or as in the other, together at least cost.

    minimise    sum_o d_o t_o + sum_n f_n y_n
                sum_o (b_ro - a_ro) t_o <= capacity_r - sum_o a_ro        for each resource r
                y_n >= t_o          where the second part of o opens n
                y_n >= 1 - t_o      where the first part of o opens n
                t, y binary; t_o = 0 for orders that stay as they are

d: what the second part of an order costs beyond the first; a, b: what they take; f: opening cost. t = 0 is an answer,
so one that is dearer, or that breaks a rule, is never needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipments import shipments_of, unserved_units
from quartermaster.planning.sourcing import Sourcing, sourcing_of
from quartermaster.planning.stock_value import StockValue
from solver_models.backend import LinearModel, Solver
from solver_models.runner import Runner, SolveJob

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LARGEST_COST = 1e6
"""Costs of the program are scaled down to this at the most: solvers keep about nine digits apart."""


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What each order has in a plan.

    Parameters
    ----------
    cost
        (n_orders,) cost of its shipments and backorders and the value of its units, micro; no opening costs.
    order, node
        (n,) the pairs of an order and a node that ships to it, each once.
    resource, taker, amount
        (m,) what is taken: a pair sku * n_nodes + node, or beyond them shipments, then units, of a node; by which
        order; how much.
    """

    cost: Ints
    order: Ints
    node: Ints
    resource: Ints
    taker: Ints
    amount: Ints


def merged(
    problem: PlanningProblem,
    value: StockValue,
    first: Sourcing,
    second: Sourcing,
    first_only: Flags,
    seconds: float,
    runner: Runner,
) -> tuple[Sourcing, bool]:
    """Choose, per order, its part in one of two plans, at the least cost and stock value together.

    Parameters
    ----------
    problem
        The problem.
    value
        What the units they take are worth.
    first, second
        The plans; both keep every rule.
    first_only
        (n_orders,) bool: orders that stay as in the first.
    seconds
        Time limit.
    runner
        Who solves the program.

    Returns
    -------
    sourcing
        The plan; the first one where no better was found. Opening costs are counted as in the program.
    proven
        True when the solver claims that no other choice costs less.
    """
    one, other = _parts(problem, value, first), _parts(problem, value, second)
    resources = np.unique(np.r_[one.resource, other.resource])
    before, after = (_usage(part, resources, problem.n_orders) for part in (one, other))
    opens, would_open = (_opens(part, problem) for part in (one, other))
    change = sparse.csc_array(after - before)
    differs = (abs(change).sum(axis=0) > 0) | (one.cost != other.cost) | (abs(would_open - opens).sum(axis=0) > 0)
    free = np.flatnonzero(differs & ~first_only)
    if not len(free):
        return first, True
    left = _capacity(problem, resources) - before.sum(axis=1)
    change = change[:, free]
    standing = np.ones(problem.n_orders, dtype=bool)
    standing[free] = False
    paying = np.flatnonzero((problem.node_opening_micro > 0) & (opens[:, standing].sum(axis=1) == 0))
    model = _model(
        saved=(other.cost - one.cost)[free],
        change=change,
        left=left,
        opening=problem.node_opening_micro[paying],
        opens=(opens[paying][:, free], would_open[paying][:, free]),
    )
    answer = runner.run([SolveJob(model, Solver.HIGHS, seconds)])[0]
    if answer.values is None:
        return first, False
    taken = answer.values[: len(free)] > 0.5
    if np.any(change[:, taken].sum(axis=1) > left):
        return first, False
    from_second = np.zeros(problem.n_orders, dtype=bool)
    from_second[free[taken]] = True
    return _spliced(problem, first, second, from_second), answer.finished


def _model(
    saved: Ints, change: sparse.csc_array, left: Ints, opening: Ints, opens: tuple[sparse.csr_array, sparse.csr_array]
) -> LinearModel:
    """Write the program: one variable per order that may change, then one per node whose opening is open."""
    binding = np.flatnonzero(change.maximum(0).sum(axis=1) > left)
    shares = sparse.hstack([change[binding], sparse.csr_array((len(binding), len(opening)), dtype=np.int64)])
    before, after = (sparse.coo_array(one) for one in opens)
    sign = np.r_[np.ones(before.nnz), -np.ones(after.nnz)]
    order, node = np.r_[before.coords[1], after.coords[1]], np.r_[before.coords[0], after.coords[0]]
    row = np.arange(len(sign))
    opened = sparse.csr_array(
        (np.r_[sign, np.ones(len(sign))], (np.r_[row, row], np.r_[order, len(saved) + node])),
        shape=(len(sign), len(saved) + len(opening)),
    )
    cost = np.r_[saved, opening].astype(np.float64)
    return LinearModel(
        cost=cost * (LARGEST_COST / max(LARGEST_COST, float(np.abs(cost).max()))),
        lower=np.zeros(len(cost)),
        upper=np.ones(len(cost)),
        integer=np.ones(len(cost), dtype=bool),
        matrix=sparse.csr_array(sparse.vstack([shares, opened]).astype(np.float64)),
        row_lower=np.r_[np.full(len(binding), -np.inf), np.maximum(sign, 0.0)],
        row_upper=np.r_[left[binding].astype(np.float64), np.full(len(sign), np.inf)],
    )


def _parts(problem: PlanningProblem, value: StockValue, sourcing: Sourcing) -> _Parts:
    n_orders, n_nodes = problem.n_orders, problem.n_nodes
    shipments, unserved = shipments_of(problem, sourcing), unserved_units(problem, sourcing)
    cost, count, short = (np.zeros(n_orders, dtype=np.int64) for _ in range(3))
    np.add.at(cost, shipments.order, shipments.transport + shipments.handling + shipments.distance + shipments.late)
    np.add.at(count, shipments.order, 1)
    np.add.at(cost, problem.line_order, problem.line_backorder_micro * unserved)
    np.add.at(short, problem.line_order, unserved)
    cost += problem.extra_shipment_micro * np.maximum(0, count - 1)
    cost += np.where(short > 0, problem.order_backorder_micro, 0)
    sku, order = problem.line_sku[sourcing.line], problem.line_order[sourcing.line]
    np.add.at(cost, order, value.of(sku, sourcing.node) * sourcing.quantity)
    pairs = problem.n_skus * n_nodes
    sender = np.unique(shipments.order * n_nodes + shipments.node)
    return _Parts(
        cost=cost,
        order=sender // max(n_nodes, 1),
        node=sender % max(n_nodes, 1),
        resource=np.r_[sku * n_nodes + sourcing.node, pairs + shipments.node, pairs + n_nodes + shipments.node],
        taker=np.r_[order, shipments.order, shipments.order],
        amount=np.r_[sourcing.quantity, np.ones_like(shipments.node), shipments.units],
    )


def _usage(parts: _Parts, resources: Ints, n_orders: int) -> sparse.csc_array:
    """Return (n_resources, n_orders): what each order takes of some resources, all that it takes among them."""
    row = np.searchsorted(resources, parts.resource)
    return sparse.csc_array((parts.amount, (row, parts.taker)), shape=(len(resources), n_orders))


def _opens(parts: _Parts, problem: PlanningProblem) -> sparse.csr_array:
    """Return (n_nodes, n_orders): 1 where a node ships to an order."""
    ones = np.ones(len(parts.order), dtype=np.int64)
    return sparse.csr_array((ones, (parts.node, parts.order)), shape=(problem.n_nodes, problem.n_orders))


def _capacity(problem: PlanningProblem, resources: Ints) -> Ints:
    """Return how much there is of some resources."""
    n_nodes, pairs = problem.n_nodes, problem.n_skus * problem.n_nodes
    capacity: Ints = np.r_[problem.node_max_shipments, problem.node_max_units][np.maximum(resources - pairs, 0)]
    stock = np.flatnonzero(resources < pairs)
    if len(stock):
        sku, node = np.divmod(resources[stock], n_nodes)
        capacity[stock] = np.asarray(problem.available[sku, node])
    return capacity


def _spliced(problem: PlanningProblem, first: Sourcing, second: Sourcing, from_second: Flags) -> Sourcing:
    """Put a plan together from the parts of two."""
    own = ~from_second[problem.line_order[first.line]], from_second[problem.line_order[second.line]]
    columns = ("line", "node", "service", "quantity")
    return sourcing_of(*(np.r_[getattr(first, name)[own[0]], getattr(second, name)[own[1]]] for name in columns))
