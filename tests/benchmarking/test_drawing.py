"""The drawn instances are what their families say, and the same on every machine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quartermaster.bench.drawing import family_snapshot
from quartermaster.bench.families import FAMILIES, SUITES, families_named
from quartermaster.bench.folder import write_columns
from quartermaster.bench.stock import AMPLE, SCARCE, n_deep
from quartermaster.io import read_snapshot, ready, snapshot_sha256


def totals(snapshot):
    """Return (skus,) units in stock and units ordered."""
    place = {sku: at for at, sku in enumerate(snapshot.products["sku"])}
    sums = []
    for table, units in ((snapshot.inventory, "on_hand"), (snapshot.order_lines, "quantity")):
        at = np.fromiter((place[sku] for sku in table["sku"]), dtype=np.int64, count=len(table))
        sums.append(np.bincount(at, weights=table[units], minlength=len(place)))
    return sums


def test_the_same_seed_gives_the_same_instance():
    family = FAMILIES["S-scarce"]
    first, again, other = (snapshot_sha256(ready(family_snapshot(family, seed))) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("name", ["M-typical", "M-scarce"])
def test_stock_is_the_share_of_the_demand_that_the_family_says(name):
    family = FAMILIES[name]
    stock, demand = totals(family_snapshot(family, 3))
    ample = np.abs(stock - AMPLE * demand) <= 1
    near = (stock >= SCARCE[0] * demand - 1) & (stock <= SCARCE[1] * demand + 1)
    assert np.all(ample | near)
    share = np.mean(~ample[demand >= 5])  # below that the two overlap within a unit
    assert abs(share - family.scarce) < 0.03
    ratio = (stock / np.maximum(demand, 1))[~ample & (demand >= 20)]
    assert ratio.min() < 0.85 < 1.15 < ratio.max()


@pytest.mark.parametrize("name", ["M-typical", "XL-typical"])
def test_nodes_carry_the_share_of_the_assortment_that_the_family_says(name):
    family = replace(FAMILIES[name], orders=500, nodes=200, skus=2000)
    snapshot = family_snapshot(family, 1)
    deep = {node for node, kind in zip(snapshot.nodes["node_id"], snapshot.nodes["kind"], strict=True) if kind == "dc"}
    assert len(deep) == n_deep(family)
    in_deep = sum(node in deep for node in snapshot.inventory["node_id"])
    stores = family.nodes - len(deep)
    assert in_deep / (len(deep) * family.skus) == pytest.approx(family.deep_carries, rel=0.05)
    assert (len(snapshot.inventory) - in_deep) / (stores * family.skus) == pytest.approx(family.store_carries, rel=0.05)


def test_the_lean_parquet_folder_reads_as_the_snapshot(tmp_path):
    drawn = family_snapshot(FAMILIES["S-opening"], 2)
    write_columns(drawn, tmp_path)
    assert snapshot_sha256(read_snapshot(tmp_path)) == snapshot_sha256(ready(drawn))


def test_ids_that_repeat_share_their_texts():
    lines = family_snapshot(FAMILIES["S-typical"], 1).order_lines
    for column in ("order_id", "line_id", "sku"):
        texts = lines[column]
        assert len({id(text) for text in texts}) == len(set(texts))


def test_families_by_name_and_by_size():
    assert [family.name for family in families_named(["M"])] == ["M-typical", "M-scarce"]
    assert [family.name for family in families_named(["S-opening", "S"])] == ["S-opening", "S-typical", "S-scarce"]
    with pytest.raises(KeyError, match="XXL"):
        families_named(["M", "XXL"])
    assert all(set(suite) <= set(FAMILIES) for suite in SUITES.values())
