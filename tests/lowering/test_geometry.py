"""Counts of a lowered layer and its bits, against loops over every operand pair."""

from __future__ import annotations

from itertools import product as every
from math import prod

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.lowering import Geometry, channels_last, product
from sparsesim.lowering.bits import ones, pack, pack_lines, unpack, word_count
from sparsesim.lowering.kernels import lower_activations, lower_weights


@st.composite
def geometries(draw) -> Geometry:
    """Grouped, strided, dilated, padded and transposed ones; pads may cut the input, too."""
    groups, filters, channels = (draw(st.integers(1, n)) for n in (3, 3, 70))
    channels = draw(st.sampled_from((1, 2, 3, channels)))
    axes = [(draw(st.integers(1, 2)),) * 2 + (1, 1, 1, 0, 1)]
    for largest in (2, 4, 5):
        size, outputs, taps = (draw(st.integers(1, largest)) for _ in range(3))
        insert = draw(st.sampled_from((1, 1, 2, 3)))
        stride = 1 if insert > 1 else draw(st.integers(1, 3))
        axes.append(
            (size, outputs, taps, stride, draw(st.integers(1, 3)), draw(st.integers(-2, 3)), insert)
        )
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


def taps(g: Geometry):
    """For each position, what each kernel element meets: a pixel, `padding` or `insert`."""
    for position in every(*map(range, g.output_shape)):
        row = []
        for element in every(*map(range, g.kernel)):
            at = [
                o * s + k * d - p
                for o, s, k, d, p in zip(
                    position, g.stride, element, g.dilation, g.pad, strict=True
                )
            ]
            if any(x % i for x, i in zip(at, g.insert, strict=True)):
                row.append("insert")
                continue
            pixel = tuple(x // i for x, i in zip(at, g.insert, strict=True))
            inside = all(0 <= x < n for x, n in zip(pixel, g.input_shape, strict=True))
            row.append(pixel if inside else "padding")
        yield row


@given(geometries())
@settings(max_examples=80, deadline=None)
def test_macs_are_those_of_a_loop(g):
    each = g.groups * g.filters * g.channels
    met = [tap for row in taps(g) for tap in row]
    assert g.reduction == prod(g.kernel) * g.channels
    assert g.positions == prod(g.output_shape)
    assert g.macs == each * sum(tap != "insert" for tap in met)
    assert g.padding_macs == each * met.count("padding")
    if g.insert == (1, 1, 1, 1):
        assert g.macs == g.groups * g.filters * g.positions * g.reduction


@given(geometries(), st.sampled_from((0.0, 0.3, 1.0)), st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_lowered_activations_are_those_of_a_loop(g, density, seed):
    random = np.random.default_rng(seed)
    mask = random.random(g.activation_elements) < density
    pixels = mask.reshape(*g.input_shape, g.groups, g.channels)
    words = word_count(g.reduction)
    for group in range(g.groups):
        nothing = np.zeros(g.channels, bool)
        expected = [
            np.concatenate([nothing if isinstance(tap, str) else pixels[tap][group] for tap in row])
            for row in taps(g)
        ]
        first = int(random.integers(len(expected)))
        out = np.zeros((len(expected) - first, words), np.uint64)
        lower_activations(pack(mask), g.array(), group, first, out)
        found = [unpack(row, words * 64) for row in out]
        assert not np.any([row[g.reduction :] for row in found])
        np.testing.assert_array_equal([row[: g.reduction] for row in found], expected[first:])


def test_images_lie_behind_each_other():
    g = product(1, 3, 2, 70)
    mask = np.random.default_rng(1).random(5 * g.activation_elements) < 0.5
    wide = g.with_images(5)
    assert (wide.positions, wide.macs, wide.weight_elements) == (10, 5 * g.macs, 210)
    out = np.zeros((10, 3), np.uint64)
    lower_activations(pack(mask), wide.array(), 0, 0, out)
    np.testing.assert_array_equal([unpack(row, 70) for row in out], mask.reshape(10, 70))


def test_a_batch_index_is_a_group():
    g = product(3, 4, 2, 5)
    mask = np.random.default_rng(1).random(g.activation_elements) < 0.5
    for group in range(3):
        out = np.zeros((2, 2), np.uint64)
        lower_activations(pack(mask), g.array(), group, 0, out)
        np.testing.assert_array_equal([unpack(row, 5) for row in out], mask.reshape(3, 2, 5)[group])


@given(st.integers(1, 5), st.integers(1, 200), st.integers(0, 130), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_weights_are_cut_from_any_bit_on(filters, reduction, first, seed):
    mask = np.random.default_rng(seed).random(first + filters * reduction) < 0.5
    out = np.zeros((filters, word_count(reduction)), np.uint64)
    lower_weights(pack(mask), first, reduction, out)
    expected = mask[first:].reshape(filters, reduction)
    np.testing.assert_array_equal([unpack(row, reduction) for row in out], expected)
    assert ones(out) == expected.sum()


@given(st.integers(1, 4), st.integers(0, 200), st.integers(0, 99))
def test_lines_are_packed_each_by_itself(lines, count, seed):
    mask = np.random.default_rng(seed).random((2, lines, count)) < 0.5
    words = pack_lines(mask)
    assert words.dtype == np.uint64 and words.shape == (2, lines, word_count(count))
    np.testing.assert_array_equal(words, [[pack(line) for line in group] for group in mask])


@given(st.integers(0, 300), st.integers(0, 99))
def test_bits_come_back(count, seed):
    mask = np.random.default_rng(seed).random(count) < 0.5
    words = pack(mask)
    assert words.dtype == np.uint64 and words.shape == (word_count(count),)
    assert word_count(count) * 64 >= count + 64  # a word to spare
    np.testing.assert_array_equal(unpack(words, count), mask)
    assert ones(words) == mask.sum()
    for bit in range(count):
        assert bool(int(words[bit // 64]) >> bit % 64 & 1) == mask[bit]
