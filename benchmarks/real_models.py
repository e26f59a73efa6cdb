"""Per-layer tables of real networks on real images, written to docs/results.

    python -m benchmarks.real_models [NAME ...]

The models and images are development data beside the repository (their licences stand there);
without them nothing is written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = Path("../shared/data")
PHOTOS = ["--inputs", DATA / "imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip"]
CIFAR = ["--inputs", DATA / "cifar10-test"]
MODELS = DATA / "models"

RUNS: dict[str, list[object]] = {
    "resnet50": [
        MODELS / "resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
        *PHOTOS,
        *("--preprocess", "imagenet", "--images", 20),
    ],
    "squeezenet-pruned": [
        MODELS / "squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx",
        *PHOTOS,
        *("--preprocess", "imagenet-bgr-mean", "--images", 20),
    ],
    "alexnet-convolutions": [
        MODELS / "alexnet-features/alexnet_features_imagenet.onnx",
        *PHOTOS,
        *("--preprocess", "imagenet", "--labels", "none", "--images", 20),
    ],
    "mobilenet-v2-uint8": [
        MODELS / "coral-int8/mobilenet_v2_1.0_224_quant.onnx",
        *PHOTOS,
        *("--preprocess", "benchmarks/crop224.toml", "--label-offset", 1, "--images", 20),
    ],
    "resnet8-int8": [
        MODELS / "mlperf-tiny/pretrainedResnet_quant.onnx",
        *CIFAR,
        *("--images", 100),
    ],
}


def main() -> None:
    """Run the named models, or all."""
    if not (ROOT / DATA).is_dir():
        print("the development data is absent: nothing written")
        return
    for name in sys.argv[1:] or RUNS:
        write(name)


def write(name: str) -> None:
    """One page: the command, and the report that it gives."""
    arguments = [str(part) for part in RUNS[name]]
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / f"{name}.json"
        _sparsesim("estimate", *arguments, "-o", str(result))
        report = _sparsesim("report", str(result), "--as", "markdown")
    page = ROOT / "docs/results" / f"{name}.md"
    command = "sparsesim estimate " + " ".join(arguments)
    page.write_text(
        f"Written by `python -m benchmarks.real_models {name}`, which runs\n\n"
        f"    {command} -o {name}.json\n    sparsesim report {name}.json --as markdown\n\n{report}"
    )
    print(f"Wrote {page.relative_to(ROOT)}")


def _sparsesim(*arguments: str) -> str:
    command = [str(Path(sys.executable).parent / "sparsesim"), *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
