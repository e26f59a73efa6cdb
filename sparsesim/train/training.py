"""The training itself: steps of stochastic gradient descent, thresholds on gradients between.

A step's randomness comes from (seed, step) alone, so a run that was killed and resumed ends with
the same weights as one that was not, to the bit (with the same number of threads).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sparsesim.errors import InputError, SparseSimError, SpecError
from sparsesim.train.batches import Batches, prepared
from sparsesim.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sparsesim.train.dataset import Dataset, Part
from sparsesim.train.gradients import (
    GradientPlan,
    add_penalties,
    gradient_choices,
    gradient_plan,
    nonzero_counts,
    sparsify_gradients,
    weights_of,
)
from sparsesim.train.history import History
from sparsesim.train.recipe import Recipe
from sparsesim.train.topologies import network
from sparsesim.train.torch_module import load_torch

if TYPE_CHECKING:
    from sparsesim.spec.thresholds import Thresholds

CHECKPOINT = "checkpoint.pt"
_TEST_BATCH = 500


@dataclass(frozen=True)
class Progress:
    """What is said after a step.

    Attributes:
        step, steps: done, and all until it ends.
        loss: of the step, penalties left out.
        sparsity: of all weights' gradients in the step, 0 to 1.
        accuracy: of the test part when last measured, 0 to 1; None before.
        epoch_ends: it was measured behind this step.
    """

    step: int
    steps: int
    loss: float
    sparsity: float
    accuracy: float | None
    epoch_ends: bool


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training leaves.

    Attributes:
        network: a `torch.nn.Module`.
        history: of all its steps.
    """

    network: Any
    history: History


def train(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    rules: Thresholds | None = None,
    resume: bool = False,
    checkpoint_seconds: float = 60.0,
    progress: Callable[[Progress], None] = lambda _: None,
    stop_after: int | None = None,
) -> Trained:
    """Train a network; checkpoints go to `folder`.

    Args:
        recipe: what to do.
        data: square pictures of a size that the topology takes.
        folder: exists; gets `checkpoint.pt` every `checkpoint_seconds` and at the end.
        rules: a map whose `[gradients]` say by layer what happens to the gradients of its weights;
            the recipe's `gradient_threshold` is for all others.
        resume: go on from the checkpoint there.
        checkpoint_seconds: 0 for one behind every step.
        progress: called after every step; what it raises ends the training, with a checkpoint.
        stop_after: end after so many steps in all, with a checkpoint; None: at the recipe's end.
    Raises:
        SpecError, InputError: the recipe, data, rules and checkpoint do not fit each other.
        SparseSimError: no PyTorch, or the loss is no number any more; the last checkpoint stays.
    Source: Loroch et al. 2018, sections 2.2, 2.3 and 3.2.
    """
    torch = load_torch()
    with _own_randomness(torch):
        run = _Run(recipe, data, rules)
        path = folder / CHECKPOINT
        if resume:
            run.restore(path)
        run.net.train()
        last_saved = time.monotonic()
        end = run.steps if stop_after is None else min(run.steps, stop_after)
        while run.done < end:
            run.step()
            if time.monotonic() - last_saved >= checkpoint_seconds:
                run.save(path)
                last_saved = time.monotonic()
            try:
                progress(run.log.progress(run.done, end))
            except BaseException:
                # Only here, between steps: amid one the network is neither before nor behind it.
                run.save(path)
                raise
        if run.done:
            run.save(path)
        return Trained(run.net, run.log.history(run.done))


def accuracy(net: Any, part: Part, table: np.ndarray) -> float:
    """Share of pictures whose largest output is their class; the network is left in evaluation.

    Args:
        net: a `torch.nn.Module`.
        part: pictures and labels.
        table: of `pixel_table`.
    """
    import torch

    net.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(part.labels), _TEST_BATCH):
            chosen = slice(start, start + _TEST_BATCH)
            outputs = net(torch.from_numpy(prepared(part.images[chosen], table)))
            right += int((outputs.argmax(1).numpy() == part.labels[chosen]).sum())
    return right / len(part.labels)


