"""What the trace keeps of recurrent layers, against the plain twin and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from naive_recurrent import functions
from recurrent_models import recurrent

import sparsesim as ss
from sparsesim.lowering.bits import unpack
from sparsesim.trace.store import load_trace, save_trace
from sparsesim.trace.zeros import activation_zeros

F = np.float32


def whole(random, shape):
    """Small whole numbers, half of them zero: no runtime differs in what is zero."""
    return (random.integers(-2, 3, shape) * (random.random(shape) < 0.5)).astype(F)


# Functions with zeros of their own, on numbers that are exact.
SPARSE = [
    ("RNN", {"activations": ["Relu"], "clip": 3.0}),
    ("LSTM", {"activations": ["HardSigmoid", "Relu", "Relu"], "alpha": (0.25,), "beta": (0.5,)}),
    ("GRU", {"activations": ["HardSigmoid", "Relu"], "alpha": (0.25,), "beta": (0.25,)}),
    (
        "GRU",
        {
            "activations": ["HardSigmoid", "Relu"],
            "alpha": (0.25,),
            "beta": (0.25,),
            "linear_before_reset": 1,
        },
    ),
]


def traced(op, seed=0, directions=1, **more):
    """A case, its input, its trace; functions for both directions."""
    random = np.random.default_rng(seed)
    for key in ("activations", "alpha", "beta"):
        if directions == 2 and key in more:
            more[key] = tuple(more[key]) * 2
    direction = {1: "reverse", 2: "bidirectional"}[directions]
    case = recurrent(random, op, batch=2, direction=direction, draw=whole, **more)
    x = whole(random, case.shape)
    trace = ss.execute(ss.load(case.model), {"x": x})
    case.node.run(x)
    return case, x, trace


@pytest.mark.parametrize(("op", "more"), SPARSE)
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("given", [{}, {"initial": True}, {"lengths": [3, 5]}])
def test_bits_are_those_of_the_states_that_entered(op, more, directions, given):
    case, x, trace = traced(op, directions=directions, **more, **given)
    first, second = trace.layers
    (image,) = trace.images
    node = case.node
    for layer, operand, weight, output in (
        (first, x, node.w, None),
        (second, node.states, node.r, node.gates),
    ):
        geometry = layer.geometry
        bits = unpack(image.bits[layer.activation], geometry.activation_elements)
        np.testing.assert_array_equal(bits, operand.ravel() != 0)
        bits = unpack(trace.weights[layer.weight], geometry.weight_elements)
        np.testing.assert_array_equal(bits, weight.ravel() != 0)
        if output is not None:
            bits = unpack(image.bits[layer.output], geometry.output_elements)
            np.testing.assert_array_equal(bits, output.ravel() != 0)
    assert 0 < np.count_nonzero(node.states) < node.states.size


@pytest.mark.parametrize(("op", "more"), SPARSE)
@pytest.mark.parametrize("directions", [1, 2])
def test_macs_and_effectual_macs_are_sums_over_steps(op, more, directions):
    case, x, trace = traced(op, seed=3, directions=directions, **more)
    result = ss.estimate(trace, ss.Accelerator(rows=4, cols=4, window=4))
    node, (steps, batch, inputs) = case.node, case.shape
    rows, hidden = node.r.shape[1:]
    parts = node.parts
    first, second = result.layers
    assert first.macs == steps * batch * directions * rows * inputs
    assert second.macs == steps * batch * directions * rows * hidden
    x_ones, w_ones = (x != 0).astype(int), (node.w != 0).astype(int)
    assert first.effectual_macs == np.einsum("tbk,dfk->", x_ones, w_ones)
    r_ones = (node.r != 0).astype(int).reshape(directions, parts, rows // parts, hidden)
    met = np.einsum("dptbk,dpfk->", (node.states != 0).astype(int), r_ones)
    assert second.effectual_macs == met
    assert second.activation_sparsity == pytest.approx(np.mean(node.states == 0), abs=1e-12)
    assert second.weight_sparsity == pytest.approx(np.mean(node.r == 0), abs=1e-12)
    assert second.output_sparsity == pytest.approx(np.mean(node.gates == 0), abs=1e-12)
    zeros = np.count_nonzero(node.w == 0) + np.count_nonzero(node.r == 0)
    model = zeros / (node.w.size + node.r.size)
    assert result.totals.weight_sparsity == pytest.approx(model, abs=1e-12)
    assert result.host.mac_coverage == 1


def test_the_block_s_activations_are_the_node_s_first_output():
    case, x, trace = traced("RNN", activations=["Relu"], clip=3.0)
    result = ss.estimate(trace, ss.Accelerator())
    zeros = np.mean(case.node.y == 0)
    (block,) = result.blocks
    assert block.name == "net/rec"
    assert block.activation_sparsity == pytest.approx(zeros, abs=1e-12)
    table = activation_zeros(ss.load(case.model), [{"x": x}])
    assert table.blocks[0].sparsity == pytest.approx(zeros, abs=1e-12)
    assert table.layers[1].sparsity == pytest.approx(np.mean(case.node.gates == 0), abs=1e-12)


def test_by_hand():
    # One unit without a function's bend: h = 0, 1, 2 enter; the first is a real zero.
    random = np.random.default_rng(0)
    ones = lambda random, shape: np.ones(shape, F)  # noqa: E731
    case = recurrent(
        random, "RNN", steps=3, inputs=1, hidden=1, bias=False, activations=["Relu"], draw=ones
    )
    trace = ss.execute(ss.load(case.model), {"x": np.ones((3, 1, 1), F)})
    second = trace.layers[1]
    (image,) = trace.images
    assert unpack(image.bits[second.activation], 3).tolist() == [False, True, True]
    geometry = second.geometry
    assert (geometry.groups, geometry.steps, geometry.weight_sets) == (3, 3, 1)
    assert (geometry.macs, geometry.weight_elements) == (3, 1)
    assert functions("relu", None, None)(-1) == 0


@pytest.mark.parametrize(("op", "more"), SPARSE[1:3])
def test_a_saved_trace_is_estimated_alike(op, more, tmp_path):
    _, _, trace = traced(op, **more)
    save_trace(trace, tmp_path / "trace.npz")
    again = load_trace(tmp_path / "trace.npz")
    assert again.layers == trace.layers
    machine = ss.Accelerator(rows=4, cols=2, window=4, batch=1)
    assert ss.estimate(again, machine).layers == ss.estimate(trace, machine).layers
