"""Where the service starts and where it refuses to, and what it leaves to others to read (S3, S17, S18)."""

from __future__ import annotations

import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from service_process import running_service
from sqlalchemy import make_url
from typer.testing import CliRunner

from quartermaster.cli.app import app
from quartermaster.errors import InputError, StoreError
from quartermaster.service import server
from quartermaster.service.secret_files import read_secret, write_secret
from quartermaster.service.stopping import StoppingServer
from quartermaster.store import open_store
from quartermaster.store.keys import make_key, revoke_key
from quartermaster.store.migrate import upgrade
from quartermaster.store.urls import is_guarded

ANYWHERE = "0.0.0.0"  # noqa: S104 (to see it refused)
PASSWORD = "hunter2"  # noqa: S105 (to see it hidden)
REVOCATIONS = int(os.environ.get("QUARTERMASTER_REVOCATIONS", "12"))
"""Keys revoked under load; a long run revokes 50."""


@pytest.fixture
def starts(monkeypatch):
    """Tells whether serve comes as far as listening."""
    began = []
    monkeypatch.setattr(StoppingServer, "run", lambda self: began.append(self.config.host))
    monkeypatch.setattr(server.os, "_exit", lambda code: None)
    return began


@pytest.mark.parametrize("host", ["127.0.0.1", ANYWHERE])
@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("insecure", [False, True])
def test_it_starts_only_where_callers_have_keys_or_are_on_this_machine(tmp_path, starts, host, keys, insecure):
    url = f"sqlite:///{tmp_path / 'qm.db'}"
    if keys:
        held = open_store(url)
        upgrade(held)
        held.transact(lambda transaction: make_key(transaction, "shop", ["read"]))
        held.close()
    local = host != ANYWHERE
    if (insecure and local) or (keys and not insecure):
        server.serve(host=host, database=url, insecure_local=insecure, every_minutes=0)
        assert starts == [host]
        return
    with pytest.raises(InputError if insecure else StoreError):
        server.serve(host=host, database=url, insecure_local=insecure, every_minutes=0)
    assert starts == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", ANYWHERE, "192.0.2.1", "::"])
def test_without_a_database_there_is_no_login_so_it_is_for_this_machine(starts, host):
    if host in ("127.0.0.1", "::1"):
        server.serve(host=host)
        assert starts == [host]
    else:
        with pytest.raises(InputError, match="no login"):
            server.serve(host=host)
        assert starts == []


