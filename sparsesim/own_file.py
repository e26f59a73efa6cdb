"""A function of one's own by `file.py:name`: the file is run, once for each state of it."""

from __future__ import annotations

import sys
import traceback
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from sparsesim.errors import SpecError, nearest

_PACKAGE = "sparsesim_own_file"  # what its modules are called: no package has that name


def load_function(name: str, what: str = "function") -> Any:
    """The function that a file defines.

    Args:
        name: `PATH.py:FUNCTION`; a relative path counts from the working directory.
        what: it is called in errors.
    Raises:
        SpecError: no such file, one that does not run, or no such function in it.
    """
    text, _, wanted = name.rpartition(":")
    path = Path(text)
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise SpecError(f"{text}: {reason}; give the file that defines '{wanted}'") from None
    # The whole path: the working directory may change between two calls.
    module = _module(path.resolve(), text, changed_ns)
    found = getattr(module, wanted, None)
    if not callable(found):
        own = [
            key
            for key, value in vars(module).items()
            if callable(value) and getattr(value, "__module__", "") == module.__name__
        ]
        hint = nearest(wanted, own) if own else "it defines none"
        raise SpecError(f"{text}: has no {what} '{wanted}'; {hint}")
    return found


class _Source(SourceFileLoader):
    """Compiles the file as it is: kept bytecode is taken for it where an edit left its size and the
    second of its time."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


@cache
def _module(path: Path, shown: str, changed_ns: int) -> ModuleType:
    """The file's module; an edited file, whose time has changed, is run again."""
    name = f"{_PACKAGE}.{path.stem}"
    spec = spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise SpecError(f"{shown}: is no Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look their annotations up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise SpecError(f"{shown}: does not run: {_what(error, path)}") from error
    return module


def _what(error: BaseException, path: Path) -> str:
    """The error on one line, with the file's line where it arose."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())}"
    if isinstance(error, SyntaxError):  # says its line itself
        return said
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == path
    ]
    return f"{said} (line {lines[-1]})" if lines else said


def where_failed(error: BaseException) -> str:
    """Where code of such a file failed, and how, on one line: empty, if none was running."""
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).startswith(f"{_PACKAGE}.")
    ]
    if not frames:
        return ""
    path, line = frames[-1]
    return f"{path}: fails: {type(error).__name__}: {' '.join(str(error).split())} (line {line})"
