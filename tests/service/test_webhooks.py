"""Webhooks over real sockets on both stores: signed, in order, tried again, and never passed over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from receivers import is_signed, receiving, trickle
from store.conftest import postgresql_schema, sqlite_template, store, store_url  # noqa: F401 - fixtures
from store_cases import SCOPE, Clock, given, ordered, planned, stocked

from quartermaster.service.webhooks.secrets import digest, make_key, read_key, secret_of
from quartermaster.service.webhooks.sender import NO_SECRET, Sender
from quartermaster.service.webhooks.settings import WebhookSettings
from quartermaster.store import open_store
from quartermaster.store.events import emit, events_after
from quartermaster.store.instants import SECOND
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.webhooks import (
    due_webhooks,
    hold_webhook,
    make_webhook,
    resume_webhook,
    told,
    webhook,
)

KEY = bytes(range(32))
SALT = "salt"
SECRET = secret_of(KEY, SCOPE, "shop", SALT)


def made(held, url, types=(), name="shop", **more):
    """Make a webhook."""
    secret = digest(secret_of(KEY, SCOPE, name, SALT))
    make = partial(make_webhook, url=url, types=types, salt=SALT, secret_sha256=secret, **more)
    return held.transact(lambda transaction: make(transaction, SCOPE, name))


def happens(held, *names, kind="allocation"):
    """Let events happen."""
    for name in names:
        held.transact(lambda transaction, name=name: emit(transaction, SCOPE, kind, name, {"order_id": name}))


def settings_for(receiver, **more):
    return WebhookSettings(hosts=frozenset({receiver.host}), insecure_local=True, **{"attempt_seconds": 5.0, **more})


def sender_for(held, receiver, key=KEY, chance=lambda: 0.0, **more):
    return Sender(held, settings_for(receiver, **more), key, chance=chance)


def now_of(held, name="shop"):
    with held.read() as transaction:
        return webhook(transaction, SCOPE, name)


def due(held):
    with held.read() as transaction:
        return [one.webhook_id for one in due_webhooks(transaction)]


@pytest.fixture
def clock(store):  # noqa: F811
    store.clock = Clock()
    return store.clock


@pytest.fixture
def receiver():
    with receiving() as held:
        yield held


def test_events_come_in_their_order_signed_and_as_they_are_read(store, receiver):  # noqa: F811
    happens(store, "before")
    made(store, receiver.url)
    happens(store, *(f"o{number}" for number in range(7)))
    sender = sender_for(store, receiver, batch=3)
    assert sender.tell(SCOPE, "shop") == 7
    assert sender.tell(SCOPE, "shop") == 0
    assert due(store) == []
    events = store.transact(lambda transaction: events_after(transaction, SCOPE, 1, 100))
    assert [(one.headers["webhook-id"], one.event["sequence"]) for one in receiver.got] == [
        (event.event_id, event.sequence) for event in events
    ]
    first = receiver.got[0]
    assert (first.path, first.headers["host"], first.headers["content-type"]) == (
        "/hook?key=7", receiver.host, "application/json",
    )  # fmt: skip
    assert {**first.event, "created_at": ""} == {
        "scope_id": SCOPE, "sequence": 2, "event_id": events[0].event_id, "type": "allocation", "subject": "o0",
        "payload": {"order_id": "o0"}, "created_at": "",
    }  # fmt: skip
    assert all(is_signed(SECRET, one) for one in receiver.got)
    assert not is_signed(secret_of(KEY, SCOPE, "other", SALT), first)
    assert abs(int(first.headers["webhook-timestamp"]) - time.time()) < 60
    first.body += b" "
    assert not is_signed(SECRET, first)


def test_a_committed_plan_is_told(store, receiver):  # noqa: F811
    made(store, receiver.url)
    stocked(store, {("boston", "A"): 5})
    ordered(store, "o1", {"1": ("A", 2)})
    plan_id = planned(store)
    store.transact(lambda transaction: commit_plan(transaction, SCOPE, plan_id, [given("o1", "boston", 2)], []))
    sender_for(store, receiver).tell(SCOPE, "shop")
    assert {(one.event["type"], one.event["subject"]) for one in receiver.got} == {
        ("allocation", "o1"),
        ("plan_committed", plan_id),
    }


def test_only_the_types_that_are_wanted_and_from_the_start_where_that_is(store, receiver):  # noqa: F811
    happens(store, "old", kind="backorder")
    made(store, receiver.url, ["backorder"], from_start=True)
    happens(store, "x", "y")
    happens(store, "new", kind="backorder")
    happens(store, "z")
    assert sender_for(store, receiver, batch=2).tell(SCOPE, "shop") == 2
    assert [one.event["subject"] for one in receiver.got] == ["old", "new"]
    assert now_of(store).after == 5
    assert due(store) == []


def test_a_failure_is_tried_again_later_and_later_and_nothing_is_passed_over(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1", "o2")
    sender = sender_for(store, receiver, first_delay_seconds=4, longest_delay_seconds=10)
    receiver.answers = [204, 500, 302, 404]
    waits = []
    for _ in range(3):
        sender.tell(SCOPE, "shop")
        held = now_of(store)
        waits.append((held.next_at - clock.now) / SECOND)
        assert due(store) == []
        assert sender.tell(SCOPE, "shop") == 0  # not before its time
        clock.now = held.next_at
        assert due(store) == ["shop"]
    assert waits == [4, 8, 10]
    assert (held.after, held.failures, held.failure) == (1, 3, "answered 404")
    assert sender.tell(SCOPE, "shop") == 1
    assert [one.event["subject"] for one in receiver.got] == ["o1", "o2", "o2", "o2", "o2"]
    assert len(set(receiver.ids)) == 2
    assert len({one.body for one in receiver.got}) == 2
    held = now_of(store)
    assert (held.failures, held.failure, held.failing_since, held.state) == (0, "", None, "active")


def test_chance_cuts_up_to_half_of_a_wait(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1")
    receiver.answers = [500]
    sender_for(store, receiver, chance=lambda: 1.0, first_delay_seconds=4).tell(SCOPE, "shop")
    assert now_of(store).next_at - clock.now == 2 * SECOND


def test_a_receiver_that_is_away_gets_everything_when_it_is_back(store, clock):  # noqa: F811
    with receiving() as receiver:
        made(store, receiver.url)
    happens(store, "o1", "o2")
    sender = sender_for(store, receiver)
    assert sender.tell(SCOPE, "shop") == 0
    assert now_of(store).failure == "no connection"
    clock.now = now_of(store).next_at
    with receiving(receiver.port) as back:
        assert sender.tell(SCOPE, "shop") == 2
        assert [one.event["subject"] for one in back.got] == ["o1", "o2"]


def test_a_receiver_that_trickles_is_cut_off(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1")
    receiver.answers = [trickle(30)]
    began = time.monotonic()
    sender_for(store, receiver, attempt_seconds=1.0).tell(SCOPE, "shop")
    assert time.monotonic() - began < 20  # thirty, were every byte given its own time
    assert now_of(store).failure == "no answer in 1 s"


def test_an_endless_answer_is_not_read(store, receiver):  # noqa: F811
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.send_header("content-length", str(2**40))
        handler.end_headers()
        try:
            while len(sent) < 1_000:
                handler.wfile.write(b"x" * 2**20)
                sent.append(1)
        except OSError:
            return

    made(store, receiver.url)
    happens(store, "o1")
    receiver.answers = [endless]
    assert sender_for(store, receiver).tell(SCOPE, "shop") == 1
    assert len(sent) < 100  # MiB, in the buffers of two sockets


def test_a_redirect_is_not_followed(store, clock, receiver):  # noqa: F811
    def elsewhere(handler):
        handler.send_response(307)
        handler.send_header("location", f"http://{other.host}/stolen")
        handler.send_header("content-length", "0")
        handler.end_headers()

    made(store, receiver.url)
    happens(store, "o1")
    with receiving() as other:
        receiver.answers = [elsewhere]
        sender_for(store, receiver).tell(SCOPE, "shop")
        assert other.got == []
    assert now_of(store).failure == "answered 307"


def test_one_that_fails_too_long_is_given_up_and_says_so_and_goes_on_where_it_was(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1")
    receiver.answers = [500] * 3
    sender = sender_for(store, receiver, give_up_seconds=3_600)
    sender.tell(SCOPE, "shop")
    clock.now += 3_599 * SECOND
    sender.tell(SCOPE, "shop")
    assert now_of(store).state == "active"
    clock.now += 3_600 * SECOND
    sender.tell(SCOPE, "shop")
    assert now_of(store).state == "disabled"
    clock.now += 10**6 * SECOND
    assert due(store) == []
    assert sender.tell(SCOPE, "shop") == 0
    events = store.transact(lambda transaction: events_after(transaction, SCOPE, 0, 10))
    assert [(one.type, one.subject) for one in events] == [("allocation", "o1"), ("webhook_disabled", "shop")]
    assert events[1].payload == {"webhook_id": "shop", "after": 0, "failure": "answered 500"}
    figures = _figures(store)
    assert f'quartermaster_webhook_disabled{{scope="{SCOPE}",webhook="shop"}} 1.0' in figures
    assert f'quartermaster_webhook_failures{{scope="{SCOPE}",webhook="shop"}} 3.0' in figures
    assert f'quartermaster_webhook_waiting_events{{scope="{SCOPE}",webhook="shop"}} 2.0' in figures
    store.transact(lambda transaction: resume_webhook(transaction, SCOPE, "shop"))
    assert sender.tell(SCOPE, "shop") == 2
    assert [one.event["type"] for one in receiver.got] == ["allocation"] * 4 + ["webhook_disabled"]


def test_one_that_is_gone_is_given_up_at_once(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1")
    receiver.answers = [410]
    sender_for(store, receiver).tell(SCOPE, "shop")
    assert now_of(store).state == "disabled"


def test_with_another_key_nothing_is_sent_and_it_is_said_why(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1")
    sender_for(store, receiver, key=bytes(32)).tell(SCOPE, "shop")
    assert (receiver.got, now_of(store).failure) == ([], NO_SECRET)


def test_two_senders_do_not_tell_at_once_and_a_late_one_moves_nothing(store, clock, receiver):  # noqa: F811
    made(store, receiver.url)
    happens(store, "o1", "o2")
    late = store.transact(lambda transaction: hold_webhook(transaction, SCOPE, "shop", 10 * SECOND))
    assert sender_for(store, receiver).tell(SCOPE, "shop") == 0
    assert receiver.got == []
    clock.now += 10 * SECOND
    assert sender_for(store, receiver).tell(SCOPE, "shop") == 2
    assert not store.transact(lambda transaction: told(transaction, late, 1, SECOND))
    assert now_of(store).after == 2


def test_a_slow_webhook_keeps_no_other_waiting_and_none_is_told_twice(store, receiver):  # noqa: F811
    with receiving(answers=[trickle(4)]) as slow:
        made(store, slow.url, name="a")
        made(store, receiver.url, name="b")
        happens(store, "o1")
        settings = WebhookSettings(hosts=frozenset({slow.host, receiver.host}), insecure_local=True, attempt_seconds=30)
        sender = Sender(store, settings, KEY)
        until = time.monotonic() + 60
        while not (receiver.got and slow.got):
            sender.look()
            assert time.monotonic() < until
            time.sleep(0.05)
        sender.look()
        sender.stop()
        assert (len(receiver.got), len(slow.got)) == (1, 1)


def test_a_key_file_is_made_for_its_owner_only(tmp_path):
    path = tmp_path / "webhooks.key"
    key = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path) == key


KILLED = """
import os, signal, sys
from quartermaster.service.webhooks.sender import Sender
from quartermaster.service.webhooks.settings import WebhookSettings
from quartermaster.store import open_store
from quartermaster.store.fail_points import set_hook

