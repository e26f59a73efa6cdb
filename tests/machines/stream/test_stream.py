"""What `stream` says of itself: parameters that go together, floors, densities, causes, space."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import sparsesim as ss
from sparsesim.area.resources import Resources
from sparsesim.errors import SpecError
from sparsesim.machines import machine_named
from sparsesim.machines.product_shape import Densities, ProductShape
from sparsesim.machines.stream.parameters import StreamArray

STREAM = machine_named("stream")


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"depth": 100}, "depth 100 is no power of two; use one from 16 to 4096"),
        ({"stash": 3}, "stash 3 is no power of two; use one from 1 to 256"),
        ({"rows": 3, "units": 4}, "units 4 does not go with rows 3; use rows or less"),
        (
            {"rows": 4, "stash": 4, "lanes": 17},
            "lanes 17 does not go with stash 4; use rows x stash or less",
        ),
        ({"lanes": 257}, "lanes 257 is out of range; use 1 to 256"),
        ({"depth": 8}, "depth 8 is out of range; use 16 to 4096"),
    ],
)
def test_arrays_that_cannot_be(keys: dict[str, int], says: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        StreamArray(**keys)
    assert str(error.value) == says
    text = "".join(f"{key} = {value}\n" for key, value in keys.items())
    (tmp_path / "own.toml").write_text('machine = "stream"\n[array]\n' + text)
    with pytest.raises(SpecError) as error:
        ss.Accelerator.from_toml(tmp_path / "own.toml")
    assert str(error.value).endswith(says)


def test_mean_densities_by_hand() -> None:
    """16 filters and 32 positions of K = 40 on 16 rows of 16 lanes and 4 units: 2 tiles of
    positions, a round of 16 filters. Dense 2 * 40, loads 2 * 40, results 4 * 32."""
    runs = {ProductShape(groups=1, filters=16, positions=32, reduction=40): 1}
    array, scheme = StreamArray(depth=64), STREAM.scheme("weight")
    assert STREAM.expected_cycles(runs, Densities(1, 0.5), scheme, array) == 128
    many = array.with_(units=16)
    assert STREAM.expected_cycles(runs, Densities(1, 0.5), scheme, many) == 80  # loads
    long = {ProductShape(groups=1, filters=64, positions=32, reduction=40): 1}
    found = STREAM.expected_cycles(long, Densities(1, 0.5), scheme, many)
    assert found == pytest.approx(2 * 4 * (20 + 0.5**40))


def test_equal_weight_passes_are_counted_once() -> None:
    """And with the same numbers: where weights are streamed, positions only count."""
    random = np.random.default_rng(0)
    weight = random.random((20, 50)) < 0.4
    act = random.random((64, 50)) < 0.4
    array = ss.Accelerator(machine="stream", rows=4, lanes=4, depth=16)
    one = ss.array_cycles(act[:32], weight, array)
    two = ss.array_cycles(act[32:], weight, array)
    assert one.cycles == two.cycles
    assert sum(one.classes.values()) == 16 * one.cycles


def test_the_space_holds_shapes_that_fit() -> None:
    found = STREAM.space(Resources(lut=53_200, ff=106_400, dsp=220, bram36=140), "xc7")
    assert max(found.axes["lanes"]) == 192
    assert 3 in found.axes["rows"] and 24 in found.axes["rows"]
    least = STREAM.space(Resources(lut=100, ff=100, dsp=1, bram36=1), "xc7")
    assert least.axes["lanes"] == (1,)


@pytest.fixture(scope="module")
def digits() -> ss.Result:
    """A sparsified LeNet on two digits."""
    models = Path(__file__).resolve().parents[3] / "models_onnx"
    thresholds = ss.Thresholds.from_toml(models / "lenet_thresholds.toml")
    graph = ss.sparsify(ss.load(models / "lenet.onnx"), thresholds)
    inputs = ss.open_inputs(models / "mnist_test_300.npz", ss.input_specs(graph), images=2)
    accelerator = ss.Accelerator(machine="stream", rows=24, lanes=8, units=6)
    return ss.estimate(ss.execute(graph, inputs), accelerator, "xc7z020")


def test_every_bound_has_a_cause(digits: ss.Result) -> None:
    bounds = dict.fromkeys(one.bound for one in STREAM.classes)
    for layer in digits.layers:
        for scheme in digits.schemes:
            for bound in bounds:
                found = STREAM.cause(bound, digits, layer, scheme)
                assert found.said and "\n" not in found.said
                assert found.parameters and all(": " in one for one in found.parameters)
    assert STREAM.cause("dram", digits, digits.layers[0], "weight") is None


def test_a_cause_has_the_layers_numbers(digits: ss.Result) -> None:
    """conv2: 50 filters of K = 500 over 64 positions: 8 tiles of two blocks, one chunk."""
    layer = next(one for one in digits.layers if one.name == "conv2")
    found = STREAM.cause("load", digits, layer, "weight")
    assert f"loading takes {2 * 8 * 500:,} at least" in found.said
    assert found.parameters[0].startswith("stash (now 16): ")
    idle = STREAM.cause("edges", digits, layer, "activation")
    assert "50 filters on 8 lanes and 64 positions on 24 rows" in idle.said


def test_lanes_that_share_a_multiplier_need_room() -> None:
    keys = {"machine": "stream", "lanes_per_dsp": 2}
    assert ss.Accelerator(**keys).array.lanes_per_dsp == 2
    ss.Accelerator(**keys, skipping="activation", act_bits=10)
    told = (
        "lanes_per_dsp 2 does not go with act_bits 10; "
        "use 1, or 2 x act_bits + weight_bits of 26 or less"
    )
    with pytest.raises(SpecError, match=f"^{re.escape(told)}$"):
        ss.Accelerator(**keys, skipping="weight", act_bits=10)
    with pytest.raises(SpecError, match="lanes_per_dsp 2 does not go with weight_bits 9"):
        ss.Accelerator(**keys, skipping="none", dense_streams="activation", weight_bits=9)


def test_where_blocks_take_two_products_lanes_share_them() -> None:
    budget = Resources(lut=52_920, ff=105_840, dsp=270, bram36=162)
    two, one = STREAM.space(budget, "xcup"), STREAM.space(budget, "xc7")
    assert (two.axes["lanes_per_dsp"], one.axes["lanes_per_dsp"]) == ((2,), (1,))
    assert "rows * lanes <= 540" in two.conditions and "rows * lanes <= 270" in one.conditions
