"""What thresholds and logging cost a training: steps a second over those of plain PyTorch.

    python -m benchmarks.training [FACTOR]

Both sides train the same network with the same batches, on one thread, in one process. They take
turns, a step each, so that what else the machine does meets both; the ratio is that of the medians
of their steps, in CPU time. Plain PyTorch is the loop that a user would write: weight decay in the
optimiser, no thresholds, nothing counted. Ours is `train` itself: it adds the penalty's gradient,
makes gradients of at most 1e-3 zero, and logs loss and sparsity of each layer.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.train.batches import Batches
from sparsesim.train.dataset import Dataset, Part
from sparsesim.train.recipe import Recipe
from sparsesim.train.topologies import network
from sparsesim.train.training import Progress, pixel_table, train

NETWORKS = {"lenet": (1, 28, 10), "cifarnet": (3, 32, 10), "resnet14": (3, 32, 100)}
STEPS = {"lenet": 300, "cifarnet": 60, "resnet14": 150}  # enough for steady medians


def main() -> None:
    """Print the table."""
    import torch

    torch.set_num_threads(1)
    factor = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print("| training steps over plain PyTorch's | found | plain | ours |\n|---|---|---|---|")
    for name in NETWORKS:
        plain, ours = measured(name, factor * STEPS[name])
        print(
            f"| {name} | {plain / ours:.3f}x | {plain * 1e3:.1f} ms a step | {ours * 1e3:.1f} ms |",
            flush=True,
        )


def measured(name: str, steps: int) -> tuple[float, float]:
    """Seconds a step, medians: plain PyTorch, and ours."""
    import torch

    recipe = Recipe.named(name).with_(gradient_threshold=1e-3)
    data = _data(name, recipe.batch * (steps + 1))
    plain_step = _plain(recipe, data)
    moments: list[tuple[float, float]] = []  # before and behind the plain step, which is ours' turn

    def turn(now: Progress) -> None:
        before = time.process_time()
        torch.use_deterministic_algorithms(False)  # nobody's own loop has it on
        plain_step(now.step - 1)
        torch.use_deterministic_algorithms(True)
        moments.append((before, time.process_time()))

    with tempfile.TemporaryDirectory() as folder:
        train(recipe, data, Path(folder), progress=turn, stop_after=steps)
    plain = [behind - before for before, behind in moments[1:]]  # the first warms up
    ours = [now[0] - last[1] for last, now in pairwise(moments)]
    return statistics.median(plain), statistics.median(ours)


def _plain(recipe: Recipe, data: Dataset) -> Callable[[int], None]:
    import torch

    _, channels, size, _ = data.train.images.shape
    torch.manual_seed(recipe.seed)
    net: Any = network(recipe.topology, channels, size, data.classes, recipe.dropout)
    net = net.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.SGD(
        net.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.l2
    )
    table = pixel_table(recipe, channels)
    batches = Batches(data.train, table, recipe.batch, recipe.augment, recipe.seed)

    def step(number: int) -> None:
        images, labels = batches.step(number)
        loss = torch.nn.functional.cross_entropy(net(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def _data(name: str, count: int) -> Dataset:
    """Random pictures: what is in them costs nothing. One step more than is measured, so that no
    epoch ends."""
    channels, size, classes = NETWORKS[name]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, channels, size, size), np.uint8)
    part = Part(images, rng.integers(0, classes, count))
    return Dataset(part, part, classes, "random")


if __name__ == "__main__":
    main()
