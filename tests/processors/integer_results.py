"""Run as a script: what integer models give on the processor that runs it, as JSON.

`digests`: of everything that must not hang on the processor. `warnings`: what results say.
`saturates`: what the probe says. `apart`: how far ONNX Runtime's outputs are from exact ones, as a
share of their range, by the tests' own oracle.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from exact_integers import exact_outputs, runtime_outputs

import sparsesim as ss
from sparsesim.engine.runtime_products import saturates
from sparsesim.fixed_point.compare import compare
from sparsesim.graph import Graph
from sparsesim.graph.save import to_model

U, S, F = TensorProto.UINT8, TensorProto.INT8, TensorProto.FLOAT
RANDOM = np.random.default_rng(7)
# Operands far from zero: sums of pairs leave 16 bits.
WEIGHTS = {
    "w": RANDOM.integers(-127, 128, (4, 8, 3, 3)).astype("i1"),
    "v": RANDOM.integers(70, 128, (4 * 16, 5)).astype("i1"),
    "s": np.float32(0.01),
    "t": np.float32(4),
    "z": np.uint8(0),
    "zw": np.int8(0),
    "unsigned": np.full((6, 5), 9, np.uint8),
    "flat": np.array([0, -1], np.int64),
}


def node(op: str, inputs: str, outputs: str, name: str = "", **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), name=name, **attributes)


def model(nodes, output, kind=U, shape=(1, 5)):
    used = {name for one in nodes for name in one.input}
    graph = helper.make_graph(
        nodes,
        "integers",
        [helper.make_tensor_value_info("x", kind, (1, 8, 6, 6))],
        [helper.make_tensor_value_info("y", output, shape)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in WEIGHTS.items() if n in used],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


FLAT = node("Reshape", "c flat", "r")
MODELS = {
    "QLinear operators": model(
        [
            node("QLinearConv", "x s z w s zw t z", "c", "conv"),
            FLAT,
            node("QLinearMatMul", "r t z v s zw t z", "y", "fc"),
        ],
        U,
    ),
    "between quantisers": model(
        [
            node("DequantizeLinear", "x s z", "xf"),
            node("DequantizeLinear", "w s zw", "wf"),
            node("Conv", "xf wf", "cf", "conv"),
            node("Relu", "cf", "cr"),
            node("QuantizeLinear", "cr t z", "c"),
            FLAT,
            node("DequantizeLinear", "r t z", "rf"),
            node("DequantizeLinear", "v s zw", "vf"),
            node("Gemm", "rf vf", "yf", "fc"),
            node("QuantizeLinear", "yf t z", "y"),
        ],
        U,
    ),
    "integer operators": model(
        [
            node("DynamicQuantizeLinear", "x", "xq xs xz"),
            node("ConvInteger", "xq w xz", "ci", "conv"),
            node("Cast", "ci", "c", to=F),
            FLAT,
            node("DynamicQuantizeLinear", "r", "rq rs rz"),
            node("MatMulInteger", "rq v rz", "y", "fc"),
        ],
        TensorProto.INT32,
        F,
    ),
}


def on_the_host():
    """A product in a body, which no layer is made of, beside a layer that saturates nowhere."""
    weight = numpy_helper.from_array(WEIGHTS["v"][:6], "u")
    branches = {
        name: helper.make_graph(
            [node("MatMulInteger", "x u", f"{name}_y", name)],
            name,
            [],
            [helper.make_tensor_value_info(f"{name}_y", TensorProto.INT32, (1, 8, 6, 5))],
            [weight],
        )
        for name in ("then_branch", "else_branch")
    }
    nodes = [
        node("ReduceMax", "xf", "m", keepdims=0),
        node("Greater", "m s", "b"),
        node("If", "b", "i", "branch", **branches),
        node("MatMulInteger", "x unsigned", "l", "layer"),
        node("Add", "i l", "y"),
    ]
    cast = node("Cast", "x", "xf", to=F)
    return model([cast, *nodes], TensorProto.INT32, shape=(1, 8, 6, 5))


def inputs(kind: str) -> np.ndarray:
    return np.random.default_rng(3).integers(180, 256, (3, 8, 6, 6)).astype(kind)


def results(graph: Graph, x: np.ndarray) -> tuple[dict[str, str], list[str]]:
    """Digests of what a graph gives, and the warnings of its estimate."""
    trace = ss.execute(graph, x)
    result = ss.estimate(trace, ss.Accelerator(rows=4, cols=4, window=4))
    told = json.loads(result.model_dump_json(exclude={"warnings", "provenance"}))
    images = list(trace.images)
    feeds = [{"x": image[None]} for image in x]
    digests = {
        "model": digest(to_model(graph).SerializeToString(deterministic=True)),
        "outputs": digest(*(array for image in images for array in image.outputs)),
        "reference": digest(*(array for image in images for array in image.reference)),
        "bits": digest(*(image.bits[key] for image in images for key in sorted(image.bits))),
        "result": digest(json.dumps(told, sort_keys=True).encode()),
    }
    if all(layer.is_integer for layer in graph.layers):
        found = compare(graph, feeds, ss.Accelerator(weight_bits=9, act_bits=9))
        digests["fixed point"] = digest(json.dumps(asdict(found), sort_keys=True).encode())
    return digests, list(result.warnings)


def digest(*parts) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(part if isinstance(part, bytes) else np.ascontiguousarray(part).tobytes())
    return made.hexdigest()[:16]


def apart(whole, x: np.ndarray) -> float:
    """Of the first image."""
    feed = {"x": x[:1]}
    exact = exact_outputs(whole, feed)[0].astype(float)
    return float(np.abs(runtime_outputs(whole, feed)[0] - exact).max() / np.ptp(exact))


def quantised(root: Path) -> dict[str, str]:
    """LeNet with weights and scales as calibration stores them."""
    images = np.load(root / "models_onnx" / "mnist_test_300.npz")["image"][:4]
    graph = ss.load(root / "models_onnx" / "lenet.onnx")
    from sparsesim.graph.quantize import quantize

    made = quantize(graph, [{"image": image[None]} for image in images])
    return {name: digest(array) for name, array in sorted(made.constants.items())}


def main() -> None:
    told: dict[str, dict] = {"digests": {}, "warnings": {}, "apart": {}, "saturates": {}}
    for name, whole in MODELS.items():
        x = inputs("f4" if "Dynamic" in whole.graph.node[0].op_type else "u1")
        graph = ss.load(whole)
        told["digests"][name], told["warnings"][name] = results(graph, x)
        told["apart"][name] = apart(whole, x)
        if name != "integer operators":  # their weights have no scale
            rewritten = ss.sparsify(graph, ss.Thresholds(weights={"conv": 0.5}))
            where = f"{name}, rewritten"
            told["digests"][where], told["warnings"][where] = results(rewritten, x)
    result = ss.estimate(ss.execute(ss.load(on_the_host()), inputs("u1")))
    told["warnings"]["on the host"] = list(result.warnings)
    told["digests"]["LeNet, quantised"] = quantised(Path(__file__).resolve().parents[2])
    for op in ("MatMulInteger", "QLinearConv", "QLinearMatMul", "QGemm"):
        told["saturates"][op] = saturates(op, "uint8", "int8")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
