"""A day in the life of the service: orders, feeds, cancellations, a node that breaks down, planners that are killed.

::

    python -m benchmarks.day_in_the_life                                  # 20 000 orders, 96 runs, SQLite: minutes
    python -m benchmarks.day_in_the_life --database postgresql+psycopg://postgres@127.0.0.1/test

Everything goes the way an order management system would go: over HTTP (in this process), with keys and idempotency
keys; some calls are sent twice because their reply was lost. The clock of the store is set by hand, so that the day
takes minutes. Runs are those of the schedule: frozen, planned in a process of their own, judged, committed. Twice the
process that makes the run is killed while it plans; whoever comes next, after its lease, goes on.

After every run the books are audited, and the units given away are compared with what stands on the shelves of
`benchmarks.day_world`, which knows nothing of the store. At the end every order must be in a final state, and the
day's cost stands beside a bound that nobody can go below: all orders known when the day begins, with all units that
came in, none sold at the counter, no promise dates, no limits of nodes. Exits with 1 when anything does not hold.
"""

from __future__ import annotations

import argparse
import csv
import json
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from rich.progress import track
from starlette.testclient import TestClient

from benchmarks.day_bound import bound_micro
from benchmarks.day_world import LEAVES_AFTER, START, WINDOW, Size, World, draw_world
from benchmarks.measure import ROOT, write_results
from quartermaster.domain.money import MICRO
from quartermaster.policy import Policy, SolverPolicy
from quartermaster.scheduling import RunSettings
from quartermaster.scheduling.child import plan_apart
from quartermaster.scheduling.commit import rows_of
from quartermaster.scheduling.run import run_all, run_next
from quartermaster.scheduling.scheduler import Timetable, ask_for_due
from quartermaster.service.app import create_app
from quartermaster.service.settings import ServiceSettings
from quartermaster.store import Store, open_store
from quartermaster.store.audit import audit
from quartermaster.store.figures import figures
from quartermaster.store.instants import instant_of
from quartermaster.store.keys import make_key
from quartermaster.store.migrate import upgrade
from quartermaster.store.plans import current_plan, part_of
from quartermaster.store.scopes import scope_state

SCOPE = "day"
RESULTS = ROOT / "benchmarks" / "results" / "day_in_the_life.json"
ORDERS_AT_ONCE = 200
SENT_TWICE = 0.05
"""Share of the calls whose reply is lost, so that they are sent again."""
BREAKS_DOWN, IS_BACK = 0.4, 0.65
"""Shares of the day after which a node is down, and back."""
KILLED = (0.3, 0.7)
"""Shares of the day at which a run is killed."""
TERMS = ("transport", "handling", "distance", "late")


