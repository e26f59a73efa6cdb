"""A digest of the code that a point's numbers hang on: other code, other hash, counted anew.

That code is what the modules of `_ROOTS` reach by imports, at the top of a file or within a
function; what only shows, trains or compares is none of it. A module that is named in a string, as
machines are, is reached, and one that makes names of modules reaches its whole folder. Imports for
types alone don't count.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from sparsesim.machines import machine_named

_ROOTS = ("measure", "traces", "space", "facts")  # of this folder
_DATA = (".toml", ".csv")
_PACKAGE = Path(__file__).resolve().parent.parent

_FOR_TYPES = re.compile(r"^([ \t]*)if TYPE_CHECKING:\n(?:\1[ \t]+.*\n|[ \t]*\n)+", re.M)
_IMPORT = re.compile(
    r"^[ \t]*(?:from sparsesim(\.[\w.]+)? import (\([^)]*\)|.*)|import sparsesim(\.[\w.]+))", re.M
)
_NAMED = re.compile(r"[\"']sparsesim\.([\w.]+)[\"']")
_MAKES_NAMES = re.compile(r"\bimport_module\(f[\"']")


@cache
def code_sha256() -> str:
    """64 hex digits over the files of `code_files`."""
    return _digest(_PACKAGE, code_files())


@cache
def code_files() -> tuple[Path, ...]:
    """Files of the package that a point's numbers hang on, sorted; data beside code among them."""
    known = _modules()
    reached: set[Path] = set()
    waiting = [Path(__file__).with_name(f"{name}.py") for name in _ROOTS]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += _reached_from(path, known)
    folders = {path.parent for path in reached}
    data = (path for path in _PACKAGE.rglob("*") if path.suffix in _DATA)
    return tuple(sorted(reached | {path for path in data if _home(path) in folders}))


def own_sha256(machine: str, *formats: str) -> str:
    """64 hex digits over what else a point hangs on: files of one's own, other packages.

    Args:
        machine, formats: names; those of one's own are `file.py:NAME`.
    Returns:
        empty where all are of this package.
    Raises:
        SpecError: there is no such machine.
    """
    own = (name.rpartition(":")[0] for name in (machine, *formats) if ".py:" in name)
    files = {*map(Path, own), *_files_of(type(machine_named(machine)).__module__)}
    return _digest(Path("/"), sorted(path.resolve() for path in files)) if files else ""


def _reached_from(path: Path, known: Mapping[str, Path]) -> Iterator[Path]:
    """Files that one file imports, and those of the folders above them."""
    text = _FOR_TYPES.sub("", path.read_text(encoding="utf-8"))
    for inside, names, plain in _IMPORT.findall(text):
        base = inside or plain
        for name in ("", *re.findall(r"\w+", names)):
            yield from _with_packages(f"{base}.{name}".strip("."), known)
    for named in _NAMED.findall(text):
        yield from _with_packages(named, known)
    if _MAKES_NAMES.search(text):
        yield from path.parent.rglob("*.py")


def _modules() -> dict[str, Path]:
    """All modules of the package by the names behind `sparsesim.`."""
    files = {path.relative_to(_PACKAGE).with_suffix(""): path for path in _PACKAGE.rglob("*.py")}
    return {".".join(one.parts).removesuffix(".__init__"): path for one, path in files.items()}


def _with_packages(name: str, known: Mapping[str, Path]) -> Iterator[Path]:
    """The file of a module, if it is one, and those of the packages that it is in."""
    while name:
        if name in known:
            yield known[name]
        name = name.rpartition(".")[0]


def _home(path: Path) -> Path:
    """The nearest folder above a file that has code."""
    return next(folder for folder in path.parents if any(folder.glob("*.py")))


def _files_of(module: str) -> Iterable[Path]:
    """Files of the package that a module is in, or its own; none of this package."""
    top = module.partition(".")[0]
    if top == "sparsesim":
        return ()
    root = getattr(sys.modules.get(top), "__file__", None)
    if root is not None and Path(root).name == "__init__.py":
        return (path for path in Path(root).parent.rglob("*") if path.suffix in (".py", *_DATA))
    own = getattr(sys.modules.get(module), "__file__", None)
    return () if own is None else (Path(own),)


def _digest(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
