"""Zones: distance bands and pairs of postal prefixes, per carrier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.domain.carriers import Zone
from quartermaster.domain.table import Table

NO_ZONE = -1
"""No zone, or a service that is not offered."""


@dataclass(frozen=True, slots=True, eq=False)
class PostalCodes:
    """Postal codes of all orders, or of all nodes; each distinct text once.

    Parameters
    ----------
    distinct
        The distinct texts.
    which
        (n_places,) int, position of each place's text in `distinct`.
    """

    distinct: tuple[str, ...]
    which: NDArray[np.intp]

    @classmethod
    def of(cls, column: NDArray[Any]) -> PostalCodes:
        """Take them from a column.

        Parameters
        ----------
        column
            (n_places,) object, texts; empty = not given.
        """
        found: dict[str, int] = {}
        which = [found.setdefault(text, len(found)) for text in column.tolist()]
        return cls(tuple(found), np.array(which, dtype=np.intp))


@dataclass(frozen=True, slots=True, eq=False)
class CarrierZones:
    """Zone rules of one carrier, ready to be looked up.

    Parameters
    ----------
    bound_m
        (n_bands,) int64, ascending: the longest whole metres within each band.
    band_zone
        (n_bands + 1,) int32, zone of each band; the last is `NO_ZONE`.
    destination_class, origin_class
        (n_orders,), (n_nodes,) int: the longest prefix of a rule that each postal code begins with. The prefixes of
        one text are nested, so the longest tells all of them.
    pair_zone
        (n_destination_classes, n_origin_classes) int32, zone by prefixes; `NO_ZONE` where the bands decide.
    """

    bound_m: NDArray[np.int64]
    band_zone: NDArray[np.int32]
    destination_class: NDArray[np.intp]
    origin_class: NDArray[np.intp]
    pair_zone: NDArray[np.int32]

    @classmethod
    def everywhere(cls, n_orders: int, n_nodes: int) -> CarrierZones:
        """Put every lane into zone 0.

        Parameters
        ----------
        n_orders, n_nodes
            How many there are.
        """
        return cls(
            bound_m=np.empty(0, dtype=np.int64),
            band_zone=np.zeros(1, dtype=np.int32),
            destination_class=np.zeros(n_orders, dtype=np.intp),
            origin_class=np.zeros(n_nodes, dtype=np.intp),
            pair_zone=np.full((1, 1), NO_ZONE, dtype=np.int32),
        )

    def zone(
        self, distance_m: NDArray[np.int64], order: NDArray[np.integer], node: NDArray[np.integer]
    ) -> NDArray[np.int32]:
        """Find the zone of each lane.

        Parameters
        ----------
        distance_m
            (n_lanes,) int64.
        order, node
            (n_lanes,) positions of the destination and the origin.

        Returns
        -------
        ndarray of int32, shape (n_lanes,)
            Zone, `NO_ZONE` where no rule applies.
        """
        band = self.band_zone[np.searchsorted(self.bound_m, distance_m, side="left")]
        if self.pair_zone.size == 1 and self.pair_zone[0, 0] == NO_ZONE:
            return band
        pair = self.pair_zone[self.destination_class[order], self.origin_class[node]]
        return np.where(pair == NO_ZONE, band, pair)


def carrier_zones(
    zones: Table[Zone],
    carrier: str,
    zone_index: Mapping[str, int],
    destinations: PostalCodes,
    origins: PostalCodes,
) -> CarrierZones:
    """Prepare the zone rules of one carrier.

    Parameters
    ----------
    zones
        The rules of every carrier, in canonical order; of equal rules the first wins.
    carrier
        The carrier.
    zone_index
        Position of each zone by its name.
    destinations, origins
        Postal codes of the orders and of the nodes.
    """
    mine = np.flatnonzero(zones["carrier"] == carrier)
    columns = (
        zones[name][mine].tolist() for name in ("zone", "max_distance_km", "origin_prefix", "destination_prefix")
    )
    bands: list[tuple[Fraction, int]] = []
    pairs: dict[tuple[str, str], int] = {}
    for zone, bound, origin, destination in zip(*columns, strict=True):
        if bound is None:
            pairs.setdefault((origin, destination), zone_index[zone])
        else:
            bands.append((Fraction(bound) * 1000, zone_index[zone]))
    # A stable sort by the exact bound; distances are whole metres, so only its whole metres can matter after it.
    bands.sort(key=lambda band: band[0])
    destination_class, destination_prefixes = _classes(destinations, {destination for _, destination in pairs})
    origin_class, origin_prefixes = _classes(origins, {origin for origin, _ in pairs})
    return CarrierZones(
        bound_m=np.array([floor(bound) for bound, _ in bands], dtype=np.int64),
        band_zone=np.array([*(zone for _, zone in bands), NO_ZONE], dtype=np.int32),
        destination_class=destination_class,
        origin_class=origin_class,
        pair_zone=_pair_zones(pairs, destination_prefixes, origin_prefixes),
    )


def _classes(codes: PostalCodes, prefixes: set[str]) -> tuple[NDArray[np.intp], list[str | None]]:
    """Group places by the longest prefix they begin with; None stands for no prefix at all."""
    lengths = sorted({len(prefix) for prefix in prefixes}, reverse=True)
    found: dict[str | None, int] = {}
    class_of = []
    for text in codes.distinct:
        longest = next((text[:length] for length in lengths if text[:length] in prefixes), None)
        class_of.append(found.setdefault(longest, len(found)))
    return np.array(class_of, dtype=np.intp)[codes.which], list(found)


def _pair_zones(
    pairs: Mapping[tuple[str, str], int], destinations: Sequence[str | None], origins: Sequence[str | None]
) -> NDArray[np.int32]:
    """Fill the table of classes: longest origin + destination first, then the longer origin."""
    table = np.full((max(len(destinations), 1), max(len(origins), 1)), NO_ZONE, dtype=np.int32)
    by_length: dict[tuple[int, int], list[tuple[str, str, int]]] = {}
    for (origin, destination), zone in pairs.items():
        by_length.setdefault((len(origin), len(destination)), []).append((origin, destination, zone))
    for lengths in sorted(by_length, key=lambda both: (-sum(both), -both[0])):
        origin_id, of_origin = _beginnings(origins, lengths[0])
        destination_id, of_destination = _beginnings(destinations, lengths[1])
        # One column and one row more, all NO_ZONE, for the classes that are shorter than the prefixes of this length.
        small = np.full((len(destination_id) + 1, len(origin_id) + 1), NO_ZONE, dtype=np.int32)
        for origin, destination, zone in by_length[lengths]:
            if origin in origin_id and destination in destination_id:
                small[destination_id[destination], origin_id[origin]] = zone
        table = np.where(table == NO_ZONE, small[of_destination[:, None], of_origin[None, :]], table)
    return table


def _beginnings(classes: Sequence[str | None], length: int) -> tuple[dict[str, int], NDArray[np.intp]]:
    """Number the distinct first `length` characters of the classes; -1 for a class that has not so many."""
    found: dict[str, int] = {}
    of_class = [
        -1 if text is None or len(text) < length else found.setdefault(text[:length], len(found)) for text in classes
    ]
    return found, np.array(of_class, dtype=np.intp)