def pixel_table(recipe: Recipe, channels: int) -> np.ndarray:
    """Prepared value of each pixel, float32, shape (channels, 256).

    Raises:
        InputError: an unknown preset, or one for another number of channels.
    """
    from sparsesim.inputs.pictures import pixel_values
    from sparsesim.inputs.preprocess import load_preprocess

    return pixel_values(load_preprocess(recipe.preprocess), channels).astype(np.float32)


def learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """Of a step, counted from 0 of `steps`."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    return recipe.learning_rate * (1 + math.cos(math.pi * step / steps)) / 2


class _Run:
    """A training between two steps: what changes from one to the next, and its checkpoints."""

    def __init__(self, recipe: Recipe, data: Dataset, rules: Thresholds | None) -> None:
        import torch

        torch.manual_seed(recipe.seed)
        self.recipe, self.data = recipe, data
        self.net = _network(recipe, data)
        self.plan = _plan(self.net, recipe, data, rules)
        # What its convolutions want: a step takes a seventh to a third less time.
        self.net = self.net.to(memory_format=torch.channels_last)
        self.weights = weights_of(self.net)
        self.parameters = list(self.net.parameters())
        table = pixel_table(recipe, data.train.images.shape[1])
        self.batches = Batches(data.train, table, recipe.batch, recipe.augment, recipe.seed)
        if not self.batches.steps_an_epoch:
            raise InputError(
                f"{data.source}: {len(data.train.labels)} training pictures are fewer than batch "
                f"{recipe.batch}"
            )
        self.steps = recipe.epochs * self.batches.steps_an_epoch
        self.optimiser = torch.optim.SGD(
            self.parameters, lr=recipe.learning_rate, momentum=recipe.momentum
        )
        self.identity = _identity(recipe, rules)
        self.data_sha256 = data.sha256()
        self.log = _Log(self.weights, self.steps)
        self.done = 0

    def step(self) -> None:
        """One step, and behind an epoch the accuracy."""
        import torch

        recipe = self.recipe
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(recipe, self.done, self.steps)
        torch.manual_seed(_step_seed(recipe.seed, self.done))  # dropout
        images, labels = self.batches.step(self.done)
        loss = torch.nn.functional.cross_entropy(self.net(images), labels)
        self.optimiser.zero_grad()
        loss.backward()
        value = loss.item()
        if not math.isfinite(value):
            raise _diverged(recipe, f"the loss is {value} at step {self.done + 1}")
        add_penalties(self.weights, recipe.l1, recipe.l2)
        sparsify_gradients(self.plan)
        self.log.add(self.done, value, nonzero_counts(self.weights))
        self.optimiser.step()
        self.done += 1
        if self.done % self.batches.steps_an_epoch == 0:
            self.log.measured(self.done, accuracy(self.net, self.data.test, self.batches.table))
            self.net.train()

    def save(self, path: Path) -> None:
        """Write a checkpoint; never one of weights that are no numbers over a good one."""
        import torch

        if not all(bool(torch.isfinite(p).all()) for p in self.parameters):
            raise _diverged(self.recipe, f"weights are no numbers after step {self.done}")
        found = (self.optimiser.state[p].get("momentum_buffer") for p in self.parameters)
        momentum = [value for value in found if value is not None]
        state = self.net.state_dict()
        arrays = self.log.arrays(self.done)
        save_checkpoint(
            Checkpoint(self.identity, self.data_sha256, state, momentum, arrays, self.done), path
        )

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint."""
        found = load_checkpoint(path, self.identity, self.data_sha256, self.data.classes)
        try:
            self.net.load_state_dict(found.network)
        except RuntimeError:
            raise InputError(
                f"{path}: holds another network; use what it was trained with"
            ) from None
        self.log.restore(found.history)
        for parameter, value in zip(self.parameters, found.momentum, strict=False):
            self.optimiser.state[parameter]["momentum_buffer"] = value
        self.done = found.step


