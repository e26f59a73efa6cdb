"""Ctrl-C in `cosim` ends within seconds: while the Verilog is built, and while it runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SECONDS = 5.0  # two, and what a machine that does other things as well takes longer


def hearing_ctrl_c() -> None:
    """A shell's background jobs ignore it, and what they start does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def children(pid: int) -> str:
    """Command lines of a process's children."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if int((path / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append((path / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return "\n".join(found)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")
@pytest.mark.parametrize(
    ("size", "sign"),
    [("rows=16", "verilator"), ("rows=2", "multiprocessing.spawn")],
)
def test_ctrl_c_ends_it(root, tmp_path, size, sign):
    words = ["--inputs", root / "models_onnx/mnist_test_300.npz", "--images", "300", "--quantize"]
    words += ["--set", size, "--set", "cols=16" if sign == "verilator" else "cols=2"]
    environment = dict(os.environ)
    if sign == "verilator":
        environment["SPARSESIM_CACHE"] = str(tmp_path / "cache")  # so that there is much to build
    process = subprocess.Popen(
        [sys.executable, "-m", "sparsesim", "cosim", root / "models_onnx/lenet.onnx", *words],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hearing_ctrl_c,
    )
    deadline = time.monotonic() + 240
    while sign not in children(process.pid):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    time.sleep(1.0)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert time.monotonic() - began < SECONDS
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not list(tmp_path.glob("cache/rtl/*/*.so"))
