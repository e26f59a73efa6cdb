"""Every kind of layer runs on `stream`, in the passes that an estimate cuts: those of the clocked
machine, pass by pass."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import onnx
import pytest
from naive_stream import naive_stream_cycles
from onnx import TensorProto, helper, numpy_helper

import sparsesim as ss
from sparsesim.estimator.operands import operands_of
from sparsesim.lowering.bits import unpack
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.stream import CLASSES
from sparsesim.memory import plan_layer, value_bits_of

RANDOM = np.random.default_rng(5)


def sparse(*shape: int) -> np.ndarray:
    """Half zeros."""
    values = RANDOM.integers(-4, 5, shape) * RANDOM.integers(0, 2, shape)
    return values.astype(np.float32)


def conv(op: str, shape: tuple[int, ...], weight: tuple[int, ...], **attributes):
    """One convolution of whole numbers."""
    node = helper.make_node(op, ["x", "w"], ["y"], op.lower(), **attributes)
    return model([node], {"x": shape}, {"w": sparse(*weight)})


def model(nodes, inputs, weights) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """A model and its inputs; its outputs are those of the last node."""
    given = [helper.make_tensor_value_info(k, TensorProto.FLOAT, s) for k, s in inputs.items()]
    rank = 2 if nodes[-1].name == "fc" else 4
    made = [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, [None] * rank)]
    stored = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "kinds", given, made, stored)
    opset = [helper.make_opsetid("", 17)]
    found = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return found, {name: sparse(*shape) for name, shape in inputs.items()}


def lstm():
    """Three steps of four cells."""
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], "lstm", hidden_size=4)
    return model([node], {"x": (3, 1, 5)}, {"w": sparse(1, 16, 5), "r": sparse(1, 16, 4)})


def computed():
    """A product of two computed operands."""
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], "one"),
        helper.make_node("Relu", ["z"], ["b"], "two"),
        helper.make_node("MatMul", ["a", "b"], ["y"], "product"),
    ]
    return model(nodes, {"x": (1, 2, 6, 40), "z": (1, 2, 40, 9)}, {})


KINDS = {
    "groups": lambda: conv("Conv", (1, 6, 7, 7), (8, 3, 3, 3), group=2),
    "depthwise": lambda: conv("Conv", (1, 6, 7, 7), (6, 1, 3, 3), group=6, pads=[1] * 4),
    "dilation": lambda: conv("Conv", (1, 4, 9, 9), (5, 4, 3, 3), dilations=[2, 2]),
    "strides": lambda: conv("Conv", (1, 4, 9, 9), (5, 4, 3, 3), strides=[2, 2]),
    "transposed": lambda: conv("ConvTranspose", (1, 4, 4, 4), (4, 3, 3, 3), strides=[2, 2]),
    "computed": computed,
    "recurrent": lstm,
    "long": lambda: model(
        [helper.make_node("MatMul", ["x", "w"], ["y"], "fc")],
        {"x": (1, 25_088)},
        {"w": sparse(25_088, 6)},
    ),
}


@cache
def trace_of(kind: str) -> ss.Trace:
    made, inputs = KINDS[kind]()
    return ss.execute(ss.load(made), inputs)


def masks(rows: np.ndarray, reduction: int) -> np.ndarray:
    """Bool, shape (groups, lines, K)."""
    return np.array([[unpack(line, reduction) for line in group] for group in rows], dtype=bool)


def passes_of(trace: ss.Trace, accelerator: ss.Accelerator) -> Iterator[tuple]:
    """Of each layer, its operands and passes."""
    for layer in trace.layers:
        operands = operands_of(trace, layer, [trace.images[0]])
        plan = plan_layer(
            layer.name,
            operands.geometry,
            operands.activation,
            operands.weight,
            operands.output,
            value_bits_of(trace, layer, accelerator),
            accelerator,
            counts=operands.counts,
        )
        yield operands, plan.passes


@pytest.mark.parametrize("buffers_kib", [64.0, 4.0])
@pytest.mark.parametrize("scheme", ["none", "activation", "weight"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_pass_of_each_kind_of_layer(kind: str, scheme: str, buffers_kib: float) -> None:
    accelerator = ss.Accelerator(
        machine="stream",
        array={"rows": 3, "lanes": 4, "units": 2, "depth": 256 if kind == "long" else 16},
        skipping=scheme,
        activation_buffer_kib=buffers_kib,
        weight_buffer_kib=buffers_kib,
        output_buffer_kib=buffers_kib,
    )
    rules, array, trace = accelerator.rules, accelerator.array, trace_of(kind)
    cuts = 0
    for operands, passes in passes_of(trace, accelerator):
        reduction = operands.geometry.reduction
        rows = {"activation": operands.activation_rows, "weight": operands.weight_rows}
        prepared = {r: rules.prepare(r, words, reduction, array) for r, words in rows.items()}
        pairs = count_pairs(*rows.values(), passes)
        counted = rules.count(*prepared.values(), passes, pairs, rules.scheme(scheme), array)
        act, weight = (masks(words, reduction) for words in rows.values())
        steps = len(act) // len(weight)
        assert len(passes)
        for number, one in enumerate(passes):
            found = naive_stream_cycles(
                act[one.group, one.p0 : one.p1, one.k0 : one.k1],
                weight[one.group // steps, one.m0 : one.m1, one.k0 : one.k1],
                array,
                scheme,
                bool(one.drains),
                begins=one.k0 == 0,
            )
            slots = dict(zip(CLASSES, counted.slots[number].tolist(), strict=True))
            assert (found.cycles, found.classes) == (counted.cycles[number], slots)
            cuts += not one.drains
    if kind == "long" and buffers_kib == 4:
        assert cuts  # K goes on in another pass


@pytest.mark.parametrize("kind", KINDS)
def test_estimates_of_each_kind_hold_together(kind: str) -> None:
    accelerator = ss.Accelerator(machine="stream", rows=8, lanes=8)
    result = ss.estimate(trace_of(kind), accelerator, "xc7z020")
    for layer in result.layers:
        for scheme, counts in layer.schemes.items():
            assert sum(counts.classes.values()) == 64 * layer.cycles[scheme].compute
            floors = accelerator.rules.floors(result.runs(layer), accelerator.array)
            assert max(floor.cycles for floor in floors) <= layer.cycles[scheme].compute
