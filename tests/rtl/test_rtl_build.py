"""Libraries from Verilog: right, kept, whole or not at all, and errors that say what to do."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sparsesim.errors import SparseSimError
from sparsesim.rtl.build import Options, build_library, build_program
from sparsesim.rtl.cache import made_once

MAIN = """#include "Vtop.h"
#include <cstdio>
int main() { Vtop top; top.eval(); std::printf("%d\\n", top.sum_o); }
"""

BUILD = """import sys
from pathlib import Path
from sparsesim.rtl.build import Options, build_library
folder = Path(sys.argv[1])
verilog = [folder / "adder.v"]
print(build_library("adder", {"STEP": 7}, folder / "wrapper.cpp", Options("-O0"), verilog))
"""


def names(cache: Path) -> set[str]:
    """What stands in a cache but for the run-time library and locks."""
    return {path.name for path in cache.iterdir() if not path.name.startswith("runtime-")} - {
        ".locks"
    }


def start(design, folder: Path) -> subprocess.Popen:
    """Another process that builds the same."""
    script = folder / "build.py"
    script.write_text(BUILD)
    return subprocess.Popen(
        [sys.executable, str(script), str(design.folder)], stdout=subprocess.PIPE, text=True
    )


def test_two_models_in_one_process_keep_apart(design):
    by_three = ctypes.CDLL(str(design.build(step=3)))
    by_five = ctypes.CDLL(str(design.build(step=5)))
    # By hand: 10 edges of 3, of 5; 8 bits: 60 * 5 = 300 = 256 + 44.
    assert (by_three.sum_after(10), by_five.sum_after(10), by_five.sum_after(60)) == (30, 50, 44)


def test_a_program_runs(design):
    main = design.folder / "main.cpp"
    main.write_text(MAIN)
    program = build_program("adder", {}, main, verilog=[design.verilog])
    assert program.name == "adder"
    assert subprocess.run([program], capture_output=True, text=True).stdout == "0\n"


def test_a_second_build_is_found(design):
    first = design.build(step=2)
    began = time.perf_counter()
    assert design.build(step=2) == first
    assert time.perf_counter() - began < 0.5  # building takes longer anywhere


def test_every_input_is_in_the_name(design, fresh_cache):
    built = [design.build(), design.build(step=2), design.build(optimise="-O1")]
    design.wrapper.write_text(design.wrapper.read_text() + "// edited\n")
    built.append(design.build())
    design.verilog.write_text(design.verilog.read_text() + "// edited\n")
    built.append(design.build())
    assert len(set(built)) == 5
    assert all(path.is_file() for path in built)


def test_several_files_of_a_wrapper_are_compiled_as_one(design):
    first, second = design.folder / "first.cpp", design.folder / "second.cpp"
    first.write_text('#include "Vtop.h"\nstatic int steps() { return parameters::STEP; }\n')
    second.write_text('extern "C" int told() { return steps(); }\n')

    def build() -> Path:
        options = Options("-O0")
        return build_library("adder", {"STEP": 9}, (first, second), options, [design.verilog])

    built = build()
    assert ctypes.CDLL(str(built)).told() == 9
    second.write_text('extern "C" int told() { return 2 * steps(); }\n')
    again = build()
    assert again != built
    assert ctypes.CDLL(str(again)).told() == 18


def test_a_library_of_many_files_is_built(design):
    # Verilator splits it as it does a large one; what runs once is compiled apart.
    library = design.build(verilator=("--output-split", "1"))
    assert ctypes.CDLL(str(library)).sum_after(4) == 4
    assert {path.name for path in library.parent.iterdir()} == {
        *("libadder.so", "build.log", "inputs.json")
    }


def test_folders_with_spaces_will_do(design, tmp_path, fresh_cache, monkeypatch):
    fresh_cache.parent.rename(tmp_path / "a cache")
    monkeypatch.setenv("SPARSESIM_CACHE", str(tmp_path / "a cache"))
    library = design.build()
    assert library.is_relative_to(tmp_path / "a cache")
    assert ctypes.CDLL(str(library)).sum_after(2) == 2


def test_broken_verilog_gives_verilators_message_and_the_log(design, fresh_cache):
    design.verilog.write_text(design.verilog.read_text().replace("sum_q + STEP", "sum_p + STEP"))
    with pytest.raises(SparseSimError) as caught:
        design.build()
    (log,) = names(fresh_cache)
    assert str(caught.value) == (
        f"adder: Verilator: {design.verilog}:10:36: Can't find definition of variable: 'sum_p'; "
        f"the log is {fresh_cache / log}"
    )
    assert "Can't find definition of variable: 'sum_p'" in (fresh_cache / log).read_text()


def test_a_broken_wrapper_gives_the_compilers_message_and_the_log(design, fresh_cache):
    design.wrapper.write_text(design.wrapper.read_text().replace("top.sum_o", "top.sum"))
    with pytest.raises(SparseSimError) as caught:
        design.build()
    (log,) = names(fresh_cache)
    told = str(caught.value)
    assert told.startswith(f"adder: C++ compiler: {design.wrapper}:8:14: error: ")
    assert told.endswith(f"; the log is {fresh_cache / log}")
    assert "\n" not in told


def test_an_unknown_parameter_is_named(design, fresh_cache):
    design.verilog.write_text(design.verilog.read_text().replace("STEP", "PACE"))
    with pytest.raises(SparseSimError) as caught:
        design.build()
    (log,) = names(fresh_cache)
    assert str(caught.value) == (
        "adder: Verilator: Parameters from the command line were not found in the design: STEP; "
        f"the log is {fresh_cache / log}"
    )


def test_a_failed_build_is_tried_again(design, fresh_cache):
    sound = design.verilog.read_text()
    design.verilog.write_text(sound.replace("endmodule", ""))
    for _ in range(2):
        with pytest.raises(SparseSimError):
            design.build()
    design.verilog.write_text(sound)
    assert ctypes.CDLL(str(design.build())).sum_after(1) == 1


def test_an_interrupted_build_leaves_nothing_behind(design, fresh_cache, tmp_path):
    process = start(design, tmp_path)
    while not list(fresh_cache.glob(".adder-*/model.cpp")):  # it is compiling
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not list(fresh_cache.glob("adder-*"))
    assert len(list(fresh_cache.glob(".adder-*"))) == 1
    library = design.build(step=7)
    assert names(fresh_cache) == {library.parent.name}
    assert ctypes.CDLL(str(library)).sum_after(3) == 21


def test_processes_that_build_the_same_all_get_it(design, fresh_cache, tmp_path):
    processes = [start(design, tmp_path) for _ in range(3)]
    told = {process.communicate()[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert told == {str(design.build(step=7))}
    assert len(names(fresh_cache)) == 1


def test_what_a_failing_maker_leaves_is_removed(fresh_cache):
    def fails(folder: Path) -> None:
        (folder / "part").write_text("half")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        made_once("thing", fails)
    assert names(fresh_cache) == set()


def test_a_cache_that_cannot_be_written_says_so(design, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SPARSESIM_CACHE", str(tmp_path / "file"))
    with pytest.raises(SparseSimError) as caught:
        made_once("thing-1", lambda folder: None)
    assert str(caught.value) == (
        f"{tmp_path / 'file' / 'rtl' / 'thing-1'}: cannot be written: Not a directory"
    )
