"""The rate book: every price, distance and date of one snapshot, by position instead of by id."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quartermaster.rating import geography
from quartermaster.rating.amounts import scaled, times
from quartermaster.rating.geography import Places
from quartermaster.rating.offers import Offers
from quartermaster.rating.rates import RateCards, Transport
from quartermaster.rating.zones import CarrierZones

NO_PROMISE = 2**31 - 1
"""Promise day of an order without one: later than any delivery."""
BLOCK = 2**16
"""Lanes measured at a time, so that the arrays between stay in the processor's cache."""

SPAN = 2**62
"""Numbers of kinds of lanes stay below this while they are put together."""


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """Pairs of an order and a node, with every service on them.

    Parameters
    ----------
    distance_m
        (n_lanes,) int64.
    zone
        (n_lanes, n_services) int32, position in `RateBook.zone_names`; -1 = the service is not offered on this lane.
    delivery_day
        (n_lanes, n_services) int32, days since 1970-01-01; -1 where not offered.
    late_days
        (n_lanes, n_services) int32, calendar days after the promise; 0 = on time, or nothing promised.
    """

    distance_m: NDArray[np.int64]
    zone: NDArray[np.int32]
    delivery_day: NDArray[np.int32]
    late_days: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class CostRates:
    """Costs beyond transport, exact, in micro.

    Parameters
    ----------
    per_shipment, per_unit
        (n_nodes,) int64, handling.
    per_shipment_metre, per_unit_metre, per_late_day
        Exact rationals; `per_late_day` is 0 where the policy forbids lateness.
    """

    per_shipment: NDArray[np.int64]
    per_unit: NDArray[np.int64]
    per_shipment_metre: Fraction
    per_unit_metre: Fraction
    per_late_day: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class RateBook:
    """What shipping costs and when it arrives, for one snapshot and policy. Made by `rate_book`.

    Orders, nodes and services are meant by their row in the checked snapshot.

    Parameters
    ----------
    service_names
        (carrier, service) of each service; at least one.
    zone_names
        Name of each zone.
    ship_day
        (n_nodes,) int32, days since 1970-01-01 on which a node ships next; -1 = never.
    residential
        (n_orders,) bool.
    promise_day
        (n_orders,) int32, days since 1970-01-01; `NO_PROMISE` where nothing is promised.
    destinations, origins
        Places of the orders and the nodes.
    carriers
        Zone rules of each carrier.
    service_carrier
        (n_services,) int, the carrier of each service.
    offers
        Which service is offered where, and its delivery day.
    cards
        Rate cards; None where the snapshot has no services.
    costs
        Handling, distance and lateness.
    """

    service_names: list[tuple[str, str]]
    zone_names: tuple[str, ...]
    ship_day: NDArray[np.int32]
    residential: NDArray[np.bool_]
    promise_day: NDArray[np.int32]
    destinations: Places
    origins: Places
    carriers: tuple[CarrierZones, ...]
    service_carrier: NDArray[np.intp]
    offers: Offers
    cards: RateCards | None
    costs: CostRates

    @property
    def n_services(self) -> int:
        """Number of services, at least 1."""
        return len(self.service_names)

    def distance_m(self, order: NDArray[Any], node: NDArray[Any]) -> NDArray[np.int64]:
        """Measure pairs of an order and a node by distance alone, for a radius.

        Parameters
        ----------
        order, node
            (n_lanes,) int, rows of the snapshot.

        Returns
        -------
        ndarray of int64, shape (n_lanes,)
            Metres, as `Lanes.distance_m`.
        """
        return geography.distance_m(self.destinations, self.origins, np.asarray(order), np.asarray(node))

    def lanes(self, order: NDArray[Any], node: NDArray[Any]) -> Lanes:
        """Measure pairs of an order and a node.

        Nothing is filtered by lateness or radius; that is planning's.

        Parameters
        ----------
        order, node
            (n_lanes,) int, rows of the snapshot; any pairs in any order.
        """
        order, node = np.asarray(order), np.asarray(node)
        shape = (len(order), self.n_services)
        lanes = Lanes(np.empty(len(order), dtype=np.int64), *(np.empty(shape, dtype=np.int32) for _ in range(3)))
        for start in range(0, len(order), BLOCK):
            block = slice(start, start + BLOCK)
            self._measure(order[block], node[block], lanes, block)
        return lanes

    def lane_kinds(self, order: NDArray[Any], node: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """Measure pairs of an order and a node, and number their kinds.

        Lanes of one kind and one order have the same zones, delivery days and lateness, by every service: what is
        rated for one of them holds for all. An order has few kinds of lanes, however many nodes there are.

        Parameters
        ----------
        order, node
            (n_lanes,) int, rows of the snapshot; any pairs in any order.

        Returns
        -------
        distance_m
            (n_lanes,) int64.
        kind
            (n_lanes,) int, numbered from 0 without gaps; the numbers mean nothing beyond this call.
        """
        order, node = np.asarray(order), np.asarray(node)
        distance_m = np.empty(len(order), dtype=np.int64)
        zone = np.empty((len(self.carriers), len(order)), dtype=np.int32)
        for start in range(0, len(order), BLOCK):
            block = slice(start, start + BLOCK)
            distance_m[block] = self.distance_m(order[block], node[block])
            for index, carrier in enumerate(self.carriers):
                zone[index, block] = carrier.zone(distance_m[block], order[block], node[block])
        kind = self.offers.node_class[node].astype(np.int64)
        span = self.offers.day.shape[1]
        for index in range(len(self.carriers)):
            if span * (len(self.zone_names) + 1) >= SPAN:
                kind = _without_gaps(kind)
                span = int(kind.max(initial=0)) + 1
            kind = kind * (len(self.zone_names) + 1) + (zone[index] + 1)
            span *= len(self.zone_names) + 1
        return distance_m, _without_gaps(kind)

    def _measure(self, order: NDArray[Any], node: NDArray[Any], lanes: Lanes, block: slice) -> None:
        """Measure one block of pairs into its place."""
        distance = self.distance_m(order, node)
        by_carrier = np.empty((len(distance), len(self.carriers)), dtype=np.int32)
        for index, carrier in enumerate(self.carriers):
            by_carrier[:, index] = carrier.zone(distance, order, node)
        zone = by_carrier.take(self.service_carrier, axis=1)
        delivery = self.offers.delivery_day(zone, order, node)
        zone[delivery < 0] = -1
        lanes.distance_m[block], lanes.zone[block], lanes.delivery_day[block] = distance, zone, delivery
        np.maximum(delivery - self.promise_day[order][:, None], 0, out=lanes.late_days[block])

    def transport(
        self, service: ArrayLike, zone: ArrayLike, residential: ArrayLike, weight_g: ArrayLike, volume_mm3: ArrayLike
    ) -> Transport:
        """Price shipments exactly, fuel and residential surcharge included.

        Parameters
        ----------
        service, zone
            Services and zones by position; a zone of -1 is never carried.
        residential
            True = to a home.
        weight_g, volume_mm3
            Weight and volume of the whole shipment (a unit's volume is L·W·H, 0 where a dimension is missing).
            All arguments are arrays of whole numbers and broadcast together.

        Returns
        -------
        Transport
            Arrays of the common shape.

        Raises
        ------
        RatingError
            If a price is beyond 64 bits, or an argument is not of whole numbers.
        """
        if self.cards is not None:
            return self.cards.transport(service, zone, residential, weight_g, volume_mm3)
        shape = np.broadcast_shapes(*map(np.shape, (service, zone, residential, weight_g, volume_mm3)))
        offered = np.broadcast_to(np.asarray(zone) >= 0, shape)
        billable = np.broadcast_to(np.asarray(weight_g, dtype=np.int64), shape)
        return Transport(offered.astype(np.int64) - 1, offered.astype(np.int64), billable)

    def handling(self, node: NDArray[Any], units: NDArray[Any]) -> NDArray[np.int64]:
        """Return what handling shipments costs.

        Parameters
        ----------
        node, units
            int, broadcast together: the node and the units of each shipment.

        Returns
        -------
        ndarray of int64
            Micro.

        Raises
        ------
        RatingError
            If a product is beyond 64 bits.
        """
        units = np.asarray(units, dtype=np.int64)
        return np.asarray(self.costs.per_shipment[node] + times(self.costs.per_unit[node], units))

    def distance_cost(self, distance_m: NDArray[Any], units: NDArray[Any]) -> NDArray[np.int64]:
        """Return what the way of shipments costs: a term per shipment and one per unit, each rounded once.

        Parameters
        ----------
        distance_m, units
            int, broadcast together.

        Returns
        -------
        ndarray of int64
            Micro.

        Raises
        ------
        RatingError
            If a product is beyond 64 bits.
        """
        distance, units = np.asarray(distance_m, dtype=np.int64), np.asarray(units, dtype=np.int64)
        shipment = scaled(distance, self.costs.per_shipment_metre)
        if self.costs.per_unit_metre == 0:
            return np.asarray(shipment + np.zeros_like(units), dtype=np.int64)
        return shipment + scaled(times(distance, units), self.costs.per_unit_metre)

    def late_cost(self, late_days: NDArray[Any]) -> NDArray[np.int64]:
        """Return what lateness costs; 0 where the policy forbids it, as planning offers no late service then.

        Parameters
        ----------
        late_days
            int, calendar days after the promise.

        Returns
        -------
        ndarray of int64
            Micro.

        Raises
        ------
        RatingError
            If a product is beyond 64 bits.
        """
        return scaled(np.asarray(late_days, dtype=np.int64), self.costs.per_late_day)


def _without_gaps(code: NDArray[np.int64]) -> NDArray[np.intp]:
    """Number the distinct values of an array from 0."""
    top = int(code.max(initial=0)) + 1
    if top > 8 * len(code):
        return np.unique(code, return_inverse=True)[1]
    seen = np.zeros(top, dtype=bool)
    seen[code] = True
    return np.asarray((np.cumsum(seen) - 1)[code], dtype=np.intp)
