"""Nanoseconds of the cycle model for a window step of the array, by scheme and shape.

    python benchmarks/cycles_kernel.py [--quick]

One thread, random masks, kernels warm; the best of some runs. A window step is one window of one
tile, for all PEs of the array. Preparing the operands and counting their pairs, done once for all
schemes, stand in columns of their own. The last lines are the layers of ResNet-50 (224x224, one
pass a layer, half of all operands zero), in ms of one thread and of two, on `inner_join` and on
shapes of `stream`, which counts entries of whole vectors and has no window steps.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sparsesim.lowering.bits import pack_lines
from sparsesim.machines.inner_join import SCHEMES
from sparsesim.machines.pairs import Pairs, count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.machines.stream import SCHEMES as STREAM_SCHEMES
from sparsesim.spec.accelerator import Accelerator


@dataclass(frozen=True, eq=False)
class Layer:
    """Random operands of one pass, and the steps that the cycle model takes for it."""

    act: np.ndarray
    weight: np.ndarray
    reduction: int
    passes: Passes
    steps: int

    def prepare(self, accelerator: Accelerator) -> tuple[object, object]:
        """Both operands in the machine's layout."""
        rules, array = accelerator.rules, accelerator.array
        return (
            rules.prepare("activation", self.act, self.reduction, array),
            rules.prepare("weight", self.weight, self.reduction, array),
        )

    def pairs(self) -> Pairs:
        """What all schemes share."""
        return count_pairs(self.act, self.weight, self.passes)


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest run."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def random_layer(
    filters: int, positions: int, reduction: int, density: float, accelerator: Accelerator
) -> Layer:
    """A layer in one pass."""
    rng = np.random.default_rng(1)
    words = [
        pack_lines(rng.random((1, lines, reduction)) < density) for lines in (positions, filters)
    ]
    tiling = accelerator.rules.tiling(accelerator.array)
    steps = tiling.tiles(filters, positions) * -(-reduction // tiling.elements)
    return Layer(*words, reduction, Passes.one(filters, positions, reduction), steps)


def measure(layer: Layer, accelerator: Accelerator, runs: int) -> list[float]:
    """Seconds: each scheme, preparing both operands, counting pairs."""
    rules = accelerator.rules
    operands, pairs = layer.prepare(accelerator), layer.pairs()
    jobs: list[Callable[[], object]] = [
        lambda scheme=scheme: rules.count(*operands, layer.passes, pairs, scheme, accelerator.array)
        for scheme in rules.schemes
    ]
    jobs += [lambda: layer.prepare(accelerator), layer.pairs]
    for job in jobs:
        job()
    return [best_of(runs, job) for job in jobs]


def resnet50() -> Iterator[tuple[int, int, int]]:
    """Filters, positions and K of its 53 convolutions and its Gemm."""
    yield 64, 112 * 112, 147
    channels = 64
    for width, size, blocks in ((64, 56, 3), (128, 28, 4), (256, 14, 6), (512, 7, 3)):
        for block in range(blocks):
            before = size * (2 if block == 0 and width > 64 else 1)
            yield width, before * before, channels
            yield width, size * size, 9 * width
            yield 4 * width, size * size, width
            if block == 0:
                yield 4 * width, size * size, channels
            channels = 4 * width
    yield 1000, 1, channels


def whole_network(accelerator: Accelerator) -> None:
    """Print the time of all layers, for one thread and for two."""
    layers = [random_layer(*shape, 0.5, accelerator) for shape in resnet50()]
    each = np.array([measure(layer, accelerator, 5) for layer in layers])
    rules = accelerator.rules

    def run(layer: Layer) -> None:
        operands, pairs = layer.prepare(accelerator), layer.pairs()
        for scheme in rules.schemes:
            rules.count(*operands, layer.passes, pairs, scheme, accelerator.array)

    longest_first = [layers[index] for index in np.argsort(-each.sum(axis=1))]
    with ThreadPoolExecutor(2) as pool:
        both = best_of(5, lambda: list(pool.map(run, longest_first)))
    totals = (*each.sum(axis=0), each.sum(), both)
    described = f"{rules.size(accelerator.array)} {rules.name}"
    print(f"{described:>16}" + "".join(f"{seconds * 1e3:>11.1f}" for seconds in totals))


def heading(schemes: tuple[str, ...]) -> None:
    """Print the columns of `whole_network`."""
    print(f"\n{'ResNet-50; ms':>16}", end="")
    print("".join(f"{word:>11}" for word in (*schemes, "prepare", "pairs", "all", "2 threads")))


def main() -> None:
    quick = "--quick" in sys.argv
    filters, positions = 256, 196
    print(f"{filters} filters, {positions} positions; ns a window step, one thread")
    head = ("array", "window", "depth", "K", "density", *SCHEMES, "prepare", "pairs")
    print("".join(f"{word:>11}" for word in head))
    shapes = [(16, 16)] if quick else [(8, 8), (12, 12), (16, 16), (32, 32), (64, 64)]
    for rows, cols in shapes:
        accelerator = Accelerator(rows=rows, cols=cols)
        for reduction in (64, 576, 2304):
            for density in (0.5, 0.3):
                layer = random_layer(filters, positions, reduction, density, accelerator)
                times = measure(layer, accelerator, 3 if quick else 10)
                row = (f"{rows}x{cols}", accelerator.window, accelerator.queue_depth, reduction)
                cells = "".join(f"{cell:>11}" for cell in (*row, density))
                print(cells + "".join(f"{spent / layer.steps * 1e9:>11.1f}" for spent in times))
    heading(SCHEMES)
    whole_network(Accelerator())
    heading(STREAM_SCHEMES)
    for rows, lanes, units in ((3, 64, 3), (6, 32, 3), (16, 16, 4), (24, 8, 6), (72, 8, 8)):
        array = {"rows": rows, "lanes": lanes, "units": units, "stash": 32}
        whole_network(Accelerator(machine="stream", array=array))


if __name__ == "__main__":
    main()
