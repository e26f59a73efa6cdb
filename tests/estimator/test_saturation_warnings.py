"""What is said where ONNX Runtime saturates, in whole."""

from __future__ import annotations

import pytest

from sparsesim.estimator.saturation import saturation_warnings
from sparsesim.trace.saturation import Saturation

SUMS = "by 8-bit products that ONNX Runtime adds in 16 bits on this processor, where they saturate"


def test_nothing():
    assert saturation_warnings(None) == []


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (0.083, "its outputs of the model as loaded are off by up to 8.3 % of their range on the"),
        (1.9, "its outputs of the model as loaded are off by up to 190 % of their range on the"),
        (0.00051, "its outputs of the model as loaded are off by up to 0.051 % of their range on"),
        (0.0, "its outputs of the model as loaded are exact on the first run all the same; our"),
        (None, "ONNX Runtime does not run the model as it is, so by how much is not known; our"),
    ],
)
def test_layers(difference, said):
    (line,) = saturation_warnings(Saturation(("conv1", "fc"), difference, ()))
    assert line.startswith(f"2 layers (first conv1) multiply {SUMS}: {said} ")
    assert line.endswith("; our layers are exact")


def test_one_layer_and_the_host():
    long = "a" * 50
    layer, host = saturation_warnings(Saturation((long,), 0.5, ("gemm (QGemm)",)))
    assert layer.startswith(f"1 layer ({'a' * 39}…) multiplies {SUMS}: ")
    assert host == (
        f"1 host operator (gemm (QGemm)) multiplies {SUMS}: what they give and all that follows "
        "from it is inexact"
    )
