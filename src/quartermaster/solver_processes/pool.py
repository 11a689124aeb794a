"""A runner whose jobs are solved in child processes, each ended a moment after its time is up.

Nothing a solver does reaches the caller but an answer: not a hang, a crash, a flood of memory or noise. Small programs
are solved in this process while no child has been started, because starting one takes longer than they do; those could
hang or crash, though at that size none ever has.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType

from quartermaster.solver_processes.child import Child, Event, worker_command
from quartermaster.solver_processes.messages import BrokenMessageError, answer_of, job_fields, longest_answer
from solver_models.backend import Answer
from solver_models.runner import IN_PROCESS, Runner, SolveJob, examined, failed, overrun

GRACE_SECONDS = 0.3
"""Time after its limit in which a solver may still answer."""
GRACE_SHARE = 0.12
"""The same as a share of its limit; the longest of these two and what its size allows (`runner.overrun`) counts."""
LOOK_SECONDS = 0.25
"""Time between two looks whether a process still lives: what it left behind may hold its output open."""
START_SECONDS = 30.0
"""Time in which a process must have started."""
STARTS_IN_VAIN = 3
"""Processes in a row that end before they are ready: then no more are tried."""
SMALL = 2_000
"""Variables of a program below which no process is started for it."""
TOO_SHORT_SECONDS = 0.3
"""Time limit for which no process is started: it would not be ready by then."""
NO_ANSWER = Answer(values=None, bound=float("-inf"), finished=False)
"""Of a job whose time ran out before any process was ready: nobody's fault."""


@dataclass(slots=True, eq=False)
class _Asked:
    """A job under way.

    Parameters
    ----------
    index, job
        The job and its place among the jobs of this run.
    token
        What its answer must repeat.
    begun
        When it was given to its child, ready or not.
    sent
        Whether the child has it.
    """

    index: int
    job: SolveJob
    token: str
    begun: float
    sent: bool = False

    @property
    def deadline(self) -> float:
        """When the child is ended; a job that was not sent has no grace."""
        limit = max(self.job.time_limit, 0.0)
        grace = max(GRACE_SECONDS, GRACE_SHARE * limit, overrun(self.job.model)) if self.sent else 0.0
        return self.begun + limit + grace


