"""The search's speed: LeNet on MNIST's 10,000 test images, with and without replay; zeros counted.

    python -m benchmarks.search [ROUNDS]

Sides alternate and a ratio is that of the best times. Needs the development data.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks.__main__ import DATA, PHOTOS, RESNET, ROOT

_COUNTED = 20  # photos


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print("| measure | found | to reach | aim |\n|---|---|---|---|")
    for row in rows(rounds):
        print("| " + " | ".join(row) + " |", flush=True)


def rows(rounds: int) -> list[tuple[str, str, str, str]]:
    """(measure, found, to reach, aim) of the search and of counting zeros."""
    if not DATA.is_dir():
        return [("search", "skipped: the development data is absent", "", "")]
    search = best(rounds, _search(), _search(reuse=False))
    grid = best(1, _search(exhaustive=True), _search(reuse=False, exhaustive=True))
    ours, theirs = (1e3 * seconds / _COUNTED for seconds in best(rounds, _zeros(), _onnxruntime()))
    return [
        (
            "search, LeNet, all layers, 20 thresholds, 10,000 images",
            f"{search[0]:.1f} s",
            "60 s",
            "20 s",
        ),
        ("the same without replay, over with", f"{search[1] / search[0]:.2f}x", "2x", "4x"),
        (
            "all 20 thresholds on all images without replay, over with",
            f"{grid[1] / grid[0]:.2f}x ({grid[1]:.0f} over {grid[0]:.0f} s)",
            "2x",
            "4x",
        ),
        (
            "the same without replay and early stop, over the search",
            f"{grid[1] / search[0]:.1f}x",
            "",
            "",
        ),
        (
            "activation sparsity of ResNet-50, all layers, over ONNX Runtime",
            f"{ours / theirs:.2f}x ({ours:.0f} over {theirs:.0f} ms a photo)",
            "",
            "1.5x",
        ),
    ]


def best(rounds: int, *sides: Callable[[], object]) -> list[float]:
    """The least seconds of each side; they take turns."""
    least = [float("inf")] * len(sides)
    for _ in range(rounds):
        for index, side in enumerate(sides):
            start = time.perf_counter()
            side()
            least[index] = min(least[index], time.perf_counter() - start)
    return least


def _search(reuse: bool = True, exhaustive: bool = False) -> Callable[[], object]:
    import sparsesim as ss
    from sparsesim.graph.blocks import blocks
    from sparsesim.search.grid import Grid
    from sparsesim.search.images import batch_size, batches
    from sparsesim.search.layerwise import layerwise
    from sparsesim.search.replay import Replay
    from sparsesim.search.scoring import Scorer
    from sparsesim.search.units import weight_units

    graph = ss.load(ROOT / "models_onnx" / "lenet.onnx")
    inputs = ss.open_inputs(DATA / "mnist", ss.input_specs(graph), "unit")
    replay = Replay(graph)
    held = list(batches(inputs, batch_size(replay, inputs)))
    units = weight_units(graph, blocks(graph), Grid("quantiles", 20))

    def run() -> object:
        scorer = Scorer(replay, units, lambda: iter(held), inputs.count, 1024, reuse)
        needed = scorer.baseline()
        # Nothing is given up where no right answer is needed.
        return layerwise(scorer, units, 0 if exhaustive else needed, exhaustive)

    return run


def _photos(graph):
    import sparsesim as ss

    inputs = ss.open_inputs(PHOTOS, ss.input_specs(graph), "imagenet", images=_COUNTED)
    return list(inputs.feeds())


def _zeros() -> Callable[[], object]:
    import sparsesim as ss
    from sparsesim.trace.zeros import activation_zeros

    graph = ss.load(RESNET)
    feeds = _photos(graph)
    return lambda: activation_zeros(graph, feeds)


def _onnxruntime() -> Callable[[], object]:
    import onnxruntime as ort

    import sparsesim as ss
    from sparsesim.engine.threads import thread_count

    options = ort.SessionOptions()
    options.intra_op_num_threads = thread_count()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = ort.InferenceSession(RESNET, options, providers=["CPUExecutionProvider"])
    feeds = _photos(ss.load(RESNET))
    return lambda: [session.run(None, feed) for feed in feeds]


if __name__ == "__main__":
    main()