def _network(recipe: Recipe, data: Dataset) -> Any:
    _, channels, height, width = data.train.images.shape
    if height != width:
        raise InputError(f"{data.source}: pictures are {width} x {height}; use square ones")
    return network(recipe.topology, channels, height, data.classes, recipe.dropout)


def _plan(net: Any, recipe: Recipe, data: Dataset, rules: Thresholds | None) -> GradientPlan:
    from sparsesim.train.export import onnx_model

    if rules is None:
        return gradient_plan(net, recipe.gradient_threshold, {})
    model = onnx_model(net, data.train.images.shape[1:], recipe.topology)
    return gradient_plan(net, recipe.gradient_threshold, gradient_choices(model, rules))


def _identity(recipe: Recipe, rules: Thresholds | None) -> dict[str, Any]:
    """What a training must have in common with the checkpoint that it goes on from."""
    from sparsesim.spec.thresholds import Thresholds

    found = recipe.model_dump(mode="json")
    if rules is not None:
        found["map"] = Thresholds(blocks=rules.blocks, gradients=rules.gradients).sha256()
    return found


def _diverged(recipe: Recipe, what: str) -> SparseSimError:
    return SpecError(
        f"{recipe.topology}: {what}; lower learning_rate, which is {recipe.learning_rate:g}"
    )


def _step_seed(seed: int, step: int) -> int:
    return int(np.random.SeedSequence((seed, 2, step)).generate_state(1, np.uint64)[0] >> 1)


@contextmanager
def _own_randomness(torch: Any) -> Iterator[None]:
    """Only deterministic operators inside; the caller's generator and settings as they were."""
    before = torch.are_deterministic_algorithms_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    try:
        with torch.random.fork_rng(devices=[]):
            torch.use_deterministic_algorithms(True)
            # Writing NaN into memory that is written again costs time and changes nothing here.
            torch.utils.deterministic.fill_uninitialized_memory = False
            yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.utils.deterministic.fill_uninitialized_memory = fill


class _Log:
    """A history while it grows: arrays of the whole training's length, filled step by step."""

    def __init__(self, weights: dict[str, Any], steps: int) -> None:
        self.layers = tuple(weights)
        self.elements = np.array([w.numel() for w in weights.values()], dtype=np.int64)
        self.loss = np.zeros(steps)
        self.nonzero = np.zeros((steps, len(weights)), dtype=np.int64)
        self.epochs: list[tuple[int, float]] = []

    def add(self, step: int, loss: float, nonzero: np.ndarray) -> None:
        self.loss[step], self.nonzero[step] = loss, nonzero

    def measured(self, done: int, accuracy: float) -> None:
        self.epochs.append((done, accuracy))

    def progress(self, done: int, steps: int) -> Progress:
        sparsity = 1 - self.nonzero[done - 1].sum() / self.elements.sum()
        last, known = self.epochs[-1] if self.epochs else (0, None)
        loss = float(self.loss[done - 1])
        return Progress(done, steps, loss, float(sparsity), known, last == done)

    def history(self, done: int) -> History:
        return History(
            self.layers,
            self.elements,
            self.loss[:done].copy(),
            self.nonzero[:done].copy(),
            np.array([step for step, _ in self.epochs], dtype=np.int64),
            np.array([value for _, value in self.epochs], dtype=np.float64),
        )

    def arrays(self, done: int) -> dict[str, Any]:
        import torch

        return {
            "loss": torch.from_numpy(self.loss[:done].copy()),
            "nonzero": torch.from_numpy(self.nonzero[:done].copy()),
            "epochs": list(self.epochs),
        }

    def restore(self, arrays: dict[str, Any]) -> None:
        done = len(arrays["loss"])
        self.loss[:done] = arrays["loss"].numpy()
        self.nonzero[:done] = arrays["nonzero"].numpy()
        self.epochs = [(int(step), float(value)) for step, value in arrays["epochs"]]
