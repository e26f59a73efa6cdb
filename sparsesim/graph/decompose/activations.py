"""The activation that a fused operator applies at its end, as a node of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sparsesim.graph.decompose.builder import Builder, Uncovered

# ONNX operator -> its parameters, in the order in which fused operators list them.
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "Relu": (),
    "Tanh": (),
    "Sigmoid": (),
    "Softplus": (),
    "Softsign": (),
    "LeakyRelu": ("alpha",),
    "Elu": ("alpha",),
    "Celu": ("alpha",),
    "ThresholdedRelu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "Selu": ("alpha", "gamma"),
    "Clip": ("min", "max"),
}
_SINCE = {"ThresholdedRelu": 10, "Celu": 12}
_CLIP_BY_INPUTS = 11


def parameters(activation: str) -> tuple[str, ...]:
    """Names of an activation's parameters; Uncovered where it is unknown here."""
    if activation not in _PARAMETERS:
        raise Uncovered(f"its activation '{activation}' is none of {' '.join(_PARAMETERS)}")
    return _PARAMETERS[activation]


def activate(b: Builder, x: str, activation: str, values: Sequence[float], output: str = "") -> str:
    """Apply an activation.

    Args:
        b: the builder.
        x: the tensor before it.
        activation: ONNX operator.
        values: of its parameters, in their order.
        output: as of `Builder.add`.
    Returns:
        the tensor behind it.
    """
    names = parameters(activation)
    if len(values) != len(names):
        raise Uncovered(
            f"its activation {activation} takes {len(names)} parameters; it gives {len(values)}"
        )
    b.needs_opset(_SINCE.get(activation, 1), activation)
    if activation == "Clip" and b.facts.opset >= _CLIP_BY_INPUTS:
        kind = b.kind(b.input(0))
        bounds = [
            b.value(np.array(value, kind), f"clip/{name}")
            for name, value in zip(names, values, strict=True)
        ]
        return b.add("Clip", x, *bounds, part="clip", output=output)
    attributes = dict(zip(names, values, strict=True))
    return b.add(activation, x, part=activation.lower(), output=output, **attributes)