url, host, name, after = sys.argv[1:]
passed = []

def hook(place):
    passed.append(place)
    if passed.count(name) > int(after):
        os.kill(os.getpid(), signal.SIGKILL)

held = open_store(url)
set_hook(hook)
settings = WebhookSettings(hosts=frozenset({host}), insecure_local=True, attempt_seconds=1.0)
Sender(held, settings, bytes(range(32))).tell("north", "shop")
"""


@pytest.mark.parametrize("place", ["webhook sent", "webhook cursor moved", "before commit"])
def test_killed_between_sending_and_noting_it_is_told_again_and_none_is_missed(store_url, receiver, place):  # noqa: F811
    """SIGKILL of the sender at a named place, early and late; the next sender goes on when its hold is over."""
    held = open_store(store_url)
    made(held, receiver.url)
    subjects = [f"o{number}" for number in range(6)]
    happens(held, *subjects)
    for passed in (0, 2):
        held.close()
        sent = len(receiver.got)
        paths = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        command = [sys.executable, "-c", KILLED, store_url, receiver.host, place, str(passed)]
        until, code = time.monotonic() + 60, 0
        while code == 0:  # the one that was killed holds the webhook for a while yet
            assert time.monotonic() < until
            code = subprocess.run(command, env=paths, timeout=120, check=False).returncode
        assert code == -signal.SIGKILL
        held = open_store(store_url)
        if place == "webhook sent":
            assert len(receiver.got) == sent + passed + 1
    until = time.monotonic() + 60
    sender = sender_for(held, receiver)
    while now_of(held).after < len(subjects):
        sender.tell(SCOPE, "shop")
        assert time.monotonic() < until
        time.sleep(0.1)
    held.close()
    in_order = list(dict.fromkeys(one.event["subject"] for one in receiver.got))
    assert in_order == subjects
    assert len(set(receiver.ids)) == len(subjects)
    if place == "webhook sent":
        assert len(receiver.got) == len(subjects) + 2  # each kill made one come twice, with the same id


def test_the_service_tells_by_itself(store_url, receiver, tmp_path, monkeypatch):  # noqa: F811
    import httpx
    from service.conftest import SNAPSHOT
    from service_process import running_service

    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", store_url)
    key = tmp_path / "webhooks.key"
    key.write_text(KEY.hex())
    key.chmod(0o600)
    held = open_store(store_url)
    made(held, receiver.url)
    held.close()
    options = ("--insecure-local", "--every", "0", "--webhook-host", receiver.host, "--webhook-key-file", str(key))
    with running_service(tmp_path, *options, stateless=False) as service:
        north = f"{service.address}/v1/scopes/north"
        headers = {"idempotency-key": "1", "content-type": "application/json"}
        assert httpx.put(f"{north}/snapshots/v1", content=json.dumps(SNAPSHOT), headers=headers).status_code == 201
        order = {"order_id": "7", "postal_code": "02139", "lines": [{"line_id": "1", "sku": "00123", "quantity": 1}]}
        assert httpx.post(f"{north}/orders", json={"orders": [order]}, headers={"idempotency-key": "2"}).is_success
        assert httpx.delete(f"{north}/orders/7", headers={"idempotency-key": "3"}).is_success
        until = time.monotonic() + 60
        while not receiver.got:
            assert time.monotonic() < until
            time.sleep(0.05)
        events = httpx.get(f"{north}/events").json()["events"]
    assert receiver.got[0].event == {"scope_id": "north", **events[0]}
    assert is_signed(SECRET, receiver.got[0])
    log = (tmp_path / "serve.log").read_text()
    (line,) = (one for one in map(json.loads, log.splitlines()) if one["event"] == "webhook told")
    assert (line["webhook_id"], line["host"], line["status"]) == ("shop", "127.0.0.1", 204)
    assert "key=7" not in log


def _figures(held):
    from quartermaster.service.desk import LOCAL
    from quartermaster.service.metrics import Metrics

    return Metrics(held).text(LOCAL).decode()
