"""The tasks of a replay on one process, on several, or on a cluster; their answers are the same on all of them."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from quartermaster.errors import InputError, Problem
from quartermaster.policy import Policy
from quartermaster.replay.bound import Clairvoyant, clairvoyant
from quartermaster.replay.conduct import Knobs, replay_policy
from quartermaster.replay.figures import PolicyReplay
from quartermaster.replay.policies import MAKERS
from quartermaster.replay.stream import Stream

SCHEME = "dask://"
"""How a cluster's address begins; ``dask://local`` starts one of `LOCAL_WORKERS` processes here."""
LOCAL_WORKERS = 2
MOST_PROCESSES = 1024
Answer = PolicyReplay | Clairvoyant
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One policy with one seed, or the bound.

    Parameters
    ----------
    stream, policy, knobs
        What is replayed.
    name
        Of the policy; empty = the clairvoyant bound.
    seed
        Added to the policy file's.
    """

    stream: Stream
    policy: Policy
    knobs: Knobs
    name: str
    seed: int

    @property
    def label(self) -> str:
        """What it is called while it runs."""
        return f"{self.name} (seed {self.seed})" if self.seed else self.name or "clairvoyant bound"


@dataclass(frozen=True, slots=True)
class Workers:
    """Where tasks run.

    Parameters
    ----------
    processes
        Processes of this machine; 1 = this one.
    cluster
        Address of a cluster without its scheme; empty = none.
    """

    processes: int = 1
    cluster: str = ""


def workers_of(text: str | int) -> Workers:
    """Read where tasks are to run.

    Parameters
    ----------
    text
        A number of processes, ``dask://local`` or ``dask://host:port``.

    Raises
    ------
    InputError
        If it is something else.
    """
    written = str(text)
    if written.startswith(SCHEME) and len(written) > len(SCHEME):
        return Workers(cluster=written.removeprefix(SCHEME))
    if written.isascii() and written.isdecimal() and 1 <= int(written) <= MOST_PROCESSES:
        return Workers(processes=int(written))
    detail = f"must be a number of processes from 1 to {MOST_PROCESSES}, {SCHEME}local or {SCHEME}host:port"
    raise InputError([Problem("policy_value", detail, file="replay", column="workers", value=written[:64])])


def run_task(task: Task, tell: Callable[[float], None] = lambda share: None) -> Answer:
    """Do one task.

    Parameters
    ----------
    task
        Which.
    tell
        Told of progress.
    """
    if not task.name:
        return clairvoyant(task.stream, task.policy, patience=task.knobs.patience, tell=tell)
    chosen = MAKERS[task.name](task.knobs)
    return replay_policy(task.stream, task.policy, task.name, chosen, task.knobs, seed=task.seed, tell=tell)


def run_tasks(tasks: Sequence[Task], workers: Workers, progress: Progress) -> list[Answer]:
    """Do all tasks; their answers come in the order of the tasks, whoever did them.

    Parameters
    ----------
    tasks
        What to do.
    workers
        Where.
    progress
        Told what is done.

    Raises
    ------
    InputError
        If the cluster's extra is missing, or it cannot be reached.
    """
    if workers.cluster:
        with _cluster(workers.cluster) as client:
            # not pure: two runs of one task would share an answer, and its seconds with it
            futures = [client.submit(run_task, task, pure=False) for task in tasks]
            for task, future in zip(tasks, futures, strict=True):
                future.result()
                progress(task.label, 1.0)
            return [future.result() for future in futures]
    if workers.processes == 1 or len(tasks) == 1:
        return [_told(task, progress) for task in tasks]
    # started anew, not forked: solver processes and their threads do not survive a fork
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers.processes, len(tasks)), mp_context=context) as pool:
        running = {pool.submit(run_task, task): task for task in tasks}
        for done in as_completed(running):
            done.result()
            progress(running[done].label, 1.0)
        return [future.result() for future in running]


def _told(task: Task, progress: Progress) -> Answer:
    answer = run_task(task, lambda share: progress(task.label, share))
    progress(task.label, 1.0)
    return answer


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        detail = 'a cluster needs the extra "cluster": pip install "quartermaster[cluster]"'
        raise InputError([Problem("cluster_missing", detail, value=str(error.name)[:64])]) from error
    if address != "local":
        try:
            client = Client(f"tcp://{address}", timeout="10s")
        except (OSError, TimeoutError, ValueError) as error:
            detail = f"no Dask scheduler answers there ({type(error).__name__})"
            raise InputError(
                [Problem("cluster_missing", detail, file="replay", column="workers", value=address)]
            ) from None
        with client:
            yield client
        return
    with (
        LocalCluster(n_workers=LOCAL_WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client