class SolverProcesses:
    """Runs jobs in child processes.

    Use it in a ``with`` block, from one thread, and let that thread last: on Linux children end with it.

    Parameters
    ----------
    workers
        Processes side by side.
    memory_bytes
        Memory that each may take (Unix only); 0 = no limit.
    small
        Variables below which a program is solved in this process, as long as no child has been started.
    command
        What to start in place of Quartermaster's own solver process; for tests.
    fallback
        Who solves in this process: small programs, and all of them where no process can be started.
    """

    def __init__(
        self,
        workers: int = 1,
        *,
        memory_bytes: int = 0,
        small: int = SMALL,
        command: Callable[[], Sequence[str]] | None = None,
        fallback: Runner = IN_PROCESS,
    ) -> None:
        if workers < 1:
            raise ValueError("workers must be >= 1")
        self._workers, self._small, self._fallback = workers, small, fallback
        self._command = command or (lambda: worker_command(memory_bytes))
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._children: list[Child] = []
        self._started: dict[Child, float] = {}
        self._name, self._count = secrets.token_hex(8), itertools.count()
        self._in_vain = 0
        self._closed = False
        self.unavailable = ""
        self.started = 0
        self.peak_memory_bytes = 0

    @property
    def workers(self) -> int:
        """How many jobs run side by side."""
        return 1 if self.unavailable else self._workers

    def start(self) -> None:
        """Begin to start the processes, and do not wait for them."""
        while not self.unavailable and not self._closed and len(self._children) < self._workers:
            try:
                child = Child(self._command(), self._events.put)
            except (OSError, ValueError) as error:
                self.unavailable = str(error)
                break
            self._children.append(child)
            self._started[child] = monotonic()
            self.started += 1

    def run(self, jobs: Sequence[SolveJob]) -> list[Answer]:
        """Solve jobs; each is begun when a process is free and ended a moment after its time limit.

        While processes start, that counts as the time of the first jobs.

        Parameters
        ----------
        jobs
            In any number.
        """
        if self._closed:
            raise ValueError("these solver processes have been closed")
        if not self._children and all(len(job.model.cost) < self._small for job in jobs):
            return self._fallback.run(jobs)
        if not self._children and all(job.time_limit < TOO_SHORT_SECONDS for job in jobs):
            return [NO_ANSWER] * len(jobs)
        self._forget_the_dead()
        answers: list[Answer] = [NO_ANSWER] * len(jobs)
        waiting = deque(enumerate(jobs))
        busy: dict[Child, _Asked] = {}
        while waiting or busy:
            self._assign(waiting, busy)
            if not busy:  # no process can be started
                answers[waiting[0][0]] = self._fallback.run([waiting[0][1]])[0]
                waiting.popleft()
                continue
            patience = min(asked.deadline for asked in busy.values()) - monotonic()
            try:
                event = self._events.get(timeout=min(max(0.0, patience), LOOK_SECONDS))
            except Empty:
                for child in [child for child in busy if child.gone()]:
                    self._events.put(Event(child, None))
                for child in [child for child, asked in busy.items() if asked.deadline <= monotonic()]:
                    asked = busy.pop(child)
                    answers[asked.index] = self._out_of_time(child, asked)
                continue
            if event.child not in self._children:
                continue  # the last words of one that was ended
            asked_of = busy.get(event.child)
            answer = self._heard(event, asked_of)
            if answer is not None and asked_of is not None:
                del busy[event.child]
                answers[asked_of.index] = answer
        return answers

    def close(self) -> None:
        """End all processes; nothing is left of them. May be called again."""
        self._closed = True
        while self._children:
            self._end(self._children[-1])

    def __enter__(self) -> SolverProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _forget_the_dead(self) -> None:
        """Hear what happened since the last run."""
        with contextlib.suppress(Empty):
            while True:
                event = self._events.get_nowait()
                if event.child in self._children:
                    self._heard(event, None)

    def _assign(self, waiting: deque[tuple[int, SolveJob]], busy: dict[Child, _Asked]) -> None:
        """Give waiting jobs to free children."""
        if len(busy) < len(waiting) + len(busy) and len(self._children) < self._workers:
            self.start()
        for child in self._children:
            if waiting and child not in busy:
                index, job = waiting.popleft()
                busy[child] = _Asked(index, job, f"{self._name}-{next(self._count)}", monotonic())
                if child.ready:
                    self._send(child, busy[child])

    def _send(self, child: Child, asked: _Asked) -> None:
        left = asked.job.time_limit - (monotonic() - asked.begun)
        child.longest_message = longest_answer(asked.job)
        asked.sent = True
        child.send(job_fields(replace(asked.job, time_limit=max(left, 0.01)), asked.token))

    def _heard(self, event: Event, asked: _Asked | None) -> Answer | None:
        """Deal with what a child did; return the answer to its job when that settles it."""
        child, fields = event.child, event.fields
        if fields is not None and not child.ready and "ready" in fields:
            child.ready, self._in_vain = True, 0
            if asked is not None:
                self._send(child, asked)
            return None
        if fields is None:
            was_ready, ending = child.ready, self._end(child)
            self._in_vain += not was_ready
            if self._in_vain >= STARTS_IN_VAIN:
                self.unavailable = f"{STARTS_IN_VAIN} solver processes in a row ended while they started"
            return None if asked is None else failed(f"its process {ending}" + (event.fault and f": {event.fault}"))
        if asked is None or not asked.sent or fields.get("token") != asked.token:
            self._end(child)
            return None if asked is None else failed("it answered something that was not asked")
        try:
            answer = answer_of(fields)
        except BrokenMessageError as error:
            self._end(child)
            return failed(str(error))
        self.peak_memory_bytes = max(self.peak_memory_bytes, int(fields.get("peak_memory_bytes", 0)))
        return examined(asked.job, answer)

    def _out_of_time(self, child: Child, asked: _Asked) -> Answer:
        if asked.sent:
            self._end(child)
            return failed(f"it did not answer within {asked.deadline - asked.begun:.1f} s and was ended")
        if monotonic() - self._started[child] > START_SECONDS:
            self._end(child)
            return failed(f"its process did not start within {START_SECONDS:.0f} s")
        return NO_ANSWER

    def _end(self, child: Child) -> str:
        self._children.remove(child)
        del self._started[child]
        return child.end()
