"""Whether a layer's operands fit each other, beyond the shapes that multiply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sparsesim.errors import ModelError
from sparsesim.graph import Layer


def check_groups(layer: Layer, weight: Sequence[int]) -> None:
    """A convolution's weight must divide into its groups.

    Raises:
        ModelError: it does not, or has no kernel axes.
    """
    groups = layer.attribute("group", 1)
    if len(weight) < 3 or groups < 1 or weight[0] % groups:
        raise ModelError(
            f"{layer.name}: its weight {list(weight)} does not make {groups} groups of filters"
        )


def check_steps(layer: Layer, kernel: Sequence[int]) -> None:
    """A convolution's attributes must have a number for each axis; strides are positive.

    Raises:
        ModelError: naming the attribute.
    """
    axes = len(kernel)
    named = layer.attribute("kernel_shape", kernel)
    if list(named) != list(kernel):
        raise ModelError(
            f"{layer.name}: its kernel_shape is {list(named)}; its weight has a {list(kernel)} one"
        )
    for name, count, least in (
        ("strides", axes, 1),
        ("dilations", axes, 1),
        ("pads", 2 * axes, None),
        ("output_padding", axes, 0),
    ):
        given = layer.attribute(name, None)
        if given is None:
            continue
        if len(given) != count or (least is not None and min(given, default=least) < least):
            allowed = "" if least is None else f" of at least {least}"
            raise ModelError(
                f"{layer.name}: {name} are {list(given)}; give {count} numbers{allowed}"
            )


def check_vectors(
    layer: Layer, tensors: Mapping[str, np.ndarray], shape: Sequence[int], filters: int
) -> None:
    """Bias and scales must fit an output of this shape.

    Raises:
        ModelError: naming what does not fit.
    """
    bias = tensors[layer.bias] if layer.bias else None
    if bias is not None and layer.kind in ("gemm", "matmul") and not layer.is_integer:
        if not _broadcasts(bias.shape, shape):
            raise _misfit(layer, "bias", bias.shape, shape)
    elif (
        bias is not None
        and bias.shape != (filters,)
        and (layer.kind.startswith("conv") or bias.size not in (1, filters))
    ):
        raise _misfit(layer, "bias", bias.shape, shape)
    for role in ("weight_scale", "weight_zero"):
        given = tensors[getattr(layer, role)] if getattr(layer, role) else None
        if given is None or (role == "weight_zero" and given.ndim > 1):  # one for each batch
            continue
        if given.size not in (1, filters):
            raise _misfit(layer, role.replace("_", " "), given.shape, shape)


def check_zero(
    layer: Layer, role: str, zero: np.ndarray | None, operand: Sequence[int]
) -> np.ndarray | None:
    """A zero point, given back, must fit its operand.

    Args:
        layer: the layer.
        role: `activation` or `weight`.
        zero: laid along the operand's channels.
        operand: its shape.
    Raises:
        ModelError: it does not.
    """
    if zero is not None and (zero.ndim > len(operand) or not _broadcasts(zero.shape, operand)):
        raise ModelError(
            f"{layer.name}: its {role}'s zero points are {list(zero.shape)}; they do not fit "
            f"the {role} {list(operand)}"
        )
    return zero


def _broadcasts(given: Sequence[int], shape: Sequence[int]) -> bool:
    """The smaller rank's lengths meet equal ones, or are 1; one axis more of 1 is allowed."""
    if len(given) > len(shape):
        return all(length == 1 for length in given[: len(given) - len(shape)]) and _broadcasts(
            given[len(given) - len(shape) :], shape
        )
    ends = shape[len(shape) - len(given) :]
    return all(g in (1, s) for g, s in zip(given, ends, strict=True))


def _misfit(layer: Layer, what: str, given: Sequence[int], shape: Sequence[int]) -> ModelError:
    return ModelError(
        f"{layer.name}: its {what} is {list(given)}; it does not fit the output {list(shape)}"
    )
