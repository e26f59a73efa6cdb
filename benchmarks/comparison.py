"""All machines beside each other, written to docs/results/machines.md.

    python -m benchmarks.comparison FOLDER [NETWORK|DEVICE ...]

Asks `sparsesim choose` for each network on each device, one file each in FOLDER; those that are
there are not asked for again. The page is of all that is there. Names narrow what is asked for.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sparsesim.choice.file import load_choice
from sparsesim.choice.record import Choice, Chosen, Opponent

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/results/machines.md"
DEVICES = ("xc7z020", "xczu3eg", "lfe5u-85f")

_DATA = "../shared/data"
_MODELS = f"{_DATA}/models"
_PHOTO = ("--inputs", f"{_DATA}/imagenet-sample-1000/imagenet_sample_1000_256crop_q92.zip")
_CIFAR = ("--inputs", f"{_DATA}/cifar10-test")
_PAPER = "models_onnx/paper"
_PRESETS = "benchmarks/presets"

NETWORKS: dict[str, tuple[str, ...]] = {
    "lenet": (
        "models_onnx/lenet.onnx",
        *("--inputs", "models_onnx/mnist_test_300.npz", "--images", "2"),
        *("--thresholds", "models_onnx/lenet_thresholds.toml"),
    ),
    "lenet-searched": (
        "models_onnx/lenet.onnx",
        *("--inputs", "models_onnx/mnist_test_300.npz", "--images", "2"),
        *("--thresholds", f"{_PRESETS}/lenet-searched_thresholds.toml"),
    ),
    "cifarnet-l1": (
        f"{_PAPER}/cifarnet-l1.onnx",
        *_CIFAR,
        *("--preprocess", "cifar10-imagenet-stats", "--images", "2"),
        *("--thresholds", f"{_PRESETS}/cifarnet-l1_thresholds.toml"),
    ),
    "resnet14-l1": (
        f"{_PAPER}/resnet14-cifar10-l1.onnx",
        *_CIFAR,
        *("--preprocess", "cifar10-imagenet-stats", "--images", "2"),
        *("--thresholds", f"{_PRESETS}/resnet14-cifar10-l1_thresholds.toml"),
    ),
    "resnet8-int8": (
        f"{_MODELS}/mlperf-tiny/pretrainedResnet_quant.onnx",
        *_CIFAR,
        *("--images", "2"),
    ),
    "squeezenet-pruned": (
        f"{_MODELS}/squeezenet1.0-deepcompression/squeezenet1_0_deepcompression.onnx",
        *_PHOTO,
        *("--preprocess", "imagenet-bgr-mean", "--images", "1"),
    ),
    "mobilenet-v2-uint8": (
        f"{_MODELS}/coral-int8/mobilenet_v2_1.0_224_quant.onnx",
        *_PHOTO,
        *("--preprocess", "benchmarks/crop224.toml", "--label-offset", "1", "--images", "1"),
    ),
    "alexnet-convolutions": (
        f"{_MODELS}/alexnet-features/alexnet_features_imagenet.onnx",
        *_PHOTO,
        *("--preprocess", "imagenet", "--labels", "none", "--images", "1"),
    ),
    "resnet50": (
        f"{_MODELS}/resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
        *_PHOTO,
        *("--preprocess", "imagenet", "--images", "1"),
    ),
}
"""What `choose` is given; development data lie beside the repository, with their licences."""


def main(folder: Path, narrowed: Sequence[str]) -> None:
    """Ask for what is missing, and write the page."""
    folder.mkdir(parents=True, exist_ok=True)
    networks = [name for name in NETWORKS if name in narrowed] or list(NETWORKS)
    devices = [name for name in DEVICES if name in narrowed] or list(DEVICES)
    for network in networks:
        if not (ROOT / NETWORKS[network][0]).exists():
            print(f"{network}: its model is absent, left out")
            continue
        for device in devices:
            path = folder / f"{network}_{device}.json"
            if not path.exists():
                _choose(*NETWORKS[network], "--device", device, "-o", str(path))
    PAGE.write_text("\n".join(_page(folder)) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")


def _choose(*arguments: str) -> None:
    command = [str(Path(sys.executable).parent / "sparsesim"), "choose", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _page(folder: Path) -> Iterator[str]:
    yield from (
        "# Machines beside each other",
        "",
        "Written by `python -m benchmarks.comparison FOLDER` from `sparsesim choose` of a network",
        "on a device: the best array of each machine and scheme in three quarters of it, for the",
        "least time an image, DRAM included, on one or two images, counted exactly. How arrays are",
        "found says [choose](../choose.md); thresholds are those of [presets](presets.md).",
        "",
        "- *same device*: speed over the best dense accelerator of any machine in the same budget;",
        "  it chooses shape, buffers, order of passes and DRAM formats.",
        "- *equal FPGA*: speed over the best dense accelerator in the row's own LUTs, DSPs and",
        "  BRAM, which chooses the same.",
        "- Clocks of AMD parts are assumptions; those of ECP5 are from placements.",
    )
    for device in DEVICES:
        found = [(name, folder / f"{name}_{device}.json") for name in NETWORKS]
        found = [(name, path) for name, path in found if path.exists()]
        if not found:
            continue
        yield from ("", f"## {device}", "")
        yield (
            "| network | machine | scheme | array | MHz | cycles | ms | LUT | DSP | BRAM | "
            "same device | equal FPGA | bound by |"
        )
        yield "|---|---|---|---|" + "---:|" * 8 + "---|"
        for name, path in found:
            yield from _network(name, load_choice(path))


def _network(name: str, choice: Choice) -> Iterator[str]:
    best_of: dict[str, Chosen] = {}
    for one in choice.chosen:  # the best of all first; dense ones stand for themselves
        best_of.setdefault(f"{one.machine} {'dense' if one.is_dense else ''}", one)
    for one in best_of.values():
        mark = "**" if one is choice.best else ""
        yield f"| {name} | {mark}{one.machine}{mark} | {' | '.join(_cells(one))} |"
        name = ""
    dense = choice.dense
    if dense is not None:
        yield f"|  | *best dense: {dense.accelerator.machine}* | {' | '.join(_opponent(dense))} |"


def _opponent(one: Opponent) -> tuple[str, ...]:
    array = one.accelerator
    return (
        array.skipping,
        f"{array.rules.size(array.array)}, {one.multipliers} multipliers",
        f"{array.clock_mhz:.0f}",
        f"{one.cycles:,.0f}",
        f"{one.ms:.3g}",
        *_percent(one.shares),
        *("1.00x", "", ""),
    )


def _percent(shares: Mapping[str, float | None]) -> Iterator[str]:
    return (f"{100 * (shares[key] or 0):.0f} %" for key in ("lut", "dsp", "bram36"))


def _cells(one: Chosen) -> tuple[str, ...]:
    array = one.accelerator
    return (
        one.scheme,
        array.rules.size(array.array),
        f"{array.clock_mhz:.0f}",
        f"{one.cycles:,.0f}",
        f"{one.ms:.3g}",
        *_percent(one.shares),
        _times(one.same_device),
        _times(one.equal_fpga),
        next(iter(one.bounds), ""),
    )


def _times(speed: float | None) -> str:
    return "" if speed is None else f"{speed:.2f}x"


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
