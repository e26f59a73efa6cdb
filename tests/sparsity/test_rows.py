"""Rows of a weight against the matrix product of docs/model.md, summed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesim.graph import Layer
from sparsesim.sparsity.rows import from_rows, rows_of


def layer(kind: str, weight_first: bool = False, **attributes: int) -> Layer:
    return Layer(
        "l",
        "op",
        kind,
        "x",
        "w",
        "y",
        weight_first=weight_first,
        attributes=tuple(attributes.items()),
    )


def test_a_convolution_s_channels_run_fastest() -> None:
    """Row m, column (kernel row * 2 + kernel column) * channels + channel."""
    weight = np.arange(4 * 3 * 2 * 2).reshape(4, 3, 2, 2)
    rows = rows_of(layer("conv", group=2), weight)
    assert rows.shape == (4, 12)
    for m, r, s, c in np.ndindex(4, 2, 2, 3):
        assert rows[m, (r * 2 + s) * 3 + c] == weight[m, c, r, s]


def test_a_transposed_convolution_runs_backwards_through_its_kernel() -> None:
    weight = np.arange(4 * 3 * 2 * 2).reshape(4, 3, 2, 2)  # 2 groups of 2 channels, 3 filters
    rows = rows_of(layer("conv_transpose", group=2), weight)
    assert rows.shape == (6, 8)
    for g, m, r, s, c in np.ndindex(2, 3, 2, 2, 2):
        assert rows[g * 3 + m, (r * 2 + s) * 2 + c] == weight[g * 2 + c, m, 1 - r, 1 - s]


@pytest.mark.parametrize(
    ("made", "turned"),
    [
        (layer("gemm"), True),
        (layer("gemm", transB=1), False),
        (layer("gemm", weight_first=True), False),
        (layer("gemm", weight_first=True, transA=1), True),
        (layer("matmul"), True),
        (layer("matmul", weight_first=True), False),
    ],
)
def test_products(made: Layer, turned: bool) -> None:
    weight = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(rows_of(made, weight), weight.T if turned else weight)


def test_a_batched_product_has_the_rows_of_all_batches() -> None:
    weight = np.arange(24).reshape(2, 3, 4)
    expected = np.concatenate([weight[0].T, weight[1].T])
    np.testing.assert_array_equal(rows_of(layer("matmul"), weight), expected)
    np.testing.assert_array_equal(rows_of(layer("matmul"), np.arange(3)), [[0, 1, 2]])


@pytest.mark.parametrize(
    ("made", "shape"),
    [
        (layer("conv"), (4, 3, 5)),
        (layer("conv", group=2), (4, 3, 2, 2)),
        (layer("conv_transpose", group=2), (4, 3, 2, 3, 2)),
        (layer("gemm"), (3, 4)),
        (layer("gemm", transB=1), (3, 4)),
        (layer("matmul"), (2, 3, 4)),
        (layer("matmul"), (5,)),
        (layer("matmul", weight_first=True), (2, 3, 4)),
        (layer("matmul"), (0, 4)),
    ],
)
def test_from_rows_undoes_rows_of(made: Layer, shape: tuple[int, ...]) -> None:
    weight = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(from_rows(made, rows_of(made, weight), shape), weight)
