"""How runs behave, each choice once, with its unit and its default."""

from __future__ import annotations

from dataclasses import dataclass, field

from quartermaster.policy import Policy
from quartermaster.store.instants import SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Choices of runs.

    Parameters
    ----------
    lease_seconds
        How long a planner that says nothing keeps its scope.
    renew_seconds
        Time between two words of a planner that it lives.
    start_seconds
        Longest time in which a planning process must have read its input, seconds.
    grace_seconds
        Time beyond the policy's limit after which a planning process is asked to stop; a tenth of the limit counts
        where that is more.
    stop_seconds
        Time from there until it is ended.
    patience_seconds
        The same where somebody asks for the best plan so far: the process first ends the round it is in.
    memory_bytes
        Memory that a planning process may take, without its solvers; 0 = no limit.
    report
        Whether report.html is made, where the extra for it is installed.
    report_seconds
        Longest time for that.
    most_left_out
        Share of a plan's orders that may be left out of a commit by itself because they, or the stock they need, have
        changed meanwhile, and one order always; beyond it the run is done again.
    attempts
        How often a run is done, at the most, until its plan can be committed.
    every_minutes
        Time between two runs of the schedule.
    every_orders
        New orders for which a run does not wait for its time; 0 = it always waits.
    gap_seconds
        Shortest time between two runs of the schedule.
    lead_seconds
        Time that a run of the schedule takes beside its planning: until it is looked for and taken up, to freeze the
        scope, to start the planning process and have it read, to judge the plan and to commit it. So much earlier,
        besides the longest that planning may take, it is asked for before a cut-off.
    policy
        Of runs of the schedule.
    planners
        Scopes planned side by side in this process.
    most_waiting
        Plans that may be queued in a scope.
    idempotency_hours
        How long the answer to an idempotency key is kept; the key has another effect after that.

    Raises
    ------
    ValueError
        If a time is not positive, or a lease would end between two words.
    """

    lease_seconds: float = 60.0
    renew_seconds: float = 15.0
    start_seconds: float = 120.0
    grace_seconds: float = 2.0
    stop_seconds: float = 2.0
    patience_seconds: float = 10.0
    memory_bytes: int = 0
    report: bool = True
    report_seconds: float = 60.0
    most_left_out: float = 0.05
    attempts: int = 3
    every_minutes: float = 15.0
    every_orders: int = 0
    gap_seconds: float = 60.0
    lead_seconds: float = 30.0
    policy: Policy = field(default_factory=Policy)
    planners: int = 1
    most_waiting: int = 10
    idempotency_hours: float = 24.0

    def __post_init__(self) -> None:
        for name in (
            "renew_seconds",
            "start_seconds",
            "stop_seconds",
            "every_minutes",
            "attempts",
            "planners",
            "idempotency_hours",
        ):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be > 0")
        if self.lease_seconds <= self.renew_seconds:
            raise ValueError("lease_seconds must be above renew_seconds")

    @property
    def kept(self) -> int:
        """How long an answer is kept, microseconds."""
        return round(self.idempotency_hours * 3_600 * SECOND)

    @property
    def lease(self) -> int:
        """The same, in microseconds."""
        return round(self.lease_seconds * SECOND)
