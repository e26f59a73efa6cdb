"""What runs on the host: operators, and the MACs inside them.

The MACs are for `mac_coverage` only: host work is named and never counted as free silently.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sparsesim.graph.host_macs import NCHWC, Known, macs_of
from sparsesim.graph.layers import Graph, HostStep, Shape

_OF_ONE_PROCESSOR = (
    "its layout is one processor's: ONNX Runtime saved the file at level 'all'; use 'extended'"
)


@dataclass(frozen=True)
class HostWork:
    """Work outside the modelled array, for one run.

    Attributes:
        operators: ONNX operator -> number of nodes.
        macs: node name -> MACs, for operators that multiply and accumulate; -1 where they are
            unknown.
        reasons: node name -> why a MAC node is not a layer.
    """

    operators: Mapping[str, int]
    macs: Mapping[str, int]
    reasons: Mapping[str, str]

    @property
    def known_macs(self) -> int:
        """Sum of those that are known."""
        return sum(macs for macs in self.macs.values() if macs > 0)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the nodes whose MACs are not known."""
        return tuple(name for name, macs in self.macs.items() if macs < 0)


@dataclass(frozen=True)
class Share:
    """A part of all MACs.

    Attributes:
        value: part / known MACs.
        is_bound: some MACs are unknown, and the true share is smaller: `value` is rounded down to
            a tenth of a percent, and stays below 1.
    """

    value: float
    is_bound: bool


def mac_share(part: int, known: int, some_unknown: bool) -> Share:
    """The share that a part has of all MACs, or the most that it can have.

    >>> mac_share(3, 8, False)
    Share(value=0.375, is_bound=False)
    >>> mac_share(2, 3, True).value, mac_share(3, 3, True).value, mac_share(0, 0, True).value
    (0.666, 0.999, 0.0)
    """
    if not some_unknown:
        return Share(part / known if known else 1.0, False)
    return Share(min(part * 1000 // known if known else 0, 999) / 1000, True)


def host_work(
    graph: Graph,
    shapes: Mapping[str, Shape] | None = None,
    values: Mapping[str, np.ndarray] | None = None,
) -> HostWork:
    """Operators and MACs of all host steps of a graph.

    Args:
        graph: as loaded or rewritten.
        shapes: of tensors, as execution found them; they stand before those of inference.
        values: of tensors whose values say how much there is to do, such as lengths.
    """
    known = Known({**graph.shapes, **(shapes or {})}, {**graph.constants, **(values or {})})
    operators: Counter[str] = Counter()
    macs: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for step in graph.steps:
        if not isinstance(step, HostStep):
            continue
        for index in step.nodes:
            node = graph.model.graph.node[index]
            operators[node.op_type] += 1
            count = macs_of(node, known)
            if count is not None:
                macs[node.name] = count
            if count is not None and node.domain == NCHWC:
                reasons[node.name] = _OF_ONE_PROCESSOR
    reasons |= {name: why for name, why in graph.reasons.items() if name in macs}
    return HostWork(dict(operators), macs, reasons)
