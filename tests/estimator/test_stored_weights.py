"""A weight that several layers share, or that a batch repeats, is stored and weighs once."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import sparsesim as ss
from sparsesim.graph.blocks import blocks
from sparsesim.sparsity import weight_sparsity

F = np.float32


def node(op: str, inputs: str, output: str, name: str = "", **attributes) -> onnx.NodeProto:
    return helper.make_node(op, inputs.split(), [output], name=name or output, **attributes)


def model(nodes, inputs, output, constants) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", 1, output)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def values(seed: int, *shape: int, density: float = 0.5) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.integers(1, 4, shape) * (random.random(shape) < density)).astype(F)


def zeros(*arrays: np.ndarray) -> float:
    return sum(int((a == 0).sum()) for a in arrays) / sum(a.size for a in arrays)


def bitmask(*arrays: np.ndarray) -> int:
    return sum(a.size + 8 * int(np.count_nonzero(a)) for a in arrays)


W, V = values(1, 4, 4, density=0.2), values(2, 4, 4, density=0.9)
K = values(3, 4, 4, 3, 3)
Q = helper.make_tensor("q", onnx.TensorProto.INT8, [4, 4], W.astype(np.int8).reshape(-1).tolist())
S = {"s": F(0.5)}
# Each: nodes, the input's and the output's shape, constants, the weights as they are stored.
SHARED = {
    "one name": (
        [node("MatMul", "x w", "a"), node("MatMul", "a v", "b"), node("MatMul", "b w", "y")],
        (3, 4), (3, 4), {"w": W, "v": V}, [W, V],
    ),
    "a convolution's": (
        [node("Conv", "x k", "a", pads=[1] * 4), node("Relu", "a", "r"), node("Conv", "r k", "y")],
        (1, 4, 6, 6), (1, 4, 4, 4), {"k": K}, [K],
    ),
    "behind Identity": (
        [node("Identity", "w", "u"), node("MatMul", "x w", "a"), node("MatMul", "a u", "y")],
        (3, 4), (3, 4), {"w": W}, [W],
    ),
    "each turned for itself": (
        [node("Transpose", "w", "u"), node("Transpose", "w", "v"), node("MatMul", "x v", "a"),
         node("MatMul", "a u", "y")],
        (3, 4), (3, 4), {"w": W}, [W],
    ),
    "equal, but two": (
        [node("MatMul", "x w", "a"), node("MatMul", "a u", "y")],
        (3, 4), (3, 4), {"w": W, "u": W.copy()}, [W, W],
    ),
    "read in two orders": (
        [node("MatMul", "x w", "a"), node("Gemm", "a w", "y", transB=1)],
        (3, 4), (3, 4), {"w": W}, [W],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SHARED)
def test_shared_weights(name, tmp_path):
    nodes, inputs, output, constants, stored = SHARED[name]
    whole = model(nodes, {"x": inputs}, output, constants)
    graph = ss.load(whole)
    result = ss.estimate(ss.execute(graph, values(9, *inputs)))
    assert result.totals.weight_storage.dense == 8 * sum(w.size for w in stored)
    assert result.totals.weight_storage.encoded == bitmask(*stored)
    assert result.totals.weight_sparsity == pytest.approx(zeros(*stored))
    # Each layer has its weight and reads it.
    assert result.totals.schemes["none"].dram_bits.weight == sum(
        layer.weight_storage.dense for layer in result.layers
    )
    table = weight_sparsity(graph, blocks(graph))
    assert table.model.elements == sum(w.size for w in stored)
    assert table.model.sparsity == pytest.approx(zeros(*stored))
    assert all(layer.elements for layer in table.layers)


def test_a_block_holds_what_its_layers_share_once(tmp_path):
    nodes, inputs, output, constants, _ = SHARED["one name"]
    graph = ss.load(model(nodes, {"x": inputs}, output, constants))
    named = {"ends": ["a", "y"], "mid": ["b"]}
    result = ss.estimate(ss.execute(graph, values(9, *inputs), named_blocks=named))
    found = {block.name: block.weight_sparsity for block in result.blocks}
    assert found == pytest.approx({"ends": zeros(W), "mid": zeros(V)})
    rows = {block.name: block for block in weight_sparsity(graph, blocks(graph, named)).blocks}
    assert (rows["ends"].elements, rows["mid"].elements) == (16, 16)
    assert rows["ends"].sparsity == pytest.approx(zeros(W))


def test_show_counts_a_weight_once(tmp_path):
    from typer.testing import CliRunner

    from sparsesim.cli import app

    nodes, inputs, output, constants, _ = SHARED["one name"]
    path = tmp_path / "m.onnx"
    onnx.save(model(nodes, {"x": inputs}, output, constants), path)
    done = CliRunner().invoke(app, ["show", str(path), "-o", str(tmp_path / "m.json")])
    assert done.exit_code == 0
    shown = json.loads((tmp_path / "m.json").read_text())
    assert shown["weights"] == 32
    assert shown["weight_sparsity"] == pytest.approx(zeros(W, V))
    assert [layer["weights"] for layer in shown["layers"]] == [16, 16, 16]


def test_quantised_layers_that_share_integers():
    nodes = [
        node("DequantizeLinear", "q s", "u"), node("DequantizeLinear", "q s", "v"),
        node("MatMul", "x u", "a"), node("MatMul", "a v", "y"),
    ]  # fmt: skip
    whole = model(nodes, {"x": (3, 4)}, (3, 4), S)
    whole.graph.initializer.append(Q)
    result = ss.estimate(ss.execute(ss.load(whole), values(9, 3, 4)))
    assert result.totals.weight_storage.dense == 16 * 8


@pytest.mark.parametrize(
    ("first", "w", "x"),
    [
        (True, (4, 8), (1, 6, 8, 5)),
        (True, (1, 1, 4, 8), (2, 3, 8, 5)),
        (True, (4, 8), (3, 8, 1)),
        (True, (1, 8), (3, 8, 5)),
        (False, (8, 4), (2, 3, 5, 8)),
        (True, (3, 4, 8), (2, 3, 8, 5)),
        (True, (2, 1, 4, 8), (2, 3, 8, 5)),
        (False, (3, 8, 4), (2, 3, 5, 8)),
        (False, (2, 1, 8, 4), (2, 3, 5, 8)),
        (False, (2, 3, 8, 4), (5, 8)),
    ],
)
@pytest.mark.parametrize("form", ["bitmask", "csr"])
def test_a_constant_that_a_batch_repeats(first, w, x, form):
    weight, activation = values(1, *w), values(2, *x)
    a, b = (weight, activation) if first else (activation, weight)
    y = np.matmul(a, b)
    names = "w x" if first else "x w"
    whole = model([node("MatMul", names, "y")], {"x": x}, y.shape, {"w": weight})
    trace = ss.execute(ss.load(whole), activation)
    np.testing.assert_array_equal(trace.images[0].outputs[0], y)
    result = ss.estimate(trace, ss.Accelerator(weight_format=form))
    (layer,) = result.layers
    turned = weight if first else np.swapaxes(weight, -1, -2)
    stored = ss.encoded_bits((turned.reshape(-1, 8) != 0).astype(np.int8), form)
    assert layer.weight_storage.dense == result.totals.weight_storage.dense == 8 * weight.size
    assert layer.weight_storage.encoded == stored
    assert layer.weight_sparsity == pytest.approx(zeros(weight))
    assert layer.output_sparsity == pytest.approx(zeros(y))
    assert layer.macs == y.size * 8
    effectual = np.matmul((a != 0).astype(int), (b != 0).astype(int)).sum()
    assert layer.effectual_macs == effectual
    copies = 1 if np.prod(w[:-2], dtype=int) == 1 else np.prod(y.shape[:-2], dtype=int)
    assert layer.groups == copies
    loads = layer.schemes["none"].dram_bits.weight  # once, or for each index of the batch
    assert loads == 8 * copies * weight.shape[-1] * weight.shape[-2]


def test_layers_thinned_apart_share_no_longer():
    nodes, inputs, output, constants, _ = SHARED["one name"]
    graph = ss.load(model(nodes, {"x": inputs}, output, constants))
    thinned = ss.sparsify(graph, ss.Thresholds(weights={"a": 2.0}))
    result = ss.estimate(ss.execute(thinned, values(9, *inputs)))
    apart = np.where(W <= 2, F(0), W)
    assert result.totals.weight_storage.encoded == bitmask(apart, V, W)
