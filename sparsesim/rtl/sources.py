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
    return tuple(sorted(_files(folder)))


def sources(module: str, folder: Path | None = None) -> tuple[Path, ...]:
    """A module's file and those of all modules that it instantiates, directly or not.

    Args:
        module: name of a module, such as `inner_join_array`.
        folder: where the files are, in folders or not; None is `hdl_folder()`.
    Returns:
        absolute paths, the module first, then in the order in which they are instantiated.
    Raises:
        SparseSimError: no such module; two files of one module.
    """
    known = _files(folder)
    if module not in known:
        raise SparseSimError(f"unknown Verilog module '{module}'; {nearest(module, sorted(known))}")
    found = [module]
    for name in found:  # grows as it goes
        text = _COMMENT.sub(" ", known[name].read_text(encoding="utf-8"))
        names = dict.fromkeys(_INSTANCE.findall(text))
        found += [other for other in names if other in known and other not in found]
    return tuple(known[name] for name in found)


def _files(folder: Path | None) -> dict[str, Path]:
    """The file of each module, by its name; a machine's are in a folder of their own."""
    files: dict[str, Path] = {}
    for path in sorted((folder or hdl_folder()).resolve().rglob("*.v")):
        other = files.setdefault(path.stem, path)
        if other != path:
            raise SparseSimError(f"{other} and {path}: a module has one file; rename one of them")
    return files
