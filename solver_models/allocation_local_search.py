"""Local search for allocation where each option meets one site: shifts and swaps under prices of overload.

A *site* is a resource (or a charge without one, or nothing at all) that options meet at. The state serves each group
at one site and may overload sites; each unit of overload costs its site's price, which rises while the site stays
overloaded and falls while it does not (Yagiura, Ibaraki and Glover 2004). Opening and closing sites is part of every
move's cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver_models.allocation_problem import AllocationProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sites:
    """Groups by sites.

    Parameters
    ----------
    option
        (n_groups, n_sites): which option serves a group at a site; -1 = none.
    cost, use
        (n_groups, n_sites): its cost (infinite = none) and what it takes there.
    capacity
        (n_sites,), infinite where there is no limit.
    opening
        (n_sites,) paid once if the site serves any group.
    site
        (n_options,) where each option meets others.
    """

    option: Ints
    cost: Floats
    use: Floats
    capacity: Floats
    opening: Floats
    site: Ints


def sites_of(problem: AllocationProblem) -> Sites | None:
    """Lay a problem out as groups by sites; None where options meet at more than one.

    Parameters
    ----------
    problem
        The problem.
    """
    n_resources, n_charges = len(problem.capacity), len(problem.charge_cost)
    used, carried = problem.usage.tocoo(), problem.charges.tocoo()
    if np.bincount(used.col, minlength=1).max() > 1 or np.bincount(carried.col, minlength=1).max() > 1:
        return None
    n_sites = n_resources + n_charges + 1
    site = np.full(len(problem.option_group), n_sites - 1, dtype=np.int64)  # the last one: nothing is shared there
    site[carried.col] = n_resources + carried.row
    site[used.col] = used.row
    opening = np.zeros(n_sites)
    size = np.bincount(site, minlength=n_sites)
    for charge in range(n_charges):
        carriers = problem.charges.indices[problem.charges.indptr[charge] : problem.charges.indptr[charge + 1]]
        at = np.unique(site[carriers])
        if len(at) > 1 or (len(at) == 1 and size[at[0]] != len(carriers)):
            return None
        opening[at] = problem.charge_cost[charge]
    option = np.full((problem.n_groups, n_sites), -1, dtype=np.int64)
    dearest_first = np.argsort(-problem.option_cost, kind="stable")
    option[problem.option_group[dearest_first], site[dearest_first]] = dearest_first  # the cheapest of a site stays
    amount = np.zeros(len(site))
    amount[used.col] = used.data
    there = option >= 0
    return Sites(
        option=option,
        cost=np.where(there, problem.option_cost[option], np.inf),
        use=np.where(there, amount[option], 0.0),
        capacity=np.concatenate([problem.capacity, np.full(n_charges + 1, np.inf)]),
        opening=opening,
        site=site,
    )


def improve(
    sites: Sites,
    chosen: Ints,
    price: Floats,
    *,
    rounds: int,
    rng: np.random.Generator,
    enough: Callable[[], bool],
) -> Ints:
    """Search around a choice.

    Parameters
    ----------
    sites
        The problem.
    chosen
        (n_groups,) the option of each group; may overload sites.
    price
        (n_resources,) >= 0: first price of a unit of overload.
    rounds
        Local optima to visit.
    rng
        Draws the perturbations.
    enough
        Asked at each local optimum; True ends the search.

    Returns
    -------
    ndarray, shape (n_groups,)
        The best choice met that overloads no site; the one given when none was met.
    """
    first = np.zeros(len(sites.capacity))
    first[: len(price)] = price
    state = _State(sites, sites.site[chosen], first)
    best, best_cost = None, np.inf
    for _ in range(rounds):
        state.descend()
        over = state.load > state.limit
        if not over.any() and state.cost() < best_cost - 1e-9:
            best, best_cost = state.at.copy(), state.cost()
        state.reprice(over)
        if enough():
            break
        state.perturb(rng, best)
    return chosen if best is None else sites.option[np.arange(len(best)), best]


class _State:
    """Where each group is served, and what overload costs."""

    def __init__(self, sites: Sites, start: Ints, price: Floats) -> None:
        self.sites, self.at = sites, start.copy()
        self.limit = sites.capacity + 1e-9 * np.maximum(
            1.0, np.abs(np.where(np.isfinite(sites.capacity), sites.capacity, 0.0))
        )
        self.groups = np.arange(len(start))
        self.load = np.bincount(start, weights=sites.use[self.groups, start], minlength=len(sites.capacity))
        self.count = np.bincount(start, minlength=len(sites.capacity))
        self.price = price.copy()

    def cost(self) -> float:
        """Return the cost without prices."""
        return float(self.sites.cost[self.groups, self.at].sum() + self.sites.opening[self.count > 0].sum())

    def reprice(self, over: NDArray[np.bool_]) -> None:
        """Raise the price of overloaded sites; lower all when there are none."""
        if over.any():
            self.price[over] *= 1.3
        else:
            self.price *= 0.85

    def descend(self) -> None:
        """Move while that pays: the best shift, and where none pays the best swap."""
        for _ in range(4 * len(self.at)):
            if not self._shift() and not self._swap():
                return

    def perturb(self, rng: np.random.Generator, best: Ints | None) -> None:
        """Return to the best state now and then, and move a few groups to sites near in cost."""
        if best is not None and rng.random() < 0.3:
            self._place(best)
        count = max(2, len(self.at) // 25)
        for group in rng.choice(len(self.at), size=min(count, len(self.at)), replace=False):
            cost = self.sites.cost[group] + rng.random(len(self.price)) * 2 * self.price * self.sites.use[group]
            cost[self.at[group]] = np.inf
            to = int(np.argmin(cost))
            if np.isfinite(cost[to]):
                self._move(int(group), to)

    def _place(self, at: Ints) -> None:
        self.at = at.copy()
        self.load = np.bincount(at, weights=self.sites.use[self.groups, at], minlength=len(self.price))
        self.count = np.bincount(at, minlength=len(self.price))

    def _move(self, group: int, to: int) -> None:
        old = self.at[group]
        self.load[old] -= self.sites.use[group, old]
        self.load[to] += self.sites.use[group, to]
        self.count[old] -= 1
        self.count[to] += 1
        self.at[group] = to

    def _leaving(self) -> Floats:
        """Return what it saves to take each group from where it is."""
        sites, at = self.sites, self.at
        over = np.maximum(self.load - self.limit, 0.0)
        use = sites.use[self.groups, at]
        less = over[at] - np.maximum(self.load[at] - use - self.limit[at], 0.0)
        saved: Floats = sites.cost[self.groups, at] + self.price[at] * less
        saved += sites.opening[at] * (self.count[at] == 1)
        return saved

    def _shift(self) -> bool:
        sites = self.sites
        over = np.maximum(self.load - self.limit, 0.0)
        more = np.maximum(self.load + sites.use - self.limit, 0.0) - over
        change = sites.cost + self.price * more + sites.opening * (self.count == 0) - self._leaving()[:, None]
        change[self.groups, self.at] = np.inf
        best = int(np.argmin(change))
        group, to = divmod(best, len(self.price))
        if change[group, to] >= -1e-9:
            return False
        self._move(group, to)
        return True

    def _swap(self) -> bool:
        """Let two groups change places."""
        sites, at, groups = self.sites, self.at, self.groups
        use = sites.use[groups, at]
        there, use_there = sites.cost[:, at], sites.use[:, at]  # (g, h): group g where h is now
        load = self.load[at]
        over = np.maximum(load - self.limit[at], 0.0)
        # of the pair (g, h) the side of h's site: h leaves, g comes
        after = np.maximum(load[None, :] - use[None, :] + use_there - self.limit[at][None, :], 0.0) - over[None, :]
        side = there - sites.cost[groups, at][None, :] + self.price[at][None, :] * after
        change = side + side.T
        change[at[:, None] == at[None, :]] = np.inf
        best = int(np.argmin(change))
        one, other = divmod(best, len(groups))
        if not change[one, other] < -1e-9:
            return False
        first, second = int(at[one]), int(at[other])
        self._move(one, second)
        self._move(other, first)
        return True
