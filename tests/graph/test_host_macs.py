"""MACs of operators on the host, against sums written out by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import onnx
import pytest
from onnx import helper

from sparsesim.graph.host_macs import Known, macs_of, tensors_of

MS, ML = "com.microsoft", "ai.onnx.ml"
UNKNOWN = -1


def counted(op, shapes, output=(), domain="", values=None, **attributes):
    """MACs of a node whose inputs have these shapes; None: an input that is absent."""
    names = ["" if shape is None else f"i{index}" for index, shape in enumerate(shapes)]
    node = helper.make_node(op, names, ["y"], domain=domain, **attributes)
    known = {name: shape for name, shape in zip(names, shapes, strict=True) if name}
    found = {f"i{index}": np.array(value) for index, value in (values or {}).items()}
    return macs_of(node, Known({**known, "y": output}, found))


CONVOLUTIONS = [
    # 2 images x 8 filters x 5 x 5 outputs, each a sum over 3 channels x 3 x 3
    ("Conv", "", {}, 2 * 8 * 25 * 27),
    ("ConvInteger", "", {}, 2 * 8 * 25 * 27),
    ("DeformConv", "", {}, 2 * 8 * 25 * 27),
    ("FusedConv", MS, {"activation": "Relu"}, 2 * 8 * 25 * 27),
    ("NhwcConv", MS, {}, 2 * 8 * 25 * 27),
    ("NhwcFusedConv", MS, {}, 2 * 8 * 25 * 27),
    ("Conv", "com.microsoft.nchwc", {}, 2 * 8 * 25 * 27),
]


@pytest.mark.parametrize(("op", "domain", "attributes", "macs"), CONVOLUTIONS)
def test_convolutions(op, domain, attributes, macs):
    shapes = [(2, 3, 7, 7), (8, 3, 3, 3)]
    assert counted(op, shapes, (2, 8, 5, 5), domain, **attributes) == macs


@pytest.mark.parametrize("domain", ["", MS])
def test_quantised_convolutions_have_their_weight_behind_scale_and_zero(domain):
    shapes = [(1, 7, 7, 4), (), (), (8, 2, 3, 3), (), (), (), ()]
    last = (1, 5, 5, 8) if domain else (1, 8, 5, 5)  # channels last
    assert counted("QLinearConv", shapes, last, domain, group=2) == 8 * 25 * (2 * 9)


@pytest.mark.parametrize(
    ("op", "domain"), [("ConvTranspose", ""), ("ConvTransposeWithDynamicPads", MS)]
)
def test_transposed_convolutions(op, domain):
    # each of 3 x 4 x 4 inputs meets 5 filters x 2 x 2
    assert counted(op, [(1, 3, 4, 4), (3, 5, 2, 2)], (1, 5, 8, 8), domain) == 48 * 20


@pytest.mark.parametrize("domain", ["", MS])
def test_causal_convolutions(domain):
    # 2 sequences x 6 channels x 10 steps, each a sum over 4 taps
    shapes = [(2, 6, 10), (6, 1, 4)]
    assert counted("CausalConvWithState", shapes, (2, 6, 10), domain) == 120 * 4


PRODUCTS = [
    ("MatMul", "", [(2, 3, 4), (4, 5)], (2, 3, 5), {}, 2 * 3 * 5 * 4),
    ("MatMul", "", [(4,), (4, 5)], (5,), {}, 5 * 4),
    ("MatMul", "", [(3, 4), (4,)], (3,), {}, 3 * 4),
    ("MatMul", "", [(7, 1, 3, 4), (2, 4, 5)], (7, 2, 3, 5), {}, 7 * 2 * 3 * 5 * 4),
    ("MatMulInteger", "", [(3, 4), (4, 5)], (3, 5), {}, 60),
    ("QLinearMatMul", "", [(3, 4), (), (), (4, 5), (), (), (), ()], (3, 5), {}, 60),
    ("Gemm", "", [(3, 4), (4, 5), (5,)], (3, 5), {}, 60),
    ("Gemm", "", [(4, 3), (5, 4)], (3, 5), {"transA": 1, "transB": 1}, 60),
    ("FusedGemm", MS, [(4, 3), (4, 5), (5,)], (3, 5), {"transA": 1, "activation": "Relu"}, 60),
    ("QGemm", MS, [(3, 4), (), (), (5, 4), (), ()], (3, 5), {"transB": 1}, 60),
    ("GemmFloat8", MS, [(3, 4), (4, 5)], (3, 5), {}, 60),
    ("GemmFastGelu", MS, [(3, 4), (4, 5)], (3, 5), {}, 60),
    ("FusedMatMul", MS, [(6, 4, 3), (6, 4, 5)], (6, 3, 5), {"transA": 1}, 6 * 60),
    ("FusedMatMul", MS, [(3, 6, 4), (6, 4, 5)], (6, 3, 5), {"transBatchA": 1}, 6 * 60),
    ("FusedMatMul", MS, [(4, 6, 3), (6, 4, 5)], (6, 3, 5), {"transA": 1, "transBatchA": 1}, 360),
    ("FusedMatMul", MS, [(4,), (4, 5)], (5,), {"transA": 1}, 20),
    ("TransposeMatMul", MS, [(4, 3), (4, 5)], (3, 5), {"transA": 1}, 60),
    ("DynamicQuantizeMatMul", MS, [(3, 4), (4, 5), (1,)], (3, 5), {}, 60),
    ("MatMulIntegerToFloat", MS, [(3, 4), (4, 5), (), ()], (3, 5), {}, 60),
    ("MatMulInteger16", MS, [(3, 4), (4, 5)], (3, 5), {}, 60),
    ("MatMulNBits", MS, [(2, 3, 64), (5, 2, 16), (10,)], (), {"K": 64, "N": 5}, 6 * 64 * 5),
    ("MatMulBnb4", MS, [(3, 64), (160,), (5,)], (), {"K": 64, "N": 5}, 3 * 64 * 5),
    ("MatMulNBitsMlp", MS, [(3, 64)], (), {"K": 64, "N": 5}, 2 * 3 * 64 * 5),
    ("MatMulNBitsQkv", MS, [(3, 64)], (), {"K": 64, "Nq": 8, "Nkv": 4}, 3 * 64 * 16),
    ("CDist", MS, [(7, 4), (9, 4)], (7, 9), {"metric": "sqeuclidean"}, 7 * 9 * 4),
]  # fmt: skip


@pytest.mark.parametrize(("op", "domain", "shapes", "output", "attributes", "macs"), PRODUCTS)
def test_products(op, domain, shapes, output, attributes, macs):
    assert counted(op, shapes, output, domain, **attributes) == macs


def test_a_narrow_product_of_another_depth_is_unknown():
    assert counted("MatMulNBits", [(3, 60), (5, 2, 16)], (), MS, K=64, N=5) == UNKNOWN


@pytest.mark.parametrize(("op", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
@pytest.mark.parametrize("directions", [1, 2])
def test_recurrent(op, gates, directions):
    steps, batch, size, hidden = 9, 2, 5, 6
    shapes = [
        (steps, batch, size),
        (directions, gates * hidden, size),
        (directions, gates * hidden, hidden),
    ]
    by_hand = 0
    for _, _, _ in product(range(directions), range(steps), range(batch)):
        by_hand += gates * hidden * size + gates * hidden * hidden
    assert counted(op, shapes, hidden_size=hidden) == by_hand


def test_the_quantised_lstm_has_its_weights_the_other_way_round():
    shapes = [(9, 2, 5), (1, 5, 24), (1, 6, 24)]
    macs = counted("DynamicQuantizeLSTM", shapes, domain=MS, hidden_size=6)
    assert macs == 9 * 2 * 4 * 6 * (5 + 6)


def pairs(equation: str, *shapes: tuple[int, ...]) -> int:
    """Multiplications of a two-operand Einsum: the pairs of elements that meet."""
    left, right = equation.split("->")[0].split(",")
    wanted = set(equation.split("->")[1])
    lone_left = [i for i in left if i not in right and i not in wanted]
    lone_right = [i for i in right if i not in left and i not in wanted]
    sizes = dict(zip(left + right, shapes[0] + shapes[1], strict=True))
    axes = [range(n) for i, n in sizes.items() if i not in lone_left + lone_right]
    return sum(1 for _ in product(*axes))


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("bij,bkj->bik", [(2, 3, 4), (2, 5, 4)]),
        ("bhqd,bhkd->bhqk", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("i,j->ij", [(3,), (4,)]),
        ("ij,ij->", [(3, 4), (3, 4)]),
        ("abc,cd->ad", [(2, 3, 4), (4, 5)]),  # b is summed first
        ("i,i->i", [(7,), (7,)]),
    ],
)
def test_einsum_of_two(equation, shapes):
    assert counted("Einsum", shapes, equation=equation) == pairs(equation, *shapes)
    spaced = equation.replace(",", " , ")
    assert counted("Einsum", shapes, equation=spaced) == pairs(equation, *shapes)


def test_einsum_of_three_is_two_products():
    # (2 x 3 by 3 x 4), then (2 x 4 by 4 x 5)
    shapes = [(2, 3), (3, 4), (4, 5)]
    assert counted("Einsum", shapes, equation="ij,jk,kl->il") == 2 * 3 * 4 + 2 * 4 * 5


@pytest.mark.parametrize(
    ("equation", "shapes", "macs"),
    [
        ("...ij,...jk->...ik", [(6, 7, 3, 4), (6, 7, 4, 5)], 6 * 7 * 60),
        ("...ij,jk->...ik", [(6, 3, 4), (4, 5)], 6 * 60),
        ("...ij,...jk", [(6, 3, 4), (1, 4, 5)], 6 * 60),
        ("ij,jk", [(3, 4), (4, 5)], 60),
        ("ii,ij->j", [(3, 3), (3, 4)], 12),
        ("ij->ji", [(3, 4)], None),
        ("ij,jk->ik", [(3, 4), (4, None)], UNKNOWN),
        ("ijk,jk->ik", [(3, 4), (4, 5)], UNKNOWN),  # not of these ranks
    ],
)
def test_einsum_otherwise(equation, shapes, macs):
    assert counted("Einsum", shapes, equation=equation) == macs


# Two images of 6 tokens; 3 heads of 4 for queries and keys, of 5 for values.
B, S, H, D, V = 2, 6, 3, 4, 5


def scores(length: int, keys: int, heads=H, size=D, value=V, batch=B) -> int:
    """Query by key, then the sum of values, of each image and head."""
    total = 0
    for _, _ in product(range(batch), range(heads)):
        total += length * size * keys + length * keys * value
    return total


@pytest.mark.parametrize(("op", "past"), [("Attention", 4), ("QAttention", 8)])
@pytest.mark.parametrize("before", [0, 7])
def test_attention_that_projects(op, past, before):
    size = 10
    shapes = [(B, S, size), (size, 3 * H * D), (3 * H * D,), *[None] * (past - 3)]
    if before:
        shapes.append((2, B, H, before, D))
    macs = B * S * size * 3 * H * D + scores(S, S + before, value=D)
    assert counted(op, shapes, domain=MS, num_heads=H) == macs


def test_attention_with_wider_values():
    size, width = 10, H * (D + D + V)
    shapes = [(B, S, size), (size, width), (width,)]
    macs = B * S * size * width + scores(S, S)
    sizes = [H * D, H * D, H * V]
    found = counted("Attention", shapes, domain=MS, num_heads=H, qkv_hidden_sizes=sizes)
    assert found == macs


def test_attention_into_a_shared_buffer_is_unknown():
    shapes = [(B, S, 10), (10, 36), (36,), None, (2, B, H, 99, D)]
    attributes = {"num_heads": H, "past_present_share_buffer": 1}
    assert counted("Attention", shapes, domain=MS, **attributes) == UNKNOWN


MULTI_HEAD = {
    "self": ([(B, S, H * D), (B, S, H * D), (B, S, H * V)], {}, scores(S, S)),
    "across": ([(B, S, H * D), (B, 9, H * D), (B, 9, H * V)], {}, scores(S, 9)),
    "keys by head": ([(B, S, H * D), (B, H, 9, D), (B, H, 9, V)], {}, scores(S, 9)),
    "all packed": ([(B, S, H, 3, D)], {}, scores(S, S, value=D)),
    "keys and values packed": ([(B, S, H * D), (B, 9, H, 2, D)], {}, scores(S, 9, value=D)),
    "with a past": (
        [(B, S, H * D), (B, S, H * D), (B, S, H * V), None, None, None, (B, H, 7, D), (B, H, 7, V)],
        {},
        scores(S, S + 7),
    ),
    "into a buffer": (
        [(B, S, H * D), (B, S, H * D), (B, S, H * V), None, None, None, (B, H, 99, D),
         (B, H, 99, V), (1,)],
        {8: [5]},
        scores(S, S + 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("shapes", "values", "macs"), MULTI_HEAD.values(), ids=MULTI_HEAD)
def test_multi_head_attention(shapes, values, macs):
    found = counted("MultiHeadAttention", shapes, domain=MS, values=values, num_heads=H)
    assert found == macs


def test_decoding_attention():
    op, buffer = "DecoderMaskedMultiHeadAttention", (B, H, 99, D)
    here = [(B, 1, H * D), (B, 1, H * D), (B, 1, H * D), None, None, buffer, buffer, (1,)]
    found = counted(op, here, domain=MS, values={7: [12]}, num_heads=H)
    assert found == scores(1, 13, value=D)
    assert counted(op, here, domain=MS, num_heads=H) == UNKNOWN
    across = [(B, 1, H * D), (B, H, 9, D), (B, H, 9, D)]
    assert counted(op, across, domain=MS, num_heads=H) == scores(1, 9, value=D)


@pytest.mark.parametrize("packed", [False, True])
def test_grouped_attention_reads_how_long_its_keys_are(packed):
    heads, shared, head = 4, 2, 8
    buffer = (B, shared, 64, head)
    separate = [(B, S, heads * head), (B, S, shared * head), (B, S, shared * head)]
    together = [(B, S, (heads + 2 * shared) * head), None, None]
    shapes = [*(together if packed else separate), buffer, buffer, (B,), ()]
    attributes = {"num_heads": heads, "kv_num_heads": shared}
    # seqlens_k is the whole length less one: 20 and 31 keys
    found = counted("GroupQueryAttention", shapes, domain=MS, values={5: [19, 30]}, **attributes)
    one = [scores(S, keys, heads, head, head, batch=1) for keys in (20, 31)]
    assert found == sum(one)
    assert counted("GroupQueryAttention", shapes, domain=MS, **attributes) == UNKNOWN


@pytest.mark.parametrize("before", [0, 7])
@pytest.mark.parametrize("by_head", [True, False])
def test_attention_of_onnx(before, by_head):
    heads, shared = 6, 3  # two query heads share a key
    flat = [(B, S, heads * D), (B, 9, shared * D), (B, 9, shared * V)]
    split = [(B, heads, S, D), (B, shared, 9, D), (B, shared, 9, V)]
    shapes = [*(split if by_head else flat), None]
    if before:
        shapes += [(B, shared, before, D), (B, shared, before, V)]
    attributes = {} if by_head else {"q_num_heads": heads, "kv_num_heads": shared}
    found = counted("Attention", shapes, **attributes)
    assert found == scores(S, 9 + before, heads)


def test_mixtures_of_experts():
    # 12 tokens; each meets 2 of 8 experts: 16 -> 32, 32 -> 16, and a gate 16 -> 32
    shapes = [(2, 6, 16), (12, 8), (8, 32, 16), None, (8, 16, 32)]
    assert counted("MoE", shapes, domain=MS, k=2) == 12 * 2 * (16 * 32 + 32 * 16)
    gated = [*shapes, None, (8, 32, 16)]
    assert counted("MoE", gated, domain=MS, k=2) == 12 * 2 * 3 * 16 * 32
    packed = [(12, 16), (12, 8), (8, 32, 8), (8, 32), None, (8, 16, 16), (8, 16)]
    assert counted("QMoE", packed, domain=MS, k=2) == 12 * 2 * 2 * 16 * 32
    octets = [(12, 16), (12, 8), (8, 32, 16), (8, 32), None, (8, 16, 32), (8, 16)]
    found = counted("QMoE", octets, domain=MS, k=2, expert_weight_bits=8)
    assert found == 12 * 2 * 2 * 16 * 32


def test_linear_models():
    weights = [0.5] * 12  # 3 classes of 4 features
    for op in ("LinearClassifier", "LinearRegressor"):
        assert counted(op, [(7, 4)], domain=ML, coefficients=weights) == 7 * 12
        assert counted(op, [(4,)], domain=ML, coefficients=weights) == 12
    vectors = {"support_vectors": [0.5] * 20, "coefficients": [0.5] * 5}
    for op in ("SVMClassifier", "SVMRegressor"):
        assert counted(op, [(7, 4)], domain=ML, **vectors) == 7 * (20 + 5)


@pytest.mark.parametrize(
    ("op", "domain"),
    [("Relu", ""), ("Softmax", ""), ("Scaler", ML), ("TreeEnsembleRegressor", ML)]
    + [
        (op, MS)
        for op in ("FastGelu", "QLinearAdd", "SkipLayerNormalization", "GatherBlockQuantized")
    ],
)
def test_operators_without_products(op, domain):
    assert counted(op, [(3, 4)], (3, 4), domain) is None


@pytest.mark.parametrize(
    ("op", "domain"),
    [("Riddle", "nobody"), ("Relu", "nobody"), ("BeamSearch", MS), ("NewerThanThis", MS),
     ("LinearAttention", "")],
)  # fmt: skip
def test_operators_that_may_multiply_are_unknown(op, domain):
    assert counted(op, [(3, 4)], (3, 4), domain) == UNKNOWN


def body(*ops: str) -> onnx.GraphProto:
    nodes = [helper.make_node(op, ["a", "b"], [f"c{n}"]) for n, op in enumerate(ops)]
    return helper.make_graph(nodes, "body", [], [])


def test_bodies_with_products_are_unknown():
    assert counted("If", [()], then_branch=body("Add"), else_branch=body("Mul")) is None
    assert counted("If", [()], then_branch=body("Add"), else_branch=body("MatMul")) == UNKNOWN
    inner = helper.make_node("If", ["c"], ["d"], then_branch=body("Gemm"), else_branch=body("Add"))
    outer = helper.make_graph([inner], "outer", [], [])
    assert counted("Loop", [(), ()], body=outer) == UNKNOWN


def test_free_lengths_are_unknown():
    assert counted("Conv", [(1, 3, None, 7), (8, 3, 3, 3)], (1, 8, None, 5)) == UNKNOWN
    assert counted("GRU", [(None, 1, 5), (1, 18, 5), (1, 18, 6)]) == UNKNOWN


def test_what_a_count_reads():
    conv = helper.make_node("Conv", ["x", "w", ""], ["y"])
    assert tensors_of(conv) == ("x", "w", "y")
    grouped = helper.make_node("GroupQueryAttention", ["q", "", "", "k"], ["y"], domain=MS)
    assert tensors_of(grouped) == ("q", "k")
    assert tensors_of(helper.make_node("Relu", ["x"], ["y"])) == ()
