"""Area, device, clock and dense arrays beside a machine that `sparsesim` knows nothing of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

import sparsesim as ss
from sparsesim import area
from sparsesim.area.clock import dense_clock
from sparsesim.area.dense import total_cycles
from sparsesim.area.iso import iso_resource
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import Rivalry, dense_accelerator
from sparsesim.errors import SpecError
from sparsesim.estimator.break_even import break_even
from sparsesim.estimator.on_device import device_warnings, on_device
from sparsesim.machines.inner_join.area.dense_arrays import dense_template
from sparsesim.machines.inner_join.parameters import PLACED_FEED_LATENCY, InnerJoinArray
from sparsesim.machines.part import Clock
from sparsesim.sweeps.clock import clock_mhz
from sparsesim.synth.accelerator import synthesise_accelerator


@pytest.fixture
def toy(root) -> ss.Accelerator:
    """Eight multipliers; its parts are stated and were never placed."""
    machine = f"{root / 'tests/machines/toy.py'}:Toy"
    return ss.Accelerator(machine=machine, multipliers=64, clock_mhz=150.0)


@pytest.fixture
def without_parts(toy, monkeypatch) -> ss.Accelerator:
    """The same, of which nobody knows what it is made of."""
    monkeypatch.setattr(type(toy.rules), "parts", lambda *_: ())
    return toy


@pytest.fixture(scope="module")
def trace(root):
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:1]
    return ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)


def test_its_area_is_the_sum_of_what_it_states(toy):
    found = area.estimate(toy, "xc7")
    assert (found.lut, found.ff, found.dsp) == (64 * 24 + 150, 64 * 36 + 90, 64)
    assert on_device(toy, ss.Device.named("xc7z020")).fits


def test_it_is_held_against_the_dense_arrays_of_others(toy, trace):
    device = ss.Device.named("xczu3eg")
    found = iso_resource(trace, ss.estimate(trace, toy, device), toy, device, "xcup")
    assert found.machine != toy.machine
    assert found.clock_mhz == toy.clock_mhz
    assert found.clock_source == "the accelerator's: the two were not both placed"
    assert found.used.dsp <= 64


@dataclass(frozen=True)
class Vector:
    """A dense toy of so many multipliers."""

    rivalry: Rivalry
    accelerator: ss.Accelerator
    least_seconds: float
    clock_mhz: float = 300.0
    clock_source: str = "stated"
    packed_pairs: int = 0

    def resources(self) -> Resources:
        return area.estimate(self.accelerator, self.rivalry.family)

    def cycles(self, limit: int | None) -> int | None:
        return total_cycles(self.rivalry.work, self.accelerator, self.rivalry.device, limit)


def vectors(machine, rivalry: Rivalry) -> Iterator[Vector]:
    """The largest first: a multiplier does a pair a cycle at most."""
    shapes = [(item.geometry, item.times) for item in rivalry.work]
    pairs = sum(times * g.output_elements * g.reduction for g, times in shapes)
    for multipliers in range(200, 0, -1):
        array = {"multipliers": multipliers, "width": 64, "setup_cycles": 1}
        made = dense_accelerator(rivalry.accelerator, rivalry.accelerator.machine, array, 300.0)
        yield Vector(rivalry, made, pairs / multipliers / 300e6)


def test_dense_arrays_of_several_machines_compete(toy, trace, monkeypatch):
    device = ss.Device.named("xczu3eg")
    result = ss.estimate(trace, toy, device)
    other = iso_resource(trace, result, toy, device, "xcup")
    monkeypatch.setattr(type(toy.rules), "dense_arrays", vectors)
    found = iso_resource(trace, result, toy, device, "xcup")
    assert (found.machine, found.array.multipliers) == (toy.machine, 64)  # as many as it has itself
    assert found.is_proven and found.seconds < other.seconds
    dense = toy.with_(skipping="every_pair", width=64, setup_cycles=1, clock_mhz=300.0)
    dense = dense.with_(activation_format="dense", weight_format="dense")
    assert found.cycles == ss.estimate(trace, dense, device).totals.cycles["every_pair"].total
    assert found.used == found.budget


def test_dense_pes_beside_another_machine_have_their_own_defaults(toy):
    own = InnerJoinArray(
        rows=1, cols=1, window=4, lanes=2, queue_depth=6, feed_latency=PLACED_FEED_LATENCY
    )
    assert dense_template(toy, 4, 2).array == own
    sparse = ss.Accelerator(feed_latency=3, loop_order="positions_inner")
    beside = dense_template(sparse, 4, 2).array
    assert (beside.feed_latency, beside.queue_depth) == (3, 6)
    assert beside.loop_order == "positions_inner"


def test_clocks_of_two_that_were_placed_differ_as_the_placements_do(toy, monkeypatch):
    clock = Clock(100.0, True, "placed", placed_ns=10.0, words="vector")
    monkeypatch.setattr(type(toy.rules), "clock", lambda *_: clock)
    sparse = ss.Accelerator(clock_mhz=50.0)
    period = sparse.rules.clock(sparse, "xc7").placed_ns
    mhz, words = dense_clock(sparse, toy, "xc7")
    assert mhz == 50.0 * period / 10.0
    assert words == (
        f"{period / 10:.2f} x the accelerator's, as its vector's and the accelerator's PE's "
        "clocks on ECP5"
    )


def test_a_sweep_takes_one_clock_where_nothing_was_placed(toy):
    assert clock_mhz(toy, toy, is_placed=False) == 150.0
    assert clock_mhz(ss.Accelerator(), toy, is_placed=False) == 150.0
    assert clock_mhz(toy, ss.Accelerator(), is_placed=True) == 250.0  # as it states


def test_where_nobody_knows_its_area(without_parts, trace):
    device = ss.Device.named("xc7z020")
    assert area.estimate(without_parts, "xc7") is None
    assert on_device(without_parts, device) is None
    warning = (
        "not known whether it fits, nor compared at equal resources: the area of machine "
        f"'{without_parts.machine}' is not known"
    )
    assert device_warnings(None, without_parts, device) == (warning,)
    result = ss.estimate(trace, without_parts, device, iso_resource=True)
    assert (result.on_device, result.iso_resource) == (None, None)
    assert warning in result.warnings
    assert iso_resource(trace, result, without_parts, device, "xc7") is None
    with pytest.raises(SpecError) as error:
        break_even(trace, without_parts, device)
    assert str(error.value) == (
        f"the area of machine '{without_parts.machine}' is not known: there are no equal "
        "resources to compare in"
    )


def test_what_has_no_verilog_is_not_synthesised(toy):
    with pytest.raises(SpecError) as error:
        synthesise_accelerator(toy, "xc7")
    assert str(error.value) == f"machine '{toy.machine}' has no parts that can be synthesised"
