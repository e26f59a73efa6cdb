"""Co-simulation of a machine that nothing in `sparsesim` knows: other classes, steps and words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from broken_verilog import operands_of

import sparsesim as ss
from sparsesim.cosim.alone import model_of, timeline_of
from sparsesim.cosim.locate import first_difference, run_alone
from sparsesim.cosim.replay import run_cocotb, write_replay
from sparsesim.cosim.run import cosimulate
from sparsesim.errors import SparseSimError
from sparsesim.inputs.memory import feed_memory
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.simulator import SimulationError, Verilog
from sparsesim.trace.execute import input_specs

SERIAL = Path(__file__).parent / "serial"
MACHINE = ss.Accelerator(machine=f"{SERIAL / 'serial.py'}:Serial", lanes=3)


def icarus() -> str:
    try:
        find_icarus()
    except SparseSimError as error:
        pytest.skip(str(error))
    return "icarus"


def broken(folder: Path, right: str, wrong: str) -> Verilog:
    folder.mkdir()
    text = (SERIAL / "serial.v").read_text()
    assert text.count(right) == 1
    (folder / "serial.v").write_text(text.replace(right, wrong))
    return Verilog(MACHINE, max_filters=16, folder=folder, trace=True)


def random_pass():
    """Filters 6 to 10 and positions 4 to 7, beats 40 to 46 of a layer."""
    random = np.random.default_rng(1)
    act, weight = random.integers(-5, 6, (4, 7)), random.integers(-5, 6, (5, 7))
    return operands_of(act, weight, first=(6, 4, 10))


@pytest.mark.parametrize("workers", [0, 1])
def test_a_layer_goes_through_its_verilog(workers):
    from onnx import helper, numpy_helper

    random = np.random.default_rng(2)
    made = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"], name="mm")],
        "one",
        [helper.make_tensor_value_info("x", 3, [5, 30])],
        [helper.make_tensor_value_info("y", 6, [5, 7])],
        [numpy_helper.from_array(random.integers(-9, 9, (30, 7)).astype(np.int8), "w")],
    )
    opsets = [helper.make_opsetid("", 17)]
    graph = ss.load(helper.make_model(made, opset_imports=opsets, ir_version=8))
    x = random.integers(-2, 3, (5, 30)).astype(np.int8)
    # K is cut, too: sums stay over passes.
    machine = MACHINE.with_(activation_buffer_kib=0.02, weight_buffer_kib=0.06)
    inputs = feed_memory({"x": x}, input_specs(graph))
    found = cosimulate(graph, inputs, machine, workers=workers)
    assert found.failure is None
    (check,) = found.checks
    (record,) = ss.estimate(ss.execute(graph, {"x": x}), machine).layers
    assert check.agrees and check.results == 35
    assert check.cycles_verilog == check.cycles_model == record.cycles["all"].compute
    assert check.passes > 15  # 3 * 5 tiles


def test_all_of_a_pass_agrees():
    operands, verilog = random_pass(), Verilog(MACHINE, max_filters=16, trace=True)
    found, model = run_alone(operands, verilog, ends=True), model_of(operands, MACHINE)
    assert found.cycles == model.cycles == 8 * 8
    assert found.classes == model.classes
    assert np.array_equal(found.sums, operands.weights.astype(int) @ operands.activations.T)
    assert np.array_equal(found.ends, timeline_of(operands, MACHINE).ends)


def test_a_wrong_result_is_named_in_its_words(tmp_path, capfd):
    operands = random_pass()
    operands.weights[:] = operands.activations[:] = 1
    operands.activations[2, 3] = -2
    # A negative activation is taken for a large one.
    verilog = broken(tmp_path / "hdl", "= $signed(act_i) * weight;", "= {act_i} * weight;")
    found, model = run_alone(operands, verilog), model_of(operands, MACHINE)
    difference = first_difference(operands, found, model, verilog)
    assert str(difference) == (
        "conv2, image 0, pass 3: result differs in tile (2, 6), lane 0, beat 43: "
        "model 4, Verilog 516 (its sum up to there: model 1, Verilog 513)"
    )
    where = write_replay(tmp_path / "replay", operands, difference, verilog)
    assert where == "tile (2, 6) of conv2, image 0, pass 3"
    assert run_cocotb(tmp_path / "replay", icarus()) == 1
    assert capfd.readouterr().out.splitlines()[-1] == (
        "conv2, image 0, pass 3: result differs in tile (2, 6), lane 0: "
        "model 4, Verilog 516 (it came in cycle 7)"
    )


def test_wrong_times_are_named_in_its_words(tmp_path):
    operands = random_pass()
    # The second tile begins a cycle late.
    verilog = broken(tmp_path / "hdl", "beat_q != beats_i;", "beat_q != beats_i && cycles_q != 8;")
    found, model = run_alone(operands, verilog), model_of(operands, MACHINE)
    assert str(first_difference(operands, found, model, verilog)) == (
        "conv2, image 0, pass 3: cycles differ in tile (3, 4), lane 0, beat 40: model 8, Verilog 9 "
        "(where its work ends; the pass takes 64, in the Verilog 65)"
    )


def test_wrong_counters_are_named_by_its_class(tmp_path):
    operands = random_pass()
    verilog = broken(tmp_path / "hdl", "wasted_q + wasted_d;", "wasted_q;")
    found, model = run_alone(operands, verilog), model_of(operands, MACHINE)
    assert str(first_difference(operands, found, model, verilog)) == (
        f"conv2, image 0, pass 3: wasted differs: model {model.classes[1]}, Verilog 0 "
        "(every lane ends its beats in time: the class counters are to blame)"
    )


def test_what_it_does_instead_of_ending_is_told(tmp_path):
    operands = random_pass()
    ends = "if (tile_q + 16'd1 == tiles_i) busy_q <= 1'b0;"
    for verilog, said in (
        (broken(tmp_path / "more", ends, ""), "gives more results than the pass has"),
        (broken(tmp_path / "never", "take_o ? beat_q + 16'd1", "take_o ? beat_q"), "hangs"),
    ):
        with pytest.raises(SimulationError) as error:
            run_alone(operands, verilog)
        found = first_difference(operands, str(error.value), model_of(operands, MACHINE), verilog)
        assert str(found) == (f"conv2, image 0, pass 3: the Verilog {said} in tile (2, 4), beat 40")


def test_its_replay_agrees_where_all_is_well(tmp_path, capfd):
    write_replay(tmp_path / "replay", random_pass(), None, Verilog(MACHINE, 16, trace=True))
    assert run_cocotb(tmp_path / "replay", icarus()) == 0
    said = "conv2, image 0, pass 3: model and Verilog agree, 64 cycles\n"
    assert capfd.readouterr().out.endswith(said)
