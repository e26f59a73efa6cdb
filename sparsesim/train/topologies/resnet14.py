"""ResNet-14: a convolution, two blocks of two bottleneck units, a fully connected layer.

The paper names its layers (table 3) but gives no widths; these are ours: 32, then units of depth 32
and 64 with four times as many outputs; pooling behind conv1 and block 2 halve the resolution.
Source: Loroch et al. 2018, section 3 and table 3; He et al. 2015.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from sparsesim.train.topologies.bottleneck import blocks

SMALLEST = 8
DROPOUT = False


def network(channels: int, size: int, classes: int, dropout: float) -> Any:
    """As `topologies.network`; it has no dropout."""
    from torch import nn

    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 32, 3, padding=1, bias=False),
            norm1=nn.BatchNorm2d(32),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            **blocks(32, ((2, 32, 128, 1), (2, 64, 256, 2))),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            logits=nn.Linear(256, classes),
        )
    )
