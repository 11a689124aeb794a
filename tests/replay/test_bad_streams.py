"""Streams and wishes that cannot be replayed: every problem named, nothing replayed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from simple_day import NEW_YORK, simple_day

import quartermaster as qm
from quartermaster.domain.network import MAX_STOCK
from quartermaster.replay import Knobs, parse_window, stream_of

BEGIN = datetime.fromisoformat("2026-06-08T09:00:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def stream(ordered=(BEGIN, BEGIN + DAY), end=BEGIN + 2 * DAY, **tables):
    orders = [qm.Order(order_id=f"o{at}", ordered_at=instant, **NEW_YORK) for at, instant in enumerate(ordered)]
    lines = [qm.OrderLine(order_id=order.order_id, line_id="1", sku="x", quantity=1) for order in orders]
    nodes = [qm.Node(node_id="ny", **NEW_YORK)]
    return simple_day(**{
        "orders": orders, "lines": lines, "nodes": nodes, "stock": {("ny", "x"): 5}, "as_of": end,
        "products": [qm.Product(sku="x", weight_g=1)], **tables,
    })  # fmt: skip


def refused(call, *arguments, **options):
    with pytest.raises(qm.InputError) as found:
        call(*arguments, **options)
    return [(problem.code, problem.file, problem.column, problem.value) for problem in found.value.problems]


def test_every_order_without_its_instant_is_listed():
    with pytest.raises(qm.InputError) as found:
        stream_of(stream((None, BEGIN, None)), DAY)
    assert [problem.code for problem in found.value.problems] == ["missing_field"] * 2
    assert ["o0" in found.value.problems[0].detail, "o2" in found.value.problems[1].detail] == [True, True]


def test_every_order_before_the_beginning_is_listed():
    wanted = stream((BEGIN, BEGIN + HOUR, BEGIN + DAY))
    found = refused(stream_of, wanted, DAY, BEGIN + 2 * HOUR)
    assert [row[:3] for row in found] == [("time_order", "orders", "ordered_at")] * 2


def test_a_stream_without_orders_is_none():
    assert refused(stream_of, stream(()), DAY) == [("missing_field", "orders", "", "")]


def test_stock_and_what_arrives_fit_into_one_row():
    inbound = [qm.Replenishment(node_id="ny", sku="x", quantity=MAX_STOCK, arrives_on=BEGIN.date())]
    assert refused(stream_of, stream(replenishment=inbound), DAY) == [
        ("qty_too_large", "replenishment", "quantity", "x")
    ]


@pytest.mark.parametrize("text", ["", "0m", "15", "m", "-1d", "1.5h", "15 m", "1w", "999999d", "１５m"])
def test_windows_are_written_in_one_way(text):
    assert refused(parse_window, text) == [("policy_value", "replay", "window", text)]


def test_windows_read():
    assert [parse_window(text) for text in ("15m", "4h", "2d")] == [timedelta(minutes=15), 4 * HOUR, 2 * DAY]


def test_too_many_windows_are_a_window_mistyped():
    assert refused(stream_of, stream(end=BEGIN + 1000 * DAY), timedelta(minutes=1))[0][2] == "window"


@pytest.mark.parametrize(
    ("policies", "columns"),
    [([], ["policies"]), (["best"], ["policies"]), (["optimal", "optimal"], ["policies"]),
     (["optimal+prices"], ["policies"]), (["best", "worst"], ["policies"] * 2)],
)  # fmt: skip
def test_policies_are_known_and_have_what_they_need(policies, columns):
    assert [row[2] for row in refused(qm.replay_stream, stream(), policies=policies)] == columns


@pytest.mark.parametrize("workers", ["0", "-1", "two", "ray://local", "dask://", "9999"])
def test_workers_are_a_number_or_a_cluster(workers):
    found = refused(qm.replay_stream, stream(), policies=["cheapest"], workers=workers)
    assert found == [("policy_value", "replay", "workers", workers)]


def test_knobs_are_not_negative():
    found = refused(Knobs, patience=-1, stability=Decimal("-0.1"), hold_cost=Decimal("NaN"))
    assert [row[2] for row in found] == ["patience", "hold_cost", "stability"]
    assert refused(qm.replay_stream, stream(), policies=["cheapest"], seeds=0)[0][2] == "seeds"


def test_the_last_window_closes_at_the_end_or_takes_the_order_that_comes_then():
    assert stream_of(stream(), DAY).n_windows == 2
    at_the_end = stream_of(stream((BEGIN, BEGIN + 2 * DAY)), DAY)
    assert (at_the_end.n_windows, at_the_end.order_window.tolist()) == (3, [0, 2])
    assert stream_of(stream(), timedelta(hours=5)).closes(9) == BEGIN + 50 * HOUR
    assert stream_of(stream(), DAY, BEGIN - DAY).order_window.tolist() == [1, 2]


def test_allocations_that_stand_have_their_units_from_the_beginning():
    fixed = [
        qm.Fixed(order_id="z", line_id="1", sku="x", node_id="ny", quantity=4, shipment_id=str(number))
        for number in range(2)
    ]
    made = stream_of(stream(fixed=fixed[:1]), DAY)
    assert (made.snapshot.inventory["on_hand"].tolist(), len(made.snapshot.fixed)) == ([1], 0)
    assert (made.standing.tolist(), len(made.fixed)) == ([4], 1)
    assert stream_of(stream(fixed=fixed), DAY).snapshot.inventory["on_hand"].tolist() == [0]


def test_what_arrives_is_there_from_the_first_window_that_closes_on_its_day():
    def arrives(day, **options):
        inbound = [qm.Replenishment(node_id="ny", sku="x", quantity=1, arrives_on=BEGIN.date() + day * DAY)]
        made = stream_of(stream(replenishment=inbound), options.pop("window", DAY), options.pop("begin", None))
        return made.arrival_window.tolist()

    assert [arrives(day) for day in (-9, 0, 1, 2, 3)] == [[0], [0], [0], [1], [2]]
    midnight = BEGIN - 9 * HOUR  # windows that close at midnight: the day has begun
    assert [arrives(day, begin=midnight) for day in (1, 2)] == [[0], [1]]
    assert arrives(1, window=HOUR) == [14]  # 24:00 is the end of the fifteenth hour after 9:00


def test_a_checked_stream_is_left_as_it_was():
    before = stream()
    kept = before.inventory["on_hand"].copy()
    qm.replay_stream(replace(before), policies=["cheapest"])
    assert np.array_equal(before.inventory["on_hand"], kept)
