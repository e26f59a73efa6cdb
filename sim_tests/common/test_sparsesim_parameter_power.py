"""sparsesim_parameter_power.v: where it stands, both simulators stop.

Where it stands, and Yosys, are of tests/rtl/test_rtl_relations.py.
"""

from __future__ import annotations

import subprocess

import pytest
import simulation

from sparsesim.errors import SparseSimError
from sparsesim.rtl.icarus import find_icarus

# The name is the module's default: texts cannot be set from outside.
SENTENCE = "parameter 5 is no power of two; use one from 2 to 64"
GIVEN = {"VALUE": 5, "LOW": 2, "HIGH": 64}


def test_verilator_stops():
    with pytest.raises(SparseSimError) as caught:
        simulation.build("verilator", "sparsesim_parameter_power", GIVEN)
    # Before the colon stands the instance that has the parameters: here there is none.
    assert str(caught.value) == f": {SENTENCE}"


def test_icarus_stops():
    simulation.skip_without_icarus()
    program = simulation.build("icarus", "sparsesim_parameter_power", GIVEN) / "sim.vvp"
    command = [find_icarus().runner, "-n", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f": sparsesim_parameter_power.g_stop: {SENTENCE}\n" in done.stdout
