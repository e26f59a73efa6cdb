"""sparsesim_parameter_relation.v: where it stands, both simulators stop.

Where it stands, and Yosys, are of tests/rtl/test_rtl_relations.py.
"""

from __future__ import annotations

import subprocess

import pytest
import simulation

from sparsesim.errors import SparseSimError
from sparsesim.rtl.icarus import find_icarus

# The names and the words are the module's defaults: texts cannot be set from outside.
SENTENCE = "parameter 5 does not go with other -4; use another"
GIVEN = {"VALUE": 5, "GIVEN": -4}


def test_verilator_stops():
    with pytest.raises(SparseSimError) as caught:
        simulation.build("verilator", "sparsesim_parameter_relation", GIVEN)
    # Before the colon stands the instance that has the parameters: here there is none.
    assert str(caught.value) == f": {SENTENCE}"


def test_icarus_stops():
    simulation.skip_without_icarus()
    program = simulation.build("icarus", "sparsesim_parameter_relation", GIVEN) / "sim.vvp"
    command = [find_icarus().runner, "-n", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f": sparsesim_parameter_relation.g_stop: {SENTENCE}\n" in done.stdout
