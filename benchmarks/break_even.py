"""docs/results/break-even.md: how sparse layers must be before skipping beats dense PEs.

    python -m benchmarks.break_even

ResNet-50 and its photos are development data beside the repository; without them nothing is
written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.real_models import DATA, MODELS, PHOTOS, ROOT

PAGE = ROOT / "docs/results/break-even.md"
RUNS: dict[str, list[object]] = {
    "LeNet, sparsified, an MNIST digit": [
        "models_onnx/lenet.onnx",
        *("--inputs", "models_onnx/mnist_test_300.npz"),
        *("--thresholds", "models_onnx/lenet_thresholds.toml"),
    ],
    "ResNet-50, vector-quantised weights, a photo": [
        MODELS / "resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
        *PHOTOS,
        *("--preprocess", "imagenet"),
    ],
}


def main() -> None:
    """Count and write the page."""
    if not (ROOT / DATA).is_dir():
        print("the development data is absent: nothing written")
        return
    PAGE.write_text("\n\n".join(_page()) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")


def _page() -> Iterator[str]:
    yield "# Break-even densities"
    yield (
        "Written by `python -m benchmarks.break_even`; [the model](../model.md) says how. "
        "ResNet-50's weights are under Uber's non-commercial licence, the photos under ImageNet's "
        "terms (non-commercial research); neither is part of this repository."
    )
    for title, arguments in RUNS.items():
        words = [str(part) for part in arguments]
        shown, found = _run(words)
        yield f"## {title}"
        yield f"    sparsesim breakeven {' '.join(words)} --accelerator default"
        yield _summary(found)
        lines = "\n".join(line.rstrip() for line in shown.splitlines())
        yield f"```text\n{lines}\n```"


def _run(words: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "found.json"
        command = [str(Path(sys.executable).parent / "sparsesim"), "breakeven", *words]
        done = subprocess.run(
            [*command, "-o", str(stored)], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout, json.loads(stored.read_text())


def _summary(found: Mapping[str, Any]) -> str:
    layers = found["layers"]
    said = []
    for scheme in found["rivals"]:
        ones = [layer["schemes"][scheme] for layer in layers]
        paying = sum(one["pays"] for one in ones)
        densities = [one["density"] or 0.0 for one in ones]
        said.append(
            f"`{scheme}` pays in {paying} of {len(ones)} layers; it takes a density of "
            f"{100 * min(densities):.0f} to {100 * max(densities):.0f} % "
            f"(median {100 * median(densities):.0f} %)"
        )
    return ". ".join(said) + "."


if __name__ == "__main__":
    main()
