"""From Verilog to machine code: Verilator, then the C++ compiler; every build is kept in the cache.

Not a simulation: what drives the model is the C++ file that is built with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sparsesim.rtl.cache import cache_folder, made_once
from sparsesim.rtl.compile import PREFIX, Compilation, compile_model
from sparsesim.rtl.compiler import find_compiler
from sparsesim.rtl.sources import sources
from sparsesim.rtl.tool_log import ToolLog
from sparsesim.rtl.verilator import find_verilator


@dataclass(frozen=True)
class Options:
    """How to build.

    Args:
        optimise: the C++ compiler's level for the model and its wrapper; `-O0` builds fastest.
        verilator: further options of Verilator, such as `("--coverage-line",)`.
        link: further options of the linker.
    """

    optimise: str = "-O2"
    verilator: tuple[str, ...] = ()
    link: tuple[str, ...] = ()


def build_library(
    top: str,
    parameters: Mapping[str, int],
    wrapper_cpp: Path | Sequence[Path],
    options: Options | None = None,
    verilog: Sequence[Path] | None = None,
) -> Path:
    """Build a model with its wrapper as a shared library, or find it in the cache.

    Args:
        top: the top module.
        parameters: its Verilog parameters; those left out have their defaults.
        wrapper_cpp: C++ that drives the class `Vtop` of `Vtop.h`, whatever the top module; its
            `extern "C"` functions are the library's. It must not include files of its own. Several
            files are compiled as one, in their order; before them stand the parameters given, each
            a constant of the namespace `parameters`.
        options: how to build; None is the defaults.
        verilog: the Verilog files; None is `sources(top)`.
    Returns:
        the `.so`; load it with `ctypes.CDLL`. Several can be loaded at once.
    Raises:
        SparseSimError: a tool is missing, refuses the files, or the cache cannot be written.
    """
    return _build(top, parameters, wrapper_cpp, options or Options(), verilog, shared=True)


def build_program(
    top: str,
    parameters: Mapping[str, int],
    main_cpp: Path,
    options: Options | None = None,
    verilog: Sequence[Path] | None = None,
) -> Path:
    """Build a model and a C++ `main` as a program of the top module's name; as `build_library`."""
    return _build(top, parameters, main_cpp, options or Options(), verilog, shared=False)


def _build(
    top: str,
    parameters: Mapping[str, int],
    cpp: Path | Sequence[Path],
    options: Options,
    verilog: Sequence[Path] | None,
    shared: bool,
) -> Path:
    files = [path.resolve() for path in (sources(top) if verilog is None else verilog)]
    parts = [cpp] if isinstance(cpp, Path) else list(cpp)
    verilator, compiler = find_verilator(), find_compiler()
    arguments = [
        *("--cc", "--top-module", top, "--prefix", PREFIX),
        *(f"-G{name}={value}" for name, value in sorted(parameters.items())),
        *options.verilator,
    ]
    inputs = {
        "verilator": [verilator.version, *arguments],
        "compiler": [*compiler.command, compiler.version, options.optimise, *options.link],
        "cpp": [_digest(path) for path in parts],
        "verilog": {path.name: _digest(path) for path in files},
        "shared": shared,
        "recipe": [_digest(Path(__file__)), _digest(Path(__file__).with_name("compile.py"))],
    }
    name = f"{top}-{hashlib.sha256(json.dumps(inputs).encode()).hexdigest()[:16]}"
    product = f"lib{top}.so" if shared else top

    def make(folder: Path) -> None:
        log = ToolLog(folder / "build.log", cache_folder() / f"{name}.log", top)
        command = [str(verilator.executable), *arguments, "--Mdir", str(folder), *map(str, files)]
        log.run("Verilator", command, verilator.environment())
        source = parts[0].resolve() if isinstance(cpp, Path) else _joined(folder, parts, parameters)
        job = Compilation(folder, source, options.optimise, options.link, shared)
        compile_model(job, product, verilator, compiler, log)
        (folder / "inputs.json").write_text(json.dumps(inputs, indent=1), encoding="utf-8")

    return made_once(name, make) / product


def _joined(folder: Path, parts: Sequence[Path], parameters: Mapping[str, int]) -> Path:
    """One file of several, the parameters before them."""
    constants = [f"constexpr int {name} = {value};" for name, value in sorted(parameters.items())]
    included = [f'#include "{path.resolve()}"' for path in parts]
    text = "\n".join(["namespace parameters {", *constants, "}", *included, ""])
    target = folder / "wrapper.cpp"
    target.write_text(text, encoding="utf-8")
    return target


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
