"""Where the Verilog is, and which files a module needs: read from the files themselves."""

from __future__ import annotations

import re
from pathlib import Path

from sparsesim.errors import SparseSimError, nearest

_PACKAGE = Path(__file__).resolve().parent.parent

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"", re.DOTALL)
# `name #(`, or `name instance (`, or `name instance [3:0] (`: an instance where name is a module's.
_INSTANCE = re.compile(r"\b([A-Za-z_]\w*)\s*(?:#\s*\(|\s[A-Za-z_]\w*\s*(?:\[[^\]]*\]\s*)?\()")


def hdl_folder() -> Path:
    """The folder of the Verilog: `sparsesim/hdl` where installed, `hdl` in the repository."""
    installed = _PACKAGE / "hdl"
    return installed if installed.is_dir() else _PACKAGE.parent / "hdl"


def modules(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all modules, sorted; each is in a file of its name."""
    return tuple(sorted(path.stem for path in (folder or hdl_folder()).glob("*.v")))


def sources(module: str, folder: Path | None = None) -> tuple[Path, ...]:
    """A module's file and those of all modules that it instantiates, directly or not.

    Args:
        module: name of a module, such as `array`.
        folder: where the files are; None is `hdl_folder()`.
    Returns:
        absolute paths, the module first, then in the order in which they are instantiated.
    Raises:
        SparseSimError: no such module.
    """
    folder = (folder or hdl_folder()).resolve()
    known = modules(folder)
    if module not in known:
        raise SparseSimError(f"unknown Verilog module '{module}'; {nearest(module, known)}")
    found = [module]
    for name in found:  # grows as it goes
        text = _COMMENT.sub(" ", (folder / f"{name}.v").read_text(encoding="utf-8"))
        names = dict.fromkeys(_INSTANCE.findall(text))
        found += [other for other in names if other in known and other not in found]
    return tuple(folder / f"{name}.v" for name in found)
