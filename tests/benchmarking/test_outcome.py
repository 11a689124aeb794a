"""Aims, savings and plain models are read from the figures as they are, losses too."""

from __future__ import annotations

from typing import Any

import pytest

from quartermaster.bench.outcome import outcome_of, plain_words, saving


def run(family="M-typical", gap="0.001", certified="0.002", wall=20.0, memory=900.0, **rest: Any) -> dict[str, Any]:
    best = {
        "strategy": "optimal", "total": "100.00", "gap": gap, "certified_gap": certified, "finished": True,
        "wall_seconds": wall, "cpu_seconds": wall, "peak_memory_mb": memory, "tree_memory_mb": memory / 2,
    }  # fmt: skip
    rule = {"strategy": "cheapest", "total": "80.00", "finished": True}
    made = {"family": family, "seed": 1, "time_limit_seconds": 30, "plans": [best, rule], "verify": None}
    return {**made, **rest}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, []),
        ({"certified": "0.0031"}, ["gap 0.31 % > 0.30 %"]),
        ({"certified": None}, ["no certificate"]),
        ({"wall": 33.5}, ["34 s > 30 s", "limit of 30 s passed: 33.5 s"]),
        ({"memory": 2001.0}, ["2,001 MB > 2,000 MB"]),
        ({"family": "S-scarce", "gap": "0.00009", "certified": "0.02", "wall": 9.0}, []),
        ({"family": "S-scarce", "gap": "0.0002", "certified": "0.02", "wall": 9.0}, ["gap 0.02 % > 0.01 %"]),
        ({"family": "S-scarce", "gap": None, "certified": None, "wall": 9.0}, ["no bound"]),
        ({"verify": {"violations": 2, "certified_gap": "0.001"}}, ["2 violations"]),
        (
            {"verify": {"violations": 0, "faults": ["a price is below 0"], "certified_gap": "0"}},
            ["verify: a price is below 0"],
        ),
        ({"verify": {"violations": 0, "certified_gap": "0.01"}}, ["gap 1.00 % > 0.30 %"]),
        ({"family": "M2", "certified": None, "gap": "0.5"}, []),
    ],
)
def test_each_aim_that_is_missed_is_named(given, words):
    outcome = outcome_of(run(**given))
    assert outcome is not None
    assert list(outcome.missed) == words


def test_a_loss_is_a_minus_and_an_unfinished_rule_no_figure():
    assert saving(run(), "cheapest") == pytest.approx(-0.25)
    unfinished = run()
    unfinished["plans"][1]["finished"] = False
    assert saving(unfinished, "cheapest") is None
    assert saving(run(plans=[]), "cheapest") is None
    assert outcome_of(run(plans=[])) is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"total": 103.0, "bound": 100.0}, "+3.00 %, gap 2.91 %, 30 s"),
        ({"total": 99.0, "bound": 99.0}, "-1.00 %, proven, 30 s"),
        ({"total": None, "bound": 90.0}, "no plan"),
        ({"total": None, "bound": None, "size": {}}, "failed before solving"),
        ({"total": None, "bound": None, "size": {"built": False, "columns": 25_000_000}}, "not built: 25.0 million"),
    ],
)
def test_what_a_plain_model_came_to(answer, words):
    assert words in plain_words(run(), {"size": {"built": True, "columns": 5}, "wall_seconds": 30.0, **answer})
