"""Plans of small random layers, against the plain twin."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from naive_memory import NaiveLayer, naive_total

from sparsesim import formats
from sparsesim.errors import SpecError
from sparsesim.formats import Format
from sparsesim.formats.bitmask import Bitmask
from sparsesim.lowering import Geometry, channels_last, product
from sparsesim.lowering.bits import pack
from sparsesim.machines.tiling import Tiling
from sparsesim.memory import ValueBits, count_layer, plan_layer, schedule
from sparsesim.spec import Accelerator

EXAMPLES = int(80 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
FORMATS = ("dense", "bitmask", "run_length", "csr", "coordinate")


@st.composite
def convolutions(draw) -> Geometry:
    """Grouped, strided, dilated, padded and transposed ones, of up to four axes."""
    groups = draw(st.integers(1, 3))
    filters, channels = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    axes = []
    outer = draw(st.sampled_from(((1, 1), (1, 1), (2, 1), (1, 2))))  # images or depth
    for largest in (*outer, 5, 6):
        size, taps = draw(st.integers(1, largest)), draw(st.integers(1, min(largest, 3)))
        insert = draw(st.sampled_from((1, 1, 2, 3)))
        stride = 1 if insert > 1 else draw(st.integers(1, 2))
        dilation, pad = draw(st.integers(1, 3)), draw(st.integers(0, 3))
        pad = pad if largest > 1 else 0
        reach = (size - 1) * insert + 1 + pad + draw(st.integers(0, 2))  # with padding behind
        outputs = max((reach - (taps - 1) * dilation - 1) // stride + 1, 1)
        axes.append((size, outputs, taps, stride, dilation, pad, insert))
    in_shape, out_shape, kernel, stride, dilation, pad, insert = zip(*axes, strict=True)
    return channels_last(
        groups=groups,
        filters=filters,
        channels=channels,
        input_shape=in_shape,
        output_shape=out_shape,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        pad=pad,
        insert=insert,
    )


products = st.builds(
    product, st.integers(1, 3), st.integers(1, 7), st.integers(1, 9), st.integers(1, 40)
)


@st.composite
def recurrent_products(draw) -> Geometry:
    """Several weight groups, each for some steps; a step may go through three of them."""
    parts, directions, steps = draw(st.sampled_from((1, 1, 3))), draw(st.integers(1, 2)), 4
    steps = draw(st.integers(1, steps))
    filters, positions = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    groups = directions * parts * steps
    return product(groups, filters, positions, draw(st.integers(1, 20)), steps, parts)


geometries = st.one_of(products, convolutions(), recurrent_products())


@st.composite
def accelerators(draw) -> Accelerator:
    """Buffers so small that layers are cut, or can't be."""
    bits = st.sampled_from((20, 50, 80, 120, 200, 350, 700, 2000))
    return Accelerator(
        activation_format=draw(st.sampled_from(FORMATS)),
        weight_format=draw(st.sampled_from(FORMATS)),
        run_bits=draw(st.integers(1, 4)),
        activation_buffer_kib=draw(bits) / 4096,
        weight_buffer_kib=draw(bits) / 4096,
        output_buffer_kib=draw(bits) / 4096,
        pass_order=draw(st.sampled_from(("auto", "filters_outer", "positions_outer"))),
    )


tilings = st.builds(
    Tiling,
    st.integers(1, 4),
    st.integers(1, 4),
    st.sampled_from((1, 2, 3, 4, 16, 64)),
    st.sampled_from((True, True, True, False)),
)
widths = st.sampled_from((1, 3, 4, 8))
densities = st.sampled_from((0.0, 0.1, 0.5, 0.9, 1.0))


