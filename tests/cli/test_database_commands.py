"""`quartermaster db`, `keys` and `worker` from a shell's point of view."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path

import pytest

from quartermaster.store import open_store
from quartermaster.store.keys import verified


def json_of(done):
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_a_database_from_nothing(command):
    done = command("db", "check")
    assert (done.code, "db upgrade" in done.out) == (4, True)
    assert command("keys", "list").code == 2
    assert command("db", "upgrade").code == 0
    assert stat.S_IMODE(Path("quartermaster.db").stat().st_mode) == 0o600
    again = json_of(command("db", "upgrade", "--json"))
    assert again["before"] == again["revision"]
    assert json_of(command("db", "check", "--json")) == {"ok": True, "wrong": []}


def test_the_database_is_named_by_option_or_environment(command, monkeypatch):
    assert command("db", "upgrade", "--database", "sqlite:///one.db").code == 0
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", "sqlite:///two.db")
    assert command("db", "upgrade").code == 0
    assert {path.name for path in Path().glob("*.db")} == {"one.db", "two.db"}
    for url in ("mysql://x/y", "sqlite://", "nonsense", "postgresql://nobody@127.0.0.1:1/none"):
        done = command("db", "upgrade", "--database", url)
        assert (done.code, done.out) == (2, "")
        assert "quartermaster: " in done.err


def test_a_database_in_use_is_refused_and_a_damaged_one_found(command):
    assert command("db", "upgrade").code == 0
    held = open_store("sqlite:///quartermaster.db")
    done = command("db", "check")
    assert (done.code, "open in another process" in done.err) == (2, True)
    held.close()
    with sqlite3.connect("quartermaster.db") as connection:
        connection.execute("INSERT INTO scopes (scope_id, created_at) VALUES ('north', 0)")
        connection.execute(
            "INSERT INTO stock (scope_id, node_id, sku, on_hand, safety_stock, feed_reserved, supply, reserved)"
            " VALUES ('north', 'N', 'A', 5, 0, 0, 5, 2)"
        )
    done = command("db", "check", "--json")
    found = json.loads(done.out)
    assert (done.code, found["ok"]) == (4, False)
    assert "N/A" in " ".join(found["wrong"])


def test_a_copy_is_whole_and_never_written_over(command):
    command("db", "upgrade")
    key = json_of(command("keys", "create", "--name", "shop", "--action", "read", "--json"))
    assert command("db", "backup", "copy.db").code == 0
    assert command("db", "backup", "copy.db").code == 2
    listed = json_of(command("keys", "list", "--json", "--database", "sqlite:///copy.db"))
    assert [entry["key_id"] for entry in listed] == [key["key_id"]]


def test_keys_are_shown_once_and_revoked_for_good(command):
    command("db", "upgrade")
    options = ("--action", "read", "--action", "plan", "--scope", "north", "--days", "3")
    done = command("keys", "create", "--name", "shop", *options)
    secret = done.out.strip()
    assert (done.code, "not shown again" in done.err) == (0, True)
    listed = json_of(command("keys", "list", "--json"))
    assert [(key["name"], key["actions"], key["scopes"]) for key in listed] == [("shop", ["read", "plan"], ["north"])]
    assert listed[0]["expires_at"] is not None
    for text in (command("keys", "list").out, json.dumps(listed)):
        assert secret.split(".")[0] in text
        assert secret.split(".")[1] not in text
    assert _works(secret)
    assert command("keys", "revoke", secret.split(".")[0]).code == 0
    assert not _works(secret)
    assert json_of(command("keys", "list", "--json"))[0]["revoked_at"] is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ("keys", "create", "--name", "shop"),
        ("keys", "create", "--name", "shop", "--action", "fly"),
        ("keys", "create", "--name", "shop", "--action", "read", "--days", "0"),
        ("keys", "revoke", "qm_nobody"),
        ("worker",),
        ("worker", "--every-minutes", "0"),
        ("db", "backup"),
        ("db", "no-such-command"),
    ],
)
def test_bad_usage_leaves_with_2_and_words(command, arguments):
    command("db", "upgrade")
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.strip()) > 20


def _works(secret):
    store = open_store("sqlite:///quartermaster.db")
    try:
        with store.read() as transaction:
            return verified(transaction, secret) is not None
    finally:
        store.close()


NORTH = ("--scope", "north", "--webhook-key-file", "hooks.key")
URL = ("--url", "https://shop.example/events?key=7")


def with_scope(command):
    command("db", "upgrade")
    with sqlite3.connect("quartermaster.db") as connection:
        connection.execute("INSERT INTO scopes (scope_id, created_at) VALUES ('north', 0)")


def test_a_webhook_from_its_secret_to_its_end(command):
    with_scope(command)
    done = command("webhooks", "create", "shop", *NORTH, *URL, "--type", "allocation")
    assert (done.code, "not shown again" in done.err) == (0, True)
    secret = done.out.strip()
    assert secret.startswith("whsec_")
    key = Path("hooks.key")
    assert (stat.S_IMODE(key.stat().st_mode), len(key.read_text().strip())) == (0o600, 64)
    other = json_of(command("webhooks", "create", "erp", *NORTH, "--url", "https://erp.example/", "--json"))
    assert other["secret"] != secret
    listed = json_of(command("webhooks", "list", "--json"))
    assert [(one["webhook_id"], one["types"], one["state"], one["waiting"]) for one in listed] == [
        ("erp", [], "active", 0), ("shop", ["allocation"], "active", 0),
    ]  # fmt: skip
    assert "shop.example" in command("webhooks", "list").out
    kept = b"".join(path.read_bytes() for path in Path().glob("quartermaster.db*"))  # with its log, if it is open yet
    for told in (secret, other["secret"], secret.removeprefix("whsec_"), key.read_text().strip()):
        assert told.encode() not in kept
        assert told not in json.dumps(listed)
    assert command("webhooks", "create", "shop", *NORTH, *URL).code == 2
    assert command("webhooks", "resume", "shop", "--scope", "north").code == 0
    assert command("webhooks", "remove", "shop", "--scope", "north").code == 0
    assert [one["webhook_id"] for one in json_of(command("webhooks", "list", "--json"))] == ["erp"]
    for verb in ("resume", "remove"):
        assert command("webhooks", verb, "shop", "--scope", "north").code == 2


@pytest.mark.parametrize(
    ("arguments", "mode"),
    [
        (("--scope", "north", *URL), None),
        (("--scope", "nowhere", "--webhook-key-file", "hooks.key", *URL), None),
        ((*NORTH, "--url", "http://shop.example/"), None),
        ((*NORTH, "--url", "https://me:pw@shop.example/"), None),
        ((*NORTH, *URL), 0o604),
        ((*NORTH, *URL), 0o620),
        ((*NORTH, *URL), 0o600),
    ],
)
def test_webhooks_that_cannot_be_made(command, arguments, mode):
    with_scope(command)
    if mode is not None:
        key = Path("hooks.key")
        key.write_text("00" * (31 if mode == 0o600 else 32))  # the last is no key
        key.chmod(mode)
    done = command("webhooks", "create", "shop", *arguments)
    assert (done.code, done.out) == (2, "")
    assert json_of(command("webhooks", "list", "--json")) == []
