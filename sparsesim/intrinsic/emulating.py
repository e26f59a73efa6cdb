"""`emulate`: a graph with the inside of its layers in narrow fixed point, beside the ordinary run.

Not the fixed-point execution of `sparsesim.fixed_point`: that one takes a quantised model and is
the datapath's own. Here any layer's products and sums are put into any format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.errors import SpecError
from sparsesim.estimator.outputs import OutputTally
from sparsesim.graph import Graph
from sparsesim.graph.blocks import blocks
from sparsesim.inputs import Inputs
from sparsesim.intrinsic.emulation import Emulation, ErrorTally, LayerEmulation
from sparsesim.intrinsic.layer import EmulatedLayer
from sparsesim.intrinsic.ranges import measure
from sparsesim.sparsity.choose import choose
from sparsesim.spec.arithmetic import Arithmetic
from sparsesim.spec.thresholds import Rule, Thresholds
from sparsesim.trace import ImageTrace, Source
from sparsesim.trace.doubtful_values import Doubts, Watch, doubt_warnings
from sparsesim.trace.execute import exposing


def emulate(
    graph: Graph,
    inputs: Inputs,
    thresholds: Thresholds,
    progress: Callable[[int], None] | None = None,
) -> Emulation:
    """Run a graph on images twice: as it is, and with layers emulated.

    Fractions of float operands that are left out are chosen from the values of the ordinary
    execution of all images, which then runs once more.

    Args:
        graph: loaded, or sparsified before: only the table `intrinsic` is read here.
        inputs: as `open_inputs` gives them.
        thresholds: which layer gets which arithmetic.
        progress: called with the number of images done.
    Returns:
        each layer's errors and overflows, and what became of the outputs.
    Raises:
        SpecError: no table `intrinsic`, a pattern that matches nothing, formats that do not hold.
        InputError, ModelError: as the execution.
    Source: docs/model.md, "Intrinsic emulation"; Loroch et al. 2018, section 2.3.
    """
    if not thresholds.intrinsic:
        raise SpecError("table 'intrinsic' is missing or empty; give a pattern and its arithmetic")
    found = blocks(graph, thresholds.blocks)
    # Which line a layer gets hangs on the patterns alone.
    lines = {pattern: Rule(pattern, ()) for pattern in thresholds.intrinsic}
    chosen = {
        name: choice.pattern for name, choice in choose(graph, found, lines, "intrinsic").items()
    }
    for name in [name for name in chosen if graph.layer(name).is_recurrent]:
        if chosen[name] == name:
            raise SpecError(
                f"intrinsic.{chosen[name]}: layer '{name}' is a product of a recurrent node, of "
                "which there is no emulation; leave it out"
            )
        del chosen[name]
    watch = Watch(graph)
    ordinary, emulated = Engine(exposing(graph, watch.tensors)), Engine(graph)
    arithmetic = {name: thresholds.intrinsic[pattern] for name, pattern in chosen.items()}
    open_operands = _open_operands(graph, arithmetic)
    ranges = measure(ordinary, inputs.feeds(), open_operands) if open_operands else {}
    layers: dict[str, EmulatedLayer] = {}
    for index, step in enumerate(emulated.steps):
        if isinstance(step, LayerRunner) and step.layer.name in arithmetic:
            rule = arithmetic[step.layer.name]
            layers[step.layer.name] = EmulatedLayer(step.layer, graph, rule, ranges)
            emulated.steps[index] = layers[step.layer.name]
    tallies = {layer.name: ErrorTally() for layer in graph.layers}
    outputs = OutputTally(inputs.images_per_run)
    labels = inputs.labels
    doubts: list[Doubts] = []
    for index, feed in enumerate(inputs.feeds()):
        seen = _Outputs(watch)
        watch.start()
        for name, tensor in feed.items():
            watch.seen(name, tensor)
        before = ordinary.run(feed, seen)
        watch.outputs(graph.outputs, before)
        doubts.append(watch.doubts)
        after = emulated.run(feed, _Compared(seen.of, tallies))
        own = () if labels is None else tuple(labels[index].reshape(-1).tolist())
        outputs.add(ImageTrace({}, tuple(after), tuple(before), labels=own))
        if progress is not None:
            progress(index + 1)
    return Emulation(
        **Source.of(graph, inputs).provenance,
        warnings=(*inputs.warnings, *doubt_warnings(doubts)),
        layers=tuple(
            _record(layer.name, layer.op, tallies[layer.name], layers.get(layer.name), chosen)
            for layer in graph.layers
        ),
        outputs=outputs.output_error(),
        accuracy=outputs.accuracy(),
    )


def _open_operands(graph: Graph, arithmetic: Mapping[str, Arithmetic]) -> set[str]:
    """Tensors of float operands whose fraction must be chosen from their values."""
    found = set()
    for layer in graph.layers:
        rule = arithmetic.get(layer.name)
        if rule is None or layer.is_integer:
            continue
        if rule.act_fraction is None:
            found.add(layer.activation)
        if rule.weight_fraction is None and layer.weight not in graph.constants:
            found.add(layer.weight)
    return found


def _record(
    name: str, op: str, tally: ErrorTally, layer: EmulatedLayer | None, chosen: Mapping[str, str]
) -> LayerEmulation:
    many = max(tally.outputs, 1)
    return LayerEmulation(
        name=name,
        op=op,
        where=f"intrinsic.{chosen[name]}" if layer else "",
        arithmetic=layer.arithmetic if layer else None,
        formats=layer.formats if layer else None,
        lane_bits=layer.lane_bits if layer else 0,
        outputs=tally.outputs,
        mean_error=tally.error / many,
        max_error=tally.largest,
        mean_magnitude=tally.magnitude / many,
        counts=tally.total(layer.constant) if layer else None,
    )


class _Outputs:
    """Keeps each layer's output of one run, and shows all to a watch."""

    def __init__(self, watch: Watch) -> None:
        self.of: dict[str, np.ndarray] = {}
        self._watch = watch

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        self.of[runner.layer.name] = tensors[runner.layer.output]
        self._watch.layer(runner, tensors)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """What the host makes is no layer's output."""
        self._watch.made(names, tensors)


class _Compared:
    """Adds up how each layer's output differs from the ordinary one."""

    def __init__(self, ordinary: dict[str, np.ndarray], tallies: dict[str, ErrorTally]) -> None:
        self.ordinary, self.tallies = ordinary, tallies

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        tally = self.tallies[runner.layer.name]
        tally.add(tensors[runner.layer.output], self.ordinary.pop(runner.layer.name))
        if isinstance(runner, EmulatedLayer):
            tally.counts.append(runner.counts)

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """What the host makes is no layer's."""
