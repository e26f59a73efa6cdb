"""The pytest side: builds a module and runs its cocotb tests in one simulator. Not the tests' own
side, which is bench.py.

Builds are kept in the package's cache, named by a hash of sources, parameters, options and tools.
Environment: SPARSESIM_SEED, 1 unless set. SPARSESIM_COVERAGE, any text: Verilator counts lines and
toggles (hdl_coverage.py). WAVES=1: signals go to dump.vcd (Verilator) or TOP.fst (Icarus) beside
the log, which `pytest --basetemp=FOLDER` keeps in a place of your choice.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from textwrap import indent
from unittest import mock
from xml.etree import ElementTree

import pytest
from hdl_coverage import COVERAGE_FOLDER

from sparsesim.cache_root import cache_root
from sparsesim.errors import SparseSimError
from sparsesim.rtl.build import Options, build_program
from sparsesim.rtl.cache import cache_folder, made_once
from sparsesim.rtl.icarus import find_icarus
from sparsesim.rtl.parameters import declared
from sparsesim.rtl.sources import sources
from sparsesim.rtl.tool_log import ToolLog

TIMESCALE = ("1ns", "1ps")

# Icarus dumps signals where a module of the design asks for it.
_DUMP = """module dump;
  initial begin
    $dumpfile("{top}.fst");
    $dumpvars(0, {top});
  end
