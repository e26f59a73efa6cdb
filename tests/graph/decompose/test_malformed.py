"""Fused operators that are wrong in themselves: one line, in ONNX Runtime's words; no traceback."""

import numpy as np
import pytest
from decompositions import model, node, sparse

from sparsesim.errors import ModelError
from sparsesim.graph import load

RNG = np.random.default_rng(15)


def product(op="FusedMatMul", inputs="a w", **attributes):
    a, w = sparse(RNG, 5, 12), sparse(RNG, 12, 7)
    return model([node(op, inputs, "y", **attributes)], {"a": a}, {"y": ("f4", 2)}, {"w": w})


def truncated():
    whole = product(alpha=0.5)
    whole.graph.initializer[0].raw_data = whole.graph.initializer[0].raw_data[:-4]
    return whole


def of_no_type():
    whole = product(alpha=0.5)
    whole.graph.input[0].type.tensor_type.elem_type = 99
    return whole


@pytest.mark.parametrize(
    "build",
    [
        truncated,
        of_no_type,
        lambda: product(alpha="half"),
        lambda: product(inputs="a"),
        lambda: product("FusedGemm"),
        lambda: product("FusedGemm", activation="Nonsense"),
        lambda: product("FusedGemm", activation="LeakyRelu"),
        lambda: product("FusedConv", activation="Clip", activation_params=[1.0]),
        lambda: product("MatMulNBits", "a w w", K=1 << 40, N=1 << 40, block_size=16, bits=4),
        lambda: product("MatMulNBits", "a w w", K=-1, N=0, block_size=0, bits=4),
        lambda: product("MultiHeadAttention", "a a a", num_heads=0),
        lambda: product("QGemm", "a w"),
    ],
)
def test_it_is_one_line(build):
    with pytest.raises(ModelError) as raised:
        load(build())
    assert "\n" not in str(raised.value) and str(raised.value).startswith("small: ")
