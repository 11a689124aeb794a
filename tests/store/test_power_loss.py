"""I3b: what a disk that loses what was not synced, or fails, leaves of an SQLite store; `disk.c` is the disk."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from store_cases import adds_up, number_of
from store_days import jobs_of

from quartermaster.errors import StoreError
from quartermaster.store import open_store

SYNCS = number_of("QUARTERMASTER_SYNCS", 30)
"""Copies of the disk that are opened."""
FAULTS = number_of("QUARTERMASTER_DISK_FAULTS", 6)
"""Calls that fail, of each kind."""
SEED = number_of("QUARTERMASTER_SEED", 7)
PAGES = 8
"""Pages after which the log is written back into the file: early, so that this happens in a short day."""
DAY = """
import os, sys
url, synchronous, day, copies, pages = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
from sqlalchemy.exc import OperationalError
from store_days import jobs_of
from quartermaster.errors import StoreError
from quartermaster.store import open_store

def syncs():
    return len([name for name in os.listdir(copies) if not name.startswith(".")])

store = open_store(url)
connection = store.writer.raw_connection()  # the only one that writes
connection.execute(f"PRAGMA synchronous={synchronous}")
connection.execute(f"PRAGMA wal_autocheckpoint={pages}")
connection.close()
for job in jobs_of(day):
    for _ in range(2):
        try:
            job.do(store)
        except OperationalError as error:
            print("failed", error.orig.sqlite_errorname, flush=True)
        except StoreError as error:
            print("refused", error.code, flush=True)
        else:
            print("accepted", syncs(), flush=True)
            break
