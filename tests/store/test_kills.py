"""I3a: killed at every named place and at any time, what was accepted is there, and nothing is half done."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter

from sqlalchemy import text
from store_cases import adds_up, number_of
from store_days import every_name, jobs_of

from quartermaster.store import fail_points, open_store
from quartermaster.store.migrate import check

KILLS = number_of("QUARTERMASTER_KILLS", 60) // 2
"""For each store."""
SEED = number_of("QUARTERMASTER_SEED", 7)
WHOLE_CHECK_EVERY = 10
"""Restarts, each of which sees that all adds up, of which one compares every table with what the program knows, too."""


def begun(url, day, place, time_of):
    """Begin a day in a process that is killed at a place; return its id, and where it tells of jobs done."""
    here, there = os.pipe()
    child = os.fork()
    if child:
        os.close(there)
        return child, here
    passed = Counter()

    def hook(name):
        passed[name] += 1
        if name == place and passed[name] == time_of:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        store = open_store(url)
        fail_points.set_hook(hook)
        for job in jobs_of(day):
            job.do(store)
            os.write(there, b".")
    finally:
        os._exit(0)


def traces(store, jobs):
    with store.read() as transaction:
        return [job.traces(transaction) for job in jobs]


def restarted(url, day, accepted):
    """Open the database after a kill, see that all is there that was accepted, and do again what was under way."""
    store = open_store(url)
    if day % WHOLE_CHECK_EVERY == 0:
        assert check(store) == []
    adds_up(store)
    if store.url.get_backend_name() == "sqlite":
        with store.read() as transaction:
            assert transaction.first(text("PRAGMA integrity_check"))[0] == "ok"
    jobs = jobs_of(day)
    found = traces(store, jobs)
    for number, job in enumerate(jobs):
        told = f"day {day}, {accepted} jobs accepted, {job.name}: {found[number]} traces of {job.whole}"
        if number == accepted:
            assert found[number] in (0, job.whole), f"half done: {told}"
        else:
            assert found[number] == (job.whole if number < accepted else 0), told
    if accepted < len(jobs) and found[accepted] == 0:
        jobs[accepted].do(store)
        assert traces(store, jobs[accepted : accepted + 1]) == [jobs[accepted].whole]
    adds_up(store)
    store.close()


def killed(url, day, place="", time_of=1, after=None):
    """Run a day that is killed; True where it was."""
    child, here = begun(url, day, place, time_of)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(here, "rb") as told:
        accepted = len(told.read())
    restarted(url, day, accepted)
    assert os.WIFSIGNALED(status) or accepted == len(jobs_of(day)), "the day went wrong by itself"
    return os.WIFSIGNALED(status)


def test_a_day_passes_every_named_place(store):
    passed = set()
    fail_points.set_hook(passed.add)
    try:
        for job in jobs_of(0):
            job.do(store)
    finally:
        fail_points.set_hook(None)
    assert passed == every_name() >= {"before begin", "after commit"}
    assert len(passed) >= 25


def test_killed_at_every_named_place(store_url):
    draw = random.Random(SEED)
    jobs = len(jobs_of(0))
    everywhere = {"before begin", "after begin", "before commit", "after commit"}
    names = sorted(every_name())
    kills = max(KILLS * 5 // 6, len(names))
    for day in range(kills):
        name = names[day % len(names)]
        assert killed(store_url, day, name, draw.randint(1, jobs) if name in everywhere else 1), name
    print(f"{kills} kills at {len(names)} named places, seed {SEED}: nothing lost")


def test_killed_at_any_time(store_url):
    draw = random.Random(SEED)
    begin = time.monotonic()
    child, here = begun(store_url, 0, "", 1)
    os.waitpid(child, 0)
    longest = time.monotonic() - begin
    with os.fdopen(here, "rb") as told:
        assert len(told.read()) == len(jobs_of(0))
    day, kills = 1, 0
    while kills < max(2, KILLS // 6):
        assert day < 1000
        kills += killed(store_url, day, after=draw.uniform(0, longest))
        day += 1
    print(f"{kills} kills at any time, seed {SEED}: nothing lost")
