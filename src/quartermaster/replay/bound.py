"""The clairvoyant bound: what no policy can go below, even one that knew the whole stream when it began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quartermaster import api
from quartermaster.domain.columns import NOT_GIVEN
from quartermaster.domain.plan import relative_gap
from quartermaster.domain.snapshot import KEYS, Snapshot
from quartermaster.domain.table import Table
from quartermaster.planning.problem import build_problem
from quartermaster.policy import OPTIMAL, Policy
from quartermaster.replay.state import State, policy_without_future
from quartermaster.replay.stream import Stream

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Clairvoyant:
    """The whole stream planned at once, under relaxed rules.

    Parameters
    ----------
    bound_micro
        Certified: prices prove that no policy of the stream costs less, micro.
    claimed_micro
        The better of that and what the solver claims of the relaxed plan, micro.
    total_micro
        What the relaxed plan found costs, micro; no policy need reach it.
    window_micro
        (n_windows,) the bound, spread over the windows as the relaxed plan's cost is over the orders that come in them.
    seconds
        Wall seconds.
    deterministic
        False when the clock ended the search.
    """

    bound_micro: int
    claimed_micro: int
    total_micro: int
    window_micro: Ints
    seconds: float
    deterministic: bool

    @property
    def gap(self) -> Decimal | None:
        """How far the certified bound may be below what a clairvoyant can reach under the relaxed rules."""
        return relative_gap(self.total_micro, self.bound_micro, abs(self.total_micro))


def clairvoyant(
    stream: Stream,
    policy: Policy,
    *,
    patience: int = 0,
    tell: Callable[[float], None] = lambda share: None,
) -> Clairvoyant:
    """Bound what any policy of a replay can cost.

    One snapshot holds all orders and all supply: the opening stock and everything that arrives in time for the last
    window. What a policy does is a plan of it, at no greater cost, because

    - lanes are measured without dates: no order has a promise date, so lateness costs nothing and cuts no service
      (zones, rates and distances do not depend on the day);
    - nodes have no capacity, since theirs is per window and a stream may have any number of them;
    - a node's opening cost is paid once, in a replay in each window that it ships in;
    - an order that is served over several windows may have more than one shipment of a node and service, each rated by
      itself, which can cost less than one (weight breaks, dimensional weight): each service stands there once for every
      try that `patience` allows, though no more often than an order has units. Without services, where shipments of a
      node merge, one micro per merge is taken off the bound for the roundings of its distance cost;
    - what is held or moved costs more in a replay, never less; units never served cost the same.

    Parameters
    ----------
    stream
        The stream.
    policy
        The policy file; its time limit is that of this plan.
    patience
        As replayed.
    tell
        Told of progress.
    """
    snapshot, merges = relaxed(stream, patience)
    chosen = policy_without_future(replace(policy, strategy=OPTIMAL))
    plan = api.plan(snapshot, chosen, progress=lambda phase, share: tell(share))
    slack = merges if not len(snapshot.services) else 0
    certified = max(0, (plan.certified_bound_micro or 0) - slack)
    claimed = max(certified, (plan.bound_micro or 0) - slack)
    state = State(replace(stream, snapshot=snapshot), build_problem(snapshot, chosen))
    orders = range(len(snapshot.orders))
    cost = state.cost_of_orders(orders, state.departures(plan.allocations, plan.shipments))
    by_window = np.zeros(stream.n_windows, dtype=np.int64)
    np.add.at(by_window, stream.order_window, np.array([cost[order] for order in orders], dtype=np.int64))
    return Clairvoyant(
        bound_micro=certified,
        claimed_micro=claimed,
        total_micro=plan.objective.total_micro,
        window_micro=_spread(certified, by_window),
        seconds=sum(plan.run.seconds.values()),
        deterministic=plan.deterministic,
    )


def relaxed(stream: Stream, patience: int) -> tuple[Snapshot, int]:
    """Make the snapshot that the bound is of.

    Parameters
    ----------
    stream
        The stream.
    patience
        As replayed.

    Returns
    -------
    snapshot
        Checked.
    merges
        Most shipments that its plan may merge with others of their order and node.
    """
    whole = stream.snapshot
    on_hand = whole.inventory["on_hand"].astype(np.int64)
    due = stream.arrival_window < stream.n_windows
    np.add.at(on_hand, stream.arrival_pair[due], stream.arrival_units[due])
    n_orders, n_nodes = len(whole.orders), len(whole.nodes)
    row = {order_id: position for position, order_id in enumerate(whole.orders["order_id"].tolist())}
    units = np.zeros(n_orders, dtype=np.int64)
    np.add.at(
        units, [row[order_id] for order_id in whole.order_lines["order_id"].tolist()], whole.order_lines["quantity"]
    )
    unlimited = np.full(n_nodes, NOT_GIVEN, dtype=np.int64)
    tables: dict[str, Any] = {
        name: whole.table(name).take(np.empty(0, dtype=np.intp)) for name in ("forecast", "replenishment")
    }
    copies = int(min(patience + 1, units.max(initial=1)))
    made = replace(
        with_services_repeated(whole, copies),
        orders=whole.orders.with_columns(promise_date=np.full(n_orders, np.datetime64("NaT", "D"))),
        nodes=whole.nodes.with_columns(max_shipments=unlimited, max_units=unlimited.copy()),
        inventory=whole.inventory.with_columns(on_hand=on_hand),
        warnings=(),
        **tables,
    )
    return made, int(np.minimum(patience, units - 1).sum())


def with_services_repeated(snapshot: Snapshot, copies: int) -> Snapshot:
    """Let each service stand there several times, so that an order may have so many shipments of a node by it.

    Parameters
    ----------
    snapshot
        Any.
    copies
        How often, >= 1.
    """
    if copies == 1 or not len(snapshot.services):
        return snapshot
    tables: dict[str, Any] = {
        name: _repeated(name, snapshot.table(name), copies) for name in ("services", "rates", "transit")
    }
    return replace(snapshot, **tables)


def _repeated(kind: str, table: Table[Any], copies: int) -> Table[Any]:
    """Let each service of a table stand there several times, in the table's canonical order."""
    services = set(table["service"].tolist())
    names = {service: [service, *(f"{service} again {number}" for number in range(1, copies))] for service in services}
    rows = np.tile(np.arange(len(table)), copies)
    number = np.repeat(np.arange(copies), len(table))
    own = table["service"][rows].tolist()
    renamed = np.empty(len(rows), dtype=object)
    renamed[:] = [names[service][at] for service, at in zip(own, number.tolist(), strict=True)]
    longer = table.take(rows).with_columns(service=renamed)
    keys = list(zip(*(longer[name].tolist() for name in KEYS[kind]), strict=True))
    return longer.take(np.array(sorted(range(len(rows)), key=keys.__getitem__), dtype=np.intp))


def _spread(total: int, weights: Ints) -> Ints:
    """Split a total in proportion to weights, to the last micro."""
    whole = int(weights.sum())
    if not whole:
        shares = np.zeros(len(weights), dtype=np.int64)
        shares[-1] = total
        return shares
    running = np.cumsum(weights).tolist()
    reached = [0, *(total * part // whole for part in running)]  # in Python's integers: the products are large
    return np.array([after - before for before, after in pairwise(reached)], dtype=np.int64)