endmodule
"""


def seed() -> int:
    """The seed of every random stimulus; fixed unless SPARSESIM_SEED says otherwise."""
    return int(os.environ.get("SPARSESIM_SEED", "1"))


def skip_without_icarus() -> None:
    """Skip the calling test where Icarus Verilog is not installed."""
    try:
        find_icarus()
    except SparseSimError as error:
        pytest.skip(str(error))


def build(simulator: str, top: str, parameters: Mapping[str, int], hdl: Path | None = None) -> Path:
    """Build a module for cocotb in `verilator` or `icarus`, or find it built.

    Args:
        simulator: `verilator` or `icarus`.
        top: the Verilog module.
        parameters: of the module; those left out have their defaults.
        hdl: the folder of the Verilog; None is the repository's `hdl`.
    Returns:
        the folder with the program `TOP` (Verilator) or `sim.vvp` (Icarus).
    Raises:
        SparseSimError: a tool is missing or refuses the Verilog.
    """
    files = sources(top, hdl)
    if simulator == "icarus":
        return _build_icarus(top, parameters, files)
    return _build_verilator(top, parameters, files)


def run(
    simulator: str,
    top: str,
    parameters: Mapping[str, int],
    test_module: str,
    folder: Path,
    hdl: Path | None = None,
) -> None:
    """Build a module, run all cocotb tests of a Python module on it, and check their results.

    Args:
        simulator, top, parameters, hdl: as for `build`.
        test_module: name of the Python module with the cocotb tests; it must be importable.
        folder: where results, log and waves go.
    Raises:
        pytest.fail.Exception: a cocotb test failed, or the simulator did; with its message.
    """
    from cocotb_tools.runner import get_runner

    built = build(simulator, top, parameters, hdl)
    results, log = folder / "results.xml", folder / "simulation.log"
    defaults = {name: told.default for name, told in declared(top, hdl).items()}
    plusargs = []
    if simulator == "verilator" and _counts_coverage():
        plusargs.append(f"+verilator+coverage+file+{_coverage_file(top, parameters, test_module)}")
    runner = get_runner(simulator)
    runner.verbose = False
    # Each simulation starts a Python of its own, which else compiles 300 modules anew. The runner
    # lets the environment override what it is given, so this is set there.
    keeps_bytecode = {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(cache_root() / "bytecode"),
    }
    told = {"SPARSESIM_PARAMETERS": json.dumps({**defaults, **parameters})}
    # The results say more than the exit code.
    with suppress(SystemExit, RuntimeError), mock.patch.dict(os.environ, keeps_bytecode):
        runner.test(
            test_module=test_module, hdl_toplevel=top, hdl_toplevel_lang="verilog",
            build_dir=built, test_dir=folder, results_xml=str(results), log_file=log,
            seed=seed(), timescale=TIMESCALE, plusargs=plusargs, extra_env=told,
        )  # fmt: skip
    failures = _failures(results, log)
    if failures:
        place = f"{top} in {simulator}, seed {seed()}, {dict(parameters)}; the log is {log}"
        pytest.fail("\n".join([place, *failures]), pytrace=False)


def _build_verilator(top: str, parameters: Mapping[str, int], files: Sequence[Path]) -> Path:
    import cocotb_tools.config as cocotb_files

    libraries = str(cocotb_files.libs_dir)
    extras = ("--coverage-line", "--coverage-toggle") if _counts_coverage() else ()
    extras += ("--trace-vcd",) if _dumps_waves() else ()
    options = Options(
        optimise="-O0",  # Python drives every clock: the model's speed hardly matters
        verilator=("--vpi", "--public-depth", "1", "--timescale", "/".join(TIMESCALE), *extras),
        link=(f"-Wl,-rpath,{libraries}", f"-L{libraries}", "-lcocotbvpi_verilator"),
    )
    main = Path(cocotb_files.share_dir) / "lib" / "verilator" / "verilator.cpp"
    return build_program(top, parameters, main, options, files).parent


def _build_icarus(top: str, parameters: Mapping[str, int], files: Sequence[Path]) -> Path:
    icarus = find_icarus()
    arguments = ["-g2005", "-Wall", "-s", top]
    arguments += [f"-P{top}.{name}={value}" for name, value in sorted(parameters.items())]
    dump = _DUMP.format(top=top) if _dumps_waves() else ""
    told = [icarus.version, arguments, TIMESCALE, dump, [path.read_text() for path in files]]
    name = f"{top}-icarus-{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]}"

    def make(folder: Path) -> None:
        commands = folder / "commands.f"
        commands.write_text("+timescale+{}/{}\n".format(*TIMESCALE), encoding="utf-8")
        command = [str(icarus.compiler), "-o", "sim.vvp", "-f", str(commands), *arguments]
        if dump:
            (folder / "dump.v").write_text(dump, encoding="utf-8")
            command += ["-s", "dump", "dump.v"]
        log = ToolLog(folder / "build.log", cache_folder() / f"{name}.log", top)
        log.run("Icarus Verilog", [*command, *map(str, files)])

    return made_once(name, make)


def _dumps_waves() -> bool:
    return os.environ.get("WAVES", "0") not in ("", "0")


def _counts_coverage() -> bool:
    return bool(os.environ.get("SPARSESIM_COVERAGE"))


def _coverage_file(top: str, parameters: Mapping[str, int], test_module: str) -> Path:
    COVERAGE_FOLDER.mkdir(parents=True, exist_ok=True)
    told = json.dumps([top, sorted(parameters.items()), test_module])
    return COVERAGE_FOLDER / f"{top}-{hashlib.sha256(told.encode()).hexdigest()[:8]}.dat"


def _failures(results: Path, log: Path) -> list[str]:
    """What failed, a text each; the log's end where the simulator gave no results."""
    told = log.read_text(errors="replace").splitlines() if log.is_file() else []
    if not results.is_file():
        return ["the simulation ended without results:", *told[-30:]]
    failures = []
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        for failure in [*case.iter("failure"), *case.iter("error")]:
            trace = indent((failure.text or "").rstrip(), "    ")
            failures.append(f"{case.get('name')}: {failure.get('message')}\n{trace}")
    # The Verilog's own words, such as those of sparsesim_parameter_range.v.
    own = [line for line in told if line.startswith(("FATAL:", "ERROR:", "%Error", "[0] %"))]
    return [*own, *failures] if failures else []
