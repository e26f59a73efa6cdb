"""Replays: the folder is whole, its test finds what the model says, and names what differs."""

from __future__ import annotations

import json
from dataclasses import replace as with_fields
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from broken_verilog import (
    MACHINE,
    WRONG_RESULTS,
    WRONG_TIMES,
    broken,
    epilogue_of,
    harmless,
    operands_of,
)

from sparsesim.cosim import replay, replay_test
from sparsesim.cosim.alone import model_of, timeline_of
from sparsesim.cosim.locate import Difference, first_difference, run_alone
from sparsesim.cosim.operands import PassOperands
from sparsesim.cosim.replay import run_cocotb, write_replay
from sparsesim.errors import SparseSimError
from sparsesim.rtl.bench import Replay, Seen
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.simulator import Verilog

HEALTHY = Verilog(MACHINE, max_filters=16, trace=True)
FILES = ["replay.npz", "replay.vcd", "test_replay.py"]


@pytest.fixture
def icarus() -> str:
    try:
        find_icarus()
    except SparseSimError as error:
        pytest.skip(str(error))
    return "icarus"


def pass_of_six_tiles(**given) -> PassOperands:
    """Filters 6 to 10 and positions 4 to 7 of a layer, windows 10 to 15."""
    first = given.pop("first", (6, 4, 10))
    return operands_of(harmless(4, 22, 1), harmless(5, 22, 2), first=first, **given)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def stored(folder: Path) -> tuple[dict, SimpleNamespace]:
    with np.load(folder / "replay.npz") as arrays:
        about = json.loads(str(arrays["about"]))
        return about, SimpleNamespace(**{name: arrays[name] for name in arrays.files})


@pytest.mark.parametrize("loop_order", ["filters_inner", "positions_inner"])
def test_the_cocotb_test_agrees_where_all_is_well(tmp_path, capfd, icarus, loop_order):
    machine = MACHINE.with_(loop_order=loop_order)
    operands = pass_of_six_tiles(epilogue=epilogue_of(5))
    cycles = model_of(operands, machine).cycles
    folder = tmp_path / "replay"
    verilog = with_fields(HEALTHY, accelerator=machine)
    assert write_replay(folder, operands, None, verilog) == "conv2, image 0, pass 3"
    assert names(folder) == FILES and names(tmp_path) == ["replay"]
    assert "$enddefinitions" in (folder / "replay.vcd").read_text()
    simulators = ("verilator", icarus) if loop_order == "filters_inner" else (icarus,)
    for simulator in simulators:
        assert run_cocotb(folder, simulator) == 0
        said = f"conv2, image 0, pass 3: model and Verilog agree, {cycles} cycles\n"
        assert capfd.readouterr().out.endswith(said)
    assert (folder / "sim_icarus" / "inner_join_accelerator.fst").stat().st_size > 0
    if "verilator" in simulators:
        assert (folder / "sim_verilator" / "dump.vcd").stat().st_size > 0


def test_a_pass_that_does_not_drain_is_replayed(tmp_path, capfd, icarus):
    operands = operands_of(harmless(2, 11, 1), harmless(2, 11, 2), drains=False)
    folder = tmp_path / "replay"
    write_replay(folder, operands, None, HEALTHY)
    assert run_cocotb(folder, icarus) == 0
    cycles = model_of(operands, MACHINE).cycles
    said = f"conv2, image 0, pass 3: model and Verilog agree, {cycles} cycles\n"
    assert capfd.readouterr().out.endswith(said)


def test_only_the_failing_tile_is_replayed(tmp_path, capfd, icarus):
    verilog = broken(tmp_path / "hdl", WRONG_RESULTS)
    operands = pass_of_six_tiles()
    operands.weights[2, 14], operands.activations[1, 14] = 5, 7
    model = model_of(operands, MACHINE)
    difference = first_difference(operands, run_alone(operands, verilog), model, verilog)
    folder = tmp_path / "replay"
    where = write_replay(folder, operands, difference, verilog)
    assert where == "tile (4, 2) of conv2, image 0, pass 3"
    about, arrays = stored(folder)
    assert about == {
        "pass": "conv2, image 0, pass 3",
        "where": where,
        "difference": str(difference),
        "machine": "inner_join",
        "tile": [2, 2],
        "first_tile": [4, 2],
        "first_step": 10,
        "place": "PE",
        "step": "window",
        "drains": True,
        "parameters": {
            "ROWS": 2, "COLS": 2, "WINDOW": 4, "LANES": 1, "QUEUE_DEPTH": 4, "FEED_LATENCY": 1,
            "ACT_W": 9, "WEIGHT_W": 8, "ACC_W": 16, "SKIPPING": 3, "POSITIONS_INNER": 0,
            "COUNTERS_EN": 1, "VALUE_W": 8, "MAX_FILTERS": 16,
        },
        "hdl": str(tmp_path / "hdl"),
        "classes": [one.key for one in MACHINE.rules.classes],
        "cycle_limit": about["cycle_limit"],
        "epilogue": None,
    }  # fmt: skip
    assert np.array_equal(arrays.weights, operands.weights[2:4])
    assert np.array_equal(arrays.activations, operands.activations[:2])
    assert np.array_equal(arrays.sums, model.sums[2:4, :2])
    assert not arrays.overflow.any()
    alone = operands_of(arrays.activations, arrays.weights)
    assert np.array_equal(arrays.ends, timeline_of(alone, MACHINE).ends)
    assert run_cocotb(folder, icarus) == 1
    right = int(model.sums[2, 1])
    line = f"result differs in tile (4, 2), PE (0, 1): model {right}, Verilog {right - 70} "
    said = capfd.readouterr().out.splitlines()[-1]
    assert said.startswith(f"conv2, image 0, pass 3: {line}(it came in cycle ")


