"""Prices of the fluid model: orders come in fractions, each kind so many times, and share stock as if it were liquid.

    V = min  Σ_o w_o Σ_p c_op z_op    s.t.  Σ_p z_op = 1,   Σ_o w_o Σ_p a_op,r z_op ≤ k_r,   z ≥ 0

w_o is how often an order of kind o is expected. Its duals λ say what one more unit of a resource would save, which is
what the unit is worth to orders still to come (Jasin and Sinha 2015). The program is solved over whole options: prices
rise and fall first (`ascent`), every option seen on the way becomes a variable, and options of negative reduced cost
are added until there are none (Dantzig and Wolfe 1960). With L(λ) = Σ_o w_o min_p (c_op + λ a_op) − λ k every price
vector gives a bound, so that stopping early is safe; the value says how far it is from the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from solver_models.ascent import ascend
from solver_models.backend import LinearModel, Solver
from solver_models.bound import no_prices, priced_columns
from solver_models.column_generation import HIGHEST_PRICE
from solver_models.pricing import Pricer
from solver_models.runner import IN_PROCESS, Runner, SolveJob
from solver_models.sourcing import SourcingArrays, paid_by_order

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ASCENT_ROUNDS = 80
"""Steps of the ascent, at the most."""
KEPT_OPTIONS = 15
"""Options of each order that the ascent hands on: the best at its prices."""
MAX_ROUNDS = 200
"""Programs solved, at the most."""
CLOSE, SLACK = 1e-8, 1e-9
"""Relative distance of bound and value, and relative saving of an option, that are rounding of the solver."""
MASTER_OPTIONS = 400_000
"""Options beyond which no program is solved: the prices of the ascent are the answer."""


@dataclass(frozen=True, slots=True, eq=False)
class FluidPrices:
    """Prices of a fluid model.

    Parameters
    ----------
    price
        (n_resources,) int64 >= 0: price of one unit. [lambda]
    bound
        L of these prices: a lower bound on V where every column is listed.
    value
        Cost of the best fractional choice found, an upper bound on V; infinite when no program was solved.
    finished
        True when no option was left out that could save anything: the prices are duals of the whole model, each
        rounded to a whole number. Of the listed columns only, where not all are.
    clocked
        True when the clock, not the work, ended the search for prices.
    """

    price: Ints
    bound: float
    value: float
    finished: bool
    clocked: bool


def fluid_prices(
    arrays: SourcingArrays,
    weight: Floats,
    *,
    step: float,
    seconds_left: Callable[[], float],
    runner: Runner = IN_PROCESS,
) -> FluidPrices:
    """Price the resources of a fluid model.

    Parameters
    ----------
    arrays
        The kinds of orders and what they share; opening costs play no part.
    weight
        (n_orders,) how often each kind is expected, >= 0. [w]
    step
        First step of the ascent, in cost units.
    seconds_left
        Wall clock left; asked between passes.
    runner
        Who solves the programs.
    """
    if not arrays.n_orders:
        return FluidPrices(no_prices(arrays).resource, 0.0, 0.0, finished=True, clocked=False)
    arrays = replace(arrays, opening=np.zeros_like(arrays.opening))
    pricer, options, everyone = Pricer(arrays), _Options(arrays), np.ones(arrays.n_orders, dtype=bool)
    nothing = np.empty(0, dtype=np.int64)
    free = no_prices(arrays).resource
    waiting = paid_by_order(arrays, nothing, arrays.column_cost)
    options.add(nothing, waiting, free, everyone)
    # nodes that must be watched are pooled for the ascent: faster, and a lower bound too
    prices, bound = ascend(
        arrays,
        Pricer(arrays, exact=False),
        no_prices(arrays),
        rounds=ASCENT_ROUNDS,
        step=step,
        out_of_time=lambda: seconds_left() <= 0,
        weight=weight,
        seen=lambda chosen, paid, price: options.add(chosen, paid, price, everyone),
    )
    options.keep_best(prices.resource, KEPT_OPTIONS)
    options.add(nothing, waiting, free, everyone)  # with it, every program has an answer
    best, value, cut = float(bound), np.inf, False
    for _ in range(MAX_ROUNDS):
        if len(options) > MASTER_OPTIONS or seconds_left() <= 0:
            break
        solved = _solve(options, weight, arrays.capacity, seconds_left(), runner)
        if solved is None:
            cut = True
            break
        dual, order_dual, value = solved
        now = replace(prices, resource=np.rint(dual).astype(np.int64))
        column_cost = priced_columns(arrays, now)
        paid, chosen = pricer.options(column_cost)
        found = float(paid @ weight - arrays.capacity @ now.resource.astype(np.float64))
        if found >= best:
            prices, best = now, found
        saving = paid < order_dual - SLACK * np.maximum(1.0, np.abs(order_dual))
        if value - found <= CLOSE * max(1.0, abs(value)) or not options.add(chosen, paid, now.resource, saving):
            # nothing has a negative reduced cost: these are duals of the whole model, but for their rounding
            return FluidPrices(now.resource, found, value, finished=True, clocked=False)
    return FluidPrices(prices.resource, best, value, finished=False, clocked=cut or seconds_left() <= 0)


class _Options:
    """Options seen so far, each once: what it costs and what it takes.

    Parameters
    ----------
    arrays
        The problem.
    """

    def __init__(self, arrays: SourcingArrays) -> None:
        self._arrays = arrays
        # an option is told by a sum of random 64-bit numbers, and its cost; of two alike the later would be left out
        self._name = np.random.default_rng(0).integers(1 << 63, size=arrays.n_columns, dtype=np.int64).view(np.uint64)
        self._known: set[tuple[int, int, int]] = set()
        self._keys: list[tuple[int, int, int]] = []
        self._order: list[Ints] = []
        self._cost: list[Ints] = []
        self._usage: list[sparse.csc_array] = []

    def __len__(self) -> int:
        return len(self._known)

    def add(self, chosen: Ints, paid: Ints, price: Ints, wanted: NDArray[np.bool_]) -> bool:
        """Add one option of each order that is wanted; tell whether any was new.

        They are given by the columns of all, and what each order pays at some prices, which tells the cost of parts
        that columns without a number serve.
        """
        arrays = self._arrays
        order = arrays.column_order[chosen]
        name = np.zeros(arrays.n_orders, dtype=np.uint64)
        np.add.at(name, order, self._name[chosen])
        watched = chosen[arrays.column_once[chosen]]
        pair = arrays.column_order[watched] * arrays.n_nodes + arrays.column_node[watched]
        pairs, times = np.unique(pair, return_counts=True)
        wanted = wanted.copy()
        wanted[pairs[times > 1] // arrays.n_nodes] = False  # a watched node named twice is no option
        taken = arrays.usage[:, chosen]
        cost = paid.copy()
        np.subtract.at(cost, order, taken.T @ price)
        keys = enumerate(zip(name.tolist(), cost.tolist(), strict=True))
        new = [(at, *key) for at, key in keys if wanted[at] and (at, *key) not in self._known]
        if not new:
            return False
        self._known.update(new)
        orders = np.array([at for at, _, _ in new], dtype=np.int64)
        self._keys += new
        self._order.append(orders)
        self._cost.append(cost[orders])
        of_order = sparse.csc_array(
            (np.ones(len(chosen), dtype=np.int64), (np.arange(len(chosen)), order)),
            shape=(len(chosen), arrays.n_orders),
        )
        self._usage.append(sparse.csc_array((taken @ of_order)[:, orders]))
        return True

    def keep_best(self, price: Ints, count: int) -> None:
        """Forget all but the best options of each order at some prices."""
        order, cost, usage = self.listed()
        paid = cost + usage.T @ price.astype(np.float64)
        sorting = np.lexsort((np.arange(len(order)), paid, order))
        first = np.searchsorted(order[sorting], np.arange(self._arrays.n_orders))
        kept = np.sort(sorting[np.arange(len(order)) - first[order[sorting]] < count])
        self._keys = [self._keys[at] for at in kept.tolist()]
        self._known = set(self._keys)
        self._order, self._cost, self._usage = [order[kept]], [cost[kept]], [sparse.csc_array(usage[:, kept])]

    def listed(self) -> tuple[Ints, Ints, sparse.csc_array]:
        """Return, per option, its order and its cost, and (n_resources, n_options) what it takes."""
        usage = sparse.csc_array(sparse.hstack(self._usage, format="csc"))
        return np.concatenate(self._order), np.concatenate(self._cost), usage


def _solve(
    options: _Options, weight: Floats, capacity: Ints, seconds: float, runner: Runner
) -> tuple[Floats, Floats, float] | None:
    """Solve the program over the options held; return duals of the resources and of the orders, and its value."""
    order, cost, usage = options.listed()
    n_orders, n_resources = len(weight), len(capacity)
    taken = np.flatnonzero(np.diff(usage.tocsr().indptr))
    one_each = sparse.csr_array((np.ones(len(order)), (order, np.arange(len(order)))), shape=(n_orders, len(order)))
    scale = max(1.0, float(np.median(cost)) / 1000.0)
    linear = LinearModel(
        cost=cost / scale,
        lower=np.zeros(len(order)),
        upper=np.full(len(order), np.inf),
        integer=np.zeros(len(order), dtype=bool),
        matrix=sparse.csr_array(sparse.vstack([one_each, usage.tocsr()[taken].astype(np.float64)])),
        row_lower=np.r_[weight, np.full(len(taken), -np.inf)],
        row_upper=np.r_[weight, capacity[taken].astype(np.float64)],
    )
    answer = runner.run([SolveJob(linear, Solver.GLOP, seconds)])[0]
    if answer.row_duals is None or answer.objective is None or not answer.finished:
        return None
    dual = np.zeros(n_resources)
    dual[taken] = np.maximum(0.0, -answer.row_duals[n_orders:]) * scale
    if not np.all(dual <= HIGHEST_PRICE):
        return None
    return dual, answer.row_duals[:n_orders] * scale, answer.objective * scale
