"""Finding the C++ compiler that turns Verilator's C++ into machine code. Not running it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

from sparsesim.errors import SparseSimError

_NAMES = ("g++", "c++", "clang++")


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler that can be run.

    Args:
        command: what to run, such as `("/usr/bin/g++",)`.
        version: the first line that `--version` prints: part of every build's name.
    """

    command: tuple[str, ...]
    version: str

    @property
    def is_gnu(self) -> bool:
        """Whether it takes the options that only GNU's compiler has."""
        return "clang" not in self.version


def find_compiler() -> Compiler:
    """The compiler in the environment's CXX, else the first of g++, c++ and clang++ on PATH.

    Raises:
        SparseSimError: there is none.
    """
    return _find(os.environ.get("CXX", ""), os.environ.get("PATH", ""))


@cache
def _find(cxx: str, path: str) -> Compiler:
    wanted = [shlex.split(cxx)] if cxx else [[name] for name in _NAMES]
    for name, *options in wanted:
        place = shutil.which(name, path=path)
        if place:
            told = subprocess.run([place, "--version"], capture_output=True, text=True, check=False)
            return Compiler((place, *options), told.stdout.partition("\n")[0])
    if cxx:
        raise SparseSimError(f"the C++ compiler '{cxx}' of CXX was not found; unset CXX for g++")
    raise SparseSimError(
        "no C++ compiler was found; install one (Debian: apt-get install g++) or set CXX"
    )
