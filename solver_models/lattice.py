"""Quantity vectors of one order: all ways to take part of its lines, and how they add up.

Orders with the same quantities share one lattice, so pricing runs over all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def lattice_size(quantities: tuple[int, ...]) -> int:
    """Return the number of quantity vectors, prod (q + 1).

    Parameters
    ----------
    quantities
        Units of each line [q_l].
    """
    size = 1
    for quantity in quantities:
        size *= quantity + 1
    return size


def pair_count(quantities: tuple[int, ...]) -> int:
    """Return the number of (part, whole) pairs of vectors, prod (q + 1)(q + 2) / 2.

    Parameters
    ----------
    quantities
        Units of each line [q_l].
    """
    count = 1
    for quantity in quantities:
        count *= (quantity + 1) * (quantity + 2) // 2
    return count


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """All pairs (whole, part of it) of a lattice in one run, a whole's together; see `Lattice.levels`.

    Parameters
    ----------
    whole, start
        (n_wholes,) each vector but zero, and where its parts begin.
    part, rest
        (n_pairs,) the two sides of each pair.
    position
        (V,) where a vector stands in `whole`.
    """

    whole: Ints
    start: Ints
    part: Ints
    rest: Ints
    position: Ints

    def parts(self, whole: int) -> slice:
        """Return where the parts of a vector stand.

        Parameters
        ----------
        whole
            Number of the vector, not 0.
        """
        at = int(self.position[whole])
        end = int(self.start[at + 1]) if at + 1 < len(self.start) else len(self.part)
        return slice(int(self.start[at]), end)


@dataclass(frozen=True)
class Lattice:
    """All vectors 0 <= v <= q, numbered in mixed radix with the last line fastest; number 0 is the zero vector.

    Since v + w never carries, the number of a sum is the sum of the numbers: ``index(v + w) = index(v) + index(w)``.

    Parameters
    ----------
    quantities
        Units of each line [q_l], each >= 1.
    """

    quantities: tuple[int, ...]

    @cached_property
    def size(self) -> int:
        """Number of vectors."""
        return lattice_size(self.quantities)

    @cached_property
    def vectors(self) -> Ints:
        """(size, n_lines) int64: the vectors themselves."""
        grids = np.indices([quantity + 1 for quantity in self.quantities]).reshape(len(self.quantities), -1)
        return np.ascontiguousarray(grids.T, dtype=np.int64)

    @cached_property
    def units(self) -> Ints:
        """(size,) int64: units of each vector."""
        units: Ints = self.vectors.sum(axis=1)
        return units

    @cached_property
    def parts(self) -> tuple[Ints, Ints]:
        """All pairs part <= whole, sorted by whole: ``(part, start)``.

        ``part[start[w]:start[w + 1]]`` are the numbers of the vectors below vector number w, zero and w included.
        """
        part = np.zeros(1, dtype=np.int64)
        whole = np.zeros(1, dtype=np.int64)
        for quantity in self.quantities:
            below, above = np.tril_indices(quantity + 1)[::-1]
            part = (part[:, None] * (quantity + 1) + below[None, :]).ravel()
            whole = (whole[:, None] * (quantity + 1) + above[None, :]).ravel()
        order = np.lexsort((part, whole))
        counts = np.bincount(whole, minlength=self.size)
        return part[order], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @cached_property
    def rests(self) -> Ints:
        """(n_pairs,) int64: what each of `parts` leaves of its whole."""
        part, start = self.parts
        rest: Ints = np.repeat(np.arange(self.size), np.diff(start)) - part
        return rest

    @cached_property
    def levels(self) -> tuple[tuple[Ints, Ints, Ints, Ints], ...]:
        """Pairs grouped by the units of the whole, for dynamic programs that build up from small wholes.

        Each level is ``(whole, part, rest, start)``: the wholes of that many units (n,), and for all of them in turn
        the parts v that hold a unit of the whole's first line in demand (others are the same partition in another
        order), with rest = whole - part; ``start`` (n,) is where each whole's run begins.
        """
        part, start = self.parts
        whole = np.repeat(np.arange(self.size), np.diff(start))
        vectors = self.vectors
        first = np.argmax(vectors > 0, axis=1)
        kept = np.flatnonzero((whole > 0) & (vectors[part, first[whole]] > 0))
        kept = kept[np.argsort(self.units[whole[kept]], kind="stable")]  # by units, each level still sorted by whole
        part, whole = part[kept], whole[kept]
        ends = np.searchsorted(self.units[whole], np.arange(1, int(self.units[-1]) + 2))
        grouped = []
        for begin, end in pairwise(ends.tolist()):
            level = whole[begin:end]
            starts = np.flatnonzero(np.diff(level, prepend=-1))
            grouped.append((level[starts], part[begin:end], level - part[begin:end], starts.astype(np.int64)))
        return tuple(grouped)

    @cached_property
    def steps(self) -> Steps:
        """The levels in one run."""
        sizes = np.cumsum([0, *(len(part) for _, part, _, _ in self.levels)])
        whole = np.concatenate([whole for whole, _, _, _ in self.levels])
        position = np.zeros(len(whole) + 1, dtype=np.int64)
        position[whole] = np.arange(len(whole))
        return Steps(
            whole=whole,
            start=np.concatenate([start + size for (_, _, _, start), size in zip(self.levels, sizes, strict=False)]),
            part=np.concatenate([part for _, part, _, _ in self.levels]),
            rest=np.concatenate([rest for _, _, rest, _ in self.levels]),
            position=position,
        )


def lattice_weights(lattice: Lattice) -> Ints:
    """Return (n_lines,) what one unit of each line adds to the number of a vector.

    Parameters
    ----------
    lattice
        The lattice.
    """
    radix = np.array([quantity + 1 for quantity in lattice.quantities], dtype=np.int64)
    weights: Ints = np.r_[np.cumprod(radix[:0:-1])[::-1], 1].astype(np.int64)
    return weights


SMALL_PAIRS = 5000
"""Pairs of a lattice of which many are kept: some 400 KB with all that is derived from it."""
_small, _large = lru_cache(maxsize=1024)(Lattice), lru_cache(maxsize=32)(Lattice)


def lattice_of(quantities: tuple[int, ...]) -> Lattice:
    """Return the lattice of some quantities; the same object for the same quantities, of late.

    Parameters
    ----------
    quantities
        Units of each line.
    """
    return _small(quantities) if pair_count(quantities) <= SMALL_PAIRS else _large(quantities)
