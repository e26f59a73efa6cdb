"""Datapaths are found by name."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sparsesim.errors import SpecError
from sparsesim.machines import DATAPATHS, datapath


@pytest.mark.parametrize("name", DATAPATHS)
def test_each_name_makes_a_machine(name: str) -> None:
    machine = datapath(name)
    for verb in ("prepare_activations", "prepare_weights", "count_passes"):
        assert callable(getattr(machine, verb))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("inner_joint", "datapath 'inner_joint' is unknown; did you mean 'inner_join'?"),
        ("systolic", "datapath 'systolic' is unknown; use one of inner_join"),
    ],
)
def test_an_unknown_name_is_refused(name: str, says: str) -> None:
    with pytest.raises(SpecError) as error:
        datapath(name)
    assert str(error.value) == says


def test_finding_a_machine_loads_no_compiler() -> None:
    code = (
        "import sys; from sparsesim.machines import datapath; datapath('inner_join');"
        "sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
