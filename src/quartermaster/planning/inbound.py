"""Expected dates: when inbound supply lets backordered lines ship and arrive, given out after the plan.

Lines take units one after the other: by priority of their order (highest first), ordered_at (missing last), order_id,
then line_id. Each unit is promised once. A line takes the units that give the earliest completion, which is the day on
which the last of its backordered units is delivered; then those that ship first; then by node priority and node_id.
Units of a line that ship from one node on one day are one shipment, by one service, and only as many as one service
carries. Where inbound does not cover all backordered units of a line, it gets no date and takes nothing.

A line that may ship in part takes inbound units only: what the plan left on hand it left on purpose (too dear, too
late, no capacity), and would leave again. A line or an order that ships all or nothing waits for its last unit, so that
it counts what the plan left over as supply, and takes that first; where that alone would do, it was left on purpose,
and gets no date. All lines of an order that ships complete carry the dates of the order's last units.

Promise dates do not limit expected dates, even where the policy forbids lateness: they are what can be had, and the
customer is told. Nor do capacities of nodes and `max_shipments`, which are of this plan and not of days to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from quartermaster.planning.carried import most_units
from quartermaster.planning.lots import Lots, lots_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.sourcing import Sourcing
from quartermaster.rating import LaterDates, later_dates

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

NO_DAY = -1
"""No date can be promised."""
CHUNK = 2**15
"""Pairs of a line and a lot looked at in one go: bounds memory."""


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedDays:
    """Days on which the last backordered unit of each short line ships and is delivered.

    Parameters
    ----------
    ship_day, delivery_day
        (n_short,) days since 1970-01-01; `NO_DAY` where no date can be promised.
    """

    ship_day: Ints
    delivery_day: Ints


def expected_days(problem: PlanningProblem, sourcing: Sourcing, unserved: Ints, short: Ints) -> ExpectedDays:
    """Give out dates to the short lines of a plan.

    Parameters
    ----------
    problem
        The problem.
    sourcing
        The plan.
    unserved
        (n_lines,) units backordered.
    short
        (n_short,) the lines with any, rising.
    """
    days = np.full((2, problem.n_lines), NO_DAY, dtype=np.int64)
    if len(problem.snapshot.replenishment) and len(short):
        later = later_dates(problem.snapshot, problem.book)
        lots = lots_of(problem, sourcing, later, np.unique(problem.line_sku[short]))
        for lines in _chunks(problem, _waiting(problem, unserved, short, lots), lots):
            if not lines:
                continue
            ways = _ways(problem, unserved, np.concatenate(lines), lots, later)
            for together in lines:
                found = _promise(problem, unserved, together, lots, ways)
                if found is not None:
                    days[:, together] = np.array(found)[:, None]
    return ExpectedDays(*days[:, short])


def _waiting(problem: PlanningProblem, unserved: Ints, short: Ints, lots: Lots) -> list[Ints]:
    """Lines that wait together, in the order they are served; without those that the supply cannot cover anyhow."""
    sku = problem.line_sku[short]
    inbound = lots.total(lots.inbound)[sku]
    covered = inbound + _whole(problem, short) * lots.total(lots.on_hand)[sku] >= unserved[short]
    place = np.empty(problem.n_orders, dtype=np.int64)
    place[problem.order_sequence] = np.arange(problem.n_orders)
    order = problem.line_order[short]
    group = np.where(problem.order_complete[order], -1 - order, short)  # complete orders are negative: no line is
    by_group = np.lexsort((short, group, place[order]))
    starts = np.flatnonzero(np.diff(group[by_group], prepend=problem.n_lines) != 0)
    groups = [rows for rows in np.split(by_group, starts[1:]) if len(rows)]
    return [short[rows] for rows in groups if covered[rows].all() and inbound[rows].any()]


def _whole(problem: PlanningProblem, lines: Ints) -> Flags:
    """Tell which lines ship all or nothing."""
    return np.asarray(problem.line_complete[lines] | problem.order_complete[problem.line_order[lines]])


def _chunks(problem: PlanningProblem, waiting: list[Ints], lots: Lots) -> Iterator[list[Ints]]:
    """Cut what waits into runs of about `CHUNK` pairs of a line and a lot."""
    sku = [problem.line_sku[lines] for lines in waiting]
    pairs = np.cumsum([int((lots.start[skus + 1] - lots.start[skus]).sum()) for skus in sku], dtype=np.int64)
    cuts = np.flatnonzero(np.diff(pairs // CHUNK)) + 1
    for begin, stop in pairwise([0, *cuts.tolist(), len(waiting)]):
        yield waiting[begin:stop]


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """Each line's choices: by a delivery day, so many units of a lot can be there; days rise, and units with them."""

    begin: dict[int, tuple[int, int]]
    delivery_day: list[int]
    lot: list[int]
    most: list[int]


