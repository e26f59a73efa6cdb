"""What a training saw at every step: the loss, and how many gradients of each layer were not zero.

Blocks are summed as equation 5 says; nothing here knows PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sparsesim.errors import InputError
from sparsesim.files import writing
from sparsesim.graph.names import block_of


@dataclass(frozen=True, eq=False)
class History:
    """A record of the steps done so far.

    Attributes:
        layers: names, in the network's order.
        elements: weights of each layer, int64, shape (layers,).
        loss: with its penalties left out, float64, shape (steps,).
        nonzero: gradients that were not zero, int64, shape (steps, layers).
        epoch_steps: steps done when accuracy was measured, int64, shape (epochs,).
        accuracy: of the test part then, float64, 0 to 1, shape (epochs,).
    """

    layers: tuple[str, ...]
    elements: np.ndarray
    loss: np.ndarray
    nonzero: np.ndarray
    epoch_steps: np.ndarray
    accuracy: np.ndarray

    def sparsity(self) -> np.ndarray:
        """Gradient sparsity of each layer at each step, float64, shape (steps, layers)."""
        return 1 - self.nonzero / self.elements

    def total_sparsity(self) -> np.ndarray:
        """Gradient sparsity of all weights at each step, float64, shape (steps,)."""
        return 1 - self.nonzero.sum(axis=1) / self.elements.sum()

    def by_block(self) -> dict[str, np.ndarray]:
        """Gradient sparsity of each block at each step; a layer without a block is its own.

        Source: Loroch et al. 2018, equation 5.
        """
        members: dict[str, list[int]] = {}
        for index, name in enumerate(self.layers):
            members.setdefault(block_of(name), []).append(index)
        return {
            block: 1 - self.nonzero[:, chosen].sum(axis=1) / self.elements[chosen].sum()
            for block, chosen in members.items()
        }


def save_history(history: History, path: Path) -> None:
    """Write an .npz, whole or not at all."""
    with writing(path, force=True) as beside, beside.open("wb") as file:
        np.savez_compressed(
            file,
            layers=np.array(history.layers),
            **{key: getattr(history, key) for key in _ARRAYS},
        )


def load_history(path: Path) -> History:
    """Read what `save_history` wrote.

    Raises:
        InputError: absent, damaged, or something else.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return History(
                tuple(str(name) for name in stored["layers"]),
                **{key: stored[key] for key in _ARRAYS},
            )
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except Exception:  # zipfile, zlib and NumPy raise many kinds on other or damaged files
        raise InputError(f"{path}: is no history of a training, or a damaged one") from None


_ARRAYS = ("elements", "loss", "nonzero", "epoch_steps", "accuracy")
