"""Events: in one order for every reader, at least once, and none missed by one that resumes."""

from __future__ import annotations

import threading

from store_cases import SCOPE, START, Clock, number_of, refused

from quartermaster.store.events import emit, events_after
from quartermaster.store.scopes import make_scope

WRITERS, EACH = 4, number_of("QUARTERMASTER_EVENTS", 40)


def read(store, after=0, limit=1000, scope=SCOPE):
    return store.transact(lambda transaction: events_after(transaction, scope, after, limit))


def told(store, subject, scope=SCOPE):
    store.transact(lambda transaction: emit(transaction, scope, "kind", subject, {"of": subject, "é": [1, None]}))


def test_events_come_as_they_were_written_and_stay_as_they_are(store):
    store.clock = Clock()
    for subject in "abc":
        told(store, subject)
    found = read(store)
    assert [(event.sequence, event.subject, event.type, event.created_at) for event in found] == [
        (number, subject, "kind", START) for number, subject in enumerate("abc", start=1)
    ]
    assert found[0].payload == {"of": "a", "é": [1, None]}
    assert len({event.event_id for event in found}) == 3
    told(store, "d")
    assert read(store)[:3] == found
    assert [event.subject for event in read(store, 1, 2)] == ["b", "c"]
    assert [event.subject for event in read(store, 3)] == ["d"]
    assert read(store, 4) == []


def test_each_scope_counts_for_itself(store):
    store.transact(lambda transaction: make_scope(transaction, "south"))
    for scope in (SCOPE, "south", SCOPE):
        told(store, scope, scope)
    assert [event.sequence for event in read(store)] == [1, 2]
    assert [event.sequence for event in read(store, scope="south")] == [1]
    with refused("not_found"):
        read(store, scope="nowhere")


def test_an_event_of_what_is_undone_is_never_told(store):
    def undone(transaction):
        emit(transaction, SCOPE, "kind", "undone", {})
        raise KeyError

    try:
        store.transact(undone)
    except KeyError:
        told(store, "done")
    assert [(event.sequence, event.subject) for event in read(store)] == [(1, "done")]


def test_a_writer_that_ends_late_is_not_passed_by(store):
    """On SQLite the later one waits its turn, on PostgreSQL it is read first and the earlier is numbered after it."""
    begun, may_end = threading.Event(), threading.Event()

    def slow():
        with store.write() as transaction:
            emit(transaction, SCOPE, "kind", "slow", {})
            begun.set()
            may_end.wait(20)

    writer = threading.Thread(target=slow)
    writer.start()
    assert begun.wait(20)
    if store.url.get_backend_name() == "sqlite":
        may_end.set()
    told(store, "quick")
    first = read(store)
    may_end.set()
    writer.join()
    later = read(store, first[-1].sequence)
    assert sorted(event.subject for event in first + later) == ["quick", "slow"]


def test_no_reader_misses_one_while_others_write(store):
    done = threading.Event()

    def write(writer):
        for number in range(EACH):
            told(store, f"{writer}-{number}")

    def follow(seen):
        while True:
            last = done.is_set()
            found = read(store, seen[-1].sequence if seen else 0, 7)
            seen.extend(found)
            if last and not found:
                return

    seen = [[], []]
    readers = [threading.Thread(target=follow, args=(one,)) for one in seen]
    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    whole = read(store, limit=10_000)
    assert [event.sequence for event in whole] == list(range(1, WRITERS * EACH + 1))
    assert seen[0] == seen[1] == whole
    for writer in range(WRITERS):
        own = [event.subject for event in whole if event.subject.startswith(f"{writer}-")]
        assert own == [f"{writer}-{number}" for number in range(EACH)]
