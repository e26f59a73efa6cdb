"""Traces of a sweep's workloads, executed once and kept on disk under what they depend on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sparsesim.errors import SpecError
from sparsesim.files import write_text
from sparsesim.spec.thresholds import Thresholds
from sparsesim.sweeps.code import code_sha256
from sparsesim.sweeps.losses import halves, search_thresholds
from sparsesim.sweeps.point import Workload
from sparsesim.sweeps.spec import NO_THRESHOLDS, Network, SweepSpec

if TYPE_CHECKING:
    from sparsesim.graph import Graph
    from sparsesim.inputs import Inputs, InputSpec

Progress = Callable[[str, int, int], Any]


class Executed(Protocol):
    """Who has the traces of workloads."""

    def identity(self, workload: Workload) -> str:
        """64 hex digits over all that its trace depends on, this package's code among it."""

    def execute(self, workload: Workload) -> Path:
        """The trace's path; it is there."""


class Traces:
    """The traces of a sweep in a folder, and the thresholds that it searched.

    Args:
        spec: names the networks.
        folder: of the traces; made where there is none.
        progress: called with what goes on, how much of it is done, and of how much.
    """

    def __init__(
        self,
        spec: SweepSpec,
        folder: Path,
        progress: Progress = lambda label, done, total: None,
    ) -> None:
        self._opened = {n.name: Opened(n, spec.seed) for n in spec.named_networks()}
        self._folder, self._progress = folder, progress
        self._thresholds: dict[tuple[str, str], Thresholds | None] = {}
        self._identities: dict[Workload, str] = {}

    def identity(self, workload: Workload) -> str:
        """64 hex digits over all that the trace depends on, this package's code among it.

        Raises:
            SparseSimError: a file that is none, or does not fit the model; a search that fails.
        """
        if workload not in self._identities:
            opened = self._opened[workload.network]
            thresholds, inputs = self._thresholds_of(workload), opened.inputs(workload)
            self._identities[workload] = _digest(
                model=opened.graph.sha256,
                inputs=inputs.sha256,
                images=workload.images,
                labels=_labels_sha256(inputs),
                thresholds=thresholds.sha256() if thresholds else None,
                quantize=opened.network.quantize,
                **opened.read_as,
            )
        return self._identities[workload]

    def path(self, workload: Workload) -> Path:
        """Where its trace is, or will be."""
        return self._folder / f"{self.identity(workload)[:32]}.trace"

    def images_per_run(self, workload: Workload) -> int:
        """Images that one run of its network takes."""
        from sparsesim.inputs.feed import images_per_run

        return images_per_run(self._opened[workload.network].specs)

    def execute(self, workload: Workload) -> Path:
        """Execute a workload, unless its trace is there.

        Args:
            workload: one of the sweep's.
        Returns:
            the trace's path.
        Raises:
            ModelError: no layer of the network runs on the array.
        """
        from sparsesim.graph.no_layer import require_layers
        from sparsesim.trace.prepare import prepare, watched
        from sparsesim.trace.store import save_trace

        path = self.path(workload)
        if not path.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            opened = self._opened[workload.network]
            trace = prepare(
                opened.graph,
                opened.inputs(workload),
                self._thresholds_of(workload),
                opened.network.quantize,
            )
            require_layers(opened.graph.source, trace.layers, trace.host)
            said = f"executing {workload.network}"
            save_trace(
                watched(trace, lambda done: self._progress(said, done, trace.source.runs)), path
            )
        return path

    def _thresholds_of(self, workload: Workload) -> Thresholds | None:
        key = workload.network, workload.thresholds
        if key not in self._thresholds:
            self._thresholds[key] = self._read_or_search(*key)
        return self._thresholds[key]

    def _read_or_search(self, network: str, name: str) -> Thresholds | None:
        if name == NO_THRESHOLDS:
            return None
        opened = self._opened[network]
        given = opened.network.maps()
        if name in given:
            return Thresholds.from_toml(given[name])
        loss, how, images = opened.network.searched()[name], opened.network.search, opened.halves[1]
        digest = _digest(
            model=opened.graph.sha256,
            inputs=images.sha256,
            labels=_labels_sha256(images),
            **opened.read_as,
            loss=loss,
            how=how.model_dump(),
        )
        path = self._folder / f"{digest[:32]}.toml"
        if not path.is_file():
            from sparsesim.search.files import thresholds_toml

            def show(label: str, done: int, total: int) -> None:
                self._progress(f"{network}, {name}: {label}", done, total)

            found = search_thresholds(opened.graph, images, loss, how, show)
            self._folder.mkdir(parents=True, exist_ok=True)
            write_text(path, thresholds_toml(found, f"{opened.network.model}: {name}, a sweep's."))
        return Thresholds.from_toml(path)


