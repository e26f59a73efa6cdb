"""The Verilog is the model: random passes in every value, cycle, class and end of work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from verilog_passes import agree, broken_copy, epilogue_of, whole_pass

import sparsesim as ss
from sparsesim.cosim.alone import model_of, timeline_of
from sparsesim.cosim.locate import first_difference, run_alone
from sparsesim.errors import SparseSimError
from sparsesim.machines.broadcast.packing import pack_rows, pack_weights, unpacked
from sparsesim.machines.broadcast.parameters import BroadcastArray, array_of
from sparsesim.machines.broadcast.published import published_cycles, with_bias
from sparsesim.rtl.simulator import Simulator, Verilog

DENSITIES = (0.0, 0.1, 0.3, 0.6, 1.0)
SETS = [
    {"pes": 4, "queue_depth": 3, "pe_sums": 3, "units": 2},
    {"pes": 1, "queue_depth": 2, "pe_sums": 1, "entry_run_bits": 1},
    {"pes": 5, "queue_depth": 2, "pe_sums": 4, "units": 3, "entry_run_bits": 2, "acc_bits": 12},
    {"pes": 8, "queue_depth": 8, "pe_sums": 40, "entry_run_bits": 1},
    {"pes": 3, "queue_depth": 64, "pe_sums": 7, "units": 3, "act_bits": 16, "weight_bits": 16},
    {"pes": 16, "queue_depth": 5, "pe_sums": 2, "units": 16, "act_bits": 4, "weight_bits": 2},
]
PASSES = 60


def built(**keys: int) -> Simulator:
    """A machine; skips where it cannot be built."""
    try:
        return Simulator(Verilog(ss.Accelerator(machine="broadcast", **keys), max_filters=128))
    except SparseSimError as error:
        pytest.skip(str(error))


def operands(draw, accelerator, filters: int, positions: int, reduction: int):
    """Random ones, dense to empty, the widest among them."""
    made = []
    shapes = (positions, accelerator.act_bits), (filters, accelerator.weight_bits)
    for lines, bits in shapes:
        values = draw.integers(-(1 << bits - 1), 1 << bits - 1, (lines, reduction))
        made.append(
            (values * (draw.random(values.shape) < draw.choice(DENSITIES))).astype(np.int16)
        )
    return made


@pytest.mark.parametrize("number", range(len(SETS)))
def test_random_passes_agree(number: int):
    simulator, draw = built(**SETS[number]), np.random.default_rng(number)
    accelerator = simulator.accelerator
    array = array_of(accelerator)
    for _ in range(PASSES):
        filters = int(draw.integers(1, min(4 * array.tile_filters, 80) + 1))
        shape = filters, int(draw.integers(1, 9)), int(draw.integers(1, 70))
        act, weight = operands(draw, accelerator, *shape)
        agree(simulator, whole_pass(act, weight, epilogue=epilogue_of(draw, filters)))


@pytest.mark.parametrize("number", range(len(SETS)))
def test_sums_stay_where_k_is_cut(number: int):
    simulator, draw = built(**SETS[number]), np.random.default_rng(number)
    accelerator = simulator.accelerator
    array = array_of(accelerator)
    for _ in range(PASSES // 3):
        filters = int(draw.integers(1, array.tile_filters + 1))
        act, weight = operands(draw, accelerator, filters, 1, 3 * array.pes + 1)
        for k in range(0, 3 * array.pes, array.pes):
            part = slice(k, k + array.pes)
            agree(simulator, whole_pass(act[:, part], weight[:, part], drains=False))
        last = slice(3 * array.pes, None)
        agree(simulator, whole_pass(act[:, last], weight[:, last]), whole_pass(act, weight))


@pytest.mark.parametrize("depth", [2, 3, 8, 64])
def test_it_takes_seven_cycles_fewer_than_the_published_simulator(depth: int):
    """On the same operands, its bias among them, where nothing drains."""
    simulator = built(pes=4, queue_depth=depth, pe_sums=16)
    draw = np.random.default_rng(depth)
    for _ in range(PASSES // 3):
        filters, reduction = int(draw.integers(1, 65)), int(draw.integers(1, 60))
        act = draw.integers(-3, 9, reduction) * (draw.random(reduction) < draw.choice(DENSITIES))
        weight = draw.integers(-9, 9, (filters, reduction))
        weight *= draw.random(weight.shape) < draw.choice(DENSITIES)
        bias = draw.integers(-3, 4, filters)
        array = array_of(simulator.accelerator)
        made = with_bias(act, weight, bias, array.pes)
        rows, columns = (values.astype(np.int16) for values in made)
        found = simulator.run(rows, columns, 10_000, drains=False)
        assert published_cycles(act, weight, bias, array) == found.cycles + 7
        simulator.run(np.zeros_like(rows), columns, 10_000)  # what stayed leaves


BUGS = {
    "result": ("broadcast_pe.v", "product_q <= act_q * weight_q", "product_q <= -act_q * weight_q"),
    "cycles": ("broadcast_queue.v", "room_q  <= count != MOST;", "room_q <= count == 0;"),
    "queue_wait": ("broadcast_sender.v", "if (waits_for_room || ended_q)", "if (ended_q)"),
}


@pytest.mark.parametrize("what", BUGS)
def test_a_planted_mistake_is_named(what: str, tmp_path: Path):
    name, right, wrong = BUGS[what]
    folder = broken_copy(tmp_path / "hdl", {f"broadcast/{name}": (right, wrong)})
    accelerator = ss.Accelerator(machine="broadcast", pes=4, queue_depth=3, pe_sums=3)
    verilog = Verilog(accelerator, max_filters=16, folder=folder)
    draw = np.random.default_rng(4)
    act = (draw.integers(1, 9, (3, 18)) * (draw.random((3, 18)) < 0.8)).astype(np.int16)
    weight = (draw.integers(1, 9, (12, 18)) * (draw.random((12, 18)) < 0.4)).astype(np.int16)
    passed = whole_pass(act, weight)
    try:
        found = run_alone(passed, verilog)
    except SparseSimError as error:
        pytest.skip(str(error))
    difference = first_difference(passed, found, model_of(passed, accelerator), verilog)
    assert difference is not None
    assert difference.what == what
    if what == "queue_wait":
        return
    assert difference.tile == (0, 0) and difference.words == ("PE", "row of activations")
    ends = timeline_of(passed, accelerator).ends
    assert difference.step is not None and 0 <= difference.step < ends.shape[1]
    healthy = replace(verilog, folder=None)
    assert (
        first_difference(passed, run_alone(passed, healthy), model_of(passed, accelerator), healthy)
        is None
    )


@pytest.mark.parametrize("run_bits", [1, 4])
def test_what_is_stored_is_the_weights(run_bits: int):
    array = BroadcastArray(pes=3, pe_sums=20, entry_run_bits=run_bits)
    draw = np.random.default_rng(run_bits)
    weight = draw.integers(-128, 128, (100, 7)) * (draw.random((100, 7)) < 0.2)
    pointers, entries, begins = pack_weights(weight.astype(np.int16), array, 8)
    for tile in range(2):
        for pe in range(3):
            counts, first = pointers[tile, :7, pe, 0], int(pointers[tile, 0, pe, 1])
            mine = entries[begins[pe] : begins[pe + 1]][first : first + int(counts.sum())]
            part = weight[tile * 60 : (tile + 1) * 60][pe::3]
            assert np.array_equal(unpacked(counts, mine, len(part), 8), part)


def test_rows_are_masks_and_values():
    rows = pack_rows(np.array([[1, 0, -1, 2, 0]], np.int16), 3, 4)
    assert rows.tolist() == [[[0b101, 0xF01], [0b01, 0x2]]]
