"""Terminals, pipes and encodings: none of them makes a command fail."""

from __future__ import annotations

import os
import pty
import subprocess

from command_line import RUN, run_apart

from quartermaster.demo import demo_snapshot
from quartermaster.io import write_snapshot


def test_a_reader_that_leaves_early_is_no_fault(day):
    done = subprocess.run(
        ["bash", "-c", '"$@" | true; echo "${PIPESTATUS[0]}"', "-", *RUN, "compare", day, "--time-limit", "2"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "141")


def test_a_closed_stdout_is_no_fault(day):
    done = subprocess.run(
        ["bash", "-c", '"$@" >&-', "-", *RUN, "validate", day], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_ascii_terminal_shows_what_it_can(tmp_path):
    folder = tmp_path / "journée"
    write_snapshot(demo_snapshot(orders=5, nodes=3, skus=9), folder)
    path = folder / "orders.csv"
    path.write_text(path.read_text().replace("country", "pays–☃", 1), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C", "COLUMNS": "70"}
    for arguments in (("validate", folder), ("plan", folder, "--errors=json"), ("--help",), ("plan", "--help")):
        done = run_apart(*arguments, env=environment)
        assert done.returncode == (0 if "--help" in arguments else 2)
        assert "Traceback" not in done.stderr
        assert (done.stdout + done.stderr).isascii()


def on_a_terminal(*arguments):
    """Run a command whose stderr is a terminal; return what that terminal got, and stdout."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen([*RUN, *map(str, arguments)], stdout=subprocess.PIPE, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            block = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        shown += block
    out = process.stdout.read()
    process.wait(timeout=60)
    process.stdout.close()
    os.close(ours)
    return shown.decode(errors="replace"), out.decode()


def test_a_progress_bar_shows_on_a_terminal_only(day):
    shown, out = on_a_terminal("plan", day, "--time-limit", "5", "--out", day.parent / "terminal", "--no-report")
    assert "%" in shown
    assert "total" in out
    piped = run_apart("plan", day, "--time-limit", "5", "--out", day.parent / "piped", "--no-report")
    assert piped.stderr == ""


def test_the_machine_form_shows_no_bar(day):
    shown, out = on_a_terminal("plan", day, "--time-limit", "5", "--json")
    assert shown == ""
    assert out.startswith("{")


def test_problems_are_a_table_on_a_terminal(tmp_path, day):
    import shutil

    shutil.copytree(day, tmp_path / "bad")
    path = tmp_path / "bad" / "orders.csv"
    header, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[header.split(",").index("country")] = "[b]"
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    shown, out = on_a_terminal("validate", tmp_path / "bad")
    assert out == ""
    for words in ("file", "column", "orders.csv", "[b]", "country_code"):
        assert words in shown
