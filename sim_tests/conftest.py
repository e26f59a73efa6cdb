"""What every sim test file uses: the fixture `simulate`, once in each simulator.

@pytest.mark.parametrize("parameters", [{"WIDTH": 1}, {"WIDTH": 8}])
def test_sparsesim_delay(simulate, parameters):
    simulate("sparsesim_delay", parameters)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import simulation


@pytest.fixture(params=["verilator", "icarus"])
def simulate(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Callable[[str, Mapping[str, int]], None]:
    """Run this file's cocotb tests on a module with some parameters; skips without Icarus."""
    simulator = request.param
    if simulator == "icarus":
        simulation.skip_without_icarus()

    def run(top: str, parameters: Mapping[str, int]) -> None:
        simulation.run(simulator, top, parameters, request.path.stem, tmp_path)

    return run


def pytest_make_parametrize_id(config, val, argname) -> str | None:
    """A set of parameters in a test's name: `WIDTH=8,CYCLES=2`."""
    if isinstance(val, dict):
        return ",".join(f"{name}={value}" for name, value in val.items()) or "defaults"
    return None


def pytest_report_header() -> str:
    return f"sim_tests seed: {simulation.seed()} (SPARSESIM_SEED)"
