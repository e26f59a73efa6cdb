"""One MAC layer with its inside emulated: the engine's step with other sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sparsesim.engine.checks import check_groups, check_vectors
from sparsesim.engine.layer import LayerRunner
from sparsesim.engine.numbers import float_type
from sparsesim.engine.weights import weight_zero
from sparsesim.errors import SpecError
from sparsesim.fixed_point.execute import finished
from sparsesim.fixed_point.product import (
    lower_activations,
    lower_weights,
    output_shape,
    tensor_of,
)
from sparsesim.graph import Graph, Layer
from sparsesim.intrinsic.formats import Fixed, Formats, Heaviest, settle
from sparsesim.intrinsic.operands import (
    Ranges,
    float_format,
    integer_format,
    quantised,
    reach,
    whole,
)
from sparsesim.intrinsic.sums import Factors, Plan, add_up, factors, plan
from sparsesim.lowering import Geometry
from sparsesim.spec.arithmetic import Arithmetic

Tensors = Mapping[str, np.ndarray]

_NOTHING = (0.0, 0.0)  # the values of an empty tensor


@dataclass(frozen=True)
class Counts:
    """What went wrong in one run of a layer.

    Attributes:
        sums, overflowed_sums: outputs, and those whose running sum left its format.
        products, saturated_products: multiplied pairs, padding among them, and those whose
            product left its format.
        activations, saturated_activations: elements of the operand, and those beyond its format.
        weights, saturated_weights: likewise.
    """

    sums: int
    overflowed_sums: int
    products: int
    saturated_products: int
    activations: int
    saturated_activations: int
    weights: int
    saturated_weights: int


class EmulatedLayer(LayerRunner):
    """Runs one layer in its arithmetic.

    Attributes:
        formats: settled at the first run.
        lane_bits: 32 or 64, of the emulation itself.
        counts: of the latest run.
    """

    def __init__(self, layer: Layer, graph: Graph, arithmetic: Arithmetic, ranges: Ranges) -> None:
        """`ranges`: of float operands whose fraction the arithmetic leaves out."""
        super().__init__(layer, {}, np.dtype(np.float32))  # prepares no float weight
        self.arithmetic, self.ranges = arithmetic, ranges
        self.where = f"{graph.source}: layer '{layer.name}'"
        self.known = frozenset(graph.constants)
        self.constant = layer.weight in self.known and layer.weight_zero in ("", *self.known)
        self.formats: Formats | None = None
        self.lane_bits = 0
        self.counts = Counts(0, 0, 0, 0, 0, 0, 0, 0)
        self._kept: tuple[tuple[int, ...], tuple[Plan, Factors, int]] | None = None

    def run(self, tensors: Tensors) -> np.ndarray:
        """The tensor behind the layer's chain.

        Args:
            tensors: by name, everything that `Layer.reads` lists.
        Raises:
            SpecError: an arithmetic that does not hold the layer's operands, or whose sums need
                more than 64 bits. ModelError: operands that do not fit each other, or NaN.
        """
        layer = self.layer
        x, w = tensors[layer.activation], tensors[layer.weight]
        if layer.kind.startswith("conv"):
            check_groups(layer, w.shape)
        geometry = self.geometry(x.shape, w.shape)
        groups = geometry.groups if layer.kind.startswith("conv") else 1  # batches share vectors
        shape = output_shape(layer, x.shape, w.shape)
        check_vectors(layer, tensors, shape, groups * geometry.filters)
        chosen, ready, cut = self._weights(tensors, geometry, x.shape)
        values, saturated = self._activations(tensors)
        lowered = lower_activations(layer, geometry, values, w.shape)
        start, outside = self._start(tensors, geometry, shape)
        found = add_up(chosen, lowered, ready, start, outside, self.arithmetic.order)
        self.counts = Counts(
            sums=found.totals.size,
            overflowed_sums=int(np.count_nonzero(found.overflowed)),
            products=found.totals.size * geometry.reduction,
            saturated_products=found.saturated_products,
            activations=x.size,
            saturated_activations=saturated,
            weights=w.size,
            saturated_weights=cut,
        )
        y = finished(self._ended(), tensor_of(layer, self._values(found.totals, w), shape), tensors)
        return y.astype(np.float16) if x.dtype == np.float16 else y

    def _ended(self) -> Layer:
        """The layer as its ending sees it: a bias that the sum started from is not added again."""
        return replace(self.layer, bias="") if self.arithmetic.bias == "before" else self.layer

    def _values(self, totals: NDArray[np.int64], weight: np.ndarray) -> np.ndarray:
        fraction = self._settled().acc.fraction
        if self.layer.is_integer:
            return totals << -fraction
        return np.ldexp(totals.astype(np.float64), -fraction).astype(float_type(weight.dtype))

    def _settled(self) -> Formats:
        if self.formats is None:
            raise ValueError(f"{self.where}: has not run")
        return self.formats

    def _activation_zero(self, tensors: Tensors) -> np.ndarray | None:
        name = self.layer.activation_zero
        return tensors[name].reshape(-1)[:1] if name else None

    def _activations(self, tensors: Tensors) -> tuple[np.ndarray, int]:
        x = tensors[self.layer.activation]
        if self.layer.is_integer:
            zero = self._activation_zero(tensors)
            return whole(x, None if zero is None else zero.reshape(())).astype(np.int16), 0
        made = self._settled().activation
        return quantised(x, made, self.arithmetic.operand_rounding, self.where)

    def _weights(
        self, tensors: Tensors, geometry: Geometry, activation: tuple[int, ...]
    ) -> tuple[Plan, Factors, int]:
        """The plan, the weights made ready, and how many of them saturated."""
        if self._kept is not None and self._kept[0] == activation:
            return self._kept[1]
        layer, w = self.layer, tensors[self.layer.weight]
        if layer.is_integer:
            zeros = weight_zero(layer, tensors, w.ndim)
            span = reach(w, zeros, layer.weight_zero in ("", *self.known))
            if self.constant:
                span = int(whole(w, zeros).min(initial=0)), int(whole(w, zeros).max(initial=0))
            made = integer_format(self.arithmetic, "weight", *span, self.where)
            values, saturated = whole(w, zeros).astype(np.int16), 0
        else:
            made = float_format(self.arithmetic, "weight", self._span(layer.weight, w), self.where)
            rounding = self.arithmetic.operand_rounding
            values, saturated = quantised(w, made, rounding, self.where)
        lowered = lower_weights(layer, geometry, values, activation)
        heaviest = self._heaviest(made, lowered)
        if self.formats is None:
            act, written = self._activation_format(tensors), self.arithmetic
            if layer.is_integer:  # their fraction is no one's choice
                written = written.with_(act_fraction=0, weight_fraction=0)
            self.formats = settle(written, act, made, heaviest, self.where)
            self._check_whole(self.formats)
        chosen = plan(
            self.arithmetic, self.formats, heaviest.weight, geometry.reduction, self.where
        )
        self.lane_bits = chosen.kind.itemsize * 8
        ready = chosen, factors(chosen, lowered, self.arithmetic.order), saturated
        if self.constant:
            self._kept = activation, ready
        return ready

    def _span(self, name: str, values: np.ndarray) -> tuple[float, float]:
        if self.constant and values.size:
            return float(values.min()), float(values.max())
        return self.ranges.get(name, _NOTHING)

    def _activation_format(self, tensors: Tensors) -> Fixed:
        layer, x = self.layer, tensors[self.layer.activation]
        if layer.is_integer:
            zero = self._activation_zero(tensors)
            low, high = reach(x, zero, layer.activation_zero in ("", *self.known))
            return integer_format(self.arithmetic, "act", low, high, self.where)
        span = self.ranges.get(layer.activation, _NOTHING)
        return float_format(self.arithmetic, "act", span, self.where)

    def _heaviest(self, made: Fixed, lowered: NDArray[np.int16]) -> Heaviest:
        reduction = lowered.shape[2]
        if not self.constant:  # any value of the format may come
            return Heaviest(-made.low, -made.low * reduction, reduction)
        sizes = np.abs(lowered.astype(np.int64))
        return Heaviest(
            int(sizes.max(initial=0)), int(sizes.sum(axis=-1).max(initial=0)), reduction
        )

    def _check_whole(self, formats: Formats) -> None:
        """A quantised layer's sums go on as whole numbers of 64 bits."""
        acc = formats.acc
        if not self.layer.is_integer:
            return
        if acc.fraction > 0:
            raise SpecError(
                f"{self.where} is quantised, its sums are whole numbers; acc_fraction "
                f"{acc.fraction} came, use 0 or less"
            )
        if acc.bits - acc.fraction > 64:
            raise SpecError(
                f"{self.where}: acc_bits {acc.bits} with acc_fraction {acc.fraction} reach "
                "beyond 64 bits; use narrower ones"
            )

    def _start(
        self, tensors: Tensors, geometry: Geometry, shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the sums start from, and where that had to be cut to their format."""
        if self.arithmetic.bias == "after" or not self.layer.bias:
            return np.zeros((1, 1, 1), np.int64), np.zeros((1, 1, 1), bool)
        acc = self._settled().acc
        steps = np.rint(self._bias(tensors, geometry, shape) * 2.0**acc.fraction)
        whole_steps = np.clip(steps, -(2.0**62), 2.0**62).astype(np.int64)
        kept = np.clip(whole_steps, acc.low, acc.high)
        return kept, kept != whole_steps

    def _bias(
        self, tensors: Tensors, geometry: Geometry, shape: tuple[int, ...]
    ) -> NDArray[np.float64]:
        """The bias in units of the layer's sums, broadcasts to (groups, filters, positions)."""
        layer = self.layer
        bias = tensors[layer.bias].astype(np.float64)
        if layer.is_integer:
            if not layer.bias_is_scaled:
                unit = tensors[layer.activation_scale] * tensors[layer.weight_scale].reshape(-1)
                bias = bias.reshape(-1) / unit.astype(np.float64)
            count = geometry.groups if layer.kind.startswith("conv") else 1
            return bias.reshape(count, -1, 1)
        if layer.kind.startswith("conv"):
            return bias.reshape(geometry.groups, -1, 1)
        alpha, beta = layer.attribute("alpha", 1.0), layer.attribute("beta", 1.0)
        if alpha != 1.0:
            raise SpecError(
                f"{self.where}: its alpha is {alpha:g}, so the sum cannot start with the bias; "
                'use bias = "after"'
            )
        bias = bias.reshape(bias.shape[max(0, bias.ndim - len(shape)) :])
        full = np.broadcast_to(bias, shape) * beta
        groups, filters, positions = geometry.groups, geometry.filters, geometry.positions
        if layer.weight_first:
            return full.reshape(groups, filters, positions)
        return np.swapaxes(full.reshape(groups, positions, filters), 1, 2)