@given(
    geometries,
    accelerators(),
    tilings,
    st.builds(ValueBits, widths, widths, widths),
    st.tuples(densities, densities, densities),
    st.integers(0, 2**32 - 1),
    st.fractions(min_value=Fraction(1, 3), max_value=64),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_plan_and_schedule_equal_the_naive_ones(
    geometry, accelerator, tiling, value_bits, density, seed, bits_per_cycle
):
    random = np.random.default_rng(seed)
    activations = random.random(geometry.activation_elements) < density[0]
    # Zero filters and a zero half make blocks of the same shape differ in size.
    activations[activations.size // 2 :] &= random.random() < 0.5
    rows = geometry.groups // geometry.steps * geometry.filters
    weights = random.random((rows, geometry.reduction)) < density[1]
    weights &= random.random((len(weights), 1)) < 0.7
    outputs = random.random(geometry.output_elements) < density[2]
    arrays = activations, weights.reshape(-1), outputs
    naive = NaiveLayer("block/conv", geometry, *arrays, value_bits, accelerator, tiling)
    try:
        groups = [naive.group(group) for group in range(geometry.groups)]
    except SpecError as error:
        event("refused: " + str(error).split(" buffer;")[0].rsplit(" ", 1)[1])
        with pytest.raises(SpecError) as raised:
            plan_layer("block/conv", geometry, *map(pack, arrays), value_bits, accelerator, tiling)
        assert str(raised.value) == str(error)
        return
    plan = plan_layer("block/conv", geometry, *map(pack, arrays), value_bits, accelerator, tiling)
    for index, group in enumerate(groups):
        event(f"K cut: {group.reduction_cut}, B: {group.positions_first}")
        event(f"positions outer: {group.positions_outer}, passes: {min(len(group.passes), 2)}")
        choice = plan.choice
        assert group.filters == choice.filters[index]
        assert group.positions == choice.positions[index]
        assert group.elements == choice.elements[index]
        assert group.positions_first == choice.positions_first[index]
        assert group.positions_outer == choice.positions_outer[index]
        assert group.reduction_cut == choice.reduction_cut[index]
    expected = np.array([row for group in groups for row in group.passes])
    np.testing.assert_array_equal(columns_of(plan), expected)

    compute = random.integers(0, 200, len(expected))
    for dense, first in ((False, 8), (True, 11)):
        loads, stores = expected[:, first] + expected[:, first + 1], expected[:, first + 2]
        times = schedule(plan, compute, bits_per_cycle, dense)
        total = naive_total(expected[:, 0], compute, loads, stores, bits_per_cycle)
        assert times.total_cycles == total
        assert times.stall_cycles == total - compute.sum()


def test_counts_made_before_change_nothing():
    geometry, words = product_layer()
    accelerator = Accelerator(weight_buffer_kib=1.0)
    counts = count_layer(geometry, words[0], words[1])
    fresh = plan_layer("fc", geometry, *words, ValueBits(8, 8, 8), accelerator)
    kept = plan_layer("fc", geometry, *words, ValueBits(8, 8, 8), accelerator, counts=counts)
    np.testing.assert_array_equal(columns_of(fresh), columns_of(kept))


class MaskOnly(Format):
    """A bitmask that gives its size for a mask alone, as a format that a user adds may."""

    name = "mask_only"
    summary = "bitmask"

    def bits_of_mask(self, mask, value_bits, options):
        return Bitmask().bits_of_mask(mask, value_bits, options)

    def encode(self, codes, value_bits, options):
        return Bitmask().encode(codes, value_bits, options)

    def decode(self, payload, rows, columns, value_bits, options):
        return Bitmask().decode(payload, rows, columns, value_bits, options)


@pytest.mark.parametrize(("kib", "cut"), [(100.0, False), (0.4, False), (0.1, True)])
def test_a_format_that_knows_no_counts_is_planned_alike(monkeypatch, kib, cut):
    monkeypatch.setitem(formats._registered, "mask_only", MaskOnly())
    geometry, words = product_layer()
    plans = []
    for name in ("bitmask", "mask_only"):
        accelerator = Accelerator(
            rows=4,
            cols=2,
            activation_format=name,
            weight_format=name,
            weight_buffer_kib=2 * kib,
            activation_buffer_kib=kib,
        )
        plans.append(plan_layer("fc", geometry, *words, ValueBits(8, 8, 8), accelerator))
    assert plans[0].choice.reduction_cut.tolist() == [cut, cut]
    np.testing.assert_array_equal(columns_of(plans[0]), columns_of(plans[1]))


def product_layer():
    """A batched product with random operands: geometry, and three arrays of words."""
    geometry = product(2, 20, 9, 70)
    random = np.random.default_rng(5)
    counts = geometry.activation_elements, geometry.weight_elements, geometry.output_elements
    return geometry, [pack(random.random(count) < 0.4) for count in counts]


def columns_of(plan):
    """Passes and what they move, encoded and dense: int64, shape (passes, 14)."""
    bits = [
        column
        for moved in (plan.encoded, plan.dense)
        for column in (moved.activations, moved.weights, moved.outputs)
    ]
    return np.column_stack([plan.passes.table, *bits])
