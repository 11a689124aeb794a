"""Neighbourhoods: whatever solvers say and however many run side by side, the choice stays whole and gets no worse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from solver_doubles import LIES, PROGRAM_DOUBLES, doubled, said
from sourcing_handmade import Shared, Wanted, Way, sourcing_problem
from sourcing_instances import Size, random_sourcing, with_families
from sourcing_options import best_choice

from solver_models import column_generation, programs
from solver_models import neighbourhoods as module
from solver_models import search as search_module
from solver_models.backend import Answer
from solver_models.bound import Prices, constant_of, priced_columns
from solver_models.column_generation import Priced, settle_prices
from solver_models.greedy import take_in_turn
from solver_models.neighbourhoods import Improved, Neighbourhoods
from solver_models.pricing import Pricer
from solver_models.runner import IN_PROCESS, Runner, SolveJob
from solver_models.search import search
from solver_models.sourcing import INFEASIBLE, Choice, SourcingArrays, cost_of, paid_by_order
from solver_models.standing import StandingChoice

NOTHING = np.empty(0, dtype=np.int64)
SEEDS = range(9)
SIZE = Size(orders=8, nodes=3)


@dataclass
class SideBySide:
    """Says that it has so many workers; solves one job after another."""

    workers: int
    runner: Runner = IN_PROCESS
    batches: list[int] = field(default_factory=list)

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        self.batches.append(len(jobs))
        return self.runner.run(jobs)


@pytest.fixture(autouse=True)
def _small_neighbourhoods(monkeypatch):
    monkeypatch.setattr(module, "ORDERS", 2)


def priced_by(arrays: SourcingArrays, resource: Sequence[int]) -> Priced:
    """Prices given by hand, for problems without opening costs."""
    none = np.empty(0, dtype=np.int64)
    prices = Prices(np.array(resource, dtype=np.int64), np.zeros((arrays.n_orders, 0), dtype=np.int64), none)
    order_cost, excess = Pricer(arrays).excess(priced_columns(arrays, prices))
    return Priced(prices, int(order_cost.sum()) + constant_of(arrays, prices), excess, order_cost, True)


def settled(arrays: SourcingArrays) -> Priced:
    return settle_prices(arrays, step=4.0, seconds_left=lambda: 20.0, seed=0)


def neighbourhoods(arrays: SourcingArrays, priced: Priced, runner: Runner = IN_PROCESS, seed: int = 0):
    column_cost = priced_columns(arrays, priced.prices)
    return Neighbourhoods(arrays, priced.prices, priced.order_cost, column_cost, runner, seed=seed)


def improve(
    arrays: SourcingArrays,
    priced: Priced,
    runner: Runner = IN_PROCESS,
    *,
    start: np.ndarray = NOTHING,
    seed: int = 0,
    seconds_left: Callable[[], float] = lambda: 20.0,
    target: int = 0,
) -> Improved:
    return neighbourhoods(arrays, priced, runner, seed).improve(
        Choice(start, cost_of(arrays, start)),
        seconds_left=seconds_left,
        good_enough=lambda cost: cost <= target,
        relative_gap=0.0,
    )


def is_whole(arrays: SourcingArrays, choice: Choice) -> bool:
    return cost_of(arrays, choice.columns) == choice.cost < INFEASIBLE


@pytest.mark.parametrize("seed", SEEDS)
def test_never_worse_and_always_whole(seed):
    """Every feature of the model: limits, opening costs, node capacities, watched nodes, lines that must be whole."""
    arrays = with_families(random_sourcing(seed, SIZE))
    priced = settled(arrays)
    greedy = take_in_turn(arrays, priced_columns(arrays, priced.prices), np.arange(arrays.n_orders))
    for start in (NOTHING, greedy.columns):
        runner = SideBySide(workers := 1 + seed % 3)
        found = improve(arrays, priced, runner, start=start)
        assert is_whole(arrays, found.choice)
        assert found.choice.columns.tolist() == sorted(found.choice.columns.tolist())
        assert priced.bound <= found.choice.cost <= cost_of(arrays, start)
        assert not found.clocked
        assert max(runner.batches, default=0) <= workers


def test_most_of_what_can_be_saved_is_saved():
    """From nothing served, over few orders at a time, against the proven optimum."""
    start, found, best = 0, 0, 0
    for seed in range(10):
        arrays = with_families(random_sourcing(seed, Size(orders=5), opening=False))
        start += cost_of(arrays, NOTHING)
        found += improve(arrays, settled(arrays)).choice.cost
        best += best_choice(arrays).cost
    assert best <= found <= best + 0.05 * (start - best)


@pytest.mark.parametrize("seed", [0, 2, 5])
def test_the_same_seed_gives_the_same_choice(seed):
    arrays = with_families(random_sourcing(seed, SIZE))
    priced = settled(arrays)
    one, two = (improve(arrays, priced, SideBySide(2), seed=4).choice for _ in range(2))
    assert one.columns.tolist() == two.columns.tolist()


def contest(n_orders: int, stock: int) -> SourcingArrays:
    """Orders that all want one unit of one stock, worth 50, 51, … to them."""
    ways = [Way(order, 0, (1,), 10) for order in range(n_orders)]
    shared = [Shared(stock, dict.fromkeys(range(n_orders), 1))]
    return sourcing_problem([Wanted((1,), backorder=50 + order) for order in range(n_orders)], ways, shared)


@pytest.mark.parametrize("workers", [2, 3, 6])
@pytest.mark.parametrize("stock", [1, 2, 3])
def test_free_units_are_given_to_one_neighbourhood_only(stock, workers, monkeypatch):
    """Each neighbourhood would take what is free: served together they must not take it twice."""
    monkeypatch.setattr(module, "ORDERS", 1)
    arrays = contest(6, stock)
    runner = SideBySide(workers)
    found = improve(arrays, priced_by(arrays, [45]), runner)
    assert max(runner.batches) == workers
    assert is_whole(arrays, found.choice)
    assert 0 < len(found.choice.columns) <= stock


def test_units_pass_to_who_needs_them_more():
    """One order at a time nothing can be gained; two at a time the unit goes to the dearer backorder."""
    arrays = contest(2, 1)
    found = improve(arrays, priced_by(arrays, [40]), start=np.array([0]))
    assert found.choice.columns.tolist() == [1]
    assert found.choice.cost == 50 + 10


def test_orders_of_one_large_family_meet_others_each_time():
    """Eight want two units, two orders meet at a time: the units still find their way to the dearest backorders."""
    arrays = contest(8, 2)
    found = improve(arrays, priced_by(arrays, [46]), start=np.array([0, 1]))
    assert found.choice.columns.min() >= 2


def opened_for_another() -> SourcingArrays:
    """Order 0 would leave node 0, order 1 would come if it is open anyway; opening it costs 10."""
    ways = [Way(0, 0, (1,), 8), Way(0, 2, (1,), 1), Way(1, 0, (1,), 1), Way(1, 1, (1,), 5)]
    return sourcing_problem([Wanted((1,)), Wanted((1,))], ways, opening=(10, 0, 0))


def test_a_node_kept_open_by_a_neighbour_who_leaves_is_paid_for(monkeypatch):
    """Side by side each neighbourhood is told that the node is open; what that saved is not saved in truth."""
    monkeypatch.setattr(module, "ORDERS", 1)
    arrays, start = opened_for_another(), np.array([0, 3])
    column_cost = arrays.column_cost
    prices = Prices(NOTHING, np.zeros((2, 1), dtype=np.int64), np.array([0]))
    for worth in ([0, 0], [-50, 0], [0, -50]):  # whose slack is larger, and so who comes first
        order_cost = np.array([1, 1]) + worth
        runner = SideBySide(2)
        made = Neighbourhoods(arrays, prices, order_cost, column_cost, runner, seed=0)
        found = made.improve(
            Choice(start, cost_of(arrays, start)),
            seconds_left=lambda: 20.0,
            good_enough=lambda cost: False,
            relative_gap=0.0,
        )
        assert 2 in runner.batches
        assert is_whole(arrays, found.choice)
        assert found.choice.columns.tolist() == [1, 3]
        assert found.choice.cost == 6


@pytest.mark.parametrize("name", LIES)
def test_solvers_that_fail_or_lie(name):
    arrays = with_families(random_sourcing(5, Size(orders=6)))
    priced = settled(arrays)
    start = take_in_turn(arrays, arrays.column_cost, np.arange(arrays.n_orders))
    runner = SideBySide(2, doubled(programs=LIES[name]))
    found = improve(arrays, priced, runner, start=start.columns)
    assert runner.batches
    assert is_whole(arrays, found.choice)
    assert found.choice.cost <= start.cost


@pytest.mark.parametrize("name", ["says nothing", "dies", "takes everything", "returns NaN", "returns noise"])
def test_without_an_answer_the_choice_is_kept(name):
    """And it was not the work that ended the improvement, so it is not called repeatable."""
    arrays, start = contest(4, 2), np.array([0])
    runner = SideBySide(2, doubled(programs=PROGRAM_DOUBLES[name]))
    found = improve(arrays, priced_by(arrays, [40]), runner, start=start)
    assert runner.batches
    assert found.choice.columns.tolist() == [0]
    assert found.clocked


@dataclass
class Unexamined:
    """Hands on what it is told to say as it is."""

    double: Callable[..., Answer]
    workers: int = 2

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        return [self.double(job.model, job.solver) for job in jobs]


@pytest.mark.parametrize("values", [np.ones, np.zeros])
def test_values_that_nobody_examined_are_not_taken_on_trust(values):
    """Everything taken is no choice; nothing taken is one, but worse."""
    arrays, start = contest(4, 2), np.array([0, 1])
    found = improve(arrays, priced_by(arrays, [40]), Unexamined(said(values)), start=start)
    assert found.choice.columns.tolist() == [0, 1]
    assert is_whole(arrays, found.choice)


def test_without_time_nobody_is_asked():
    arrays, runner = contest(4, 2), SideBySide(2)
    found = improve(arrays, priced_by(arrays, [40]), runner, seconds_left=lambda: 0.0)
    assert found.clocked
    assert not runner.batches
    assert found.choice.columns.tolist() == []


@pytest.mark.parametrize("programs", [1, 2, 3])
def test_the_clock_ends_it_between_programs(programs):
    arrays, runner = contest(12, 5), SideBySide(1)
    found = improve(
        arrays, priced_by(arrays, [50]), runner, seconds_left=lambda: 20.0 if len(runner.batches) < programs else 0.0
    )
    assert found.clocked
    assert len(runner.batches) == programs
    assert is_whole(arrays, found.choice)
    assert 0 < len(found.choice.columns) <= 5


def test_good_enough_ends_it():
    """The first program takes the free units; with that the cost asked for is met."""
    arrays, runner = contest(12, 2), SideBySide(1)
    target = cost_of(arrays, NOTHING) - 1
    found = improve(arrays, priced_by(arrays, [50]), runner, target=target)
    assert found.choice.cost <= target
    assert not found.clocked
    assert len(runner.batches) < 6
    asked = SideBySide(1)
    assert improve(arrays, priced_by(arrays, [50]), asked, target=1 << 50).choice.columns.tolist() == []
    assert not asked.batches


def test_where_there_is_no_gap_nobody_is_asked():
    """Every order has its cheapest option and what has a price is used up: optimal, by complementary slackness."""
    arrays, runner = contest(6, 2), SideBySide(1)
    found = improve(arrays, priced_by(arrays, [43]), runner, start=np.array([4, 5]))
    assert not runner.batches
    assert found.choice.columns.tolist() == [4, 5]
    assert found.choice.cost == best_choice(arrays).cost


@pytest.mark.parametrize("seed", range(15))
def test_the_gap_is_what_orders_pay_too_much_and_what_is_left_over(seed):
    """cost - L = sum of slacks + sum of price * unused, exactly, plus what opening costs are paid beyond the shares."""
    arrays = with_families(random_sourcing(seed, SIZE))
    priced = settled(arrays)
    rng = np.random.default_rng(seed)
    choice = take_in_turn(arrays, arrays.column_cost, rng.permutation(arrays.n_orders))
    slack = paid_by_order(arrays, choice.columns, priced_columns(arrays, priced.prices)) - priced.order_cost
    unused = arrays.capacity - np.asarray(arrays.usage[:, choice.columns].sum(axis=1))
    opened = 0
    for at, node in enumerate(priced.prices.opening_node.tolist()):
        users = np.unique(arrays.column_order[choice.columns[arrays.column_node[choice.columns] == node]])
        share, cost = priced.prices.share[:, at], int(arrays.opening[node])
        opened += (cost if len(users) else 0) - int(share[users].sum()) - min(0, cost - int(share.sum()))
    assert np.all(slack >= 0)
    assert opened >= 0
    assert choice.cost - priced.bound == int(slack.sum()) + int(priced.prices.resource @ unused) + opened


@pytest.mark.parametrize("seed", range(8))
def test_partitions_name_each_order_once_and_keep_to_their_size(seed, monkeypatch):
    arrays = with_families(random_sourcing(seed, SIZE))
    priced = settled(arrays)
    most = int(np.bincount(arrays.column_order, minlength=1).max())
    monkeypatch.setattr(module, "COLUMNS", 12)
    made = neighbourhoods(arrays, priced)
    state = StandingChoice(arrays, Choice(NOTHING, cost_of(arrays, NOTHING)))
    blocks = made._partition(state, np.random.default_rng(seed))
    orders = [order for block in blocks for order in block.tolist()]
    assert len(set(orders)) == len(orders)
    for block in blocks:
        assert 0 < len(block) <= 2
        assert np.isin(arrays.column_order, block).sum() <= 12 + most


@pytest.mark.parametrize("masters", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_the_search_with_neighbourhoods_against_the_optimum(seed, masters, monkeypatch):
    """Without masters and programs over everything, as for many orders, too."""
    monkeypatch.setattr(search_module, "ORDERS", 1)
    if not masters:
        monkeypatch.setattr(programs, "MASTER_ORDERS", 0)
        monkeypatch.setattr(column_generation, "MASTER_ORDERS", 0)
    arrays = with_families(random_sourcing(seed, Size(orders=5)))
    runner, best = SideBySide(2), best_choice(arrays).cost
    found = search(arrays, [], seconds_left=lambda: 20.0, relative_gap=0.0, runner=runner)
    assert is_whole(arrays, found.choice)
    assert found.price_bound <= found.bound <= best <= found.choice.cost
    assert found.contradictions == 0
    if masters:
        assert found.bound == best == found.choice.cost


def test_the_search_is_the_better_for_neighbourhoods(monkeypatch):
    """Where no program over everything follows, they find what the order-by-order choice has missed."""
    monkeypatch.setattr(programs, "MASTER_ORDERS", 0)
    monkeypatch.setattr(column_generation, "MASTER_ORDERS", 0)
    with_them, without = 0, 0
    for seed in range(8):
        arrays = with_families(random_sourcing(seed, Size(orders=8)))
        cost = []
        for orders in (1, 1 << 20):
            monkeypatch.setattr(search_module, "ORDERS", orders)
            cost.append(search(arrays, [], seconds_left=lambda: 20.0, relative_gap=0.0).choice.cost)
        assert cost[0] <= cost[1]
        with_them, without = with_them + cost[0], without + cost[1]
    assert with_them < without


def test_a_round_of_sweeps_that_the_clock_left_out_is_the_clocks_doing(monkeypatch):
    """Time for neighbourhoods is gone after the first round, time for all the rest is not."""
    arrays, clock, asked = contest(12, 5), [100.0], []

    class Slow(Neighbourhoods):
        def improve(self, start: Choice, **limits) -> Improved:
            asked.append(start)
            clock[0] -= 90.0 if len(asked) == 1 else 0.0
            return Improved(start, False)

    monkeypatch.setattr(search_module, "ORDERS", 1)
    monkeypatch.setattr(search_module, "Neighbourhoods", Slow)
    found = search(arrays, [], seconds_left=lambda: clock[0], relative_gap=0.0)
    assert len(asked) == 1
    assert found.choice.cost == found.bound
    assert found.clocked


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_neighbourhoods_begin_at_a_choice_given_where_it_is_much_the_better(share, monkeypatch):
    """Else at the greedy one; the second round goes on from the best."""
    arrays, asked = with_families(random_sourcing(12, Size(orders=12))), []

    class Noted(Neighbourhoods):
        def improve(self, start: Choice, **limits) -> Improved:
            asked.append(start.cost)
            return Improved(start, False)

    monkeypatch.setattr(search_module, "ORDERS", 1)
    best = search(arrays, [], seconds_left=lambda: 20.0, relative_gap=0.0).choice
    monkeypatch.setattr(programs, "MASTER_ORDERS", 0)
    monkeypatch.setattr(search_module, "GOOD_START", share)
    monkeypatch.setattr(search_module, "look_again", lambda arrays, choice, out_of_time: (choice, True))
    monkeypatch.setattr(search_module, "Neighbourhoods", Noted)
    found = search(arrays, [best.columns], seconds_left=lambda: 20.0, relative_gap=0.0)
    assert found.choice.cost == best.cost == asked[1]
    assert (asked[0] > best.cost) == (share == 0.0)


def test_prices_that_the_clock_ended_are_not_called_finished(monkeypatch):
    """Also where no master follows the ascent: what the clock decided may not repeat."""
    monkeypatch.setattr(column_generation, "MASTER_ORDERS", 0)
    arrays = random_sourcing(11, Size(orders=4))
    for seconds in (20.0, 0.0):
        priced = settle_prices(arrays, step=4.0, seconds_left=lambda left=seconds: left, seed=0)
        assert priced.finished == (seconds > 0)
