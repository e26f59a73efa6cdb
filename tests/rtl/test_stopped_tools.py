"""Ctrl-C ends tools that run in threads, their children too, and none begins behind it."""

from __future__ import annotations

import subprocess
import sys
import time

CODE = """
import sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sparsesim.rtl.tool_log import ToolLog, stop_tools
folder = Path(sys.argv[1])
log = ToolLog(folder / "log", folder / "kept", "tool")
child = "import time; time.sleep(60)"
script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}'])"
pool = ThreadPoolExecutor(2)
flying = [pool.submit(log.run, "tool", [sys.executable, "-c", script]) for _ in range(6)]
time.sleep(1.5)
began = time.monotonic()
stop_tools()
kinds = [type(one.exception(timeout=30)).__name__ for one in flying]
print(time.monotonic() - began, *kinds)
"""


def test_all_end_at_once(tmp_path):
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", CODE, tmp_path], capture_output=True, text=True, check=True
    )
    seconds, *kinds = ran.stdout.split()
    assert kinds == ["KeyboardInterrupt"] * 6
    assert float(seconds) < 2
    assert time.monotonic() - began < 30  # no child that sleeps a minute holds the pipe
