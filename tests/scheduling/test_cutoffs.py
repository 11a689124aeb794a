"""The next run, by hand: every so many minutes, and so early that one ends before each cut-off."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from quartermaster.domain.carriers import Holiday
from quartermaster.domain.network import Node
from quartermaster.scheduling.cutoffs import Cutoffs, next_run

QUARTER, LEAD, GAP = timedelta(minutes=15), timedelta(minutes=2), timedelta(minutes=1)


def at(text):
    return datetime.fromisoformat(text)


def node(node_id, timezone, cutoff, **more):
    return Node(node_id=node_id, timezone=timezone, cutoff=time.fromisoformat(cutoff), **more)


NEW_YORK = node("NY", "America/New_York", "14:00")
LOS_ANGELES = node("LA", "America/Los_Angeles", "12:30", ships_on=frozenset(range(7)))


@pytest.mark.parametrize(
    ("nodes", "instant", "wanted"),
    [
        ([NEW_YORK], "2026-06-08T12:00+00:00", "2026-06-08T18:00+00:00"),  # Monday, summer: UTC-4
        ([NEW_YORK], "2026-06-08T18:00+00:00", "2026-06-09T18:00+00:00"),  # after an instant, not at it
        ([NEW_YORK], "2026-06-05T18:00+00:00", "2026-06-08T18:00+00:00"),  # Friday: Monday is next
        ([NEW_YORK], "2026-12-07T12:00+00:00", "2026-12-07T19:00+00:00"),  # winter: UTC-5
        ([NEW_YORK, LOS_ANGELES], "2026-06-08T12:00+00:00", "2026-06-08T18:00+00:00"),
        ([NEW_YORK, LOS_ANGELES], "2026-06-08T18:00+00:00", "2026-06-08T19:30+00:00"),
        ([NEW_YORK, LOS_ANGELES], "2026-06-06T00:00+00:00", "2026-06-06T19:30+00:00"),  # Saturday: LA ships
        ([node("T", "Asia/Tokyo", "09:00")], "2026-06-08T00:00+00:00", "2026-06-09T00:00+00:00"),
        # 02:30 of 8 March 2026 is not there in New York, 01:30 of 1 November twice: the earlier instant counts
        (
            [node("S", "America/New_York", "02:30", ships_on=frozenset([6]))],
            "2026-03-08T00:00+00:00",
            "2026-03-08T06:30+00:00",
        ),
        (
            [node("F", "America/New_York", "01:30", ships_on=frozenset([6]))],
            "2026-11-01T00:00+00:00",
            "2026-11-01T05:30+00:00",
        ),
    ],
)
def test_the_first_cutoff_after_an_instant(nodes, instant, wanted):
    assert Cutoffs.of(nodes, []).after(at(instant)) == at(wanted)


def test_holidays_of_nodes_count_and_those_of_carriers_do_not():
    monday, tuesday = date(2026, 6, 8), date(2026, 6, 9)
    days = [
        Holiday(date=monday, node_id="NY"), Holiday(date=tuesday, carrier="C"), Holiday(date=tuesday, node_id="other")
    ]  # fmt: skip
    cutoffs = Cutoffs.of([NEW_YORK], days)
    assert cutoffs.after(at("2026-06-08T00:00+00:00")) == at("2026-06-09T18:00+00:00")
    everywhere = Cutoffs.of([NEW_YORK], [Holiday(date=monday)])
    assert everywhere.after(at("2026-06-08T00:00+00:00")) == at("2026-06-09T18:00+00:00")


def test_nodes_that_ship_nothing_have_no_cutoff():
    nodes = [node("OFF", "UTC", "12:00", enabled=False), node("NEVER", "UTC", "12:00", ships_on=frozenset())]
    assert Cutoffs.of(nodes, []).after(at("2026-06-08T00:00+00:00")) is None
    last = at("2026-06-08T00:00+00:00")
    assert next_run(last, Cutoffs.of(nodes, []), every=QUARTER, lead=LEAD, gap=GAP) == last + QUARTER


@pytest.mark.parametrize(
    ("last", "wanted"),
    [
        ("17:30", "17:45"),  # the run of 17:45 has the quarter to 18:00 after it
        ("17:45", "17:58"),  # brought forward: it ends at 18:00, the cut-off
        ("17:44", "17:58"),  # at 17:59 it would end a minute too late
        ("17:43", "17:58"),  # on time as it is
        ("17:42", "17:57"),  # the next one after it is brought forward, not this one
        ("17:56", "17:58"),
        ("17:57", "18:12"),  # the one of 17:57 ends a minute before the cut-off, and no other has the time
        ("17:58", "18:13"),
        ("18:10", "18:25"),
    ],
)
def test_a_run_is_brought_forward_so_that_it_ends_before_the_cutoff(last, wanted):
    begun = at(f"2026-06-08T{last}+00:00")
    due = next_run(begun, Cutoffs.of([NEW_YORK], []), every=QUARTER, lead=LEAD, gap=GAP)
    assert due == at(f"2026-06-08T{wanted}+00:00")


def test_the_runs_of_a_day_by_hand():
    cutoffs = Cutoffs.of([NEW_YORK, LOS_ANGELES], [])
    now, runs = at("2026-06-08T17:00+00:00"), []
    while now < at("2026-06-08T20:00+00:00"):
        now = next_run(now, cutoffs, every=timedelta(minutes=30), lead=LEAD, gap=GAP)
        runs.append(now.astimezone(UTC).strftime("%H:%M"))
    assert runs == ["17:30", "17:58", "18:28", "18:58", "19:28", "19:58", "20:28"]
