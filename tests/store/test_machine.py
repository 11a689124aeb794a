"""A machine that does anything in any order, against a plain model; after each step all of it adds up."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from sqlalchemy import delete, update
from store_cases import (
    SCOPE,
    SECOND,
    START,
    Clock,
    adds_up,
    available,
    given,
    held,
    left,
    number_of,
    ordered,
    planned,
    refused,
    rows_of,
)

from quartermaster.store.audit import audit
from quartermaster.store.expiry import sweep
from quartermaster.store.orders import cancel_order, plannable, stored_order
from quartermaster.store.plan_commit import commit_plan
from quartermaster.store.reservations import commit, extend, release, reservation
from quartermaster.store.scopes import make_scope
from quartermaster.store.stock import Feed, take_feed
from quartermaster.store.tables import LEDGER, ORDER_LINES, STOCK

EXAMPLES = {"sqlite": number_of("QUARTERMASTER_EXAMPLES", 20)}
EXAMPLES["postgresql"] = max(3, EXAMPLES["sqlite"] // 8)
STEPS = number_of("QUARTERMASTER_STEPS", 30)
PAIRS = [("n1", "A"), ("n2", "A"), ("n1", "B")]
NAMES = ["o0", "o1", "o2"]
SCOPES = itertools.count()

units = st.dictionaries(st.sampled_from(PAIRS), st.integers(0, 9))
wanted = st.dictionaries(st.sampled_from(PAIRS), st.integers(1, 5), min_size=1)
lifetimes = st.sampled_from([0, 1, 5, 60]).map(lambda seconds: seconds * SECOND)


@dataclass
class Held:
    """What the model knows of a reservation."""

    lines: dict
    expires_at: int
    state: str = "held"
    sequence: int | None = None
    resolved_at: int | None = None
    deducted: set = field(default_factory=set)
    order: str | None = None
    settled: bool = False

    def now(self, instant: int) -> str:
        return "expired" if self.state == "held" and self.expires_at <= instant else self.state


@dataclass
class Ordered:
    """What the model knows of an order: units of its one line."""

    sku: str
    waits: int
    given: int = 0
    cancelled: int = 0
    state: str = "open"


@dataclass
class Model:
    """What the model knows."""

    supply: dict = field(default_factory=dict)
    held: dict = field(default_factory=dict)
    orders: dict = field(default_factory=dict)
    commits: int = 0
    version: int = 0
    sequence: int | None = None
    as_of: int | None = None
    picture: int | None = None

    def counted(self, pair: tuple, instant: int) -> int:
        return sum(
            one.lines.get(pair, 0)
            for one in self.held.values()
            if one.now(instant) == "held" or (one.state == "committed" and pair not in one.deducted)
        )

    def is_held(self, order: str, instant: int) -> bool:
        return any(one.order == order and one.now(instant) == "held" for one in self.held.values())

    def settle(self, name: str) -> None:
        """Give an order what was committed for it and was not given yet, in the order of the commits."""
        own = self.orders.get(name)
        committed = [one for one in self.held.values() if one.order == name and one.state == "committed"]
        for one in sorted(committed, key=lambda one: one.sequence):
            units = sum(units for (_, sku), units in one.lines.items() if sku == own.sku)
            part = min(units, own.waits)
            if part and not one.settled and own.state in ("open", "backordered"):
                own.waits, own.given, one.settled = own.waits - part, own.given + part, True
                own.state = own.state if own.waits else "allocated"

    def available(self, instant: int) -> dict:
        return {pair: max(0, supply - self.counted(pair, instant)) for pair, supply in self.supply.items()}


class Machine(RuleBasedStateMachine):
    """The store and the model, side by side."""

    store = None
    reservations = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self.scope, self.clock, self.model = f"scope {next(SCOPES)}", Clock(), Model()
        self.store.clock = self.clock
        self.do(make_scope)
        self.feed(dict.fromkeys(PAIRS, 5), True, 0, None)

    def do(self, function, *more, **named):
        return self.store.transact(lambda transaction: function(transaction, self.scope, *more, **named))

    @rule(seconds=st.integers(0, 3), more=st.sampled_from([-1, 0, 1]))
    def time_passes(self, seconds, more):
        self.clock.now = max(self.clock.now, self.clock.now + seconds * SECOND + more)

    @rule(
        target=reservations,
        lines=wanted,
        lifetime=lifetimes,
        allow_partial=st.booleans(),
        order=st.sampled_from([None, *NAMES]),
    )
    def reserve(self, lines, lifetime, allow_partial, order):
        there = self.model.available(self.clock.now)
        parts = {pair: min(wanted, there.get(pair, 0)) for pair, wanted in lines.items()}
        if parts != lines and not (allow_partial and any(parts.values())):
            with refused("insufficient_stock"):
                held(self.store, lines, lifetime, self.scope, allow_partial=allow_partial)
            return multiple()
        found = held(self.store, lines, lifetime, self.scope, allow_partial=allow_partial, order_id=order)
        taken = {pair: part for pair, part in parts.items() if part}
        assert {(line.node_id, line.sku): line.quantity for line in found.lines} == taken
        self.model.held[found.reservation_id] = Held(taken, self.clock.now + lifetime, order=order)
        return found.reservation_id

    @rule(target=reservations, lines=wanted)
    def sell(self, lines):
        """Hold what there is and commit it at once: commits that feeds may deduct are rare otherwise."""
        name = self.reserve(lines, SECOND, True, None)
        if isinstance(name, str):
            self.resolve_one(name, "c", None, SECOND)
        return name

    @rule(target=reservations, name=st.sampled_from(NAMES), pair=st.sampled_from(PAIRS), units=st.integers(1, 5))
    def route(self, name, pair, units):
        """Put an order and hold units for it."""
        self.order(name, pair[1], units)
        return self.reserve({pair: units}, 60 * SECOND, True, name)

    @rule(
        name=reservations, end=st.sampled_from("ccre"), late=st.none() | st.sampled_from([-1, 0, 1]), lifetime=lifetimes
    )
    def resolve_one(self, name, end, late, lifetime):
        """Commit, release or extend a reservation; now, or a microsecond around its end."""
        own = self.model.held[name]
        if late is not None:
            self.clock.now = max(self.clock.now, own.expires_at + late)
        if end == "r":
            self.resolve(name, release, "released")
        elif end == "e":
            if self.resolve(name, extend, "held", lifetime):
                own.expires_at = max(own.expires_at, self.clock.now + lifetime)
                own.state, own.resolved_at = "held", None
        elif own.now(self.clock.now) == "held" and self.is_too_much(own):
            with refused("order_state"):
                self.do(commit, name)
        elif self.resolve(name, commit, "committed"):
            self.model.commits += 1
            own.sequence = self.model.commits
            if own.order in self.model.orders:
                self.model.settle(own.order)
                assert own.settled

    def is_too_much(self, own):
        """Tell whether the order of a reservation has come in and waits for fewer units, or for others."""
        order = self.model.orders.get(own.order)
        if order is None:
            return False
        waits = order.waits if order.state in ("open", "backordered") else 0
        return {sku for _, sku in own.lines} != {order.sku} or sum(own.lines.values()) > waits

    def resolve(self, name, function, state, *more):
        """Resolve a reservation; True where it was active."""
        own = self.model.held[name]
        stands = own.now(self.clock.now)
        if stands == "held":
            self.do(function, name, *more)
            own.state, own.resolved_at = state, self.clock.now
            return True
        if stands == state:
            self.do(function, name, *more)
        else:
            with refused("reservation_expired" if stands == "expired" else "reservation_state"):
                self.do(function, name, *more)
        return False

    @rule()
    def sweep(self):
        over = [
            one for one in self.model.held.values() if one.state != "expired" and one.now(self.clock.now) == "expired"
        ]
        told = self.do(sweep)
        assert told <= len(over), "whoever lacked units may have swept some"
        for one in over:
            one.state = "expired"

    @rule(
        units=units,
        full=st.booleans(),
        late=st.sampled_from([0, 0, 0, -1, -SECOND]),
        behind=st.sampled_from([0, 0, 1, 3, None]),
    )
    def feed(self, units, full, late, behind):
        model, as_of = self.model, self.clock.now + late
        through = None if behind is None else max(0, model.commits - behind)
        number = None if full else (model.sequence or 0) + 1
        feed = Feed(rows_of(units), full, as_of, number, through)
        if full and model.as_of is not None and as_of < model.as_of:
            with refused("snapshot_out_of_order"):
                self.do(take_feed, feed)
            return
        found = self.do(take_feed, feed)
        model.sequence = model.sequence if full else number
        if full or as_of >= model.picture:
            self.deduct(units, full, as_of, through)
            if full:
                model.supply, model.picture = dict.fromkeys(model.supply, 0), as_of
            model.as_of = as_of if model.as_of is None else max(model.as_of, as_of)
            model.supply.update(units)
            model.version += 1
        assert (found.stock_version, found.feed_sequence) == (model.version, model.sequence)

    def deduct(self, units, full, as_of, through):
        for one in self.model.held.values():
            done = full and one.resolved_at is not None and one.resolved_at <= as_of
            if one.state == "committed" and (done if through is None else one.sequence <= through):
                one.deducted |= {pair for pair in one.lines if full or pair in units}

    @rule(name=st.sampled_from(NAMES), sku=st.sampled_from("AB"), quantity=st.integers(1, 6))
    def order(self, name, sku, quantity):
        known = self.model.orders.get(name)
        if known is not None and (known.state in ("allocated", "cancelled") or known.given):
            if (known.sku, known.waits + known.given + known.cancelled) == (sku, quantity):
                assert ordered(self.store, name, {"1": (sku, quantity)}, self.scope) == "known"
            else:
                with refused("order_state"):
                    ordered(self.store, name, {"1": (sku, quantity)}, self.scope)
            return
        told = ordered(self.store, name, {"1": (sku, quantity)}, self.scope)
        if known is None:
            assert told == "created"
        else:
            assert told == ("known" if (known.sku, known.waits) == (sku, quantity) else "updated")
        if told != "known":
            self.model.orders[name] = Ordered(sku, quantity)
            self.model.settle(name)

    @rule(name=st.sampled_from(NAMES))
    def cancel(self, name):
        known = self.model.orders.get(name)
        if known is None or known.state == "allocated":
            with refused("not_found" if known is None else "order_state"):
                self.do(cancel_order, name)
            return
        self.do(cancel_order, name)
        known.cancelled, known.waits, known.state = known.cancelled + known.waits, 0, "cancelled"

    @rule(
        too_much=st.booleans(),
        stale=st.booleans(),
        recheck=st.booleans(),
        skip=st.sets(st.sampled_from(NAMES), max_size=1),
        held_too=st.booleans(),
    )
    def plan(self, too_much, stale, recheck, skip, held_too):
        """Plan what waits as far as there is stock, or more than there is; perhaps another picture comes in.

        Orders that a reservation is held for are left alone, or planned all the same.
        """
        plan_id = planned(self.store, self.scope)
        there = self.model.available(self.clock.now)
        allocations, backorders, reserved = [], [], False
        for name, own in sorted(self.model.orders.items()):
            if own.state not in ("open", "backordered") or name in skip:
                continue
            if self.model.is_held(name, self.clock.now):
                if not held_too:
                    continue
                reserved = True
            lacks = own.waits
            for pair in sorted(there):
                part = min(lacks, there[pair]) if pair[1] == own.sku else 0
                if part:
                    allocations.append(given(name, pair[0], part, sku=own.sku))
                    there[pair], lacks = there[pair] - part, lacks - part
            if lacks and too_much:
                allocations.append(given(name, "n1", lacks, sku=own.sku))
                there["n1", own.sku] = there.get(("n1", own.sku), 0) - lacks
            elif lacks:
                backorders.append(left(name, lacks))
        if stale:
            self.feed(dict(self.model.supply), False, 0, 10**9)
        call = (plan_id, allocations, backorders)
        outdated = stale and not recheck
        if outdated or reserved or min(there.values()) < 0:
            with refused("order_state" if reserved and not outdated else "snapshot_stale"):
                self.do(commit_plan, *call, recheck=recheck)
            return
        self.do(commit_plan, *call, recheck=recheck)
        for one in allocations:
            own = self.model.orders[one.order_id]
            own.waits, own.given = own.waits - one.quantity, own.given + one.quantity
        for name in sorted({one.order_id for one in allocations} | {one.order_id for one in backorders}):
            own = self.model.orders[name]
            own.state = "backordered" if own.waits else "allocated"
        for number, name in enumerate(sorted({one.order_id for one in allocations}), start=self.model.commits + 1):
            lines = {}
            for one in allocations:
                if one.order_id == name:
                    lines[one.node_id, one.sku] = lines.get((one.node_id, one.sku), 0) + one.quantity
            now = self.clock.now
            more = {"order": name, "settled": True}
            self.model.held[f"{plan_id} {name}"] = Held(lines, now, "committed", number, now, **more)
        self.model.commits += len({one.order_id for one in allocations})

    @invariant()
    def all_adds_up(self):
        adds_up(self.store, self.scope)
        assert available(self.store, self.scope) == self.model.available(self.clock.now)

    @invariant()
    def orders_are_as_the_model_says(self):
        with self.store.read() as transaction:
            waiting = [lines["1"] for _, lines in plannable(transaction, self.scope)]
        open_ones = [one for one in sorted(self.model.orders.items()) if one[1].state in ("open", "backordered")]
        assert waiting == [own.waits for name, own in open_ones if not self.model.is_held(name, self.clock.now)]

    def teardown(self):
        with self.store.read() as transaction:
            for name, own in self.model.orders.items():
                found = stored_order(transaction, self.scope, name)
                line = found.lines[0]
                assert (found.state, line.allocated, line.cancelled) == (own.state, own.given, own.cancelled)
            for name, own in self.model.held.items():
                if " " not in name:
                    assert reservation(transaction, self.scope, name).state == own.now(self.clock.now)


def test_anything_in_any_order(store):
    machine = type("OnOneStore", (Machine,), {"store": store})
    examples = EXAMPLES[store.url.get_backend_name()]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None
        ),
    )
    assert store.clock() >= START


@pytest.mark.parametrize("fault", ["a unit reserved", "an entry of the ledger", "a unit allocated"])
def test_the_audit_sees_what_does_not_add_up(store, fault):
    """The control: a database in which something is wrong."""
    feed = Feed(rows_of({("n1", "A"): 9}), True, 0)
    store.transact(lambda transaction: take_feed(transaction, SCOPE, feed))
    ordered(store, "o1", {"1": ("A", 2)})
    held(store, {("n1", "A"): 2})
    adds_up(store)
    statement = {
        "a unit reserved": update(STOCK).values(reserved=STOCK.c.reserved + 1),
        "an entry of the ledger": delete(LEDGER),
        "a unit allocated": update(ORDER_LINES).values(open=1, allocated=1),
    }[fault]
    store.transact(lambda transaction: transaction.run(statement))
    with store.read() as transaction:
        assert audit(transaction, SCOPE)