with store.read() as transaction:
    print("reads", transaction.now > 0, flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def disk(tmp_path_factory) -> Path:
    """The library, compiled."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("disk") / "disk.so"
    source = Path(__file__).parent / "disk.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def lived(disk, path, day, synchronous="FULL", copies="", fails=""):
    """Live a day at a store on such a disk; return what was said, line by line."""
    environment = {
        **os.environ,
        "LD_PRELOAD": str(disk),
        "DISK_FILES": str(path),
        "DISK_FAILS": fails,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    if copies:
        environment["DISK_COPIES"] = str(copies)
    arguments = [f"sqlite:///{path}", synchronous, str(day), str(copies or path.parent), str(PAGES)]
    done = subprocess.run(
        [sys.executable, "-c", DAY, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return [line.split() for line in done.stdout.splitlines()]


def traces(store, day):
    jobs = jobs_of(day)
    with store.read() as transaction:
        return [(job.traces(transaction), job.whole) for job in jobs]


def opened(image, path, day, accepted):
    """Open what a disk has; return how many of the jobs that were accepted are not there whole."""
    image.rename(path) if image != path else None
    store = open_store(f"sqlite:///{path}")
    try:
        with store.read() as transaction:
            assert transaction.first(text("PRAGMA integrity_check"))[0] == "ok"
        adds_up(store)
        return sum(found != whole for found, whole in traces(store, day)[:accepted])
    finally:
        store.close()


def images(copies, folder, first):
    """The disk as of each sync: of each file what was last synced; and then with a torn piece of what came after it."""
    draw = random.Random(SEED)
    kept = {"store.db": first, "store.db-wal": b""}
    synced = sorted((int(path.name.split()[0]), path) for path in copies.iterdir())
    for number, (count, path) in enumerate(synced):
        assert count == number + 1, "a sync was not seen"
        name = path.name.split(" ", 1)[1]
        if name not in kept:
            continue  # the folder, or what stands beside the file
        kept[name] = path.read_bytes()
        later = synced[number + 1][1] if number + 1 < len(synced) else path
        wal = kept["store.db-wal"]
        torn = wal
        if later.name.endswith("-wal") and (after := later.read_bytes()).startswith(wal):
            torn = after[: draw.randint(len(wal), len(after))]
        for kind, log in (("kept", wal), ("torn", torn)):
            place = folder / f"{kind}-{count}"
            place.mkdir()
            (place / "store.db").write_bytes(kept["store.db"])
            (place / "store.db-wal").write_bytes(log)
            yield count, place / "store.db"


def lost(disk, template, folder, synchronous, most, day=0):
    """Jobs that were accepted and that a power cut would have lost, over copies of the disk; and how many copies."""
    path, copies = folder / "live" / "store.db", folder / "copies"
    path.parent.mkdir()
    copies.mkdir()
    shutil.copy(template, path)
    said = lived(disk, path, day, synchronous, copies)
    told = [int(word) for what, word in said if what == "accepted"]
    assert len(told) == len(jobs_of(day))
    found = list(images(copies, folder, template.read_bytes()))
    some = found if len(found) <= most else random.Random(SEED).sample(found, most)
    gone = 0
    for count, image in some:
        gone += opened(image, image, day, sum(syncs <= count for syncs in told))
    return gone, len(some)


def test_what_was_accepted_is_there_after_a_power_cut_at_any_sync(disk, sqlite_template, tmp_path):
    looked_at, day = 0, 0
    while looked_at < SYNCS:
        folder = tmp_path / f"{day}"
        folder.mkdir()
        gone, copies = lost(disk, sqlite_template, folder, "FULL", SYNCS - looked_at, day)
        assert gone == 0
        looked_at, day = looked_at + copies, day + 1
    print(f"power cut at {looked_at} syncs, seed {SEED}: nothing lost")


def test_without_syncs_at_commits_it_would_not_be(disk, sqlite_template, tmp_path):
    """The control: NORMAL syncs the log only when it is written back."""
    gone, _ = lost(disk, sqlite_template, tmp_path, "NORMAL", SYNCS)
    print(f"without syncs at commits {gone} accepted calls were lost")
    assert gone > 0


def faults(what, error):
    """Some calls that fail."""
    numbers = random.Random(f"{SEED} {what}").sample(range(1, 40), FAULTS) if FAULTS < 40 else range(1, FAULTS + 1)
    return [pytest.param(what, error, number, id=f"{what}-{errno.errorcode[error]}-{number}") for number in numbers]


@pytest.mark.parametrize(
    ("what", "error", "number"),
    [*faults("sync", errno.EIO), *faults("write", errno.EIO), *faults("write", errno.ENOSPC)],
)
def test_a_disk_that_fails_is_told_of_and_leaves_nothing_half_done(
    disk, sqlite_template, tmp_path, what, error, number
):
    path = tmp_path / "store.db"
    shutil.copy(sqlite_template, path)
    said = lived(disk, path, 0, fails=f"{what} {error} {number}")
    assert said[-1] == ["reads", "True"]
    words = [" ".join(line[:2]) for line in said if line[0] != "accepted"][:-1]
    accepted = [line[0] for line in said].index("failed") if "failed" in (line[0] for line in said) else len(said) - 1
    if error == errno.ENOSPC:  # there is room again, and the job is done when it is tried again
        assert words in ([], ["failed SQLITE_FULL"])
        accepted = len(jobs_of(0))
    elif words:  # one failure, and nothing is written any more; a fault while the log is written back is no failure
        assert words[0].startswith("failed SQLITE_IOERR")
        assert set(words[1:]) == {"refused store_read_only"}
    store = open_store(f"sqlite:///{path}")
    adds_up(store)
    found = traces(store, 0)
    assert all(units == whole for units, whole in found[:accepted])
    assert all(units in (0, whole) for units, whole in found[accepted : accepted + 1])
    store.close()


def test_a_store_whose_disk_failed_only_reads_until_it_is_opened_again(store_url, monkeypatch):
    if not store_url.startswith("sqlite"):
        pytest.skip("PostgreSQL looks after its own disk")
    store = open_store(store_url)
    assert not store.only_reads
    store.only_reads = True
    with pytest.raises(StoreError, match="disk has failed") as refused:
        store.transact(lambda transaction: None)
    assert refused.value.code == "store_read_only"
    with store.read() as transaction:
        assert transaction.now > 0
    store.close()
    again = open_store(store_url)
    assert again.transact(lambda transaction: transaction.now) > 0
    again.close()
