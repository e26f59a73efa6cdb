"""docs/results/queues.md: how deep queues must be on real networks.

    python -m benchmarks.queues

Models and images that lie beside the repository are development data; without them nothing is
written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.real_models import CIFAR, DATA, MODELS, PHOTOS, ROOT

PAGE = ROOT / "docs/results/queues.md"
MNIST = ["--inputs", "models_onnx/mnist_test_300.npz", "--images", 10]
RUNS: dict[str, list[object]] = {
    "LeNet": ["models_onnx/lenet.onnx", *MNIST],
    "LeNet, sparsified": [
        "models_onnx/lenet.onnx",
        *MNIST,
        *("--thresholds", "models_onnx/lenet_thresholds.toml"),
    ],
    "ResNet-14, L1": [
        "models_onnx/paper/resnet14-cifar10-l1.onnx",
        *CIFAR,
        *("--preprocess", "cifar10-imagenet-stats", "--images", 10),
    ],
    "SqueezeNet, pruned": [
        MODELS / "squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx",
        *PHOTOS,
        *("--preprocess", "imagenet-bgr-mean", "--images", 10),
    ],
    "ResNet-50": [
        MODELS / "resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
        *PHOTOS,
        *("--preprocess", "imagenet", "--images", 10),
    ],
    "MobileNet v2, uint8": [
        MODELS / "coral-int8/mobilenet_v2_1.0_224_quant.onnx",
        *PHOTOS,
        *("--preprocess", "benchmarks/crop224.toml", "--images", 10),
    ],
}
DEPTHS = (1, 2, 4, 8, 16, 32, 64)


def main() -> None:
    """Count and write the page."""
    if not (ROOT / DATA).is_dir():
        print("the development data is absent: nothing written")
        return
    PAGE.write_text("\n".join(_page()) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")


def _page() -> Iterator[str]:
    found = {title: _run([str(part) for part in words]) for title, words in RUNS.items()}
    yield "# Queue depths of real networks\n"
    yield (
        "Written by `python -m benchmarks.queues`; [queues](../queues.md) says how. 16x16 PEs, "
        "window 16, `two_sided`, 200 MHz, on a ZCU102 (XCZU9EG). Models and photos beside the "
        "repository have licences of their own and are no part of it.\n"
    )
    yield "## What a depth loses\n"
    yield (
        "Total cycles, DRAM included, against queues that are never full; the worst image's loss "
        "stands behind the depth that loses 1 % at most.\n"
    )
    heads = " | ".join(f"depth {depth}" for depth in DEPTHS)
    yield f"| network | images | cycles/image, unbounded | {heads} | within 1 % | seconds |"
    yield "|---|---:|---:|" + "---:|" * (len(DEPTHS) + 2)
    for title, (one, seconds) in found.items():
        yield f"| {title} | {one['images']} | {_row(one)} | {seconds:.1f} |"
    yield "\nSeconds: the whole command on two cores, execution included.\n"
    yield "## What a depth costs\n"
    yield "The array in LUTs and flip-flops of its own family, by the area model.\n"
    yield "| depth | LUT | FF |"
    yield "|---:|---:|---:|"
    points = {p["depth"]: p for p in found["ResNet-50"][0]["curve"]}
    for depth in DEPTHS:
        yield f"| {depth} | {points[depth]['lut']:,} | {points[depth]['ff']:,} |"
    yield "\n## Commands\n"
    for words in RUNS.values():
        yield f"    sparsesim queues {' '.join(str(part) for part in words)} --accelerator default"


def _row(found: Mapping[str, Any]) -> str:
    points = {p["depth"]: p for p in found["curve"]}
    flat = max(depth for depth in points if depth is not None)
    at = [points[min(depth, flat)]["loss"] for depth in DEPTHS]
    chosen = points[found["depth"]]
    return " | ".join(
        [
            f"{points[None]['total_cycles'] / found['images']:,.0f}",
            *(f"{100 * loss:.2f} %" for loss in at),
            f"{found['depth']} ({100 * chosen['worst_loss']:.2f} %)",
        ]
    )


def _run(words: Sequence[str]) -> tuple[Mapping[str, Any], float]:
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "found.json"
        command = [sys.executable, "-m", "sparsesim", "queues", *words, "-o", str(stored)]
        began = time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return json.loads(stored.read_text()), time.monotonic() - began


if __name__ == "__main__":
    main()
