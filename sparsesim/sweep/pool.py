"""Processes of this machine that measure points; one that dies costs nothing but time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from sparsesim.sweep.measure import Job, Outcome, begin_process, measure

_AHEAD = 2  # tasks a process that wait for it
_TRIES = 3


@dataclass(frozen=True)
class Task:
    """Points of one workload that a process measures in one go.

    Attributes:
        path: of the trace.
        jobs: points.
    """

    path: Path
    jobs: tuple[Job, ...]


def run_here(tasks: Iterator[Task]) -> Iterator[list[Outcome]]:
    """One task after the other, in this process and on all its cores."""
    for task in tasks:
        yield measure(task.path, task.jobs)


def run_pool(tasks: Iterator[Task], workers: int) -> Iterator[list[Outcome]]:
    """Tasks on several processes, one core each; outcomes as they come.

    A process that dies takes all of its pool with it: a new one begins, and what was under way is
    done again, by itself, so that the point that kills is found; it is given up at the third time.
    """
    again: list[tuple[Task, int]] = []  # with how often it was tried
    under_way: dict[Future[list[Outcome]], tuple[Task, int]] = {}
    pool = _pool(workers)
    try:
        while True:
            try:
                while len(under_way) < _AHEAD * workers:
                    given = again.pop() if again else next(((task, 0) for task in tasks), None)
                    if given is None:
                        break
                    again.append(given)  # until it is under way: the pool may be broken by now
                    future = pool.submit(measure, given[0].path, given[0].jobs)
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
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(workers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _apart(task: Task) -> Sequence[Task]:
    return [Task(task.path, (job,)) for job in task.jobs]


def _given_up(job: Job) -> Outcome:
    return Outcome(job.key, {}, (), f"its process died {_TRIES} times", 0.0)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Not forked: a forked child would inherit threads' locks in whatever state they are.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=begin_process)
