"""The map: nodes by units shipped, flows to regions, orders on their ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from quartermaster.report.ground import Place, frame, graticule, shows_states, states
from quartermaster.report.labels import SMALLEST_CIRCLE, Label, largest_circle, place_labels
from quartermaster.report.network import Flow, NodeLoad, Region
from quartermaster.report.svg import GRID, INK, load_altair

KIND_COLOURS = {"dc": "#0072B2", "store": "#E69F00", "vendor": "#009E73"}
KIND_NAMES = {"dc": "Distribution centre", "store": "Store", "vendor": "Vendor"}
SHORT, ORDER, IDLE = "#D55E00", "#aab2bd", "#7d8794"
"""Colours of orders with a backorder, of all orders, and of nodes that ship nothing."""
_FLOW_OPACITY = 0.42
WIDTH, HEIGHT = 1000, 590


@dataclass(frozen=True, slots=True)
class MapParts:
    """What a map shows.

    Parameters
    ----------
    loads, flows, regions
        Nodes, flows and regions with orders.
    """

    loads: Sequence[NodeLoad]
    flows: Sequence[Flow]
    regions: Sequence[Region]

    def places(self) -> list[Place]:
        """Every known place of the map."""
        known = [(load.lat, load.lon) for load in self.loads if not isnan(load.lat)]
        return known + [(region.lat, region.lon) for region in self.regions]


def map_chart(parts: MapParts) -> Any | None:
    """Draw the map, or return None where no place is known.

    Parameters
    ----------
    parts
        What to show.
    """
    places = parts.places()
    if not places:
        return None
    alt = load_altair()
    us = shows_states(places)
    layers = [_ground(alt, places, us), _orders(alt, parts.regions)]
    layers += _flows(alt, parts.flows, us)
    layers += [_shortages(alt, parts.regions), *_nodes(alt, parts.loads), *_labels(alt, parts, us)]
    projection = {"type": "albersUsa"} if us else {"type": "mercator"}
    drawn = alt.layer(*[layer for layer in layers if layer is not None])
    # Orders, nodes and flows are measured apart: one common scale would shrink all but the largest kind.
    drawn = drawn.resolve_scale(size="independent", strokeWidth="independent", color="independent")
    return drawn.project(**projection).properties(width=WIDTH, height=HEIGHT)


def outside(parts: MapParts) -> int:
    """Count the orders that the map of the United States leaves out; 0 on any other map.

    Parameters
    ----------
    parts
        What it shows.
    """
    places = parts.places()
    if not places or not shows_states(places):
        return 0
    return sum(region.orders for region in parts.regions if frame((region.lat, region.lon)) is None)


def _ground(alt: Any, places: Sequence[Place], us: bool) -> Any:
    if us:
        data = alt.Data(values=states(), format=alt.DataFormat(type="topojson", feature="states"))
        return alt.Chart(data).mark_geoshape(fill="#eff1ee", stroke="#c3c9d1", strokeWidth=0.8)
    return alt.Chart(alt.Data(values=graticule(places))).mark_geoshape(filled=False, stroke=GRID, strokeWidth=1)


def _orders(alt: Any, regions: Sequence[Region]) -> Any:
    rows = [{"lat": region.lat, "lon": region.lon, "orders": region.orders} for region in regions]
    most = max((region.orders for region in regions), default=1)
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(color=ORDER, opacity=0.75)
        .encode(
            longitude="lon:Q",
            latitude="lat:Q",
            size=alt.Size("orders:Q", scale=alt.Scale(domain=[0, most], range=[5, 70]), legend=None),
        )
    )


def _flows(alt: Any, flows: Sequence[Flow], us: bool) -> list[Any]:
    most = max((flow.units for flow in flows), default=1)
    width = alt.Scale(domain=[0, most], range=[0.5, 7])
    ink = alt.Stroke("kind:N", scale=_kind_scale(alt), legend=None)
    near = [flow for flow in flows if not (us and _crosses_frames(flow))]
    far = [flow for flow in flows if us and _crosses_frames(flow)]
    layers = []
    if near:
        marked = alt.Chart(alt.Data(values=[_great_circle(flow) for flow in near]))
        marked = marked.mark_geoshape(filled=False, opacity=_FLOW_OPACITY, strokeCap="round")
        layers.append(marked.encode(stroke=ink, strokeWidth=alt.StrokeWidth("units:Q", scale=width, legend=None)))
    if far:
        # A great circle would break off at the edge of the frame: Alaska and Hawaii are drawn elsewhere.
        rows = [
            {
                "lat": flow.from_lat,
                "lon": flow.from_lon,
                "to_lat": flow.to_lat,
                "to_lon": flow.to_lon,
                "kind": KIND_NAMES[flow.kind],
                "units": flow.units,
            }
            for flow in far
        ]
        marked = alt.Chart(alt.Data(values=rows)).mark_rule(opacity=_FLOW_OPACITY, strokeDash=[3, 3])
        ends = {"longitude": "lon:Q", "latitude": "lat:Q", "longitude2": "to_lon:Q", "latitude2": "to_lat:Q"}
        layers.append(
            marked.encode(**ends, stroke=ink, strokeWidth=alt.StrokeWidth("units:Q", scale=width, legend=None))
        )
    return layers


def _great_circle(flow: Flow) -> dict[str, Any]:
    line = [[flow.from_lon, flow.from_lat], [flow.to_lon, flow.to_lat]]
    shape = {"type": "LineString", "coordinates": line}
    return {"type": "Feature", "geometry": shape, "kind": KIND_NAMES[flow.kind], "units": flow.units}


def _crosses_frames(flow: Flow) -> bool:
    return frame((flow.from_lat, flow.from_lon)) != frame((flow.to_lat, flow.to_lon))


def _shortages(alt: Any, regions: Sequence[Region]) -> Any | None:
    rows: list[dict[str, Any]] = [
        {"lat": region.lat, "lon": region.lon, "short": region.short} for region in regions if region.short
    ]
    if not rows:
        return None
    most = max(row["short"] for row in rows)
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_point(shape="circle", filled=False, stroke=SHORT, strokeWidth=1.6, opacity=1)
        .encode(
            longitude="lon:Q",
            latitude="lat:Q",
            size=alt.Size(
                "short:Q", scale=alt.Scale(domain=[0, most], range=[16, 16 + 14 * min(most, 6)]), legend=None
            ),
        )
    )


def _nodes(alt: Any, loads: Sequence[NodeLoad]) -> list[Any]:
    rows: list[dict[str, Any]] = [
        {"lat": load.lat, "lon": load.lon, "units": load.units, "kind": KIND_NAMES[load.kind]}
        for load in sorted(loads, key=lambda load: -load.units)
        if not isnan(load.lat)
    ]
    most = max((row["units"] for row in rows), default=0) or 1
    places = {"longitude": "lon:Q", "latitude": "lat:Q"}
    area = alt.Scale(domain=[0, most], range=[SMALLEST_CIRCLE, largest_circle(len(rows))])
    layers = []
    idle, shipping = [row for row in rows if not row["units"]], [row for row in rows if row["units"]]
    if idle:
        marked = alt.Chart(alt.Data(values=idle)).mark_point(
            shape="circle", filled=True, fill="white", stroke=IDLE, strokeWidth=1.5, size=40, opacity=1
        )
        layers.append(marked.encode(**places))
    if shipping:
        marked = alt.Chart(alt.Data(values=shipping)).mark_circle(stroke="white", strokeWidth=1.2, opacity=0.95)
        layers.append(
            marked.encode(
                **places,
                size=alt.Size("units:Q", scale=area, legend=None),
                color=alt.Color("kind:N", scale=_kind_scale(alt), legend=None),
            )
        )
    return layers


def _labels(alt: Any, parts: MapParts, us: bool) -> list[Any]:
    placed = place_labels([load for load in parts.loads if not isnan(load.lat)], parts.places(), us)
    layers = []
    for halo in (True, False):
        for align in ("left", "right"):
            rows = [_label_row(label) for label in placed if label.align == align]
            if not rows:
                continue
            mark: dict[str, Any] = {"align": align, "fontSize": 12, "fontWeight": 600, "baseline": "middle"}
            mark |= {"stroke": "white", "strokeWidth": 3.5, "opacity": 0.9} if halo else {"color": INK}
            for dx in sorted({row["dx"] for row in rows}):
                data = alt.Data(values=[row for row in rows if row["dx"] == dx])
                layers.append(
                    alt.Chart(data)
                    .mark_text(**mark, dx=dx if align == "left" else -dx)
                    .encode(longitude="lon:Q", latitude="lat:Q", text="text:N")
                )
    return layers


def _label_row(label: Label) -> dict[str, Any]:
    return {"lat": label.lat, "lon": label.lon, "text": label.text, "dx": label.dx}


def _kind_scale(alt: Any) -> Any:
    return alt.Scale(domain=[KIND_NAMES[kind] for kind in KIND_COLOURS], range=list(KIND_COLOURS.values()))
