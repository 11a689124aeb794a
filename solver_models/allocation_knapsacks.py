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

Uses that are not whole numbers, or too many, are rounded down on a grid: again only lower.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solver_models.allocation_problem import AllocationProblem

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

GRID = 2_000
"""Most units of a capacity that are told apart."""

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
    """

    bound: float
    taken: Ints
    excess: Floats | None = None
    needed: Floats | None = None


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
    sunk
        (n_homes,) bool: homes whose own charges are paid whatever else is chosen there.
    undecided
        (n_groups,) bool: groups with more than one option left.
    """

    usable: Bools
    forced: Ints
    cost: float
    room: Ints
    sunk: Bools
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
        home, weight, capacity, meets_one = _homes(problem, usable)
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
        own = _own_charges(problem, usable, home)
        self._fixed = own[names]
        self.whole = meets_one and bool(np.isclose(own.sum(), problem.charge_cost.sum()))
        """Whether nothing about an option is left out of its home."""
        self._place = np.full(len(usable), -1, dtype=np.int64)
        self._place[inside] = place
        self._use = weight

    def narrow(self, usable: Bools, sunk: Bools | None = None) -> Narrowed | None:
        """Take the options left of groups that have one, drop what no longer fits, until nothing changes.

        Parameters
        ----------
        usable
            (n_options,) bool: the options that are left.
        sunk
            (n_homes,) bool: homes known to be used; None = none.

        Returns
        -------
        Narrowed or None
            None when nothing feasible is left.
        """
        usable = usable.copy()
        while True:
            count = np.bincount(self._group[usable], minlength=self._n_groups)
            if not count.all():
                return None
            forced = np.flatnonzero(usable & (count == 1)[self._group])
            inside = forced[self._place[forced] >= 0]
            load = np.bincount(self._place[inside], weights=self._use[inside], minlength=self._n_homes)
            room = self._capacity - load.astype(np.int64)
            if np.any(room < 0):
                return None
            homed = usable & (self._place >= 0) & (count > 1)[self._group]
            if self._n_homes:
                homed &= self._use > room[self._place]
            if not homed.any():
                break
            usable &= ~homed
        paid = np.bincount(self._place[inside], minlength=self._n_homes) > 0
        return Narrowed(
            usable, forced, float(self._cost[forced].sum()), room, paid if sunk is None else paid | sunk, count > 1
        )

    def doubtful(self, share: Floats, part: Narrowed) -> tuple[int, Bools, bool] | None:
        """Find the home with charges of its own of which it is least clear whether it is used.

        Parameters
        ----------
        share
            (n_options,) how often each option was taken.
        part
            What is left of the problem.

        Returns
        -------
        home, inside, often
            Its number, the (n_options,) mask of its options, whether it is used more often than not; None = all clear.
        """
        real = self._option >= 0
        used = np.where(real, share[self._option], 0.0).max(axis=1, initial=0.0)
        doubt = np.where((self._fixed > 0) & ~part.sunk, np.minimum(used, 1 - used), 0.0)
        if doubt.max(initial=0.0) < DOUBT:
            return None
        home = int(np.argmax(doubt))
        return home, self._place == home, bool(used[home] >= 0.5)

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
        taken, value = self._choose_free(reduced, excess, needed)
        total += value
        if self._n_homes:
            inside, value = self._choose_inside(reduced, part, excess, needed)
            taken, total = np.concatenate([taken, inside]), total + value
        if excess is not None:
            excess[part.forced] = 0.0
        return Relaxed(total, taken, excess, needed)

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
        self, reduced: Floats, part: Narrowed, excess: Floats | None, needed: Floats | None
    ) -> tuple[Ints, float]:
        price = np.where(self._option >= 0, reduced[self._option], np.inf)
        paying = int((price < 0).sum(axis=1).max(initial=0))
        rows = np.arange(self._n_homes)
        slots = np.argsort(price, axis=1, kind="stable")[:, :paying]
        gain = np.take_along_axis(price, slots, axis=1)
        gain[gain >= 0] = np.inf
        weight = np.take_along_axis(self._weight, slots, axis=1)
        tables = _Tables(self._n_homes, int(part.room.max()), int(weight.max(initial=0)))
        took = np.empty((paying, *tables.now.shape), dtype=bool)
        before = []
        for slot in range(paying):
            if excess is not None:
                before.append(tables.now.copy())
            tables.add(weight[:, slot], gain[:, slot], took[slot])
        fixed = np.where(part.sunk, 0.0, self._fixed)
        paid = float(self._fixed[part.sunk].sum())
        best = fixed + tables.now[rows, part.room]
        value = np.minimum(best, 0.0)
        left, chosen = part.room.copy(), np.zeros((self._n_homes, paying), dtype=bool)
        for slot in range(paying - 1, -1, -1):
            chosen[:, slot] = took[slot, rows, left]
            left -= np.where(chosen[:, slot], weight[:, slot], 0)
        chosen &= (best < 0)[:, None]
        if excess is not None and needed is not None:
            # an option that does not pay is taken on top of the best use of what it leaves
            room = np.maximum(part.room[:, None] - self._weight, 0)
            forced = price + tables.now[rows[:, None], room] + (fixed - value)[:, None]
            without = np.zeros_like(forced)
            after = _Tables(self._n_homes, int(part.room.max()), int(weight.max(initial=0)))
            for slot in range(paying - 1, -1, -1):
                at = slots[:, slot]
                pays = np.isfinite(gain[:, slot])
                rest = _joined(before[slot], after.now, part.room - weight[:, slot])
                forced[rows[pays], at[pays]] = (price[rows, at] + rest + fixed - value)[pays]
                rest = _joined(before[slot], after.now, part.room)
                without[rows[pays], at[pays]] = (np.minimum(0.0, fixed + rest) - value)[pays]
                after.add(weight[:, slot], gain[:, slot])
            real = self._option >= 0
            excess[self._option[real]] = forced[real]
            needed[self._option[real]] = without[real]
        return np.take_along_axis(self._option, slots, axis=1)[chosen], float(value.sum()) + paid


