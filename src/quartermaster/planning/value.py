"""What a sourcing costs in all: the figure by which decisions are compared."""

from __future__ import annotations

from quartermaster.planning.decode import objective_of
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.shipments import shipments_of, unserved_units
from quartermaster.planning.sourcing import Sourcing


def total_of(problem: PlanningProblem, sourcing: Sourcing) -> int:
    """Return the exact total cost of a sourcing, micro.

    Parameters
    ----------
    problem
        The problem.
    sourcing
        The decision.
    """
    objective = objective_of(problem, shipments_of(problem, sourcing), unserved_units(problem, sourcing))
    return objective.total_micro
