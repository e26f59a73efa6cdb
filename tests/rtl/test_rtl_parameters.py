"""The Verilog's parameters are the accelerator's: names, defaults, ranges, and the sentence."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

import sparsesim as ss
from sparsesim.errors import SpecError
from sparsesim.machines.broadcast import verilog as broadcast
from sparsesim.machines.broadcast.parameters import BroadcastArray
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.machines.inner_join.parameters import InnerJoinArray
from sparsesim.machines.inner_join.verilog import RTL_FIELDS as FIELDS
from sparsesim.machines.stream import verilog as stream
from sparsesim.machines.stream.parameters import StreamArray
from sparsesim.machines.systolic.parameters import SystolicArray
from sparsesim.machines.systolic.verilog import RTL_FIELDS as SYSTOLIC_FIELDS
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.parameters import declared
from sparsesim.rtl.sources import modules, sources
from sparsesim.rtl.verilator import find_verilator

ALL = [(module, name) for module in modules() for name in declared(module)]
CHECKED = [(module, name) for module, name in ALL if declared(module)[name].word]

# Of each folder of `hdl`: Verilog's names of an accelerator's keys, what declares the array's.
MACHINES = {
    "common": (FIELDS, InnerJoinArray),
    "inner_join": (FIELDS, InnerJoinArray),
    "broadcast": (broadcast.RTL_FIELDS, BroadcastArray),
    "stream": (stream.RTL_FIELDS, StreamArray),
    "systolic": (SYSTOLIC_FIELDS, SystolicArray),
}


def machine_of(module: str) -> str:
    """The folder that it is in."""
    return sources(module)[0].parent.name


OF_THE_ACCELERATOR = [
    (module, name) for module, name in ALL if name in MACHINES[machine_of(module)][0]
]

RANGE = sources("sparsesim_parameter_range")[0]

# A PE has no more lanes than its window has pairs, so inner modules take 64 at most.
INNER_LANES = (1, 64)
OUTER = {
    *("inner_join_class_counters", "inner_join_accelerator", "inner_join_accelerator_axi"),
    *("inner_join_array", "inner_join_registers"),
}


def of_the_accelerator(field: str, machine: str = "inner_join") -> FieldInfo:
    """What declares it: the accelerator itself, or the machine's array."""
    return (ss.Accelerator.model_fields | MACHINES[machine][1].model_fields)[field]


def limits(field: str, machine: str = "inner_join") -> tuple[int, int]:
    """The least and the largest value that the accelerator takes."""
    metadata = of_the_accelerator(field, machine).metadata
    low = next(bound.ge for bound in metadata if hasattr(bound, "ge"))
    return low, next(bound.le for bound in metadata if hasattr(bound, "le"))


def sentence(field: str, value: int) -> str:
    """What Python says of a value that is out of range."""
    with pytest.raises(SpecError) as caught:
        ss.Accelerator(**{field: value})
    return str(caught.value)


@pytest.fixture
def probe(tmp_path) -> Path:
    """A module with the parameters and the checks of the array, and nothing else."""
    text = sources("inner_join_array")[0].read_text()
    checks = re.findall(r"sparsesim_parameter_range\b[^;]*;", text)
    values = [
        f"parameter {name} = {told.default}" for name, told in declared("inner_join_array").items()
    ]
    path = tmp_path / "probe.v"
    path.write_text(
        f"module probe #({', '.join(values)}) ();\n" + "\n".join(checks) + "\nendmodule"
    )
    return path


def test_declarations_are_read_with_their_comments_and_ranges():
    told = declared("sparsesim_delay")["CYCLES"]
    assert (told.default, told.word, told.low, told.high) == (1, "cycles", 0, 64)
    assert told.comment == "Registers on the way, 0 to 64."
    assert list(declared("sparsesim_parameter_range")) == ["NAME", "VALUE", "LOW", "HIGH"]


def test_the_default_accelerator_has_the_defaults_of_the_array():
    defaults = {name: told.default for name, told in declared("inner_join_array").items()}
    values = ss.Accelerator().rtl_parameters()
    assert {name: defaults[name] for name in values} == values


def test_the_default_stream_has_the_defaults_of_its_array():
    defaults = {name: told.default for name, told in declared("stream_array").items()}
    values = ss.Accelerator(machine="stream", skipping="activation").rtl_parameters()
    assert {name: defaults[name] for name in values} == values


