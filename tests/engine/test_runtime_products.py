"""Which products ONNX Runtime computes exactly here, and where they are in a model."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from exact_integers import runtime_outputs
from onnx import TensorProto, helper, numpy_helper
from onnx_models import model, node

from sparsesim.engine.runtime_products import Product, saturates, saturating
from sparsesim.graph import load

KINDS = ("uint8", "int8")


def without_vnni(op: str, first: str, second: str) -> bool:
    """A processor of AVX2, as it was seen."""
    if op == "ConvInteger":  # its kernel has the weights first
        first, second = second, first
    return (first, second) == ("uint8", "int8")


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("shape", [(1, 2, 1), (3, 30, 5), (17, 130, 33)])
def test_the_probe_says_what_the_runtime_does(first, second, shape):
    """For a sum of the largest operands, whose length is not the probe's."""
    rows, length, columns = shape
    a, b = (255 if kind == "uint8" else -128 for kind in (first, second))
    constants = {"b": np.full((length, columns), b, second)}
    whole = model(
        [node("MatMulInteger", "a b", "y", "layer")],
        {"a": (first, (rows, length))},
        ["y"],
        constants,
    )
    (made,) = runtime_outputs(whole, {"a": np.full((rows, length), a, first)})
    assert saturates("MatMulInteger", first, second) == bool((made != a * b * length).any())


def test_types_that_no_8_bit_kernel_takes():
    for first, second in (("int16", "int8"), ("uint8", "int4"), ("float32", "int8"), ("None", "")):
        assert not saturates("MatMul", first, second)


def test_a_dynamic_operator_makes_its_own_bytes():
    assert saturates("DynamicQuantizeMatMul", "float32", "int8") == saturates(
        "MatMulInteger", "uint8", "int8"
    )


def test_the_runtime_is_imported_only_to_probe():
    said = "import sys, sparsesim.engine.runtime_products; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


SCALES = {"s": np.float32(0.1), "zu": np.uint8(3), "zi": np.int8(0)}


def quantised(op: str, kinds: tuple[str, str], first_is_constant: bool = False):
    """One layer between quantisers."""
    shape, weight = ((1, 4, 5, 5), (2, 4, 3, 3)) if op == "Conv" else ((5, 5), (5, 5))
    zeros = ["zu" if kind == "uint8" else "zi" for kind in kinds]
    order = "wf xf" if first_is_constant else "xf wf"
    nodes = [
        node("DequantizeLinear", f"x s {zeros[0]}", "xf"),
        node("DequantizeLinear", f"w s {zeros[1]}", "wf"),
        node(op, order, "f", "layer"),
        node("QuantizeLinear", f"f s {zeros[0]}", "y"),
    ]
    constants = {**SCALES, "w": np.ones(weight, kinds[1])}
    return model(nodes, {"x": (kinds[0], shape)}, ["y"], constants)


@pytest.mark.parametrize("op", ["Conv", "MatMul", "Gemm"])
@pytest.mark.parametrize("x", KINDS)
@pytest.mark.parametrize("w", KINDS)
def test_layers_between_quantisers(op, x, w):
    found = saturating(load(quantised(op, (x, w))), without_vnni)
    wanted = (Product("layer", op, False),) if (x, w) == ("uint8", "int8") else ()
    assert found == wanted


@pytest.mark.parametrize(("kinds", "count"), [(("uint8", "int8"), 0), (("int8", "uint8"), 1)])
def test_a_weight_that_comes_first(kinds, count):
    graph = load(quantised("MatMul", kinds, first_is_constant=True))
    assert graph.layers[0].weight_first
    assert len(saturating(graph, without_vnni)) == count


@pytest.mark.parametrize(("x", "w", "count"), [("uint8", "int8", 0), ("int8", "uint8", 1)])
def test_conv_integer_has_its_weights_first(x, w, count):
    whole = model(
        [node("ConvInteger", "x w", "y", "layer")],
        {"x": (x, (1, 2, 4, 4))},
        ["y"],
        {"w": np.ones((3, 2, 3, 3), w)},
    )
    assert len(saturating(load(whole), without_vnni)) == count


@pytest.mark.parametrize(("kind", "layers"), [("int8", 2), ("uint8", 0)])
def test_a_dynamically_quantised_recurrent_node(kind, layers):
    random = np.random.default_rng(0)
    constants = {
        "w": random.integers(0, 9, (1, 6, 8)).astype(kind),
        "r": random.integers(0, 9, (1, 2, 8)).astype(kind),
        "s": np.array([0.1], "f4"),
        "z": np.zeros(1, kind),
    }
    words = "x w r - - - - - s z s z"
    lstm = node("DynamicQuantizeLSTM", words, "y", "rec", domain="com.microsoft", hidden_size=2)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, (3, 1, 1, 2))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    whole = model(
        [lstm], {"x": ("f4", (3, 1, 6))}, [output], constants, opset_imports=opsets, ir_version=8
    )
    found = saturating(load(whole), without_vnni)
    names = ("rec/input", "rec/hidden")[:layers]
    assert found == tuple(Product(name, "DynamicQuantizeLSTM", False) for name in names)


def test_products_on_the_host():
    """One with a zero point for each row, which no layer takes, and one in a body."""
    then, other = (
        helper.make_graph(
            [node("MatMulInteger", "x v", f"{name}_y", f"{name}_product")],
            name,
            [],
            [helper.make_tensor_value_info(f"{name}_y", TensorProto.INT32, None)],
            [numpy_helper.from_array(np.ones((6, 2), kind), "v")],
        )
        for name, kind in (("then", "int8"), ("other", "uint8"))
    )
    branch = helper.make_node("If", ["c"], ["z"], "branch", then_branch=then, else_branch=other)
    whole = model(
        [node("MatMulInteger", "x w rows", "y", "by rows"), branch],
        {"x": ("uint8", (4, 6)), "c": (bool, ())},
        ["y", helper.make_tensor_value_info("z", TensorProto.INT32, None)],
        {"w": np.ones((6, 3), "int8"), "rows": np.arange(4, dtype="uint8")},
    )
    graph = load(whole)
    assert graph.layers == ()
    assert saturating(graph, without_vnni) == (
        Product("by rows", "MatMulInteger", True),
        Product("branch", "MatMulInteger", True),
    )
    assert saturating(graph, lambda op, first, second: False) == ()


def test_floats_saturate_nowhere():
    whole = model(
        [node("MatMul", "x w", "y", "layer")],
        {"x": ("f4", (2, 3))},
        ["y"],
        {"w": np.ones((3, 2), "f4")},
    )
    assert saturating(load(whole), lambda op, first, second: first != "float32") == ()
