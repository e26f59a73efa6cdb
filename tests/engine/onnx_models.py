"""Small models for tests, and their outputs by our engine and by what it must equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from exact_integers import expected, runtime_outputs
from onnx import TensorProto, helper, numpy_helper

from sparsesim.engine.run import Engine
from sparsesim.graph import Graph, load

Shape = Sequence[int | str | None] | None


def node(op: str, inputs: str, outputs: str, name: str = "", **attributes: Any) -> onnx.NodeProto:
    """A node; inputs and outputs are words, `-` is an absent one."""
    words = [["" if word == "-" else word for word in text.split()] for text in (inputs, outputs)]
    domain = attributes.pop("domain", "")
    return helper.make_node(op, *words, name=name, domain=domain, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[Any, Shape]],
    outputs: Sequence[str | onnx.ValueInfoProto],
    constants: Mapping[str, np.ndarray] | None = None,
    opset: int = 21,
    **more: Any,
) -> onnx.ModelProto:
    """A model; inputs by name as (numpy type, shape); types of outputs are inferred."""
    made = helper.make_graph(
        list(nodes),
        "small",
        [value(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [o if isinstance(o, onnx.ValueInfoProto) else onnx.ValueInfoProto(name=o) for o in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    opsets = more.pop("opset_imports", [helper.make_opsetid("", opset)])
    whole = helper.make_model(made, opset_imports=opsets, **more)
    whole.ir_version = min(whole.ir_version, 10) if "ir_version" not in more else whole.ir_version
    if any(not isinstance(output, onnx.ValueInfoProto) for output in outputs):
        inferred = onnx.shape_inference.infer_shapes(whole)
        if all(value.type.WhichOneof("value") for value in inferred.graph.output):
            del whole.graph.output[:]
            whole.graph.output.extend(inferred.graph.output)
    return whole


def value(name: str, kind: Any, shape: Shape) -> onnx.ValueInfoProto:
    """A tensor's declaration; `kind`: a numpy type, or `str`."""
    element = TensorProto.STRING if kind is str else helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    return helper.make_tensor_value_info(name, element, shape)


def reference(whole: onnx.ModelProto, feed: Mapping[str, Any], fused: bool = True) -> list[Any]:
    """ONNX Runtime's outputs, by itself; `fused`: with its optimisations."""
    return runtime_outputs(whole, feed, fused)


def agree(
    whole: onnx.ModelProto,
    feed: Mapping[str, Any],
    layers: int = 1,
    hosts: int | None = 0,
    tolerance: float = 2e-6,
    fused: bool = True,
) -> Graph:
    """Run the engine and what it must equal: floats to a part of the output's range, all else.

    Integer products are compared with whole numbers, and with ONNX Runtime where it is exact on
    this processor; all else with ONNX Runtime.

    Args:
        whole: the model.
        feed: its inputs.
        layers, hosts: how many steps of each kind it must have; None: any number.
        tolerance: of the output's range; float16 has its own.
        fused: compare with ONNX Runtime's optimised model.
    Returns:
        the graph.
    """
    graph = load(whole)
    assert len(graph.layers) == layers, (graph.reasons, [layer.name for layer in graph.layers])
    assert hosts in (None, len(graph.steps) - len(graph.layers)), graph.steps
    ours = Engine(graph).run(feed)
    for witness in expected(whole, feed, fused):
        for mine, wanted in zip(ours, witness, strict=True):
            close(mine, wanted, tolerance)
    return graph


def close(mine: Any, wanted: Any, tolerance: float = 2e-6) -> None:
    """Values agree in kind, shape and number."""
    if isinstance(wanted, list):
        assert isinstance(mine, list) and len(mine) == len(wanted)
        for a, b in zip(mine, wanted, strict=True):
            close(a, b, tolerance)
        return
    assert mine.dtype == wanted.dtype and mine.shape == wanted.shape, (mine.dtype, mine.shape)
    if wanted.dtype.kind != "f":
        np.testing.assert_array_equal(mine, wanted)
        return
    if wanted.dtype == np.float16:
        tolerance = max(tolerance, 2e-3)
    span = float(np.ptp(wanted.astype(np.float64))) if wanted.size else 0.0
    span = max(span, float(np.abs(wanted).max(initial=0.0)), 1e-30)
    np.testing.assert_allclose(mine, wanted, rtol=0, atol=tolerance * span)
