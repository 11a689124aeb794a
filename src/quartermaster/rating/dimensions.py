"""Billable weight: what a shipment weighs, or what its volume counts for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray

from quartermaster.errors import RatingError
from quartermaster.rating.amounts import SAFE, highest

_NEVER = 2**63 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Dimensional:
    """Dimensional weight of every service.

    Volumes are whole mm3, so ``ceil(1000 · cm3 / divisor)`` is ``ceil(mm3 / divisor)`` and ``cm3 > dim_above_cm3`` is
    ``mm3 > floor(1000 · dim_above_cm3)``, both exactly.

    Parameters
    ----------
    above_mm3
        (n_services,) int64, volumes up to this do not count; the largest integer where there is no divisor.
    divisor
        (n_services,) exact, mm3 per gram; 1 where there is none.
    up, down
        (n_services,) int64, numerators and denominators of `divisor`; None where they are beyond 64 bits.
    """

    above_mm3: NDArray[np.int64]
    divisor: tuple[Fraction, ...]
    up: NDArray[np.int64] | None
    down: NDArray[np.int64] | None

    @classmethod
    def of(cls, divisors: Sequence[Decimal | None], above_cm3: Sequence[Decimal]) -> Dimensional:
        """Take them from the columns of the services.

        Parameters
        ----------
        divisors
            cm3 per kg (which is mm3 per gram), None = the actual weight alone counts.
        above_cm3
            Volume above which dimensions count.
        """
        exact = tuple(Fraction(1 if divisor is None else divisor) for divisor in divisors)
        above = [
            _NEVER if divisor is None else min(floor(Fraction(volume) * 1000), _NEVER)
            for divisor, volume in zip(divisors, above_cm3, strict=True)
        ]
        safe = all(max(divisor.numerator, divisor.denominator) < SAFE for divisor in exact)
        return cls(
            above_mm3=np.array(above, dtype=np.int64),
            divisor=exact,
            up=np.array([divisor.numerator for divisor in exact], dtype=np.int64) if safe else None,
            down=np.array([divisor.denominator for divisor in exact], dtype=np.int64) if safe else None,
        )

    def billable_g(
        self, service: NDArray[np.int64], weight_g: NDArray[np.int64], volume_mm3: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the billable weight: actual or dimensional, whichever is more.

        Parameters
        ----------
        service, weight_g, volume_mm3
            int64, broadcast together; weight and volume of the whole shipment.

        Returns
        -------
        ndarray of int64, of the common shape

        Raises
        ------
        RatingError
            If a weight is beyond 64 bits.
        """
        counts = volume_mm3 > self.above_mm3.take(service)
        if not counts.any():
            return np.asarray(weight_g + np.zeros_like(counts, dtype=np.int64), dtype=np.int64)
        if self.up is not None and self.down is not None and highest(volume_mm3) * highest(self.down) < SAFE:
            volume = volume_mm3 if highest(self.down) == 1 else volume_mm3 * self.down.take(service)
            dimensional = -(-volume // self.up.take(service))
        else:
            dimensional = self._exactly(service, volume_mm3)
        return np.where(counts & (dimensional > weight_g), dimensional, weight_g)

    def _exactly(self, service: NDArray[np.int64], volume_mm3: NDArray[np.int64]) -> NDArray[np.int64]:
        """Divide in Python ints: the path for absurd volumes, slow but never wrong."""
        service, volume_mm3 = np.broadcast_arrays(service, volume_mm3)
        pairs = zip(service.ravel().tolist(), volume_mm3.ravel().tolist(), strict=True)
        # Where dimensions do not count the quotient is not used; 0 keeps it from overflowing.
        grams = [
            -(-volume * self.divisor[index].denominator // self.divisor[index].numerator)
            if volume > self.above_mm3[index]
            else 0
            for index, volume in pairs
        ]
        if max(grams, default=0) >= SAFE:
            raise RatingError(f"a dimensional weight of {max(grams)} g is beyond 64 bits; check the sides of products")
        return np.array(grams, dtype=np.int64).reshape(volume_mm3.shape)
