"""What a replay counts: figures by window and in total, each an exact integer."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from quartermaster.domain.plan import Objective

TERMS = (*Objective().terms_micro(), "hold", "stability")
"""Terms of cost: those of a plan, then what holding orders and moving allocations cost."""


@dataclass(slots=True, kw_only=True)
class WindowFigures:
    """What happened in one window, or in all of them.

    Parameters
    ----------
    orders
        Orders that came.
    open_orders
        Orders that were planned: those that came and those carried over (each window counts them anew).
    units_ordered, units_served, units_short
        Units that came, that left, and that were given up.
    shipments, late_shipments
        Shipments that left, and those later than promised.
    split_orders
        Orders that got their second shipment.
    cost_micro
        Cost by term, micro.
    """

    orders: int = 0
    open_orders: int = 0
    units_ordered: int = 0
    units_served: int = 0
    units_short: int = 0
    shipments: int = 0
    late_shipments: int = 0
    split_orders: int = 0
    cost_micro: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TERMS, 0))

    @property
    def total_micro(self) -> int:
        """Cost, micro."""
        return sum(self.cost_micro.values())

    def counts(self) -> dict[str, int]:
        """Every count by name, without the costs."""
        return {name.name: getattr(self, name.name) for name in fields(self) if name.name != "cost_micro"}

    def add(self, other: WindowFigures) -> None:
        """Add the figures of another window.

        Parameters
        ----------
        other
            Of the same policy.
        """
        for name, count in other.counts().items():
            setattr(self, name, getattr(self, name) + count)
        for term, micro in other.cost_micro.items():
            self.cost_micro[term] += micro


@dataclass(frozen=True, slots=True, eq=False)
class PolicyReplay:
    """One policy's way through a stream.

    Parameters
    ----------
    policy, seed
        Its name, and the solver's seed.
    windows
        Figures by window; the windows in which nothing was open are there too.
    came_micro
        By window, what the orders that came in it cost in the end, micro; what no order pays (opening, hold, stability)
        stands where it was paid. The sum is the total: set beside the bound, nobody looks good for shipping late.
    seconds
        Wall seconds by window.
    deterministic
        False when the clock, not the work, ended a search.
    """

    policy: str
    seed: int
    windows: tuple[WindowFigures, ...]
    came_micro: tuple[int, ...]
    seconds: tuple[float, ...]
    deterministic: bool

    @property
    def total(self) -> WindowFigures:
        """The figures of all windows together."""
        total = WindowFigures()
        for window in self.windows:
            total.add(window)
        return total

    @property
    def seconds_in_all(self) -> float:
        """Wall seconds of the whole replay."""
        return sum(self.seconds)
