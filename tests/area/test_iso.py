"""The iso-resource baseline against the estimator itself, asked about every array that fits.

Of `inner_join`: what holds of other machines' dense arrays is in their own tests.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import onnx
import onnx.helper as make
import pytest
from numpy.random import default_rng

import sparsesim as ss
from sparsesim import area
from sparsesim.area import iso
from sparsesim.area.dense import total_cycles
from sparsesim.area.iso import iso_resource
from sparsesim.area.resources import Resources
from sparsesim.area.work import dense_work
from sparsesim.errors import SpecError
from sparsesim.machines.inner_join.area import packed_sums
from sparsesim.machines.inner_join.area.bounds import least_cycles
from sparsesim.machines.inner_join.area.clock import clock as pe_clock
from sparsesim.machines.inner_join.area.clock import dense_pes
from sparsesim.machines.inner_join.area.dense_arrays import dense_template
from sparsesim.machines.inner_join.area.packed_sums import PackedSums
from sparsesim.spec.device import dram_bits_per_cycle


@pytest.fixture(autouse=True)
def _one_machine(monkeypatch):
    monkeypatch.setattr(iso, "machine_names", lambda: ("inner_join",))


@pytest.fixture(scope="module")
def trace(root):
    """Two digits through the bundled model."""
    with np.load(root / "models_onnx/mnist_test_300.npz") as archive:
        images = archive["image"][:2]
    return ss.execute(ss.load(root / "models_onnx/lenet.onnx"), images)


def conv_trace(seed: int) -> ss.Trace:
    """One random convolution: strides that leave pixels out, groups, padding, transposed ones."""
    draw = default_rng(seed)
    groups, kernel = [1, 1, 2, 4][seed % 4], int(draw.integers(1, 4))
    channels, filters = (groups * int(n) for n in draw.integers(1, 9, 2))
    size, stride, pad = int(draw.integers(4, 13)), int(draw.integers(1, 4)), seed % 2
    transposed = seed % 3 == 0
    shape = (channels, filters // groups) if transposed else (filters, channels // groups)
    weight = draw.standard_normal((*shape, kernel, kernel)).astype(np.float32)
    node = make.make_node(
        "ConvTranspose" if transposed else "Conv",
        ["x", "w"],
        ["y"],
        "layer",
        strides=[stride] * 2,
        pads=[pad * (kernel > 1)] * 4,
        group=groups,
    )
    tensor = make.make_tensor_value_info
    graph = make.make_graph(
        [node],
        "one",
        [tensor("x", onnx.TensorProto.FLOAT, (1, channels, size, size))],
        [tensor("y", onnx.TensorProto.FLOAT, list("abcd"))],
        [onnx.numpy_helper.from_array(weight, "w")],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)
    inputs = draw.standard_normal((1, 1, channels, size, size)).astype(np.float32)
    return ss.execute(ss.load(model), inputs[0])


def recurrent_trace(seed: int) -> ss.Trace:
    """An LSTM or a GRU of some steps: its hidden product's weights may stay in their buffer."""
    draw = default_rng(seed)
    op, gates = [("LSTM", 4), ("GRU", 3)][seed % 2]
    steps, hidden, inputs = (int(n) for n in draw.integers(1, 9, 3))
    shapes = {"w": (1, gates * hidden, inputs), "r": (1, gates * hidden, hidden)}
    weights = [
        onnx.numpy_helper.from_array(draw.standard_normal(shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    node = make.make_node(op, ["x", *shapes], ["y"], "layer", hidden_size=hidden)
    tensor = make.make_tensor_value_info
    graph = make.make_graph(
        [node],
        "one",
        [tensor("x", onnx.TensorProto.FLOAT, (steps, 1, inputs))],
        [tensor("y", onnx.TensorProto.FLOAT, (steps, 1, 1, hidden))],
        weights,
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 14)], ir_version=8)
    return ss.execute(ss.load(model), draw.standard_normal((steps, 1, inputs)).astype(np.float32))


def dense(sparse, rows, cols, clock_mhz, window=1, lanes=1) -> ss.Accelerator:
    """A dense array of so many PEs beside an accelerator."""
    template = dense_template(sparse, window, lanes)
    return template.with_(rows=rows, cols=cols, clock_mhz=float(clock_mhz))


def any_dense(case: int) -> ss.Accelerator:
    """A dense accelerator with PEs of any window and lanes, and buffers that cut K at times."""
    draw = default_rng(case)
    window, lanes = dense_pes()[case % len(dense_pes())]
    sparse = ss.Accelerator(
        feed_latency=[1, 3][case % 2],
        loop_order=["filters_inner", "positions_inner"][case // 2 % 2],
        batch=[1, 2][case // 3 % 2],
        activation_buffer_kib=[128.0, 4.0, 0.5][case // 4 % 3],
        weight_buffer_kib=[256.0, 8.0, 1.0][case // 5 % 3],
        output_buffer_kib=[64.0, 1.0][case // 7 % 2],
    )
    rows, cols, clock_mhz = (int(draw.integers(*r)) for r in ((1, 40), (1, 40), (50, 500)))
    return dense(sparse, rows, cols, clock_mhz, window, lanes)


def agrees(trace: ss.Trace, dense: ss.Accelerator, device: ss.Device) -> bool:
    """Exact cycles are the estimator's, and the least are none above; False: it does not fit."""
    try:
        result = ss.estimate(trace, dense, device)
    except SpecError:
        return False
    work = dense_work(trace, dense, result.run_groups)
    exact = result.totals.cycles["none"].total
    assert total_cycles(work, dense, device) == exact
    assert total_cycles(work, dense, device, exact + 1) == exact
    assert total_cycles(work, dense, device, exact) is None
    bits_per_cycle = float(dram_bits_per_cycle(device, dense))
    least = least_cycles(
        work, dense, np.array([dense.rows]), np.array([dense.cols]), bits_per_cycle
    )
    assert 0 < least[0] <= exact
    return True


@pytest.mark.parametrize("case", range(14))
def test_dense_cycles_are_the_estimators(trace, case):
    agrees(trace, any_dense(case), ss.Device.named("xc7z020"))


def test_dense_cycles_of_all_kinds_of_convolutions(record_property):
    fitting = 0
    for case in range(60):
        device = ss.Device.named(["xc7z020", "lfe5u-85f"][case % 2])
        fitting += agrees(conv_trace(case), any_dense(case * 7 + 3), device)
    assert fitting > 40
    record_property("random cases", fitting)


def test_dense_cycles_of_recurrent_products(record_property):
    fitting = 0
    for case in range(16):
        device = ss.Device.named(["xc7z020", "lfe5u-85f"][case % 2])
        fitting += agrees(recurrent_trace(case), any_dense(case * 5 + 1), device)
    assert fitting > 10
    record_property("random cases", fitting)


@dataclass(frozen=True)
class Everything:
    """The slow twin: all dense arrays within a budget, each asked of the estimator."""

    seconds: float
    arrays: int


def try_all(trace, sparse, device, family, budget) -> Everything:
    best, arrays = float("inf"), 0
    for window, lanes in dense_pes():
        period = 1 / pe_clock(dense(sparse, 1, 1, 1.0, window, lanes), family).mhz
        ratio = (1 / pe_clock(sparse, family).mhz) / period
        for cols in range(1, 7):
            for rows in range(1, 41):
                clock = sparse.clock_mhz * ratio
                array = dense(sparse, rows, cols, clock, window, lanes)
                if not takes_no_more(array, family, budget):
                    continue
                arrays += 1
                cycles = ss.estimate(trace, array, device).totals.cycles["none"].total
                best = min(best, cycles / (clock * 1e6))
    return Everything(best, arrays)


def takes_no_more(dense: ss.Accelerator, family: str, budget: Resources) -> bool:
    """Whether it fits, with as many pairs of rows in one multiplier as it must."""
    used = area.estimate(dense, family)
    lut, dsp = used.lut, used.dsp
    while dsp > budget.dsp and family == "xcup":  # a pair: a multiplier less for each lane
        pairs = -(-int(dsp - budget.dsp) // dense.lanes)
        if pairs > dense.rows // 2 * dense.cols:
            return False
        each = packed_sums.MODEL.resources(PackedSums(family, dense.lanes, dense.acc_bits))
        lut, dsp = lut + pairs * each.lut, dsp - pairs * dense.lanes
    return lut <= budget.lut + 1 and dsp <= budget.dsp and used.bram36 <= budget.bram36


@pytest.mark.parametrize(
    ("seed", "name", "family", "cols", "clock_mhz"),
    [
        (1, "xc7z020", "xc7", 3, 150.0),
        (2, "xczu3eg", "xcup", 3, 180.0),
        (5, "lfe5u-85f", "ecp5", 3, 120.0),
        (7, "xczu3eg", "xcup", 2, 200.0),
    ],
)
def test_no_array_that_fits_is_faster(seed, name, family, cols, clock_mhz):
    sparse = ss.Accelerator(rows=6, cols=cols, window=8, clock_mhz=clock_mhz)
    device, trace = ss.Device.named(name), conv_trace(seed)
    result = ss.estimate(trace, sparse, device)
    found = iso_resource(trace, result, sparse, device, family)
    budget = area.estimate(sparse, family)
    assert found.budget.model_dump() == asdict(budget)
    all_of_them = try_all(trace, sparse, device, family, budget)
    assert all_of_them.arrays > 50
    assert found.is_proven
    assert found.seconds == pytest.approx(all_of_them.seconds, rel=1e-3)  # clocks to a tenth
    sparse_cycles = result.totals.cycles["two_sided"].total
    assert found.speedup == pytest.approx(
        found.seconds / (sparse_cycles / (sparse.clock_mhz * 1e6)), rel=1e-12
    )
    for what in ("lut", "dsp", "bram36"):
        assert getattr(found.used, what) <= getattr(budget, what)


def test_a_clock_that_its_pe_never_reached_gives_the_dense_array_none(trace):
    device = ss.Device.named("xczu9eg")
    for clock_mhz in (100.0, 200.0, 300.0, 1000.0):
        sparse = ss.Accelerator(clock_mhz=clock_mhz)
        found = iso_resource(trace, ss.estimate(trace, sparse), sparse, device, "xcup")
        template = dense_template(sparse, found.array.window, found.array.lanes)
        reached = pe_clock(template, "xcup").mhz
        if clock_mhz <= 200:
            assert found.clock_mhz == pytest.approx(reached * clock_mhz / 200, abs=0.1)
            assert found.clock_source.endswith("the accelerator's, as the two PEs' clocks on ECP5")
        else:
            assert found.clock_mhz == reached
            assert found.clock_source == (
                "no more than its PE reaches (assumed: 200 MHz for inner_join's default PE, others "
                "scaled as on ECP5)"
            )
        assert found.packed_pairs > 0


def test_lanes_make_it_faster(trace):
    """Of the same multipliers one lane each was the fastest array that was thought of."""
    sparse, device = ss.Accelerator(), ss.Device.named("xczu9eg")
    found = iso_resource(trace, ss.estimate(trace, sparse), sparse, device, "xcup")
    assert found.array.lanes > 1
    one_lane = dense(sparse, 72, 8, 264.6)  # was called proven
    cycles = ss.estimate(trace, one_lane, device).totals.cycles["none"].total
    assert found.seconds < 0.95 * cycles / (one_lane.clock_mhz * 1e6)


def test_nothing_where_not_even_a_pe_fits(trace, monkeypatch):
    sparse = ss.Accelerator()
    result = ss.estimate(trace, sparse)
    monkeypatch.setattr("sparsesim.area.iso.estimate", lambda *_: Resources(10, 10, 0, 1))
    assert iso_resource(trace, result, sparse, ss.Device.named("xczu9eg"), "xcup") is None
