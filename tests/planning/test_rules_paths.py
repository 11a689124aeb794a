"""A rule gives the same plan by whichever path: in bulk or alone, pair by pair or swept, listed or reached."""

from __future__ import annotations

import pytest
from instances import small_instance
from rule_plans import checked_tables

from quartermaster.errors import ModelError
from quartermaster.planning.decode import PlanTables
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.rules import (
    bulk_options,
    cheapest,
    exact_option,
    lattice_bounds,
    node_parts,
    run,
    run_rule,
)
from quartermaster.policy import RULES

SEEDS = range(300, 312)


@pytest.fixture(scope="module")
def problems() -> list[PlanningProblem]:
    return [build_problem(*small_instance(seed)) for seed in SEEDS]


@pytest.fixture(scope="module")
def cheapest_plans(problems: list[PlanningProblem]) -> list[PlanTables]:
    return [checked_tables(problem, "cheapest") for problem in problems]


def same(one: PlanTables, other: PlanTables) -> bool:
    return bool(one.allocations.equals(other.allocations)) and one.objective == other.objective


@pytest.mark.parametrize(
    "values",
    [
        ((bulk_options, "MAX_STEPS", 0),),
        ((bulk_options, "MAX_STEPS", 0), (lattice_bounds, "MAX_PAIRS", 0)),
        ((bulk_options, "MAX_STEPS", 0), (exact_option, "MANY", 0), (node_parts, "MAX_CELLS", 7)),
        ((bulk_options, "MAX_STEPS", 0), (exact_option, "PACKED_BELOW", 0)),
        ((cheapest, "MAX_CHUNK", 3),),
        ((cheapest, "MAX_CELLS", 100),),
    ],
    ids=["alone", "swept", "combined in pieces", "beyond 64 bits", "three orders a chunk", "one order a chunk"],
)
def test_cheapest(
    problems: list[PlanningProblem],
    cheapest_plans: list[PlanTables],
    monkeypatch: pytest.MonkeyPatch,
    values: tuple[tuple[object, str, int], ...],
) -> None:
    for module, name, value in values:
        monkeypatch.setattr(module, name, value)
    for seed, problem, expected in zip(SEEDS, problems, cheapest_plans, strict=True):
        assert same(checked_tables(problem, "cheapest"), expected), f"small_instance({seed})"


def test_fewest_shipments_of_large_orders(problems: list[PlanningProblem], monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [checked_tables(problem, "fewest_shipments") for problem in problems]
    monkeypatch.setattr(run, "MAX_VECTORS", 0)
    exact = 0
    for problem, tables in zip(problems, expected, strict=True):
        if run_rule(problem, "fewest_shipments").inexact_orders == 0:
            assert same(checked_tables(problem, "fewest_shipments"), tables)
            exact += 1
    assert exact > len(problems) // 2


def test_large_orders_come_close_to_the_cheapest(
    problems: list[PlanningProblem], cheapest_plans: list[PlanTables], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cheapest, "MAX_VECTORS", 0)
    found = [checked_tables(problem, "cheapest").objective.total_micro for problem in problems]
    exact = [plan.objective.total_micro for plan in cheapest_plans]
    assert sum(found) <= 1.03 * sum(exact)


def test_large_orders_are_counted(problems: list[PlanningProblem], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_rule(problems[0], "cheapest").inexact_orders == 0
    monkeypatch.setattr(cheapest, "MAX_VECTORS", 0)
    assert run_rule(problems[0], "cheapest").inexact_orders == problems[0].n_orders


@pytest.mark.parametrize("rule", RULES)
def test_time_can_run_out(problems: list[PlanningProblem], rule: str) -> None:
    problem = problems[0]
    stopped = run_rule(problem, rule, deadline=lambda: True)
    assert not stopped.finished
    assert len(stopped.sourcing) == 0
    assert run_rule(problem, rule, deadline=lambda: False).finished


@pytest.mark.parametrize("rule", ["cheapest", "nearest", "priority", "highest_stock"])
def test_the_clock_is_asked_before_each_order(
    problems: list[PlanningProblem], rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_options, "MAX_STEPS", 0)  # each order by itself, as large ones are
    problem = problems[0]
    asked: list[int] = []
    assert run_rule(problem, rule, deadline=lambda: bool(asked.append(1))).finished
    assert len(asked) >= problem.n_orders > 3
    left = len(asked) - problem.n_orders + 3
    asked.clear()
    stopped = run_rule(problem, rule, deadline=lambda: asked.append(1) or len(asked) > left)
    assert not stopped.finished
    served = set(problem.line_order[stopped.sourcing.line].tolist())
    assert served <= set(problem.order_sequence[:3].tolist())


def test_an_unknown_rule_is_our_bug(problems: list[PlanningProblem]) -> None:
    with pytest.raises(ModelError, match="dearest"):
        run_rule(problems[0], "dearest")


@pytest.mark.parametrize("rule", RULES)
def test_progress_is_told(problems: list[PlanningProblem], rule: str) -> None:
    told: list[tuple[str, float]] = []
    run_rule(problems[0], rule, progress=lambda phase, done: told.append((phase, done)))
    fractions = [done for _, done in told]
    assert {phase for phase, _ in told} == {rule}
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
