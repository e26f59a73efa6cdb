"""Where bitmask, or another format, is larger than plain storage, one line says so."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, numpy_helper
from report_samples import sample

import sparsesim as ss
from sparsesim.report.dearer_formats import dearer_formats

F = np.float32


def result(densities, **accelerator) -> ss.Result:
    """Products of 8 by 8 weights, of which so many are not zero; 16 rows of activations."""
    random = np.random.default_rng(0)

    def drawn(shape, density):
        flat = np.zeros(int(np.prod(shape)), F)
        flat[: round(density * flat.size)] = 1
        return random.permutation(flat).reshape(shape)

    nodes, constants = [], []
    for i, density in enumerate(densities):
        nodes.append(helper.make_node("MatMul", ["x", f"w{i}"], [f"y{i}"], name=f"fc{i}"))
        constants.append(numpy_helper.from_array(drawn((8, 8), density), f"w{i}"))
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", 1, [1, 16, 8])],
        [helper.make_tensor_value_info(f"y{i}", 1, [1, 16, 8]) for i in range(len(densities))],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    x = np.ones((1, 16, 8), F)
    return ss.estimate(ss.execute(ss.load(model), x), ss.Accelerator(**accelerator))


def of(operand: str, found: list[str]) -> list[str]:
    return [line for line in found if f"the {operand}s of" in line]


@pytest.mark.parametrize(
    ("densities", "line"),
    [
        ([0.5], None),  # 64 + 8 * 32 bits of 512
        ([0.875], None),  # 64 + 8 * 56: as many
        ([1.0], "1 of 1 layer: 64 bit an image; weight_format = \"dense\" for all saves 64 bit"),
        (
            [1.0, 0.9375, 0.25],  # 64 and 32 bits more, 320 less
            "2 of 3 layers: 96 bit an image",
        ),
        (
            [1.0, 0.9375, 0.8125],  # 64 and 32 bits more, 32 less
            "2 of 3 layers: 96 bit an image; weight_format = \"dense\" for all saves 64 bit",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["activation", "weight", "two_sided"])
def test_weights(densities, line, scheme):
    made = result(densities, skipping=scheme, activation_format="dense")
    start = "bitmask moves more than dense would for the weights of "
    assert dearer_formats(made) == ([start + line] if line else [])


def test_nothing_is_said_of_the_dense_scheme_or_of_dense_formats():
    assert dearer_formats(result([1.0], skipping="none")) == []
    assert dearer_formats(result([1.0], weight_format="dense", activation_format="dense")) == []


def test_activations_are_loaded_and_stored():
    made = result([1.0], weight_format="dense")
    # 128 values are loaded and 128 stored, none of them zero: a bit more for each.
    assert dearer_formats(made) == [
        "bitmask moves more than dense would for the activations of 1 of 1 layer: 256 bit an "
        'image; activation_format = "dense" for all saves 256 bit'
    ]


def test_every_summary_has_the_line():
    from sparsesim.report.notes import notes

    made = sample()
    assert of("weight", notes(made)) == of("weight", dearer_formats(made)) != []
