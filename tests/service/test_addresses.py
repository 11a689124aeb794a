"""Ids in addresses, over a real server: what is known is found under its own bytes, and no id becomes a path."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest
from service.conftest import SNAPSHOT
from service_process import running_service

from quartermaster.service.addresses import routed_path
from quartermaster.service.examples import PLAN_REQUEST

LEGAL = [
    "a/b", "/", "/etc/passwd", "//etc//passwd", "../../x", "../../../../etc/passwd", "..", ".", "./x", "..\\..\\x",
    "a/../b", "a/./b", "a//b", "a/", "/a", "a/b/explanation", "x/explanation", "%2F", "%2e%2e%2f", "%252F", "%00",
    "..%2F..%2Fx", "%", "100%", "a%b", "a b", "a  b", "a?b", "a#b", "a&b=c", "a;b", "a,b", "a+b", "a=b", "a@b",
    "'; DROP TABLE orders;--", "' OR '1'='1", '" OR ""="', "`x`", "$(id)", "${x}", "{scope}", "<script>", "a|b", "a:b",
    "\\\\host\\share", "C:\\x", "file:///etc/passwd", "http://x/y", "é", "e\u0301", "ß", "中文", "\U0001f600", "א",
    "00123", "1e5", "null", "NaN", "TRUE", "0", "x" * 128, "é" * 128, "~root", "*", "orders", "None",
    "a\\x00b", "a'b''c",
]  # fmt: skip
"""Ids as row 26 of the catalogue allows them, and as rows 28 and S10 would have them be something else."""
NO_ADDRESS = ["%FF", "%C0%AF", "a%00b", "%ED%A0%80"]


def path_of(order_id: str) -> str:
    """A segment of its own, with nothing in it that a client would resolve."""
    return quote(order_id, safe="").replace(".", "%2E")


def headers(key: str) -> dict[str, str]:
    return {"content-type": "application/json", "idempotency-key": key}


def test_known_ids_are_found_and_unknown_ones_are_not(tmp_path):
    order = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}
    known, unknown = LEGAL[::2], LEGAL[1::2]
    options = ("--insecure-local", "--every", "0", "--database", f"sqlite:///{tmp_path / 'held.db'}")
    with (
        running_service(tmp_path, *options, stateless=False) as service,
        httpx.Client(base_url=service.address) as client,
    ):
        north = f"/v1/scopes/{path_of('no/rth')}"
        for version in ("day/1", "day%2F1"):  # two versions
            put = client.put(
                f"{north}/snapshots/{path_of(version)}", json=SNAPSHOT, headers=headers(version.replace("/", "-"))
            )
            assert (put.status_code, put.json().get("version")) == (201, version), put.text
            assert put.json()["scope"] == "no/rth"
        for group, found in ((known, 200), (unknown, 404)):
            told = client.post(
                f"{north}/orders", headers=headers(str(found)),
                json={"orders": [{**order, "order_id": order_id} for order_id in known]},
            ).json()["orders"]  # fmt: skip
            assert {one["result"] for one in told} == ({"created"} if found == 200 else {"known"})
            for order_id in group:
                answer = client.get(f"{north}/orders/{path_of(order_id)}")
                assert answer.status_code == found, (order_id, answer.text)
                if found == 200:
                    assert answer.json()["order_id"] == order_id
                    why = client.get(f"{north}/orders/{path_of(order_id)}/explanation")
                    assert (why.status_code, why.json()["order_id"]) == (200, order_id)
                else:
                    assert answer.json()["code"] == "not_found"
                assert client.get(f"{north}/reservations/{path_of(order_id)}").status_code == 404
                assert client.get(f"{north}/plans/{path_of(order_id)}/prices").status_code == 404
        for segment in NO_ADDRESS:
            assert client.get(f"{north}/orders/{segment}").status_code == 404
        long = client.get(f"{north}/orders/{'x' * 129}")
        assert (long.status_code, long.json()["code"]) == (404, "not_found")
        for bad in ("%0A", "%20x", "%3Dx", "%E2%80%AE"):
            made = client.put(f"/v1/scopes/{bad}/snapshots/v1", json=SNAPSHOT, headers=headers("bad" + bad))
            assert (made.status_code, made.json()["errors"][0]["code"]) == (422, "id_format"), made.text
        gone = client.delete(f"{north}/orders/{path_of(known[0])}", headers=headers("gone"))
        assert (gone.status_code, gone.json()["order_id"], gone.json()["state"]) == (200, known[0], "cancelled")
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"held", "serve"}


@pytest.mark.parametrize(
    ("raw", "path"),
    [(b"/a/b%2Fc", "/a/b%2Fc"), (b"/a/b%252Fc", "/a/b%252Fc"), (b"/a/%41", "/a/A"), (b"/%2e%2e/x", "/../x"),
     (b"/%C3%A9", "/é"), (b"/a%25b", "/a%25b")],
)  # fmt: skip
def test_a_segment_is_decoded_by_itself(raw, path):
    assert routed_path({"raw_path": raw, "path": "other"}) == path


def test_without_raw_bytes_the_path_is_taken_as_it_is():
    assert routed_path({"path": "/a%b/é"}) == "/a%25b/é"
