"""LeNet: two convolutions and two fully connected layers.

Source: BVLC Caffe, examples/mnist/lenet.prototxt, for the sizes; a ReLU stands behind every layer
but the last, as in all of the paper's networks (Loroch et al. 2018, section 3).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

SMALLEST = 16
DROPOUT = False


def network(channels: int, size: int, classes: int, dropout: float) -> Any:
    """As `topologies.network`; it has no dropout."""
    from torch import nn

    side = ((size - 4) // 2 - 4) // 2
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 20, 5),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(20, 50, 5),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            fc3=nn.Linear(50 * side * side, 500),
            relu3=nn.ReLU(),
            fc4=nn.Linear(500, classes),
        )
    )
