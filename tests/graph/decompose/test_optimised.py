"""Models that ONNX Runtime's optimiser wrote have the layers and MACs of those it read."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from decompositions import close, model, node, reference, sparse

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.graph import load

RNG = np.random.default_rng(14)


def plain(op, inputs, outputs, name, **more):
    return node(op, inputs, outputs, name, domain="", **more)


def convolutions():
    """Conv, Add and Relu: FusedConv; then a Gemm and LeakyRelu: FusedGemm."""
    x = sparse(RNG, 1, 3, 8, 8)
    nodes = [
        plain("Conv", "x w1 b1", "a", "c1", pads=[1] * 4),
        plain("LeakyRelu", "a", "b", "r1", alpha=0.2),
        plain("Conv", "b w2", "c", "c2", pads=[1] * 4),
        plain("Add", "c b", "d", "add"),
        plain("Relu", "d", "e", "r2"),
        plain("Flatten", "e", "f", "flat"),
        plain("Gemm", "f w3 b3", "g", "fc"),
        plain("LeakyRelu", "g", "y", "r3", alpha=0.1),
    ]
    constants = {"w1": sparse(RNG, 4, 3, 3, 3), "b1": sparse(RNG, 4), "w2": sparse(RNG, 4, 4, 3, 3)}
    constants |= {"w3": sparse(RNG, 256, 10), "b3": sparse(RNG, 10)}
    return model(nodes, {"x": x}, {"y": ("f4", 2)}, constants), {"x": x}


def transposed_products():
    """Transposed operands and a factor: FusedMatMul."""
    a, b = sparse(RNG, 2, 4, 6), sparse(RNG, 2, 5, 6)
    nodes = [
        plain("Transpose", "b", "bt", "turn", perm=[0, 2, 1]),
        plain("MatMul", "a bt", "p", "scores"),
        plain("Mul", "p s", "q", "scaled"),
        plain("Softmax", "q", "r", "soft", axis=-1),
        plain("MatMul", "r b", "y", "values"),
    ]
    whole = model(nodes, {"a": a, "b": b}, {"y": ("f4", 3)}, {"s": np.float32(0.25)})
    return whole, {"a": a, "b": b}


def dynamic_products():
    """A dynamically quantised product with a bias: DynamicQuantizeMatMul."""
    a = sparse(RNG, 3, 12)
    nodes = [
        plain("DynamicQuantizeLinear", "a", "q s z", "quantise"),
        plain("MatMulInteger", "q w z zw", "p", "fc"),
        plain("Cast", "p", "f", "cast", to=1),
        plain("Mul", "s sw", "u", "unit"),
        plain("Mul", "f u", "g", "scaled"),
        plain("Add", "g b", "y", "bias"),
    ]
    w = RNG.integers(-60, 60, (12, 7)).astype("i1")
    constants = {"w": w, "zw": np.int8(0), "sw": np.float32(0.02), "b": sparse(RNG, 7)}
    return model(nodes, {"a": a}, {"y": ("f4", 2)}, constants), {"a": a}


@pytest.mark.parametrize(
    "build, written, products",
    [
        (convolutions, {"FusedConv", "FusedGemm"}, 3),
        (transposed_products, {"FusedMatMul"}, 2),
        (dynamic_products, {"DynamicQuantizeMatMul"}, 1),
    ],
)
def test_layers_and_macs_are_those_of_the_plain_model(tmp_path, build, written, products):
    whole, feed = build()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    ort.InferenceSession(whole.SerializeToString(), options, providers=["CPUExecutionProvider"])
    optimised = onnx.load(tmp_path / "optimised.onnx")
    assert written <= {entry.op_type for entry in optimised.graph.node}
    results = [ss.estimate(ss.execute(load(m), feed)) for m in (whole, optimised)]
    counts = [[(layer.macs, layer.effectual_macs) for layer in r.layers] for r in results]
    assert counts[0] == counts[1] and len(counts[0]) == products
    assert [r.host.mac_coverage for r in results] == [1.0, 1.0]
    assert [r.totals.macs for r in results] == [results[0].totals.macs] * 2
    close(Engine(load(optimised)).run(feed)[0], reference(whole, feed)[0], 1e-5)
