"""Neighbourhoods of a choice, each searched whole by a solver: all groups at a few homes choose anew, the rest stays.

The homes of a neighbourhood compete for the same groups; options that cannot be part of a better choice are left out.
A neighbourhood that is searched to its end makes the next larger, one that is not makes it smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver_models.allocation_problem import AllocationProblem
from solver_models.allocation_program import linear_model
from solver_models.backend import Answer, Solver

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FIRST_SIZE = 30
"""Groups in the first neighbourhood."""
SMALLEST = 5
"""Groups in the smallest."""
GROWTH = 1.15
"""How much larger the next neighbourhood is after one searched to its end; after others it is smaller by its square."""


@dataclass(slots=True)
class Neighbourhoods:
    """Draws neighbourhoods and has them searched.

    Parameters
    ----------
    problem
        The problem.
    place
        (n_options,) the home of each option; -1 = none.
    ask
        Solves a linear model: ``ask(model, solver, time_limit=..., hint=...)``; its word is not taken.
    rng
        Draws.
    size
        Groups in the next neighbourhood.
    """

    problem: AllocationProblem
    place: Ints
    ask: Callable[..., Answer]
    rng: np.random.Generator
    size: float = FIRST_SIZE

    def better(self, chosen: Ints, usable: Bools, time_limit: float) -> Ints:
        """Search one neighbourhood.

        Parameters
        ----------
        chosen
            (n_groups,) the option of each group; breaks no rule.
        usable
            (n_options,) bool: other options to try.
        time_limit
            Seconds.

        Returns
        -------
        ndarray, shape (n_groups,)
            A choice, not checked; the one given where the solver has no other.
        """
        free = self._draw(chosen, usable)
        options, part = self._part(chosen, usable, free)
        model = linear_model(part)
        hint = np.zeros(len(model.cost))
        hint[np.searchsorted(options, chosen[free])] = 1.0
        hint[len(options) :] = self.problem.charges[:, chosen[free]].sum(axis=1) > 0
        # measured: HiGHS is the better at sites to open, CP-SAT where there are none
        solver = Solver.HIGHS if len(part.charge_cost) else Solver.CP_SAT
        answer = self.ask(model, solver, time_limit=time_limit, hint=hint)
        if answer.finished:
            self.size = min(self.size * GROWTH, self.problem.n_groups)
        else:
            self.size = max(self.size / GROWTH**2, SMALLEST)
        found = chosen.copy()
        if answer.values is not None:
            found[free] = options[surest(answer.values[: len(options)], part.option_group)]
        return found

    def _part(self, chosen: Ints, usable: Bools, free: Bools) -> tuple[Ints, AllocationProblem]:
        """Return the options that fit in what the other groups leave, and the problem over them."""
        problem, stay = self.problem, chosen[~free]
        room = np.maximum(problem.capacity - problem.usage[:, stay].sum(axis=1), 0.0)
        slack = room + 1e-9 * np.maximum(1.0, np.abs(problem.capacity))
        inside = usable & free[problem.option_group]
        taken = problem.usage.tocoo()
        inside[taken.col[taken.data > slack[taken.row]]] = False
        inside[chosen[free]] = True
        options = np.flatnonzero(inside)
        paid = problem.charges[:, stay].sum(axis=1) > 0
        return options, AllocationProblem(
            np.unique(problem.option_group[options], return_inverse=True)[1],
            problem.option_cost[options],
            problem.usage[:, options],
            room,
            np.where(paid, 0.0, problem.charge_cost),
            problem.charges[:, options],
        )

    def _draw(self, chosen: Ints, usable: Bools) -> Bools:
        """Draw homes, each among those that groups of the last could move to, until they serve enough groups."""
        group, home = self.problem.option_group, self.place
        n_homes = int(home.max(initial=-1)) + 2
        home = np.where(home < 0, n_homes - 1, home)  # the last one: no home
        at = home[chosen]
        serving = np.bincount(at, minlength=n_homes) > 0
        drawn = np.zeros(n_homes, dtype=bool)
        drawn[at[self.rng.integers(len(at))]] = True
        while drawn[at].sum() < min(self.size, len(at)):
            moves = np.bincount(home[usable & drawn[at][group]], minlength=n_homes) + 0.5
            moves[drawn | ~serving] = 0.0
            drawn[self.rng.choice(n_homes, p=moves / moves.sum())] = True
        free = drawn[at]
        if self.problem.charge_cost.any():
            return free  # a home closes only if all its groups leave
        extra = max(int(free.sum()) - int(self.size), 0)
        free[self.rng.choice(np.flatnonzero(free), size=extra, replace=False)] = False
        return free


def surest(value: NDArray[np.float64], group: Ints) -> Ints:
    """Return of each group the option of highest value, the first of equals.

    Parameters
    ----------
    value, group
        (n_options,) a number and the group of each option.
    """
    order = np.lexsort((-value, group))
    return order[np.r_[True, np.diff(group[order]) != 0]]
