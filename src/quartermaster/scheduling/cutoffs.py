"""When the next run is due: so long after the last one, or sooner where a node's cut-off would fall in between.

What is ordered before a cut-off can leave the same day only if a run ends before it. So the next run begins early
enough to end then, whichever node's cut-off it is; a run that began a moment before has seen to it already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.evaluation.dates import later_ship_date


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """Cut-offs of the nodes that ship.

    Parameters
    ----------
    nodes
        Those that are enabled and have ship days.
    closed
        Holidays by node.
    """

    nodes: tuple[Node, ...]
    closed: dict[str, frozenset[date]]

    @classmethod
    def of(cls, nodes: Iterable[Node], holidays: Iterable[Holiday]) -> Cutoffs:
        """Collect the cut-offs of nodes.

        Parameters
        ----------
        nodes
            Any nodes.
        holidays
            Days off; those of carriers do not count.
        """
        shipping = tuple(node for node in nodes if node.enabled and node.ships_on)
        closed: dict[str, set[date]] = defaultdict(set)
        for holiday in holidays:
            if holiday.carrier and not holiday.node_id:
                continue
            for node in shipping:
                if holiday.node_id in ("", node.node_id):
                    closed[node.node_id].add(holiday.date)
        return cls(shipping, {node_id: frozenset(days) for node_id, days in closed.items()})

    def after(self, instant: datetime) -> datetime | None:
        """Return the first cut-off after an instant; None where no node ships.

        Parameters
        ----------
        instant
            Aware.
        """
        return min((self._after(node, instant) for node in self.nodes), default=None)

    def _after(self, node: Node, instant: datetime) -> datetime:
        zone, closed = ZoneInfo(node.timezone), self.closed.get(node.node_id, frozenset())
        first = instant.astimezone(zone).date()
        while True:
            day = later_ship_date(node, closed, first)
            if day is None:  # no ship days: left out by `of`
                raise ValueError(f"{node.node_id} never ships")
            # on a day without this local time (spring), or with two of it (autumn), the earlier instant counts
            local = datetime.combine(day, node.cutoff, tzinfo=zone)
            cutoff = min(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
            if cutoff > instant:
                return cutoff
            first = day + timedelta(days=1)


def next_run(last: datetime, cutoffs: Cutoffs, *, every: timedelta, lead: timedelta, gap: timedelta) -> datetime:
    """Return when the next run is to begin.

    Parameters
    ----------
    last
        When the last one began, aware.
    cutoffs
        Of the nodes.
    every
        Time between two runs.
    lead
        Time that a run may take.
    gap
        Shortest time between two runs.
    """
    regular = last + every
    cutoff = cutoffs.after(last + gap + lead)
    return regular if cutoff is None else min(regular, cutoff - lead)
