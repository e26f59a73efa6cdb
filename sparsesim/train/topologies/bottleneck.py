"""The unit of both residual networks: three convolutions beside a shortcut. No topology itself.

Source: He et al., "Deep residual learning for image recognition", 2015, figure 5 right.
"""

from __future__ import annotations

from typing import Any


def unit(inputs: int, depth: int, outputs: int, stride: int) -> Any:
    """One unit.

    Args:
        inputs: channels that come in.
        depth: channels between its convolutions.
        outputs: channels that leave it.
        stride: of its 3x3 convolution, and of the shortcut.
    Returns:
        a `torch.nn.Module` with conv1 to conv3 and, where shapes change, `shortcut`.
    """
    from torch import nn

    class Unit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, depth, 1, bias=False)
            self.norm1 = nn.BatchNorm2d(depth)
            self.relu1 = nn.ReLU()
            self.conv2 = nn.Conv2d(depth, depth, 3, stride, 1, bias=False)
            self.norm2 = nn.BatchNorm2d(depth)
            self.relu2 = nn.ReLU()
            self.conv3 = nn.Conv2d(depth, outputs, 1, bias=False)
            self.norm3 = nn.BatchNorm2d(outputs)
            self.changes = inputs != outputs or stride != 1
            if self.changes:
                self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
                self.norm_shortcut = nn.BatchNorm2d(outputs)
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            y = self.relu1(self.norm1(self.conv1(x)))
            y = self.relu2(self.norm2(self.conv2(y)))
            y = self.norm3(self.conv3(y))
            return self.relu(y + (self.norm_shortcut(self.shortcut(x)) if self.changes else x))

    return Unit()


def blocks(inputs: int, plan: tuple[tuple[int, int, int, int], ...]) -> Any:
    """Blocks of units, `block1.unit_1` and on.

    Args:
        inputs: channels that come in.
        plan: for each block its units, the depth and outputs of each, the stride of its first.
    """
    from collections import OrderedDict

    from torch import nn

    made = OrderedDict()
    for number, (units, depth, outputs, stride) in enumerate(plan, start=1):
        members = OrderedDict()
        for index in range(units):
            members[f"unit_{index + 1}"] = unit(inputs, depth, outputs, stride if not index else 1)
            inputs = outputs
        made[f"block{number}"] = nn.Sequential(members)
    return made
