"""A short day in the life of the service holds, and a feed that lies makes it fail."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from run_days import plan_here

from benchmarks.day_in_the_life import Day, live, report, settings_of
from benchmarks.day_world import Size
from quartermaster.scheduling.run import run_all
from quartermaster.store import Store, open_store
from quartermaster.store.migrate import upgrade

SIZE = Size(orders=90, nodes=4, skus=12, windows=4)


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/day.db"
    store = open_store(url)
    upgrade(store)
    store.close()
    return url


def test_a_day_with_two_killed_runs_loses_and_doubles_nothing(url: str) -> None:
    run = live(SIZE, 1, url, settings_of(Decimal(5), "cheapest"), bound_seconds=5)
    assert (run["faults"], run["oversold_units"]) == ([], 0)
    assert (run["happened"]["runs"], run["happened"]["runs killed"], run["happened"]["snapshots"]) == (4, 2, 3)
    assert set(run["orders"]) <= {"allocated", "backordered", "cancelled"}
    assert run["units"]["open"] == 0 < run["units"]["allocated"]
    assert 0 < run["bound"] <= run["cost"]["total"]
    assert "oversold units: 0" in report(run)


def test_a_feed_that_says_too_much_has_left_sells_units_twice(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(Day):
        """Each of its feeds says that all that was given away has left, though it stands on the shelf."""

        def _feed(self, *arguments: object) -> None:
            self.ends = [self.commit_sequence] * (len(self.world.leaving) + 1)
            super()._feed(*arguments)

        def _kill_a_run(self) -> None:
            """Not here."""

    monkeypatch.setattr("benchmarks.day_in_the_life.Day", Forgetful)
    monkeypatch.setattr("benchmarks.day_in_the_life.run_all", partial(run_all, planner=plan_here))
    monkeypatch.setattr("benchmarks.day_in_the_life.BREAKS_DOWN", 2)  # so that no picture of all shelves mends it
    monkeypatch.setattr("benchmarks.day_in_the_life.IS_BACK", 2)
    crowded = Size(orders=300, nodes=3, skus=10, windows=4, scarce=1.0)
    run = live(crowded, 1, url, settings_of(Decimal(5), "cheapest"), bound_seconds=5)
    assert run["oversold_units"] > 0


def test_a_plan_that_nobody_looked_at_and_a_bound_that_is_not_there_are_faults(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hasty(Day):
        """A second plan is committed before anybody has looked at the first."""

        def _look(self, store: Store) -> None:
            if self.seconds[1:]:
                super()._look(store)

        def _kill_a_run(self) -> None:
            """Not here."""

    monkeypatch.setattr("benchmarks.day_in_the_life.Day", Hasty)
    monkeypatch.setattr("benchmarks.day_in_the_life.run_all", partial(run_all, planner=plan_here))
    monkeypatch.setattr("benchmarks.day_in_the_life.bound_micro", lambda *_: None)
    run = live(SIZE, 1, url, settings_of(Decimal(5), "cheapest"), bound_seconds=5)
    expected = ["4 plans were committed, the units of 3 taken off the shelves", "no bound is proven"]
    assert (run["faults"][-2:], run["bound"], run["regret"]) == (expected, None, None)
    assert expected[-1] in report(run)
