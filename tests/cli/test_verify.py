"""verify and prices from a shell's point of view: good plans, and every way they can be spoilt."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import quartermaster as qm
from quartermaster.demo import demo_snapshot
from quartermaster.io import write_snapshot
from quartermaster.policy import Policy, SolverPolicy


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A snapshot and its plan, made once; copied by those who spoil it."""
    folder = tmp_path_factory.mktemp("verify")
    snapshot = demo_snapshot(orders=40, nodes=6, skus=12, scarce=0.9, seed=3)
    write_snapshot(snapshot, folder / "day")
    plan = qm.plan(snapshot, Policy(solver=SolverPolicy(time_limit_seconds=20)))
    assert plan.certificate is not None
    assert len(plan.certificate.stock.price_micro) > 3
    plan.write(folder / "plan")
    return folder


@pytest.fixture
def copied(planned, tmp_path):
    shutil.copytree(planned / "plan", tmp_path / "plan")
    return planned / "day", tmp_path / "plan"


def spoil(plan, file, change):
    path = plan / file
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def faults_of(command, day, plan, code=4):
    done = command("verify", day, plan, "--cells", "20", "--json")
    assert (done.code, done.err) == (code, "")
    document = json.loads(done.out)
    assert not document["ok"]
    return document["faults"]


def test_a_good_plan_is_verified(command, planned):
    done = command("verify", planned / "day", planned / "plan", "--json")
    document = json.loads(done.out)
    held = json.loads((planned / "plan" / "plan.json").read_text())
    assert (done.code, done.err, document["ok"], document["faults"]) == (0, "", True, [])
    assert document["total"] == held["objective"]["total"]
    assert document["certified_bound"] == dict.fromkeys(("recomputed", "certificate", "plan"), held["certified_bound"])
    assert document["certified_gap"] == held["certified_gap"]
    assert (document["orders"], document["orders_bounded_by_a_floor"]) == (40, 0)
    assert (document["cells_compared"], document["mismatches"], document["violations"]) == (1_000, [], [])
    shown = command("verify", planned / "day", planned / "plan", "--cells", "20")
    assert shown.code == 0
    for words in ("No violations", "certified bound, recomputed", held["certified_bound"], "Verified"):
        assert words in shown.out


def test_a_plan_of_a_rule_is_verified_without_a_bound(command, planned):
    assert command("plan", planned / "day", "--strategy", "nearest", "--no-report").code == 0
    done = command("verify", planned / "day", "plan", "--cells", "20", "--json")
    document = json.loads(done.out)
    assert (done.code, document["certified_gap"], document["certified_bound"]["recomputed"]) == (0, None, None)
    assert command("prices", planned / "day", "plan").code == 2


def test_corrupted_allocations_leave_with_4(command, copied):
    day, plan = copied
    rows = (plan / "allocations.csv").read_text().splitlines()
    (plan / "allocations.csv").write_text("\n".join([*rows, rows[-1]]) + "\n")
    assert any("violations" in fault for fault in faults_of(command, day, plan))
    shown = command("verify", day, plan, "--cells", "20")
    assert (shown.code, "duplicate_allocation" in shown.out, "Fault:" in shown.out) == (4, True, True)


def raise_claim(document):
    document["bound"] = "1" + document["bound"]


def double_prices(document):
    document["stock"]["price_micro"] = [price * 3 for price in document["stock"]["price_micro"]]


def other_snapshot(document):
    document["snapshot_sha256"] = "0" * 64


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("certificate.json", raise_claim, "certificate.json claims the bound"),
        ("certificate.json", double_prices, "its prices prove"),
        ("certificate.json", other_snapshot, "the certificate was made for another snapshot"),
        ("plan.json", lambda document: document.update(certified_bound="99999999.00"), "plan.json claims the bound"),
        ("plan.json", other_snapshot, "the plan was made for another snapshot"),
    ],
)
def test_a_false_claim_leaves_with_4(command, copied, file, change, words):
    day, plan = copied
    spoil(plan, file, change)
    assert any(words in fault for fault in faults_of(command, day, plan))


def negative(document):
    document["stock"]["price_micro"][0] = -1


def unknown_node(document):
    document["stock"]["node_id"][0] = "nowhere"


