"""The engine's one pool of threads; BLAS stays single-threaded inside it.

Kernels and BLAS release the GIL, so plain threads over independent blocks use every core without
a second pool to fight with (docs/decisions/threads.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any


def thread_count() -> int:
    """Threads to use: SPARSESIM_THREADS, or the cores that this process may run on."""
    asked = os.environ.get("SPARSESIM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=max(1, threads - 1), thread_name_prefix="sparsesim")


def each(task: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Run a task for each tuple of arguments, side by side; the caller's thread works, too."""
    todo = list(arguments)
    threads = thread_count()
    if threads == 1 or len(todo) == 1:
        return [task(*given) for given in todo]
    # Threads take the next task as they get free: blocks differ in cost.
    queue: Iterator[int] = iter(range(len(todo)))
    results: list[Any] = [None] * len(todo)

    def work() -> None:
        for index in queue:
            results[index] = task(*todo[index])

    helpers = [_pool(threads).submit(work) for _ in range(min(threads, len(todo)) - 1)]
    try:
        work()
    finally:
        for helper in helpers:
            helper.result()
    return results


def ranges(count: int, parts: int, multiple: int = 1) -> list[tuple[int, int]]:
    """Cut 0 to count into about equal parts whose borders are multiples."""
    size = -(-count // max(1, parts))
    size = max(1, -(-size // multiple) * multiple)
    return [(start, min(start + size, count)) for start in range(0, count, size)]


_lock = Lock()
_limits: list[Any] = []  # one entry for each use of `single_threaded_blas` that is open


@cache
def _controller() -> Any:
    """The BLAS libraries of this process; finding them takes a millisecond."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """BLAS uses the caller's thread alone inside this block; inner blocks cost nothing."""
    with _lock:
        first = not _limits
        _limits.append(_controller().limit(limits=1, user_api="blas") if first else None)
    try:
        yield
    finally:
        with _lock:
            # Blocks of several threads may overlap: the last to end takes the limit away.
            limit = _limits.pop()
            if limit is not None:
                limit.restore_original_limits()
