"""Rates: what a shipment's transport costs, by service, zone and billable weight."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import RatingError
from quartermaster.rating.amounts import SAFE, highest, scaled, times

NOT_CARRIED = -1
"""Cost of a shipment that no allowed number of parcels carries."""


@dataclass(frozen=True, slots=True, eq=False)
class Transport:
    """What carrying some shipments costs.

    Parameters
    ----------
    micro
        int64, in 10^-6 of the currency unit, fuel and residential surcharge included; `NOT_CARRIED` where the
        service cannot carry the shipment.
    parcels
        int64, number of parcels; 0 where not carried.
    billable_g
        int64, billable weight of the whole shipment.
    """

    micro: NDArray[np.int64]
    parcels: NDArray[np.int64]
    billable_g: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RateCards:
    """All rate cards, one per (service, zone), flattened into sorted steps.

    Parameters
    ----------
    card
        (n_services, n_zones + 1) int64, number of the card. Column 0 (no zone) and missing cards hold the last
        card, a dummy whose `carries` is False, so that every look-up finds something.
    last_break_g
        (n_cards,) int64, last break of each card.
    step_key
        (n_steps + 1,) int64, ascending: card · `stride` + break in grams; the last is the dummy's.
    stride
        More than any break.
    price_micro, service
        (n_steps,) int64, the price of one parcel, and the service of each step.
    one_parcel_micro
        (2, n_steps) int64, exact cost of one parcel to a business and to a home.
    residential_micro, max_parcels, above_mm3
        (n_services,) int64; a shipment's dimensions count above `above_mm3`.
    divisor
        Dimensional divisor of each service in mm3 per gram, None = weight only.
    fuel
        1 + fuel surcharge of each service.
    """

    card: NDArray[np.int64]
    last_break_g: NDArray[np.int64]
    step_key: NDArray[np.int64]
    stride: int
    price_micro: NDArray[np.int64]
    service: NDArray[np.int64]
    one_parcel_micro: NDArray[np.int64]
    residential_micro: NDArray[np.int64]
    max_parcels: NDArray[np.int64]
    above_mm3: NDArray[np.int64]
    divisor: tuple[Fraction | None, ...]
    fuel: tuple[Fraction, ...]

    @property
    def offered(self) -> NDArray[np.bool_]:
        """(n_services, n_zones) bool: there is a rate card."""
        return np.asarray(self.card[:, 1:] < len(self.last_break_g) - 1)

    def billable_g(
        self, service: NDArray[np.int64], weight_g: NDArray[np.int64], volume_mm3: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Return the billable weight: actual or dimensional, whichever is more.

        Parameters
        ----------
        service, weight_g, volume_mm3
            int64, of shapes that broadcast together; weight and volume of the whole shipment.

        Returns
        -------
        ndarray of int64, of the common shape
        """
        shape = np.broadcast_shapes(service.shape, weight_g.shape, volume_mm3.shape)
        billable = np.array(np.broadcast_to(weight_g, shape))
        for index, divisor in enumerate(self.divisor):
            if divisor is None:
                continue
            # ceil(1000 · cm3 / divisor) is ceil(mm3 / divisor), as 1000 mm3 are 1 cm3.
            counts = np.broadcast_to((service == index) & (volume_mm3 > self.above_mm3[index]), shape)
            if counts.any():
                volume = np.broadcast_to(volume_mm3, shape)[counts]
                billable[counts] = np.maximum(billable[counts], _quotient_up(volume, divisor))
        return billable

    def transport(
        self, service: ArrayLike, zone: ArrayLike, residential: ArrayLike, weight_g: ArrayLike, volume_mm3: ArrayLike
    ) -> Transport:
        """Price shipments; see `RateBook.transport`.

        Parameters
        ----------
        service, zone, residential, weight_g, volume_mm3
            Broadcast together.
        """
        service, zone, weight_g, volume_mm3 = (_whole(given) for given in (service, zone, weight_g, volume_mm3))
        home = np.asarray(residential, dtype=bool)
        billable = self.billable_g(service, weight_g, volume_mm3)
        card = self.card[service, zone + 1]
        shape = np.broadcast_shapes(card.shape, home.shape, billable.shape)
        card = np.broadcast_to(card, shape)
        billable = np.broadcast_to(billable, shape)
        last = self.last_break_g[card]
        parcels = np.ones(shape, dtype=np.int64)
        parcel_g = np.array(billable)
        several = np.nonzero(billable > last)
        parcels[several] = -(-billable[several] // last[several])
        parcel_g[several] = -(-billable[several] // parcels[several])
        carried = (card < len(self.last_break_g) - 1) & (parcels <= self.max_parcels[service])
        step = np.searchsorted(self.step_key, card * self.stride + np.minimum(parcel_g, last))
        step = np.where(carried, step, 0)
        micro = self.one_parcel_micro[home.astype(np.intp), step]
        more = np.nonzero(carried & (parcels > 1))
        if more[0].size:
            micro[more] = self._several(step[more], parcels[more], np.broadcast_to(home, shape)[more])
        micro[~carried] = NOT_CARRIED
        parcels[~carried] = 0
        return Transport(micro, parcels, billable)

    def _several(
        self, step: NDArray[np.intp], parcels: NDArray[np.int64], home: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Price shipments of more than one parcel."""
        service = self.service[step]
        plain = times(parcels, self.price_micro[step] + home * self.residential_micro[service])
        micro = np.empty_like(plain)
        for index in np.unique(service).tolist():
            mine = service == index
            micro[mine] = scaled(plain[mine], self.fuel[index])
        return micro


def rate_cards(snapshot: Snapshot, service_index: dict[tuple[str, str], int], zone_index: dict[str, int]) -> RateCards:
    """Prepare the rate cards of a snapshot.

    Parameters
    ----------
    snapshot
        Checked.
    service_index
        Row of each (carrier, service).
    zone_index
        Position of each zone by its name.

    Raises
    ------
    RatingError
        If a price is beyond 64 bits.
    """
    rates, services = snapshot.rates, snapshot.services
    columns = (rates[name].tolist() for name in ("carrier", "service", "zone", "max_weight_g", "price"))
    steps = sorted(
        (service_index[carrier, service], zone_index[zone], break_g, price)
        for carrier, service, zone, break_g, price in zip(*columns, strict=True)
        if (carrier, service) in service_index and zone in zone_index
    )
    service, zone, break_g, price = np.array(steps, dtype=np.int64).reshape(-1, 4).T.copy()
    n_zones = len(zone_index)
    cards, first, card_of_step = np.unique(service * n_zones + zone, return_index=True, return_inverse=True)
    card = np.full((len(services), n_zones + 1), len(cards), dtype=np.int64)
    if len(cards):
        card[cards // n_zones, cards % n_zones + 1] = np.arange(len(cards))
    stride = highest(break_g) + 1
    residential = np.maximum(services["residential_surcharge"], 0)
    fuel = tuple(1 + Fraction(share) for share in services["fuel_surcharge"].tolist())
    one_parcel = np.zeros((2, len(price)), dtype=np.int64)
    for home in range(2):
        plain = price + home * residential[service]
        for index, factor in enumerate(fuel):
            one_parcel[home, service == index] = scaled(plain[service == index], factor)
    return RateCards(
        card=card,
        last_break_g=np.append(np.maximum.reduceat(break_g, first) if len(cards) else break_g, 1),
        step_key=np.append(card_of_step * stride + break_g, len(cards) * stride + 1),
        stride=stride,
        price_micro=price,
        service=service,
        one_parcel_micro=one_parcel,
        residential_micro=residential,
        max_parcels=np.where(services["max_parcels"] == NOT_GIVEN, 1, services["max_parcels"]),
        above_mm3=np.array([_above(cm3) for cm3 in services["dim_above_cm3"].tolist()], dtype=np.int64),
        divisor=tuple(None if it is None else Fraction(it) for it in services["dim_divisor_cm3_per_kg"].tolist()),
        fuel=fuel,
    )


def _above(cm3: Any) -> int:
    """Return the whole mm3 that a volume must exceed; volumes are whole mm3, so no exactness is lost."""
    return min(floor(Fraction(cm3 or 0) * 1000), 2**62)


def _quotient_up(values: NDArray[np.int64], divisor: Fraction) -> NDArray[np.int64]:
    """Divide by an exact rational, rounding up."""
    up, down = divisor.numerator, divisor.denominator
    if highest(values) * down < SAFE and up < SAFE:
        return np.asarray(-(-(values * down) // up), dtype=np.int64)
    return np.array([-(-int(value) * down // up) for value in values], dtype=np.int64)


def _whole(given: ArrayLike) -> NDArray[np.int64]:
    values = np.asarray(given)
    if values.dtype.kind not in "iub":
        raise RatingError(f"rating takes whole numbers, not {values.dtype}")
    return values.astype(np.int64, copy=False)
