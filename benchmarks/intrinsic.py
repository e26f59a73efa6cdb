"""What emulating a layer's inside costs: LeNet on 100 digits, over our own float execution.

    python -m benchmarks.intrinsic [ROUNDS]

Both sides run image by image through the same engine, with the same threads, in one process. They
take turns, an image each, so that what else the machine does meets both; a side's time is the sum
over the images of the best of all rounds. The last lines say how fast the kernel alone is on one
thread, of a matrix product in float32 by BLAS on one thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import sparsesim as ss
from sparsesim.engine.run import Engine
from sparsesim.engine.threads import single_threaded_blas
from sparsesim.intrinsic.formats import Fixed, Formats
from sparsesim.intrinsic.layer import EmulatedLayer
from sparsesim.intrinsic.ranges import measure
from sparsesim.intrinsic.sums import factors, plan
from sparsesim.spec.arithmetic import Arithmetic

MODELS = Path(__file__).resolve().parent.parent / "models_onnx"
IMAGES = 100
CASES = {
    "16-bit sums that saturate": Arithmetic(acc_bits=16, overflow="saturate"),
    "16-bit sums that wrap": Arithmetic(acc_bits=16),
    "16-bit sums and 8-bit products that saturate": Arithmetic(
        acc_bits=16, acc_fraction=6, product_bits=8, product_fraction=6, overflow="saturate"
    ),
    "32-bit sums (64-bit lanes)": Arithmetic(acc_bits=32),
}


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print("| emulation of LeNet over float execution | found | emulated | float |")
    print("|---|---|---|---|")
    for name, rule in CASES.items():
        plain, ours = measured(rule, rounds)
        times = f"{ours * 1e3:.2f} ms an image | {plain * 1e3:.2f} ms"
        print(f"| {name} | {ours / plain:.2f}x | {times} |", flush=True)
    print()
    size = 512
    a = np.ones((size, size), np.float32)
    with single_threaded_blas():
        blas = size**3 / _best(lambda: a @ a)
    print(f"BLAS, float32: {blas / 1e9:.1f} G MACs a second")
    for bits, bound in ((16, None), (16, 8), (40, None)):
        rate = kernel_rate(bits, bound)
        words = "" if bound is None else f", {bound}-bit products"
        print(f"kernel, {bits}-bit sums{words}: {rate / 1e9:.1f}, {blas / rate:.1f} times fewer")


def measured(rule: Arithmetic, rounds: int = 5) -> tuple[float, float]:
    """Seconds an image, best of the rounds: the float engine, and every layer emulated."""
    graph = ss.load(MODELS / "lenet.onnx")
    digits = MODELS / "mnist_test_300.npz"
    feeds = list(ss.open_inputs(digits, ss.input_specs(graph), None, None, IMAGES).feeds())
    plain, emulated = Engine(graph), Engine(graph)
    ranges = measure(plain, feeds, {layer.activation for layer in graph.layers})
    for index, step in enumerate(graph.steps):
        if step in graph.layers:
            emulated.steps[index] = EmulatedLayer(step, graph, rule, ranges)
    best = np.full((2, IMAGES), np.inf)
    for _ in range(rounds + 1):  # the first one compiles and warms
        for image, feed in enumerate(feeds):
            for side, engine in enumerate((plain, emulated)):
                start = time.perf_counter()
                engine.run(feed)
                best[side, image] = min(best[side, image], time.perf_counter() - start)
    plain_seconds, seconds = best.mean(axis=1)
    return float(plain_seconds), float(seconds)


def kernel_rate(acc_bits: int, product_bits: int | None) -> float:
    """MACs a second of the kernel alone, one thread: 64 rows, 4 panels, K of 500."""
    from sparsesim.intrinsic import kernels

    random = np.random.default_rng(0)
    weights = random.integers(-127, 128, (1, 64, 500)).astype(np.int16)
    product = None if product_bits is None else Fixed(product_bits, 4)
    formats = Formats(Fixed(8, 4), Fixed(8, 4), product, 4, Fixed(acc_bits, 4), ())
    rule = Arithmetic(acc_bits=acc_bits, overflow="saturate")
    made = plan(rule, formats, 127, 500, "benchmark")
    ready = factors(made, weights, "ascending")
    out = np.zeros((3, 64, 64), made.kind)
    span = np.array([0, 64, 0, 4])
    arguments = (ready.rows[0], ready.panels[0], made.steps, made.numbers, made.form, span, out)
    return 64 * 64 * 500 / _best(lambda: kernels.add_up(*arguments))


def _best(work: Callable[[], object], times: int = 300) -> float:
    work()
    found = np.inf
    for _ in range(times):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return float(found)


if __name__ == "__main__":
    main()
