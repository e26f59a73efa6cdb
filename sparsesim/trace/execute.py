"""`execute`: run a graph on inputs and keep which elements are effectual."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsesim.engine.run import Engine
from sparsesim.engine.threads import single_threaded_blas
from sparsesim.errors import InputError, ModelError
from sparsesim.graph import Graph, HostStep, Layer
from sparsesim.graph.batch import BatchAxis, find_batches
from sparsesim.graph.blocks import Block, blocks
from sparsesim.graph.host_work import HostWork
from sparsesim.graph.shapes import declared_shape
from sparsesim.graph.tied import stored_in
from sparsesim.inputs import InputSpec, open_inputs
from sparsesim.trace.clipping import first_quantisers
from sparsesim.trace.host_shapes import HostShapes
from sparsesim.trace.record import (
    Recorder,
    leaving_key,
    output_key,
    weight_key,
)
from sparsesim.trace.reference import Reference
from sparsesim.trace.saturation import Saturation, saturation
from sparsesim.trace.trace import ImageTrace, Lifetime, Source, Trace, TraceLayer
from sparsesim.trace.zero_points import zero_points

if TYPE_CHECKING:
    from sparsesim.inputs import Inputs


def execute(
    graph: Graph,
    inputs: Inputs | str | Path | np.ndarray | Mapping[str, np.ndarray],
    *,
    batch_axis: BatchAxis = None,
    named_blocks: Mapping[str, list[str]] | None = None,
    keep_values: bool = False,
    lazy: bool = False,
    progress: Callable[[int], Any] | None = None,
) -> Trace:
    """Run a graph on each image and keep its bits.

    Args:
        graph: a loaded model, sparsified or not.
        inputs: as `open_inputs` gives them, or what it takes; or an array of images for a model
            with one input, shape (images, ...); or such arrays by input name.
        batch_axis: as for `input_specs`; of inputs that are already open it was said there.
        named_blocks: block name -> layer patterns; default: by the layers' names.
        keep_values: keep the operands' values, too.
        lazy: execute images only while they are gone through, and keep none: memory stays
            bounded for any number of images.
        progress: called with the number of runs done.
    Returns:
        the trace.
    Raises:
        InputError: inputs that the model does not take. ModelError: it fails while running.
    """
    opened = _opened(graph, inputs, batch_axis)
    found = blocks(graph, named_blocks)
    quantised = {quantiser.tensor for quantiser in first_quantisers(graph)}
    exposed = exposing(graph, {block.leaving for block in found} | quantised)
    run = _Run(exposed, opened, found, keep_values, progress)
    run.first = next(run.images(1))
    return run.trace(run if lazy else list(run))


def input_specs(graph: Graph, batch_axis: BatchAxis = None) -> tuple[InputSpec, ...]:
    """What a graph expects of its inputs.

    Args:
        graph: a loaded model.
        batch_axis: along which images lie: an axis for all inputs, `none`, or either by input;
            None: it is found, see `sparsesim.graph.batch`.
    Raises:
        ModelError: an input that cannot be fed, or one without such an axis.
    """
    specs = []
    for value in graph.inputs:
        sizes = declared_shape(value)
        if value.name not in graph.types or sizes is None:
            raise ModelError(
                f"{graph.source}: input '{value.name}' is no tensor of a known rank; "
                "it cannot be fed"
            )
        specs.append(InputSpec(value.name, sizes, graph.types[value.name]))
    found = find_batches(graph, batch_axis)
    return tuple(
        replace(spec, batch_axis=batch.axis, doubt=batch.why if batch.doubt else "")
        for spec in specs
        for batch in (found[spec.name],)
    )


def exposing(graph: Graph, wanted: set[str]) -> Graph:
    """The graph with these tensors, and the zero points by which they count, among its host steps'
    outputs, though no step reads them."""
    zeros = zero_points(graph)
    wanted = wanted | {zeros[name] for name in wanted if name in zeros}
    steps: list[Layer | HostStep] = []
    for step in graph.steps:
        if isinstance(step, HostStep):
            made = {name for i in step.nodes for name in graph.model.graph.node[i].output}
            more = sorted((wanted & made).difference(step.outputs))
            step = replace(step, outputs=(*step.outputs, *more))
        steps.append(step)
    return replace(graph, steps=tuple(steps))


def _opened(graph: Graph, inputs: Any, batch_axis: BatchAxis) -> Inputs:
    if isinstance(inputs, np.ndarray):
        names = [value.name for value in graph.inputs]
        if len(names) != 1:
            raise InputError(
                f"{graph.source}: takes {len(names)} inputs ({', '.join(names)}); "
                "give an array for each by name"
            )
        inputs = {names[0]: inputs}
    if isinstance(inputs, Mapping):
        from sparsesim.inputs.memory import feed_memory

        return feed_memory(inputs, input_specs(graph, batch_axis), graph.as_loaded.defaults)
    if isinstance(inputs, str | Path):
        specs, defaults = input_specs(graph, batch_axis), graph.as_loaded.defaults
        return open_inputs(inputs, specs, defaults=defaults)
    return inputs


@dataclass
class _Run:
    """Executes images on demand; going through it again executes all but the first again."""

    graph: Graph
    inputs: Inputs
    found: tuple[Block, ...]
    keep_values: bool
    progress: Callable[[int], Any] | None

    def __post_init__(self) -> None:
        self.first: ImageTrace  # the one that told what there is to trace
        self.host: HostWork | None = None  # known from the first run on
        self.engine = Engine(self.graph)
        graph, weights = self.graph, [layer.weight for layer in self.graph.layers]
        self.tied = stored_in(graph.model, graph.constants, weights)
        leaving = {block.name: block.leaving for block in self.found}
        self.recorder = Recorder(self.graph, leaving, self.keep_values)
        self.reference = Reference(self.graph) if self.graph.rewrites else None

    def __iter__(self) -> Iterator[ImageTrace]:
        yield self.first
        yield from self.images(skip=1)

    def images(self, count: int | None = None, skip: int = 0) -> Iterator[ImageTrace]:
        """Run images; `skip` so many first ones."""
        labels = self.inputs.labels
        with single_threaded_blas():
            for index, feed in enumerate(self.inputs.feeds()):
                if index < skip:
                    continue
                if count is not None and index >= skip + count:
                    return
                self.recorder.start()
                for name, tensor in feed.items():
                    self.recorder.seen(name, tensor)
                outputs = self._outputs(feed)
                self.recorder.watch.outputs(self.graph.outputs, outputs)
                doubts = self.recorder.watch.doubts
                reference = self.reference.run(feed) if self.reference else ()
                own = [] if labels is None else labels[index].reshape(-1).tolist()
                if self.progress is not None:
                    self.progress(index + 1)
                yield ImageTrace(
                    self.recorder.bits,
                    tuple(outputs),
                    tuple(reference),
                    own[0] if len(own) == 1 else -1,
                    self.recorder.values,
                    doubts.not_finite,
                    doubts.clipped,
                    tuple(own) if len(own) > 1 else (),
                )

    def _outputs(self, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        if self.host is not None:
            return self.engine.run(feed, self.recorder)
        watcher = HostShapes(self.graph, feed, self.recorder)
        outputs = self.engine.run(feed, watcher)
        self.host = watcher.work()
        return outputs

    def trace(self, images: Any) -> Trace:
        """The trace around images that have been, or will be, run; one has been."""
        if self.host is None:
            raise AssertionError("the first image has been run")
        block_of = {layer: block.name for block in self.found for layer in block.layers}
        return Trace(
            layers=tuple(self._layer(layer, block_of[layer.name]) for layer in self.graph.layers),
            tensors=dict(self.recorder.tensors),
            weights=self.recorder.weights,
            blocks={block.name: block.layers for block in self.found},
            leaving={block.name: leaving_key(block.leaving) for block in self.found},
            live=self._live(),
            host=self.host,
            source=Source.of(self.graph, self.inputs),
            images=images,
            saturation=self._saturation(),
        )

    def _saturation(self) -> Saturation | None:
        """Of the first run."""
        exact = self.first.reference or self.first.outputs
        return saturation(self.graph, next(iter(self.inputs.feeds())), exact)

    def _layer(self, layer: Layer, block: str) -> TraceLayer:
        return TraceLayer(
            name=layer.name,
            op=layer.op,
            block=block,
            geometry=self.recorder.geometries[layer.name],
            activation=self.recorder.activation_key(layer),
            weight=weight_key(layer),
            output=output_key(layer),
            weight_is_constant=layer.weight in self.graph.constants,
            fused=tuple(fused.op for fused in layer.chain),
            weight_groups=self.recorder.weight_groups.get(layer.name, ()),
            tied_to=self.tied.get(layer.weight, ""),
        )

    def _live(self) -> tuple[Lifetime, ...]:
        """Lives of the tensors between steps; the model's inputs are there from the start."""
        first: dict[str, int] = {value.name: -1 for value in self.graph.inputs}
        last: dict[str, int] = {}
        end = len(self.graph.steps)
        for index, step in enumerate(self.graph.steps):
            for name in step.makes:
                first.setdefault(name, index)
            for name in step.reads:
                last[name] = index
        last |= dict.fromkeys(self.graph.outputs, end)
        sizes = self.recorder.sizes
        return tuple(
            Lifetime(name, *sizes[name], start, last[name])
            for name, start in first.items()
            if name in sizes and name in last  # what nothing reads was exposed for its bits
        )
