"""Allocation and sourcing models on plain arrays; README.md has the formulation.

Importing this package imports numpy and scipy only; a solver is loaded by the first solve.
"""

from solver_models.allocation import solve
from solver_models.allocation_problem import AllocationProblem, Solution, Termination
from solver_models.sourcing import (
    INFEASIBLE,
    UNLIMITED,
    Choice,
    OrderGroup,
    SourcingArrays,
    cost_of,
    order_group,
    served_vectors,
)

__all__ = [
    "INFEASIBLE",
    "UNLIMITED",
    "AllocationProblem",
    "Choice",
    "OrderGroup",
    "Solution",
    "SourcingArrays",
    "Termination",
    "cost_of",
    "order_group",
    "served_vectors",
    "solve",
]
