"""What a training shows: the table whole, and the chart's curves."""

from __future__ import annotations

import re

import numpy as np

from sparsesim.report.console import plain
from sparsesim.report.training import averaged, gradient_chart, gradient_picture, training_table
from sparsesim.train.history import History

STEPS = 20
HISTORY = History(
    layers=("conv1", "block1/unit_1/conv1", "block1/unit_1/conv2"),
    elements=np.array([100, 300, 700]),
    loss=np.linspace(2, 1, STEPS),
    nonzero=np.stack([np.arange(STEPS), np.full(STEPS, 150), np.full(STEPS, 350)], axis=1),
    epoch_steps=np.array([10, 20]),
    accuracy=np.array([0.5, 0.91234]),
)


def test_the_table():
    """conv1 has 0 and 1 of 100 in its first two steps, 18 and 19 in its last, 9.5 on average."""
    assert plain(training_table(HISTORY, "lenet, gradient threshold 0.001")) == (
        "Gradient sparsity, 20 steps of lenet, gradient threshold 0.001\n"
        "layer          first tenth  last tenth  all steps  weights\n"
        "conv1               99.5 %      81.5 %     90.5 %      100\n"
        "block1/unit_1       50.0 %      50.0 %     50.0 %    1,000\n"
        "all                 54.5 %      52.9 %     53.7 %    1,100\n"
        "test accuracy 91.23% after the last epoch\n"
    )


def test_one_step_and_no_accuracy():
    short = History(
        HISTORY.layers,
        HISTORY.elements,
        HISTORY.loss[:1],
        HISTORY.nonzero[:1],
        np.array([], np.int64),
        np.array([]),
    )
    assert plain(training_table(short, "x")).endswith(
        "all                 54.5 %      54.5 %     54.5 %    1,100\n"
    )
    assert "<svg" in gradient_chart(short, "x")


def test_curves_are_means_of_equal_stretches():
    steps, means = averaged(np.arange(1000.0))
    assert (len(steps), steps[0], steps[-1]) == (200, 5, 1000)
    np.testing.assert_allclose(means, np.arange(1000.0).reshape(200, 5).mean(axis=1))
    steps, means = averaged(np.array([3.0, 5.0]))
    assert (steps.tolist(), means.tolist()) == ([1, 2], [3.0, 5.0])


def test_the_chart_has_a_line_for_each_block_and_becomes_a_picture():
    svg = gradient_chart(HISTORY, "lenet, gradient threshold 0.001")
    for word in ("lenet, gradient threshold 0.001", "conv1", "block1/unit_1", "gradient sparsity"):
        assert word in svg
    curves = re.findall(r'aria-roledescription="line mark" d="([^"]+)"', svg)
    assert len(curves) == 2
    heights = [float(y) for y in re.findall(r"[ML][\d.]+,([\d.]+)", curves[1])]
    assert len(heights) == STEPS and set(heights) == {140.0}  # half of 280: sparsity 0.5
    assert gradient_picture(svg).startswith(b"\x89PNG")
