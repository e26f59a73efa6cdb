"""What `choose` keeps in a folder, so that it goes on where it was stopped: traces and results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from sparsesim.cache_root import cache_root
from sparsesim.choice.opponent import Dense
from sparsesim.errors import TraceError
from sparsesim.estimator import estimate
from sparsesim.files import write_text
from sparsesim.result import Result, load_result, save_result
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.accelerator import STORED
from sparsesim.sweeps.code import code_sha256, own_sha256
from sparsesim.sweeps.point import Workload
from sparsesim.trace import Trace
from sparsesim.trace.prepare import watched
from sparsesim.trace.store import load_trace, save_trace

Progress = Callable[[str, int, int], Any]
_DENSE: TypeAdapter[Dense | None] = TypeAdapter(Dense | None)


def cached_folder(trace: Trace, device: Device) -> Path:
    """The folder in the user's cache for a network, its inputs and a device; made if need be."""
    source = replace(trace.source, warnings=())
    digest = _digest(source=source.provenance, device=device.sha256())
    folder = cache_root() / "choose" / digest[:32]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Kept:
    """Traces of one network in a folder: all of its runs, and the first few of them.

    It gives the sweep its trace (`sparsesim.sweeps.traces.Executed`).

    Args:
        trace: all runs; lazy ones are executed once.
        runs: so many are searched on.
        folder: gets what is missing.
        progress: called with what goes on, how much of it is done, and of how much.
    """

    def __init__(self, trace: Trace, runs: int, folder: Path, progress: Progress) -> None:
        self._identity = _digest(
            source=trace.source.provenance, labels=_first_labels(trace), code=code_sha256()
        )
        self._folder = folder
        self._some = folder / f"{self._identity[:32]}-{runs}.trace"
        whole = folder / f"{self._identity[:32]}.trace"
        if not whole.is_file():
            total = trace.source.runs
            seen = watched(trace, lambda done: progress("executing", done, total))
            save_trace(seen, whole)
        self.trace = load_trace(whole)
        if not self._some.is_file():
            save_trace(first_of(self.trace, runs), self._some)
        self.some = load_trace(self._some)

    def result_of(self, accelerator: Accelerator, device: Device, seed: int) -> Result:
        """The estimate of all runs; made once.

        Args:
            accelerator: of any machine.
            device: gives the DRAM bandwidth, and what there is.
            seed: of the intervals.
        """
        formats = accelerator.activation_format, accelerator.weight_format
        digest = _digest(
            trace=self._identity,
            own=own_sha256(accelerator.machine, *formats),
            accelerator=accelerator.sha256(),
            device=device.sha256(),
            seed=seed,
        )
        path = self._folder / f"{digest[:32]}.json"
        try:
            return load_result(path)
        except TraceError:
            found = estimate(self.trace, accelerator, device, seed=seed)
            save_result(found, path, force=True)
            return found

    def dense_of(
        self, make: Callable[[], Dense | None], device: Device, **terms: Any
    ) -> Dense | None:
        """The best dense accelerator on some terms; sought once.

        Args:
            make: seeks it.
            device: on which.
            terms: all else that it depends on, but the trace.
        """
        digest = _digest(trace=self._identity, device=device.sha256(), terms=terms)
        path = self._folder / f"{digest[:32]}.dense.json"
        if path.is_file():
            return _DENSE.validate_json(path.read_text(encoding="utf-8"), context=STORED)
        found = make()
        write_text(path, _DENSE.dump_json(found).decode(), force=True)
        return found

    def identity(self, workload: Workload) -> str:
        """Of the one trace that there is."""
        return _digest(trace=self._identity, runs=self.some.source.runs)

    def execute(self, workload: Workload) -> Path:
        """It was executed."""
        return self._some


def first_of(trace: Trace, runs: int) -> Trace:
    """A trace cut to its first runs."""
    source = replace(trace.source, runs=runs)
    return replace(trace, images=tuple(islice(trace.images, runs)), source=source)


def _first_labels(trace: Trace) -> list[int]:
    """Of the first run: whether there are labels, and how they count, shows in it."""
    first = next(iter(trace.images), None)
    return [] if first is None else [first.label, *first.labels]


def _digest(**depends: Any) -> str:
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