def test_every_field_arrives_under_its_name():
    accelerator = ss.Accelerator(
        rows=2, cols=3, window=5, lanes=7, queue_depth=11, feed_latency=13, act_bits=4,
        weight_bits=6, acc_bits=40, skipping="weight", loop_order="positions_inner",
    )  # fmt: skip
    assert accelerator.rtl_parameters() == {
        **{"ROWS": 2, "COLS": 3, "WINDOW": 5, "LANES": 7, "QUEUE_DEPTH": 11, "FEED_LATENCY": 13},
        **{"ACT_W": 4, "WEIGHT_W": 6, "ACC_W": 40, "SKIPPING": 2, "POSITIONS_INNER": 1},
    }


@pytest.mark.parametrize("number, scheme", list(enumerate(SCHEMES)))
def test_schemes_have_their_numbers(number, scheme):
    assert ss.Accelerator(skipping=scheme).rtl_parameters()["SKIPPING"] == number


@pytest.mark.parametrize("module, name", OF_THE_ACCELERATOR)
def test_a_parameter_of_the_accelerator_agrees_with_it(module, name):
    told, machine = declared(module)[name], machine_of(module)
    field = MACHINES[machine][0][name]
    low, high = limits(field, machine)
    if name == "LANES" and machine in ("common", "inner_join") and module not in OUTER:
        low, high = INNER_LANES
    assert told.default in (None, of_the_accelerator(field, machine).default)
    assert f"{low} to {high}" in told.comment
    if told.word:
        assert (told.word, told.low, told.high) == (field, low, high)


@pytest.mark.parametrize("module, name", CHECKED)
def test_a_checked_range_is_the_one_in_the_comment(module, name):
    told = declared(module)[name]
    assert f"{told.low} to {told.high}" in told.comment
    assert told.default is not None
    assert told.low <= told.default <= told.high


@pytest.mark.parametrize("array", ["inner_join_array", "broadcast_array", "stream_array"])
def test_the_array_checks_all_that_it_declares(array):
    told = declared(array).items()
    unchecked = {name for name, one in told if one.word is None and one.default is not None}
    assert unchecked == set()
    assert set(ss.Accelerator().rtl_parameters()) < set(declared("inner_join_array"))


def test_verilator_stops_with_the_sentences_of_python(probe):
    above = {name: limits(field)[1] + 1 for name, field in FIELDS.items()}
    below = {name: limits(field)[0] - 1 for name, field in FIELDS.items()}
    verilator = find_verilator()
    for values in (above, below):
        command = [
            *(verilator.executable, "--lint-only", "--top-module", "probe"),
            *(f"-G{name}={value}" for name, value in values.items()),
            *(probe, RANGE),
        ]
        done = subprocess.run(
            command, env=verilator.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        told = re.findall(r"%Warning-USERFATAL: \S+ (.*)", done.stderr)
        assert sorted(told) == sorted(sentence(FIELDS[n], value) for n, value in values.items())


@pytest.mark.parametrize("name", ["WINDOW", "QUEUE_DEPTH"])
def test_icarus_stops_with_the_sentence_of_python(probe, tmp_path, name):
    try:
        icarus = find_icarus()
    except ss.SparseSimError as error:
        pytest.skip(str(error))
    value = limits(FIELDS[name])[1] + 1
    files = [probe, RANGE]
    command = [icarus.compiler, "-g2005", f"-Pprobe.{name}={value}", "-o", tmp_path / "vvp", *files]
    subprocess.run(command, check=True)
    done = subprocess.run(
        [icarus.runner, "-n", tmp_path / "vvp"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f": {sentence(FIELDS[name], value)}\n" in done.stdout


@pytest.mark.parametrize("name", ["WINDOW", "QUEUE_DEPTH"])
def test_yosys_stops_with_the_sentence_of_python(probe, name):
    pytest.importorskip("pyosys")
    value = limits(FIELDS[name])[1] + 1
    script = f"""from pyosys import libyosys as ys
design = ys.Design()
ys.run_pass("read_verilog {probe} {RANGE}", design)
ys.run_pass("chparam -set {name} {value} probe", design)
ys.run_pass("hierarchy -check -top probe", design)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f": {sentence(FIELDS[name], value)}\n" in done.stdout


@pytest.mark.parametrize("name", FIELDS)
def test_the_limits_themselves_pass(probe, name):
    verilator = find_verilator()
    for value in limits(FIELDS[name]):
        command = [
            *(verilator.executable, "--lint-only", "--top-module", "probe", f"-G{name}={value}"),
            *(probe, RANGE),
        ]
        done = subprocess.run(
            command, env=verilator.environment(), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
