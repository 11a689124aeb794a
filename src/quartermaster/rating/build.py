"""Making the rate book of a snapshot and a policy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from quartermaster.domain.money import MICRO
from quartermaster.domain.snapshot import Snapshot
from quartermaster.policy import Policy
from quartermaster.rating.book import NO_PROMISE, CostRates, RateBook
from quartermaster.rating.calendars import ship_days
from quartermaster.rating.geography import Places
from quartermaster.rating.offers import service_offers, unserviced_offers
from quartermaster.rating.rates import rate_cards
from quartermaster.rating.zones import CarrierZones, PostalCodes, carrier_zones

NO_SERVICE = ("", "none")
"""Carrier and service of the one service of a snapshot without services; its one zone is called ``""``."""


def rate_book(snapshot: Snapshot, policy: Policy) -> RateBook:
    """Make the rate book of a snapshot.

    Parameters
    ----------
    snapshot
        Checked.
    policy
        Its distance and lateness rates are used.

    Raises
    ------
    RatingError
        If a time zone is unknown or a price is beyond 64 bits.
    """
    orders, nodes, services = snapshot.orders, snapshot.nodes, snapshot.services
    ship_day = ship_days(nodes, snapshot.holidays, snapshot.as_of)
    names = list(zip(services["carrier"].tolist(), services["service"].tolist(), strict=True))
    carrier_index = {carrier: index for index, carrier in enumerate(dict.fromkeys(carrier for carrier, _ in names))}
    zone_index = {name: index for index, name in enumerate(sorted(set(snapshot.zones["zone"].tolist())))}
    if names:
        destinations, origins = PostalCodes.of(orders["postal_code"]), PostalCodes.of(nodes["postal_code"])
        carriers = tuple(
            carrier_zones(snapshot.zones, carrier, zone_index, destinations, origins) for carrier in carrier_index
        )
        cards = rate_cards(snapshot, {name: index for index, name in enumerate(names)}, zone_index)
        offers = service_offers(snapshot, ship_day, zone_index, cards.offered)
    else:
        names, carrier_index, zone_index = [NO_SERVICE], {"": 0}, {"": 0}
        carriers, cards = (CarrierZones.everywhere(len(orders), len(nodes)),), None
        offers = unserviced_offers(snapshot, ship_day)
    promised = orders["promise_date"]
    promise_day = np.where(np.isnat(promised), NO_PROMISE, promised.astype(np.int64)).astype(np.int32)
    return RateBook(
        service_names=names,
        zone_names=tuple(zone_index),
        ship_day=ship_day,
        residential=orders["residential"],
        promise_day=promise_day,
        destinations=Places.of(orders["lat"], orders["lon"]),
        origins=Places.of(nodes["lat"], nodes["lon"]),
        carriers=carriers,
        service_carrier=np.array([carrier_index[carrier] for carrier, _ in names], dtype=np.intp),
        offers=offers,
        cards=cards,
        costs=_cost_rates(snapshot, policy),
    )


def _cost_rates(snapshot: Snapshot, policy: Policy) -> CostRates:
    late = policy.service.cost_per_late_day if policy.service.late == "price" else 0
    return CostRates(
        per_shipment=np.maximum(snapshot.nodes["cost_per_shipment"], 0),
        per_unit=np.maximum(snapshot.nodes["cost_per_unit"], 0),
        per_shipment_metre=Fraction(policy.objective.cost_per_shipment_km) * MICRO / 1000,
        per_unit_metre=Fraction(policy.objective.cost_per_unit_km) * MICRO / 1000,
        per_late_day=Fraction(late) * MICRO,
    )
