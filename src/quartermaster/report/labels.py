"""Which nodes are named on the map, and on which side, so that names do not cover each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi, sqrt

from quartermaster.report.ground import Place
from quartermaster.report.network import NodeLoad

MAX_LABELS = 14
"""Most names on a map."""
_LONGEST = 24
SMALLEST_CIRCLE, _LARGEST_CIRCLE, _CROWD = 55, 950, 38_000
_LETTER, _LINE = 7.2, 15.0
"""Width of a letter and height of a line, in pixels, a little generous."""
_US_PIXELS = (17.0, 21.5)
"""Pixels of a degree of longitude and latitude in the middle of the map of the United States."""


@dataclass(frozen=True, slots=True)
class Label:
    """One name on the map.

    Parameters
    ----------
    text
        What is written.
    lat, lon
        Degrees.
    align
        ``left``: the text stands right of the node; ``right``: left of it.
    dx
        Distance to the node's centre, in pixels.
    """

    text: str
    lat: float
    lon: float
    align: str
    dx: int


def largest_circle(nodes: int) -> int:
    """Return the area of the circle of the node that ships most, in square pixels; smaller where nodes crowd.

    Parameters
    ----------
    nodes
        Nodes on the map.
    """
    return max(200, min(_LARGEST_CIRCLE, _CROWD // max(nodes, 1)))


def place_labels(loads: Sequence[NodeLoad], places: Sequence[Place], us: bool) -> list[Label]:
    """Name the nodes that ship most, leaving out a name that would cover another.

    Parameters
    ----------
    loads
        Nodes with a place.
    places
        All places of the map, which set its scale where it is not the map of the United States.
    us
        Whether it is.
    """
    across, up = _US_PIXELS if us else _pixels(places)
    most, largest = max((load.units for load in loads), default=0) or 1, largest_circle(len(loads))
    taken: list[tuple[float, float, float, float]] = []
    labels: list[Label] = []
    for load in sorted(loads, key=lambda load: (-load.units, load.node_id)):
        if len(labels) == MAX_LABELS or not load.units:
            break
        text = load.node_id if len(load.node_id) <= _LONGEST else load.node_id[: _LONGEST - 1] + "…"
        area = SMALLEST_CIRCLE + (largest - SMALLEST_CIRCLE) * load.units / most
        dx = round(sqrt(area / pi) + 4)
        x, y, width = load.lon * across, -load.lat * up, len(text) * _LETTER
        boxes = {
            "left": (x + dx, y - _LINE / 2, x + dx + width, y + _LINE / 2),
            "right": (x - dx - width, y - _LINE / 2, x - dx, y + _LINE / 2),
        }
        side = next((side for side, box in boxes.items() if not any(_cross(box, other) for other in taken)), None)
        if side is not None:
            taken += [boxes[side], (x - dx + 4, y - dx + 4, x + dx - 4, y + dx - 4)]
            labels.append(Label(text=text, lat=load.lat, lon=load.lon, align=side, dx=dx))
    return labels


def _pixels(places: Sequence[Place]) -> tuple[float, float]:
    lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
    scale = min(1000 / max(max(lons) - min(lons), 0.5), 590 / max(max(lats) - min(lats), 0.5))
    return scale, scale


def _cross(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
