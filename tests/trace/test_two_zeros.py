"""What a layer writes counts relative to its own zero point, what a layer reads relative to its."""

from __future__ import annotations

import numpy as np
import pytest
from trace_models import model, node, numbers, tensors_of

import sparsesim as ss
from sparsesim.lowering.bits import unpack

F, U = np.float32, np.uint8


def bits(trace: ss.Trace, key: str) -> np.ndarray:
    words = trace.weights[key] if key in trace.weights else trace.images[0].bits[key]
    return unpack(words, trace.tensors[key].elements)


def last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1).ravel()


def bitmask_bits(mask: np.ndarray, value_bits: int = 8) -> int:
    """n + k v of docs/model.md, "Formats"."""
    return mask.size + value_bits * int(mask.sum())


def convolved(mask: np.ndarray, weight: np.ndarray) -> int:
    """Effectual MACs of a convolution without padding, stride 1: a sum over the taps."""
    rows, columns = weight.shape[2:]
    high, wide = mask.shape[2] - rows + 1, mask.shape[3] - columns + 1
    total = 0
    for i in range(rows):
        for j in range(columns):
            seen = mask[:, :, i : i + high, j : j + wide].sum(axis=(0, 2, 3))  # by channel
            total += int((seen * (weight[:, :, i, j] != 0).sum(axis=0)).sum())
    return total


def chain(write: int, read: int) -> tuple:
    """Two QLinearConv; the first writes with one zero point, the second reads with another."""
    constants = {
        "s": F(1), "big": F(4), "x_zero": U(3), "wrote": U(write), "reads": U(read),
        "w_zero": np.int8(0), "w1": numbers(1, 4, 4, 1, 1, dtype=np.int8),
        "w2": numbers(2, 3, 4, 3, 3, dtype=np.int8),
    }  # fmt: skip
    nodes = [
        node("QLinearConv", "x s x_zero w1 s w_zero big wrote", "a", "c1"),
        node("QLinearConv", "a s reads w2 s w_zero big wrote", "y", "c2"),
    ]
    whole = model(nodes, {"x": (U, (1, 4, 6, 6))}, {"a": U, "y": U}, constants)
    x = np.random.default_rng(3).integers(0, 9, (1, 4, 6, 6)).astype(U)
    return whole, {"x": x}, constants


@pytest.mark.parametrize(("write", "read"), [(10, 0), (0, 10), (7, 8), (5, 5), (255, 1)])
def test_written_with_one_zero_point_and_read_with_another(write, read):
    whole, feed, constants = chain(write, read)
    t = tensors_of(whole, feed)
    trace = ss.execute(ss.load(whole), feed)
    first, second = trace.layers
    np.testing.assert_array_equal(bits(trace, first.output), last(t["a"] != write))
    np.testing.assert_array_equal(bits(trace, second.activation), last(t["a"] != read))
    np.testing.assert_array_equal(bits(trace, second.output), last(t["y"] != write))
    assert first.output == "a|pixels"
    assert second.activation == ("a|pixels" if write == read else f"a|pixels|zero {read}")
    result = ss.estimate(trace, ss.Accelerator(activation_format="bitmask"))
    one, two = result.layers
    assert one.output_sparsity == pytest.approx(float((t["a"] == write).mean()))
    assert two.activation_sparsity == pytest.approx(float((t["a"] == read).mean()))
    assert two.effectual_macs == convolved(t["a"] != read, constants["w2"])
    assert two.activation_storage.encoded == bitmask_bits(t["a"] != read)
    # Both fit the buffers whole: what is stored is the writer's mask, what is loaded the reader's.
    for scheme in ("activation", "weight", "two_sided"):
        assert one.schemes[scheme].dram_bits.output == bitmask_bits(t["a"] != write)
        assert two.schemes[scheme].dram_bits.activation == bitmask_bits(t["a"] != read)
    blocks = {block.name: block for block in result.blocks}
    assert blocks["c1"].activation_sparsity == one.output_sparsity


@pytest.mark.parametrize("kind", ["QLinearConv", "DequantizeLinear"])
@pytest.mark.parametrize("zeros", [(0, 5), (5, 0), (2, 3), (4, 4)])
def test_one_tensor_read_with_two_zero_points(kind, zeros):
    constants = {
        "s": F(1), "y_zero": U(9), "w_zero": np.int8(0), "w": numbers(4, 3, 2, 2, 2, dtype=np.int8),
        **{f"zero{i}": U(zero) for i, zero in enumerate(zeros)},
    }  # fmt: skip
    nodes = []
    for i in range(2):
        if kind == "QLinearConv":
            layer = [node(kind, f"x s zero{i} w s w_zero s y_zero", f"y{i}", f"c{i}")]
        else:
            layer = [
                node(kind, f"x s zero{i}", f"f{i}", f"dx{i}"),
                node(kind, "w s w_zero", f"g{i}", f"dw{i}"),
                node("Conv", f"f{i} g{i}", f"s{i}", f"c{i}"),
                node("QuantizeLinear", f"s{i} s y_zero", f"y{i}", f"q{i}"),
            ]
        nodes += layer
    whole = model(nodes, {"x": (U, (1, 2, 5, 4))}, {"y0": U, "y1": U}, constants)
    x = np.random.default_rng(1).integers(0, 7, (1, 2, 5, 4)).astype(U)
    trace = ss.execute(ss.load(whole), x)
    result = ss.estimate(trace)
    for zero, layer, record in zip(zeros, trace.layers, result.layers, strict=True):
        np.testing.assert_array_equal(bits(trace, layer.activation), last(x != zero))
        assert record.activation_sparsity == pytest.approx(float((x == zero).mean()))
        assert record.effectual_macs == convolved(x != zero, constants["w"])
    keys = {layer.activation for layer in trace.layers}
    assert len(keys) == len(set(zeros))  # equal zeros share one mask, whatever they are called


