"""Plans of small random layers, against the plain twin."""

from __future__ import annotations

import os
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from naive_memory import NaiveLayer, naive_total

from sparsesim.errors import SpecError
from sparsesim.lowering import Geometry, product
from sparsesim.lowering.bits import pack
from sparsesim.memory import ValueBits, count_layer, plan_layer, schedule
from sparsesim.spec import Accelerator

EXAMPLES = int(100 * float(os.environ.get("SPARSESIM_EXAMPLES", "1")))
FORMATS = ("dense", "bitmask", "run_length", "csr", "coordinate")


@st.composite
def convolutions(draw) -> Geometry:
    """Grouped, strided, dilated, padded and transposed ones, of up to four axes."""
    groups = draw(st.integers(1, 3))
    filters, channels = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    axes = []
    for largest in (2, 2, 6, 6):
        size, taps = draw(st.integers(1, largest)), draw(st.integers(1, min(largest, 3)))
        insert = draw(st.sampled_from((1, 1, 2, 3)))
        stride = 1 if insert > 1 else draw(st.integers(1, 2))
        dilation, pad = draw(st.integers(1, 3)), draw(st.integers(0, 3))
        reach = (size - 1) * insert + 1 + pad + draw(st.integers(0, 3))  # with padding behind
        outputs = max((reach - (taps - 1) * dilation - 1) // stride + 1, 1)
        axes.append((size, outputs, taps, stride, dilation, pad, insert))
    in_shape, out_shape, kernel, stride, dilation, pad, insert = zip(*axes, strict=True)
    return Geometry(
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
        group_stride=channels,
        pixel_stride=groups * channels,
        output_group_stride=filters,
        output_pixel_stride=groups * filters,
    )


products = st.builds(
    product, st.integers(1, 3), st.integers(1, 7), st.integers(1, 9), st.integers(1, 40)
)
geometries = st.one_of(products, convolutions()).filter(lambda g: g.positions <= 120)


@st.composite
def accelerators(draw) -> Accelerator:
    """Arrays and buffers so small that layers are cut, or can't be."""
    bits = st.sampled_from((12, 40, 80, 150, 300, 700, 2000, 100_000))
    return Accelerator(
        rows=draw(st.integers(1, 4)),
        cols=draw(st.integers(1, 4)),
        window=draw(st.sampled_from((1, 2, 3, 4, 16, 64))),
        activation_format=draw(st.sampled_from(FORMATS)),
        weight_format=draw(st.sampled_from(FORMATS)),
        run_bits=draw(st.integers(1, 4)),
        activation_buffer_kib=draw(bits) / 4096,
        weight_buffer_kib=draw(bits) / 4096,
        output_buffer_kib=draw(bits) / 4096,
        pass_order=draw(st.sampled_from(("auto", "filters_outer", "positions_outer"))),
    )


widths = st.sampled_from((1, 3, 4, 8))
densities = st.sampled_from((0.0, 0.1, 0.5, 0.9, 1.0))


@given(
    geometries,
    accelerators(),
    st.builds(ValueBits, widths, widths, widths),
    st.tuples(densities, densities, densities),
    st.integers(0, 2**32 - 1),
    st.fractions(min_value=Fraction(1, 3), max_value=64),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_plan_and_schedule_equal_the_naive_ones(
    geometry, accelerator, value_bits, density, seed, bits_per_cycle
):
    random = np.random.default_rng(seed)
    pixels = prod(geometry.input_shape)
    if geometry.insert == (1, 1, 1, 1):
        assert geometry.activation_elements == geometry.groups * pixels * geometry.channels
    activations = random.random(geometry.activation_elements) < density[0]
    # Densities that differ by filter and by half make blocks of equal shape differ in size.
    activations[activations.size // 2 :] &= random.random() < 0.5
    weights = random.random((geometry.groups * geometry.filters, geometry.reduction)) < density[1]
    weights &= random.random((len(weights), 1)) < 0.7
    outputs = random.random(geometry.output_elements) < density[2]
    arrays = activations, weights.reshape(-1), outputs
    naive = NaiveLayer("block/conv", geometry, *arrays, value_bits, accelerator)
    try:
        groups = [naive.group(group) for group in range(geometry.groups)]
    except SpecError as error:
        event("refused: " + str(error).split(" buffer;")[0].rsplit(" ", 1)[1])
        with pytest.raises(SpecError) as raised:
            plan_layer("block/conv", geometry, *map(pack, arrays), value_bits, accelerator)
        assert str(raised.value) == str(error)
        return
    plan = plan_layer("block/conv", geometry, *map(pack, arrays), value_bits, accelerator)
    for index, group in enumerate(groups):
        event(f"K cut: {group.reduction_cut}, B: {group.positions_first}")
        event(f"positions outer: {group.positions_outer}, passes: {min(len(group.passes), 2)}")
        got = tuple(
            column[index].item()
            for column in (
                plan.choice.filters,
                plan.choice.positions,
                plan.choice.windows,
                plan.choice.positions_first,
                plan.choice.positions_outer,
                plan.choice.reduction_cut,
            )
        )
        assert got == (
            group.filters,
            group.positions,
            group.windows,
            group.positions_first,
            group.positions_outer,
            group.reduction_cut,
        )
    expected = np.array([row for group in groups for row in group.passes])
    columns = (
        *(plan.group, plan.m0, plan.m1, plan.p0, plan.p1, plan.w0, plan.w1, plan.drains),
        *(plan.load_activation_bits, plan.load_weight_bits, plan.store_bits),
        *(
            plan.dense_load_activation_bits,
            plan.dense_load_weight_bits,
            plan.dense_store_bits,
        ),
    )
    np.testing.assert_array_equal(np.stack(columns, axis=1), expected)
    np.testing.assert_array_equal(plan.pass_table(), expected[:, 1:8])

    compute = random.integers(0, 200, len(expected))
    for dense, first in ((False, 8), (True, 11)):
        loads, stores = expected[:, first] + expected[:, first + 1], expected[:, first + 2]
        times = schedule(plan, compute, bits_per_cycle, dense)
        total = naive_total(expected[:, 0], compute, loads, stores, bits_per_cycle)
        assert times.total_cycles == total
        assert times.stall_cycles == total - compute.sum()


def test_counts_made_before_change_nothing():
    geometry = product(2, 20, 9, 70)
    random = np.random.default_rng(5)
    words = [
        pack(random.random(count) < 0.4)
        for count in (
            geometry.activation_elements,
            geometry.weight_elements,
            geometry.output_elements,
        )
    ]
    accelerator = Accelerator(weight_buffer_kib=1.0)
    counts = count_layer(geometry, words[0], words[1])
    fresh = plan_layer("fc", geometry, *words, ValueBits(8, 8, 8), accelerator)
    kept = plan_layer("fc", geometry, *words, ValueBits(8, 8, 8), accelerator, counts)
    np.testing.assert_array_equal(fresh.pass_table(), kept.pass_table())
    np.testing.assert_array_equal(fresh.load_weight_bits, kept.load_weight_bits)
