"""Plans of the named rules by ids, without the public API."""

from __future__ import annotations

from quartermaster.domain.snapshot import Snapshot
from quartermaster.evaluation import evaluate_tables
from quartermaster.planning.decode import PlanTables, decode
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.rules import run_rule
from quartermaster.policy import Policy

Taken = dict[tuple[str, str, str], int]
"""Units by (order_id, line_id, node_id)."""


def taken(snapshot: Snapshot, rule: str, policy: Policy | None = None) -> Taken:
    """What a rule takes, services added up.

    Parameters
    ----------
    snapshot, policy
        The instance.
    rule
        Name of the rule.
    """
    tables = checked_tables(build_problem(snapshot, policy or Policy()), rule)
    units: Taken = {}
    columns = (tables.allocations[name] for name in ("order_id", "line_id", "node_id", "quantity"))
    for order_id, line_id, node_id, quantity in zip(*columns, strict=True):
        key = (order_id, line_id, node_id)
        units[key] = units.get(key, 0) + int(quantity)
    return units


def checked_tables(problem: PlanningProblem, rule: str) -> PlanTables:
    """The tables of a rule's plan, which evaluation finds nothing to say against.

    Parameters
    ----------
    problem, rule
        As in `run_rule`.
    """
    tables = decode(problem, run_rule(problem, rule).sourcing)
    evaluation = evaluate_tables(
        problem.snapshot, problem.policy, tables.allocations, tables.shipments, tables.backorders, tables.objective
    )
    assert evaluation.violations == ()
    assert evaluation.objective == tables.objective
    return tables
