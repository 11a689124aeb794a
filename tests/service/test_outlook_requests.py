"""What is to come and what stands, through the API: in the contract, in the plan, and in what is refused."""

import copy

import pytest
from fastapi.testclient import TestClient

from quartermaster.domain.columns import columns_of
from quartermaster.domain.snapshot import OUTLOOK_TABLES, ROW_TYPES
from quartermaster.service import create_app
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.service.request_schema import policy_schema, snapshot_schema


@pytest.fixture(scope="module")
def client():
    with TestClient(create_app(), raise_server_exceptions=False) as held:
        yield held


def request(**tables):
    body = copy.deepcopy(PLAN_REQUEST)
    body["snapshot"].update(tables)
    return body


def test_what_stands_is_not_planned_again(client):
    free = client.post("/v1/plan", json=request()).json()
    taken = free["allocations"]
    assert taken
    ids = {row["shipment_id"]: f"T{number}" for number, row in enumerate(taken)}
    stock = {(row["node_id"], row["sku"]): row["on_hand"] for row in PLAN_REQUEST["snapshot"]["inventory"]}
    rows = [
        {
            **row,
            "order_id": "gone",
            "shipment_id": ids[row["shipment_id"]],
            "quantity": stock[row["node_id"], row["sku"]],
        }
        for row in taken
    ]
    response = client.post("/v1/plan", json=request(fixed=rows))
    assert response.status_code == 200, response.text
    left = {(row["node_id"], row["sku"]) for row in response.json()["allocations"]}
    assert not left & {(row["node_id"], row["sku"]) for row in rows}
    assert response.json()["snapshot_sha256"] != free["snapshot_sha256"]
    judged = client.post("/v1/evaluate", json={**request(fixed=rows), "plan": free}).json()
    assert "stock" in {violation["rule"] for violation in judged["violations"]}


def test_the_contract_names_every_table_column_and_knob(client):
    published = client.get("/openapi.json").json()["components"]["schemas"]["Snapshot"]["properties"]
    for name in OUTLOOK_TABLES:
        rows, columns, null = published[name]["anyOf"]
        assert set(rows["items"]["properties"]) == set(columns["properties"]) == set(columns_of(ROW_TYPES[name]))
        assert null == {"type": "null"}
        assert name not in snapshot_schema()["required"]
        assert name in snapshot_schema()["description"]
    knobs = policy_schema()["properties"]["future"]["properties"]
    assert (knobs["horizon_days"]["type"], knobs["horizon_days"]["minimum"]) == ("integer", 0)
    assert (knobs["may_backorder"]["type"], knobs["may_backorder"]["default"]) == ("boolean", False)


@pytest.mark.parametrize(
    ("future", "pointer"),
    [
        ({"horizon_days": -1}, "/policy/future/horizon_days"),
        ({"horizon_days": 1.5}, "/policy/future/horizon_days"),
        ({"may_backorder": 1}, "/policy/future/may_backorder"),
        ({"may_backorder": "true"}, "/policy/future/may_backorder"),
        ({"horizon": 3}, "/policy/future/horizon"),
    ],
)
def test_bad_knobs_are_refused(client, future, pointer):
    response = client.post("/v1/plan", json={**request(), "policy": {"future": future}})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
