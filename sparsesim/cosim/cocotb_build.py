"""Building Verilog for cocotb, its signals recorded: what a replay runs on. Not running it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sparsesim.rtl.build import Options, build_program
from sparsesim.rtl.icarus import find_icarus

TIMESCALE = ("1ns", "1ps")


def build(
    simulator: str,
    top: str,
    parameters: Mapping[str, int],
    verilog: Sequence[Path],
    folder: Path,
) -> Path:
    """Build a module; every run then writes its signals, as `runner.test(waves=True)` asks.

    Args:
        simulator: `verilator` or `icarus`.
        top: the top module.
        parameters: its Verilog parameters.
        verilog: the Verilog files.
        folder: where Icarus builds; Verilator's builds are kept in the cache.
    Returns:
        cocotb's `build_dir`.
    Raises:
        SparseSimError: a tool is missing or refuses the Verilog.
    """
    import cocotb_tools.config as cocotb_files
    from cocotb_tools.runner import get_runner

    if simulator == "icarus":
        find_icarus()
        get_runner("icarus").build(
            sources=verilog,
            hdl_toplevel=top,
            parameters=parameters,
            build_dir=folder,
            timescale=TIMESCALE,
            waves=True,
            always=True,
        )
        return folder
    libraries = str(cocotb_files.libs_dir)
    signals = ("--public-depth", "1", "--trace")  # cocotb sees the ports, the waveform all
    options = Options(
        optimise="-O0",  # Python drives every clock: the model's speed hardly matters
        verilator=("--vpi", *signals, "--timescale", "/".join(TIMESCALE), "-Wno-fatal"),
        link=(f"-Wl,-rpath,{libraries}", f"-L{libraries}", "-lcocotbvpi_verilator"),
    )
    main_cpp = Path(cocotb_files.share_dir) / "lib" / "verilator" / "verilator.cpp"
    return build_program(top, parameters, main_cpp, options, verilog).parent
