"""The suite goes on whatever an instance does, keeps what it has, and its figures agree with each other."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

import quartermaster as qm
from quartermaster.bench import instance, suite
from quartermaster.bench.families import FAMILIES
from quartermaster.bench.suite import Choice, Instance, run_suite
from quartermaster.errors import ModelError
from quartermaster.policy import OPTIMAL, RULES


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Run tiny with the plain models, S-typical without, and one instance that cannot be drawn."""
    out = tmp_path_factory.mktemp("suite") / "suite.json"
    choice = Choice(seeds={"tiny": (1,), "S-typical": (1,)}, plain=True)
    broken = Instance(FAMILIES["M2"], 1, ("quartermaster.bench.folder", "no-such-family", "1"), {})
    real, solvers = suite.instances, suite._plain_solvers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "_plain_solvers", lambda *given: solvers(*given) if given[1].family.name == "tiny" else ())
        patch.setattr(suite, "instances", lambda *given: [broken, *real(*given)])
        told: list[str] = []
        content = run_suite(choice, out, lambda what, _: told.append(what))
    return out, choice, content["runs"], told


def test_one_that_fails_costs_only_itself(measured):
    _, _, runs, told = measured
    assert told == ["M2 seed 1", "tiny seed 1", "S-typical seed 1", "done"]
    assert [run["family"] for run in runs] == ["tiny", "S-typical", "M2"]
    assert [bool(run["errors"]) for run in runs] == [False, False, True]
    assert "no-such-family" in runs[2]["errors"][0]


def test_every_figure_is_there_and_adds_up(measured):
    out, _, runs, _ = measured
    assert json.loads(out.read_text())["runs"] == runs
    for run in runs[:2]:
        assert run["orders"] == FAMILIES[run["family"]].orders
        assert [plan["strategy"] for plan in run["plans"]] == [OPTIMAL, *RULES]
        for plan in run["plans"]:
            assert sum(map(Decimal, plan["terms"].values())) == Decimal(plan["total"])
            assert plan["seconds"]
            assert plan["peak_memory_mb"] > 10
        best = run["plans"][0]
        assert best["status"] == "optimal"
        assert all(Decimal(best["total"]) <= Decimal(plan["total"]) for plan in run["plans"])


def test_the_plain_models_prove_the_same_optimum(measured):
    """Three solvers on the reference model, and ours: four answers to one question, each within 10^-4 of the best."""
    run = measured[2][0]
    best = float(run["plans"][0]["total"])
    assert [answer["solver"] for answer in run["plain"]] == ["scip", "highs", "cp_sat"]
    for answer in run["plain"]:
        assert answer["finished"]
        assert answer["total"] == pytest.approx(best, rel=2.1e-4)
        assert answer["bound"] <= best * (1 + 1e-6)


def test_keep_measures_only_what_is_not_there(measured):
    out, choice, runs, _ = measured
    kept = Choice(seeds=choice.seeds, keep=True)
    told: list[str] = []
    again = run_suite(kept, out, lambda what, _: told.append(what))
    assert told == ["done"]
    assert again["runs"] == runs


def test_the_plan_folder_is_verified_where_the_package_can(monkeypatch, capsys):
    def verify(snapshot, folder):
        assert {path.name for path in Path(folder).iterdir()} >= {"plan.json", "allocations.csv"}
        found = SimpleNamespace(violations=qm.evaluate(snapshot, folder).violations)
        return SimpleNamespace(
            evaluation=found, faults=(), cells_compared=7, certified_bound=Decimal("1.5"), certified_gap=Decimal("0.25")
        )

    monkeypatch.setattr(qm, "verify", verify, raising=False)
    day = qm.demo_snapshot(orders=10, nodes=3)
    instance._verify(day, qm.plan(day), 60.0)
    told = json.loads(capsys.readouterr().out)
    assert told["event"] == "verify"
    assert (told["violations"], told["certified_bound"], told["certified_gap"]) == (0, "1.5", "0.25")
    assert told["write_seconds"] > 0


def test_a_verification_that_falls_is_told(monkeypatch, capsys):
    def verify(*_):
        raise ModelError("the bound is above the cost")

    monkeypatch.setattr(qm, "verify", verify, raising=False)
    day = qm.demo_snapshot(orders=10, nodes=3)
    instance._verify(day, qm.plan(day), 60.0)
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["step"]) == ("failed", "verify")
    assert "above the cost" in told["error"]


def test_a_rule_the_limit_ends_is_not_finished():
    """A limit of no time at all: what the clock ended says so, and its saving is no figure."""
    family = replace(FAMILIES["tiny"], time_limit_seconds=1e-6, rules=("fewest_shipments",))
    run = suite.measured(Instance(family, 1, ("quartermaster.bench.folder", "tiny", "1"), {}), Choice(seeds={}))
    rule = next(plan for plan in run["plans"] if plan["strategy"] != OPTIMAL)
    assert rule["finished"] is False
