"""The search for larger allocation problems: prices, dives, branch and bound, and programs over what is left.

1. Duals of the linear relaxation, then a subgradient ascent, give prices of the groups and a bound that no solver has
   to be believed for (`allocation_knapsacks`).
2. Dives under those prices give choices; each is improved by shifts and swaps where options meet one site each, the
   best then by programs over a few options of a few groups at a time (`allocation_neighbourhoods`).
3. With a cost to beat, options that cannot pay are dropped. "Is there a choice below this cost?" is asked first for
   a cost between bound and best cost, which leaves few options, then for the best; branching answers (Posta, Ferland
   and Michelon 2012).
4. Where options meet at several resources, solvers are asked about the options left; what they claim is their claim.

What this reaches on generalised assignment and facility location: `benchmarks/special_cases.py` and its results.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver_models.allocation_branching import ROOT_ROUNDS, Branching, Climbed, climb
from solver_models.allocation_knapsacks import MOST_CELLS, Homes, Narrowed
from solver_models.allocation_local_search import improve, sites_of
from solver_models.allocation_neighbourhoods import Neighbourhoods, surest
from solver_models.allocation_problem import AllocationProblem
from solver_models.allocation_program import linear_model
from solver_models.backend import Answer, LinearModel, Solver

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Ask = Callable[..., Answer]

DIVES = (0.3, 0.1, 0.04)
"""Share of the groups that a dive settles at a time."""
CLOSE = 0.01
"""Relative gap that an ascent aims at while no choice is known."""
POLISH_ROUNDS = 30
"""Local optima visited from the choice of a dive."""
CORE = 2.5
"""Options a group, on average, that neighbourhoods try: those with which the bound rises least."""
NEIGHBOURHOOD_SHARE = 0.35
"""Share of the time left after the dives for neighbourhoods."""
PATIENCE = 0.02
"""Share of the time left after the dives that one neighbourhood may take."""
FIRST_SHARE = 0.1
"""Share of that time for a program over those options, where the dives found no choice."""
FAILURES = 25
"""Neighbourhoods in a row without a better choice that end their search."""
PROGRAM_SHARE = 0.7
"""Share of the time left after the dives for programs, where the knapsack bound leaves out part of the problem."""
DIVE_SHARE = 0.35
"""Share of the whole time after which no dive goes on."""
QUESTION_SHARE = 0.8
"""How far above the bound the next question goes, as a share of what is still between bound and best choice."""


@dataclass(slots=True)
class Known:
    """The best checked choice, and what is proven.

    Parameters
    ----------
    problem
        The problem.
    relative_gap
        The gap that counts as proven.
    chosen, cost
        The best choice and its cost.
    bound
        Lower bound on every choice; what solvers claimed is in it only if nothing known contradicts it.
    """

    problem: AllocationProblem
    relative_gap: float
    chosen: Ints | None = None
    cost: float = np.inf
    bound: float = -np.inf
    step: float = field(init=False)

    def __post_init__(self) -> None:
        """Find the number that all costs are multiples of; 0 = none."""
        costs = np.concatenate([self.problem.option_cost, self.problem.charge_cost])
        whole = np.all(costs == np.floor(costs)) and np.abs(costs).max(initial=0.0) < 2.0**40
        self.step = float(np.gcd.reduce(costs.astype(np.int64))) if whole else 0.0

    def offer(self, chosen: Ints) -> None:
        """Check a choice and keep it if it is better.

        Parameters
        ----------
        chosen
            (n_groups,) options, in any order.
        """
        ordered = chosen[np.argsort(self.problem.option_group[chosen], kind="stable")]
        cost = self.problem.cost_of(ordered)
        if cost < self.cost:
            self.chosen, self.cost = ordered, cost

    def settle(self, bound: Any) -> Any:
        """Round lower bounds up to the next cost that can be; down by what doubles may have lost.

        Parameters
        ----------
        bound
            Lower bounds of any shape.
        """
        safe = bound - 1e-9 * np.maximum(1.0, np.where(np.isfinite(bound), np.abs(bound), 0.0))
        if not self.step:
            return safe
        return np.ceil((safe - 1e-6) / self.step) * self.step

    @property
    def cutoff(self) -> float:
        """Cost from which on a choice is of no use."""
        return self.cost - self.relative_gap * abs(self.cost) if np.isfinite(self.cost) else np.inf

    @property
    def proven(self) -> bool:
        """Whether the best choice is within the gap asked for."""
        return self.bound >= self.cutoff


def search(known: Known, ask: Ask, seconds_left: Callable[[], float], rng: np.random.Generator) -> bool:
    """Improve a choice and a bound until they meet or time is out.

    Parameters
    ----------
    known
        Receives what is found.
    ask
        Solves a linear model: ``ask(model, solver, time_limit=..., hint=...)``; its word is not taken.
    seconds_left
        Wall clock left.
    rng
        Draws the perturbations.

    Returns
    -------
    bool
        False where nothing feasible can be: an own proof.
    """
    problem = known.problem
    total = max(seconds_left(), 1e-3)
    everything = np.ones(len(problem.option_group), dtype=bool)
    homes = Homes(problem, everything)
    part = homes.narrow(everything)
    if part is None:
        return False
    if homes.cells > MOST_CELLS:
        _by_programs(known, ask, seconds_left, part.usable, np.inf)
        return True
    relaxed = linear_model(problem)
    relaxed = replace(relaxed, integer=np.zeros_like(relaxed.integer))
    answer = ask(relaxed, Solver.GLOP, time_limit=0.2 * total)
    price, overload = _first_prices(problem, answer)

    def out_of_time() -> bool:
        return seconds_left() < 0.02 * total

    top = climb(
        homes, problem, part, price, target=_goal(known, price), rounds=ROOT_ROUNDS // 2, enough=lambda _: out_of_time()
    )
    known.bound = max(known.bound, float(known.settle(top.bound)))
    tree = Branching(problem, homes, known.settle, known.offer, lambda: known.cutoff)
    polish = sites_of(problem)
    for share in DIVES:
        before = known.cost
        tree.dive(part, top, share=share, out_of_time=lambda: seconds_left() < (1 - DIVE_SHARE) * total)
        if polish is not None and (known.cost < before or known.chosen is None):
            start = surest(top.share, problem.option_group) if known.chosen is None else known.chosen
            known.offer(improve(polish, start, overload, rounds=POLISH_ROUNDS, rng=rng, enough=out_of_time))
        if known.proven or seconds_left() < (1 - DIVE_SHARE) * total:
            break
    if not known.proven:
        top = _climb_on(known, homes, part, top, out_of_time)
        _by_neighbourhoods(known, homes, part, top, Neighbourhoods(problem, homes.place, ask, rng), seconds_left)
        _close(known, homes, part, top, ask, seconds_left, out_of_time)
    return True


def _by_neighbourhoods(
    known: Known,
    homes: Homes,
    part: Narrowed,
    top: Climbed,
    neighbourhoods: Neighbourhoods,
    seconds_left: Callable[[], float],
) -> None:
    """Improve the choice by programs over a few options of a few groups at a time."""
    relaxed = homes.relax(top.price, part, excesses=True)
    if relaxed.excess is None:
        return
    core = np.zeros(len(relaxed.excess), dtype=bool)
    core[np.argsort(relaxed.excess, kind="stable")[: int(CORE * known.problem.n_groups)]] = True
    core[surest(-relaxed.excess, known.problem.option_group)] = True  # no group is without
    failures, start = 0, seconds_left()
    if known.chosen is None:
        options = np.flatnonzero(core)
        program = linear_model(known.problem, options)
        answer = neighbourhoods.ask(program, Solver.CP_SAT, time_limit=FIRST_SHARE * start)
        take(known, replace(answer, bound=-np.inf), options)
    while known.chosen is not None and failures < FAILURES and not known.proven:
        if seconds_left() < (1 - NEIGHBOURHOOD_SHARE) * start:
            return
        before = known.cost
        usable = core & (known.settle(relaxed.bound + relaxed.excess) < known.cutoff)
        known.offer(neighbourhoods.better(known.chosen, usable, PATIENCE * start))
        failures = 0 if known.cost < before else failures + 1


def _goal(known: Known, price: Floats) -> float:
    if np.isfinite(known.cost):
        return known.cost
    return float(price.sum() + CLOSE * max(1.0, abs(price.sum())))


def _climb_on(known: Known, homes: Homes, part: Narrowed, top: Climbed, out_of_time: Callable[[], bool]) -> Climbed:
    goal = min(_goal(known, top.price), top.bound + CLOSE * max(1.0, abs(top.bound)))
    again = climb(
        homes,
        known.problem,
        part,
        top.price,
        target=goal,
        rounds=ROOT_ROUNDS // 2,
        enough=lambda bound: out_of_time() or bool(known.settle(bound) >= known.cutoff),
    )
    better = again if again.bound > top.bound else replace(again, bound=top.bound, price=top.price)
    known.bound = max(known.bound, min(float(known.settle(better.bound)), known.cost))
    return better


def _close(
    known: Known,
    homes: Homes,
    part: Narrowed,
    top: Climbed,
    ask: Ask,
    seconds_left: Callable[[], float],
    out_of_time: Callable[[], bool],
) -> None:
    """Ask for choices below one cost after another, the next one higher where there is none."""
    if not homes.whole:
        # what the homes leave out, solvers see
        by_program = PROGRAM_SHARE * seconds_left()
        keep = seconds_left() - by_program
        left = _left_below(known, homes, part, top, known.cutoff)
        if left is not None:
            _by_programs(known, ask, lambda: seconds_left() - keep, left, known.cutoff)
    longer = 1.0
    dearest = float(np.abs(known.problem.option_cost).sum() + known.problem.charge_cost.sum())
    while not known.proven and not out_of_time():
        apart = known.cost - known.bound if np.isfinite(known.cost) else CLOSE * max(1.0, abs(known.bound))
        stride = max(longer * QUESTION_SHARE * apart, known.step or 1e-6 * max(1.0, abs(known.bound)))
        limit = min(known.cutoff, known.bound + stride)
        if known.step:
            limit = min(known.cutoff, float(np.ceil(limit / known.step)) * known.step)
        if limit > dearest:
            limit = known.cutoff
        left = _left_below(known, homes, part, top, limit)
        if left is None:
            known.bound = max(known.bound, limit)
            longer *= 2
            continue
        inner = Homes(known.problem, left)
        narrowed = inner.narrow(left)
        if narrowed is None:
            known.bound = max(known.bound, limit)
            continue
        tree = Branching(known.problem, inner, known.settle, known.offer, _below(known, limit))
        parent = climb(
            inner,
            known.problem,
            narrowed,
            top.price,
            target=limit if np.isfinite(limit) else top.bound + CLOSE * max(1.0, abs(top.bound)),
            rounds=60,
            enough=_reaching(known, limit, out_of_time),
        )
        rest = tree.tighten(narrowed, parent)
        if rest is None:
            known.bound = max(known.bound, min(limit, known.cost))
            continue
        tree.run(rest, parent, out_of_time)
        known.bound = max(known.bound, min(tree.bound, limit, known.cost))
        longer *= 2


def _below(known: Known, limit: float) -> Callable[[], float]:
    return lambda: min(known.cutoff, limit)


def _reaching(known: Known, limit: float, out_of_time: Callable[[], bool]) -> Callable[[float], bool]:
    return lambda bound: out_of_time() or bool(known.settle(bound) >= limit)


def _left_below(known: Known, homes: Homes, part: Narrowed, top: Climbed, limit: float) -> NDArray[np.bool_] | None:
    tree = Branching(known.problem, homes, known.settle, known.offer, lambda: limit)
    left = tree.tighten(part, top)
    return None if left is None else left.usable


def _by_programs(
    known: Known, ask: Ask, seconds_left: Callable[[], float], usable: NDArray[np.bool_], beyond: float
) -> None:
    """Ask solvers about the options left: HiGHS, then SCIP for what it leaves open."""
    options = np.flatnonzero(usable)
    model = linear_model(known.problem, options)
    for solver, share in ((Solver.HIGHS, 0.6), (Solver.SCIP, 1.0)):
        if seconds_left() <= 0 or known.proven:
            return
        answer = ask(model, solver, time_limit=max(0.05, seconds_left() * share), hint=_hint(known, options, model))
        take(known, answer, options, beyond)


def _hint(known: Known, options: Ints, model: LinearModel) -> Floats | None:
    """Write the best choice as a point of the model; None where it uses an option that is not there."""
    if known.chosen is None or not np.all(np.isin(known.chosen, options)):
        return None
    point = np.zeros(len(model.cost))
    point[np.searchsorted(options, known.chosen)] = 1.0
    point[len(options) :] = known.problem.charges[:, known.chosen].sum(axis=1) > 0
    return point


def take(known: Known, answer: Answer, options: Ints, beyond: float = np.inf) -> None:
    """Check an answer: keep a better choice, believe a bound that nothing contradicts.

    Parameters
    ----------
    known
        Receives what holds.
    answer
        What a solver said.
    options
        (n_kept,) the options of its model.
    beyond
        Least cost of a choice that uses another option.
    """
    if answer.values is not None:
        values, group = answer.values[: len(options)], known.problem.option_group[options]
        known.offer(options[surest(values, group)])
    if np.isfinite(answer.bound) and answer.bound <= known.cost + 1e-6 * max(1.0, abs(known.cost)):
        claimed = answer.bound
        if known.step:
            claimed = float(known.settle(claimed - 1e-7 * abs(claimed)))
        known.bound = max(known.bound, min(claimed, beyond, known.cost))


def _first_prices(problem: AllocationProblem, answer: Answer) -> tuple[Floats, Floats]:
    """Return prices of the groups and of overload: the duals, or a guess where there are none."""
    n_groups, n_resources = problem.n_groups, len(problem.capacity)
    cheapest = np.full(n_groups, np.inf)
    np.minimum.at(cheapest, problem.option_group, problem.option_cost)
    spread = float(np.median(problem.option_cost - cheapest[problem.option_group]))
    price, overload = cheapest.copy(), np.zeros(n_resources)
    if answer.row_duals is not None and np.abs(answer.row_duals).max() < 1e6 * max(1.0, np.abs(cheapest).max()):
        price = answer.row_duals[:n_groups].copy()
        overload = np.maximum(-answer.row_duals[n_groups : n_groups + n_resources], 0.0)
    least = 0.1 * overload.max(initial=0.0) or max(spread, 1e-6)
    return price, np.maximum(overload, least)
