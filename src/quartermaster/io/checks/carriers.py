"""Carriers: zones have one form, rate cards are plausible, services can be used, the calendar is there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from quartermaster.io.checks.draft import Draft
from quartermaster.io.checks.network import SUSPECT_FACTOR
from quartermaster.io.findings import Findings


def check_carriers(draft: Draft, findings: Findings) -> None:
    """Check services, zones, rates, transit and holidays.

    Parameters
    ----------
    draft
        The draft.
    findings
        Where findings go.
    """
    _check_zones(draft, findings)
    _check_rates(draft, findings)
    _check_services(draft, findings)
    _check_holidays(draft, findings)


def _check_zones(draft: Draft, findings: Findings) -> None:
    zones = draft.tables["zones"]
    bad = findings.bad_positions("zones", ("carrier", "zone", "max_distance_km", "origin_prefix", "destination_prefix"))
    claimed: dict[tuple[Any, ...], int] = {}
    for row, zone in enumerate(zones):
        position = draft.at("zones", row)
        if position in bad:
            continue
        band = zone.max_distance_km is not None
        pair = bool(zone.origin_prefix or zone.destination_prefix)
        if band == pair:
            what = "both" if band else "neither"
            detail = f"needs either max_distance_km or origin_prefix and destination_prefix, has {what}"
            findings.problem("zone_form", detail, "zones", position, "max_distance_km", zone.max_distance_km)
            continue
        claim = (zone.carrier, zone.max_distance_km, zone.origin_prefix, zone.destination_prefix)
        before = claimed.setdefault(claim, row)
        if zones["zone"][before] != zone.zone:
            place = findings.sources["zones"].place(draft.at("zones", before))
            detail = f"claims the same lanes as zone {zones['zone'][before]} in {place}"
            findings.problem("zone_ambiguous", detail, "zones", position, "zone", zone.zone)


def _check_rates(draft: Draft, findings: Findings) -> None:
    rates = draft.tables["rates"]
    cards: dict[tuple[str, str, str], list[tuple[int, int, int]]] = defaultdict(list)
    bad = findings.bad_positions("rates", ("carrier", "service", "zone", "max_weight_g", "price"))
    columns = ("carrier", "service", "zone", "max_weight_g", "price")
    for row, (carrier, service, zone, weight, price) in enumerate(
        zip(*(rates[column].tolist() for column in columns), strict=True)
    ):
        if draft.at("rates", row) not in bad:
            cards[carrier, service, zone].append((weight, price, row))
    for steps in cards.values():
        steps.sort()
        median = float(np.median([price for _, price, _ in steps]))
        for step, (weight, price, row) in enumerate(steps):
            position = draft.at("rates", row)
            text = f"{price / 10**6:g}"
            if step and price < steps[step - 1][1] and weight > steps[step - 1][0]:
                findings.warning(
                    "rate_not_monotone", "the price falls as weight grows", "rates", position, "price", text
                )
            if price == 0 or price > SUSPECT_FACTOR * median:
                detail = f"the price is 0 or over {SUSPECT_FACTOR} times the median of its card"
                findings.warning("rate_suspect", detail, "rates", position, "price", text)


def _check_services(draft: Draft, findings: Findings) -> None:
    services = draft.tables["services"]
    held = {
        name: set(zip(draft.tables[name]["carrier"].tolist(), draft.tables[name]["service"].tolist(), strict=True))
        for name in ("rates", "transit")
    }
    if findings.broken() & {*held, "zones"}:
        return
    zoned = set(draft.tables["zones"]["carrier"].tolist())
    for row, (carrier, service) in enumerate(
        zip(services["carrier"].tolist(), services["service"].tolist(), strict=True)
    ):
        if not carrier or not service:
            continue
        lacking = [name for name in held if (carrier, service) not in held[name]]
        lacking += [] if carrier in zoned else ["zones"]
        if lacking:
            detail = f"has no row in {', '.join(lacking)}, so it could never be used"
            findings.problem("service_without_rates", detail, "services", draft.at("services", row), "service", service)


def _check_holidays(draft: Draft, findings: Findings) -> None:
    holidays = draft.tables["holidays"]
    if not len(holidays):
        findings.warning("calendar_missing", "no holidays are given: every day counts as a working day", "holidays")
    for row in np.flatnonzero((holidays["node_id"] != "") & (holidays["carrier"] != "")):
        detail = "names a node and a carrier; write two rows instead"
        findings.problem(
            "holiday_form", detail, "holidays", draft.at("holidays", row), "carrier", holidays["carrier"][row]
        )
