"""The paper's networks in PyTorch, one a file: `network(channels, size, classes, dropout)`.

Names of modules are the paper's names of layers, `.` for `/`: they become names of ONNX nodes, so
that blocks and patterns over layers work as in the paper.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sparsesim.errors import SpecError, nearest

TOPOLOGIES = ("lenet", "cifarnet", "resnet14", "alexnet", "resnet50")


def network(topology: str, channels: int, size: int, classes: int, dropout: float) -> Any:
    """A network with the weights of torch's present seed: Gaussian, variance 2 / inputs.

    Args:
        topology: one of `TOPOLOGIES`.
        channels: of a picture, 1 or 3.
        size: height and width of a picture in pixels.
        classes: outputs, 2 or more.
        dropout: share of values dropped where the topology has dropout, 0 to below 1.
    Returns:
        a `torch.nn.Module` from (n, channels, size, size) to (n, classes).
    Raises:
        SpecError: no such topology, pictures too small for it, or dropout where it has none.
    Source: Loroch et al. 2018, section 3.2, for the Gaussian; the variance
        is that of He et al. 2015, as the paper gives none.
    """
    if topology not in TOPOLOGIES:
        raise SpecError(f"unknown topology '{topology}'; {nearest(topology, TOPOLOGIES)}")
    home = import_module(f"{__name__}.{topology}")
    if size < home.SMALLEST:
        raise SpecError(
            f"topology '{topology}' takes pictures of {home.SMALLEST} pixels and more a side; "
            f"{size} came"
        )
    if dropout and not home.DROPOUT:
        raise SpecError(f"topology '{topology}' has no dropout; {dropout:g} came, use 0")
    made = home.network(channels, size, classes, dropout)
    _initialise(made)
    return made


def summary(topology: str) -> str:
    """What a topology is, in a few words: the first line of its file, its name left out."""
    home = import_module(f"{__name__}.{topology}")
    return (home.__doc__ or "").splitlines()[0].partition(": ")[2].rstrip(".")


def _initialise(made: Any) -> None:
    from torch import nn

    for part in made.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            if part.bias is not None:
                nn.init.zeros_(part.bias)