def test_a_pass_that_hangs_is_replayed_and_names_the_pe(tmp_path, capfd, icarus):
    verilog = broken(tmp_path / "hdl", WRONG_RESULTS)
    operands = pass_of_six_tiles()
    operands.weights[3, 11] = operands.activations[2, 11] = 1
    said = "the Verilog hangs: it is busy after 2100 cycles"
    difference = first_difference(operands, said, model_of(operands, MACHINE), verilog)
    folder = tmp_path / "replay"
    where = write_replay(folder, operands, difference, verilog)
    assert where == "tile (4, 3) of conv2, image 0, pass 3"
    assert run_cocotb(folder, icarus) == 1
    assert capfd.readouterr().out.splitlines()[-1] == (
        "conv2, image 0, pass 3: end of work differs in tile (4, 3), PE (1, 0), window 12: "
        "model 4, Verilog nothing"
    )


def test_a_late_drain_is_replayed_in_the_first_tile(tmp_path, capfd, icarus):
    verilog = broken(tmp_path / "hdl", WRONG_TIMES)
    operands = operands_of(harmless(2, 11, 1), harmless(2, 11, 2), first=(2, 0, 0))
    model = model_of(operands, MACHINE)
    difference = first_difference(operands, run_alone(operands, verilog), model, verilog)
    folder = tmp_path / "replay"
    where = write_replay(folder, operands, difference, verilog)
    assert where == "tile (1, 0) of conv2, image 0, pass 3"
    assert run_cocotb(folder, icarus) == 1
    assert capfd.readouterr().out.splitlines()[-1] == (
        f"conv2, image 0, pass 3: cycles differ: model {model.cycles}, Verilog {model.cycles + 1}"
    )


def test_the_whole_pass_is_replayed_where_the_tile_alone_agrees(tmp_path):
    operands = pass_of_six_tiles()
    difference = Difference("conv2", 0, 3, "result", tile=(4, 2), place=(0, 1))
    where = write_replay(tmp_path / "replay", operands, difference, HEALTHY)
    assert where == "conv2, image 0, pass 3"
    about, arrays = stored(tmp_path / "replay")
    assert np.array_equal(arrays.weights, operands.weights)
    assert (about["first_tile"], about["hdl"]) == ([3, 2], None)


def test_a_long_waveform_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "_MOST_PAIR_CYCLES", 2 * 2 * 4 * 20)
    operands = pass_of_six_tiles()
    where = write_replay(tmp_path / "replay", operands, None, HEALTHY)
    assert where == "conv2, image 0, pass 3 (replay.vcd ends behind cycle 20)"
    waves = (tmp_path / "replay" / "replay.vcd").read_text()
    assert 2 * 20 <= waves.count("\n#") <= 2 * 24  # a clock is two steps; start_i and its like
    about, _ = stored(tmp_path / "replay")
    assert about["where"] == "conv2, image 0, pass 3"


def test_sums_of_earlier_passes_are_replayed_with_a_wrong_result(tmp_path):
    verilog = broken(tmp_path / "hdl", WRONG_RESULTS)
    whole = operands_of(harmless(2, 24, 1), harmless(2, 24, 2))
    whole.weights[1, 6], whole.activations[0, 6] = 5, 7
    first, second = (
        with_fields(
            whole,
            first_element=start,
            activations=whole.activations[:, start : start + 12],
            weights=whole.weights[:, start : start + 12],
            drains=bool(start),
        )
        for start in (0, 12)
    )
    difference = Difference("conv2", 0, 3, "result", tile=(0, 0), place=(1, 0), step=1)
    folder = tmp_path / "replay"
    where = write_replay(folder, second, difference, verilog, earlier=[first])
    assert where == "tile (0, 0) of conv2, image 0, pass 3"
    about, arrays = stored(folder)
    assert np.array_equal(arrays.weights, whole.weights)
    assert about["first_step"] == 0