def test_files_are_their_owners_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        loose = tmp_path / "db" / "qm.db"
        loose.parent.mkdir()
        loose.touch(0o666)
        url = f"sqlite:///{loose}"
        modes = {}

        def run(self):
            made = tmp_path / "made.txt"
            made.touch()
            modes.update((path.name, stat.S_IMODE(path.stat().st_mode)) for path in (made, *loose.parent.iterdir()))

        monkeypatch.setattr(StoppingServer, "run", run)
        monkeypatch.setattr(server.os, "_exit", lambda code: None)
        done = CliRunner().invoke(app, ["serve", "--insecure-local", "--database", url, "--every", "0"])
        assert done.exit_code == 0, done.output
        assert modes == dict.fromkeys(("made.txt", "qm.db", "qm.db-wal", "qm.db-shm", "qm.db.lock"), 0o600)
        assert os.umask(0) == 0  # as it was
        new = CliRunner().invoke(app, ["db", "upgrade", "--database", "sqlite:///a/b/new.db"])
        assert new.exit_code == 0, new.output
        assert stat.S_IMODE(Path("a/b").stat().st_mode) == 0o700
        assert stat.S_IMODE(Path("a/b/new.db").stat().st_mode) == 0o600
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    ("mode", "good"), [(0o600, True), (0o400, True), (0o640, True), (0o604, False), (0o644, False), (0o660, False)]
)
def test_a_secret_that_others_can_read_is_refused(tmp_path, mode, good):
    path = tmp_path / "secret"
    write_secret(path, "s3cret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(mode)
    if good:
        assert read_secret(path) == "s3cret"
    else:
        with pytest.raises(InputError, match="others must not") as refused:
            read_secret(path)
        assert "s3cret" not in str(refused.value)
    with pytest.raises(InputError):
        write_secret(path, "another")


def test_the_password_of_the_database_comes_from_a_file_and_never_from_the_command(tmp_path, monkeypatch):
    seen = []

    def opened(url, clock=None):
        seen.append(make_url(url))
        raise StoreError("store_unreachable", "not here")

    monkeypatch.setattr("quartermaster.store.open_store", opened)
    secret = tmp_path / "password"
    write_secret(secret, "p@ss:w/rd %?")
    run = CliRunner().invoke
    url = "postgresql://me@db.example:5433/qm?sslmode=verify-full"
    monkeypatch.setenv("QUARTERMASTER_DATABASE_PASSWORD_FILE", str(secret))
    assert run(app, ["db", "check", "--database", url]).exit_code == 2
    (parsed,) = seen
    assert (parsed.username, parsed.password, parsed.host, parsed.port, parsed.database) == (
        "me", "p@ss:w/rd %?", "db.example", 5433, "qm",
    )  # fmt: skip
    assert parsed.query == {"sslmode": "verify-full"}
    told = run(app, ["db", "check", "--database", f"postgresql://me:{PASSWORD}@db/qm"])
    assert (told.exit_code, len(seen)) == (2, 1)
    assert PASSWORD not in told.output
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", f"postgresql://me:{PASSWORD}@db/qm")
    monkeypatch.delenv("QUARTERMASTER_DATABASE_PASSWORD_FILE")
    run(app, ["db", "check"])
    assert seen[-1].password == PASSWORD


@pytest.mark.parametrize(
    ("place", "guarded"),
    [
        ("@/qm", True),
        ("@localhost/qm", True),
        ("@127.0.0.1:5432/qm", True),
        ("@[::1]/qm", True),
        ("@/qm?host=/run/postgresql", True),
        ("@db.example/qm?sslmode=verify-full", True),
        ("@db.example/qm", False),
        ("@db.example/qm?sslmode=require", False),
        ("@10.0.0.1/qm?sslmode=verify-ca", False),
        ("@/qm?host=db.example", False),
    ],
)
def test_a_way_to_the_database_that_others_share_is_warned_of(place, guarded, monkeypatch, caplog):
    for name in ("PGSSLMODE", "PGHOST"):
        monkeypatch.delenv(name, raising=False)
    assert is_guarded(make_url(f"postgresql+psycopg://me{place}")) is guarded

    def no_engine(*_, **__):
        raise RuntimeError("far enough")

    monkeypatch.setattr("quartermaster.store.postgresql.create_engine", no_engine)
    with pytest.raises(RuntimeError, match="far enough"):
        open_store(f"postgresql://me{place}")
    assert ("sslmode is not verify-full" in caplog.text) is not guarded
    monkeypatch.setenv("PGSSLMODE", "verify-full")  # the URL's word counts more
    assert is_guarded(make_url(f"postgresql+psycopg://me{place}")) is (guarded or "sslmode" not in place)


def test_a_revoked_key_is_of_no_use_at_once_under_load(store_url, tmp_path, monkeypatch):
    """Two live keys take turns: the new one works before the old one is revoked, and the old one ends (S2)."""
    if not store_url.startswith("postgresql"):
        pytest.skip("with SQLite keys are revoked while the service stands")
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", store_url)
    held = open_store(store_url)
    keys = [held.transact(lambda transaction: make_key(transaction, "k", ["read"])) for _ in range(REVOCATIONS + 1)]
    over = threading.Event()
    revoked: dict[str, float] = {}
    late: list[float] = []
    with running_service(tmp_path, "--every", "0", stateless=False) as service, httpx.Client() as client:

        def status(secret):
            headers = {"authorization": f"Bearer {secret}"}
            return client.get(
                f"{service.address}/v1/scopes/north/availability", headers=headers, timeout=60
            ).status_code

        def load(number):
            asked = 0
            while not over.is_set():
                secret, key = keys[(number + asked) % len(keys)]
                asked += 1
                began = time.monotonic()
                if status(secret) == 200 and began > revoked.get(key.key_id, began):
                    late.append(began - revoked[key.key_id])
            return asked

        with ThreadPoolExecutor(3) as threads:
            loads = [threads.submit(load, number) for number in range(3)]
            try:
                for (old_secret, old), (new_secret, _) in pairwise(keys):
                    assert status(old_secret) == status(new_secret) == 200
                    held.transact(lambda transaction, old=old: revoke_key(transaction, old.key_id))
                    revoked[old.key_id] = time.monotonic()
                until = time.monotonic() + 5
                while any(status(secret) == 200 for secret, _ in keys[:-1]):
                    assert time.monotonic() < until
            finally:
                over.set()
            asked = sum(one.result() for one in loads)
        assert status(keys[-1][0]) == 200
    held.close()
    assert asked > REVOCATIONS
    assert max(late, default=0.0) <= 5, late
