"""Processes of this machine that measure points; one that dies costs nothing but time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from sparsesim.sweeps.measure import Job, Outcome, Task, begin_process, measure

_AHEAD = 2  # tasks a process that wait for it
_TRIES = 3


class Here:
    """One task after the other, in this process and on all its cores."""

    def run(self, tasks: Iterator[Task]) -> Iterator[list[Outcome]]:
        """What comes of each task."""
        for task in tasks:
            yield measure(task.path, task.jobs)

    def close(self) -> None:
        """Nothing to end."""


class Pool:
    """Tasks on several processes, one core each.

    A process that dies takes all of the pool with it: a new one begins, and what was under way is
    done again, by itself, so that the point that kills is found; it is given up at the third time.

    Args:
        workers: processes, 1 or more.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._begin()

    def run(self, tasks: Iterator[Task]) -> Iterator[list[Outcome]]:
        """What comes of tasks, as it comes."""
        again: list[tuple[Task, int]] = []  # with how often it was tried
        under_way: dict[Future[list[Outcome]], tuple[Task, int]] = {}
        while True:
            try:
                while len(under_way) < _AHEAD * self._workers:
                    given = again.pop() if again else next(((task, 0) for task in tasks), None)
                    if given is None:
                        break
                    again.append(given)  # until it is under way: the pool may be broken by now
                    future = self._pool.submit(measure, given[0].path, given[0].jobs)
                    under_way[future] = again.pop()
                if not under_way:
                    return
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in done:
                    outcomes = future.result()
                    del under_way[future]
                    yield outcomes
            except BrokenProcessPool:
                for task, tried in under_way.values():
                    for one in _apart(task):
                        if tried + 1 < _TRIES:
                            again.append((one, tried + 1))
                        else:
                            yield [_given_up(job) for job in one.jobs]
                under_way.clear()
                self.close()
                self._begin()

    def close(self) -> None:
        """End the processes; what they have not begun is given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        # Not forked: a forked child would inherit threads' locks in whatever state they are.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=begin_process
        )
        with _interrupts_held():
            for _ in range(self._workers):  # a process begins with a task that nobody is free for
                self._pool.submit(os.getpid)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes that begin in here never see a Ctrl-C, which a terminal sends to all of them and
    which is their parent's to answer; for this one it waits until the end."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _apart(task: Task) -> Sequence[Task]:
    return [Task(task.path, (job,)) for job in task.jobs]


def _given_up(job: Job) -> Outcome:
    return Outcome(job.key, {}, {}, f"its process died {_TRIES} times", 0.0)
