"""Simulators side by side: one a process, each kept for all the passes that come to it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

from sparsesim.cosim.operands import PassOperands
from sparsesim.errors import SparseSimError
from sparsesim.rtl.simulator import PassRun, SimulationError, Simulator, Verilog

Found = PassRun | str
"""What became of a pass: its run, or what went wrong in the Verilog."""


@dataclass(frozen=True, eq=False)
class Work:
    """Passes that follow each other on one machine; a limit of cycles for each."""

    verilog: Verilog
    operands: tuple[PassOperands, ...]
    cycle_limits: tuple[int, ...]


class Pool:
    """Runs passes on `workers` processes, or in this one where that is 0."""

    def __init__(self, verilog: Verilog, workers: int) -> None:
        """Builds the Verilog first, once.

        Raises:
            SparseSimError: a tool is missing or refuses the Verilog.
        """
        verilog.build()
        self.verilog, self.workers = verilog, workers
        self._executor: Executor = _Here()
        if workers > 0:
            # Spawned, not forked: threads of BLAS and of Numba do not survive a fork.
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(workers, context, _begin_process)

    def submit(
        self, operands: tuple[PassOperands, ...], cycle_limits: tuple[int, ...]
    ) -> Future[list[Found]]:
        """Run passes that follow each other; a pass that fails ends the list."""
        return self._executor.submit(_run, Work(self.verilog, operands, cycle_limits))

    def close(self) -> None:
        """Wait for the passes that run; those that wait are given up."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def kill(self) -> None:
        """Wait for nothing: a pass may take minutes."""
        # No public name before Python 3.14's `kill_workers`.
        for process in list((getattr(self._executor, "_processes", None) or {}).values()):
            process.kill()
        self.close()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.kill()


def result_of(future: Future[list[Found]]) -> list[Found]:
    """What a future holds.

    Raises:
        SparseSimError: its process died.
    """
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise SparseSimError(
            "a simulation process died; too little memory? use fewer --workers"
        ) from error


def _begin_process() -> None:
    """Called first in each process: Ctrl-C is for the parent, with which it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


_SIMULATORS: dict[Verilog, Simulator] = {}  # of this process


def _run(work: Work) -> list[Found]:
    simulator = _SIMULATORS.get(work.verilog)
    if simulator is None:
        simulator = _SIMULATORS[work.verilog] = Simulator(work.verilog)
    found: list[Found] = []
    for operands, limit in zip(work.operands, work.cycle_limits, strict=True):
        try:
            found.append(
                simulator.run(
                    operands.activations,
                    operands.weights,
                    limit,
                    operands.drains,
                    operands.epilogue,
                )
            )
        except SimulationError as error:
            simulator.reset()
            found.append(str(error))
            break
    return found


class _Here(Executor):
    """Runs what is submitted at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future
