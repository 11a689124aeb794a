"""Whether there is time to list the candidates is read off the rule that has run."""

from __future__ import annotations

from decimal import Decimal

import pytest
from simple_day import NEW_YORK, NEWARK, simple_day

from quartermaster.domain.network import Node
from quartermaster.domain.orders import Order, OrderLine
from quartermaster.domain.outlook import Forecast
from quartermaster.planning import optimum
from quartermaster.planning.foresight import decide_with_foresight
from quartermaster.planning.problem import PlanningProblem, build_problem
from quartermaster.planning.stopwatch import Stopwatch
from quartermaster.policy import FuturePolicy, Policy

LIMIT = 10.0


class Slow:
    """A clock that each named rule moves on."""

    def __init__(self, seconds: float, rules: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.seconds, self.run_rule = 0.0, seconds, optimum.run_rule
        monkeypatch.setattr(optimum, "run_rule", self.rule)
        monkeypatch.setattr(optimum, "RULES", optimum.RULES[:rules])

    def rule(self, *given):
        self.now += self.seconds
        return self.run_rule(*given)

    def watch(self) -> Stopwatch:
        return Stopwatch(lambda: self.now, LIMIT)


def one_order(policy: Policy, **tables) -> PlanningProblem:
    day = simple_day(
        orders=[Order(order_id="o", **NEW_YORK)],
        lines=[OrderLine(order_id="o", line_id="1", sku="a", quantity=1)],
        nodes=[Node(node_id="near", **NEWARK)],
        stock={("near", "a"): 1},
        **tables,
    )
    return build_problem(day, policy)


@pytest.mark.parametrize(("seconds", "rules", "listed"), [(1.0, 3, True), (4.0, 1, True), (6.0, 1, False)])
def test_no_candidates_are_listed_in_less_time_than_the_first_rule_took(
    seconds: float, rules: int, listed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(seconds, 3, monkeypatch)
    decision = optimum.decide_together(one_order(Policy()), slow.watch())
    assert decision.counters["rules_finished"] == rules
    assert ("columns" in decision.counters) == listed
    assert decision.deterministic == (rules == 3)
    assert any("named rules only" in warning for warning in decision.warnings) != listed


@pytest.mark.parametrize(("seconds", "priced"), [(1.0, True), (6.0, False)])
def test_no_stock_is_priced_in_less_time_than_the_first_rule_took(
    seconds: float, priced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(seconds, 1, monkeypatch)
    forecast = [Forecast(sku="a", units_per_day=Decimal(5), lat=40.0, lon=-74.0)]
    problem = one_order(Policy(future=FuturePolicy(horizon_days=3)), forecast=forecast)
    decision, foresight = decide_with_foresight(problem, None, slow.watch())
    assert bool(len(foresight.value.price)) == priced
    assert decision.deterministic == priced
    assert any("no room to price stock" in warning for warning in decision.warnings) != priced