def twice(document):
    for column in document["stock"].values():
        column.append(column[0])


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        (negative, "out_of_range", "/stock/price_micro/0"),
        (unknown_node, "unknown_node", "/stock/node_id/0"),
        (twice, "duplicate_row", None),
        (lambda document: document.pop("units"), "type", "/units"),
    ],
)
@pytest.mark.parametrize("name", ["verify", "prices"])
def test_an_unreadable_certificate_leaves_with_2(command, copied, name, change, code, pointer):
    day, plan = copied
    spoil(plan, "certificate.json", change)
    done = command(name, day, plan, "--errors=json")
    assert (done.code, done.out) == (2, "")
    (error,) = json.loads(done.err)["errors"]
    assert error["code"] == code
    assert pointer in (None, error["pointer"])


def test_a_claimed_certificate_that_is_not_there_leaves_with_2(command, copied):
    day, plan = copied
    (plan / "certificate.json").unlink()
    done = command("verify", day, plan)
    assert (done.code, "certificate.json" in done.err) == (2, True)


def test_problems_of_the_plan_and_of_its_certificate_are_told_together(command, copied):
    day, plan = copied
    (plan / "certificate.json").write_text("{")
    (plan / "shipments.csv").unlink()
    errors = json.loads(command("verify", day, plan, "--errors=json").err)["errors"]
    assert [error["file"] for error in errors] == ["shipments.csv", "certificate.json"]


def test_another_policy_is_another_bound(command, copied):
    """The bound is recomputed under the plan's own policy: dearer backorders than it was made under prove more."""
    day, plan = copied
    spoil(plan, "plan.json", lambda document: document["policy"]["backorder"].update(cost_per_unit="1"))
    assert any("claims the bound" in fault for fault in faults_of(command, day, plan))


def test_prices_are_listed_dearest_first(command, planned):
    done = command("prices", planned / "day", planned / "plan", "--json")
    rows = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert 0 < len(rows) <= 20
    amounts = [float(row["price"]) for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    table = {
        tuple(line.split(",")[:3]): line.split(",")[3]
        for line in (planned / "plan" / "prices.csv").read_text().splitlines()[1:]
    }
    assert all(table[row["resource"], row["node_id"], row["sku"]] == row["price"] for row in rows)
    shown = command("prices", planned / "day", planned / "plan", "--top", "1")
    assert (shown.code, rows[0]["node_id"] in shown.out, "waiting" in shown.out) == (0, True, True)
    assert len(json.loads(command("prices", planned / "day", planned / "plan", "--top", "2", "--json").out)) == 2


def test_prices_tell_what_there_is_and_what_is_taken(planned):
    snapshot = qm.read_snapshot(planned / "day")
    plan = Path(planned / "plan")
    allocated, backordered, ordered = {}, {}, {}
    for path, key in (("allocations.csv", ("node_id", "sku")), ("backorders.csv", ("sku",))):
        header, *rows = (line.split(",") for line in (plan / path).read_text().splitlines())
        found = allocated if path == "allocations.csv" else backordered
        for cells in rows:
            row = dict(zip(header, cells, strict=True))
            place = tuple(row[name] for name in key)
            found[place] = found.get(place, 0) + int(row["quantity"])
    for line in snapshot.order_lines:
        ordered[line.sku] = ordered.get(line.sku, 0) + line.quantity
    stock = {
        (row.node_id, row.sku): max(0, row.on_hand - row.safety_stock - row.reserved) for row in snapshot.inventory
    }
    held = [row for row in qm.prices(snapshot, plan) if row.resource == "stock"]
    assert held
    for row in held:
        assert row.available == stock[row.node_id, row.sku] >= row.taken
        assert row.taken == allocated.get((row.node_id, row.sku), 0)
        assert row.ordered == ordered[row.sku]
        assert row.backordered == backordered.get((row.sku,), 0)


def test_prices_of_another_snapshot_are_refused(command, copied, tmp_path):
    write_snapshot(demo_snapshot(orders=41, nodes=6, skus=12, scarce=0.9, seed=3), tmp_path / "other")
    done = command("prices", tmp_path / "other", copied[1])
    assert (done.code, "another snapshot" in done.err) == (2, True)
    assert any("another snapshot" in fault for fault in faults_of(command, tmp_path / "other", copied[1]))
