"""All orders together: the best named rule to start from, then the search, then a lower bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from quartermaster.planning.candidates import Candidates
from quartermaster.planning.listing import list_candidates
from quartermaster.planning.problem import PlanningProblem
from quartermaster.planning.resource_prices import ResourcePrices, no_resource_prices, prices_found
from quartermaster.planning.rules import run_rule
from quartermaster.planning.sourcing import NOTHING, Sourcing
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.planning.trim import trim
from quartermaster.planning.value import total_of
from quartermaster.policy import RULES
from solver_models.runner import IN_PROCESS, Runner
from solver_models.search import SearchResult, search

FIRST_RULE_SHARE = 0.8
"""Share of the time limit that the first named rule may take: its plan is the least that a run comes back with."""
RULE_SHARE = 0.35
"""Share of the time limit after which no other named rule begins or goes on."""
RULES_PAIRS = 200_000
"""Pairs of orders and nodes up to which every named rule is tried; beyond, `cheapest` alone: the others cost a third
more and are no start that a large search gains from."""

SECONDS_TO_LIST, RULES_TO_LIST = 0.05, 1.0
"""Seconds, and times the seconds that the rule `cheapest` took, without which listing the candidates is not begun: on
whatever machine it takes about as long as that rule, and the candidates could not be used any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """A decision and how good it is known to be.

    Parameters
    ----------
    sourcing
        The decision.
    bound_micro
        Lower bound on the cost of any plan, the better of what prices prove and what solvers claim; None when there is
        none.
    certified_micro
        Lower bound that the prices alone prove; None when there is none.
    prices
        Those prices; None when there are none.
    deterministic
        False when the clock ended any part of the work.
    counters
        Sizes and events, by name.
    warnings
        What the reader should know.
    """

    sourcing: Sourcing
    bound_micro: int | None
    certified_micro: int | None
    prices: ResourcePrices | None
    deterministic: bool
    counters: dict[str, int]
    warnings: tuple[str, ...] = ()


def decide_together(problem: PlanningProblem, watch: Stopwatch, runner: Runner = IN_PROCESS) -> Decision:
    """Plan all orders together.

    Parameters
    ----------
    problem
        The problem.
    watch
        Time limit and progress.
    runner
        Who solves the programs.
    """
    starts, rules_finished = _best_rules(problem, watch)
    with watch.phase("candidates"):
        trimmed, constant = trim(problem)
        if watch.seconds_left() < seconds_to_list(problem, watch):
            free = no_resource_prices(problem.n_orders, problem.n_nodes)
            warnings: tuple[str, ...] = ("the time limit left room for the named rules only",)
            counted = {"rules_finished": rules_finished}
            return Decision(starts[0], constant, constant, free, False, counted, warnings)
        candidates = list_candidates(trimmed, starts[0])
    with watch.phase("solve") as tell:
        found = search_candidates(candidates, starts, watch, runner, tell)
    sourcing = min([candidates.sourcing(found.choice.columns), *starts], key=lambda known: total_of(problem, known))
    counters = {
        "columns": candidates.arrays.n_columns,
        "resources": candidates.arrays.n_resources,
        "large_orders": len(candidates.large),
        "rules_finished": rules_finished,
        "solver_contradictions": found.contradictions,
    }
    warnings = ()
    if candidates.large:
        warnings = (f"{len(candidates.large)} orders are too large to list every split; the bound is weaker for it",)
    certified = found.price_bound + constant
    bound, withdrawn = credible_bound(found.bound + constant, certified, total_of(problem, sourcing))
    counters["solver_contradictions"] += withdrawn
    return Decision(
        sourcing,
        bound,
        certified,
        prices_found(candidates, found.prices),
        rules_finished == len(_rules_tried(problem)) and not found.clocked,
        counters,
        warnings,
    )


def seconds_to_list(problem: PlanningProblem, watch: Stopwatch) -> float:
    """Say how much time must be left for listing candidates to begin.

    Parameters
    ----------
    problem
        The problem.
    watch
        Has timed the first named rule.
    """
    return max(SECONDS_TO_LIST, RULES_TO_LIST * watch.seconds.get(f"rule {_rules_tried(problem)[0]}", 0.0))


def credible_bound(claimed_micro: int, certified_micro: int, total_micro: int) -> tuple[int, bool]:
    """Choose the bound to publish: what solvers claim counts only while no plan is known that costs less.

    Parameters
    ----------
    claimed_micro
        The best bound that solvers claim.
    certified_micro
        What prices prove, to fall back to.
    total_micro
        Cost of a checked plan.

    Returns
    -------
    bound_micro
        The bound.
    withdrawn
        True when the claim was not believed.
    """
    if claimed_micro > total_micro:
        return certified_micro, True
    return max(claimed_micro, certified_micro), False


def _best_rules(problem: PlanningProblem, watch: Stopwatch) -> tuple[list[Sourcing], int]:
    """Run the named rules, `cheapest` before all, while their share of the time lasts; cheapest result first.

    Returned with it: how many of them ran to their end.
    """
    results: list[Sourcing] = []
    finished = 0
    for name in _rules_tried(problem):
        out_of_time = watch.after_share(RULE_SHARE if results else FIRST_RULE_SHARE)
        if out_of_time():
            break
        with watch.phase(f"rule {name}") as tell:
            result = run_rule(problem, name, out_of_time, lambda _, done: tell(done))
        finished += result.finished
        results.append(result.sourcing)
    return sorted([*results, NOTHING], key=lambda sourcing: total_of(problem, sourcing)), finished


def _rules_tried(problem: PlanningProblem) -> tuple[str, ...]:
    return RULES if problem.n_orders * problem.n_nodes <= RULES_PAIRS else RULES[:1]


def search_candidates(
    candidates: Candidates,
    starts: list[Sourcing],
    watch: Stopwatch,
    runner: Runner,
    tell: Callable[[float], None],
) -> SearchResult:
    """Search some candidates as the policy says.

    Parameters
    ----------
    candidates
        The candidates.
    starts
        Decisions known.
    watch
        Time limit.
    runner
        Who solves the programs.
    tell
        Told the share of the work that is done.
    """
    solver = candidates.problem.policy.solver
    known = [candidates.columns_of(start) for start in starts]
    return search(
        candidates.arrays,
        known,
        seconds_left=watch.seconds_left,
        relative_gap=float(solver.relative_gap),
        seed=solver.seed,
        node_limit=solver.work_limit,
        large=candidates.large,
        runner=runner,
        progress=tell,
    )
