"""Places: coordinates and postal codes are plausible, and postal codes become coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster.io.checks.draft import Draft
from quartermaster.io.findings import Findings
from quartermaster.io.iso import ANY_POSTAL, POSTAL_PATTERNS
from quartermaster.io.places import resolve, resolve_regions


def check_places(draft: Draft, findings: Findings) -> None:
    """Check the places of orders, nodes and forecast regions, and look their postal codes up.

    Parameters
    ----------
    draft
        Changed: `lat` and `lon` are filled in where the postal code is known.
    findings
        Where findings go.
    """
    for name in ("orders", "nodes"):
        _check_postal_codes(draft, findings, name)
        _check_coordinates(draft, findings, name)
        draft.tables[name], unknown = resolve(draft.tables[name])
        bad = findings.bad_positions(name, ("postal_code", "country", "lat", "lon"))
        for row in unknown:
            position = draft.at(name, row)
            if position not in bad:
                code = draft.tables[name]["postal_code"][row]
                detail = "the postal code is not known; the place counts as unknown, far from everywhere"
                findings.warning("postcode_unknown", detail, name, position, "postal_code", code)
    _check_coordinates(draft, findings, "forecast")
    draft.tables["forecast"] = resolve_regions(draft.tables["forecast"])


def _check_postal_codes(draft: Draft, findings: Findings, name: str) -> None:
    table = draft.tables[name]
    bad_countries = findings.bad_positions(name, ("country",))
    pairs = list(zip(table["country"].tolist(), table["postal_code"].tolist(), strict=True))
    wrong = {pair for pair in set(pairs) if pair[1] and not POSTAL_PATTERNS.get(pair[0], ANY_POSTAL).fullmatch(pair[1])}
    if not wrong:
        return
    for row, pair in enumerate(pairs):
        position = draft.at(name, row)
        if pair in wrong and position not in bad_countries:
            detail = f"is not a postal code of {pair[0]}"
            findings.problem("postcode_format", detail, name, position, "postal_code", pair[1])


def _check_coordinates(draft: Draft, findings: Findings, name: str) -> None:
    table = draft.tables[name]
    lat, lon = table["lat"], table["lon"]
    bad = findings.bad_positions(name, ("lat", "lon"))

    def report(rows: NDArray[Any], code: str, detail: str) -> None:
        for row in np.flatnonzero(rows):
            position = draft.at(name, row)
            if position not in bad:
                findings.problem(code, detail, name, position, "lat", f"{lat[row]}, {lon[row]}")

    report(np.isnan(lat) != np.isnan(lon), "coordinate", "latitude and longitude are given together or not at all")
    report((lat == 0) & (lon == 0), "coordinate_null_island", "0, 0 is a place in the sea; leave both empty instead")
    if name == "forecast":
        return  # it names no country
    american = table["country"] == "US"
    swapped = american & in_states(lon, lat) & ~in_states(lat, lon)
    report(swapped, "coordinate", "lies outside the US but would lie inside with latitude and longitude swapped")


def in_states(lat: Any, lon: Any) -> Any:
    """Tell which points lie in the box around the fifty states.

    Parameters
    ----------
    lat, lon
        Degrees; numbers, or arrays of one shape, as is what is returned.
    """
    return (lat > 18) & (lat < 72) & (lon > -180) & (lon < -66)
