"""How far outputs are apart, whatever they are."""

import numpy as np
import pytest
from onnx import parser

import sparsesim as ss
from sparsesim.trace.difference import relative_error


@pytest.mark.parametrize(
    ("after", "before", "error"),
    [
        (np.array([1.0, 4.0]), np.array([1.0, 3.0]), 0.5),
        (np.array(2.5), np.array(3.0), 0.5),  # a scalar has no range: 1
        (np.array(np.inf), np.array(np.inf), 0.0),
        (np.array(np.nan), np.array(3.0), 1.0),
        (np.array(7), np.array(4), 3.0),
        (np.array(True), np.array(True), 0.0),
        (np.array(2.5, np.float16), np.array(3.0, np.float16), 0.5),
        (np.zeros(0), np.zeros(0), 0.0),
        (np.array("a"), np.array("b"), 1.0),
        ([np.array(1.0), np.array(3.0)], [np.array(1.0), np.array(2.5)], 0.5),
    ],
)
def test_relative_errors(after, before, error):
    assert relative_error(after, before) == error


def test_a_network_whose_output_is_a_number():
    """x . w is 3; without the weight of 0.5 it is 2."""
    text = """
    <ir_version: 8, opset_import: ["" : 17]>
    m (float[3] x) => (float y) <float[3] w = {1, 0.5, 0.25}> { y = MatMul (x, w) }
    """
    graph = ss.load(parser.parse_model(text))
    thin = ss.sparsify(graph, ss.Thresholds(weights={"*": 0.6}))
    inputs = {"x": np.array([2, 1, 2], np.float32)}
    result = ss.estimate(ss.execute(thin, inputs, batch_axis="none"))
    assert result.output_error is not None
    assert result.output_error.worst == 1.0
    assert result.totals.effectual_macs == 1
