"""Branch and bound on the knapsack bound: prices climb, what cannot pay is dropped, the rest is divided.

In each part of the problem a few steps of subgradient ascent raise L(u) of `allocation_knapsacks`. An option with
which L reaches the cost of the best choice known leaves the part; one without which L does is taken (Posta, Ferland
and Michelon 2012). What is left is divided in two by one option, first in, then out; or by one home, first used, then
not; or by how many homes are used, where the relaxation uses a broken number of them. After each dive to the bottom
the part of least bound is next.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver_models.allocation_knapsacks import Homes, Narrowed
from solver_models.allocation_problem import AllocationProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

ROOT_ROUNDS = 300
"""Steps of the ascent in the whole problem."""
ROUNDS = 20
"""Steps of the ascent in each part."""
QUICK_DIVE = 0.3
"""Share of the groups that a dive inside the tree settles at a time."""
DEFLECTION = 0.6
"""How much of the last direction a step keeps."""


@dataclass(frozen=True, slots=True, eq=False)
class Climbed:
    """Where an ascent ended.

    Parameters
    ----------
    bound
        Best L(u) seen.
    price
        (n_groups,) its prices.
    share
        (n_options,) how often each option was taken, later steps counting more: near a solution of the relaxation.
    """

    bound: float
    price: Floats
    share: Floats


def climb(
    homes: Homes,
    problem: AllocationProblem,
    part: Narrowed,
    price: Floats,
    *,
    target: float,
    rounds: int,
    enough: Callable[[float], bool],
) -> Climbed:
    """Raise L(u) by deflected subgradient steps towards a target.

    Parameters
    ----------
    homes, problem, part
        The problem, and what is left of it.
    price
        Where to begin.
    target
        Cost of the best choice known.
    rounds
        Most steps.
    enough
        Asked with each better bound; True ends the ascent.
    """
    best, best_price = -np.inf, price
    direction = np.zeros_like(price)
    share = np.zeros(len(problem.option_cost))
    pace, failures = 1.0, 0
    for step in range(rounds):
        relaxed = homes.relax(price, part)
        share *= 1 - 1 / min(step + 1, 12)
        share[relaxed.taken] += 1 / min(step + 1, 12)
        if relaxed.bound > best + 1e-9 * max(1.0, abs(relaxed.bound)):
            best, best_price, failures = relaxed.bound, price, 0
            if enough(best):
                break
        else:
            failures += 1
            if failures >= max(4, rounds // 20):
                pace, failures, price = pace / 2, 0, best_price
                direction[:] = 0.0
                continue
        served = np.bincount(problem.option_group[relaxed.taken], minlength=len(price))
        slope = np.where(part.undecided, 1.0 - served, 0.0)
        direction = slope + DEFLECTION * direction
        length = float(direction @ direction)
        if not np.any(slope) or length == 0:
            break  # each group is served once: the choice of the homes is a solution
        price = price + pace * max(target - relaxed.bound, 1e-6 * max(1.0, abs(target))) / length * direction
    return Climbed(best, best_price, share)


@dataclass(slots=True)
class Branching:
    """A search tree.

    Parameters
    ----------
    problem, homes
        The problem and its homes.
    settle
        Rounds a lower bound, or an array of them, up to a cost that can be.
    offer
        Told each feasible choice met (not checked).
    cutoff
        Returns the cost from which on a choice is of no use: that of the best known, or less where a gap is allowed.
    bound
        Lower bound on every choice cheaper than the best known.
    parts
        Parts looked at.
    """

    problem: AllocationProblem
    homes: Homes
    settle: Callable[[Any], Any]
    offer: Callable[[Ints], None]
    cutoff: Callable[[], float]
    bound: float = -np.inf
    parts: int = 0

    def run(self, part: Narrowed, climbed: Climbed, out_of_time: Callable[[], bool]) -> None:
        """Divide until nothing is left or time is out; `bound` holds what is proven either way.

        Parameters
        ----------
        part, climbed
            The whole problem and its prices.
        out_of_time
            Asked at each part.
        """
        number = 0
        waiting: list[tuple[float, int, Narrowed, Climbed]] = [(climbed.bound, 0, part, climbed)]
        while waiting:
            self.bound = max(self.bound, self.settle(waiting[0][0]))
            if self.bound >= self.cutoff():
                break
            _, _, part, climbed = heapq.heappop(waiting)
            current: tuple[Narrowed, Climbed] | None = (part, climbed)
            among_homes = False
            while current is not None:
                if out_of_time():
                    return
                above = current[1]
                by_homes = self.homes.divide(above.share, current[0])
                if among_homes and by_homes is None:
                    self.dive(*current, share=QUICK_DIVE, out_of_time=out_of_time)  # which homes to use is just clear
                among_homes = by_homes is not None
                first, second = by_homes or self._divide(*current)
                current, other = self._enter(first, above), self._enter(second, above)
                if current is None:
                    current, other = other, None
                if other is not None:
                    number += 1
                    heapq.heappush(waiting, (other[1].bound, number, *other))
        self.bound = self.cutoff()

    def _enter(self, part: Narrowed | None, parent: Climbed) -> tuple[Narrowed, Climbed] | None:
        """Bound a part and narrow it; None when it holds nothing better."""
        price = parent.price
        for _ in range(4):
            if part is None:
                return None
            self.parts += 1
            if not part.undecided.any():
                self.offer(part.forced)
                return None
            best = self.cutoff()
            climbed = climb(
                self.homes,
                self.problem,
                part,
                price,
                target=best if np.isfinite(best) else parent.bound + 0.02 * abs(parent.bound) + 1.0,
                rounds=ROUNDS,
                enough=lambda bound: self.settle(bound) >= self.cutoff(),
            )
            if self.settle(climbed.bound) >= self.cutoff():
                return None
            narrowed = self.tighten(part, climbed)
            price = climbed.price
            if narrowed is not None and narrowed.usable.sum() > 0.9 * part.usable.sum():
                return narrowed, replace(climbed, bound=max(climbed.bound, parent.bound))
            part = narrowed
        return None if part is None else (part, climbed)

    def tighten(self, part: Narrowed, climbed: Climbed) -> Narrowed | None:
        """Drop the options with which, and take those without which, nothing better is left.

        Parameters
        ----------
        part, climbed
            The part and its prices.
        """
        best = self.cutoff()
        if not np.isfinite(best):
            return part
        relaxed = self.homes.relax(climbed.price, part, excesses=True)
        if relaxed.excess is None or relaxed.needed is None or relaxed.shut is None:
            return part
        usable = part.usable & ~(self.settle(relaxed.bound + relaxed.excess) >= best)
        must = part.usable & (self.settle(relaxed.bound + relaxed.needed) >= best)
        if must.any():
            taken = np.zeros(self.problem.n_groups, dtype=bool)
            taken[self.problem.option_group[must]] = True
            usable &= must | ~taken[self.problem.option_group]
        sunk = part.used.sunk | (part.live & (self.settle(relaxed.bound + relaxed.shut) >= best))
        return self.homes.narrow(usable, replace(part.used, sunk=sunk))

    def _divide(self, part: Narrowed, climbed: Climbed) -> tuple[Narrowed | None, Narrowed | None]:
        """Split by the option of which it is least clear whether it is taken."""
        open_options = part.usable & part.undecided[self.problem.option_group]
        doubt = np.minimum(climbed.share, 1.0 - climbed.share) + 1e-3 * climbed.share
        pick = int(np.argmax(np.where(open_options, doubt, -1.0)))
        others = self.problem.option_group == self.problem.option_group[pick]
        others[pick] = False
        without = part.usable.copy()
        without[pick] = False
        return self.homes.narrow(part.usable & ~others, part.used), self.homes.narrow(without, part.used)

    def dive(self, part: Narrowed, climbed: Climbed, *, share: float, out_of_time: Callable[[], bool]) -> None:
        """Settle the surest groups, climb, and so on to the bottom: a choice, no proof.

        Parameters
        ----------
        part, climbed
            Where to begin.
        share
            Share of the undecided groups to settle at a time.
        out_of_time
            Asked at each step.
        """
        groups = self.problem.option_group
        while part.undecided.any() and not out_of_time():
            often = np.where(part.usable & part.undecided[groups], climbed.share, -1.0)
            surest = np.lexsort((-often, groups))
            surest = surest[np.r_[True, np.diff(groups[surest]) != 0]]  # of each group its surest option
            surest = surest[np.argsort(-often[surest], kind="stable")]
            count = max(1, int(share * part.undecided.sum()))
            narrowed = None
            while narrowed is None and count:
                settled = np.zeros(self.problem.n_groups, dtype=bool)
                settled[groups[surest[:count]]] = True
                usable = part.usable & ~settled[groups]
                usable[surest[:count]] = True
                narrowed = self.homes.narrow(usable, part.used)
                if narrowed is None and count == 1:
                    without = part.usable.copy()
                    without[surest[0]] = False
                    narrowed = self.homes.narrow(without, part.used)
                    if narrowed is None:
                        return
                count //= 2
            if narrowed is None:
                return
            part = narrowed
            climbed = climb(
                self.homes,
                self.problem,
                part,
                climbed.price,
                target=climbed.bound + 0.005 * abs(climbed.bound),
                rounds=12,
                enough=lambda bound: False,
            )
        if not part.undecided.any():
            self.offer(part.forced)
