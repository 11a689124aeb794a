"""Allocation and sourcing models on plain arrays; README.md has the formulation.

Names are loaded on first use, and a solver by the first solve: a solver process needs neither scipy nor the models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from solver_models.allocation import solve as solve
    from solver_models.allocation_problem import AllocationProblem as AllocationProblem
    from solver_models.allocation_problem import Solution as Solution
    from solver_models.allocation_problem import Termination as Termination
    from solver_models.sourcing import INFEASIBLE as INFEASIBLE
    from solver_models.sourcing import UNLIMITED as UNLIMITED
    from solver_models.sourcing import Choice as Choice
    from solver_models.sourcing import OrderGroup as OrderGroup
    from solver_models.sourcing import SourcingArrays as SourcingArrays
    from solver_models.sourcing import cost_of as cost_of
    from solver_models.sourcing import order_group as order_group
    from solver_models.sourcing import served_vectors as served_vectors

_HOMES = {
    "allocation": ("solve",),
    "allocation_problem": ("AllocationProblem", "Solution", "Termination"),
    "sourcing": (
        "INFEASIBLE",
        "UNLIMITED",
        "Choice",
        "OrderGroup",
        "SourcingArrays",
        "cost_of",
        "order_group",
        "served_vectors",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'solver_models' has no attribute {name!r}")
    return getattr(import_module(f"solver_models.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