def test_rows_and_their_zero_points():
    # QuantizeLinear writes with 3; a MatMulInteger without a zero point reads relative to 0, one
    # with it to 3, and one that reads it turned has a key of its own anyhow.
    constants = {
        "s": F(1), "three": U(3), "w": numbers(1, 4, 5, dtype=np.int8),
        "v": numbers(2, 2, 6, dtype=np.int8), "none": np.int8(0),
    }  # fmt: skip
    nodes = [
        node("QuantizeLinear", "x s three", "q", "quantise"),
        node("MatMulInteger", "q w", "a", "without"),
        node("MatMulInteger", "q w three", "b", "with"),
        node("MatMulInteger", "v q none three", "c", "turned"),
    ]
    outputs = {"a": np.int32, "b": np.int32, "c": np.int32}
    whole = model(nodes, {"x": (F, (6, 4))}, outputs, constants)
    x = numbers(5, 6, 4)
    q = (x + 3).astype(U)
    trace = ss.execute(ss.load(whole), x)
    layers = {layer.name: layer for layer in trace.layers}
    found = {record.name: record for record in ss.estimate(trace).layers}
    for name, zero in (("without", 0), ("with", 3)):
        np.testing.assert_array_equal(bits(trace, layers[name].activation), (q != zero).ravel())
        expected = (q != zero).astype(int) @ (constants["w"] != 0).astype(int)
        assert found[name].effectual_macs == expected.sum()
    np.testing.assert_array_equal(bits(trace, layers["turned"].activation), (q != 3).T.ravel())
    assert layers["with"].activation == "q|rows"


def test_a_tensor_whose_maker_has_no_zero_point_counts_by_its_readers():
    constants = {
        "s": F(1), "two": U(2), "six": U(6), "w_zero": np.int8(0),
        "w": numbers(4, 3, 2, 1, 1, dtype=np.int8),
    }  # fmt: skip
    nodes = [
        node("MaxPool", "x", "p", "pool", kernel_shape=[2, 2]),
        node("QLinearConv", "p s two w s w_zero s two", "y", "c0"),
        node("QLinearConv", "p s six w s w_zero s two", "z", "c1"),
    ]
    whole = model(nodes, {"x": (U, (1, 2, 5, 5))}, {"y": U, "z": U}, constants)
    x = np.random.default_rng(1).integers(0, 8, (1, 2, 5, 5)).astype(U)
    p = tensors_of(whole, {"x": x})["p"]
    trace = ss.execute(ss.load(whole), x)
    assert [layer.activation for layer in trace.layers] == ["p|pixels", "p|pixels|zero 6"]
    for layer, zero in zip(trace.layers, (2, 6), strict=True):
        np.testing.assert_array_equal(bits(trace, layer.activation), last(p != zero))


def test_a_zero_point_that_is_computed_while_the_model_runs():
    constants = {"w": numbers(1, 4, 5, dtype=np.int8)}
    nodes = [
        node("DynamicQuantizeLinear", "x", "q q_scale q_zero", "dynamic"),
        node("MatMulInteger", "q w q_zero", "a", "with"),
        node("MatMulInteger", "q w", "b", "without"),
    ]
    whole = model(nodes, {"x": (F, (6, 4))}, {"a": np.int32, "b": np.int32}, constants)
    feed = {"x": numbers(5, 6, 4)}
    t = tensors_of(whole, feed)
    assert t["q_zero"] != 0
    trace = ss.execute(ss.load(whole), feed)
    layers = {layer.name: layer for layer in trace.layers}
    np.testing.assert_array_equal(
        bits(trace, layers["with"].activation), (t["q"] != t["q_zero"]).ravel()
    )
    np.testing.assert_array_equal(bits(trace, layers["without"].activation), (t["q"] != 0).ravel())


@pytest.mark.parametrize(("write", "read"), [(10, 0), (0, 10)])
def test_traces_as_files_and_counts_without_bits(write, read, tmp_path):
    from sparsesim.trace.zeros import activation_zeros

    whole, feed, _ = chain(write, read)
    graph = ss.load(whole)
    trace = ss.execute(graph, feed)
    ss.save_trace(trace, tmp_path / "t.npz")
    assert ss.estimate(ss.load_trace(tmp_path / "t.npz")) == ss.estimate(trace)
    t = tensors_of(whole, feed)
    table = activation_zeros(graph, [feed])
    assert table.layers[0].zeros == np.count_nonzero(t["a"] == write)
    assert table.blocks[0].zeros == np.count_nonzero(t["a"] == write)
