"""Processes of a Dask cluster that measure points; a trace is sent to each of them once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from sparsesim.errors import SpecError
from sparsesim.sweeps.code import code_sha256
from sparsesim.sweeps.measure import Outcome, Task, measure

_AHEAD = 2  # tasks a worker's thread that wait for it
_PATIENCE = "10s"


class Cluster:
    """Tasks on the workers of a scheduler.

    Dask does the tasks of a worker that dies on another one; where nobody has the trace any more,
    it is sent again.

    Args:
        address: of the scheduler, as `tcp://127.0.0.1:8786`.
    Raises:
        SpecError: Dask is not installed, nobody answers there, it has no workers, or one of them
            has another version of this package.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ModuleNotFoundError:
            raise SpecError("--scheduler needs Dask; pip install 'sparsesim[cluster]'") from None

        try:
            self._client = distributed.Client(address, timeout=_PATIENCE)
        except (OSError, ValueError, TimeoutError):
            raise SpecError(f"--scheduler {address}: nobody answers there") from None
        try:
            self._check(address)
        except BaseException:
            self._client.close()
            raise
        self._sent: dict[Path, Any] = {}

    def run(self, tasks: Iterator[Task]) -> Iterator[list[Outcome]]:
        """What comes of tasks, as it comes."""
        import distributed

        under_way: dict[Any, Task] = {}
        again: list[Task] = []
        while True:
            while len(under_way) < _AHEAD * max(1, sum(self._client.nthreads().values())):
                task = again.pop() if again else next(tasks, None)
                if task is None:
                    break
                under_way[self._submit(task)] = task
            if not under_way:
                return
            with suppress(CancelledError):  # of lost ones, which are told apart below
                distributed.wait(list(under_way), return_when="FIRST_COMPLETED")
            for future in [one for one in under_way if one.done()]:
                task = under_way.pop(future)
                try:
                    outcomes = future.result()  # an error there is ours to mend: raised here
                except CancelledError:  # lost, the trace with it
                    self._sent.pop(task.path, None)
                    again.append(task)
                else:
                    yield outcomes

    def close(self) -> None:
        """Leave the cluster, which goes on."""
        self._client.close()

    def _submit(self, task: Task) -> Any:
        if task.path not in self._sent:
            octets = task.path.read_bytes()
            self._sent[task.path] = self._client.scatter(octets, broadcast=True)
        return self._client.submit(
            _measure, task.path.name, self._sent[task.path], task.jobs, pure=False
        )

    def _check(self, address: str) -> None:
        try:
            found: dict[str, str] = self._client.run(_code)
        except Exception as error:  # whatever a worker says that can't load this package
            text = str(error).splitlines()[0]
            raise SpecError(f"--scheduler {address}: its workers can't run this: {text}") from None
        if not found:
            raise SpecError(f"--scheduler {address}: has no workers")
        for worker, digest in found.items():
            if digest != code_sha256():
                raise SpecError(
                    f"--scheduler {address}: worker {worker} has another version of sparsesim; "
                    "install this one there"
                )


def _code() -> str:
    """A worker's."""
    return code_sha256()


def _measure(name: str, octets: bytes, jobs: Any) -> list[Outcome]:
    """On a worker: keep the trace as a file of its own, and estimate."""
    os.environ["SPARSESIM_THREADS"] = "1"
    path = Path(_folder().name) / name
    if not path.is_file():
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_bytes(octets)
        beside.replace(path)
    return measure(path, jobs)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Of this process; it goes with it."""
    return tempfile.TemporaryDirectory(prefix="sparsesim-")
