"""What a search knows so far: the best choice, a bound, and how far they may be believed."""

from __future__ import annotations

from dataclasses import dataclass

from solver_models.sourcing import Choice


@dataclass(slots=True)
class SearchState:
    """The state of a search.

    Parameters
    ----------
    best
        The best checked choice.
    bound
        Lower bound: the better of what prices prove and what solvers claim.
    contradictions
        Answers found to be untrue.
    clocked
        Whether the clock, not the work, has ended anything.
    """

    best: Choice
    bound: int
    contradictions: int = 0
    clocked: bool = False

    def offer(self, choice: Choice) -> None:
        """Keep a choice if it is better.

        Parameters
        ----------
        choice
            With its exact cost; `INFEASIBLE` is never better.
        """
        if choice.cost < self.best.cost:
            self.best = choice

    def close(self, relative_gap: float) -> bool:
        """Tell whether the best choice is proven within a gap.

        Parameters
        ----------
        relative_gap
            (cost - bound) / cost.
        """
        return self.best.cost - self.bound <= relative_gap * self.best.cost
