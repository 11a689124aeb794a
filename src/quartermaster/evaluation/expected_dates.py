"""Expected dates of backorders as claims: whether what arrives, or is left over, can keep all of them at once.

For each line with dates, or all lines of an order that ships complete, which carry one pair of dates:

1. Both dates are there, or neither.
2. `expected_ship_date` is a day on which a node that may serve the line ships, and something that arrives for the line
   can ship by then. What the plan left over counts where a line ships all or nothing, but never alone.
3. `expected_delivery_date` is the day on which a service delivers one unit from such a node, shipped on that day or on
   an earlier one on which units are there.
4. For each SKU, all units that are promised find their place at once among those that can ship and be delivered by
   their dates, each unit used once.

All of it is necessary for every plan, whoever made it. Not asked is whether dates could be earlier, which order comes
first, and whether one shipment carries all units of a line: it must carry one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from quartermaster.domain.orders import OrderLine
from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation.expected_supply import Supply, Ways, supply_of
from quartermaster.evaluation.placing import most_placed
from quartermaster.evaluation.plan_rows import BackorderRow
from quartermaster.evaluation.pricing import Pricing
from quartermaster.evaluation.records import Records
from quartermaster.evaluation.violations import Findings

LAST_YEAR = 2100
"""No date after it is promised, which keeps calendars finite."""


class Claim(NamedTuple):
    """One pair of dates, and the rows that carry it: one, or all of an order that ships complete."""

    rows: tuple[BackorderRow, ...]
    ships: date
    arrives: date


Sources = list[tuple[OrderLine, int, list[list[Supply]]]]
"""Lines of a claim, their units, and what may serve them by the ship date: a list for each node and kind."""


def check_expected_dates(
    rows: Sequence[BackorderRow],
    taken: Mapping[tuple[str, str], int],
    snapshot: Snapshot,
    records: Records,
    pricing: Pricing,
    findings: Findings,
) -> None:
    """Check every expected date, and that the units that are promised will be there, each once.

    Parameters
    ----------
    rows
        Backorders of the plan.
    taken
        Units that the plan ships, by (node_id, sku).
    snapshot, records
        The snapshot.
    pricing
        Knows what is offered.
    findings
        Violations are added to it.
    """
    claims = _claims(rows, records, findings)
    if not claims:
        return
    skus = {records.lines[row.order_id, row.line_id].sku for claim in claims for row in claim.rows}
    supply, ways = supply_of(skus, taken, snapshot, records), Ways(records, pricing)
    wanted: defaultdict[str, Counter[tuple[tuple[int, int], ...]]] = defaultdict(Counter)
    for claim in claims:
        sources = _sources(claim, records, supply, ways)
        if _is_true(claim, sources, ways, findings):
            for line, units, days in sources:
                wanted[line.sku][_in_time(line, days, claim.arrives, ways)] += units
    for sku, units_of in sorted(wanted.items()):
        units = units_of.total()
        places = {frozenset(n for span in spans for n in range(*span)): held for spans, held in units_of.items()}
        placed = most_placed(places, [held.units for days in supply.get(sku, ()) for held in days])
        if placed < units:
            message = f"{units} units have expected dates, {placed} of them at most can be had by then"
            findings.add("expected_units", f"sku {sku}", message)


def _claims(rows: Iterable[BackorderRow], records: Records, findings: Findings) -> list[Claim]:
    """Gather the pairs of dates; a row of an unknown line, or one that stands twice, is told of elsewhere."""
    by_order: defaultdict[str, dict[str, BackorderRow]] = defaultdict(dict)
    for row in rows:
        if (row.order_id, row.line_id) in records.lines:
            by_order[row.order_id].setdefault(row.line_id, row)
    claims = []
    for order_id, row_of in by_order.items():
        known = tuple(row_of.values())
        if not records.orders[order_id].ship_complete:
            claims += [_claim((row,), findings) for row in known]
        elif len({(row.expected_ship_date, row.expected_delivery_date) for row in known}) == 1:
            claims.append(_claim(known, findings))
        else:
            message = "it ships complete, but its lines have different expected dates, or some have none"
            findings.add("expected_complete", f"order {order_id}", message)
    return [claim for claim in claims if claim is not None]


def _claim(rows: tuple[BackorderRow, ...], findings: Findings) -> Claim | None:
    where, ships, arrives = rows[0].where, rows[0].expected_ship_date, rows[0].expected_delivery_date
    if not ships and not arrives:
        return None
    if not ships or not arrives:
        missing = "expected_delivery_date" if ships else "expected_ship_date"
        findings.add("expected_date_alone", where, f"{missing} is not given, the other date is")
        return None
    shipped, delivered = _date(ships), _date(arrives)
    if shipped is None:
        findings.add("wrong_expected_ship_date", where, f"{ships} is no date up to the year {LAST_YEAR}")
    if delivered is None:
        findings.add("wrong_expected_delivery_date", where, f"{arrives} is no date up to the year {LAST_YEAR}")
    return None if shipped is None or delivered is None else Claim(rows, shipped, delivered)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year <= LAST_YEAR else None


def _sources(claim: Claim, records: Records, supply: Mapping[str, Sequence[list[Supply]]], ways: Ways) -> Sources:
    sources = []
    for row in claim.rows:
        line = records.lines[row.order_id, row.line_id]
        in_time = [
            days[: bisect_right(days, claim.ships, key=lambda held: held.ships)]
            for days in supply.get(line.sku, ())
            if days[0].ships <= claim.ships and ways.may_use(line, days[0])
        ]
        sources.append((line, row.quantity, in_time))
    return sources


def _in_time(
    line: OrderLine, sources: Sequence[list[Supply]], arrives: date, ways: Ways
) -> tuple[tuple[int, int], ...]:
    """Tell by spans of their numbers what can be delivered by a day: what ships earlier is never delivered later."""
    spans = []
    for days in sources:
        count = bisect_right(days, arrives, key=lambda held: ways.soonest(line, held))
        if count:
            spans.append((days[0].number, days[0].number + count))
    return tuple(spans)


def _is_true(claim: Claim, sources: Sources, ways: Ways, findings: Findings) -> bool:
    """Whether both dates can be those of the last unit of some line."""
    where, ships, arrives = claim.rows[0].where, claim.ships, claim.arrives
    first = [(line, days[0]) for line, _, each in sources for days in each]  # if any of a node's will do, this will
    if not any(held.inbound for _, held in first):
        findings.add("wrong_expected_ship_date", where, f"nothing that arrives can ship by {ships}")
        return False
    if not any(ways.is_ship_day(held.node_id, ships) for _, held in first):
        findings.add("wrong_expected_ship_date", where, f"no node that has units by {ships} ships on that day")
        return False
    if arrives < ships or not any(ways.delivers_on(line, held, ships, arrives) for line, held in first):
        findings.add("wrong_expected_delivery_date", where, f"what ships by {ships} is never delivered on {arrives}")
        return False
    return True
