"""Running solvers: jobs go in, answers that were looked at come out, and nothing is ever raised.

Who runs a job (this process, or child processes that can be ended) is for the caller to say: the search is handed a
`Runner`. A solver's word is no fact, so each answer is examined against the model it is for (`examined`) before
anybody uses it; what only the search can know (that a bound is above the cost of a plan it holds, that a choice breaks
a rule) the search must still check.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from solver_models.backend import Answer, LinearModel, Solver, solve_linear

Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Relative difference of two numbers of a solver that is rounding, not a lie; for rows against their bounds too."""
WHOLE = 1e-6
"""Distance from a whole number beyond which rounding a value is worth a remark."""
OVERRUN_SECONDS, OVERRUN_PER_VARIABLE, OVERRUN_PER_ENTRY = 0.25, 3e-5, 5e-6
"""Seconds, and seconds per variable and per entry of the matrix, by which a solver may overrun its limit: it takes so
long to build the model there and for steps of HiGHS that ask no clock (the analytic centre, presolve of a sub-MIP, a
round of cuts), on a machine that does something else besides."""
TIMELY = 0.9
"""Share of the time there is that a solver is told, at the most."""
SHORTEST = 0.05
"""Seconds that a solver is told at the least."""


@dataclass(frozen=True, slots=True, eq=False)
class SolveJob:
    """One model to solve, and how hard to try.

    Every job has a solution (backordering everything is one), so "infeasible" is never a true answer.

    Parameters
    ----------
    model
        The model.
    solver
        Which solver.
    time_limit
        Seconds of wall clock, from when the job is begun.
    relative_gap
        Stop when the claimed gap is at most this.
    seed
        Passed on where the solver takes it.
    work_limit
        Nodes (HiGHS, SCIP), deterministic seconds (CP-SAT) or iterations (GLOP); 0 = none.
    hint
        (n_variables,) float64, a point to start from, NaN where the solver is to find the value; None = none.
    """

    model: LinearModel
    solver: Solver
    time_limit: float
    relative_gap: float = 0.0
    seed: int = 0
    work_limit: int = 0
    hint: Floats | None = None


def overrun(model: LinearModel) -> float:
    """Return the seconds by which a solver may overrun its limit on a model, in which its answer is still worth having.

    Parameters
    ----------
    model
        The model.
    """
    return OVERRUN_SECONDS + OVERRUN_PER_VARIABLE * len(model.cost) + OVERRUN_PER_ENTRY * model.matrix.nnz


def limit_within(model: LinearModel, seconds: float) -> float:
    """Return the time limit to give a solver so that it answers within some seconds.

    Parameters
    ----------
    model
        The model.
    seconds
        Wall clock there is.
    """
    return max(SHORTEST, min(TIMELY * seconds, seconds - overrun(model)))


class Runner(Protocol):
    """Who solves jobs."""

    @property
    def workers(self) -> int:
        """How many jobs run side by side."""
        ...

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        """Solve jobs and return their answers in the order of the jobs.

        Never raises because of a solver: what failed is an answer without values that says why (`Answer.failure`).
        Each answer has been `examined`. A runner of child processes ends a job a little after its own time limit.

        Parameters
        ----------
        jobs
            Begun in this order, `workers` of them at a time.
        """
        ...


@dataclass(frozen=True, slots=True)
class InProcess:
    """Solves one job after another in this process: a solver that hangs or crashes takes the process with it.

    Parameters
    ----------
    solve
        Called like `backend.solve_linear`.
    """

    solve: Callable[..., Answer] = solve_linear

    @property
    def workers(self) -> int:
        """One."""
        return 1

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        """Solve jobs one after another.

        Parameters
        ----------
        jobs
            In any number.
        """
        return [examined(job, self.answer(job)) for job in jobs]

    def answer(self, job: SolveJob) -> Answer:
        """Solve one job and return what the solver said, not yet examined.

        Parameters
        ----------
        job
            The job.
        """
        try:
            return self.solve(
                job.model,
                job.solver,
                time_limit=job.time_limit,
                relative_gap=job.relative_gap,
                seed=job.seed,
                hint=job.hint,
                work_limit=job.work_limit,
            )
        except Exception as error:  # a solver's bindings may raise anything
            return failed(f"{type(error).__name__}: {error}")


IN_PROCESS = InProcess()
"""The runner where none is handed in."""