def test_a_replay_is_written_whole_or_not_at_all(tmp_path):
    operands, folder = pass_of_six_tiles(), tmp_path / "replay"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(SparseSimError) as error:
        write_replay(folder, operands, None, HEALTHY)
    assert str(error.value) == f"{folder}: exists; use --force to overwrite it"
    with pytest.raises(SparseSimError) as error:
        write_replay(folder, operands, None, HEALTHY, force=True)
    assert str(error.value) == (
        f"{folder}: is no replay, and is not overwritten; name another folder"
    )
    assert names(folder) == ["mine.txt"]

    (folder / "replay.npz").write_text("an older one")
    hdl = tmp_path / "hdl"
    bad = broken(
        hdl, {"common/sparsesim_drain.v": ("assign valid_o = valid_q;", "assign valid_o = ;")}
    )
    with pytest.raises(
        SparseSimError, match=r"^inner_join_accelerator: Verilator: .*drain\.v:\d+:\d+: "
    ):
        write_replay(folder, operands, None, bad, force=True)
    assert names(folder) == ["mine.txt", "replay.npz"]
    write_replay(folder, operands, None, HEALTHY, force=True)
    assert names(folder) == FILES
    assert names(tmp_path) == ["hdl", "replay"]

    nowhere = tmp_path / "no" / "replay"
    with pytest.raises(SparseSimError) as error:
        write_replay(nowhere, operands, None, HEALTHY)
    assert str(error.value) == f"{nowhere}: its folder does not exist"


def test_a_folder_that_cannot_be_replayed_is_refused(tmp_path, capfd):
    with pytest.raises(SparseSimError) as error:
        run_cocotb(tmp_path)
    assert str(error.value) == f"{tmp_path}: is no replay: it has no test_replay.py"
    folder = tmp_path / "replay"
    write_replay(folder, pass_of_six_tiles(), None, HEALTHY)
    about, arrays = stored(folder)
    arrays.about = np.array(json.dumps({**about, "hdl": str(tmp_path / "gone")}))
    np.savez(folder / "replay.npz", **vars(arrays))
    with pytest.raises(SparseSimError) as error:
        run_cocotb(folder)
    assert str(error.value) == (
        f"{folder / 'test_replay.py'}: could not be run; it ended with code 2"
    )
    assert capfd.readouterr().err == (
        "unknown Verilog module 'inner_join_accelerator'; use one of \n"
    )


@pytest.fixture
def seen_as_modelled(tmp_path, monkeypatch) -> tuple[Replay, Seen]:
    """A replay, and what a Verilog without fault would have been seen to do."""
    write_replay(tmp_path / "replay", pass_of_six_tiles(epilogue=epilogue_of(5)), None, HEALTHY)
    monkeypatch.setattr(replay_test, "HERE", tmp_path / "replay")
    told = replay_test.load()
    model = told.arrays
    seen = Seen(model["ends"].copy())
    for place in told.places():
        for came, name in (
            (seen.result, "sums"), (seen.overflow, "overflow"), (seen.output, "values"),
        ):  # fmt: skip
            came[place.at] = 7, int(model[name][place.at])
    seen.cycles, seen.classes = int(model["cycles"]), model["classes"].tolist()
    return told, seen


def test_every_kind_of_difference_is_named(seen_as_modelled):
    told, seen = seen_as_modelled
    model = told.arrays
    assert list(replay_test.differences(told, seen)) == []

    # The order is that in which they are told: of the first alone, the rest being kept.
    lines = []
    seen.classes[3] += 1
    lines.insert(0, f"operand_wait differs: model {model['classes'][3]}, Verilog {seen.classes[3]}")
    seen.cycles = None
    lines.insert(0, f"cycles differ: model {model['cycles']}, Verilog nothing")
    seen.wrong.append("2 results did not come")
    lines.insert(0, "2 results did not come")
    seen.ends[1, 1, 1, 0] += 1
    end = model["ends"][1, 1, 1, 0]
    lines.insert(
        0,
        f"end of work differs in tile (4, 2), PE (1, 0), window 11: model {end}, Verilog {end + 1}",
    )
    for kind, name, filter_, position, place in (
        ("output", "values", 4, 3, "tile (5, 3), PE (0, 1)"),
        ("overflow", "overflow", 4, 1, "tile (5, 2), PE (0, 1)"),
        ("result", "sums", 1, 0, "tile (3, 2), PE (1, 0)"),
    ):
        at, right = (filter_, position), int(model[name][filter_, position])
        getattr(seen, kind)[at] = 9, right + 1
        lines.insert(
            0,
            f"{kind} differs in {place}: model {right}, Verilog {right + 1} (it came in cycle 9)",
        )
        assert list(replay_test.differences(told, seen)) == lines
