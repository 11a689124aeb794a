"""Running one policy through a stream, window by window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from time import perf_counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from quartermaster.errors import InputError, Problem
from quartermaster.planning.problem import build_problem
from quartermaster.policy import Policy
from quartermaster.replay.figures import PolicyReplay, WindowFigures
from quartermaster.replay.state import Departure, State
from quartermaster.replay.stream import Stream

Ints = NDArray[np.int64]
Tell = Callable[[float], None]
"""Told the share of the stream that has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """What a replay may be told beyond the stream and the policy file.

    Parameters
    ----------
    patience
        Windows that an order which is not served whole is tried again in, after the one that decided it first.
    hold_cost
        Money per order and window that the policy `hold` lets it wait.
    release
        Windows for which the policy `replan` may still change an allocation.
    stability
        Money per order of which `replan` moves an allocation.
    until_arrival
        Price stock in each window only for the days before anything arrives, at most the policy's horizon; what arrives
        within a horizon counts as if it were there, which hides what is scarce until then.

    Raises
    ------
    InputError
        If any of them is below 0 or no number.
    """

    patience: int = 0
    hold_cost: Decimal = Decimal(0)
    release: int = 1
    stability: Decimal = Decimal(0)
    until_arrival: bool = False

    def __post_init__(self) -> None:
        problems = [
            Problem("out_of_range", "must be 0 or more", file="replay", column=knob.name, value=str(value)[:64])
            for knob in fields(self)
            if not Decimal(value := getattr(self, knob.name)).is_finite() or value < 0
        ]
        if problems:
            raise InputError(problems)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a policy sees when a window closes.

    Parameters
    ----------
    state
        Stock and orders as they stand; not to be changed by a policy.
    policy
        The policy file, with the seed of this run.
    window
        Which window closes, from 0.
    as_of
        When it does: the instant of every plan made now.
    next_as_of
        When the next one does; None for the last.
    orders
        (n,) rows of the open orders in the stream, ascending; at least one.
    """

    state: State
    policy: Policy
    window: int
    as_of: datetime
    next_as_of: datetime | None
    orders: Ints


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy decides when a window closes.

    Parameters
    ----------
    departures
        The shipments that leave.
    waiting
        Rows of the orders on which it has not decided yet: they are open in the next window, and it costs them none of
        their patience.
    extra_micro
        Cost beyond the plan's terms, by `hold` or `stability`, micro.
    deterministic
        False when the clock ended a search.
    """

    departures: list[Departure]
    waiting: frozenset[int] = frozenset()
    extra_micro: tuple[tuple[str, int], ...] = ()
    deterministic: bool = True


class WindowPolicy(Protocol):
    """A way to decide what leaves when a window closes."""

    def decide(self, moment: Moment) -> Verdict:
        """Decide.

        Parameters
        ----------
        moment
            What there is to decide.
        """
        ...


def replay_policy(
    stream: Stream,
    policy: Policy,
    name: str,
    chosen: WindowPolicy,
    knobs: Knobs,
    *,
    seed: int = 0,
    tell: Tell = lambda share: None,
) -> PolicyReplay:
    """Run one policy through a stream.

    When a window closes, what has arrived is put into stock, and the policy decides on the orders that are open: those
    that came in the window and those carried over. What leaves is taken from stock; an order that it does not serve
    whole is tried again while its patience lasts and there are windows, with its remaining units; then each unit left
    pays its backorder cost once. Capacities of nodes are per window, opening costs are paid in each window that a node
    ships in, an order's extra shipments and its limit count over all windows. A window's plan knows how many shipments
    an order may still have, but not that it has had any: it takes the first one that it makes for free of
    `extra_shipment`, which the figures then count.

    Parameters
    ----------
    stream
        The stream.
    policy
        The policy file.
    name, chosen
        What decides, and how it is called.
    knobs
        Patience.
    seed
        Seed of the solver, added to the policy's.
    tell
        Told of progress.
    """
    seeded = replace(policy, solver=replace(policy.solver, seed=policy.solver.seed + seed))
    state = State(stream, build_problem(stream.snapshot, seeded))
    came = np.argsort(stream.order_window, kind="stable")
    bounds = np.searchsorted(stream.order_window[came], np.arange(stream.n_windows + 1))
    tries: dict[int, int] = {}
    windows: list[WindowFigures] = []
    seconds: list[float] = []
    open_orders = np.empty(0, dtype=np.int64)
    deterministic = True
    for window in range(stream.n_windows):
        began = perf_counter()
        new = came[bounds[window] : bounds[window + 1]]
        figures = WindowFigures(orders=len(new), units_ordered=int(state.units_left(new).sum()))
        state.arrive(window)
        open_orders = np.sort(np.concatenate([open_orders, new]))
        figures.open_orders = len(open_orders)
        last = window == stream.n_windows - 1
        if len(open_orders):
            following = None if last else stream.closes(window + 1)
            now = _until_arrival(seeded, stream, window) if knobs.until_arrival else seeded
            moment = Moment(state, now, window, stream.closes(window), following, open_orders)
            verdict = chosen.decide(moment)
            state.ship(verdict.departures, figures)
            for term, micro in verdict.extra_micro:
                figures.cost_micro[term] += micro
            deterministic &= verdict.deterministic
            waiting = np.array([not last and order in verdict.waiting for order in open_orders.tolist()], dtype=bool)
            for order in open_orders[~waiting].tolist():
                tries[order] = tries.get(order, 0) + 1
            tried = np.array([tries.get(order, 0) for order in open_orders.tolist()])
            kept = state.may_ship(open_orders) & (waiting | (tried <= knobs.patience)) & (not last)
            state.give_up(open_orders[~kept], figures)
            open_orders = open_orders[kept]
        windows.append(figures)
        seconds.append(perf_counter() - began)
        tell((window + 1) / stream.n_windows)
    of_no_order = [figures.cost_micro[term] for term in ("opening", "hold", "stability") for figures in windows]
    came = state.came_micro + np.array(of_no_order, dtype=np.int64).reshape(3, -1).sum(axis=0)
    return PolicyReplay(name, seed, tuple(windows), tuple(came.tolist()), tuple(seconds), deterministic)


def _until_arrival(policy: Policy, stream: Stream, window: int) -> Policy:
    """Cut the horizon to the windows, in whole days rounded up, whose orders come before anything arrives."""
    later = stream.arrival_window[stream.arrival_window > window]
    if not len(later):
        return policy
    days = -(-(int(later.min()) - 1 - window) * stream.window // timedelta(days=1))
    return replace(policy, future=replace(policy.future, horizon_days=min(days, policy.future.horizon_days)))
