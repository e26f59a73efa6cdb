"""Inputs that a quantised model clips: what lies beyond the range of its first QuantizeLinear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sparsesim.graph import Graph
from sparsesim.graph.widths import MOVES

# Operators that leave an input's values one by one as they are, or scale them.
_SCALES = ("Cast", "Add", "Sub", "Mul", "Div", "BatchNormalization")


@dataclass(frozen=True)
class Clipped:
    """Of one input's values on one run those that saturate.

    Attributes:
        beyond: how many lie outside the quantiser's range; of how many `values`.
        low, high: the range, in the units of the values that are quantised.
    """

    beyond: int
    values: int
    low: float
    high: float


@dataclass(frozen=True)
class FirstQuantiser:
    """The first QuantizeLinear behind an input.

    Attributes:
        input: the model's input.
        tensor: what is quantised: the input, or what is made of it by moving and scaling.
        scale, least, most: a value x saturates where x / scale, rounded, is below or above these.
    """

    input: str
    tensor: str
    scale: np.float32
    least: int
    most: int

    def clipped(self, tensor: np.ndarray) -> Clipped:
        """Count in the tensor that is quantised."""
        steps = np.rint(tensor.astype(np.float32, copy=False) / self.scale)
        beyond = np.count_nonzero(steps < self.least) + np.count_nonzero(steps > self.most)
        low, high = (float(self.scale) * edge for edge in (self.least, self.most))
        return Clipped(int(beyond), int(tensor.size), low, high)


def first_quantisers(graph: Graph) -> tuple[FirstQuantiser, ...]:
    """The first QuantizeLinear of each input that has one, with one constant scale."""
    behind = {value.name: value.name for value in graph.inputs}
    found: dict[str, FirstQuantiser] = {}
    for node in graph.model.graph.node:
        read = [name for name in node.input if name and name not in graph.constants]
        source = behind.get(read[0], "") if len(read) == 1 else ""
        if not source:
            continue
        if node.op_type == "QuantizeLinear":
            quantiser = _quantiser(node, source, graph.constants)
            if quantiser is not None:
                found.setdefault(source, quantiser)
        elif node.op_type in (*MOVES, *_SCALES):
            behind |= dict.fromkeys(node.output, source)
    return tuple(found.values())


def _quantiser(node, source: str, constants: Mapping[str, np.ndarray]) -> FirstQuantiser | None:
    names = [*node.input, ""]
    scale, zero = constants.get(names[1]), constants.get(names[2])
    if scale is None or scale.size != 1 or scale.dtype.kind != "f" or scale.item() == 0:
        return None
    if names[2] and (zero is None or zero.size != 1):
        return None
    kind = np.dtype(np.uint8) if zero is None else zero.dtype
    if str(kind) not in ("int8", "uint8", "int16", "uint16"):
        return None
    info, offset = np.iinfo(kind), 0 if zero is None else int(zero.item())
    return FirstQuantiser(
        source, names[0], np.float32(scale.item()), info.min - offset, info.max - offset
    )
