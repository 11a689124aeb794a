"""Measured processes that end badly: what they had said counts, and nothing of them is left."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from quartermaster.bench.children import listen

SPEAK = "import json, os, subprocess, sys, time\nfrom quartermaster.bench.children import tell\n"


@pytest.fixture
def heard(tmp_path):
    def run(body, **options):
        (tmp_path / "spoken.py").write_text(SPEAK + body)
        return listen("spoken", [], folder=tmp_path, **options)

    return run


def gone(pid):
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text():  # ended, not yet collected by the system
            return True
        time.sleep(0.1)
    return False


def test_events_are_told_and_noise_is_not(heard):
    told = heard(
        "tell('read', rows=3)\nprint('HiGHS 1.0')\nprint('[1, 2]')\nprint('{\"no\": 1}')\ntell('plan', total='2')"
    )
    assert told.error == ""
    assert [event["event"] for event in told.events] == ["read", "plan"]
    assert told.named("read")[0]["rows"] == 3


def test_a_child_that_hangs_is_ended_with_all_it_started(heard):
    began = time.monotonic()
    told = heard(
        "below = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        "tell('read', pid=below.pid, own=os.getpid(), allow=1.0)\ntime.sleep(100)\n"
    )
    assert time.monotonic() - began < 60
    assert "without a word" in told.error
    read = told.named("read")[0]
    assert gone(read["own"])
    assert gone(read["pid"])


def test_a_child_that_never_speaks_is_ended(heard):
    began = time.monotonic()
    assert "without a word" in heard("time.sleep(100)", allow=1.0).error
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("body", "words"), [("raise ValueError('too dear')", "too dear"), ("os.kill(os.getpid(), 9)", "-9")]
)
def test_a_child_that_falls_says_why_and_keeps_what_it_said(heard, body, words):
    told = heard(f"tell('read', rows=1)\n{body}")
    assert words in told.error
    assert told.named("read")[0]["rows"] == 1


def test_memory_is_that_of_the_child_and_what_it_starts(heard):
    hold = "x = bytearray(150_000_000); x[::4096] = b'1' * len(x[::4096]); time.sleep(3)"
    told = heard(f"subprocess.run([sys.executable, '-c', \"import time; {hold}\"])\ntell('plan')")
    assert told.named("plan")[0]["tree_memory_mb"] > 150
