"""Rates: what a shipment's transport costs, by service, zone and billable weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import RatingError
from quartermaster.rating.amounts import scaled, times
from quartermaster.rating.dimensions import Dimensional
from quartermaster.rating.steps import Steps

NOT_CARRIED = -1
"""Cost of a shipment that no allowed number of parcels carries."""
BLOCK = 2**16
"""Cells priced at a time, so that the arrays between stay in the processor's cache."""


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
    """All rate cards, one per (service, zone), as exact tables.

    Parameters
    ----------
    card
        (n_services, n_zones + 1) int64, number of the card. Column 0 (no zone) and missing cards hold the last
        card, a dummy of one step, so that every look-up finds something.
    steps
        Breaks of the cards.
    price_micro, service
        (n_steps,) int64, the price of one parcel, and the service of each step.
    one_parcel_micro
        (2 · n_steps,) int64, exact cost of one parcel to a business, then to a home.
    residential_micro, max_parcels
        (n_services,) int64.
    dimensional
        Dimensional weight of the services.
    fuel
        1 + fuel surcharge of each service.
    """

    card: NDArray[np.int64]
    steps: Steps
    price_micro: NDArray[np.int64]
    service: NDArray[np.int64]
    one_parcel_micro: NDArray[np.int64]
    residential_micro: NDArray[np.int64]
    max_parcels: NDArray[np.int64]
    dimensional: Dimensional
    fuel: tuple[Fraction, ...]

    @property
    def offered(self) -> NDArray[np.bool_]:
        """(n_services, n_zones) bool: there is a rate card."""
        return np.asarray(self.card[:, 1:] < len(self.steps.last_break_g) - 1)

    def transport(
        self, service: ArrayLike, zone: ArrayLike, residential: ArrayLike, weight_g: ArrayLike, volume_mm3: ArrayLike
    ) -> Transport:
        """Price shipments; see `RateBook.transport`.

        Parameters
        ----------
        service, zone, residential, weight_g, volume_mm3
            Broadcast together.

        Raises
        ------
        RatingError
            If a price is beyond 64 bits, or an argument is not of whole numbers.
        """
        given = [whole(argument) for argument in (service, zone, residential, weight_g, volume_mm3)]
        shape = np.broadcast_shapes(*(argument.shape for argument in given))
        whole_shape = shape or (1,)
        given = [argument.reshape((1,) * (len(whole_shape) - argument.ndim) + argument.shape) for argument in given]
        priced = Transport(*(np.empty(whole_shape, dtype=np.int64) for _ in range(3)))
        for axis, block in _blocks(whole_shape):
            at = (slice(None),) * axis + (block,)
            self._price([it[at] if it.shape[axis] > 1 else it for it in given], priced, at)
        return Transport(*(it.reshape(shape) for it in (priced.micro, priced.parcels, priced.billable_g)))

    def _price(self, cells: list[NDArray[np.int64]], priced: Transport, at: tuple[slice, ...]) -> None:
        """Price one block (service, zone, residential, weight, volume) into its place."""
        service, zone, home, weight_g, volume_mm3 = cells
        micro, parcels, billable = priced.micro[at], priced.parcels[at], priced.billable_g[at]
        billable[...] = self.dimensional.billable_g(service, weight_g, volume_mm3)
        card = self.card.ravel().take(service * self.card.shape[1] + (zone + 1))
        last = self.steps.last_break_g.take(card)
        parcels[...] = 1
        parcel_g = billable
        over = np.nonzero(billable > last)
        several = over[0].size > 0
        if several:
            # ceil(billable / k) <= last exactly when k >= billable / last, both being whole.
            last_over = np.broadcast_to(last, billable.shape)[over]
            parcels[over] = -(-billable[over] // last_over)
            parcel_g = billable.copy()
            parcel_g[over] = -(-billable[over] // parcels[over])
        carried = (card < len(self.steps.last_break_g) - 1) & (parcels <= self.max_parcels.take(service))
        step = self.steps.find(card, parcel_g)
        micro[...] = self.one_parcel_micro.take(home * len(self.price_micro) + step)
        if several:
            over = np.nonzero(carried & (parcels > 1))
            micro[over] = self._several(step[over], parcels[over], np.broadcast_to(home, micro.shape)[over])
        if not carried.all():
            micro[~carried] = NOT_CARRIED
            parcels[~carried] = 0

    def _several(
        self, step: NDArray[np.int64], parcels: NDArray[np.int64], home: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Price shipments of more than one parcel."""
        service = self.service[step]
        plain = times(parcels, self.price_micro[step] + home * self.residential_micro[service])
        micro = np.empty_like(plain)
        for index in np.unique(service).tolist():
            mine = service == index
            micro[mine] = scaled(plain[mine], self.fuel[index])
        return micro


def _blocks(shape: tuple[int, ...]) -> Iterator[tuple[int, slice]]:
    """Cut an array along its longest axis into blocks of about `BLOCK` cells."""
    axis = int(np.argmax(shape))
    rows = max(BLOCK * shape[axis] // max(int(np.prod(shape, dtype=np.int64)), 1), 1)
    for start in range(0, shape[axis], rows):
        yield axis, slice(start, start + rows)


def whole(given: ArrayLike) -> NDArray[np.int64]:
    """Take an argument of whole numbers as int64.

    Parameters
    ----------
    given
        Integers or booleans, any shape.

    Raises
    ------
    RatingError
        If it holds anything else.
    """
    values = np.asarray(given)
    if values.dtype.kind not in "iub":
        raise RatingError(f"rating takes whole numbers, not {values.dtype}")
    return values.astype(np.int64, copy=False)


def rate_cards(
    snapshot: Snapshot, service_index: Mapping[tuple[str, str], int], zone_index: Mapping[str, int]
) -> RateCards:
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
    rows = sorted(
        (service_index[carrier, service], zone_index[zone], break_g, price)
        for carrier, service, zone, break_g, price in zip(*columns, strict=True)
        if (carrier, service) in service_index and zone in zone_index
    )
    service, zone, break_g, price = np.array(rows, dtype=np.int64).reshape(-1, 4).T.copy()
    n_zones = max(len(zone_index), 1)
    cards, card_of_step = np.unique(service * n_zones + zone, return_inverse=True)
    card = np.full((len(services), len(zone_index) + 1), len(cards), dtype=np.int64)
    card[cards // n_zones, cards % n_zones + 1 if len(cards) else cards] = np.arange(len(cards))
    # The dummy card: one step of one gram and no price.
    service, price = np.append(service, 0), np.append(price, 0)
    residential = np.maximum(services["residential_surcharge"], 0)
    fuel = tuple(1 + Fraction(share) for share in services["fuel_surcharge"].tolist())
    one_parcel = np.empty((2, len(price)), dtype=np.int64)
    for index, factor in enumerate(fuel):
        mine = service == index
        one_parcel[0, mine] = scaled(price[mine], factor)
        one_parcel[1, mine] = scaled(price[mine] + residential[index], factor)
    return RateCards(
        card=card,
        steps=Steps.of(np.append(card_of_step.ravel(), len(cards)), np.append(break_g, 1)),
        price_micro=price,
        service=service,
        one_parcel_micro=one_parcel.ravel(),
        residential_micro=residential,
        max_parcels=np.where(services["max_parcels"] == NOT_GIVEN, 1, services["max_parcels"]),
        dimensional=Dimensional.of(services["dim_divisor_cm3_per_kg"].tolist(), services["dim_above_cm3"].tolist()),
        fuel=fuel,
    )
