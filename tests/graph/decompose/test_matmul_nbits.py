"""MatMulNBits against ONNX Runtime's own kernel; weights unpacked code by code here."""

import numpy as np
import pytest
from decompositions import agree, model, node, product_counts, sparse, stays

import sparsesim as ss
from sparsesim.graph.widths import value_bits

RNG = np.random.default_rng(8)


def packed(codes, bits):
    """Rows of codes as bytes, the first code in the lowest bits; by hand."""
    rows = []
    for row in codes:
        octets = [0] * -(-len(row) * bits // 8)
        for index, code in enumerate(row):
            octets[index * bits // 8] |= int(code) << (index * bits % 8)
        rows.append(octets)
    return np.array(rows, np.uint8)


def quantised(inner, filters, bits, block, zero):
    """Constants, and the weight (K, N) that they stand for."""
    blocks = -(-inner // block)
    codes = RNG.integers(0, 1 << bits, (filters, blocks, block))
    codes[RNG.random(codes.shape) < 0.3] = 1 << (bits - 1)
    scales = RNG.uniform(0.1, 0.4, (filters, blocks)).astype("f4")
    constants = {"B": packed(codes.reshape(filters, -1), bits).reshape(filters, blocks, -1)}
    constants["S"] = scales
    zeros = np.full((filters, blocks), 1 << (bits - 1))
    if zero:
        zeros = RNG.integers(0, 1 << bits, (filters, blocks))
        constants["Z"] = zeros.astype("f4") if zero == "float" else packed(zeros, bits)
    real = (codes - zeros[..., None]).astype("f4") * scales[..., None]
    return constants, real.reshape(filters, -1)[:, :inner].T


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("zero", ["", "packed", "float"])
@pytest.mark.parametrize(
    "inner, filters, block, rows", [(64, 24, 32, (3,)), (40, 7, 16, (2, 3)), (16, 5, 128, (1,))]
)
def test_widths_blocks_and_zero_points(bits, zero, inner, filters, block, rows):
    constants, w = quantised(inner, filters, bits, block, zero)
    a = sparse(RNG, *rows, inner)
    bias = bool(zero)
    constants |= {"bias": sparse(RNG, filters)} if bias else {}
    words = f"a B S {'Z' if zero else '-'}" + " - bias" * bias
    sizes = {"K": inner, "N": filters, "bits": bits, "block_size": block}
    fused = node("MatMulNBits", words, "y", **sizes)
    whole = model([fused], {"a": a}, {"y": ("f4", a.ndim)}, constants)
    y = (a.astype("f8") @ w + constants.get("bias", 0)).astype("f4")
    graph = agree(whole, {"a": a}, {"op": product_counts(a, w)}, [y])
    if zero != "float" or bits == 4:
        agree(whole, {"a": a}, {"op": product_counts(a, w)})
    layer = graph.layer("op")
    np.testing.assert_array_equal(graph.weight(layer), w)
    assert value_bits(graph.model) == {layer.weight: bits}
    assert bool(layer.bias) == bias and len(graph.steps) == 1


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_its_weights_weigh_what_their_codes_do(bits, tmp_path):
    """Loaded, saved and loaded again, thinned."""
    constants, _ = quantised(64, 24, bits, 32, "")
    feed = {"a": sparse(RNG, 3, 64)}
    fused = node("MatMulNBits", "a B S", "y", K=64, N=24, bits=bits, block_size=32)
    graph = ss.load(model([fused], feed, {"y": ("f4", 2)}, constants))
    ss.save(graph, tmp_path / "saved.onnx")
    thin = ss.sparsify(graph, ss.Thresholds(weights={"op": 0.3}))
    for same in (graph, ss.load(tmp_path / "saved.onnx"), thin):
        (layer,) = ss.estimate(ss.execute(same, feed)).layers
        assert (layer.weight_value_bits, layer.weight_storage.dense) == (bits, 64 * 24 * bits)


def test_forms_that_are_not_covered_stay():
    constants, _ = quantised(32, 6, 4, 16, "")
    a = sparse(RNG, 3, 32)
    sizes = {"K": 32, "N": 6, "bits": 4, "block_size": 16}
    constants["G"] = np.arange(32, dtype="i4") // 16
    fused = node("MatMulNBits", "a B S - G", "y", **sizes)
    whole = model([fused], {"a": a}, {"y": ("f4", 2)}, constants)
    stays(whole, {"a": a}, "its weight is in an order of its own (g_idx)")
    feed = {"a": a, "B": constants["B"]}
    fused = node("MatMulNBits", "a B S", "y", **sizes)
    whole = model([fused], feed, {"y": ("f4", 2)}, {"S": constants["S"]})
    stays(whole, feed, "'B' is no constant")
