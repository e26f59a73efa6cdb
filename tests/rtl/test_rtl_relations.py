"""Parameters that do not go together stop every tool, in each module that asks for it."""

from __future__ import annotations

import re
import subprocess

import pytest

from sparsesim.errors import SparseSimError
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.sources import modules, sources
from sparsesim.rtl.verilator import find_verilator
from sparsesim.synth.run import synthesise

LANES = "lanes 5 does not go with window 4; use window or less"
DEPTH = "depth {} does not go with latency {}; use a power of two above latency + 1"
# Module, parameters just beyond what goes together, the sentence, and the last that do.
RELATIONS = [
    (
        "systolic_drain",
        {"UNITS": 5, "COLS": 4},
        "units 5 does not go with cols 4; use cols or less",
        {"UNITS": 4, "COLS": 4},
    ),
    (
        "systolic_array",
        {"BLOCK": 4, "OUTPUT_STATIONARY": 1, "COLS": 2, "UNITS": 1},
        "block 4 does not go with output_stationary 1; use 1",
        {"BLOCK": 1, "OUTPUT_STATIONARY": 1, "COLS": 2, "UNITS": 1},
    ),
    ("inner_join_pe", {"LANES": 5, "WINDOW": 4}, LANES, {"LANES": 4, "WINDOW": 4}),
    ("sparsesim_select", {"LANES": 5, "WINDOW": 4}, LANES, {"LANES": 4, "WINDOW": 4}),
    (
        "inner_join_class_counters",
        {"LANES": 1, "USED_LANES": 2, "PES": 4, "COLS": 2},
        "used_lanes 2 does not go with lanes 1; use lanes or less",
        {"LANES": 2, "USED_LANES": 2, "PES": 4, "COLS": 2},
    ),
    (
        "sparsesim_feeder",
        {"FEED_LATENCY": 1, "REGISTER_AT_PE": 1},
        "feed_latency 1 does not go with register_at_pe 1; use 2 or more",
        {"FEED_LATENCY": 2, "REGISTER_AT_PE": 1},
    ),
    (
        "sparsesim_credit_fifo",
        {"DEPTH": 8, "LATENCY": 7},
        DEPTH.format(8, 7),
        {"DEPTH": 8, "LATENCY": 6},
    ),
    (
        "sparsesim_credit_fifo",
        {"DEPTH": 12, "LATENCY": 5},
        DEPTH.format(12, 5),
        {"DEPTH": 16, "LATENCY": 5},
    ),
    (
        "broadcast_drain",
        {"UNITS": 3, "PES": 2},
        "units 3 does not go with pes 2; use pes or less",
        {"UNITS": 2, "PES": 2},
    ),
    (
        "stream_array",
        {"UNITS": 3, "ROWS": 2, "LANES": 2},
        "units 3 does not go with rows 2; use rows or less",
        {"UNITS": 2, "ROWS": 2, "LANES": 2},
    ),
    (
        "stream_array",
        {"LANES": 5, "STASH": 2, "ROWS": 2, "UNITS": 1},
        "lanes 5 does not go with stash 2; use rows x stash or less",
        {"LANES": 4, "STASH": 2, "ROWS": 2, "UNITS": 1},
    ),
    (
        "stream_array",
        {"LANES_PER_DSP": 2, "WEIGHT_W": 9, "ROWS": 2, "LANES": 2, "UNITS": 1},
        "lanes_per_dsp 2 does not go with weight_bits 9; "
        "use 1, or 2 x weight_bits + act_bits of 26 or less",
        {"LANES_PER_DSP": 2, "WEIGHT_W": 8, "ROWS": 2, "LANES": 2, "UNITS": 1},
    ),
    (
        "stream_array",
        {
            "LANES_PER_DSP": 2,
            "ACT_W": 10,
            "STREAMS_ACTIVATIONS": 0,
            "ROWS": 2,
            "LANES": 2,
            "UNITS": 1,
        },
        "lanes_per_dsp 2 does not go with act_bits 10; "
        "use 1, or 2 x act_bits + weight_bits of 26 or less",
        {
            "LANES_PER_DSP": 2,
            "ACT_W": 9,
            "STREAMS_ACTIVATIONS": 0,
            "ROWS": 2,
            "LANES": 2,
            "UNITS": 1,
        },
    ),
    (
        "stream_array",
        {"DEPTH": 24, "ROWS": 2, "LANES": 2, "UNITS": 1},
        "depth 24 is no power of two; use one from 16 to 4096",
        {"DEPTH": 32, "ROWS": 2, "LANES": 2, "UNITS": 1},
    ),
    (
        "stream_array",
        {"STASH": 3, "ROWS": 2, "LANES": 2, "UNITS": 1},
        "stash 3 is no power of two; use one from 1 to 256",
        {"STASH": 4, "ROWS": 2, "LANES": 2, "UNITS": 1},
    ),
    (
        "stream_entries",
        {"WINDOW": 6},
        "window 6 is no power of two; use one from 2 to 64",
        {"WINDOW": 8},
    ),
    (
        "stream_entries",
        {"DEPTH": 24},
        "depth 24 is no power of two; use one from 16 to 4096",
        {"DEPTH": 32},
    ),
]
NAMES = [f"{module}-{re.split(' does| is', sentence)[0]}" for module, _, sentence, _ in RELATIONS]


