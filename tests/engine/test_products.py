"""Convolutions in register tiles and unfolded, against a plain sum over taps.

Operands are small integers: every order of summation is exact, so equality is asked for.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsesim.engine import products, tiles
from sparsesim.engine.kernels import add_and_clamp
from sparsesim.engine.shapes import Convolution
from sparsesim.engine.weights import Prepared


def convolution(x, w, groups, stride=(1, 1, 1), dilation=(1, 1, 1), pad=(0, 0, 0), end=(0, 0, 0)):
    """The shapes of a convolution of (batch, channels, 3 axes) by (filters, channels, 3 axes)."""
    output = [
        (n + p + e - d * (k - 1) - 1) // s + 1
        for n, p, e, d, k, s in zip(
            x.shape[2:], pad, end, dilation, w.shape[2:], stride, strict=True
        )
    ]
    return Convolution(
        groups=groups,
        filters=w.shape[0] // groups,
        channels=w.shape[1],
        batch=x.shape[0],
        input=x.shape[2:],
        output=tuple(output),
        kernel=w.shape[2:],
        stride=stride,
        dilation=dilation,
        pad=pad,
        output_shape=(x.shape[0], w.shape[0], *output),
    )


def plain(x, w, shape):
    """The sum over taps, in numpy."""
    reach = [
        (n - 1) * s + (k - 1) * d + 1
        for n, s, k, d in zip(shape.output, shape.stride, shape.kernel, shape.dilation, strict=True)
    ]
    wide = np.zeros(
        (
            *x.shape[:2],
            *(max(r, p + n) for r, p, n in zip(reach, shape.pad, x.shape[2:], strict=True)),
        )
    )
    wide[(..., *(slice(p, p + n) for p, n in zip(shape.pad, x.shape[2:], strict=True)))] = x
    wide = wide.reshape(x.shape[0], shape.groups, shape.channels, *wide.shape[2:])
    weight = w.reshape(shape.groups, shape.filters, shape.channels, *w.shape[2:])
    out = np.zeros((x.shape[0], shape.groups, shape.filters, *shape.output))
    for tap in np.ndindex(shape.kernel):
        cut = tuple(
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(tap, shape.dilation, shape.output, shape.stride, strict=True)
        )
        taken = wide[(..., *cut)]
        out += np.einsum("bgcxyz,gfc->bgfxyz", taken, weight[(..., *tap)])
    return out.reshape(x.shape[0], w.shape[0], -1)


def clamped(filters, kind, low=-np.inf, high=np.inf, bias=None):
    """A finish that adds a bias and clamps."""
    bias = np.arange(filters, dtype=kind) if bias is None else bias
    bounds = np.array([low, high], dtype=kind)

    def block(sums, image, filter_, position):
        add_and_clamp(sums, bias[filter_ : filter_ + sums.shape[0]], bounds[0], bounds[1])

    return SimpleNamespace(clamp=(bias, bounds), block=block)


def integers(rng, shape, kind):
    return rng.integers(-8, 9, size=shape).astype(kind)


def check(x, w, shape, low=-np.inf, high=np.inf):
    kind = x.dtype
    weight = Prepared(w.reshape(shape.groups, shape.filters, -1), w.shape)
    expected = plain(x, w, shape) + np.arange(w.shape[0])[:, None]
    expected = np.clip(expected, low, high)
    found = products.convolve(x, weight, shape, clamped(w.shape[0], kind, low, high))
    assert found.dtype == kind
    np.testing.assert_array_equal(found, expected)


@pytest.fixture(params=["tiles", "unfolded"], autouse=True)
def way(request, monkeypatch):
    """Both ways, whatever the machine."""
    if request.param == "unfolded":
        monkeypatch.setattr(tiles, "usable", lambda: False)
    elif not tiles.usable():
        pytest.skip("the machine has no vectors of 512 bits")


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("threads", ["1", "3"])
@pytest.mark.parametrize(
    "channels,filters,size,kernel,stride,pad",
    [
        (3, 64, 30, 7, 2, 3),  # the first layer of a ResNet
        (64, 64, 14, 1, 1, 0),
        (80, 256, 7, 3, 1, 1),  # blocks of channels, filters over threads
        (600, 40, 20, 1, 1, 0),  # blocks of channels; a last block of 8 filters
        (40, 33, 28, 3, 1, 1),
        (20, 16, 57, 1, 2, 0),
        (3, 20, 40, 11, 4, 2),
        (2, 1, 3, 3, 1, 1),
        (2, 17, 50, 2, 5, 0),
        (1, 3, 4, 30, 1, 15),  # more padding than input
        (5, 6, 2, 1, 1, 0),
    ],
)
def test_known_forms(kind, threads, channels, filters, size, kernel, stride, pad, monkeypatch):
    monkeypatch.setenv("SPARSESIM_THREADS", threads)
    rng = np.random.default_rng(1)
    x = integers(rng, (1, channels, 1, size, size), kind)
    w = integers(rng, (filters, channels, 1, kernel, kernel), kind)
    shape = convolution(x, w, 1, (1, stride, stride), pad=(0, pad, pad), end=(0, pad, pad))
    check(x, w, shape, 0, 900)


axes = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 2),
    st.sampled_from([1, 2, 3, 4, 9]),
    st.sampled_from([1, 1, 2, 4]),
    st.integers(1, 40),
    st.tuples(st.integers(1, 3), st.integers(1, 20), st.integers(1, 40)),
    axes,
    axes,
    st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 5)),
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 5)),
    st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=150, deadline=None)
def test_any_form(
    seed, batch, groups, channels, filters, size, kernel, stride, dilation, pad, end, kind
):
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = tuple(max(n, r) for n, r in zip(size, reach, strict=True))
    rng = np.random.default_rng(seed)
    x = integers(rng, (batch, groups * channels, *size), kind)
    w = integers(rng, (groups * filters, channels, *kernel), kind)
    check(x, w, convolution(x, w, groups, stride, dilation, pad, end))


def test_nothing_around_the_activation_is_read(way):
    rng = np.random.default_rng(2)
    for stride in (1, 2, 3):
        whole = np.full(9000, np.nan, dtype=np.float32)
        x = whole[4000 : 4000 + 2 * 15 * 17].reshape(1, 2, 1, 15, 17)
        x[:] = integers(rng, x.shape, np.float32)
        w = integers(rng, (18, 2, 1, 3, 3), np.float32)
        shape = convolution(x, w, 1, (1, stride, stride), pad=(0, 1, 1), end=(0, 1, 1))
        check(x, w, shape)


def test_blocks_cover_the_output_once(monkeypatch):
    monkeypatch.setenv("SPARSESIM_THREADS", "2")
    rng = np.random.default_rng(3)
    for filters, size in ((80, 7), (40, 40)):
        x = integers(rng, (2, 16, 1, size, size), np.float32)
        w = integers(rng, (filters, 8, 1, 3, 3), np.float32)
        shape = convolution(x, w, 2, pad=(0, 1, 1), end=(0, 1, 1))
        seen = np.zeros((2, filters, size * size), dtype=np.float32)

        def block(sums, image, filter_, position, seen=seen):
            end = filter_ + sums.shape[0], position + sums.shape[1]
            seen[image, filter_ : end[0], position : end[1]] += sums

        weight = Prepared(w.reshape(2, filters // 2, -1), w.shape)
        products.convolve(x, weight, shape, SimpleNamespace(clamp=None, block=block))
        np.testing.assert_array_equal(seen, plain(x, w, shape))


def test_not_a_number_stays_one():
    x = np.full((1, 1, 1, 4, 4), np.nan, dtype=np.float32)
    w = np.ones((1, 1, 1, 1, 1), dtype=np.float32)
    if tiles.usable():
        shape = convolution(x, w, 1)
        found = tiles.convolve(x, tiles.pack(w.reshape(1, 1, 1)), shape, clamped(1, "f4", 0, 6))
        assert np.isnan(found).all()


def test_weights_are_packed_with_zeros_behind_the_last_filter():
    matrix = np.arange(2 * 33 * 3, dtype=np.float32).reshape(2, 33, 3)
    packed = tiles.pack(matrix)
    assert packed.shape == (2, 2, 3, 32)
    for group in range(2):
        for m in range(33):
            np.testing.assert_array_equal(packed[group, m // 32, :, m % 32], matrix[group, m])
    assert not packed[:, 1, :, 1:].any()
