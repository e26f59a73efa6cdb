"""Models that the fuzz test mutates: one a kind of file that people bring, as small as they get."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LENET = Path(__file__).parents[2] / "models_onnx" / "lenet.onnx"
MICROSOFT, QONNX = "com.microsoft", "qonnx.custom_op.general"
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16


def names() -> list[str]:
    """The kinds."""
    return ["lenet", *_KINDS]


def seed(name: str) -> bytes:
    """A model of a kind, serialised; the same each time."""
    if name == "lenet":
        return LENET.read_bytes()
    return _KINDS[name]().SerializeToString(deterministic=True)


def _floats(*shape: int) -> np.ndarray:
    values = np.random.default_rng(sum(shape)).standard_normal(shape)
    return values.astype(np.float32)


def _node(op: str, inputs: str, outputs: str, domain: str = "", **attributes) -> onnx.NodeProto:
    """`-` stands for an input that is left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    made = outputs.split()
    return helper.make_node(op, names, made, f"n_{made[0]}", domain=domain, **attributes)


def _value(name: str, shape, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(nodes, inputs, outputs, constants, opset=17, domains=(), sparse=()) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "seed",
        inputs,
        outputs,
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
        sparse_initializer=list(sparse),
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def _contrib() -> onnx.ModelProto:
    nodes = [
        _node("FusedConv", "x k b", "c", MICROSOFT, activation="Relu", pads=[1, 1, 1, 1]),
        _node("Flatten", "c", "f"),
        _node("FusedGemm", "f w v", "g", MICROSOFT, alpha=1.0, beta=1.0, activation="Relu"),
        _node("FastGelu", "g", "h", MICROSOFT),
        _node("FusedMatMul", "h m", "y", MICROSOFT, alpha=0.5, transB=1),
    ]
    constants = {"k": _floats(3, 2, 3, 3), "b": _floats(3), "w": _floats(48, 5), "v": _floats(5)}
    constants["m"] = _floats(4, 5)
    inputs, outputs = [_value("x", [1, 2, 4, 4])], [_value("y", [1, 4])]
    return _model(nodes, inputs, outputs, constants, domains=[MICROSOFT])


def _integers() -> onnx.ModelProto:
    """QLinear and other integer operators, ONNX's and ONNX Runtime's."""
    nodes = [
        _node("QuantizeLinear", "x s z", "q"),
        _node("QLinearConv", "q s z k t o s z b", "c", pads=[1, 1, 1, 1]),
        _node("Flatten", "c", "f"),
        _node("QLinearMatMul", "f s z w t o s z", "m"),
        _node("QGemm", "m s z v t o - s z", "g", MICROSOFT),
        _node("MatMulInteger", "g u z", "i"),
        _node("Cast", "i", "j", to=FLOAT),
        _node("DequantizeLinear", "g s z", "d"),
        _node("Add", "d j", "y"),
    ]
    byte = lambda *shape: np.clip(_floats(*shape) * 40, -128, 127).astype(np.int8)  # noqa: E731
    constants = {
        "s": np.float32(0.05),
        "z": np.uint8(120),
        "t": np.float32(0.02),
        "o": np.int8(0),
        "k": byte(3, 2, 3, 3),
        "b": np.array([3, -7, 1], np.int32),
        "w": byte(48, 5),
        "v": byte(5, 5),
        "u": byte(5, 5),
    }
    inputs, outputs = [_value("x", [1, 2, 4, 4])], [_value("y", [1, 5])]
    return _model(nodes, inputs, outputs, constants, domains=[MICROSOFT])


def _qdq() -> onnx.ModelProto:
    nodes = [
        _node("QuantizeLinear", "x s z", "q"),
        _node("DequantizeLinear", "q s z", "d"),
        _node("DequantizeLinear", "w t o", "e", axis=1),
        _node("DequantizeLinear", "b u", "h"),
        _node("Gemm", "d e h", "g"),
        _node("Relu", "g", "r"),
        _node("QuantizeLinear", "r s z", "i"),
        _node("DequantizeLinear", "i s z", "y"),
    ]
    constants = {
        "s": np.float32(0.05),
        "z": np.uint8(3),
        "t": np.float32([0.1, 0.2, 0.3]),
        "o": np.int8([0, 0, 0]),
        "u": np.float32(0.05) * np.float32([0.1, 0.2, 0.3]),
        "w": np.arange(-6, 6, dtype=np.int8).reshape(4, 3),
        "b": np.array([3, -7, 1], np.int32),
    }
    return _model(nodes, [_value("x", ["n", 4])], [_value("y", ["n", 3])], constants)


def _qonnx() -> onnx.ModelProto:
    said = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"}
    nodes = [
        _node("Quant", "x s z four", "q", QONNX, **said),
        _node("Quant", "w s z two", "v", QONNX, **said),
        _node("MatMul", "q v", "m"),
        _node("BipolarQuant", "m s", "p", QONNX),
        _node("Quant", "u s z four", "t", QONNX, **said),
        _node("MatMul", "p t", "y"),
    ]
    constants = {
        "s": np.float32(0.5),
        "z": np.float32(0),
        "two": np.float32(2),
        "four": np.float32(4),
        "w": _floats(4, 5),
        "u": _floats(5, 3),
    }
    inputs, outputs = [_value("x", [1, 4])], [_value("y", [1, 3])]
    return _model(nodes, inputs, outputs, constants, 13, [QONNX])


def _attention() -> onnx.ModelProto:
    """ONNX Runtime's Attention, then the same of plain products."""
    nodes = [
        _node("Attention", "x w b", "a", MICROSOFT, num_heads=2),
        _node("MatMul", "a q", "p"),
        _node("Reshape", "p heads", "r"),
        _node("Transpose", "r", "t", perm=[0, 2, 1, 3]),
        _node("Transpose", "r", "u", perm=[0, 2, 3, 1]),
        _node("MatMul", "t u", "s"),
        _node("Softmax", "s", "o", axis=-1),
        _node("MatMul", "o t", "y"),
    ]
    constants = {
        "w": _floats(4, 12),
        "b": _floats(12),
        "q": _floats(4, 4),
        "heads": np.array([0, 0, 2, 2], np.int64),
    }
    inputs, outputs = [_value("x", [1, 3, 4])], [_value("y", [1, 2, 3, 2])]
    return _model(nodes, inputs, outputs, constants, domains=[MICROSOFT])


def _onnx_attention() -> onnx.ModelProto:
    nodes = [
        _node("MatMul", "x q", "p"),
        _node("Attention", "p x x", "y", q_num_heads=2, kv_num_heads=2),
    ]
    inputs, outputs = [_value("x", [1, 3, 4])], [_value("y", [1, 3, 4])]
    return _model(nodes, inputs, outputs, {"q": _floats(4, 4)}, 23)


def _recurrent() -> onnx.ModelProto:
    nodes = [
        _node("LSTM", "x w r b", "h - c", hidden_size=3),
        _node("Squeeze", "h one", "s"),
        _node("GRU", "s v u", "g", hidden_size=2, linear_before_reset=1, direction="reverse"),
        _node("Squeeze", "g one", "t"),
        _node("RNN", "t p q", "y", hidden_size=2, activations=["Relu"]),
    ]
    constants = {
        "w": _floats(1, 12, 4),
        "r": _floats(1, 12, 3),
        "b": _floats(1, 24),
        "one": np.array([1], np.int64),
        "v": _floats(1, 6, 3),
        "u": _floats(1, 6, 2),
        "p": _floats(1, 2, 2),
        "q": _floats(1, 2, 2),
    }
    inputs, outputs = [_value("x", ["t", "n", 4])], [_value("y", ["t", 1, "n", 2])]
    return _model(nodes, inputs, outputs, constants)


def _sparse() -> onnx.ModelProto:
    """A weight by flat places, one by coordinates, and one in a Constant."""
    made = []
    for name, shape, flat in (("w", (4, 5), True), ("v", (5, 3), False), ("u", (3, 3), True)):
        dense = _floats(*shape) * (_floats(*shape) > 0)
        places = np.flatnonzero(dense) if flat else np.argwhere(dense)
        made.append(
            helper.make_sparse_tensor(
                numpy_helper.from_array(dense[dense != 0], name),
                numpy_helper.from_array(places.astype(np.int64), f"{name}:at"),
                shape,
            )
        )
    nodes = [
        _node("MatMul", "x w", "a"),
        _node("MatMul", "a v", "b"),
        helper.make_node("Constant", [], ["u"], "n_u", sparse_value=made[2]),
        _node("MatMul", "b u", "y"),
    ]
    inputs, outputs = [_value("x", [1, 4])], [_value("y", [1, 3])]
    return _model(nodes, inputs, outputs, {"k": _floats(1)}, sparse=made[:2])


def _shared() -> onnx.ModelProto:
    """One weight of two layers, one that broadcasts over a batch, a constant first operand."""
    nodes = [
        _node("MatMul", "x w", "a"),
        _node("Relu", "a", "b"),
        _node("MatMul", "b w", "c"),
        _node("MatMul", "c v", "d"),
        _node("MatMul", "f d", "y"),
    ]
    constants = {"w": _floats(4, 4), "v": _floats(1, 4, 5), "f": _floats(6, 3)}
    return _model(nodes, [_value("x", [2, 3, 4])], [_value("y", [2, 6, 5])], constants)


def _batch() -> onnx.ModelProto:
    """A fixed batch of four, normalised, pooled, with a transposed and a grouped convolution."""
    nodes = [
        _node("Conv", "x k", "c", group=2, pads=[1, 1, 1, 1]),
        _node("BatchNormalization", "c g g g g", "n"),
        _node("MaxPool", "n", "p", kernel_shape=[2, 2], strides=[2, 2]),
        _node("ConvTranspose", "p t", "d", strides=[2, 2]),
        _node("GlobalAveragePool", "d", "y"),
    ]
    constants = {
        "k": _floats(4, 1, 3, 3),
        "g": np.abs(_floats(4)) + 1,
        "t": _floats(4, 3, 2, 2),
    }
    return _model(nodes, [_value("x", [4, 2, 4, 4])], [_value("y", [4, 3, 1, 1])], constants)


def _half() -> onnx.ModelProto:
    nodes = [
        _node("Conv", "x k", "c"),
        _node("HardSwish", "c", "h"),
        _node("Flatten", "h", "f"),
        _node("Gemm", "f w b", "g"),
        _node("Softmax", "g", "s", axis=-1),
        _node("Cast", "s", "y", to=FLOAT),
    ]
    constants = {"k": _floats(3, 2, 3, 3), "w": _floats(12, 4), "b": _floats(4)}
    constants = {name: array.astype(np.float16) for name, array in constants.items()}
    return _model(nodes, [_value("x", [1, 2, 4, 4], HALF)], [_value("y", [1, 4])], constants)


def _branches() -> onnx.ModelProto:
    """An If that is always taken, and one that hangs on an input, with another in its branch.

    No Loop: changed, it might take 2^62 turns, as it then must.
    """

    def branch(weight: str, tensor: str) -> onnx.GraphProto:
        made = [_node("MatMul", f"{tensor} {weight}", f"{tensor}_{weight}")]
        return helper.make_graph(made, weight, [], [_value(made[0].output[0], [1, 4])])

    inner = _node("If", "yes", "d", then_branch=branch("w", "b"), else_branch=branch("v", "b"))
    nested = helper.make_graph([inner], "nested", [], [_value("d", [1, 4])])
    nodes = [
        _node("If", "yes", "a", then_branch=branch("w", "x"), else_branch=branch("v", "x")),
        _node("If", "c", "b", then_branch=branch("w", "a"), else_branch=branch("v", "a")),
        _node("If", "c", "y", then_branch=nested, else_branch=branch("v", "b")),
    ]
    constants = {
        "w": _floats(4, 4),
        "v": _floats(4, 4),
        "yes": np.bool_(True),
    }
    inputs = [_value("x", [1, 4]), _value("c", [], TensorProto.BOOL)]
    return _model(nodes, inputs, [_value("y", [1, 4])], constants)


_KINDS: dict[str, Callable[[], onnx.ModelProto]] = {
    "contrib": _contrib,
    "integers": _integers,
    "qdq": _qdq,
    "qonnx": _qonnx,
    "attention": _attention,
    "onnx_attention": _onnx_attention,
    "recurrent": _recurrent,
    "sparse": _sparse,
    "shared": _shared,
    "batch": _batch,
    "half": _half,
    "branches": _branches,
}
