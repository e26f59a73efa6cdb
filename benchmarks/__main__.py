"""How fast sparsesim is: ratios measured side by side, never a timed test.

    python -m benchmarks [ROUNDS]

Each side runs in its own process, sides alternate over the rounds, and a ratio is that of the best
times. Both sides have the same number of threads. OPENBLAS_CORETYPE is left to OpenBLAS's own
detection, whatever the environment says.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.cosimulation import measured
from sparsesim.errors import SparseSimError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
RESNET = DATA / "models/resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx"
RESNET8 = DATA / "models/mlperf-tiny/pretrainedResnet_quant.onnx"
CIFAR = DATA / "cifar10-test"
PHOTOS = DATA / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip"
LENET = ["models_onnx/lenet.onnx", "--inputs", "models_onnx/mnist_test_300.npz", "--images", "100"]
PYTHON = sys.executable
CLI = [str(Path(PYTHON).parent / "sparsesim")]


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    threads = len(os.sched_getaffinity(0))
    print(
        f"{_processor()}, {threads} cores, {threads} threads a side, Python "
        f"{platform.python_version()}\n"
    )
    print("| measure | found | to reach | aim |\n|---|---|---|---|")
    if RESNET.exists():
        _resnet(rounds)
    else:
        print("| ResNet-50 | skipped: the development data is absent | | |")
    _row("`sparsesim --help`", f"{_best([*CLI, '--help'], 5):.2f} s", "0.5 s", "0.2 s")
    lenet = _best([*CLI, "estimate", *LENET], 3)
    _row("`estimate`, LeNet, 100 images, warm cache", f"{lenet:.2f} s", "5 s", "2 s")
    with tempfile.TemporaryDirectory() as folder:
        cold = _seconds([*CLI, "estimate", *LENET], {"SPARSESIM_CACHE": folder})
    _row("the same, cold Numba cache", f"{cold:.1f} s", "60 s", "20 s")
    _emulation()
    _tables("benchmarks.search")
    _tables("benchmarks.sweep")
    _tables("benchmarks.sweep_scale")
    _training()
    _cosimulation()


def _emulation() -> None:
    for name, found, ours, plain in _rows_of("benchmarks.intrinsic"):
        _row(f"emulating LeNet, {name}, over float", f"{found} ({ours} over {plain})", "50x", "10x")


def _tables(module: str) -> None:
    for row in _rows_of(module):
        _row(*row)


def _training() -> None:
    for name, found, _, ours in _rows_of("benchmarks.training"):
        _row(f"training {name}, thresholds and logging on, over plain PyTorch",
             f"{found} ({ours} a step)", "0.8x", "0.95x")  # fmt: skip


def _rows_of(module: str) -> list[list[str]]:
    """The cells of the table that another module prints."""
    done = subprocess.run(
        [PYTHON, "-m", module],
        env=_environment({}),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _cosimulation() -> None:
    try:
        over_raw = measured(5)
    except SparseSimError as error:
        print(f"| co-simulation | skipped: {error} | | |")
        return
    _row("co-simulation of 8x8 PEs over raw Verilator, one core", over_raw, "0.5x", "0.9x")
    if RESNET8.exists():
        square = ["--set", "rows=8", "--set", "cols=8"]
        command = [*CLI, "cosim", RESNET8, "--inputs", CIFAR, "--preprocess", "int8", *square]
        seconds = _best([str(part) for part in command], 3)
        _row("`cosim`, ResNet-8, all layers, 8x8 PEs, built", f"{seconds:.1f} s", "60 s", "15 s")


def _resnet(rounds: int) -> None:
    best: dict[str, float] = {}
    for _ in range(rounds):
        for side in ("ort", "execute", "cycles", "estimate", "further"):
            command = [PYTHON, "-m", "benchmarks.sides", side, str(RESNET), str(PHOTOS)]
            done = subprocess.run(
                command, env=_environment({}), cwd=ROOT, check=True, capture_output=True, text=True
            )
            took = min(json.loads(done.stdout.splitlines()[-1]))
            best[side] = min(best.get(side, took), took)

    def ratio(a: str, b: str) -> str:
        return f"{best[a] / best[b]:.2f}x ({best[a]:.0f} ms over {best[b]:.0f} ms)"

    _row(
        "execute ResNet-50, trace included, over ONNX Runtime",
        ratio("execute", "ort"),
        "2.0x",
        "1.0x",
    )
    _row(
        "exact cycles of that image, four schemes, over ONNX Runtime",
        ratio("cycles", "ort"),
        "5x",
        "1x",
    )
    _row(
        "all of `estimate` (memory, energy, statistics), over ONNX Runtime",
        ratio("estimate", "ort"),
        "",
        "",
    )
    _row(
        "one more accelerator on the same trace, over the first",
        ratio("further", "estimate"),
        "1x",
        "0.5x",
    )
    command = [
        *CLI,
        "estimate",
        str(RESNET),
        "--inputs",
        str(PHOTOS),
        "--preprocess",
        "imagenet",
        "--images",
        "1",
    ]
    subprocess.run(command, env=_environment({}), cwd=ROOT, check=True, capture_output=True)
    _row(
        "peak memory of `estimate` on ResNet-50",
        f"{_peak_mib(command):.0f} MiB",
        "1024 MiB",
        "512 MiB",
    )


def _row(*cells: str) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _environment(extra: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    return kept | extra


def _seconds(command: list[str], extra: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=_environment(extra), cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


def _best(command: list[str], runs: int) -> float:
    _seconds(command, {})
    return min(_seconds(command, {}) for _ in range(runs))


def _peak_mib(command: list[str]) -> float:
    """The largest resident set of a process, asked of a helper that has no other child."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
        "capture_output=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [PYTHON, "-c", code, *command],
        env=_environment({}),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout) / 1024


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