class Opened:
    """A network with its inputs, opened when they are asked for."""

    def __init__(self, network: Network, seed: int) -> None:
        self.network, self._seed = network, seed
        self._inputs: dict[tuple[int | None, int | str], Inputs] = {}

    @cached_property
    def graph(self) -> Graph:
        """The model as loaded."""
        from sparsesim.graph import load

        network = self.network
        return load(
            network.model,
            shapes=network.shapes,
            fixed=network.fix,
            custom_ops=network.custom_ops,
        )

    @property
    def read_as(self) -> dict[str, Any]:
        """What is said of the model beside its file."""
        network = self.network
        return {"fix": network.fix, "shapes": network.shapes, "batch_axis": network.batch_axis}

    @cached_property
    def specs(self) -> tuple[InputSpec, ...]:
        """What the model takes."""
        from sparsesim.trace.execute import input_specs

        return input_specs(self.graph, self.network.batch_axis)

    @cached_property
    def halves(self) -> tuple[Inputs, Inputs]:
        """Images to measure on, and those that thresholds are searched on."""
        return halves(self._open(None))

    def inputs(self, workload: Workload) -> Inputs:
        """A workload's images.

        Raises:
            SparseSimError: there are not so many.
        """
        key = workload.images, workload.sample
        if key not in self._inputs:
            self._inputs[key] = self._choose(*key)
        return self._inputs[key]

    def _choose(self, count: int, sample: int | str) -> Inputs:
        from sparsesim.inputs.feed import images_per_run, picked

        size = images_per_run(self.specs)
        if count % size:
            raise SpecError(
                f"networks.images {count} is no multiple of {size}, at which the batch of "
                f"{self.network.model} is fixed"
            )
        if sample == "first" and not self.network.losses:
            return self._open(count)
        whole = self.halves[0] if self.network.losses else self._open(None)
        if count > whole.images:
            which = "; the others are for the search of losses" if self.network.losses else ""
            raise SpecError(
                f"networks.images {count} is out of range; use {size} to {whole.images}, all of "
                f"{whole.source}{which}"
            )
        runs = count // size
        if sample == "first":
            return picked(whole, range(runs), f"the first {count}")
        drawn = np.random.default_rng(int(sample)).permutation(whole.count)[:runs]
        return picked(whole, sorted(drawn.tolist()), f"{count} drawn by seed {sample}")

    def _open(self, images: int | None) -> Inputs:
        from sparsesim.inputs import open_inputs

        network = self.network
        found = open_inputs(
            network.inputs,
            self.specs,
            network.preprocess,
            Path(network.labels) if network.labels else None,
            images,
            self._seed,
            self.graph.as_loaded.defaults,
        )
        if found.labels is not None and network.label_offset:
            found = replace(found, labels=found.labels + network.label_offset)
        return found


def settled(spec: SweepSpec) -> SweepSpec:
    """A sweep whose networks all say how many images: those of one run, where that was left open.

    Raises:
        SparseSimError: a model that is none.
    """
    from sparsesim.inputs.feed import images_per_run

    networks = [
        network
        if network.images
        else network.with_(images=images_per_run(Opened(network, spec.seed).specs))
        for network in spec.networks
    ]
    return spec.with_(networks=networks)


def _labels_sha256(inputs: Inputs) -> str | None:
    """Of the images' classes."""
    return None if inputs.labels is None else hashlib.sha256(inputs.labels.tobytes()).hexdigest()


def _digest(**depends: Any) -> str:
    """64 hex digits over these and the package's code."""
    depends["code"] = code_sha256()
    return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()
