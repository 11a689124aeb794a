"""What one shipment costs: interface section 3, points 1 to 5."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from decimal import Decimal

from quartermaster.domain.carriers import Service
from quartermaster.domain.money import MICRO, round_ratio, to_micro
from quartermaster.domain.network import Node
from quartermaster.policy import Policy


def billable_weight_g(service: Service, actual_g: int, volume_mm3: int) -> int:
    """Return the weight that counts: the actual one, or the dimensional one where it is given and larger.

    Parameters
    ----------
    service
        Its dimensional divisor and the volume above which that counts.
    actual_g, volume_mm3
        Of the whole shipment.
    """
    divisor, above = service.dim_divisor_cm3_per_kg, service.dim_above_cm3
    if divisor is None or not _is_above(volume_mm3, above):
        return actual_g
    # 1000 · cm3 / divisor is mm3 / divisor
    up, down = divisor.as_integer_ratio()
    return max(actual_g, -(-volume_mm3 * down // up))


def _is_above(volume_mm3: int, above_cm3: Decimal) -> bool:
    up, down = above_cm3.as_integer_ratio()
    return volume_mm3 * down > 1000 * up


def parcels_and_price(service: Service, steps: list[tuple[int, int]], billable_g: int) -> tuple[int, int] | None:
    """Return the least number of parcels that carries a weight, and the price of one; None where none does.

    Parameters
    ----------
    service
        Its `max_parcels` counts.
    steps
        (break in grams, price in micro) of the lane's rate, lightest first.
    billable_g
        Of the whole shipment, in grams.
    """
    last_break_g = steps[-1][0]
    for parcels in range(1, service.max_parcels + 1):
        parcel_g = -(-billable_g // parcels)
        if parcel_g <= last_break_g:
            return parcels, steps[bisect_left(steps, (parcel_g,))][1]
    return None


def transport_micro(service: Service, parcels: int, price_micro: int, *, residential: bool) -> int:
    """Return what the carrier charges: parcels and surcharges, with fuel on top, rounded once.

    Parameters
    ----------
    service
        Its surcharges count.
    parcels
        Number of parcels.
    price_micro
        Price of one.
    residential
        Whether the address pays the residential surcharge.
    """
    charged = parcels * price_micro
    if residential:
        charged += parcels * to_micro(service.residential_surcharge)
    up, down = service.fuel_surcharge.as_integer_ratio()
    return round_ratio(charged * (down + up), down)


def handling_micro(node: Node, units: int) -> int:
    """Return what the node charges for one shipment and its units.

    Parameters
    ----------
    node
        Where it leaves.
    units
        Units in it.
    """
    return to_micro(node.cost_per_shipment) + units * to_micro(node.cost_per_unit)


def distance_micro(policy: Policy, metres: int, units: int) -> int:
    """Return what the policy charges for the distance of one shipment: two terms, each rounded once.

    Parameters
    ----------
    policy
        Its objective weights count.
    metres
        Distance of the lane.
    units
        Units in the shipment.
    """
    weights = policy.objective
    return _cost(weights.cost_per_shipment_km, metres, 1000) + _cost(weights.cost_per_unit_km, units * metres, 1000)


def late_days(delivered: date, promise_date: date | None) -> int:
    """Return the calendar days after the promise; 0 = on time, or no promise.

    Parameters
    ----------
    delivered
        Delivery date.
    promise_date
        Last acceptable delivery date; None = none.
    """
    return 0 if promise_date is None else max(0, (delivered - promise_date).days)


def late_micro(policy: Policy, days: int) -> int:
    """Return what the policy charges for late days; 0 where it forbids them (they are a violation then).

    Parameters
    ----------
    policy
        Its service section counts.
    days
        Calendar days after the promise.
    """
    if policy.service.late == "forbid":
        return 0
    return _cost(policy.service.cost_per_late_day, days, 1)


def _cost(rate: Decimal, amount: int, of: int) -> int:
    """Rate · amount / of, in micro: a rate of the policy may have 12 decimals, and only this product is rounded."""
    if not rate:
        return 0
    up, down = rate.as_integer_ratio()
    return round_ratio(up * amount * MICRO, down * of)
