"""Raising a model's opset where a rewrite needs an operator that it doesn't have yet."""

from __future__ import annotations

from onnx import version_converter

from sparsesim.errors import ModelError
from sparsesim.graph.domains import onnx_opset
from sparsesim.graph.fold import fold
from sparsesim.graph.layers import Graph
from sparsesim.graph.loading import rebuilt
from sparsesim.graph.quiet import quiet
from sparsesim.graph.read import normalise
from sparsesim.graph.save import to_model
from sparsesim.graph.session import one_line
from sparsesim.graph.widths import set_value_bits


def with_opset(graph: Graph, least: int, needed_by: str) -> Graph:
    """The graph in that opset, or as it is where it has that or a later one.

    Args:
        graph: the graph.
        least: version of the default domain.
        needed_by: what needs it, in words for the error: `activation thresholds`.
    Raises:
        ModelError: onnx's converter does not take the model.
    """
    version = onnx_opset(graph.model)
    if version is None or version >= least:
        return graph
    try:
        with quiet():
            converted = version_converter.convert_version(to_model(graph), least)
    except Exception as error:
        raise ModelError(
            f"{graph.source}: opset {version} cannot be converted to {least}, which "
            f"{needed_by} need: {one_line(error)}"
        ) from error
    raised = normalise(converted, graph.source)
    model, constants = fold(raised, graph.source, custom_ops=graph.custom_ops)
    set_value_bits(model, graph.value_bits)  # which the converter forgets
    return rebuilt(graph, model, constants, [f"converted from opset {version} to {least}"])
