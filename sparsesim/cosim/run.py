"""`cosimulate`: real layers of a quantised graph through the Verilog, compared with the model.

Side by side: the fixed-point execution gives all layers' operands, and their passes run on as many
processes as there are workers. Chained: each layer is fed with what the Verilog itself made of the
one before, its post-processing included.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.cosim.check import Expected, Failure, LayerCheck, agrees
from sparsesim.cosim.layer import Slicer, layer_passes, model_counts, runs_of
from sparsesim.cosim.operands import PassOperands
from sparsesim.cosim.pool import Found, Pool, result_of
from sparsesim.errors import SpecError
from sparsesim.fixed_point.execute import FixedPoint
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import Computed, exact_sums
from sparsesim.graph import Graph
from sparsesim.graph.host_work import host_work
from sparsesim.graph.no_layer import require_layers
from sparsesim.inputs import Inputs
from sparsesim.machines.counted import Counted
from sparsesim.machines.passes import Passes
from sparsesim.rtl.simulator import PassRun, Verilog
from sparsesim.spec import Accelerator
from sparsesim.trace import ImageTrace, Trace
from sparsesim.trace.doubtful_values import Noted
from sparsesim.trace.execute import execute

_PARTS_A_WORKER = 8  # pieces of work in flight for each process


@dataclass(frozen=True)
class Cosimulation:
    """What was found.

    Attributes:
        checks: layer by layer, run by run; up to the first that differs.
        failure: the first pass that differs, or None.
        outputs_equal: the model's outputs of each chained run equal the fixed-point execution's;
            empty where layers ran side by side.
        seconds: of simulation.
        workers: processes; 0 was the one that called.
        images_per_run: more than 1 where the model's batch is fixed.
        warnings: of the inputs, and of values that are no numbers.
    """

    checks: tuple[LayerCheck, ...]
    failure: Failure | None
    outputs_equal: tuple[bool, ...]
    seconds: float
    workers: int
    images_per_run: int = 1
    warnings: tuple[str, ...] = ()


def cosimulate(
    graph: Graph,
    inputs: Inputs,
    accelerator: Accelerator,
    *,
    layers: Sequence[str] | None = None,
    chained: bool = False,
    most_passes: int | None = None,
    workers: int = 0,
    folder: Path | None = None,
    progress: Callable[[int, int], Any] | None = None,
) -> Cosimulation:
    """Run layers through the Verilog and compare every result, cycle count and class.

    Args:
        graph: quantised: the layers multiply integers.
        inputs: images.
        accelerator: gives the Verilog's parameters; `batch` must be 1.
        layers: names; None is all.
        chained: feed each layer with the Verilog's own outputs; takes all layers and all passes.
        most_passes: simulate at most so many runs of passes of a layer and run of the model, evenly
            spread.
        workers: processes; 0 is this one, where Ctrl-C waits for the end of a pass.
        folder: of another version of the Verilog than the machine's own.
        progress: called with the cycles simulated and those known of so far.
    Raises:
        SpecError: an accelerator that the Verilog does not have.
        ModelError: no layer, an unknown one, floats, operands that are too wide.
        SparseSimError: no simulator.
    """
    _check(accelerator, chained, layers, most_passes)
    chosen = [graph.layer(name).name for name in layers] if layers else None
    require_layers(graph.source, graph.layers, host_work(graph))
    trace = execute(graph, inputs, lazy=True)
    noted = Noted(trace.images)
    began = time.monotonic()
    with Pool(Verilog(accelerator, folder=folder), workers) as pool:
        run = _Run(trace, accelerator, pool, most_passes, progress)
        equal = []
        for index, (image, feed) in enumerate(zip(noted, inputs.feeds(), strict=False)):
            if chained:
                equal.append(_chained(run, graph, feed, image, index))
            else:
                products = _products(graph, feed, accelerator, chosen)
                run.layers(products, image, index)
            if run.failure is not None:
                break
    return Cosimulation(
        tuple(run.checks),
        run.failure,
        tuple(equal),
        time.monotonic() - began,
        workers,
        inputs.images_per_run,
        (*inputs.warnings, *noted.warnings()),
    )


def _check(
    accelerator: Accelerator, chained: bool, layers: Sequence[str] | None, most: int | None
) -> None:
    accelerator.rtl_parameters()  # of a machine that has Verilog
    if accelerator.batch != 1:
        raise SpecError(f"batch {accelerator.batch} is out of range; co-simulation takes 1")
    if most is not None and most < 1:
        raise SpecError(f"most passes {most} is out of range; use 1 and up")
    if chained and (layers or most is not None):
        raise SpecError("a chained run takes all layers and all passes; leave the choice out")


def _products(
    graph: Graph, feed: Any, accelerator: Accelerator, chosen: list[str] | None
) -> Iterator[tuple[LayerProduct, Computed]]:
    """The chosen layers' products by the fixed-point execution, and what they must give."""
    seen: list[tuple[LayerProduct, Computed]] = []

    def observe(product: LayerProduct, computed: Computed, output: np.ndarray) -> None:
        seen.append((product, computed))

    FixedPoint(graph, accelerator, layers=chosen).run(feed, observe)
    yield from seen


