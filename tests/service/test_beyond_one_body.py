"""Rows of the bad-input catalogue that take more than one body, or one that is too large or too odd for a folder."""

from __future__ import annotations

from catalogue import HERE, laid_out
from channel_cases import BASE, GIVEN, GOOD, SQLITE, checked, expected_of, file_cases, stored, told, wanted
from run_days import plan_here
from service.test_folders import zipped

from quartermaster import io
from quartermaster.scheduling.run import run_all
from quartermaster.scheduling.settings import RunSettings
from quartermaster.service.answers import ProblemAnswer


@SQLITE
def test_files_over_their_caps(connect, store, tmp_path):
    failures = []
    for case in file_cases():
        limits = expected_of(case).get("limits")
        if limits is None:
            continue
        folder, expected = laid_out(case, tmp_path / case)
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        own = {name: value for name, value in limits.items() if name == "max_rows"}
        api = connect(**own) if own else connect()
        headers = {**api.headers("caps"), "content-type": "application/zip"}
        if not own:
            continue  # the cap of a file is the cap of all files here: test_zip_bombs_end_at_their_caps
        checked(
            store, lambda: api.client.put("/v1/scopes/caps/snapshots/v1", content=zipped(files), headers=headers),  # noqa: B023
            wanted(expected["problems"]), case, failures,
        )  # fmt: skip
    assert failures == []


@SQLITE
def test_more_rows_than_a_channel_takes(connect, store):
    """Before they are looked at one by one: a list of nothing but faults costs no more than one of few."""
    api, failures = connect(), []
    sent = {
        "inventory": ({"kind": "full", "as_of": "2026-11-03T00:00:00Z", "rows": [0] * 1_000_001}, "/rows"),
        "orders": ({"orders": [{}] * 10_001}, "/orders"),
        "reservations": ({"lines": [{}] * 1_001}, "/lines"),
        "route": ({"order": {"lines": [0] * 100_001}}, "/order"),
        "promise": ({"order": {"lines": [0] * 100_001}}, "/order"),
    }
    sent["orders of many lines"] = ({"orders": [{"lines": [0] * 50_001}] * 2}, "/orders")
    for channel, (body, pointer) in sent.items():
        path = f"{BASE}/{channel.split()[0]}"
        checked(
            store, lambda: api.ask("POST", path, body),  # noqa: B023
            (413, [("too_many_rows", pointer)]), channel, failures,
        )  # fmt: skip
    assert failures == []
    faults = {**sent["inventory"][0], "rows": [{}] * 5_000}
    problem = ProblemAnswer.model_validate_json(api.ask("POST", f"{BASE}/inventory", faults).content)
    assert (problem.status, len(problem.errors)) == (422, 100)
    assert problem.errors_total < 10_000


def test_orders_that_stand_twice(connect, store):
    api = connect()
    first, other = ({**GIVEN["order"], "order_id": "twice", "priority": priority} for priority in (1, 2))
    same = {**GIVEN["order"], "order_id": "same"}
    before = stored(store)["orders"]
    answer = api.ask("POST", f"{BASE}/orders", {"orders": [first, same, other, same]}).json()["orders"]
    assert [one["result"] for one in answer] == ["refused", "created", "refused", "known"]
    assert {one["reason"].partition(":")[0] for one in answer} == {"order_conflict", ""}
    assert len(stored(store)["orders"]) == len(before) + 1


@SQLITE
def test_a_snapshot_with_fewer_rows_than_it_declares(connect, store):
    api, failures = connect(), []
    for declared in (2, 4, 0):
        checked(
            store, lambda: api.ask("PUT", f"/v1/scopes/half/snapshots/v1?stock_rows={declared}", GOOD),  # noqa: B023
            (422, [("snapshot_incomplete", "?stock_rows")]), declared, failures,
        )  # fmt: skip
    assert failures == []
    assert api.ask("PUT", "/v1/scopes/half/snapshots/v1?stock_rows=3", GOOD).status_code == 201


@SQLITE
def test_a_snapshot_from_the_future(connect, store):
    api, failures = connect(), []
    later = {**GOOD, "snapshot": {**GOOD["snapshot"], "as_of": "2099-01-01T00:00:00Z"}}
    checked(
        store, lambda: api.ask("PUT", "/v1/scopes/later/snapshots/v1", later),
        (422, [("snapshot_time", "/snapshot/as_of")]), "later", failures,
    )  # fmt: skip
    assert failures == []


def test_plans_that_cannot_be_committed_any_more(connect, store):
    api = connect(max_plan_age_seconds=60)
    made = [api.ask("POST", f"{BASE}/plans", {"report": False}).json()["plan_id"] for _ in range(2)]
    assert run_all(store, "base", RunSettings(report=False), planner=plan_here) == 2
    store.clock.now += 61_000_000
    failures = []
    checked(store, lambda: api.ask("POST", f"{BASE}/plans/{made[0]}/commit", {}), (409, []), "expired", failures)
    assert failures == []
    assert api.ask("POST", f"{BASE}/plans/{made[0]}/commit", {}).json()["code"] == "plan_expired"


def test_reservations_end_once(connect, store):
    api = connect()
    first, second = (api.ask("POST", f"{BASE}/reservations", GIVEN["hold"]).json()["reservation_id"] for _ in range(2))
    path = f"{BASE}/reservations/{first}/release"
    released, again = api.ask("POST", path), api.ask("POST", path)
    assert (released.status_code, again.status_code, again.json()) == (200, 200, released.json())
    store.clock.now += 901_000_000
    late = api.ask("POST", f"{BASE}/reservations/{second}/commit")
    assert (late.status_code, late.json()["code"]) == (409, "reservation_expired")


@SQLITE
def test_files_too_odd_to_stand_in_a_folder(connect, store, tmp_path):
    """Rows 66 and 68: cells and tables over their limits, and what is no Parquet."""
    api, failures = connect(), []
    good = {path.name: path.read_bytes() for path in sorted((HERE / "good").iterdir())}
    io.write_snapshot(io.read_folder(HERE / "good").snapshot, tmp_path / "typed", format="parquet")
    parquet = (tmp_path / "typed" / "inventory.parquet").read_bytes()
    header, *rows = good["nodes.csv"].decode().splitlines()
    without = {name: content for name, content in good.items() if name != "inventory.csv"}
    cases = {
        "ten thousand columns": (
            {**good, "nodes.csv": (header + "".join(f",c{at}" for at in range(10_000))).encode()},
            ("csv_limit", "nodes.csv 1 "),
        ),
        "a cell over 32 KiB": (
            {**good, "nodes.csv": "\n".join([header, rows[0].replace("NYC", "N" * 40_000)]).encode()},
            ("csv_limit", "nodes.csv 2 "),
        ),
        "no Parquet": ({**without, "inventory.parquet": b"PAR1"}, ("parquet_format", "inventory.parquet  ")),
        "cut off": ({**without, "inventory.parquet": parquet[:-20]}, ("parquet_format", "inventory.parquet  ")),
        "table twice": ({**good, "inventory.parquet": parquet}, ("file_twice", "inventory.csv  ")),
    }
    for name, (files, problem) in cases.items():
        content = zipped(files, 0)
        headers = {**api.headers(), "content-type": "application/zip"}
        before = stored(store)
        status, found = told(api.client.put("/v1/scopes/odd/snapshots/v1", content=content, headers=headers))
        if status != 422 or problem not in found:
            failures.append((name, status, found))
        assert stored(store) == before
    assert failures == []
