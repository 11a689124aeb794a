"""Solvers in processes of their own, which can be ended: a solver that hangs or crashes costs its answer, no more."""

from quartermaster.solver_processes.pool import SolverProcesses

__all__ = ["SolverProcesses"]
