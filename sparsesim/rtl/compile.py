"""From Verilator's C++ to a shared library or a program. Make is not used: the run-time library,
most of the work for a small model, is compiled once for all models and kept in the cache.
"""

from __future__ import annotations

import hashlib
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sparsesim.rtl.cache import cache_folder, made_once
from sparsesim.rtl.compiler import Compiler
from sparsesim.rtl.tool_log import ToolLog
from sparsesim.rtl.verilator import Verilator

PREFIX = "Vtop"
"""The class of every model, whatever its top module: a wrapper includes `Vtop.h`."""

_UNIT_BYTES = 400_000  # of C++ compiled at once: some seconds, and well below a gigabyte of memory


@dataclass(frozen=True)
class Compilation:
    """One model's C++ and how to compile it.

    Args:
        folder: where Verilator wrote the model's C++; the product goes there too.
        wrapper: the C++ file that drives the model.
        optimise: level of the model and the wrapper, such as `-O2`.
        link: further options of the linker.
        shared: a shared library, or a program.
    """

    folder: Path
    wrapper: Path
    optimise: str
    link: tuple[str, ...]
    shared: bool


def compile_model(
    job: Compilation, product: str, verilator: Verilator, compiler: Compiler, log: ToolLog
) -> None:
    """Compile and link a model; only `product`, a file's name, and what isn't C++ is left.

    Raises:
        SparseSimError: the compiler refuses something.
        OSError: the disk is full.
    """
    makefile = (job.folder / f"{PREFIX}_classes.mk").read_text(encoding="utf-8")
    switches = dict(re.findall(r"^(VM_\w+) = (\d+)$", makefile, re.M))
    flags = _flags(switches, verilator, compiler)
    runtime = re.findall(r"^  (verilated\w*) \\$", makefile, re.M)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        waiting = [
            pool.submit(_compile, path, job.folder, [level, *flags], compiler, log)
            for path, level in _units(job, split=switches.get("VM_PARALLEL_BUILDS") == "1")
        ]
        waiting += [
            pool.submit(_runtime_object, name, flags, verilator, compiler) for name in runtime
        ]
        objects = [str(future.result()) for future in waiting]
    shared = ["-shared", "-Wl,-Bsymbolic"] if job.shared and compiler.is_gnu else []
    if job.shared and not compiler.is_gnu:
        shared = ["-shared"]
    command = [*compiler.command, *shared, "-o", product, *objects, "-pthread", *job.link]
    log.run("linker", command)
    for path in job.folder.iterdir():
        if path.suffix in {".o", ".cpp", ".h", ".mk", ".d", ".dat"}:
            path.unlink()


def _flags(switches: dict[str, str], verilator: Verilator, compiler: Compiler) -> list[str]:
    """Options of every file: position independent, so that one run-time library serves both."""
    include = verilator.root / "include"
    flags = [f"-I{include}", f"-I{include / 'vltstd'}", "-fPIC", "-DVERILATOR=1", "-DVM_SC=0"]
    flags += [f"-D{name}={value}" for name, value in switches.items()]
    if compiler.is_gnu:
        flags.append("-fno-gnu-unique")  # else two loaded models share what is static in both
    if switches.get("VM_TIMING") == "1":
        flags += ["-std=c++20", *(["-fcoroutines"] if compiler.is_gnu else [])]
    return flags


def _units(job: Compilation, split: bool) -> list[tuple[Path, str]]:
    """The files to compile and their levels: a small model in one go, a large one in several."""
    model = sorted(job.folder.glob(f"{PREFIX}*.cpp"))
    units = [(job.wrapper, job.optimise)]
    if not split:
        return [*units, (_joined(job.folder / "model.cpp", model), job.optimise)]
    # What runs once, at the start, is not optimised: it would take most of the time.
    slow = [path for path in model if "__Slow" in path.name]
    fast = [path for path in model if path not in slow]
    for kind, files, level in (("fast", fast, job.optimise), ("slow", slow, "-O0")):
        for n, group in enumerate(_groups(files)):
            units.append((_joined(job.folder / f"model_{kind}{n}.cpp", group), level))
    return units


def _groups(files: list[Path]) -> list[list[Path]]:
    """Neighbours together up to some size: each file by itself would read the headers anew."""
    groups: list[list[Path]] = [[]]
    taken_bytes = 0
    for path in files:
        if taken_bytes > _UNIT_BYTES:
            groups.append([])
            taken_bytes = 0
        groups[-1].append(path)
        taken_bytes += path.stat().st_size
    return groups


def _joined(target: Path, files: list[Path]) -> Path:
    target.write_text("".join(f'#include "{path.name}"\n' for path in files), encoding="utf-8")
    return target


def _compile(
    source: Path, folder: Path, flags: list[str], compiler: Compiler, log: ToolLog
) -> Path:
    target = folder / f"{source.stem}.o"
    command = [*compiler.command, *flags, f"-I{folder}", "-c", str(source), "-o", str(target)]
    log.run("C++ compiler", command)
    return target


def _runtime_object(name: str, flags: list[str], verilator: Verilator, compiler: Compiler) -> Path:
    """A part of Verilator's run-time library, compiled once for each tool and set of options."""
    flags = ["-O2", *flags]
    told = "\n".join([name, verilator.version, *compiler.command, compiler.version, *flags])
    kept = f"runtime-{name}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"

    def make(folder: Path) -> None:
        log = ToolLog(folder / "build.log", cache_folder() / f"{kept}.log", name)
        _compile(verilator.root / "include" / f"{name}.cpp", folder, flags, compiler, log)

    return made_once(kept, make) / f"{name}.o"
