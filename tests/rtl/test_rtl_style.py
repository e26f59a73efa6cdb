"""Every Verilog file: clean in both linters, one module of its name, its tests named."""

from __future__ import annotations

import re
import subprocess

import pytest

from sparsesim.errors import SparseSimError
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.parameters import declared
from sparsesim.rtl.sources import modules, sources
from sparsesim.rtl.verilator import find_verilator


@pytest.fixture(params=modules())
def module(request) -> str:
    return request.param


@pytest.fixture
def lines(module) -> list[str]:
    return sources(module)[0].read_text(encoding="utf-8").splitlines()


@pytest.fixture
def small(module) -> dict[str, int]:
    """Parameters of a small array, where the module is of one: linting 256 PEs takes a minute."""
    least = {"ROWS": 2, "COLS": 3, "UNITS": 2}
    return {name: value for name, value in least.items() if name in declared(module)}


def test_verilator_warns_of_nothing(module, small):
    verilator = find_verilator()
    command = [verilator.executable, "--lint-only", "-Wall", "--top-module", module]
    command += [f"-G{name}={value}" for name, value in small.items()]
    # They are there to stop whoever elaborates them.
    if module in ("sparsesim_parameter_relation", "sparsesim_parameter_power"):
        command.append("-Wno-USERFATAL")
    done = subprocess.run(
        [*command, *sources(module)],
        env=verilator.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)


def test_icarus_warns_of_nothing(module, small, tmp_path):
    try:
        icarus = find_icarus()
    except SparseSimError as error:
        pytest.skip(str(error))
    command = [icarus.compiler, "-g2005", "-Wall", "-s", module, "-o", tmp_path / "sim.vvp"]
    command += [f"-P{module}.{name}={value}" for name, value in small.items()]
    done = subprocess.run([*command, *sources(module)], capture_output=True, text=True, check=False)
    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


def test_a_file_has_one_module_of_its_name(module, lines):
    assert (lines[0], lines[-1]) == ("`default_nettype none", "`default_nettype wire")
    assert re.findall(r"^module (\w+)", "\n".join(lines), re.M) == [module]


def test_the_header_names_tests_that_are_there(module, lines, root):
    header = " ".join(line.strip("/ ") for line in lines if line.startswith("//"))
    named = re.findall(r"\btest_\w+\.py", header.partition("Test")[2])
    assert named
    there = {path.name for folder in ("tests", "sim_tests") for path in (root / folder).rglob("*")}
    assert set(named) <= there


def test_each_parameter_has_a_comment(module):
    assert [name for name, told in declared(module).items() if not told.comment] == []
