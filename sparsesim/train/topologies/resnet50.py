"""ResNet-50: a convolution, blocks of 3, 4, 6 and 3 bottleneck units, a fully connected layer.

Source: He et al., "Deep residual learning for image recognition", 2015, table 1; the stride lies on
the 3x3 convolution, as in most trained models.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from sparsesim.train.topologies.bottleneck import blocks

SMALLEST = 32
DROPOUT = False


def network(channels: int, size: int, classes: int, dropout: float) -> Any:
    """As `topologies.network`; it has no dropout."""
    from torch import nn

    plan = ((3, 64, 256, 1), (4, 128, 512, 2), (6, 256, 1024, 2), (3, 512, 2048, 2))
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, 64, 7, 2, 3, bias=False),
            norm1=nn.BatchNorm2d(64),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(3, 2, 1),
            **blocks(64, plan),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
            logits=nn.Linear(2048, classes),
        )
    )
