"""sparsesim_parameter_range.v: stops both simulators below and above its range, and nowhere within.

The ranges of all modules, and Yosys, are of tests/rtl/test_rtl_parameters.py.
"""

from __future__ import annotations

import subprocess

import pytest
import simulation

import sparsesim as ss
from sparsesim.errors import SparseSimError, SpecError
from sparsesim.rtl.icarus import find_icarus

RANGE = {"LOW": 1, "HIGH": 64}
SENTENCE = "parameter {} is out of range; use 1 to 64"  # "parameter" is the default NAME


def test_the_sentence_is_that_of_python():
    with pytest.raises(SpecError) as caught:
        ss.Accelerator(window=80)
    assert str(caught.value) == SENTENCE.replace("parameter", "window").format(80)


@pytest.mark.parametrize("value", [-1, 0, 65, 4097])
def test_verilator_stops_out_of_range(value):
    with pytest.raises(SparseSimError) as caught:
        simulation.build("verilator", "sparsesim_parameter_range", {**RANGE, "VALUE": value})
    # Before the colon stands the instance that has the parameter: here there is none.
    assert str(caught.value) == f": {SENTENCE.format(value)}"


@pytest.mark.parametrize("value", [-1, 0, 65, 4097])
def test_icarus_stops_out_of_range(value):
    done = run_in_icarus({**RANGE, "VALUE": value})
    assert done.returncode == 1
    assert f": sparsesim_parameter_range.g_stop: {SENTENCE.format(value)}\n" in done.stdout


@pytest.mark.parametrize("value", [1, 2, 64])
def test_what_is_within_range_passes(value):
    simulation.build("verilator", "sparsesim_parameter_range", {**RANGE, "VALUE": value})
    done = run_in_icarus({**RANGE, "VALUE": value})
    assert (done.returncode, done.stdout) == (0, "")


def run_in_icarus(parameters: dict[str, int]) -> subprocess.CompletedProcess[str]:
    """Build the module and run it, without cocotb."""
    simulation.skip_without_icarus()
    program = simulation.build("icarus", "sparsesim_parameter_range", parameters) / "sim.vvp"
    command = [find_icarus().runner, "-n", program]
    return subprocess.run(command, capture_output=True, text=True, check=False)
