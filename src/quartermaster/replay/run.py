"""A whole replay: every policy and seed, the bound beside them, and what it amounts to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quartermaster import io
from quartermaster.domain.snapshot import Snapshot
from quartermaster.errors import InputError, Problem
from quartermaster.policy import Policy
from quartermaster.replay.bound import Clairvoyant
from quartermaster.replay.conduct import Knobs
from quartermaster.replay.figures import PolicyReplay
from quartermaster.replay.policies import UNSEEDED, default_policies, refuse_unknown
from quartermaster.replay.stream import Stream, stream_of
from quartermaster.replay.tasks import Task, run_tasks, workers_of

Progress = Callable[[str, float], None]
"""Told what runs, and the share of it that is done."""


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What a replay found.

    Parameters
    ----------
    stream, policy, knobs
        What was replayed.
    snapshot_sha256
        Hash of the stream's snapshot as it was given.
    policies
        One per policy and seed, in the order asked for.
    bound
        What no policy can go below; None where it was not asked for.
    """

    stream: Stream
    snapshot_sha256: str
    policy: Policy
    knobs: Knobs
    policies: tuple[PolicyReplay, ...]
    bound: Clairvoyant | None

    @property
    def deterministic(self) -> bool:
        """Whether the same input gives the same figures: no clock ended any search."""
        bounded = self.bound is None or self.bound.deterministic
        return bounded and all(held.deterministic for held in self.policies)


def replay_stream(
    snapshot: Snapshot,
    policy: Policy | None = None,
    *,
    window: timedelta = timedelta(days=1),
    policies: Sequence[str] | None = None,
    begin: datetime | None = None,
    knobs: Knobs | None = None,
    seeds: int = 1,
    workers: str | int = 1,
    bound: bool = True,
    progress: Progress | None = None,
) -> Replay:
    """Run a stream of orders through time under policies side by side.

    Parameters
    ----------
    snapshot
        The stream: every order of it with `ordered_at`, the opening stock, what arrives; `as_of` is its end.
    policy
        Costs, service and limits; its time limit is that of each window's plan, and of the bound. The defaults when
        None; its strategy is not used.
    window
        Length of a window; the orders of one are planned when it closes.
    policies
        Names (see `quartermaster.replay.policies`); None = all that the stream has what it needs for.
    begin
        When the first window opens; None = when the first order comes.
    knobs
        Patience, and the prices of holding and moving.
    seeds
        How many seeds of the solver; named rules have none and run once.
    workers
        Processes side by side, or a cluster: ``dask://local``, ``dask://host:port``. Figures do not depend on it.
    bound
        Also compute the clairvoyant bound.
    progress
        Told what runs.

    Raises
    ------
    InputError
        If the stream, a policy's name or the workers are not valid, or the cluster's extra is missing.
    """
    policy, knobs = policy or Policy(), knobs or Knobs()
    stream = stream_of(snapshot, window, begin)
    names = default_policies(stream, policy) if policies is None else tuple(policies)
    refuse_unknown(names, stream, policy)
    if seeds < 1:
        raise InputError(
            [Problem("out_of_range", "must be at least 1", file="replay", column="seeds", value=str(seeds))]
        )
    where = workers_of(workers)
    runs = [(name, seed) for name in names for seed in range(1 if name in UNSEEDED else seeds)]
    tasks = [Task(stream, policy, knobs, name, seed) for name, seed in runs]
    if bound:
        tasks.insert(0, Task(stream, policy, knobs, "", 0))
    found = run_tasks(tasks, where, progress or (lambda what, share: None))
    clair = next((made for made in found if isinstance(made, Clairvoyant)), None)
    replays = tuple(made for made in found if isinstance(made, PolicyReplay))
    return Replay(stream, io.snapshot_sha256(snapshot), policy, knobs, replays, clair)
