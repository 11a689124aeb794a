"""The policies that a replay sets side by side, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from quartermaster import api
from quartermaster.errors import InputError, Problem
from quartermaster.policy import OPTIMAL, RULES, Policy
from quartermaster.replay.conduct import Knobs, Moment, Verdict, WindowPolicy
from quartermaster.replay.hold import Hold
from quartermaster.replay.replan import Replan
from quartermaster.replay.routers import Routed
from quartermaster.replay.state import policy_without_future
from quartermaster.replay.stream import Stream

PRICED = "optimal+prices"
"""The batch optimum that weighs what it leaves for the orders a forecast expects."""
ROUTER = "router"
"""One order at a time; stock is priced once, where a forecast says what for."""
REFRESHED = "router+refreshed"
"""One order at a time; stock is priced anew in each window."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Plans what is open when a window closes, and lets all of it leave.

    Parameters
    ----------
    strategy
        As in a policy file.
    foresight
        Let the planner price stock for the forecast, anew in each window.
    """

    strategy: str
    foresight: bool = False

    def decide(self, moment: Moment) -> Verdict:
        """Plan all open orders by the strategy.

        Parameters
        ----------
        moment
            What is open.
        """
        policy = replace(moment.policy, strategy=self.strategy)
        if not self.foresight:
            policy = policy_without_future(policy)
        snapshot = moment.state.snapshot(moment.orders, moment.as_of, window=moment.window, foresight=self.foresight)
        plan = api.plan(snapshot, policy)
        departures = moment.state.departures(plan.allocations, plan.shipments)
        return Verdict(departures, deterministic=plan.deterministic)


MAKERS: dict[str, Callable[[Knobs], WindowPolicy]] = {
    OPTIMAL: lambda knobs: Batch(OPTIMAL),
    PRICED: lambda knobs: Batch(OPTIMAL, foresight=True),
    **{rule: lambda knobs, rule=rule: Batch(rule) for rule in RULES},  # type: ignore[misc]
    ROUTER: lambda knobs: Routed(priced=True, refreshed=False),
    REFRESHED: lambda knobs: Routed(priced=True, refreshed=True),
    "hold": lambda knobs: Hold(knobs.hold_cost),
    "replan": lambda knobs: Replan(knobs.release, knobs.stability),
}
"""How each policy is made, by name."""
NEED_FORECAST = (PRICED, REFRESHED)
"""Policies that say nothing without a forecast and a horizon."""
UNSEEDED = (*RULES, ROUTER, REFRESHED)
"""Policies to which a solver's seed means nothing."""


def default_policies(stream: Stream, policy: Policy) -> tuple[str, ...]:
    """List every policy that a stream and a policy file have what it needs for.

    Parameters
    ----------
    stream, policy
        The stream and the policy file.
    """
    foreseen = len(stream.snapshot.forecast) > 0 and policy.future.horizon_days > 0
    return tuple(name for name in MAKERS if foreseen or name not in NEED_FORECAST)


def refuse_unknown(names: Sequence[str], stream: Stream, policy: Policy) -> None:
    """Refuse policies that are not known, named twice, or lack what they need.

    Parameters
    ----------
    names
        As asked for.
    stream, policy
        The stream and the policy file.

    Raises
    ------
    InputError
        With each of them.
    """
    usable = default_policies(stream, policy)
    problems = []
    for position, name in enumerate(names):
        detail = ""
        if name not in MAKERS:
            detail = f"must be one of {', '.join(MAKERS)}"
        elif name not in usable:
            detail = "needs the stream's forecast and the policy's future.horizon_days above 0"
        elif name in names[:position]:
            detail = "is named twice"
        if detail:
            problems.append(Problem("policy_value", detail, file="replay", column="policies", value=name[:64]))
    if not names:
        problems.append(Problem("missing_field", "at least one policy is needed", file="replay", column="policies"))
    if problems:
        raise InputError(problems)
