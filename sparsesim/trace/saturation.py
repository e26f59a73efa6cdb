"""Where ONNX Runtime's 8-bit products saturate on the processor that executes, and how much it is.

Not an error of the trace: its layers are exact. What ONNX Runtime alone gives for the model as
loaded is not, and neither is what it computes on the host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparsesim.engine.runtime_products import Saturates, saturates, saturating
from sparsesim.errors import ModelError
from sparsesim.graph import Graph
from sparsesim.trace.difference import relative_error
from sparsesim.trace.reference import Runtime


@dataclass(frozen=True)
class Saturation:
    """Products that ONNX Runtime does not compute exactly on the processor that executed.

    Attributes:
        layers: of the model as loaded; the engine computes them exactly.
        difference: between ONNX Runtime's outputs of the model as loaded and the exact ones, the
            largest as a share of an output's range, on the first run; None where it does not run.
        host: nodes that ran on the host, each as `name (operator)`: what they gave is not exact.
    """

    layers: tuple[str, ...]
    difference: float | None
    host: tuple[str, ...]


def saturation(
    graph: Graph,
    feed: Mapping[str, Any],
    exact: Sequence[Any],
    saturates: Saturates = saturates,
) -> Saturation | None:
    """What saturates; None where nothing does.

    Args:
        graph: as executed, rewritten or not.
        feed: the inputs of a run.
        exact: its outputs of the model as loaded, by the engine.
        saturates: which kernels do; default: those of this processor.
    """
    loaded = saturating(graph.as_loaded, saturates)
    layers = tuple(product.node for product in loaded if not product.on_host)
    host = inexact_host(graph, saturates)
    if not layers and not host:
        return None
    difference = None
    if layers:
        try:
            given = Runtime(graph.as_loaded).run(feed)
            pairs = zip(given, exact, strict=True)
            difference = max((relative_error(a, b) for a, b in pairs), default=0.0)
        except ModelError:  # what runs in parts may not run whole
            pass
    return Saturation(layers, difference, host)


def inexact_host(graph: Graph, saturates: Saturates = saturates) -> tuple[str, ...]:
    """Nodes on the host whose products saturate, each as `name (operator)`."""
    return tuple(f"{p.node} ({p.op})" for p in saturating(graph, saturates) if p.on_host)
