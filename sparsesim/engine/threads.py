"""The engine's one pool of threads; BLAS stays single-threaded inside it.

Kernels and BLAS release the GIL, so plain threads over independent blocks use every core without
a second pool to fight with (docs/decisions/threads.md).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock, Thread
from typing import Any


def thread_count() -> int:
    """Threads to use: SPARSESIM_THREADS, or the cores that this process may run on."""
    asked = os.environ.get("SPARSESIM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return cores()


def cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_lock = Lock()


class _Helper:
    """A thread that runs one function after another; they must not raise.

    An executor's futures would do the same for twice the time: a network has a hundred dispatches.
    """

    def __init__(self) -> None:
        self._go, self._done = Lock(), Lock()
        self._go.acquire()
        self._done.acquire()
        Thread(target=self._serve, name="sparsesim", daemon=True).start()

    def start(self, function: Callable[[], None]) -> None:
        self._function = function
        self._go.release()

    def wait(self) -> None:
        """Wait for the function's end."""
        self._done.acquire()

    def _serve(self) -> None:
        while True:
            self._go.acquire()
            self._function()
            del self._function
            self._done.release()


_idle: list[_Helper] = []
_made: list[_Helper] = []
if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_idle.clear)
    os.register_at_fork(after_in_child=_made.clear)


def _helpers(count: int) -> list[_Helper]:
    """Up to `count` helpers that have nothing to do; inside a helper's own task mostly none."""
    found: list[_Helper] = []
    with _lock:
        while len(found) < count:
            if _idle:
                found.append(_idle.pop())
            elif len(_made) < count:
                _made.append(_Helper())
                found.append(_made[-1])
            else:
                break
    return found


def each(task: Callable[..., Any], arguments: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Run a task for each tuple of arguments, side by side; the caller's thread works, too.

    Raises:
        the error of the first task that fails; those that have begun are waited for, and no
        further ones are begun.
    """
    todo = list(arguments)
    if len(todo) <= 1 or (threads := thread_count()) == 1:
        return [task(*given) for given in todo]
    # Threads take the next task as they get free: blocks differ in cost.
    queue: Iterator[int] = iter(range(len(todo)))
    results: list[Any] = [None] * len(todo)

    errors: dict[int, BaseException] = {}

    def work() -> None:
        for index in queue:
            try:
                results[index] = task(*todo[index])
            except BaseException as error:
                errors[index] = error
            if errors:
                break

    helpers = _helpers(min(threads, len(todo)) - 1)
    for helper in helpers:
        helper.start(work)
    try:
        work()
    finally:
        for _ in queue:  # after Ctrl-C helpers begin no further task, either
            pass
        for helper in helpers:
            helper.wait()
            _idle.append(helper)
    if errors:
        raise errors[min(errors)]
    return results


def ranges(count: int, parts: int, multiple: int = 1) -> list[tuple[int, int]]:
    """Cut 0 to count into about equal parts whose borders are multiples."""
    size = -(-count // max(1, parts))
    size = max(1, -(-size // multiple) * multiple)
    return [(start, min(start + size, count)) for start in range(0, count, size)]


_limits: list[Any] = []  # one entry for each use of `single_threaded_blas` that is open


@cache
def _controller() -> Any:
    """The BLAS libraries of this process, NumPy's among them; finding them takes a millisecond."""
    import numpy  # noqa: F401  its library must be loaded to be found
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
