"""Finding the step of a rate card that a parcel's weight falls on, for millions of parcels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUCKETS = 2**18
"""Buckets over all cards: a table that stays in a processor's second-level cache."""
MAX_ROUNDS = 12
"""Beyond so many steps in one bucket a binary search is no slower."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The steps of all rate cards, sorted, with an index of buckets.

    A binary search costs about 90 ns a parcel, most of it in mispredicted branches. Buckets of a power of two of grams
    start each parcel at most `rounds` steps before its own, for about 10 ns.

    Parameters
    ----------
    break_g
        (n_steps,) int64, breaks of each card, ascending within it; the cards follow each other.
    key
        (n_steps,) int64, ascending: card · `stride` + break.
    stride
        More than any break.
    last_break_g
        (n_cards,) int64, last break of each card.
    shift, first_bucket
        (n_cards,) int64: grams are shifted right by `shift` and added to `first_bucket`.
    start
        (n_buckets,) int64, first step whose break is not below the bucket.
    rounds
        Most steps in one bucket.
    """

    break_g: NDArray[np.int64]
    key: NDArray[np.int64]
    stride: int
    last_break_g: NDArray[np.int64]
    shift: NDArray[np.int64]
    first_bucket: NDArray[np.int64]
    start: NDArray[np.int64]
    rounds: int

    @classmethod
    def of(cls, card: NDArray[np.int64], break_g: NDArray[np.int64]) -> Steps:
        """Index the steps of some cards.

        Parameters
        ----------
        card
            (n_steps,) int64, ascending, each number from 0 to the last at least once.
        break_g
            (n_steps,) int64, at least 1, ascending within each card.
        """
        stride = int(break_g.max()) + 1
        key = card * stride + break_g
        last = break_g[np.append(np.flatnonzero(np.diff(card)), len(card) - 1)]
        bits = max(BUCKETS // len(last), 1).bit_length() - 1
        shift = np.maximum(np.frexp(last.astype(np.float64))[1].astype(np.int64) - bits, 0)
        n_buckets = (last >> shift) + 1
        first_bucket = np.cumsum(n_buckets) - n_buckets
        of_bucket = np.repeat(np.arange(len(last)), n_buckets)
        low = (np.arange(len(of_bucket)) - first_bucket[of_bucket]) << shift[of_bucket]
        start = np.searchsorted(key, of_bucket * stride + low)
        high = np.minimum(low + (1 << shift[of_bucket]), stride - 1)
        rounds = np.searchsorted(key, of_bucket * stride + high) - start
        return cls(break_g, key, stride, last, shift, first_bucket, start, int(rounds.max()))

    def find(self, card: NDArray[np.int64], parcel_g: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the step of each parcel: the first break that is not below its weight.

        Parameters
        ----------
        card
            Card of each parcel.
        parcel_g
            Weight of each parcel, at most the card's last break; broadcasts with `card`.

        Returns
        -------
        ndarray of int64, of the common shape
            Positions of steps.
        """
        if self.rounds > MAX_ROUNDS:
            return np.asarray(np.searchsorted(self.key, card * self.stride + parcel_g), dtype=np.int64)
        step = self.start.take(self.first_bucket.take(card) + (parcel_g >> self.shift.take(card)))
        for _ in range(self.rounds):
            step += self.break_g.take(step) < parcel_g
        return step
