"""Whatever goes wrong ends with its exit code and words, and never with a traceback."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import RUN

from quartermaster.demo import demo_snapshot
from quartermaster.errors import ModelError, SolverError
from quartermaster.io import write_snapshot
from quartermaster.io.codes import CODES


@pytest.fixture
def bad_day(day, tmp_path):
    """A day with two bad quantities and a bad country."""
    folder = tmp_path / "bad"
    shutil.copytree(day, folder)
    for name, column, values in (("order_lines", "quantity", ("0", "2.5")), ("orders", "country", ("UK",))):
        path = folder / f"{name}.csv"
        rows = [row.split(",") for row in path.read_text().splitlines()]
        for row, value in zip(rows[1:], values, strict=False):
            row[rows[0].index(column)] = value
        path.write_text("".join(",".join(row) + "\n" for row in rows))
    return folder


@pytest.mark.parametrize("name", ["plan", "validate", "compare"])
def test_bad_input_lists_every_problem(command, bad_day, name):
    done = command(name, bad_day)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert lines[0] == "quartermaster: 3 problems in the input; nothing was planned or written"
    assert any(line.startswith("orders.csv row 2, country: UK, ") for line in lines)
    assert any(line.startswith("order_lines.csv row 2, quantity: 0, must be") for line in lines)
    assert any(line.startswith("order_lines.csv row 3, quantity: 2.5, must be") for line in lines)
    assert not Path("plan").exists()


def test_bad_input_as_the_problem_object(command, bad_day):
    done = command("validate", bad_day, "--errors=json")
    problem = json.loads(done.err)
    assert (done.code, done.out) == (2, "")
    assert (problem["type"], problem["status"]) == ("urn:quartermaster:problem:validation", 422)
    assert problem["errors_total"] == len(problem["errors"]) == 3
    found = {(error["file"], error["row"], error["column"], error["value"]) for error in problem["errors"]}
    assert ("order_lines.csv", 2, "quantity", "0") in found
    assert {error["code"] for error in problem["errors"]} <= set(CODES)
    assert all(error["detail"] for error in problem["errors"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "nothing-here"),
        ("validate", "nothing-here"),
        ("compare", "nothing-here"),
        ("evaluate", "nothing-here", "nothing-there"),
        ("evaluate", "DAY", "nothing-there"),
        ("plan", "DAY", "--policy", "nothing.toml"),
        ("plan", "DAY", "--strategy", "best"),
        ("plan", "DAY", "--time-limit", "soon"),
        ("plan", "DAY", "--time-limit", "-1"),
        ("plan", "DAY", "--require-gap", "2"),
        ("plan", "DAY", "--require-gap", "nan"),
        ("plan", "DAY", "--no-such-option"),
        ("plan",),
        ("demo", "--orders", "0"),
        ("demo", "--scarce", "7"),
        ("serve", "--stateless", "--max-time-limit", "0"),
        ("no-such-command",),
    ],
)
def test_bad_arguments_leave_with_2_and_words(command, day, arguments):
    done = command(*(str(day) if argument == "DAY" else argument for argument in arguments))
    assert done.code == 2
    assert done.out == ""
    assert len(done.err.strip()) > 20


@pytest.mark.parametrize("arguments", [("plan", "DAY", "--out", "taken"), ("init", "taken")])
def test_output_that_cannot_be_written(command, day, arguments):
    Path("taken").write_text("a file, not a folder")
    strategy = ("--strategy", "nearest") if arguments[0] == "plan" else ()
    done = command(*(str(day) if argument == "DAY" else argument for argument in arguments), *strategy)
    assert done.code == 2
    assert "taken" in done.err
    assert Path("taken").read_text() == "a file, not a folder"


@pytest.mark.parametrize("error", [KeyError("sku"), ModelError("two writings differ"), SolverError("x"), MemoryError()])
def test_our_bug_is_one_line_that_says_how_to_report_it(command, day, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("quartermaster.api.plan", fail)
    done = command("plan", day)
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert f"internal error ({type(error).__name__}" in done.err
    assert "report" in done.err
    told = command("plan", day, "--debug")
    assert told.code == 1
    assert "Traceback" in told.err


def test_an_interrupted_command_leaves_with_130(command, day, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("quartermaster.api.plan", interrupt)
    done = command("plan", day)
    assert (done.code, done.out) == (130, "")
    assert "interrupted" in done.err


@pytest.mark.parametrize(
    "seconds", [4, 10]
)  # while rules run and prices settle, while the solver is deep in its search
def test_ctrl_c_while_planning(tmp_path, seconds):
    write_snapshot(demo_snapshot(orders=1000, nodes=40, seed=1), tmp_path / "day")
    policy = tmp_path / "policy.toml"
    policy.write_text("[solver]\nrelative_gap = 0\n")
    process = subprocess.Popen(
        [*RUN, "plan", str(tmp_path / "day"), "--policy", str(policy), "--out", str(tmp_path / "plan")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell starts background jobs deaf to Ctrl-C, and they would pass that on
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert time.monotonic() - started < 30  # the plan alone would take 60
    assert (out, "Traceback" in err) == ("", False)
    assert not (tmp_path / "plan").exists()


def test_a_missing_extra_is_named(command, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    done = command("serve", "--stateless")
    assert done.code == 2
    assert "quartermaster[service]" in done.err


def test_a_plan_without_its_report_is_still_a_plan(command, day, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    done = command("plan", day, "--strategy", "nearest")
    assert done.code == 0
    assert "quartermaster[report]" in done.err
    assert Path("plan/plan.json").exists()
    assert not Path("plan/report.html").exists()