@dataclass(slots=True, eq=False)
class Day:
    """A day under way: the world, the service, and what happened.

    Parameters
    ----------
    world
        What is true.
    url
        Of the store.
    settings
        Of runs.
    """

    world: World
    url: str
    settings: RunSettings
    secret: str = ""
    instant: datetime = START
    sequence: int = 0
    commit_sequence: int = 0
    calls: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    cost: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TERMS, 0))
    lanes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    cancelled: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    last_plan: str | None = None
    looked: int = 0
    """Plans whose units were taken off the shelves."""
    ends: list[int] = field(default_factory=lambda: [0])
    """The last commit of each batch that was given away, after none."""

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the store; its clock shows the instant of the day."""
        store = open_store(self.url, lambda: instant_of(self.instant))
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def service(self) -> Iterator[Callable[..., Any]]:
        """Serve, and give a function that calls: method, path, body, the statuses that are expected."""
        with self.store() as store, TestClient(create_app(ServiceSettings(), store)) as client:

            def call(method: str, path: str, body: Any = None, expected: tuple[int, ...] = (200,)) -> Any:
                self.calls += 1
                headers = {
                    "authorization": f"Bearer {self.secret}",
                    "content-type": "application/json",
                    "idempotency-key": f"call-{self.calls}",
                }
                content = None if body is None else json.dumps(body)
                answer = client.request(method, f"/v1/scopes/{SCOPE}{path}", content=content, headers=headers)
                if answer.status_code not in expected:
                    raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
                if method != "GET" and self.world.rng.random() < SENT_TWICE:
                    again = client.request(method, f"/v1/scopes/{SCOPE}{path}", content=content, headers=headers)
                    self.happened["sent twice"] += 1
                    if (again.status_code, again.content) != (answer.status_code, answer.content):
                        self.faults.append(f"{method} {path}: another answer when it was sent again")
                return answer

            yield call

    def live(self, window: int, windows: int) -> None:
        """Live through a window, and its run.

        Parameters
        ----------
        window, windows
            Which, of how many.
        """
        self.instant = START + (window + 1) * WINDOW
        with self.service() as call:
            self._feed(call, window, windows)
            for at in range(0, len(self.world.comes_in[window]), ORDERS_AT_ONCE):
                answer = call("POST", "/orders", {"orders": self.world.comes_in[window][at : at + ORDERS_AT_ONCE]})
                self.faults += [str(told) for told in answer.json()["orders"] if told["result"] != "created"]
            for order_id in self.world.cancelled_in[window]:
                self._cancel(call, order_id)
        began = perf_counter()
        with self.store() as store:
            ask_for_due(store, Timetable(self.settings))
        if window in {round(share * windows) for share in KILLED}:
            self._kill_a_run()
        with self.store() as store:
            runs = run_all(store, SCOPE, self.settings)
            self.seconds.append(perf_counter() - began)
            self.happened["runs"] += runs
            self._look(store)

    def _feed(self, call: Callable[..., Any], window: int, windows: int) -> None:
        down, back = round(BREAKS_DOWN * windows), round(IS_BACK * windows)
        if window in (0, down, back):
            self.world.leave(0)
            picture = self.world.picture(f"v{window}", self.instant, broken=down <= window < back)
            where = f"/snapshots/v{window}?accept_shrink=true&deducted_through={self.commit_sequence}"
            call("PUT", where, picture, (201,))
            self.happened["snapshots"] += 1
            return
        touched = self.world.leave(LEAVES_AFTER) | self.world.trade()
        self.sequence += 1
        delta = {
            "kind": "delta",
            "as_of": self.instant.isoformat(),
            "sequence": self.sequence,
            "deducted_through": self.ends[-1 - len(self.world.leaving)],
            "rows": self.world.rows(touched),
        }
        call("POST", "/inventory", delta)
        self.happened["deltas"] += 1
        if self.world.rng.random() < SENT_TWICE:  # by a feed that does not know of idempotency keys
            call("POST", "/inventory", delta, (409,))
            self.happened["deltas refused as known"] += 1

    def _cancel(self, call: Callable[..., Any], order_id: str) -> None:
        answer = call("DELETE", f"/orders/{order_id}", expected=(200, 409))
        self.happened["cancelled" if answer.status_code == 200 else "cancelled too late"] += 1
        if answer.status_code == 200:
            for line in answer.json()["lines"]:
                self.cancelled[order_id, line["line_id"]] = line["cancelled"]

    def _kill_a_run(self) -> None:
        """Have another process make the run, and kill it while it plans; its lease then ends."""
        command = [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "benchmarks.day_in_the_life",
            "--runner",
            self.instant.isoformat(),
        ]
        with subprocess.Popen(
            [*command, "--database", self.url, "--limit", str(self.settings.policy.solver.time_limit_seconds)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        ) as runner:
            assert runner.stdout is not None
            said = runner.stdout.readline()
            runner.send_signal(signal.SIGKILL)
        if said != b"planning\n":
            self.faults.append("a run that was to be killed never planned")
        self.happened["runs killed"] += 1
        self.instant += timedelta(seconds=self.settings.lease_seconds + 1)

    def _look(self, store: Store) -> None:
        """Audit the books, and take the last plan's units off the shelves."""
        with store.read() as transaction:
            self.faults += audit(transaction, SCOPE)
            plan = current_plan(transaction, SCOPE)
            if plan is None or plan.plan_id == self.last_plan:
                self.faults.append(f"no plan at {self.instant.isoformat()}")
                return
            left_out = set(plan.summary["left_out"])
            rows = rows_of(transaction, SCOPE, plan.plan_id).without(left_out)
            shipments = part_of(transaction, SCOPE, plan.plan_id, "shipments.csv").decode()
            self.commit_sequence = scope_state(transaction, SCOPE).commit_sequence
        self.last_plan = plan.plan_id
        self.looked += 1
        units: Counter[tuple[str, str]] = Counter()
        for row in rows.allocations:
            units[row.node_id, row.sku] += row.quantity
        if units:
            self.world.give_away(units)
        for shipment in csv.DictReader(shipments.splitlines()):
            if shipment["order_id"] not in left_out:
                self.lanes[tuple(shipment[name] for name in ("order_id", "node_id", "carrier", "service"))] += 1
                for term in TERMS:
                    self.cost[term] += int(Decimal(shipment[term]) * MICRO)
        self.happened["fallbacks"] += bool(plan.summary["fallback"])
        self.happened["orders left out of a commit"] += len(left_out)
        self.happened["proven optimal"] += plan.summary["status"] == "optimal"
        if units:
            self.ends.append(self.commit_sequence)


