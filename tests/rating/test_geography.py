import math
from decimal import Decimal

import numpy as np
import pytest
from geopy.distance import great_circle
from hypothesis import given, settings
from hypothesis import strategies as st

from quartermaster.rating import geography
from quartermaster.rating.geography import UNKNOWN_DISTANCE_M, Places, distance_m

NEWPORT, CLEVELAND = (41.49008, -71.312796), (41.499498, -81.695391)


def between(destination, origin):
    to, start = (Places.of(np.array([lat]), np.array([lon])) for lat, lon in (destination, origin))
    return int(distance_m(to, start, np.array([0]), np.array([0]))[0])


def test_newport_to_cleveland_is_what_geopys_manual_prints():
    # geopy's documentation of great_circle: 536.997990696 miles.
    assert between(NEWPORT, CLEVELAND) == int(Decimal("536.997990696") * Decimal("1609.344") + Decimal("0.5"))


@pytest.mark.parametrize(
    ("destination", "origin", "metres"),
    [
        ((0.0, 0.0), (0.0, 180.0), 20_015_115),  # half of 2 pi 6 371 009 m
        ((90.0, 0.0), (-90.0, 0.0), 20_015_115),
        ((0.0, 0.0), (90.0, 123.0), 10_007_558),  # a quarter: 10 007 557.6 m
        ((0.0, 10.0), (1.0, 10.0), 111_195),  # one degree of a meridian: 111 195.08 m
        ((0.0, 179.5), (0.0, -179.5), 111_195),  # over the date line
        ((51.5, -0.1), (51.5, -0.1), 0),
    ],
)
def test_distances_that_follow_from_the_radius(destination, origin, metres):
    assert between(destination, origin) == metres


def test_new_york_to_los_angeles():
    # 3 936 km by the great circle in any atlas; 3 935 752 m by the haversine formula on this radius.
    south, north, west = math.radians(34.0522), math.radians(40.7128), math.radians(118.2437 - 74.0060)
    half = math.sin((north - south) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(west / 2) ** 2
    assert between((34.0522, -118.2437), (40.7128, -74.0060)) == round(2 * 6_371_009 * math.asin(math.sqrt(half)))
    assert between((34.0522, -118.2437), (40.7128, -74.0060)) == pytest.approx(3_936_000, abs=1000)


@pytest.mark.parametrize("unknown", [(math.nan, math.nan), (math.nan, 5.0), (5.0, math.nan)])
def test_an_unknown_place_is_as_far_as_anything_can_be(unknown):
    assert round(math.pi * 6_371_009) == UNKNOWN_DISTANCE_M
    assert between(unknown, (1.0, 1.0)) == UNKNOWN_DISTANCE_M
    assert between((1.0, 1.0), unknown) == UNKNOWN_DISTANCE_M
    assert between(unknown, unknown) == UNKNOWN_DISTANCE_M


def geopy_metres(destination, origin):
    return math.floor(great_circle(origin, destination).m + 0.5)


degrees = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(destination=degrees, origin=degrees)
@settings(max_examples=1000, deadline=None)
def test_equals_geopy_anywhere(destination, origin):
    assert between(destination, origin) == geopy_metres(destination, origin)


@given(place=degrees, north=st.floats(-1e-3, 1e-3), east=st.floats(-1e-3, 1e-3), far=st.booleans())
@settings(max_examples=500, deadline=None)
def test_equals_geopy_next_door_and_at_the_antipode(place, north, east, far):
    lat, lon = place
    other = (max(min((-lat if far else lat) + north, 90), -90), (lon + 180 if far and lon < 0 else lon) + east)
    other = (other[0], max(min(other[1], 180.0), -180.0))
    assert between(place, other) == geopy_metres(place, other)


def test_equals_geopy_on_tens_of_thousands_of_pairs_of_a_continent():
    random = np.random.default_rng(7)
    lat, lon = random.uniform(24, 49, 500), random.uniform(-125, -67, 500)
    places = Places.of(lat, lon)
    to, start = random.integers(0, 500, (2, 40_000))
    found = distance_m(places, places, to, start)
    assert found.tolist() == [
        geopy_metres((lat[one], lon[one]), (lat[other], lon[other]))
        for one, other in zip(to.tolist(), start.tolist(), strict=True)
    ]
    assert np.array_equal(found, distance_m(places, places, start, to))


def test_a_distance_at_the_very_half_is_left_to_geopy(monkeypatch):
    # Along the equator the distance grows by 1.9 cm per 1.7e-7 degrees; walk to a longitude whose metre is a half.
    lon = math.degrees(1000.5 / 6_371_009)
    asked = []

    def recorded(start, end):
        asked.append((start, end))
        return great_circle(start, end)

    monkeypatch.setattr(geography, "great_circle", recorded)
    orders = Places.of(np.zeros(3), np.array([lon, lon, 0.4]))
    nodes = Places.of(np.zeros(1), np.zeros(1))
    found = distance_m(orders, nodes, np.array([0, 1, 2, 0]), np.zeros(4, dtype=int))
    assert asked == [((0.0, 0.0), (0.0, lon))], "once for a pair of points, and not for pairs beyond doubt"
    expected = geopy_metres((0.0, lon), (0.0, 0.0))
    assert found.tolist() == [expected, expected, geopy_metres((0.0, 0.4), (0.0, 0.0)), expected]
