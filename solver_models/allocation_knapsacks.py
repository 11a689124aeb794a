"""A strong lower bound on allocation: price the groups, and let every resource choose for itself, exactly.

With a price u_g for serving group g, constraint (1) leaves the model and what remains falls apart by resource:

    L(u) = sum_g u_g + sum_h min(0, f_h + min { sum_j (c_j - u_g(j)) x_j : sum_j a_hj x_j <= capacity_h, x binary })

over the *homes* h: an option's home is the resource it takes most of (else the first charge it carries), f_h the
charges that every option of the home and no other option carries. Everything else about an option is left out of its
home, which can only lower the bound; so L(u) <= the cost of every feasible choice for any u, whatever solver the u
came from. Where each option meets one resource (generalised assignment, single-source facility location) nothing is
left out, and the best L(u) is the bound of the model over whole sets of groups per resource, above the linear
relaxation (Fisher, Jaikumar and Van Wassenhove 1986; Posta, Ferland and Michelon 2012, "An exact method with variable
fixing for solving the generalized assignment problem", *Computational Optimization and Applications* 52, 629-644).

How many homes are used lies within limits: at least as many as hold what the groups take, and what the branching has
settled. Where the choice of the homes breaks one, a price of each home used, positive or negative, makes it hold; the
bound then is that of the relaxation with the limits in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from solver_models.allocation_homes import homes_of, own_charges
from solver_models.allocation_problem import AllocationProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_CELLS = 20_000_000
"""Work of one pricing (options x capacity) up to which homes can be priced."""
DOUBT = 0.08
"""A home is surely used, or surely not, where all but this share of the steps say so."""


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """What the homes choose under some prices.

    Parameters
    ----------
    bound
        L(u).
    taken
        (n_taken,) the options chosen: of a group none, one, or several.
    excess
        (n_options,) a choice with the option costs at least bound + excess; only where asked for.
    needed
        (n_options,) a choice without the option costs at least bound + needed; only where asked for.
    shut
        (n_homes,) a choice that does not use the home costs at least bound + shut; only where asked for.
    """

    bound: float
    taken: Ints
    excess: Floats | None = None
    needed: Floats | None = None
    shut: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Used:
    """What is settled about which homes are used.

    Parameters
    ----------
    sunk
        (n_homes,) bool: homes whose own charges are paid whatever else is chosen there.
    least, most
        How many homes are used.
    """

    sunk: Bools
    least: int
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """Part of a problem: some options are gone, and a group with one option left has taken it.

    Parameters
    ----------
    usable
        (n_options,) bool: the options still there.
    forced
        (n_forced,) the last options of their groups.
    cost
        What those cost, without charges.
    room
        (n_homes,) what they leave of each home's capacity; below zero where they do not fit.
    used
        What is settled about which homes are used.
    live
        (n_homes,) bool: homes that can be used.
    undecided
        (n_groups,) bool: groups with more than one option left.
    """

    usable: Bools
    forced: Ints
    cost: float
    room: Ints
    used: Used
    live: Bools
    undecided: Bools


class Homes:
    """The options of a problem by home, ready to be priced.

    Parameters
    ----------
    problem
        The problem.
    usable
        (n_options,) bool: the options that take part.
    """

    def __init__(self, problem: AllocationProblem, usable: Bools) -> None:
        self._group, self._cost, self._n_groups = problem.option_group, problem.option_cost, problem.n_groups
        home, weight, capacity, meets_one = homes_of(problem, usable)
        self._free = np.flatnonzero(usable & (home < 0))
        inside = np.flatnonzero(usable & (home >= 0))
        inside = inside[np.argsort(home[inside], kind="stable")]
        names, first, count = np.unique(home[inside], return_index=True, return_counts=True)
        self._n_homes, widest = len(names), int(count.max(initial=0))
        self._capacity = capacity[names]
        self.cells = self._n_homes * widest * (int(self._capacity.max(initial=0)) + 1)
        """Work of one pricing: options times capacity."""
        if self.cells > MOST_CELLS:
            widest = 0  # a table of this size is never priced
        self._option = np.full((self._n_homes, widest), -1, dtype=np.int64)
        place = np.repeat(np.arange(self._n_homes), count)
        if widest:
            self._option[place, np.arange(len(inside)) - first[place]] = inside
        self._weight = np.where(self._option >= 0, weight[self._option], 0) if widest else self._option
        own = own_charges(problem, usable, home)
        self._fixed = own[names]
        self.whole = meets_one and bool(np.isclose(own.sum(), problem.charge_cost.sum()))
        """Whether nothing about an option is left out of its home."""
        self.place = np.full(len(usable), -1, dtype=np.int64)
        """(n_options,) the home of each option, -1 = none."""
        self.place[inside] = place
        self._use = weight
        # what the groups take together at least: fewer homes than hold it cannot do
        lightest = np.full(self._n_groups, np.inf)
        np.minimum.at(lightest, self._group[usable], np.where(home[usable] >= 0, weight[usable], 0))
        self._demand = lightest.sum()

    def narrow(self, usable: Bools, used: Used | None = None) -> Narrowed | None:
        """Take the options left of groups that have one, drop what no longer fits, until nothing changes.

        Parameters
        ----------
        usable
            (n_options,) bool: the options that are left.
        used
            What is settled about the homes; None = nothing.

        Returns
        -------
        Narrowed or None
            None when nothing feasible is left.
        """
        usable = usable.copy()
        if used is None:
            used = Used(np.zeros(self._n_homes, dtype=bool), 0, self._n_homes)
        while True:
            count = np.bincount(self._group[usable], minlength=self._n_groups)
            if not count.all():
                return None
            forced = np.flatnonzero(usable & (count == 1)[self._group])
            inside = forced[self.place[forced] >= 0]
            load = np.bincount(self.place[inside], weights=self._use[inside], minlength=self._n_homes)
            room = self._capacity - load.astype(np.int64)
            if np.any(room < 0):
                return None
            homed = usable & (self.place >= 0) & (count > 1)[self._group]
            if self._n_homes:
                homed &= self._use > room[self.place]
            if not homed.any():
                break
            usable &= ~homed
        live = np.bincount(self.place[usable & (self.place >= 0)], minlength=self._n_homes) > 0
        paid = np.bincount(self.place[inside], minlength=self._n_homes) > 0
        settled = self._settle(replace(used, sunk=used.sunk | paid), live)
        if settled is None:
            return None
        return Narrowed(usable, forced, float(self._cost[forced].sum()), room, settled, live, count > 1)

    def _settle(self, used: Used, live: Bools) -> Used | None:
        """Count the homes without which there is too little capacity; None where those allowed do not do."""
        sunk = used.sunk
        if np.any(sunk & ~live):
            return None
        largest_first = -np.sort(-self._capacity[live & ~sunk])
        holds = self._capacity[sunk].sum() + np.cumsum(np.r_[0, largest_first])
        least = max(used.least, int(sunk.sum() + np.searchsorted(holds, self._demand)))
        most = min(used.most, int(live.sum()))
        if least > most:
            return None
        return Used(live if least == live.sum() else sunk, least, most)

    def divide(self, share: Floats, part: Narrowed) -> tuple[Narrowed | None, Narrowed | None] | None:
        """Split by how many homes are used, or else by whether one with charges of its own is.

        Parameters
        ----------
        share
            (n_options,) how often each option was taken.
        part
            What is left of the problem.

        Returns
        -------
        tuple or None
            Two parts, the likelier first; a part is None where nothing feasible is in it. None = all homes are clear.
        """
        often = np.where(self._option >= 0, share[self._option], 0.0).max(axis=1, initial=0.0)
        doubt = np.where((self._fixed > 0) & ~part.used.sunk, np.minimum(often, 1 - often), 0.0)
        if doubt.max(initial=0.0) < DOUBT:
            return None
        count, used = float(often[part.live].sum()), part.used
        below = int(count)
        if DOUBT < count - below < 1 - DOUBT and used.least <= below < used.most:
            fewer = self.narrow(part.usable, replace(used, most=below))
            more = self.narrow(part.usable, replace(used, least=below + 1))
            return (more, fewer) if count - below >= 0.5 else (fewer, more)
        home = int(np.argmax(doubt))
        opened = self.narrow(part.usable, replace(used, sunk=used.sunk | (np.arange(self._n_homes) == home)))
        closed = self.narrow(part.usable & (self.place != home), used)
        return (opened, closed) if often[home] >= 0.5 else (closed, opened)

    def relax(self, price: Floats, part: Narrowed, *, excesses: bool = False) -> Relaxed:
        """Compute L(u).

        Parameters
        ----------
        price
            (n_groups,) any prices. [u]
        part
            What is left of the problem.
        excesses
            Whether `excess` and `needed` are wanted too.
        """
        reduced = np.where(part.usable & part.undecided[self._group], self._cost - price[self._group], np.inf)
        total = float(price[part.undecided].sum()) + part.cost
        excess = np.full(len(reduced), np.inf) if excesses else None
        needed = np.zeros(len(reduced)) if excesses else None
        shut = np.zeros(self._n_homes) if excesses else None
        taken, value = self._choose_free(reduced, excess, needed)
        total += value
        if self._n_homes:
            inside, value = self._choose_inside(reduced, part, excess, needed, shut)
            taken, total = np.concatenate([taken, inside]), total + value
        if excess is not None:
            excess[part.forced] = 0.0
        return Relaxed(total, taken, excess, needed, shut)

    def _choose_free(self, reduced: Floats, excess: Floats | None, needed: Floats | None) -> tuple[Ints, float]:
        """Take the best option without a home of each group, where that pays."""
        best = np.full(self._n_groups, np.inf)
        np.minimum.at(best, self._group[self._free], reduced[self._free])
        value = np.minimum(best, 0.0)
        if excess is not None and needed is not None:
            excess[self._free] = reduced[self._free] - value[self._group[self._free]]
        order = self._free[np.lexsort((reduced[self._free], self._group[self._free]))]
        first = order[np.r_[True, np.diff(self._group[order]) != 0]] if len(order) else order
        return first[reduced[first] < 0], float(value.sum())

    def _choose_inside(
        self,
        reduced: Floats,
        part: Narrowed,
        excess: Floats | None,
        needed: Floats | None,
        shut: Floats | None,
    ) -> tuple[Ints, float]:
        live = np.flatnonzero(part.live)
        price = np.where(self._option[live] >= 0, reduced[self._option[live]], np.inf)
        count = (price < 0).sum(axis=1)
        order = np.argsort(-count, kind="stable")  # those with most options that pay first: each slot is of a few homes
        live, price, count = live[order], price[order], count[order]
        option, room, sunk = self._option[live], part.room[live], part.used.sunk[live]
        paying = int(count.max(initial=0))
        homes = np.searchsorted(-count, -np.arange(paying), side="left")  # those with more than so many options
        rows = np.arange(len(live))
        slots = np.argsort(price, axis=1, kind="stable")[:, :paying]
        gain = np.take_along_axis(price, slots, axis=1)
        gain[gain >= 0] = np.inf
        weight = np.take_along_axis(self._weight[live], slots, axis=1)
        heaviest, largest = int(weight.max(initial=0)), int(room.max(initial=0))
        tables = _Tables(len(live), largest, heaviest)
        took = np.zeros((paying, *tables.now.shape), dtype=bool)
        before = []
        for slot in range(paying):
            if excess is not None:
                before.append(tables.now.copy())
            tables.add(weight[: homes[slot], slot], gain[: homes[slot], slot], took[slot, : homes[slot]])
        fixed = np.where(sunk, 0.0, self._fixed[live])
        opened, rent = _opened(fixed + tables.now[rows, room], part.used, sunk)
        fixed -= rent
        best = fixed + tables.now[rows, room]
        value = np.where(sunk, best, np.minimum(best, 0.0))
        left, chosen = room.copy(), np.zeros((len(live), paying), dtype=bool)
        for slot in range(paying - 1, -1, -1):
            chosen[:, slot] = took[slot, rows, left]
            left -= np.where(chosen[:, slot], weight[:, slot], 0)
        chosen &= opened[:, None]
        if excess is not None and needed is not None and shut is not None:
            shut[live] = np.where(sunk, 0.0, -value)
            # an option that does not pay is taken on top of the best use of what it leaves
            beside = np.maximum(room[:, None] - self._weight[live], 0)
            forced = price + tables.now[rows[:, None], beside] + (fixed - value)[:, None]
            without = np.zeros_like(forced)
            after = _Tables(len(live), largest, heaviest)
            for slot in range(paying - 1, -1, -1):
                at = slots[:, slot]
                pays = np.isfinite(gain[:, slot])
                rest = _joined(before[slot], after.now, room - weight[:, slot])
                forced[rows[pays], at[pays]] = (price[rows, at] + rest + fixed - value)[pays]
                rest = fixed + _joined(before[slot], after.now, room)
                rest = np.where(sunk, rest, np.minimum(rest, 0.0)) - value
                without[rows[pays], at[pays]] = rest[pays]
                after.add(weight[: homes[slot], slot], gain[: homes[slot], slot])
            real = option >= 0
            excess[option[real]] = forced[real]
            needed[option[real]] = without[real]
        settled = float(self._fixed[part.used.sunk].sum()) + rent * float(opened.sum())
        return np.take_along_axis(option, slots, axis=1)[chosen], float(value.sum()) + settled


def _opened(value: Floats, used: Used, sunk: Bools) -> tuple[Bools, float]:
    """Return which homes are used, and the price of the number of homes that makes it lie within its limits."""
    value = np.where(sunk, -np.inf, value)
    ranked = np.argsort(value, kind="stable")
    paying = int((value < 0).sum())
    count = min(max(paying, used.least), used.most)
    opened = np.zeros(len(value), dtype=bool)
    opened[ranked[:count]] = True
    if count == paying:
        return opened, 0.0
    ends = value[ranked[max(count - 1, 0) : count + 1]]
    ends = ends[np.isfinite(ends)]
    return opened, float(ends.mean()) if len(ends) else 0.0


class _Tables:
    """Of each home the least price within each capacity, over the options added so far."""

    def __init__(self, n_homes: int, capacity: int, heaviest: int) -> None:
        padded = np.full((n_homes, heaviest + capacity + 1), np.inf)
        self.now = padded[:, heaviest:]
        self.now[:] = 0.0
        self._shifted = sliding_window_view(padded, capacity + 1, axis=1)
        self._rows, self._heaviest = np.arange(n_homes), heaviest

    def add(self, weight: Ints, gain: Floats, better: Bools | None = None) -> None:
        """Add one option to each of the first homes; say in `better` at which capacities it is taken."""
        first = len(weight)
        taken, now = self._shifted[self._rows[:first], self._heaviest - weight], self.now[:first]
        taken += gain[:, None]
        if better is not None:
            np.less(taken, now, out=better)
        np.minimum(now, taken, out=now)


def _joined(first: Floats, second: Floats, capacity: Ints) -> Floats:
    """Return the best split of each home's capacity between two tables; infinite below zero."""
    at = np.arange(first.shape[1])[None, :]
    rest = capacity[:, None] - at
    rows = np.arange(len(first))[:, None]
    total = np.where(rest >= 0, first + second[rows, np.maximum(rest, 0)], np.inf)
    least: Floats = total.min(axis=1)
    return least
