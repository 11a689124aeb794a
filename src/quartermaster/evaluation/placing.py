"""How many units find a place: the largest flow from kinds of demand to places that hold so many units each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise


def most_placed(wanted: Mapping[frozenset[int], int], held: Sequence[int]) -> int:
    """Return how many of the wanted units can be placed at once, each unit held used once (Ford and Fulkerson, 1956).

    Parameters
    ----------
    wanted
        Units by the set of places that will do for them.
    held
        Units that each place holds.
    """
    flow = _Flow(wanted, held)
    while sum(flow.left) and flow.grow():
        pass
    return sum(wanted.values()) - sum(flow.left)


class _Flow:
    """Units placed so far.

    Demands are numbered from those that few places will do for; each lists its places from those that few demands know.
    Taking them in that order leaves little to be moved afterwards.
    """

    def __init__(self, wanted: Mapping[frozenset[int], int], held: Sequence[int]) -> None:
        known_by = Counter(place for known in wanted for place in known)
        demands = sorted(wanted, key=lambda known: (len(known), sorted(known)))
        self.places = [sorted(known, key=lambda place: (known_by[place], place)) for known in demands]
        self.left = [wanted[known] for known in demands]
        self.spare = list(held)
        self.placed: list[Counter[int]] = [Counter() for _ in held]  # units at each place, by demand
        for demand, places in enumerate(self.places):
            for place in places:
                self._move([(demand, place)])

    def grow(self) -> bool:
        """Place more units by moving others; False when that is not possible, and then what is placed is the most."""
        # one search from all demands that want more; then every chain of moves that it found, as far as it still goes
        came: dict[int, tuple[int, int] | None] = {demand: None for demand, left in enumerate(self.left) if left}
        queue, ends = list(came), dict[int, int]()
        seen: set[int] = set()
        for demand in queue:
            for place in self.places[demand]:
                if place in seen:
                    continue
                seen.add(place)
                if self.spare[place]:
                    ends[place] = demand
                    continue
                for other in self.placed[place]:
                    if other not in came:
                        came[other] = (demand, place)
                        queue.append(other)
        moved = 0
        for place, demand in ends.items():
            hops = [(demand, place)]
            while (before := came[hops[-1][0]]) is not None:
                hops.append(before)
            moved += self._move(hops[::-1])
        return moved > 0

    def _move(self, hops: Sequence[tuple[int, int]]) -> int:
        """Let the first demand take from the first place, which the second leaves for the second place, and so on."""
        (first, _), (_, last) = hops[0], hops[-1]
        steps = [(demand, before, place) for (_, before), (demand, place) in pairwise(hops)]
        amount = min(self.left[first], self.spare[last], *(self.placed[before][demand] for demand, before, _ in steps))
        if amount:
            self.left[first] -= amount
            self.spare[last] -= amount
            self.placed[hops[0][1]][first] += amount
            for demand, before, place in steps:
                self.placed[place][demand] += amount
                self.placed[before][demand] -= amount
                if not self.placed[before][demand]:
                    del self.placed[before][demand]
        return amount
