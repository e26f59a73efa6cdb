"""Running a build's tools: all that they print goes to one log, and a failure becomes one line."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sparsesim.errors import SparseSimError

# Verilator: `%Error: file.v:3:4: text` or `%Warning-CODE: ...`; Icarus: `file.v:3: error: text` or
# `file.v:3: syntax error`; compilers: `file.cpp:3:4: error: text`.
_ERROR = re.compile(r"^%(?:Error|Warning)(?:-\w+)?: (?!Exiting)(?P<v>.*)|^(?P<c>\S.*error.*)", re.M)
_OUT_OF_RANGE = re.compile(
    r"^%Warning-USERFATAL: \S+ (?P<text>.+)\n.*In instance '(?P<instance>.+)'", re.M
)


_running: set[subprocess.Popen[str]] = set()
_stopped = False


def stop_tools() -> None:
    """End all tools that run, and let none begin in this process: Ctrl-C came.

    Tools run in threads as well, and these do not see a `KeyboardInterrupt`.
    """
    global _stopped
    _stopped = True
    for process in list(_running):
        _kill(process)


class ToolLog:
    """Where a build's tools write, and what is said when one fails.

    Args:
        path: the log; it lies in the folder being built.
        kept: where a copy of it is kept when a tool fails.
        what: what is being built, such as the top module: errors begin with it.
    """

    def __init__(self, path: Path, kept: Path, what: str) -> None:
        self.path = path
        self.kept = kept
        self.what = what

    def run(
        self, tool: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        """Run a command in the log's folder.

        Args:
            tool: what an error calls it.
            command: absolute path of the program, and its arguments.
            environment: of the process; None is ours.
        Raises:
            SparseSimError: it failed; its own first error and where the log is.
            OSError: it found the disk full.
            KeyboardInterrupt: `stop_tools` was called.
        """
        environment = {**(os.environ if environment is None else environment), "LC_ALL": "C"}
        code, printed = _run(command, self.path.parent, environment)
        with open(self.path, "a", encoding="utf-8") as log:
            log.write(" ".join(command) + "\n" + printed)
        if code == 0:
            return
        if os.strerror(errno.ENOSPC) in printed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with suppress(OSError):  # a log that cannot be kept must not hide the failure
            shutil.copyfile(self.path, self.kept)
        raise SparseSimError(self._failure(tool, printed, code))

    def _failure(self, tool: str, output: str, code: int) -> str:
        refused = _OUT_OF_RANGE.search(output)
        if refused:
            return f"{refused['instance'].rpartition('.')[0]}: {refused['text']}"
        if code < 0:
            text = f"was stopped by signal {-code}"
        else:
            error = _ERROR.search(output)
            text = (error["v"] or error["c"]) if error else f"ended with code {code}"
        return f"{self.what}: {tool}: {text}; the log is {self.kept}"


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and all that a command prints."""
    if _stopped:
        raise KeyboardInterrupt
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        start_new_session=True,
    )  # fmt: skip
    _running.add(process)
    try:
        if _stopped:  # between the question above and now
            _kill(process)
        printed = process.communicate()[0]
    except BaseException:
        _kill(process)
        process.wait()
        raise
    finally:
        _running.discard(process)
    if _stopped:
        raise KeyboardInterrupt
    return process.returncode, printed


def _kill(process: subprocess.Popen[str]) -> None:
    """With its own children: a compiler's driver has some, which would hold the pipe open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
