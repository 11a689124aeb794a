"""What is watched: figures after runs that were made, that failed, and in which a solver lied."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families
from run_days import plan_here
from service.conftest import SNAPSHOT

from quartermaster.errors import SolverError
from quartermaster.scheduling.run import run_all, run_next
from quartermaster.scheduling.settings import RunSettings
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store.keys import make_key
from quartermaster.store.webhooks import make_webhook

NORTH = "/v1/scopes/north"
QUICK = RunSettings(report=False)
ORDER = {**copy.deepcopy(PLAN_REQUEST["snapshot"]["orders"][0]), "promise_date": "2099-12-31"}


def figures(api):
    """Every sample, by its name and labels."""
    text = api.ask("GET", "/metrics").text
    return {
        (sample.name.removeprefix("quartermaster_"), *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_north(found, name, **labels):
    return found.get((name, *sorted({"scope": "north", **labels}.items())))


def asked(api, **body):
    return api.ask("POST", f"{NORTH}/plans", {"policy": {"solver": {"time_limit_seconds": 5}}, **body}).json()[
        "plan_id"
    ]


def order(order_id, quantity):
    return {**ORDER, "order_id": order_id, "lines": [{"line_id": "1", "sku": "00123", "quantity": quantity}]}


def test_a_run_is_seen(api, store):
    api.ask("POST", f"{NORTH}/orders", {"orders": [order("small", 2), order("large", 50)]})
    asked(api, commit=True)
    before = figures(api)
    assert of_north(before, "plans", state="queued") == 1
    assert of_north(before, "queue_oldest_seconds") >= 0
    assert of_north(before, "runs_total", outcome="made") is None
    assert run_all(store, "north", QUICK, planner=plan_here) == 1
    found = figures(api)
    plan = next(iter(_plans(api, found)))
    assert of_north(found, "plans", state="queued") is None
    assert of_north(found, "queue_oldest_seconds") is None
    assert of_north(found, "runs_total", outcome="made") == 1
    assert of_north(found, "runs_total", outcome="failed") == 0
    assert of_north(found, "solve_seconds_count") == 1
    assert of_north(found, "solve_seconds_sum") == of_north(found, "plan_seconds") > 0
    assert of_north(found, "plan_gap") == float(plan["gap"])
    assert of_north(found, "plan_fill_rate") == float(plan["kpis"]["fill_rate"])
    units = {labels["reason"]: value for labels, value in _by_reason(found)}
    assert units == plan["backordered_units"]
    assert sum(units.values()) == 52 - of_north(found, "units", place="allocated") > 0
    assert of_north(found, "units", place="backordered") == sum(units.values())
    assert of_north(found, "solver_contradictions_total") == 0


def test_lies_and_failures_add_up(api, store):
    def lying(*arguments):
        made = plan_here(*arguments)
        run = json.loads(made.parts["run.json"])
        run["counters"] = {**run["counters"], "solver_contradictions": 3, "solver_failures": 2}
        return replace(made, parts={**made.parts, "run.json": json.dumps(run).encode()})

    def failing(*_):
        raise SolverError("it did not work")

    api.ask("POST", f"{NORTH}/orders", {"orders": [order("small", 2)]})
    for planner in (lying, failing, lying):
        asked(api)
        assert run_next(store, "north", QUICK, planner=planner) is not None
    found = figures(api)
    assert of_north(found, "runs_total", outcome="made") == 2
    assert of_north(found, "runs_total", outcome="failed") == 1
    assert of_north(found, "solver_contradictions_total") == 6
    assert of_north(found, "solver_failures_total") == 4
    assert of_north(found, "solve_seconds_count") == of_north(found, "solve_seconds_bucket", le="+Inf") == 3
    within = [of_north(found, "solve_seconds_bucket", le=end) for end in ("1.0", "30.0", "600.0")]
    assert within == sorted(within)
    assert within[-1] == 3


def test_a_key_is_told_of_its_scopes_only(api, store):
    """Two scopes in which everything that is counted by scope happens: plans, orders, units, runs, webhooks."""
    for scope in ("north", "south"):
        place = f"/v1/scopes/{scope}"
        if scope != "north":
            api.ask("PUT", f"{place}/snapshots/v1", SNAPSHOT)
        api.ask("POST", f"{place}/orders", {"orders": [order("small", 2), order("large", 50)]})
        api.ask("POST", f"{place}/reservations", {"lines": [{"node_id": "newark", "sku": "00123", "quantity": 1}]})
        policy = {"solver": {"time_limit_seconds": 5}}
        api.ask("POST", f"{place}/plans", {"commit": True, "policy": policy})
        assert run_all(store, scope, QUICK, planner=plan_here) == 1
        api.ask("POST", f"{place}/plans", {})
        hook = {"url": "https://hooks.example/x", "types": (), "salt": "", "secret_sha256": ""}
        store.transact(lambda transaction, scope=scope, hook=hook: make_webhook(transaction, scope, "hook", **hook))
    secrets = {
        scopes: store.transact(lambda transaction, scopes=scopes: make_key(transaction, "some", ["read"], scopes))[0]
        for scopes in ((), ("north",), ("south",), ("north", "south"), ("nowhere",))
    }
    told = {scopes: figures(api.as_key(secret)) for scopes, secret in secrets.items()}
    by_scope = {
        scopes: {place for place in found if any(name == "scope" for name, _ in place[1:])}
        for scopes, found in told.items()
    }
    assert len(by_scope[()]) > 60
    assert by_scope[()] == by_scope["north", "south"]
    for scope in ("north", "south"):
        assert by_scope[(scope,)] == {place for place in by_scope[()] if ("scope", scope) in place}
    names = [{place[0] for place in by_scope[(scope,)]} for scope in ("north", "south")]
    assert names[0] == names[1] >= {"orders", "units", "plans", "solve_seconds_sum", "webhook_failures", "plan_gap"}
    assert by_scope["nowhere",] == set()
    assert ("requests_total", ("operation", "metrics"), ("status", "200")) in told["nowhere",]


def _by_reason(found):
    for (name, *labels), value in found.items():
        if name == "plan_backordered_units":
            yield dict(labels), value


def _plans(api, found):
    """Summaries of the plans that are current."""
    assert of_north(found, "plans", state="committed") == 1
    for event in api.ask("GET", f"{NORTH}/events").json()["events"]:
        if event["type"] == "plan_committed":
            yield api.ask("GET", f"{NORTH}/plans/{event['subject']}").json()["summary"]
