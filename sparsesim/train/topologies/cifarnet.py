"""CifarNet: two convolutions with local response normalisation, three fully connected layers.

Source: TensorFlow-Slim, nets/cifarnet.py (sizes, normalisation, dropout behind fc3), which the
paper's tool is built on.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

SMALLEST = 8
DROPOUT = True


def network(channels: int, size: int, classes: int, dropout: float) -> Any:
    """As `topologies.network`."""
    from torch import nn

    from sparsesim.train.topologies.normalisation import response_norm

    side = size // 2 // 2

    def normalise() -> Any:
        return response_norm(9, alpha=0.001, bias=1.0)  # Slim: radius 4, alpha 0.001 / 9 a value

    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 64, 5, padding=2),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            norm1=normalise(),
            conv2=nn.Conv2d(64, 64, 5, padding=2),
            relu2=nn.ReLU(),
            norm2=normalise(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc3=nn.Linear(64 * side * side, 384),
            relu3=nn.ReLU(),
            dropout3=nn.Dropout(dropout),
            fc4=nn.Linear(384, 192),
            relu4=nn.ReLU(),
            logits=nn.Linear(192, classes),
        )
    )
