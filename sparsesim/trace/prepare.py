"""From a model and its inputs to a lazy trace: quantised and sparsified where asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sparsesim.graph import Graph
from sparsesim.inputs import Inputs
from sparsesim.trace.execute import execute
from sparsesim.trace.trace import Trace

if TYPE_CHECKING:
    from sparsesim.sparsity import Thresholds


def prepare(
    graph: Graph, inputs: Inputs, thresholds: Thresholds | None = None, quantize: bool = False
) -> Trace:
    """A trace whose images are executed as they are gone through: memory stays bounded.

    Args:
        graph: as loaded.
        inputs: for it.
        thresholds: applied before; their `blocks` name the trace's.
        quantize: quantise a float model to 8 bits first.
    """
    graph, named_blocks = rewritten(graph, inputs, thresholds, quantize)
    return execute(graph, inputs, named_blocks=named_blocks, lazy=True)


def rewritten(
    graph: Graph, inputs: Inputs, thresholds: Thresholds | None = None, quantize: bool = False
) -> tuple[Graph, dict[str, list[str]] | None]:
    """The graph that `prepare` executes, and the blocks that its thresholds name."""
    if quantize:
        from sparsesim.graph.quantize import quantize as quantized

        graph = quantized(graph, inputs.feeds(), inputs.images_per_run)
    if thresholds is None:
        return graph, None
    from sparsesim.sparsity import sparsify

    named_blocks = {name: list(patterns) for name, patterns in thresholds.blocks.items()}
    return sparsify(graph, thresholds), named_blocks or None


def watched(trace: Trace, progress: Callable[[int], Any]) -> Trace:
    """The trace, telling how many of its images have gone by."""

    def images() -> Any:
        for done, image in enumerate(trace.images, 1):
            yield image
            progress(done)

    return replace(trace, images=images())
