"""A training that its test kills: `python killed_training.py TOPOLOGY FOLDER`, a line a step."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from train_samples import dataset, recipe

from sparsesim.train.training import train

if __name__ == "__main__":
    torch.set_num_threads(1)
    train(
        recipe(sys.argv[1], dropout=0.5, augment=True, gradient_threshold=1e-3),
        dataset(3, 9),
        Path(sys.argv[2]),
        checkpoint_seconds=0,
        progress=lambda now: print(now.step, flush=True),
    )
