"""What `explain` is told of a layer's cycles on the systolic array."""

from __future__ import annotations

import numpy as np
import pytest

import sparsesim as ss


@pytest.fixture(scope="module")
def trace(root):
    """A digit through the bundled model."""
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:1]
    return ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)


def cause(trace, layer: str, bound: str, **keys):
    result = ss.estimate(trace, ss.Accelerator(machine="systolic", **keys))
    one = next(one for one in result.layers if one.name == layer)
    accelerator = result.accelerator
    return accelerator.rules.cause(bound, result, one, accelerator.skipping)


# fc3 has K = 800, 500 filters, 1 position; conv1 25, 20, 576; conv2 500, 50, 64.
@pytest.mark.parametrize(
    ("layer", "bound", "keys", "said", "first"),
    [
        (
            "fc3",
            "preload",
            {},
            "a fold's weights come in 16 cycles and serve 1 position: the array waits 24,004 "
            "cycles for them",
            "batch (now 1): more images side by side use each weight more often",
        ),
        (
            "conv1",
            "preload",
            {"rows": 4, "depth": 2},
            "a fold's weights come in 4 cycles and serve 2 positions: the array waits 8,066 "
            "cycles for them",
            "depth (now 2): a fold serves as many positions at most",
        ),
        (
            "conv1",
            "drain",
            {},
            "4 units for 16 columns take a position's results in 4 cycles: the array waits 739 "
            "cycles for them",
            "units (now 4): more of them take more results a cycle",
        ),
        (
            "conv1",
            "edges",
            {},
            "K = 25 on 16 rows and 20 filters on 16 columns leave 51.2 % of the PEs empty: 1,179 "
            "cycles of the array",
            "rows, cols: 32x8, as many PEs, would have 65.1 % of them filled",
        ),
        (
            # Its weights are not 2:4, so all of K takes a row.
            "conv1",
            "edges",
            {"n_of_m": "2:4", "skipping": "structured"},
            "K = 25 on 16 rows and 20 filters on 16 columns leave 51.2 % of the PEs empty: 1,179 "
            "cycles of the array",
            "rows, cols: 32x8, as many PEs, would have 65.1 % of them filled",
        ),
        (
            "fc3",
            "edges",
            {"dataflow": "output_stationary"},
            "1 position on 16 rows and 500 filters on 16 columns leave 93.9 % of the PEs empty: "
            "24,038 cycles of the array",
            "rows, cols: 1x256, as many PEs, would have 97.7 % of them filled",
        ),
        (
            "conv1",
            "fill",
            {},
            "1 pass fills and empties the array: 30 cycles",
            "rows, cols: a smaller array is filled and emptied sooner",
        ),
        (
            "fc3",
            "fill",
            {},
            "each of 4 passes fills and empties the array in 30 cycles: 120 in all",
            "activation, weight and output buffer: larger ones make longer passes",
        ),
        (
            "conv2",
            "fill",
            {"preload": "serial"},
            "each fold fills and empties the array: 3,840 cycles in all",
            "preload: overlapped lets folds follow each other without a gap",
        ),
        (
            "conv2",
            "work",
            {},
            "multiplying fills 6,250 cycles of all PEs, 1,806 of them with a zero, which this "
            "array does not skip",
            "rows, cols (now 16, 16): more of them",
        ),
    ],
)
def test_what_is_said_of_a_bound(trace, layer, bound, keys, said, first):
    found = cause(trace, layer, bound, **keys)
    assert found.said == said
    assert found.parameters[0] == first


def test_nothing_is_said_of_weights_where_sums_stay(trace):
    assert cause(trace, "fc3", "preload", dataflow="output_stationary") is None
    assert cause(trace, "fc3", "imbalance") is None