def live(size: Size, seed: int, url: str, settings: RunSettings, bound_seconds: int) -> dict[str, Any]:
    """Live a whole day, and tell of it.

    Parameters
    ----------
    size, seed
        Of the day.
    url
        Of a store that is empty.
    settings
        Of runs.
    bound_seconds
        Time limit of the clairvoyant's plan.
    """
    day = Day(draw_world(size, seed), url, settings)
    with day.store() as store:
        day.secret, _ = store.transact(lambda transaction: make_key(transaction, "the day", ["admin"]))
    for window in track(range(size.windows), description="a day"):
        day.live(window, size.windows)
    with day.store() as store, store.read() as transaction:
        told = figures(transaction)
        states = {state: int(number) for (_, state), number in told["orders"][2].items()}
        units = {place: int(number) for (_, place), number in told["units"][2].items()}
    for state in states.keys() - {"allocated", "backordered", "cancelled", "rejected"}:
        day.faults.append(f"{states[state]} orders are {state} when the day is over")
    if sum(states.values()) != size.orders:
        day.faults.append(f"{sum(states.values())} of {size.orders} orders are there")
    backorder = int(settings.policy.backorder.cost_per_unit * MICRO) * (units["backordered"] + units["open"])
    total = sum(day.cost.values()) + backorder
    most = max(day.lanes.values(), default=1)
    bound = bound_micro(day.world, day.cancelled, most, bound_seconds)
    committed = int(told["plans"][2].get((SCOPE, "committed"), 0))
    if committed != day.looked:
        day.faults.append(f"{committed} plans were committed, the units of {day.looked} taken off the shelves")
    if bound is None:
        day.faults.append("no bound is proven")
    elif bound > total:
        day.faults.append("the day cost less than its bound")
    return {
        "size": asdict(size),
        "seed": seed,
        "store": url.partition(":")[0].partition("+")[0],
        "strategy": settings.policy.strategy,
        "orders": states,
        "units": units,
        "happened": dict(sorted(day.happened.items())),
        "calls": day.calls,
        "faults": day.faults[:100],
        "oversold_units": day.world.oversold,
        "cost": {**day.cost, "backorder": backorder, "total": total},
        "bound": bound,
        "regret": (total - bound) / bound if bound else None,
        "run_seconds": {"median": float(np.median(day.seconds)), "longest": max(day.seconds)},
        "most_shipments_of_a_lane": most,
    }


def run_and_say(url: str, instant: datetime, settings: RunSettings) -> None:
    """Make the run that waits, and say so as soon as it is being planned: to be killed."""

    def planner(*arguments: Any) -> Any:
        print("planning", flush=True)
        return plan_apart(*arguments)

    store = open_store(url, lambda: instant_of(instant))
    run_next(store, SCOPE, settings, planner=planner)


def settings_of(limit: Decimal, strategy: str) -> RunSettings:
    """Say how runs are made: each has so many seconds.

    Parameters
    ----------
    limit, strategy
        Of each plan.
    """
    policy = Policy(strategy=strategy, solver=SolverPolicy(time_limit_seconds=limit))
    return RunSettings(report=False, policy=policy)


def report(run: Mapping[str, Any]) -> str:
    """Tell a day in words.

    Parameters
    ----------
    run
        From `live`.
    """
    orders, happened = run["orders"], run["happened"]
    return "\n".join(
        (
            f"{run['size']['orders']} orders in {happened['runs']} runs on {run['store']}, {run['calls']} calls; "
            + ", ".join(f"{number} {name}" for name, number in happened.items() if name != "runs"),
            "orders: " + ", ".join(f"{number} {state}" for state, number in sorted(orders.items())),
            f"oversold units: {run['oversold_units']}; faults: {len(run['faults'])}",
            f"cost {run['cost']['total'] / MICRO:.2f}, "
            + ("no bound" if run["bound"] is None else f"bound {run['bound'] / MICRO:.2f}")
            + ("" if run["regret"] is None else f", {100 * run['regret']:.2f} % above it"),
            f"seconds of a run: median {run['run_seconds']['median']:.1f}, longest {run['run_seconds']['longest']:.1f}",
            *run["faults"],
        )
    )


def main() -> None:
    """Live a day."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usual = Size()
    for name in ("orders", "nodes", "skus", "windows"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=Decimal, default=Decimal(10), help="seconds of each plan")
    parser.add_argument("--bound-limit", type=int, default=120, help="seconds of the clairvoyant's plan")
    parser.add_argument("--strategy", default="optimal")
    parser.add_argument("--database", default="", help="URL of an empty store; a file that is thrown away otherwise")
    parser.add_argument("--runner", type=datetime.fromisoformat, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    settings = settings_of(given.limit, given.strategy)
    if given.runner:
        run_and_say(given.database, given.runner, settings)
        return
    size = Size(given.orders, given.nodes, given.skus, given.windows)
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/day.db"
        store = open_store(url)
        upgrade(store)
        store.close()
        run = live(size, given.seed, url, settings, given.bound_limit)
    held = json.loads(given.out.read_text(encoding="utf-8"))["runs"] if given.out.exists() else []
    same = ("size", "seed", "store", "strategy")
    others = [one for one in held if any(one[name] != run[name] for name in same)]
    write_results(given.out, {"runs": sorted([*others, run], key=lambda one: [str(one[name]) for name in same])})
    print(report(run))
    sys.exit(bool(run["faults"] or run["oversold_units"]))


if __name__ == "__main__":
    main()
