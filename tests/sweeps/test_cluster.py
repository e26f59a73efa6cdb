"""A real scheduler and its workers as processes on the loopback, one of them killed under way."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_sweeps import DIGITS, LENET, rows_of, small

from sparsesim.errors import SpecError
from sparsesim.sweeps.sweeping import sweep_into

distributed = pytest.importorskip("distributed")


@pytest.fixture
def scheduler(tmp_path) -> Iterator[str]:
    """Its address; it has no workers yet."""
    file = tmp_path / "scheduler.json"
    words = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    with running(*words, "--scheduler-file", file):
        address = wait_for(lambda: address_in(file))
        yield address


@contextlib.contextmanager
def running(program: str, *words: object) -> Iterator[subprocess.Popen]:
    """A program of Dask's, until the end of the block."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def worker(address: str, folder: Path):
    """A worker of one thread, without a nanny that would begin it again."""
    words = ["--nthreads", 1, "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    return running("dask_worker", address, *words, "--local-directory", folder)


def address_in(file: Path) -> str | None:
    if not file.is_file():
        return None
    import json

    try:
        return str(json.loads(file.read_text())["address"])
    except ValueError:  # half written
        return None


def wait_for(ready, seconds: float = 60):
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def workers_of(address: str) -> int:
    with distributed.Client(address, timeout="20s") as client:
        return len(client.scheduler_info()["workers"])


def test_a_cluster_gives_the_same_even_where_a_worker_dies(scheduler, tmp_path):
    sweep_into(small(), tmp_path / "here")
    killed = []

    with worker(scheduler, tmp_path / "a") as one, worker(scheduler, tmp_path / "b"):
        wait_for(lambda: workers_of(scheduler) == 2)

        def kill(label: str, done: int, total: int) -> None:
            if label == "measuring" and not killed:
                os.kill(one.pid, signal.SIGKILL)
                killed.append(one.pid)

        done = sweep_into(small(), tmp_path / "there", scheduler=scheduler, progress=kill)
        assert killed and (done.measured, done.errors) == (16, {})
        assert rows_of(tmp_path / "there") == rows_of(tmp_path / "here")


def test_a_scheduler_that_is_none_is_refused(scheduler, tmp_path):
    (tmp_path / "s.toml").write_text(
        f"[[networks]]\nmodel = '{LENET}'\ninputs = '{DIGITS}'\n[space]\nrows = 4\n"
    )

    def said(address: str) -> str:
        words = [sys.executable, "-m", "sparsesim", "sweep", "s.toml", "-o", "out", "--scheduler"]
        ran = subprocess.run([*words, address], cwd=tmp_path, capture_output=True, text=True)
        assert (ran.returncode, ran.stdout) == (2, "")
        return ran.stderr

    none = "tcp://127.0.0.1:1"
    assert said(none) == f"error: --scheduler {none}: nobody answers there\n"
    assert said("nonsense://x") == "error: --scheduler nonsense://x: nobody answers there\n"
    assert said(scheduler) == f"error: --scheduler {scheduler}: has no workers\n"


def test_workers_of_another_version_are_refused(scheduler, tmp_path, monkeypatch):
    with worker(scheduler, tmp_path / "a"):
        wait_for(lambda: workers_of(scheduler) == 1)
        # Here, not there.
        monkeypatch.setattr("sparsesim.sweeps.cluster.code_sha256", lambda: "other")
        with pytest.raises(SpecError) as caught:
            sweep_into(small(), tmp_path / "out", scheduler=scheduler)
    line = str(caught.value)
    assert line.startswith(f"--scheduler {scheduler}: worker tcp://127.0.0.1:")
    assert line.endswith(" has another version of sparsesim; install this one there")


def test_without_dask_a_scheduler_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SpecError) as caught:
        sweep_into(small(), tmp_path / "out", scheduler="tcp://127.0.0.1:1")
    assert str(caught.value) == "--scheduler needs Dask; pip install 'sparsesim[cluster]'"
