"""Layers as loops, and densities of what the loops go over, against a naive reading."""

from __future__ import annotations

import os

import numpy as np
import pytest
from export_models import Convolution, convolutions, model, node, request, values
from hypothesis import given, settings

from sparsesim.errors import ModelError
from sparsesim.exports.densities import densities_of
from sparsesim.exports.loops import loops_of

EXAMPLES = int(40 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))


@settings(max_examples=EXAMPLES, deadline=None)
@given(convolutions())
def test_loops_of_a_convolution(case: Convolution):
    asked = request(case.model, {"x": case.x})
    (loops,), warnings = loops_of(asked.trace.layers, "k")
    assert warnings == ()
    macs = loops.groups * loops.filters * loops.channels * loops.images
    for axis in loops.axes:
        macs *= axis.outputs * axis.taps
    assert macs == asked.trace.layers[0].geometry.macs
    assert loops.input_elements * 2 == case.padded.size
    for axis in loops.axes:
        met = {
            o * axis.stride + t * axis.dilation - axis.pad
            for o in range(axis.outputs)
            for t in range(axis.taps)
        }
        span = range(min(met), max(met) + 1)
        assert axis.reach == len(span)
        assert list(range(axis.pixels)[axis.stored]) == [p for p in span if 0 <= p < axis.pixels]
        before, after = axis.padding
        assert before == len([p for p in span if p < 0]) or not any(p >= 0 for p in span)
        assert before + after == len([p for p in span if not 0 <= p < axis.pixels])
    (found,) = densities_of(asked.trace, (loops,))
    y = np.stack([image.outputs[0] for image in asked.trace.images])
    assert found.weights == pytest.approx(np.mean(case.w != 0))
    assert found.inputs == pytest.approx(np.mean(case.padded != 0))
    assert found.stored_inputs == pytest.approx(np.mean(case.x != 0))
    assert found.outputs == pytest.approx(np.mean(y != 0))


def test_a_convolution_whose_taps_meet_padding_alone():
    conv = node("Conv", "x w", "y", pads=[0, 3, 0, 0], strides=[1, 5])
    made = model([conv], {"x": [1, 1, 2, 1]}, ["y"], {"w": values(1, (1, 1, 1, 1), 1)})
    asked = request(made, {"x": np.ones((1, 1, 2, 1), np.float32)})
    (loops,), _ = loops_of(asked.trace.layers, "k")
    assert (loops.columns.reach, loops.columns.stored) == (1, slice(0, 0))
    assert loops.columns.padding == (1, 0)
    assert densities_of(asked.trace, (loops,))[0].inputs == 0


def test_what_has_no_loops():
    up = node("ConvTranspose", "x w", "up", strides=[2, 2])
    made = model([up], {"x": [1, 2, 3, 3]}, ["up"], {"w": values(1, (2, 2, 2, 2))})
    asked = request(made, {"x": values(2, (1, 2, 3, 3))})
    with pytest.raises(ModelError) as error:
        loops_of(asked.trace.layers, "zigzag")
    assert str(error.value) == (
        "up: transposed with a stride, which inserts zeros; zigzag has no loops for that"
    )
    with pytest.raises(ModelError) as error:
        loops_of((), "zigzag")
    assert str(error.value) == "no layer has work; there is nothing to export"


def test_a_transposed_convolution_that_inserts_nothing_has_loops():
    back = node("ConvTranspose", "x w", "back", pads=[1, 1, 1, 1])
    made = model([back], {"x": [1, 2, 4, 4]}, ["back"], {"w": values(1, (2, 3, 3, 3))})
    asked = request(made, {"x": values(2, (1, 2, 4, 4))})
    (loops,), _ = loops_of(asked.trace.layers, "k")
    assert loops.is_convolution and loops.rows.outputs == 4 and loops.rows.reach == 6


def test_layers_without_work_are_left_out_and_named():
    nodes = [node("MatMul", "x w", "none"), node("MatMul", "z v", "some")]
    constants = {"w": values(1, (3, 2)), "v": values(2, (3, 2))}
    made = model(nodes, {"x": [1, 0, 3], "z": [1, 4, 3]}, ["none", "some"], constants)
    feeds = {"x": np.zeros((1, 0, 3), np.float32), "z": values(3, (1, 4, 3))}
    loops, warnings = loops_of(request(made, feeds).trace.layers, "k")
    assert [layer.name for layer in loops] == ["some"]
    assert warnings == ("left out, as they multiply nothing: none",)
