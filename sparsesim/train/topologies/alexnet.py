"""AlexNet: five convolutions and three fully connected layers, dropout behind the first two.

Source: Krizhevsky et al. 2012, in the single-column form of Krizhevsky 2014 ("One weird trick") as
in TensorFlow-Slim, nets/alexnet.py, which the paper's tool is built on. Torchvision's differs: 256
filters in conv4, padding at conv1, dropout before fc6 and fc7.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

SMALLEST = 67
DROPOUT = True


def network(channels: int, size: int, classes: int, dropout: float) -> Any:
    """As `topologies.network`."""
    from torch import nn

    side = (size - 11) // 4 + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 64, 11, 4),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(3, 2),
            conv2=nn.Conv2d(64, 192, 5, padding=2),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(3, 2),
            conv3=nn.Conv2d(192, 384, 3, padding=1),
            relu3=nn.ReLU(),
            conv4=nn.Conv2d(384, 384, 3, padding=1),
            relu4=nn.ReLU(),
            conv5=nn.Conv2d(384, 256, 3, padding=1),
            relu5=nn.ReLU(),
            pool5=nn.MaxPool2d(3, 2),
            flatten=nn.Flatten(),
            fc6=nn.Linear(256 * side * side, 4096),
            relu6=nn.ReLU(),
            dropout6=nn.Dropout(dropout),
            fc7=nn.Linear(4096, 4096),
            relu7=nn.ReLU(),
            dropout7=nn.Dropout(dropout),
            fc8=nn.Linear(4096, classes),
        )
    )