def _ways(problem: PlanningProblem, unserved: Ints, lines: Ints, lots: Lots, later: LaterDates) -> _Ways:
    """List the choices of some lines among what is left of the lots."""
    sku = problem.line_sku[lines]
    count = lots.start[sku + 1] - lots.start[sku]
    row = np.repeat(np.arange(len(lines)), count)
    lot = np.arange(int(count.sum())) + np.repeat(lots.start[sku] - np.cumsum(count) + count, count)
    left = lots.inbound[lot] + _whole(problem, lines)[row] * lots.on_hand[lot]
    kept = np.flatnonzero((left > 0) & problem.allowed_at(lines[row], lots.node[lot]))
    row, lot = row[kept], lot[kept]
    lane, of_lane = np.unique(row * problem.n_nodes + lots.node[lot], return_inverse=True)
    line, node = lines[lane // problem.n_nodes], lane % problem.n_nodes
    zone = problem.book.lanes(problem.line_order[line], node).zone
    most = most_units(problem, line, unserved[line], zone)[of_lane]
    day = later.delivery_day(zone[of_lane], lots.ship_day[lot])
    # the services of a lot, soonest first; one that is no sooner and carries no more adds nothing
    soonest = np.argsort(day, axis=1, kind="stable")
    day = np.take_along_axis(day, soonest, axis=1)
    most = np.maximum.accumulate(np.take_along_axis(most, soonest, axis=1), axis=1)
    pair, service = np.nonzero(np.diff(most, axis=1, prepend=0) > 0)
    by_day = np.lexsort((lot[pair], day[pair, service], row[pair]))
    pair, service = pair[by_day], service[by_day]
    bounds = np.searchsorted(row[pair], np.arange(len(lines) + 1)).tolist()
    return _Ways(
        begin=dict(zip(lines.tolist(), pairwise(bounds), strict=True)),
        delivery_day=day[pair, service].tolist(),
        lot=lot[pair].tolist(),
        most=most[pair, service].tolist(),
    )


def _promise(problem: PlanningProblem, unserved: Ints, lines: Ints, lots: Lots, ways: _Ways) -> tuple[int, int] | None:
    """Give one date to some lines, all or none, and take their units; None where there is none to give."""
    whole = _whole(problem, lines).tolist()
    taken: list[tuple[int, int, int]] = []
    days = []
    for line, may_take_left in zip(lines.tolist(), whole, strict=True):
        found = _soonest(int(unserved[line]), lots, ways, ways.begin[line], may_take_left=may_take_left)
        if found is None:
            break
        day, units = found
        days.append((max(int(lots.ship_day[lot]) for lot in units), day))
        for lot, quantity in units.items():
            on_hand = min(quantity, int(lots.on_hand[lot])) if may_take_left else 0
            lots.on_hand[lot] -= on_hand
            lots.inbound[lot] -= quantity - on_hand
            taken.append((lot, on_hand, quantity - on_hand))
    if len(days) == len(lines) and any(inbound for _, _, inbound in taken):
        return max(shipped for shipped, _ in days), max(delivered for _, delivered in days)
    for lot, on_hand, inbound in taken:
        lots.on_hand[lot] += on_hand
        lots.inbound[lot] += inbound
    return None


def _soonest(
    wanted: int, lots: Lots, ways: _Ways, span: tuple[int, int], *, may_take_left: bool
) -> tuple[int, dict[int, int]] | None:
    """Find the first day by which all units can be there, and how many to take of each lot."""
    reach: dict[int, int] = {}
    total, done = 0, None
    for step in range(*span):
        if done is not None and ways.delivery_day[step] > done:
            break
        lot = ways.lot[step]
        held = int(lots.inbound[lot]) + (int(lots.on_hand[lot]) if may_take_left else 0)
        more = min(held, ways.most[step]) - reach.get(lot, 0)
        if more > 0:
            reach[lot] = reach.get(lot, 0) + more
            total += more
            if done is None and total >= wanted:
                done = ways.delivery_day[step]
    if done is None:
        return None
    units: dict[int, int] = {}
    for lot in sorted(reach):  # lots are numbered by ship day, then by their node's priority and id
        units[lot] = min(reach[lot], wanted)
        wanted -= units[lot]
        if not wanted:
            break
    return done, units