class _Stop(Exception):
    """A layer differs: nothing behind it is of use."""


def _chained(run: _Run, graph: Graph, feed: Any, image: ImageTrace, index: int) -> bool:
    def array(product: LayerProduct, accelerator: Accelerator) -> Computed:
        expected = exact_sums(product, accelerator)
        found = run.layers([(product, expected)], image, index)
        if run.failure is not None:
            raise _Stop
        return found[0]

    try:
        made = FixedPoint(graph, run.accelerator, array).run(feed)
    except _Stop:
        return False
    wanted = FixedPoint(graph, run.accelerator).run(feed)
    return all(np.array_equal(a, b) for a, b in zip(made, wanted, strict=True))


@dataclass
class _Layer:
    """A layer under way."""

    slicer: Slicer
    expected: Computed
    counts: Counted
    runs: list[range]  # those that are simulated
    found: Computed  # by the Verilog
    cycles: int = 0
    clocked: int = 0
    results: int = 0
    waiting: int = 0


@dataclass
class _Run:
    """The state of a co-simulation: what was checked so far."""

    trace: Trace
    accelerator: Accelerator
    pool: Pool
    most_passes: int | None
    progress: Callable[[int, int], Any] | None
    checks: list[LayerCheck] = field(default_factory=list)
    failure: Failure | None = None
    done_cycles: int = 0
    known_cycles: int = 0

    def layers(self, products: Any, image: ImageTrace, index: int) -> list[Computed]:
        """Simulate layers side by side; gives what the Verilog made of each."""
        traced = {layer.name: layer for layer in self.trace.layers}
        under_way = []
        for product, expected in products:
            passes = layer_passes(self.trace, traced[product.name], image, self.accelerator)
            under_way.append(self._started(product, expected, passes, index))
        work = [(layer, run) for layer in under_way for run in self._parts(layer)]
        flying: list[tuple[_Layer, list[int], Future[list[Found]]]] = []
        for layer, numbers in work:
            flying.append((layer, numbers, self._submit(layer, numbers)))
            if len(flying) >= _PARTS_A_WORKER * max(1, self.pool.workers):
                self._take(*flying.pop(0))
            if self.failure is not None:
                break
        while flying and self.failure is None:
            self._take(*flying.pop(0))
        for layer in under_way:
            if layer.waiting == 0 or self._failed(layer):
                self.checks.append(self._checked(layer))
        return [layer.found for layer in under_way]

    def _started(
        self, product: LayerProduct, expected: Computed, passes: Passes, index: int
    ) -> _Layer:
        counts = model_counts(product, passes, self.accelerator)
        runs = runs_of(passes)
        if self.most_passes is not None and len(runs) > self.most_passes:
            chosen = np.linspace(0, len(runs) - 1, self.most_passes).round().astype(int)
            runs = [runs[n] for n in sorted(set(chosen.tolist()))]
        shape = (product.weights.shape[0], product.weights.shape[1], product.activations.shape[1])
        found = Computed(
            np.zeros(shape, dtype=np.int64),
            np.zeros(shape, dtype=bool),
            None if product.post is None else np.zeros(shape, dtype=np.int16),
        )
        slicer = Slicer(product, passes, index)
        layer = _Layer(slicer, expected, counts, runs, found)
        self.known_cycles += sum(int(counts.cycles[number]) for run in runs for number in run)
        return layer

    def _parts(self, layer: _Layer) -> Iterator[list[int]]:
        """Passes that go to a process together: short ones in a lot, whole runs always."""
        enough = max(
            sum(int(layer.counts.cycles[n]) for run in layer.runs for n in run) // 32, 10_000
        )
        part: list[int] = []
        cycles = 0
        for run in layer.runs:
            part += run
            cycles += sum(int(layer.counts.cycles[number]) for number in run)
            if cycles >= enough:
                layer.waiting += 1
                yield part
                part, cycles = [], 0
        if part:
            layer.waiting += 1
            yield part

    def _submit(self, layer: _Layer, numbers: list[int]) -> Future[list[Found]]:
        operands = tuple(layer.slicer.operands(number) for number in numbers)
        # Twice the model's cycles, and what a machine needs to come to rest.
        limits = tuple(2 * int(layer.counts.cycles[number]) + 2_000 for number in numbers)
        return self.pool.submit(operands, limits)

    def _take(self, layer: _Layer, numbers: list[int], future: Future[list[Found]]) -> None:
        for number, found in zip(numbers, result_of(future), strict=False):
            operands = layer.slicer.operands(number)
            expected = self._expected(layer, operands)
            if not agrees(expected, found, operands.drains):
                run = next(run for run in layer.runs if number in run)
                earlier = tuple(map(layer.slicer.operands, range(run.start, number)))
                self.failure = self.failure or Failure(operands, expected, found, earlier)
                if isinstance(found, PassRun):
                    layer.cycles += found.cycles
                return
            assert isinstance(found, PassRun)
            self._put(layer, operands, found)
        layer.waiting -= 1
        if self.progress is not None:
            self.progress(self.done_cycles, self.known_cycles)

    def _put(self, layer: _Layer, operands: PassOperands, found: PassRun) -> None:
        layer.cycles += found.cycles
        layer.clocked += found.clocked
        self.done_cycles += found.cycles
        if not operands.drains:
            return
        where = _where(operands)
        assert layer.found.sums is not None
        layer.found.sums[where] = found.sums
        layer.found.overflow[where] = found.overflow
        layer.results += found.sums.size
        if layer.found.outputs is not None and found.values is not None:
            layer.found.outputs[where] = found.values
            layer.results += found.values.size

    def _expected(self, layer: _Layer, operands: PassOperands) -> Expected:
        where, number = _where(operands), operands.number
        wanted = layer.expected
        assert wanted.sums is not None
        values = None if wanted.outputs is None else wanted.outputs[where]
        cycles, classes = int(layer.counts.cycles[number]), layer.counts.slots[number].tolist()
        overflow = wanted.overflow[where] & self.accelerator.sum_order.flags
        return Expected(cycles, tuple(classes), wanted.sums[where], overflow, values)

    def _failed(self, layer: _Layer) -> bool:
        operands = self.failure.operands if self.failure else None
        return operands is not None and (
            (operands.layer, operands.image) == (layer.slicer.product.name, layer.slicer.image)
        )

    def _checked(self, layer: _Layer) -> LayerCheck:
        numbers = [number for run in layer.runs for number in run]
        return LayerCheck(
            name=layer.slicer.product.name,
            run=layer.slicer.image,
            passes=len(layer.slicer.passes),
            passes_run=len(numbers),
            cycles_model=int(layer.counts.cycles[numbers].sum()) if numbers else 0,
            cycles_verilog=layer.cycles,
            cycles_of_all=int(layer.counts.cycles.sum()),
            results=layer.results,
            clocked=layer.clocked,
            reason=layer.slicer.product.reason,
            agrees=not self._failed(layer),
        )


def _where(operands: PassOperands) -> tuple[int, slice, slice]:
    filters, positions = len(operands.weights), len(operands.activations)
    return (
        operands.group,
        slice(operands.first_filter, operands.first_filter + filters),
        slice(operands.first_position, operands.first_position + positions),
    )
