"""docs/results/balance.md: what reordering filters gains on real networks, and by which orders.

    python -m benchmarks.balance

Models and images that lie beside the repository are development data; without them nothing is
written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import sparsesim as ss
from benchmarks.queues import RUNS as QUEUE_RUNS
from benchmarks.real_models import CIFAR, DATA, MODELS, ROOT
from sparsesim.engine.threads import each
from sparsesim.lowering.bits import unpack
from sparsesim.spec.device import DEFAULT_DEVICE
from sparsesim.trace.prepare import rewritten
from sparsesim.tuning.balance import meetings_of, work_of
from sparsesim.tuning.cycles import total_cycles
from sparsesim.tuning.permute import permuted_trace
from sparsesim.tuning.rules import find_channels

PAGE = ROOT / "docs/results/balance.md"
RUNS: dict[str, list[object]] = {
    **{title: words for title, words in QUEUE_RUNS.items() if title != "LeNet"},
    "ResNet-8, int8": [
        MODELS / "mlperf-tiny/pretrainedResnet_quant.onnx",
        *CIFAR,
        *("--images", 10),
    ],
}
DEPTHS = (4, 32)
ORDERED = ("LeNet, sparsified", "SqueezeNet, pruned")


def main() -> None:
    """Count and write the page."""
    if not (ROOT / DATA).is_dir():
        print("the development data is absent: nothing written")
        return
    PAGE.write_text("\n".join(_page()) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")


def _page() -> Iterator[str]:
    yield "# Filters reordered by their work, on real networks\n"
    yield (
        "Written by `python -m benchmarks.balance`; [queues](../queues.md) says how. 16x16 PEs, "
        "window 16, `two_sided`, on a ZCU102 (XCZU9EG). Total cycles, DRAM included, of the "
        "reordered network, executed anew, against the same network on the same array as it was. "
        "Models and photos beside the repository have licences of their own and are no part of "
        "it.\n"
    )
    yield (
        "| network | depth | before | after | gain | best layer | slower layers, worst | "
        "depth within 1 %, before | after | outputs off by | seconds |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    yield from _rows()
    yield "\nCycles an image. Seconds: the command with `--balance`, two cores, queue depths too.\n"
    yield "## Orders that were tried\n"
    yield (
        "Total cycles as they are over those with all filters in one order, four images (two of "
        "SqueezeNet); `density`: by non-zero weights, `work`: by effectual MACs, `dealt`: each "
        "tile gets as much work as the others, `clustered`: tiles grown filter by filter, the one "
        "that adds least to the busiest of each window.\n"
    )
    yield (
        "| network | depth | density, least first | most first | work, least first | most first "
        "| dealt | clustered |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for title in ORDERED:
        for depth in DEPTHS:
            gains = _orders([str(word) for word in RUNS[title]], depth)
            yield f"| {title} | {depth} | " + " | ".join(f"{gain:.3f}x" for gain in gains) + " |"
    yield "\n## Commands\n"
    for words in RUNS.values():
        said = " ".join(map(str, words))
        yield f"    sparsesim queues {said} --accelerator default --balance"


def _rows() -> Iterator[str]:
    for title, words in RUNS.items():
        for depth in DEPTHS:
            shown = [str(word) for word in words] + ["--set", f"queue_depth={depth}"]
            plain, _ = _run(shown)
            found, seconds = _run([*shown, "--balance"])
            one = found["balance"]
            ratios = [layer["total_after"] / layer["total_before"] - 1 for layer in one["layers"]]
            slower = [ratio for ratio in ratios if ratio > 0]
            images = one["images"]
            yield (
                f"| {title} | {depth} | {one['total_before'] / images:,.0f} "
                f"| {one['total_after'] / images:,.0f} "
                f"| {one['total_before'] / one['total_after']:.3f}x "
                f"| {100 * min(ratios):+.1f} % "
                f"| {len(slower)}, {100 * max(slower, default=0):+.1f} % "
                f"| {plain['depth']} | {found['depth']} "
                f"| {one['output_difference']:.0e} | {seconds:.1f} |"
            )


def _run(words: Sequence[str]) -> tuple[Mapping[str, Any], float]:
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "found.json"
        command = [sys.executable, "-m", "sparsesim", "queues", *words, "-o", str(stored)]
        began = time.monotonic()
        subprocess.run(
            command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        return json.loads(stored.read_text()), time.monotonic() - began


def _orders(words: Sequence[str], depth: int) -> list[float]:
    """Gains of all filters in one order, kind by kind."""
    given = dict(zip(words[1::2], words[2::2], strict=True))
    graph = ss.load(ROOT / words[0])
    images = 4 if "thresholds" in " ".join(words) else 2
    inputs = ss.open_inputs(
        ROOT / given["--inputs"], ss.input_specs(graph), given.get("--preprocess"), images=images
    )
    wanted = given.get("--thresholds")
    graph, _ = rewritten(graph, inputs, ss.Thresholds.from_toml(ROOT / wanted) if wanted else None)
    trace, channels = ss.execute(graph, inputs), find_channels(graph)
    accelerator, device = ss.Accelerator(queue_depth=depth), ss.Device.named(DEFAULT_DEVICE)
    layers = {layer.name: layer for layer in trace.layers}

    def total(orders: Mapping[int, np.ndarray]) -> int:
        moved = permuted_trace(trace, graph, channels, orders, layers)
        groups = [[image] for image in moved.images]

        def cycles(layer) -> int:
            return total_cycles(moved, layer, groups, accelerator, device)

        return sum(each(cycles, [(layer,) for layer in moved.layers]))

    free = {
        number: [layers[name] for name in one.producers]
        for number, one in channels.classes.items()
        if not one.stays
    }
    before = total({})
    kinds: list[Callable[[Sequence[Any]], np.ndarray]] = [
        lambda made: np.argsort(_density(trace, made), kind="stable"),
        lambda made: np.argsort(_density(trace, made), kind="stable")[::-1],
        lambda made: np.argsort(_work(trace, made), kind="stable"),
        lambda made: np.argsort(_work(trace, made), kind="stable")[::-1],
        lambda made: _dealt(_work(trace, made), accelerator.rows),
        lambda made: _clustered(trace, made, accelerator),
    ]
    return [before / total({n: kind(made) for n, made in free.items()}) for kind in kinds]


def _bits(trace: ss.Trace, layer) -> np.ndarray:
    g = layer.geometry
    return unpack(trace.weights[layer.weight], g.weight_elements).reshape(g.filters, -1)


def _density(trace: ss.Trace, made: Sequence[Any]) -> np.ndarray:
    return sum(_bits(trace, one).sum(axis=1) * one.geometry.positions for one in made)


def _work(trace: ss.Trace, made: Sequence[Any]) -> np.ndarray:
    return sum(work_of(trace, one) for one in made)


def _dealt(work: np.ndarray, rows: int) -> np.ndarray:
    """To and fro over the tiles, most work first."""
    tiles = -(-len(work) // rows)
    there = np.concatenate([np.arange(tiles), np.arange(tiles)[::-1]])
    tile = np.resize(there, len(work))
    return np.argsort(work, kind="stable")[::-1][np.argsort(tile, kind="stable")]


def _clustered(trace: ss.Trace, made: Sequence[Any], accelerator: ss.Accelerator) -> np.ndarray:
    """Filters whose work is alike window by window."""
    parts = []
    for layer in made:
        bits = _bits(trace, layer)
        cuts = np.arange(0, bits.shape[1], accelerator.window)
        parts.append(np.add.reduceat(bits * meetings_of(trace, layer), cuts, axis=1))
    work = np.concatenate(parts, axis=1)
    left, order = list(np.argsort(-work.sum(axis=1), kind="stable")), []
    while left:
        tile = [left.pop(0)]
        most = work[tile[0]].copy()
        while len(tile) < accelerator.rows and left:
            more = (np.maximum(work[left], most) - work[left]).sum(axis=1)
            tile.append(left.pop(int(np.argmin(more))))
            most = np.maximum(most, work[tile[-1]])
        order += tile
    return np.array(order)


if __name__ == "__main__":
    main()
