"""Nanoseconds of the cycle model for a window step of the array, by scheme and shape.

    python benchmarks/cycles_kernel.py [--quick]

One thread, random masks, kernels warm; the best of some runs. A window step is one window of one
tile, for all PEs of the array. Operands are prepared beforehand, as in a sweep; that time stands
in its own column, also for each window step.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np

from sparsesim.datapath import SCHEMES, count_pairs, datapath
from sparsesim.spec.accelerator import Accelerator

FILTERS, POSITIONS = 256, 196


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Seconds of the quickest run."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def packed(rows: int, reduction: int, density: float, seed: int) -> np.ndarray:
    """Random operand bits, uint64, shape (1, rows, words of K bits and one more)."""
    mask = np.random.default_rng(seed).random((rows, reduction)) < density
    words = np.zeros((1, rows, -(-reduction // 64) + 1), dtype=np.uint64)
    octets = np.packbits(mask, axis=1, bitorder="little")
    words.view(np.uint8)[0, :, : octets.shape[1]] = octets
    return words


def measure(accelerator: Accelerator, reduction: int, density: float, runs: int) -> list[float]:
    """Nanoseconds a window step: each scheme, preparing both operands, counting pairs."""
    machine = datapath(accelerator.datapath)
    act = packed(POSITIONS, reduction, density, 1)
    weight = packed(FILTERS, reduction, density, 2)
    windows = -(-reduction // accelerator.window)
    passes = np.array([[0, 0, FILTERS, 0, POSITIONS, 0, windows, 1]], dtype=np.int64)
    activations = machine.prepare_activations(act, reduction, accelerator)
    weights = machine.prepare_weights(weight, reduction, accelerator)
    pairs = count_pairs(act, weight, reduction, accelerator.window, passes)
    tiles = -(-FILTERS // accelerator.rows) * -(-POSITIONS // accelerator.cols)

    def prepare() -> None:
        machine.prepare_activations(act, reduction, accelerator)
        machine.prepare_weights(weight, reduction, accelerator)

    jobs: list[Callable[[], object]] = [
        lambda scheme=scheme: machine.count_passes(
            activations, weights, passes, pairs, scheme, accelerator
        )
        for scheme in SCHEMES
    ]
    jobs += [prepare, lambda: count_pairs(act, weight, reduction, accelerator.window, passes)]
    for job in jobs:
        job()
    return [best_of(runs, job) / (tiles * windows) * 1e9 for job in jobs]


def main() -> None:
    quick = "--quick" in sys.argv
    print(f"{FILTERS} filters, {POSITIONS} positions; ns a window step, one thread")
    head = ("array", "window", "depth", "K", "density", *SCHEMES, "prepare", "pairs")
    print("".join(f"{word:>11}" for word in head))
    shapes = [(16, 16)] if quick else [(8, 8), (16, 16), (32, 32), (12, 12), (64, 64)]
    for rows, cols in shapes:
        accelerator = Accelerator(rows=rows, cols=cols)
        for reduction in (64, 576, 2304):
            for density in (0.5, 0.3):
                times = measure(accelerator, reduction, density, 3 if quick else 10)
                row = (f"{rows}x{cols}", accelerator.window, accelerator.queue_depth, reduction)
                cells = "".join(f"{cell:>11}" for cell in (*row, density))
                print(cells + "".join(f"{nanoseconds:>11.1f}" for nanoseconds in times))


if __name__ == "__main__":
    main()
