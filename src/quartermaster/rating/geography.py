"""Distances: the great circle between places, vectorised, equal to geopy's to the metre."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from geopy.distance import great_circle
from numpy.typing import NDArray

from quartermaster.domain.money import round_half_up

EARTH_RADIUS_M = 6_371_009.0
"""Mean radius of the Earth that geopy uses (IUGG mean radius R1, rounded to the metre)."""
UNKNOWN_DISTANCE_M = 20_015_115
"""Half the Earth's circumference: an unknown place is last, never first."""
DOUBTFUL_M = 1e-6
"""This formula and geopy's differ in the last bits of a sine, some 1e-8 m on the ground; 100 times that is in doubt."""
FAR = 2.0
"""Square of the chord of a quarter of the circumference: beyond it, the antipode is nearer."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places of one kind (all orders, or all nodes), with the points of the unit sphere that a distance needs.

    Parameters
    ----------
    lat, lon
        (n_places,) float64, degrees; NaN = unknown.
    x, y, z
        (n_places,) float64, the point of the unit sphere.
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    z: NDArray[np.float64]

    @classmethod
    def of(cls, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Places:
        """Prepare places for distances.

        Parameters
        ----------
        lat, lon
            (n_places,) float64, degrees; NaN in either = unknown.
        """
        known = ~(np.isnan(lat) | np.isnan(lon))
        lat = np.where(known, lat, np.nan)
        lon = np.where(known, lon, np.nan)
        north, east = np.radians(lat), np.radians(lon)
        return cls(lat, lon, np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north))


def distance_m(
    destinations: Places, origins: Places, destination: NDArray[np.integer], origin: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Measure the great circle between pairs of places, rounded half-up to the metre.

    Parameters
    ----------
    destinations, origins
        The places (orders and nodes).
    destination, origin
        (n_pairs,) positions in them.

    Returns
    -------
    ndarray of int64, shape (n_pairs,)
        Metres; `UNKNOWN_DISTANCE_M` where either place is unknown.

    Notes
    -----
    The angle is twice the arc sine of half the chord through the unit sphere; towards the antipodes, where that loses
    digits, the chord to the antipode is measured instead. Either is the angle that `geopy.distance.great_circle` finds
    by another formula, to some 1e-8 m. Pairs whose fraction is too near to a half are measured again with geopy itself.
    """
    square = _square(destinations, origins, destination, origin, 1.0)
    metres = np.arcsin(np.minimum(np.sqrt(square), 2.0) / 2.0) * (2.0 * EARTH_RADIUS_M)
    far = np.flatnonzero(square > FAR)
    if far.size:
        rest = np.sqrt(_square(destinations, origins, destination[far], origin[far], -1.0))
        metres[far] = EARTH_RADIUS_M * (np.pi - 2.0 * np.arcsin(rest / 2.0))
    metres[np.isnan(metres)] = UNKNOWN_DISTANCE_M
    whole = np.floor(metres)
    fraction = metres - whole
    rounded: NDArray[np.int64] = whole.astype(np.int64) + (fraction >= 0.5)
    doubtful = np.flatnonzero(np.abs(fraction - 0.5) < DOUBTFUL_M)
    if doubtful.size:
        rounded[doubtful] = _measured_again(destinations, origins, destination[doubtful], origin[doubtful])
    return rounded


def _square(
    destinations: Places, origins: Places, destination: NDArray[np.integer], origin: NDArray[np.integer], sign: float
) -> NDArray[np.float64]:
    """Return the square of the chord from each destination to its origin (`sign` 1) or to its antipode (-1)."""
    square = np.zeros(len(destination))
    for to, start in ((destinations.x, origins.x), (destinations.y, origins.y), (destinations.z, origins.z)):
        side = to.take(destination)
        side -= sign * start.take(origin)
        side *= side
        square += side
    return square


def _measured_again(
    destinations: Places, origins: Places, destination: NDArray[np.integer], origin: NDArray[np.integer]
) -> NDArray[np.int64]:
    """Measure doubtful pairs with geopy, once per distinct pair of points."""
    known: dict[tuple[float, float, float, float], int] = {}
    measured = []
    for to, start in zip(destination.tolist(), origin.tolist(), strict=True):
        ends = (origins.lat[start], origins.lon[start], destinations.lat[to], destinations.lon[to])
        if ends not in known:
            known[ends] = round_half_up(Fraction(great_circle(ends[:2], ends[2:]).m))
        measured.append(known[ends])
    return np.array(measured, dtype=np.int64)