class Recorded:
    """A runner that passes jobs on and keeps what went wrong: the answers' failures and contradictions.

    Parameters
    ----------
    runner
        Who solves.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.failures: list[str] = []
        self.contradictions: list[str] = []
        self.rounded = 0

    @property
    def workers(self) -> int:
        """Those of the runner behind it."""
        return self._runner.workers

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        """Pass the jobs on.

        Parameters
        ----------
        jobs
            As in `Runner.run`.
        """
        answers = self._runner.run(jobs)
        for job, answer in zip(jobs, answers, strict=True):
            if answer.failure:
                self.failures.append(f"{job.solver.value}: {answer.failure}")
            if answer.contradiction:
                self.contradictions.append(f"{job.solver.value}: {answer.contradiction}")
            self.rounded += answer.rounded
        return answers


def failed(why: str) -> Answer:
    """Return the answer of a solver that gave none.

    Parameters
    ----------
    why
        What happened.
    """
    return Answer(values=None, bound=-np.inf, finished=False, failure=why)


def examined(job: SolveJob, answer: Answer) -> Answer:
    """Look at an answer: what cannot be true is taken out, and said in its `contradiction`.

    Afterwards `values` have the right length and are finite; in a model of integers only they are whole numbers that
    meet every bound and row. `row_duals` have the right length and are finite. `bound` is a number or -inf, and not
    above the cost of the values. `infeasible` is False, since every job has a solution.

    Parameters
    ----------
    job
        What was asked.
    answer
        What came back, from wherever.
    """
    try:
        return _examined(job.model, answer)
    except (AttributeError, TypeError, ValueError) as error:
        return failed(f"the answer cannot be read: {type(error).__name__}: {error}")


def _examined(model: LinearModel, answer: Answer) -> Answer:
    doubts: list[str] = []
    if answer.failure:
        # what a failing solver says besides is not worth looking at
        return failed(str(answer.failure))
    if answer.infeasible:
        doubts.append("it says that there is no solution, but there is one")
    values, off = _examined_values(model, answer.values, doubts)
    bound = float(answer.bound)
    if np.isnan(bound) or bound == np.inf:
        doubts.append(f"its bound is {bound}")
        bound = -np.inf
    objective = None if answer.objective is None else float(answer.objective)
    if values is not None:
        cost = float(model.cost @ values)
        room = TOLERANCE * max(1.0, abs(cost))
        if objective is not None and not abs(objective - cost) <= room:
            doubts.append(f"it says that its solution costs {objective:.9g}, but that costs {cost:.9g}")
        if bound > cost + room:
            doubts.append(f"its bound {bound:.9g} is above the cost {cost:.9g} of its own solution")
            bound = -np.inf
        bound = min(bound, cost) if np.all(model.integer) else bound
    elif answer.values is not None:
        # a bound that comes with a solution that is none deserves no more trust
        bound = -np.inf
    duals = _examined_duals(model, answer.row_duals, doubts)
    return replace(
        answer,
        values=values,
        bound=bound,
        finished=bool(answer.finished) and not doubts,
        infeasible=False,
        row_duals=duals,
        objective=objective,
        contradiction="; ".join(doubts),
        rounded=off > WHOLE,
    )


def _examined_values(model: LinearModel, given: Floats | None, doubts: list[str]) -> tuple[Floats | None, float]:
    """Round what is to be whole, then check; return also how far rounding went."""
    if given is None:
        return None, 0.0
    values = np.array(given, dtype=np.float64)
    if values.shape != model.cost.shape:
        doubts.append(f"it has {values.size} values for {len(model.cost)} variables")
        return None, 0.0
    if not np.all(np.isfinite(values)):
        doubts.append("not all of its values are numbers")
        return None, 0.0
    whole = np.where(model.integer, np.rint(values), values)
    off = float(np.abs(whole - values).max(initial=0.0))
    # with continuous variables among them, rounding a switch may cut off a trickle behind it: no lie
    if np.all(model.integer) and len(values) and not _meets(model, whole):
        doubts.append("its solution breaks the model")
        return None, off
    return whole if np.all(model.integer) else values, off


def _meets(model: LinearModel, values: Floats) -> bool:
    row = model.matrix @ values
    return all(
        bool(np.all(given >= low - TOLERANCE * np.maximum(1.0, np.abs(np.where(np.isfinite(low), low, 0.0)))))
        and bool(np.all(given <= high + TOLERANCE * np.maximum(1.0, np.abs(np.where(np.isfinite(high), high, 0.0)))))
        for given, low, high in ((values, model.lower, model.upper), (row, model.row_lower, model.row_upper))
    )


def _examined_duals(model: LinearModel, given: Floats | None, doubts: list[str]) -> Floats | None:
    if given is None:
        return None
    duals = np.array(given, dtype=np.float64)
    if duals.shape != model.row_lower.shape:
        doubts.append(f"it has {duals.size} duals for {len(model.row_lower)} rows")
        return None
    if not np.all(np.isfinite(duals)):
        doubts.append("not all of its duals are numbers")
        return None
    return duals
