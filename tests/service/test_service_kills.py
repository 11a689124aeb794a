"""I3a for the whole service: killed under its clients, with its planner; what was answered is there, and there once."""

from __future__ import annotations

import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

from service.conftest import SNAPSHOT
from service_claims import Claim, Client
from service_process import address_of
from sqlalchemy import func, select, text
from store_cases import adds_up, number_of
from store_days import every_name

from quartermaster.scheduling.request import read_request
from quartermaster.service.examples import PLAN_REQUEST
from quartermaster.store import open_store
from quartermaster.store.keys import make_key
from quartermaster.store.tables import ORDERS, PLANS, RESERVATIONS

KILLS = number_of("QUARTERMASTER_SERVICE_KILLS", 2)
"""For each store; half of them at named places, in turn."""
CLIENTS = 3
SEED = number_of("QUARTERMASTER_SEED", 7)
SCOPE = "north"
PROGRAM = """
import os, signal, sys
place, left, passed = sys.argv.pop(1), int(sys.argv.pop(1)), sys.argv.pop(1)
def hook(name):
    global left
    if place == "everywhere" or name == place:
        with open(passed, "a") as file:
            print(name, file=file)
        left -= 1
        if name == place and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
from quartermaster.store.fail_points import set_hook
set_hook(hook)
from quartermaster.cli import main
main()
"""
ORDER = {**PLAN_REQUEST["snapshot"]["orders"][0], "promise_date": "2099-12-31"}
LINES = [{"node_id": "newark", "sku": "00123", "quantity": 2}]
DEEP = {**SNAPSHOT, "inventory": [{"node_id": "newark", "sku": "00123", "on_hand": 1_000_000}]}


@contextmanager
def serving(url, folder, place="nowhere", times=1, mark=""):
    """Serve; the process is killed when it has passed a place so many times, or by whom it is given to."""
    log_path = Path(folder, "serve.log")
    passed(folder).unlink(missing_ok=True)
    program = [sys.executable, "-c", PROGRAM, place, str(times), str(passed(folder))]
    command = [*program, "serve", "--port", "0", "--every", "0"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--database", url],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "QUARTERMASTER_MARK": mark},
        )
    try:
        yield process, address_of(process, log_path)
    finally:
        process.kill()
        process.wait()


def passed(folder):
    """Where a process writes the places that it passes."""
    return Path(folder, "passed")


def marked(mark):
    """Processes that were started with a mark, by themselves or by one that was."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"QUARTERMASTER_MARK={mark}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def ready(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    connection.request("GET", "/readyz")
    return connection.getresponse().status == 200


def loaded_and_killed(url, folder, clients, place, after, mark):
    """Serve clients until the service is killed."""
    times = 1 + after % 3
    with serving(url, folder, place, times, mark) as (process, address):
        stop = threading.Event()
        threads = [threading.Thread(target=client.work, args=(address, stop)) for client in clients]
        for thread in threads:
            thread.start()
        try:
            process.wait(0.3 + after / 1_000 if place == "nowhere" else 90.0)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.wait()
        if place != "nowhere":
            assert passed(folder).read_text().split("\n") == [*[place] * times, ""], "it was to die there"
        stop.set()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    until(lambda: not marked(mark))  # neither a planner nor a solver is left


def asked_again(address, clients):
    """Send again what had no reply, and everything else, too: what was answered is answered so again."""
    for client in clients:
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
        for claim in client.claims:
            reply = client.send(connection, claim)
            if claim.reply is None or claim.reply[0] == 503:  # nothing was done for it
                claim.reply = reply
            told = reply if claim.done else (reply[0], claim.reply[1])  # each refusal has an id of its own
            assert told == claim.reply, f"{claim.method} {claim.path}"
        assert not client.faults


def counted(url, clients):
    """There is one effect for each call that was accepted, and no other."""
    store = open_store(url)
    adds_up(store)
    with store.read() as transaction:
        if store.url.get_backend_name() == "sqlite":
            assert transaction.first(text("PRAGMA integrity_check"))[0] == "ok"

        def number(table, *where):
            return transaction.connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()

        held = number(RESERVATIONS, RESERVATIONS.c.order_id.like("reserved %"))
        routed = number(RESERVATIONS, RESERVATIONS.c.order_id.like("routed %"))
        orders = number(ORDERS)
        plans = [read_request(row.policy).attempt for row in transaction.all(select(PLANS.c.policy))].count(1)

        def those(table, column, *where):
            return {row[0] for row in transaction.all(select(table.c[column]).where(*where))}

        of_reserve = RESERVATIONS.c.order_id.like("reserved %")
        committed, released = (
            those(RESERVATIONS, "reservation_id", of_reserve, RESERVATIONS.c.state == state)
            for state in ("committed", "released")
        )
        cancelled = those(ORDERS, "order_id", ORDERS.c.state == "cancelled")
    told = {kind: [claim for client in clients for claim in client.accepted(kind)] for kind in KINDS}
    assert committed == {claim.told["reservation_id"] for claim in told["commit"]}
    assert released == {claim.told["reservation_id"] for claim in told["release"]}
    assert cancelled == {claim.told["order_id"] for claim in told["cancel"]}
    assert orders == sum(len(claim.told["orders"]) for claim in told["orders"])
    assert held == len(told["reserve"])
    assert routed == sum(claim.told["reservation"] is not None for claim in told["route"])
    assert plans == len(told["plan"])
    store.close()
    return sum(map(len, told.values()))


KINDS = ("orders", "reserve", "route", "plan", "commit", "release", "extend", "feed", "cancel")


def places_passed(url, folder, clients):
    """Serve clients for a while, and see by which named places that leads."""
    with serving(url, folder, "everywhere") as (process, address):
        asked_again(address, clients)  # the snapshot
        stop = threading.Event()
        threads = [threading.Thread(target=client.work, args=(address, stop)) for client in clients]
        for thread in threads:
            thread.start()
        until(lambda: all(any(any(client.accepted(kind)) for client in clients) for kind in KINDS))
        stop.set()
        for thread in threads:
            thread.join(60)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    return sorted(set(passed(folder).read_text().split("\n")) & every_name())


def test_a_service_that_is_killed_under_its_clients_forgets_nothing_it_said(store_url, tmp_path):
    draw, mark = random.Random(SEED), uuid.uuid4().hex
    store = open_store(store_url)
    secret, _ = store.transact(lambda transaction: make_key(transaction, "tests", ["admin"]))
    store.close()
    clients = [Client(number, secret, SCOPE, ORDER, LINES, SEED) for number in range(CLIENTS)]
    clients[0].claims.append(Claim("snapshot", "PUT", "/snapshots/v1", DEEP, "snapshot"))
    reached = places_passed(store_url, tmp_path, clients)
    assert len(reached) >= 25, reached
    names = draw.sample(reached, len(reached))
    waits = []
    for kill in range(KILLS):
        place = names[kill // 2 % len(names)] if kill % 2 else "nowhere"
        loaded_and_killed(store_url, tmp_path, clients, place, draw.randrange(2_000), mark)
        before = time.monotonic()
        with serving(store_url, tmp_path) as (process, address):
            until(lambda address=address: ready(address))
            waits.append(time.monotonic() - before)
            asked_again(address, clients)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        accepted = counted(store_url, clients)
        assert accepted > 0
    told = f"{KILLS} kills, {len(names)} places, seed {SEED}, {accepted} calls accepted"
    print(f"{told}; ready again after at most {max(waits):.1f} s")
