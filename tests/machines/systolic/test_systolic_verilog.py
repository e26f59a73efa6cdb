"""The Verilog of `systolic` gives what the model says: random passes by the hundreds, sums that
stay over passes, a layer whole; a difference is located, and replayed under cocotb."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from verilog_passes import agree, broken_copy, epilogue_of, whole_pass

import sparsesim as ss
from sparsesim.cosim.alone import model_of, tiling_of
from sparsesim.cosim.locate import first_difference, run_alone
from sparsesim.cosim.operands import PassOperands
from sparsesim.cosim.replay import run_cocotb, write_replay
from sparsesim.cosim.run import cosimulate
from sparsesim.errors import SparseSimError
from sparsesim.inputs.memory import feed_memory
from sparsesim.machines.systolic import selection
from sparsesim.machines.systolic.packing import pack
from sparsesim.rtl.compiler import find_compiler
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.simulator import Simulator, Verilog
from sparsesim.rtl.verilator import find_verilator
from sparsesim.trace.execute import input_specs

SETS = [
    {"rows": 4, "cols": 3, "units": 2, "depth": 8},
    {"rows": 4, "cols": 3, "units": 2, "depth": 8, "preload": "serial"},
    {"rows": 3, "cols": 5, "units": 5, "depth": 16},
    {"rows": 3, "cols": 4, "units": 3, "dataflow": "output_stationary"},
    {"rows": 4, "cols": 2, "units": 1, "dataflow": "output_stationary", "preload": "serial"},
    {"rows": 4, "cols": 4, "units": 3, "depth": 5, "n_of_m": "2:4"},
    {"rows": 5, "cols": 2, "units": 2, "depth": 6, "n_of_m": "1:4", "preload": "serial"},
    {"rows": 2, "cols": 6, "units": 1, "depth": 7, "n_of_m": "4:8"},
    {"rows": 1, "cols": 1, "units": 1, "depth": 1},
    {"rows": 6, "cols": 2, "units": 1, "depth": 20, "acc_bits": 16},
]
PASSES = 60


@pytest.fixture(autouse=True)
def tools() -> None:
    try:
        find_verilator(), find_compiler()
    except SparseSimError as error:
        pytest.skip(str(error))


def machine_of(keys: dict, **given) -> ss.Accelerator:
    scheme = "structured" if "n_of_m" in keys else "none"
    return ss.Accelerator(machine="systolic", skipping=scheme, **{**keys, **given})


def random_pass(random: np.random.Generator, machine: ss.Accelerator) -> PassOperands:
    """Of up to three tiles a way; with n:m most weights are so, and some are not."""
    array = machine.array
    filters = int(random.integers(1, 3 * array.cols + 2))
    positions = int(random.integers(1, 3 * array.tile_positions + 2))
    elements = int(random.integers(1, random.choice([4, 11, 40])))

    def values(lines: int, bits: int) -> np.ndarray:
        most = 1 << bits - 1
        made = random.integers(-most, most, (lines, elements))
        return (made * (random.random(made.shape) < random.choice([0.1, 0.5, 1.0]))).astype("i2")

    weights = values(filters, machine.weight_bits)
    n, m = array.kept_of_block
    if n < m and random.random() < 0.7:
        padded = np.zeros((filters, -(-elements // m), m), np.int16)
        padded.reshape(filters, -1)[:, :elements] = weights
        padded[random.random(padded.shape).argsort(axis=2) >= n] = 0
        weights = padded.reshape(filters, -1)[:, :elements].copy()
    activations = values(positions, machine.act_bits)
    return whole_pass(activations, weights, epilogue=epilogue_of(random, filters))


@pytest.mark.parametrize("number", range(len(SETS)))
def test_random_passes_agree(number):
    machine = machine_of(SETS[number])
    simulator, random = Simulator(Verilog(machine, max_filters=64)), np.random.default_rng(number)
    for _ in range(PASSES):
        agree(simulator, random_pass(random, machine))


@pytest.mark.parametrize("number", [0, 3, 5])
def test_weights_that_hold_all_agree_on_any_array(number):
    machine = machine_of(SETS[number]).with_(skipping="none")
    simulator, random = Simulator(Verilog(machine, max_filters=64)), np.random.default_rng(9)
    for _ in range(PASSES // 3):
        agree(simulator, random_pass(random, machine))


@pytest.mark.parametrize("number", [0, 1, 3, 4, 5, 8])
def test_sums_stay_over_passes(number):
    machine = machine_of(SETS[number])
    tiling = tiling_of(machine)
    simulator, random = Simulator(Verilog(machine, max_filters=64)), np.random.default_rng(number)
    for parts in (2, 3, 2, 3):
        elements = parts * tiling.elements - int(random.integers(tiling.elements))
        shape = int(random.integers(1, tiling.filters + 1)), elements
        weights = random.integers(-100, 100, shape) * (random.random(shape) < 0.3)
        shape = int(random.integers(1, tiling.positions + 1)), elements
        operands = random.integers(-200, 200, shape).astype("i2"), weights.astype("i2")
        whole = whole_pass(*operands)
        for part in range(parts):
            cut = slice(part * tiling.elements, (part + 1) * tiling.elements)
            one = replace(
                whole,
                activations=np.ascontiguousarray(operands[0][:, cut]),
                weights=np.ascontiguousarray(operands[1][:, cut]),
                drains=part == parts - 1,
            )
            agree(simulator, one, whole)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_layer_goes_through_its_verilog(workers):
    from onnx import helper, numpy_helper

    random = np.random.default_rng(2)
    made = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"], name="mm")],
        "one",
        [helper.make_tensor_value_info("x", 3, [20, 30])],
        [helper.make_tensor_value_info("y", 6, [20, 7])],
        [numpy_helper.from_array(random.integers(-9, 9, (30, 7)).astype(np.int8), "w")],
    )
    opsets = [helper.make_opsetid("", 17)]
    graph = ss.load(helper.make_model(made, opset_imports=opsets, ir_version=8))
    x = random.integers(-2, 3, (20, 30)).astype(np.int8)
    # K is cut, too: sums stay over passes.
    machine = machine_of(SETS[0], activation_buffer_kib=0.1, weight_buffer_kib=0.06)
    found = cosimulate(graph, feed_memory({"x": x}, input_specs(graph)), machine, workers=workers)
    assert found.failure is None
    (check,) = found.checks
    (record,) = ss.estimate(ss.execute(graph, {"x": x}), machine).layers
    assert check.agrees and check.results == 140
    assert check.cycles_verilog == check.cycles_model == record.cycles["none"].compute


# --- what is wrong is found --------------------------------------------------------------------


def broken(folder, name: str, right: str, wrong: str) -> Verilog:
    """The Verilog with a bug."""
    folder = broken_copy(folder, {name: (right, wrong)})
    return Verilog(machine_of(SETS[0]), max_filters=16, folder=folder, trace=True)


def of_nine_tiles() -> PassOperands:
    """Filters 6 to 12, positions 8 to 24, elements 40 to 48 of a layer."""
    random = np.random.default_rng(1)
    act, weight = random.integers(1, 6, (17, 9)), random.integers(1, 6, (7, 9))
    weight[:, 8] = 0
    operands = act.astype("i2"), weight.astype("i2")
    return PassOperands("conv", 0, 3, 0, 6, 8, 40, *operands, True, None)


def test_a_wrong_sum_is_located_and_replayed(tmp_path, capfd):
    # Some folds forget those before.
    verilog = broken(
        tmp_path / "hdl",
        "systolic/systolic_accumulator.v",
        "starts_i ? {ACC_W{1'b0}} : read_q;",
        "starts_i || write_i == 2 ? {ACC_W{1'b0}} : read_q;",
    )
    operands = of_nine_tiles()
    found, model = run_alone(operands, verilog), model_of(operands, verilog.accelerator)
    difference = first_difference(operands, found, model, verilog)
    assert difference is not None and difference.what == "result"
    assert (difference.tile, difference.place, difference.step) == ((2, 1), (0,), 11)
    assert f"{difference}".startswith(
        "conv, image 0, pass 3: result differs in tile (2, 1), column 0, fold 11: model "
    )
    where = write_replay(tmp_path / "replay", operands, difference, verilog)
    assert where.startswith("tile (2, 1) of conv")
    assert run_cocotb(tmp_path / "replay", "verilator") == 1
    assert "result differs in tile (2, 1), column 0" in capfd.readouterr().out


def test_a_late_fold_is_located(tmp_path):
    verilog = broken(
        tmp_path / "hdl",
        "systolic/systolic_sequencer.v",
        "free_q <= left_q <= allowed_q;",
        "free_q <= left_q == 24'd0 || left_q < allowed_q;",
    )
    operands = of_nine_tiles()
    # One fold a tile: results take longer than the work.
    cut = {"activations": operands.activations[:, :4], "weights": operands.weights[:, :4]}
    operands = replace(operands, **cut)
    found, model = run_alone(operands, verilog), model_of(operands, verilog.accelerator)
    difference = first_difference(operands, found, model, verilog)
    assert difference is not None and difference.what == "cycles"
    assert difference.place == (0,) and difference.words == ("column", "fold")


@pytest.mark.parametrize("number", [3, 5])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_a_replay_of_a_pass_agrees(tmp_path, number, simulator, capfd):
    if simulator == "icarus":
        try:
            find_icarus()
        except SparseSimError as error:
            pytest.skip(str(error))
    verilog = Verilog(machine_of(SETS[number]), max_filters=64, trace=True)
    random = np.random.default_rng(number)
    operands = random_pass(random, verilog.accelerator)
    while operands.epilogue is None:
        operands = random_pass(random, verilog.accelerator)
    write_replay(tmp_path / "replay", operands, None, verilog)
    assert run_cocotb(tmp_path / "replay", simulator) == 0, capfd.readouterr().out


# --- operands ----------------------------------------------------------------------------------


def test_values_are_packed_side_by_side():
    packed = pack(np.array([[1, -1, 2], [0, 3, -2]]), 12)
    assert packed.tolist() == [[0x02FFF001, 0], [0xFE003000, 0xF]]


def test_n_of_m_weights_choose_their_activations():
    array = machine_of(SETS[5]).array  # 2:4
    weights = np.array([[0, 7, 0, 5, 3, 0]], np.int16)
    assert selection.obeys(weights, array)
    held, choices = selection.select(weights, array)
    assert (held.tolist(), choices.tolist()) == ([[7, 5, 3, 0]], [[1, 3, 0, 0]])
    blocks = selection.blocks_of(np.arange(1, 7, dtype=np.int16)[None], array)
    assert blocks.tolist() == [[[1, 2, 3, 4]] * 2 + [[5, 6, 0, 0]] * 2]
    assert not selection.obeys(np.ones((1, 3), np.int16), array)
