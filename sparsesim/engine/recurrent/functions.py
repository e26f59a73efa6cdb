"""The activation functions of a recurrent node, and the numbers that belong to each.

The element-wise operators of that name do the work; two exist here only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from sparsesim import elementwise
from sparsesim.engine.recurrent.columns import CODES
from sparsesim.graph import Layer

InPlace = Callable[[np.ndarray], None]
"""Applies a function to a contiguous array in place."""

# Operator -> alpha and beta that it takes, and their defaults; NaN: a node must give them.
_NUMBERS: dict[str, tuple[float, ...]] = {
    "Affine": (np.nan, np.nan),
    "Elu": (1.0,),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01,),
    "ScaledTanh": (np.nan, np.nan),
    "ThresholdedRelu": (np.nan,),
}
_DEFAULTS = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}


def functions_of(layer: Layer, directions: int) -> list[tuple[InPlace, ...]]:
    """The functions of each direction: f, g, h as far as the operator has them.

    Numbers are taken in the order of the functions that need them, as ONNX says.
    """
    kind = layer.op.replace("DynamicQuantize", "")
    names = [name.decode() for name in layer.attribute("activations", ())]
    names = names or list(_DEFAULTS[kind]) * directions
    alphas = iter(layer.attribute("activation_alpha", ()))
    betas = iter(layer.attribute("activation_beta", ()))
    made = [_function(_known(name), alphas, betas) for name in names]
    each = len(_DEFAULTS[kind])
    return [tuple(made[at : at + each]) for at in range(0, len(made), each)]


def codes_of(layer: Layer, directions: int) -> np.ndarray | None:
    """The functions of each direction as `kernels.apply` knows them, int64; None: it lacks one."""
    kind = layer.op.replace("DynamicQuantize", "")
    named = [_known(name.decode()) for name in layer.attribute("activations", ())]
    names = named or list(_DEFAULTS[kind]) * directions
    if not set(names).issubset(CODES):
        return None
    return np.array([CODES.index(name) for name in names], np.int64).reshape(directions, -1)


def _known(name: str) -> str:
    """An operator's name as ONNX writes it: these attributes may be in any case."""
    known = [*_NUMBERS, "Relu", "Sigmoid", "Softplus", "Softsign", "Tanh"]
    return next(op for op in known if op.lower() == name.lower())


def _function(op: str, alphas: Iterator[float], betas: Iterator[float]) -> InPlace:
    given = [
        float(next(source, default))
        for source, default in zip((alphas, betas), _NUMBERS.get(op, ()), strict=False)
    ]
    if op == "Affine":
        return partial(_affine, given)
    if op == "ScaledTanh":
        return partial(_scaled_tanh, given)
    kernel, numbers = elementwise.find(op).kernel_, np.array(given, dtype=np.float64)
    return lambda x: kernel(x.reshape(-1), numbers)


def _affine(numbers: list[float], x: np.ndarray) -> None:
    alpha, beta = numbers
    x *= alpha
    x += beta


def _scaled_tanh(numbers: list[float], x: np.ndarray) -> None:
    alpha, beta = numbers
    x *= beta
    np.tanh(x, out=x)
    x *= alpha
