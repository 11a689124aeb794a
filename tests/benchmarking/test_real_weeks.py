"""The weeks of real baskets, on a shop made up here: what is drawn, from which days, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.real_baskets import HISTORY_DAYS, MAX_LINES, START
from benchmarks.real_day import TRANSIT_DAYS
from benchmarks.real_stream import WEEK, Size, Sources, real_stream
from benchmarks.real_weeks import kept, main, run
from benchmarks.weeks_table import WEEK_KNOWN, block
from quartermaster.domain.columns import columns_of
from quartermaster.io import ready, snapshot_sha256

README = Path(__file__).parents[2] / "README.md"
SIZE = Size(orders_per_day=5, nodes=4, products=6, weeks=2)
PRODUCTS = range(101, 111)


def made_up(test_days: int = WEEK * SIZE.weeks) -> Sources:
    """Ten products, 40 households, 16 baskets a day in 8 weeks and in some days after them, one trip too large."""
    rng = np.random.default_rng(7)
    rows = []
    for day in range(-HISTORY_DAYS, test_days):
        for number in range(16):
            when = START + pd.Timedelta(days=day, minutes=60 * number + 7)
            household, count = int(rng.integers(40)), int(rng.integers(1, 4))
            chosen = rng.choice(PRODUCTS, size=count, replace=False, p=np.arange(10, 0, -1) / 55)
            units = rng.choice([1, 2, 12], size=count, p=[0.7, 0.28, 0.02])
            rows += [
                (1000 * (day + 100) + number, household, int(product), int(each), when)
                for product, each in zip(chosen, units, strict=True)
            ]
    trip = START + pd.Timedelta(hours=9)
    rows += [(9_999_999, 0, product, 1, trip) for product in range(101, 102 + MAX_LINES)]
    columns = ["basket_id", "household_id", "product_id", "quantity", "transaction_timestamp"]
    rates = [
        {"service": service, "max_weight_lb": "70", **{f"zone_{zone}": str(5 + at + zone) for zone in range(1, 9)}}
        for at, service in enumerate(TRANSIT_DAYS)
    ]
    where = {"lat": np.linspace(30.0, 45.0, 12), "lon": np.linspace(-120.0, -75.0, 12)}
    codes = [f"{digit % 10}{digit:04d}" for digit in range(12)]
    return Sources(
        sales=pd.DataFrame(rows, columns=columns),
        weight_g=pd.Series(500, index=pd.Index(PRODUCTS)),
        stores=pd.DataFrame({"storenum": range(12), "zipcode": codes, **where}),
        places=pd.DataFrame({"zip_code": codes, "state": "KS", "population_2016": range(1, 13), **where}),
        prices=pd.DataFrame(rates),
    )


def test_the_same_seed_draws_the_same_stream() -> None:
    drawn = [snapshot_sha256(ready(real_stream(made_up(), SIZE, 1.0, seed))) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_stock_and_forecast_do_not_know_the_weeks_that_are_replayed() -> None:
    """Every basket of those weeks wants ten times as much of one product, and comes from another household."""
    sources = made_up()
    later = sources.sales["transaction_timestamp"] >= START
    other = sources.sales.assign(
        product_id=sources.sales["product_id"].where(~later, 101),
        quantity=sources.sales["quantity"].where(~later, 10),
        household_id=sources.sales["household_id"] + 40 * later,
    )
    streams = [real_stream(each, SIZE, 1.0, 3) for each in (sources, replace(sources, sales=other))]
    for name in ("inventory", "forecast", "replenishment", "nodes", "products"):
        first, second = (stream.table(name) for stream in streams)
        assert len(first) > 0
        for column in ("sku", "on_hand", "units_per_day", "quantity", "arrives_on", "node_id", "destination_prefix"):
            if column in columns_of(first.row_type):
                assert first[column].tolist() == second[column].tolist(), (name, column)
    assert streams[0].order_lines["sku"].tolist() != streams[1].order_lines["sku"].tolist()


def test_a_basket_keeps_its_day_its_minute_and_its_units() -> None:
    sources = made_up()
    stream = real_stream(sources, SIZE, 1.0, 1)
    sold = sources.sales.assign(quantity=sources.sales["quantity"].clip(upper=10))
    sold = sold.set_index(["basket_id", "product_id"])
    keys = zip(*(stream.order_lines[name].tolist() for name in ("order_id", "sku", "quantity")), strict=True)
    assert all(sold.loc[(int(basket), int(sku)), "quantity"] == units for basket, sku, units in keys)
    came = sources.sales.groupby("basket_id")["transaction_timestamp"].first()
    for order_id, ordered_at in zip(stream.orders["order_id"].tolist(), stream.orders["ordered_at"], strict=True):
        local = pd.Timestamp(ordered_at, tz="UTC").tz_convert("America/New_York").tz_localize(None)
        assert local == came[int(order_id)]
    assert "9999999" not in stream.orders["order_id"].tolist()  # a supermarket trip
    wait = stream.orders["promise_date"] - stream.orders["ordered_at"].astype("datetime64[D]")
    assert wait.min() >= np.timedelta64(2, "D")


def test_stock_of_each_week_is_its_cover_of_the_sales_before() -> None:
    stream = real_stream(made_up(), SIZE, 2.0, 1)
    sales_of = dict.fromkeys(stream.products["sku"].tolist(), 0.0)
    for sku, rate in zip(stream.forecast["sku"].tolist(), stream.forecast["units_per_day"].tolist(), strict=True):
        sales_of[sku] += float(rate) * WEEK
    for table_name, units in (("inventory", "on_hand"), ("replenishment", "quantity")):
        held = dict.fromkeys(sales_of, 0)
        rows = stream.table(table_name)
        for sku, count in zip(rows["sku"].tolist(), rows[units].tolist(), strict=True):
            held[sku] += count
        assert all(abs(held[sku] - 2.0 * sales_of[sku]) < 1.01 for sku in sales_of)
    assert set(stream.replenishment["arrives_on"].tolist()) == {(START + pd.Timedelta(days=WEEK + 1)).date()}


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return run(made_up(), SIZE, 1.0, 1, policies=("cheapest", "optimal", "optimal+prices", "router+refreshed"))


def test_every_unit_is_served_or_short_under_every_policy_and_nobody_beats_the_bound(figures) -> None:
    assert {row["policy"] for row in figures["policies"]} == {
        "cheapest", "optimal", "optimal+prices", "router+refreshed", WEEK_KNOWN,
    }  # fmt: skip
    stock = figures["opening_units"] + figures["arriving_units"]
    for row in figures["policies"]:
        assert row["units_served"] + row["units_short"] == row["units_ordered"]
        assert 0 < row["units_served"] <= stock
        assert float(row["total"]) >= float(figures["clairvoyant"]["bound"])
        assert float(row["backorder"]) == 30 * row["units_short"]


def test_the_table_sets_each_policy_beside_the_rule(figures) -> None:
    """A policy that costs a quarter less than the rule, on two streams alike: no spread."""
    rows = {row["policy"]: row for row in figures["policies"]}
    cheaper = {**rows["optimal"], "total": str(float(rows["cheapest"]["total"]) * 0.75)}
    changed = {**figures, "policies": [rows["cheapest"], cheaper, rows[WEEK_KNOWN]]}
    size = {"weeks": 2, "products": 6, "nodes": 4}
    written = block({"size": size, "runs": [changed, {**changed, "seed": 2}]})
    line = next(line for line in written.splitlines() if line.startswith("| `optimal`"))
    assert "| 25.00 ± 0.00 % |" in line
    assert "mean of seed 1, 2" in written
    assert "2 seeds" in written


def test_runs_of_another_size_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "real_weeks.json"
    assert kept(path, {"size": 1}) == []
    path.write_text('{"size": 1, "policy": 2, "runs": [{"seed": 3}]}', encoding="utf-8")
    assert kept(path, {"size": 1, "policy": 2}) == [{"seed": 3}]
    assert kept(path, {"size": 2, "policy": 2}) == []


def test_the_command_says_what_it_takes(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert all(option in told for option in ("--data", "--orders-per-day", "--covers", "--workers", "--write"))
