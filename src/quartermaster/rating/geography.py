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
"""numpy and math differ in the last bits of a sine, some 1e-8 m on the ground; 100 times that is in doubt."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places of one kind (all orders, or all nodes), with the sines and cosines a distance needs.

    Parameters
    ----------
    lat, lon
        (n_places,) float64, degrees; NaN = unknown.
    sin_lat, cos_lat, sin_lon, cos_lon
        (n_places,) float64.
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    sin_lat: NDArray[np.float64]
    cos_lat: NDArray[np.float64]
    sin_lon: NDArray[np.float64]
    cos_lon: NDArray[np.float64]

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
        return cls(lat, lon, np.sin(north), np.cos(north), np.sin(east), np.cos(east))


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
    The angle-difference identities replace the sine and cosine of each pair's longitude difference; the formula is
    the one of `geopy.distance.great_circle` (the special case of Vincenty's for a sphere). Pairs whose fraction is
    too near to a half are measured again with geopy itself.
    """
    sin_d, cos_d = destinations.sin_lat[destination], destinations.cos_lat[destination]
    sin_o, cos_o = origins.sin_lat[origin], origins.cos_lat[origin]
    sin_de, cos_de = destinations.sin_lon[destination], destinations.cos_lon[destination]
    sin_oe, cos_oe = origins.sin_lon[origin], origins.cos_lon[origin]
    cos_east = cos_de * cos_oe + sin_de * sin_oe
    sin_east = sin_de * cos_oe - cos_de * sin_oe
    across = cos_o * sin_d - sin_o * cos_d * cos_east
    along = sin_o * sin_d + cos_o * cos_d * cos_east
    metres = EARTH_RADIUS_M * np.arctan2(np.hypot(cos_d * sin_east, across), along)
    unknown = np.isnan(metres)
    metres[unknown] = UNKNOWN_DISTANCE_M
    whole = np.floor(metres)
    fraction = metres - whole
    rounded: NDArray[np.int64] = whole.astype(np.int64) + (fraction >= 0.5)
    doubtful = np.flatnonzero(np.abs(fraction - 0.5) < DOUBTFUL_M)
    if doubtful.size:
        rounded[doubtful] = _measured_again(destinations, origins, destination[doubtful], origin[doubtful])
    return rounded


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