def test_every_relation_of_the_files_is_tried():
    relation = re.compile(
        r'^      sparsesim_parameter_relation #\(\.NAME\("(\w+)"\)[^;]*\.OTHER\("(\w+)"\)', re.M
    )
    texts = {module: sources(module)[0].read_text() for module in modules()}
    found = {(module, names) for module in texts for names in relation.findall(texts[module])}
    words = [re.match(r"(\w+) \d+ does not go with (\w+) ", told) for _, _, told, _ in RELATIONS]
    tried = {
        (module, word.groups()) for (module, *_), word in zip(RELATIONS, words, strict=True) if word
    }
    assert tried == found


def test_every_power_of_two_of_the_files_is_tried():
    power = re.compile(r'^      sparsesim_parameter_power #\(\.NAME\("(\w+)"\)', re.M)
    texts = {module: sources(module)[0].read_text() for module in modules()}
    found = {(module, name) for module in texts for name in power.findall(texts[module])}
    words = [re.match(r"(\w+) \d+ is no power of two", told) for _, _, told, _ in RELATIONS]
    tried = {(module, word[1]) for (module, *_), word in zip(RELATIONS, words, strict=True) if word}
    assert tried == found


@pytest.mark.parametrize(("module", "wrong", "sentence", "right"), RELATIONS, ids=NAMES)
def test_verilator_stops_with_the_sentence(module, wrong, sentence, right):
    stopped, passed = _verilator(module, wrong), _verilator(module, right)
    assert stopped.returncode == 1
    assert f" {sentence}\n" in stopped.stderr
    assert (passed.returncode, passed.stderr) == (0, "")


@pytest.mark.parametrize(("module", "wrong", "sentence", "right"), RELATIONS, ids=NAMES)
def test_icarus_stops_with_the_sentence(module, wrong, sentence, right, tmp_path):
    try:
        find_icarus()
    except SparseSimError as error:
        pytest.skip(str(error))
    stopped, passed = _icarus(module, wrong, tmp_path), _icarus(module, right, tmp_path)
    assert stopped.returncode == 1
    assert re.search(rf" {module}\.g_\w+\.u_stop\.g_stop: {re.escape(sentence)}\n", stopped.stdout)
    assert (passed.returncode, passed.stdout) == (0, "")


@pytest.mark.parametrize(("module", "wrong", "sentence", "right"), RELATIONS, ids=NAMES)
def test_yosys_stops_with_the_sentence(module, wrong, sentence, right):
    pytest.importorskip("pyosys")
    with pytest.raises(SparseSimError) as caught:
        synthesise(module, wrong, "xc7")
    assert str(caught.value) == f"{module}: {sentence}"


def _verilator(module: str, parameters: dict[str, int]) -> subprocess.CompletedProcess[str]:
    verilator = find_verilator()
    given = [f"-G{name}={value}" for name, value in parameters.items()]
    command = [verilator.executable, "--lint-only", "--top-module", module, *given]
    return subprocess.run(
        [*command, *sources(module)],
        env=verilator.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def _icarus(module: str, parameters: dict[str, int], folder) -> subprocess.CompletedProcess[str]:
    """What a simulation without any clock says."""
    icarus = find_icarus()
    given = [f"-P{module}.{name}={value}" for name, value in parameters.items()]
    command = [icarus.compiler, "-g2005", "-s", module, *given, "-o", folder / "vvp"]
    subprocess.run([*command, *sources(module)], check=True)
    return subprocess.run(
        [icarus.runner, "-n", folder / "vvp"], capture_output=True, text=True, check=False
    )