class _Tables:
    """Of each home the least price within each capacity, over the options added so far."""

    def __init__(self, n_homes: int, capacity: int, heaviest: int) -> None:
        self._padded = np.full((n_homes, heaviest + capacity + 1), np.inf)
        self.now = self._padded[:, heaviest:]
        self.now[:] = 0.0
        width = self._padded.shape[1]
        self._flat = self._padded.ravel()
        self._at = np.arange(n_homes)[:, None] * width + heaviest + np.arange(capacity + 1)[None, :]
        self._from, self._with = np.empty_like(self._at), np.empty(self._at.shape)

    def add(self, weight: Ints, gain: Floats, better: Bools | None = None) -> None:
        """Add one option to each home; say in `better` at which capacities it is taken."""
        np.subtract(self._at, weight[:, None], out=self._from)
        self._flat.take(self._from, out=self._with, mode="clip")
        np.add(self._with, gain[:, None], out=self._with)
        if better is not None:
            np.less(self._with, self.now, out=better)
        np.minimum(self.now, self._with, out=self.now)


def _joined(first: Floats, second: Floats, capacity: Ints) -> Floats:
    """Return the best split of each home's capacity between two tables; infinite below zero."""
    at = np.arange(first.shape[1])[None, :]
    rest = capacity[:, None] - at
    rows = np.arange(len(first))[:, None]
    total = np.where(rest >= 0, first + second[rows, np.maximum(rest, 0)], np.inf)
    least: Floats = total.min(axis=1)
    return least


def _homes(problem: AllocationProblem, usable: Bools) -> tuple[Ints, Ints, Ints, bool]:
    """Return each option's home (-1 = none), its use there, whole capacities, and whether every option meets one."""
    n_options, n_resources = len(usable), len(problem.capacity)
    used = problem.usage.tocoo()
    kept = usable[used.col]
    row, column, amount = used.row[kept].astype(np.int64), used.col[kept].astype(np.int64), used.data[kept]
    can_bind = _most_used(row, problem.option_group[column], amount, n_resources) > problem.capacity
    room = problem.capacity + 1e-9 * np.maximum(1.0, np.abs(problem.capacity))  # as `cost_of` has it
    row, column, amount = (part[can_bind[row]] for part in (row, column, amount))
    order = np.lexsort((row, -amount / np.maximum(room[row], 1e-300), column))
    row, column, amount = row[order], column[order], amount[order]
    first = np.r_[True, np.diff(column) != 0] if len(column) else np.zeros(0, dtype=bool)
    home = np.full(n_options, -1, dtype=np.int64)
    weight = np.zeros(n_options, dtype=np.int64)
    home[column[first]] = row[first]
    whole = np.ones(n_resources, dtype=bool)
    whole[row[amount != np.floor(amount)]] = False
    scale = np.where(whole & (room < GRID), 1.0, GRID / np.maximum(room, 1e-300))
    exact = (scale == 1.0)[row[first]]
    weight[column[first]] = np.where(exact, amount[first], np.floor(amount[first] * scale[row[first]] * (1 - 1e-12)))
    capacity = np.maximum(np.floor(room * scale * (1 + 1e-12)), 0).astype(np.int64)
    carried = problem.charges.tocoo()
    homeless = home[carried.col] < 0
    charge, option = carried.row[homeless][::-1], carried.col[homeless][::-1]
    home[option] = n_resources + charge  # the first charge wins
    unlimited = np.zeros(len(problem.charge_cost), dtype=np.int64)
    return home, weight, np.concatenate([capacity, unlimited]), bool(first.all())


def _most_used(row: Ints, group: Ints, amount: Floats, n_resources: int) -> Floats:
    """Return how much of each resource all groups together can take."""
    order = np.lexsort((group, row))
    row, group, amount = row[order], group[order], amount[order]
    first = np.flatnonzero(np.r_[True, (np.diff(row) != 0) | (np.diff(group) != 0)]) if len(row) else row
    most = np.maximum.reduceat(amount, first) if len(row) else amount
    return np.bincount(row[first], weights=most, minlength=n_resources).astype(np.float64)


def _own_charges(problem: AllocationProblem, usable: Bools, home: Ints) -> Floats:
    """Return of each home the charges that all its options and no others carry."""
    n_homes = len(problem.capacity) + len(problem.charge_cost)
    size = np.bincount(home[usable & (home >= 0)], minlength=n_homes)
    own = np.zeros(n_homes)
    for charge in range(len(problem.charge_cost)):
        carriers = problem.charges.indices[problem.charges.indptr[charge] : problem.charges.indptr[charge + 1]]
        homes = np.unique(home[carriers[usable[carriers]]])
        if len(homes) == 1 and homes[0] >= 0 and size[homes[0]] == usable[carriers].sum():
            own[homes[0]] += problem.charge_cost[charge]
    return own
