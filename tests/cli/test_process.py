"""What only a process of its own shows: Ctrl-C, full disks, pipes that close, terminals."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and limits as on Linux")

COMMAND = [sys.executable, "-c", "from sparsesim.cli import main; main()"]


@pytest.fixture
def place(tmp_path: Path, lenet: Path, digits: Path) -> Path:
    """An empty folder to work in, beside one for temporary files."""
    (tmp_path / "work").mkdir()
    (tmp_path / "temporary").mkdir()
    return tmp_path / "work"


def start(place: Path, *words: object, **more) -> subprocess.Popen[str]:
    environment = {**os.environ, "TMPDIR": str(place.parent / "temporary")}
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=place,
        env=environment,
        stdout=more.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def litter(place: Path) -> list[str]:
    """Files that are left, in the folder or among the temporary ones."""
    temporary = os.listdir(place.parent / "temporary")
    return sorted(os.listdir(place)) + sorted(temporary)


def hearing_ctrl_c() -> None:
    """A shell's background jobs ignore it, and what they start does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("kept", ["-o", "--save-trace"])
def test_ctrl_c_leaves_nothing(place, lenet, digits, kept):
    inputs = place.parent / "many.npy"
    with np.load(digits) as archive:
        np.save(inputs, np.concatenate([archive["image"]] * 30))  # longer than anyone waits
    words = ["estimate", lenet, "--inputs", inputs, kept, "x"]
    process = start(place, *words, preexec_fn=hearing_ctrl_c)
    began = time.monotonic()
    while process.poll() is None and time.monotonic() - began < 2.5:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    code, err = end(process)
    assert (code, "Traceback" in err, litter(place)) == (130, False, [])


def small_files(limit: int):
    """Writing more than so many bytes to a file fails, as it does on a full disk."""

    def set_limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return set_limit


def test_a_full_disk_is_one_line_and_no_file(place, lenet, digits):
    words = ["estimate", lenet, "--inputs", digits, "--images", 2]
    assert end(start(place, *words, "--save-trace", "t", "-o", "r"))[0] == 0
    for command in (
        ["estimate", "t", "-o", "x"],
        ["estimate", "t", "--save-trace", "x"],
        ["report", "r", "--as", "html", "-o", "x"],
    ):
        code, err = end(start(place, *command, preexec_fn=small_files(4096)))
        assert (code, err) == (2, "error: x: cannot be written: File too large\n")
        assert litter(place) == ["r", "t"]


def test_a_full_standard_output_is_one_line(place):
    with open("/dev/full", "w") as full:
        code, err = end(start(place, "list", "devices", stdout=full))
    assert (code, err) == (2, "error: standard output: No space left on device\n")


@pytest.mark.parametrize("words", [["list", "operators"], ["show"], ["--help"]])
def test_a_reader_that_stops_early_is_no_error(place, lenet, words):
    reading, writing = os.pipe()
    os.close(reading)
    more = [lenet] if words == ["show"] else []
    process = start(place, *words, *more, stdout=writing)
    os.close(writing)
    assert end(process)[1] == ""


def test_a_slow_job_shows_its_progress_on_a_terminal(place, lenet, digits):
    import pty

    ours, theirs = pty.openpty()
    code = "from sparsesim.cli import main, progress; progress._PATIENCE_SECONDS = 0; main()"
    words = ["estimate", str(lenet), "--inputs", str(digits), "--images", "3"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.DEVNULL, stderr=theirs, cwd=place
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert b"estimating" in shown and b"3/3" in shown


def test_starting_up_loads_nothing_heavy():
    heavy = ("numba", "onnx", "onnxruntime", "numpy", "altair", "pydantic", "PIL", "rich.table")
    code = (
        "import sys, sparsesim, sparsesim.cli; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
