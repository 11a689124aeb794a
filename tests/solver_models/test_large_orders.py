"""The search where some orders have only some of their columns listed: the bound holds for all of them."""

from dataclasses import dataclass
from time import monotonic

import numpy as np
import pytest
from sourcing_instances import Size, random_sourcing
from sourcing_options import best_choice, options_of

from solver_models import programs
from solver_models.runner import Runner
from solver_models.search import SearchResult, search
from solver_models.sourcing import SourcingArrays, cost_of

SIZE = Size(orders=4, nodes=3)


@dataclass(frozen=True, slots=True)
class ExactFloor:
    """The highest floor an order can have: its cheapest option of all, listed or not."""

    whole: SourcingArrays
    order: int

    def floor(self, price: np.ndarray | None = None) -> int:
        priced = 0 if price is None else self.whole.usage.T @ price
        return options_of(self.whole, self.order, self.whole.column_cost + priced)[0].cost

    def program_floor(self, price: np.ndarray | None, seed: int, runner: Runner, *, seconds: float) -> tuple[int, bool]:
        return self.floor(price), True


def partly_listed(seed: int) -> tuple[SourcingArrays, SourcingArrays, list[ExactFloor]]:
    """A problem, the same with columns of one or two orders missing, and the floors of those."""
    whole, rng = random_sourcing(seed, SIZE), np.random.default_rng([seed, 9])
    large = rng.permutation(whole.n_orders)[: int(rng.integers(1, 3))]
    kept = ~np.isin(whole.column_order, large) | (rng.random(whole.n_columns) < 0.3)
    return whole, whole.restricted(kept), [ExactFloor(whole, int(order)) for order in large]


def run(arrays: SourcingArrays, large: list[ExactFloor]) -> SearchResult:
    deadline = monotonic() + 20.0
    return search(arrays, [], seconds_left=lambda: deadline - monotonic(), relative_gap=0.0, large=large)


@pytest.mark.parametrize("seed", range(120))
def test_the_bound_holds_for_options_that_are_not_listed(seed):
    whole, listed, large = partly_listed(seed)
    found, best = run(listed, large), best_choice(whole).cost
    assert found.bound <= best <= found.choice.cost
    assert found.price_bound <= best
    assert cost_of(listed, found.choice.columns) == found.choice.cost
    assert found.contradictions == 0


@pytest.mark.parametrize("seed", range(60))
def test_the_bound_holds_with_columns_left_out_of_the_programs(seed, monkeypatch):
    monkeypatch.setattr(programs, "SMALL", 0)
    monkeypatch.setattr(programs, "COLUMNS_PER_ORDER", (1, 2))
    monkeypatch.setattr(programs, "LARGEST", 2)
    whole, listed, large = partly_listed(seed)
    found = run(listed, large)
    assert found.bound <= best_choice(whole).cost <= found.choice.cost


def test_listed_columns_alone_would_prove_too_much():
    """Without the floors the optimum over the listed columns is claimed as a bound; the test above has to see that."""
    wrong, above = 0, 0
    for seed in range(40):
        whole, listed, _ = partly_listed(seed)
        best = best_choice(whole).cost
        wrong += run(listed, []).bound > best
        above += best_choice(listed).cost > best
    assert wrong == above >= 12


def test_the_bound_is_worth_having():
    found, best = 0, 0
    for seed in range(40):
        whole, listed, large = partly_listed(seed)
        found += run(listed, large).bound
        best += best_choice(whole).cost
    assert found >= 0.8 * best
