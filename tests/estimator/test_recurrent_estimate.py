"""Recurrent layers from a model to cycles, against a plain twin of all of it, and by hand."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from naive_estimate import SCHEMES, estimate_layer, product
from recurrent_models import recurrent
from test_estimate_against_naive import _compare, _Feeds, accelerators

import sparsesim as ss
from sparsesim.area.dense import total_cycles
from sparsesim.area.work import dense_work
from sparsesim.errors import SpecError
from sparsesim.lowering import product as lowered_product

EXAMPLES = int(40 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
F = np.float32


def whole(random, shape):
    """Small whole numbers, many of them zero."""
    return (random.integers(-2, 3, shape) * (random.random(shape) < 0.6)).astype(F)


@st.composite
def nodes(draw):
    """Small nodes with functions that make zeros, of numbers that every runtime holds exactly."""
    op = draw(st.sampled_from(("LSTM", "GRU", "RNN")))
    batch = draw(st.integers(1, 2))
    steps = draw(st.integers(2, 4))
    direction = draw(st.sampled_from(("forward", "reverse", "bidirectional")))
    gate = {"LSTM": ["HardSigmoid", "Relu", "Relu"], "GRU": ["HardSigmoid", "Relu"]}.get(
        op, ["Relu"]
    )
    times = 2 if direction == "bidirectional" else 1
    more = {"clip": 2.0} if op == "RNN" else {"alpha": [0.25] * times, "beta": [0.5] * times}
    if op == "GRU":
        more["linear_before_reset"] = draw(st.integers(0, 1))
    if draw(st.booleans()):
        more["initial"] = True
    if draw(st.booleans()):
        more["lengths"] = [draw(st.integers(1, steps)) for _ in range(batch)]
    return recurrent(
        np.random.default_rng(draw(st.integers(0, 99))),
        op,
        steps=steps,
        batch=batch,
        inputs=draw(st.integers(1, 5)),
        hidden=draw(st.integers(1, 4)),
        direction=direction,
        activations=gate * times,
        draw=whole,
        **more,
    )


def expected_layers(case):
    """The two layers; operands are taken of the twin, run on the image."""
    node, (steps, batch, inputs) = case.node, case.shape
    directions, rows, hidden = node.r.shape
    groups = directions * node.parts * steps

    def of(operand):
        def take(x):
            node.run(x)
            sums = np.einsum("tbk,dfk->tbdf", x, node.w)
            return {"sums": sums, "states": node.states, "gates": node.gates}[operand]

        return take

    first = product(
        "net/rec/input", lambda x: x, lambda x: node.w, of("sums"),
        (1, steps * batch, directions * rows, inputs),
    )  # fmt: skip
    second = product(
        "net/rec/hidden", of("states"), lambda x: node.r, of("gates"),
        (groups, batch, rows // node.parts, hidden), True, steps, node.parts,
    )  # fmt: skip
    return first, second


@given(nodes(), accelerators(), st.integers(1, 3), st.integers(0, 99))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_recurrent_estimates_equal_the_naive_ones(case, accelerator, images, seed):
    random = np.random.default_rng(seed)
    runs = [whole(random, case.shape) for _ in range(images)]
    device = ss.Device.named("xc7z020").with_(dram_gb_per_s=0.3)
    bits_per_cycle = Fraction("0.3") * 8000 / Fraction(str(accelerator.clock_mhz))
    size = accelerator.batch
    grouped = [runs[start : start + size] for start in range(0, images, size)]
    trace = ss.execute(ss.load(case.model), _Feeds([{"x": x} for x in runs]))
    layers = expected_layers(case)
    try:
        expected = [estimate_layer(one, grouped, accelerator, bits_per_cycle) for one in layers]
    except SpecError as error:
        event("refused")
        with pytest.raises(SpecError) as raised:
            ss.estimate(trace, accelerator, device)
        assert str(raised.value) == str(error)
        return
    result = ss.estimate(trace, accelerator, device)
    for record, (wanted, by_group) in zip(result.layers, expected, strict=True):
        event(f"{record.op} {record.name}, K cut: {record.passes.reduction_cut}")
        _compare(record, wanted)
        for scheme in SCHEMES:
            assert record.cycles[scheme].total == sum(part[scheme] for part in by_group)


def dense_lstm(steps=6, batch=2, hidden=8, direction="forward"):
    """The trace of an LSTM whose weights have no zeros."""
    random = np.random.default_rng(1)
    case = recurrent(
        random, "LSTM", steps=steps, batch=batch, inputs=8, hidden=hidden, direction=direction
    )
    feeds = _Feeds([{"x": random.standard_normal(case.shape).astype(F)}])
    return ss.execute(ss.load(case.model), feeds)


# R of 32 x 8 weights of 8 bits is 2048 bits, so 4096 bits (0.5 KiB) of buffer hold it twice.
@pytest.mark.parametrize(("kib", "loads"), [(0.5, 1), (0.499, 6), (8.0, 1)])
@pytest.mark.parametrize(("direction", "times"), [("forward", 1), ("bidirectional", 2)])
def test_weights_stay_over_the_steps_where_half_of_the_buffer_holds_them(
    kib, loads, direction, times
):
    machine = ss.Accelerator(
        rows=8, cols=2, window=4, weight_format="dense", activation_format="dense",
        weight_buffer_kib=kib,
    )  # fmt: skip
    result = ss.estimate(dense_lstm(direction=direction), machine)
    hidden = result.layers[1]
    for scheme in SCHEMES:
        assert hidden.schemes[scheme].dram_bits.weight == times * loads * 2048
        # Each step loads its 2 states of 8 values and stores 2 x 32 gates, whatever stays.
        assert hidden.schemes[scheme].dram_bits.activation == times * 6 * 2 * 8 * 8
        assert hidden.schemes[scheme].dram_bits.output == times * 6 * 2 * 32 * 8
    assert hidden.weight_storage.dense == times * 2048
    assert hidden.passes.count == times * 6 * (1 if loads == 1 else 2)


def test_a_gru_whose_reset_gate_comes_first_needs_all_three_gates_to_stay():
    random = np.random.default_rng(1)
    for reset_first, parts in ((0, 3), (1, 1)):
        case = recurrent(
            random, "GRU", steps=6, inputs=8, hidden=8, linear_before_reset=reset_first
        )
        trace = ss.execute(ss.load(case.model), {"x": np.ones(case.shape, F)})
        # 3 x 64 weights of 8 bits are 1536 bits: 3072 of buffer, which is 0.375 KiB.
        for kib, loads in ((0.375, 1), (0.374, 6)):
            machine = ss.Accelerator(rows=8, cols=2, window=4, weight_buffer_kib=kib).with_(
                weight_format="dense", activation_format="dense"
            )
            hidden = ss.estimate(trace, machine).layers[1]
            assert hidden.schemes["none"].dram_bits.weight == loads * 1536
            assert hidden.groups == parts * 6 and hidden.filters == 24 // parts


def test_steps_are_never_joined():
    # One position a step: each pass has one, however many columns there are.
    trace = dense_lstm(batch=1)
    result = ss.estimate(trace, ss.Accelerator(rows=32, cols=16))
    first, second = result.layers
    assert (first.positions, second.positions, second.passes.count) == (6, 1, 6)
    # 8 windows... a pass of 32 rows of K = 8 in one window of 16 takes 8 cycles of work.
    none = second.cycles["none"].compute
    one = ss.array_cycles(np.ones((1, 8), bool), np.ones((32, 8), bool), ss.Accelerator(
        rows=32, cols=16, skipping="none"))  # fmt: skip
    assert none == 6 * one.cycles


@pytest.mark.parametrize("steps", [2, 3, 7])
@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
def test_the_dense_opponent_obeys_the_same_rule(steps, direction):
    trace = dense_lstm(steps, direction=direction)
    machine = ss.Accelerator(rows=8, cols=2, window=1, lanes=1, skipping="none").with_(
        weight_format="dense", activation_format="dense"
    )
    device = ss.Device.named("xc7z020")
    for kib in (0.25, 0.5, 4.0):
        dense = machine.with_(weight_buffer_kib=kib)
        result = ss.estimate(trace, dense, device)
        found = total_cycles(dense_work(trace, dense, [1]), dense, device)
        assert found == sum(layer.cycles["none"].total for layer in result.layers)


def test_geometry_says_what_is_shared():
    geometry = lowered_product(24, 4, 2, 8, steps=4, parts=3)
    assert geometry.weight_sets == 6 and geometry.weight_elements == 6 * 4 * 8
    assert geometry.macs == 24 * 4 * 2 * 8 and geometry.takes_images and geometry.pieces == 24
    two = geometry.with_images(2)
    assert (two.positions, two.group_stride, two.output_group_stride) == (4, 32, 16)
    assert not lowered_product(24, 4, 2, 8).takes_images
