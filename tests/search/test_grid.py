"""Grids by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sparsesim.errors import SpecError
from sparsesim.search.grid import Grid


def test_quantiles_are_magnitudes_that_are_there():
    # Of the nine values other than zero, 1/4, 2/4 and 3/4 lie at the 3rd, 5th and 7th smallest.
    magnitudes = np.array([0, 0, 9, 1, 8, 2, 7, 3, 6, 4, 5], np.float32)
    assert Grid("quantiles", 3).thresholds(magnitudes) == (3.0, 5.0, 7.0)


def test_equal_quantiles_are_one_threshold():
    assert Grid("quantiles", 20).thresholds(np.array([2.0, 2.0, 3.0], np.float32)) == (2.0, 3.0)


def test_all_zeros_have_no_threshold():
    assert Grid().thresholds(np.zeros(4, np.float32)) == ()


def test_halving_goes_from_one_to_above_1e_5():
    grid = Grid.read("halving").thresholds(np.zeros(1))
    assert grid == tuple(2.0**-i for i in range(16, -1, -1))  # 2^-16 is 1.5e-5, 2^-17 below 1e-5


@pytest.mark.parametrize("text", ["quantiles:0", "quantiles:x", "halving:3", "linear", ""])
def test_unknown_grids(text):
    with pytest.raises(SpecError) as error:
        Grid.read(text)
    line = f"grid '{text}' is unknown; use quantiles, quantiles:N (N from 1) or halving"
    assert str(error.value) == line


def test_words():
    assert str(Grid.read("quantiles")) == "20 quantiles of each one's magnitudes"
    assert str(Grid.read("quantiles:7")) == "7 quantiles of each one's magnitudes"
    assert str(Grid.read("halving")) == "halving from 1 to 1e-05"
