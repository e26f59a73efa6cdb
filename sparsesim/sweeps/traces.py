"""Traces of a sweep's workloads, executed once and kept on disk under what they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsesim.sparsity import Thresholds
from sparsesim.sweeps.code import code_sha256
from sparsesim.sweeps.point import Workload
from sparsesim.sweeps.spec import NO_THRESHOLDS, Network, SweepSpec

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs
    from sparsesim.trace import Trace


class Traces:
    """The traces of a sweep in a folder.

    Args:
        spec: names the networks.
        folder: of the traces; made where there is none.
    """

    def __init__(self, spec: SweepSpec, folder: Path) -> None:
        self._networks = {network.name: network for network in spec.named_networks()}
        self._seed, self._folder = spec.seed, folder
        self._opened: dict[tuple[str, int], Opened] = {}

    def identity(self, workload: Workload) -> str:
        """64 hex digits over all that the trace depends on, this package's code among it.

        Raises:
            SparseSimError: a file that is none, or does not fit the model.
        """
        opened = self._open(workload)
        thresholds = None
        if workload.thresholds != NO_THRESHOLDS:
            thresholds = opened.thresholds(workload).sha256()
        network = opened.network
        depends = {
            "model": opened.graph.sha256,
            "inputs": opened.inputs.sha256,
            "images": workload.images,
            "labels": opened.labels_sha256,
            "thresholds": thresholds,
            "quantize": network.quantize,
            "code": code_sha256(),
        }
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()

    def path(self, workload: Workload) -> Path:
        """Where its trace is, or will be."""
        return self._folder / f"{self.identity(workload)[:32]}.trace"

    def execute(self, workload: Workload, progress: Callable[[int], Any]) -> Path:
        """Execute a workload, unless its trace is there.

        Args:
            workload: one of the sweep's.
            progress: called with the images done.
        Returns:
            the trace's path.
        """
        from sparsesim.trace.prepare import watched
        from sparsesim.trace.store import save_trace

        path = self.path(workload)
        if not path.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            trace = self._open(workload).trace(workload)
            save_trace(watched(trace, progress), path)
        return path

    def _open(self, workload: Workload) -> Opened:
        key = workload.network, workload.images
        if key not in self._opened:
            network = self._networks[workload.network]
            self._opened[key] = Opened(network, workload.images, self._seed)
        return self._opened[key]


class Opened:
    """A network with its inputs, opened when they are asked for."""

    def __init__(self, network: Network, images: int, seed: int) -> None:
        self.network, self._images, self._seed = network, images, seed

    @cached_property
    def graph(self) -> Graph:
        """The model as loaded."""
        from sparsesim.graph import load

        return load(self.network.model)

    @cached_property
    def inputs(self) -> Inputs:
        """Its first images."""
        from sparsesim.inputs import open_inputs
        from sparsesim.trace.execute import input_specs

        network = self.network
        found = open_inputs(
            network.inputs,
            input_specs(self.graph),
            network.preprocess,
            Path(network.labels) if network.labels else None,
            self._images,
            self._seed,
        )
        if found.labels is not None and network.label_offset:
            found = replace(found, labels=found.labels + network.label_offset)
        return found

    @property
    def labels_sha256(self) -> str | None:
        """Of the images' classes."""
        labels = self.inputs.labels
        return None if labels is None else hashlib.sha256(labels.tobytes()).hexdigest()

    def thresholds(self, workload: Workload) -> Thresholds:
        """Those of a workload that has some."""
        return Thresholds.from_toml(self.network.maps()[workload.thresholds])

    def trace(self, workload: Workload) -> Trace:
        """Its images are executed as they are gone through."""
        from sparsesim.trace.prepare import prepare

        wanted = None if workload.thresholds == NO_THRESHOLDS else self.thresholds(workload)
        return prepare(self.graph, self.inputs, wanted, self.network.quantize)
