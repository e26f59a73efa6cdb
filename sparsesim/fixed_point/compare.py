"""How the fixed-point execution differs from ONNX's, counted: each layer, and the outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.run import Engine
from sparsesim.fixed_point.execute import FixedPoint
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.fixed_point.sums import Array, Computed, exact_sums
from sparsesim.graph import Graph
from sparsesim.spec import Accelerator


@dataclass(frozen=True)
class Difference:
    """How a tensor of the fixed-point execution differs from ONNX's, over all images.

    Attributes:
        name: a layer's, or an output's of the model.
        elements: compared.
        differing: how many are not equal.
        own: how many differ where the layer is given the operands that it has in ONNX's execution:
            its own roundings. The others follow from layers before it. 0 for an output.
        largest: the largest difference; in steps of a quantised tensor, else in its own unit.
        overflows: sums of the layer that left the accumulator on their way, or, where the machine
            flags none, that do not fit it; 0 for an output.
        reason: why the engine did a part of the layer's ending; else empty.
    """

    name: str
    elements: int = 0
    differing: int = 0
    own: int = 0
    largest: float = 0.0
    overflows: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """Both executions, each on its own values from the input on.

    Attributes:
        images: runs that were compared.
        layers: in execution order.
        outputs: of the model, in order; those that are tensors of numbers.
    """

    images: int
    layers: tuple[Difference, ...]
    outputs: tuple[Difference, ...]


def compare(
    graph: Graph,
    feeds: Iterable[Mapping[str, np.ndarray]],
    accelerator: Accelerator,
    array: Array = exact_sums,
    layers: Collection[str] | None = None,
) -> Comparison:
    """Run both executions on the same feeds.

    Args:
        graph: quantised.
        feeds: input tensors by name, one run after another.
        accelerator: of the fixed-point execution.
        array: computes its products: the Verilog takes this place; `own` is counted without it.
        layers: names of those that run in fixed point; None: all.
    Raises:
        ModelError, InputError: as both executions.
    """
    fixed, engine = FixedPoint(graph, accelerator, array, layers), Engine(graph)
    ours = fixed if array is exact_sums else FixedPoint(graph, accelerator, layers=layers)
    found = {name: Difference(name) for name in fixed.layers}
    outputs = {name: Difference(name) for name in graph.outputs}
    images = 0
    for feed in feeds:
        images += 1
        expected = _Expected(ours)
        wanted = engine.run(feed, expected)

        def seen(
            product: LayerProduct, computed: Computed, tensor: np.ndarray, made=expected.of
        ) -> None:
            onnx, own = made[product.name]
            now = _added(found[product.name], tensor, onnx)
            found[product.name] = replace(
                now,
                own=now.own + own,
                overflows=now.overflows + int(np.count_nonzero(computed.overflow)),
                reason=product.reason,
            )

        got = fixed.run(feed, seen)
        for name, mine, theirs in zip(graph.outputs, got, wanted, strict=True):
            if isinstance(mine, np.ndarray) and mine.dtype.kind in "biuf":
                outputs[name] = _added(outputs[name], mine, theirs)
    told = tuple(difference for difference in outputs.values() if difference.elements)
    return Comparison(images, tuple(found.values()), told)


class _Expected:
    """Keeps of one ONNX run each layer's output, and how many of it the layer alone gives other."""

    def __init__(self, fixed: FixedPoint) -> None:
        self.layers = fixed.layers
        self.of: dict[str, tuple[np.ndarray, int]] = {}

    def layer(self, runner: LayerRunner, tensors: Mapping[str, np.ndarray]) -> None:
        name, onnx = runner.layer.name, tensors[runner.layer.output]
        if name not in self.layers:
            return
        self.of[name] = onnx, int(np.count_nonzero(self.layers[name].run(tensors) != onnx))

    def made(self, names: tuple[str, ...], tensors: Mapping[str, np.ndarray]) -> None:
        """What the host makes is no layer's."""


def _added(difference: Difference, mine: np.ndarray, theirs: np.ndarray) -> Difference:
    """One more run's tensor counted in."""
    differs = mine != theirs
    largest = difference.largest
    if differs.any():
        kind = np.float64 if mine.dtype.kind == "f" else np.int64
        apart = np.abs(mine[differs].astype(kind) - theirs[differs].astype(kind))
        largest = max(largest, float(apart.max()))
    return replace(
        difference,
        elements=difference.elements + mine.size,
        differing=difference.differing + int(np.count_nonzero(differs)),
        largest=largest,
    )
