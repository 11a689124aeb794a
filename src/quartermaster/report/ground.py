"""What a map stands on: the outlines of the states, or a plain grid where the places are elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

_BOXES = ((24.3, 49.6, -125.0, -66.8), (51.0, 71.6, -180.0, -129.5), (18.7, 22.5, -160.6, -154.6))
"""South, north, west, east of the contiguous states, Alaska and Hawaii."""
_MOST_OUTSIDE = 0.05
_STEPS_DEGREES = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30)

Place = tuple[float, float]
"""Latitude and longitude in degrees."""


def frame(place: Place) -> int | None:
    """Say in which frame of the map of the United States a place lies.

    Parameters
    ----------
    place
        The place.

    Returns
    -------
    int or None
        0 the contiguous states, 1 Alaska, 2 Hawaii; None outside all of them.
    """
    lat, lon = place
    inside = [south <= lat <= north and west <= lon <= east for south, north, west, east in _BOXES]
    return inside.index(True) if any(inside) else None


def shows_states(places: Sequence[Place]) -> bool:
    """Say whether the map of the United States suits these places: nearly all of them lie on it.

    Parameters
    ----------
    places
        The places of a snapshot, at least one.
    """
    return sum(frame(place) is None for place in places) <= _MOST_OUTSIDE * len(places)


@cache
def states() -> Any:
    """Return the outlines of the states as TopoJSON; its object is ``states``."""
    return json.loads(files("quartermaster.report").joinpath("data", "us_states.json").read_text(encoding="utf-8"))


def graticule(places: Sequence[Place]) -> list[dict[str, Any]]:
    """Make lines of latitude and longitude around the places, as GeoJSON features.

    Parameters
    ----------
    places
        The places, at least one.
    """
    lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
    reach = max(max(lats) - min(lats), max(lons) - min(lons), 0.5)
    step = next((step for step in _STEPS_DEGREES if reach / step <= 8), _STEPS_DEGREES[-1])
    south, north = _outwards(min(lats), max(lats), step, 85)
    west, east = _outwards(min(lons), max(lons), step, 180)
    lines = [[[west + (east - west) * part / 24, lat] for part in range(25)] for lat in _marks(south, north, step)]
    lines += [[[lon, south + (north - south) * part / 24] for part in range(25)] for lon in _marks(west, east, step)]
    return [{"type": "Feature", "geometry": {"type": "LineString", "coordinates": line}} for line in lines]


def _outwards(low: float, high: float, step: float, most: float) -> tuple[float, float]:
    return max(-most, (low // step - 0.0) * step - step / 2), min(most, -(-high // step) * step + step / 2)


def _marks(low: float, high: float, step: float) -> list[float]:
    first = -(-low // step)
    return [(first + number) * step for number in range(int((high - first * step) // step) + 1)]
