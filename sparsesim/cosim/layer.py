"""A layer made ready for simulation: its passes, their operands, and the model's counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparsesim.cosim.operands import PassOperands
from sparsesim.datapath import count_pairs, datapath
from sparsesim.estimator.layer_run import lower
from sparsesim.estimator.tally import value_bits_of
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.memory import plan_layer
from sparsesim.rtl.simulator import Epilogue
from sparsesim.spec import Accelerator
from sparsesim.trace import ImageTrace, Trace, TraceLayer


def layer_passes(
    trace: Trace, layer: TraceLayer, image: ImageTrace, accelerator: Accelerator
) -> NDArray[np.int64]:
    """The passes that an estimate cuts this layer into on this image.

    Returns:
        int64, (passes, 8): group, m0, m1, p0, p1, w0, w1, drains.
    """
    weight = trace.weights[layer.weight] if layer.weight_is_constant else image.bits[layer.weight]
    operands = lower(layer.geometry, image.bits[layer.activation], weight, image.bits[layer.output])
    plan = plan_layer(
        layer.name,
        layer.geometry,
        operands.activation,
        operands.weight,
        operands.output,
        value_bits_of(trace, layer, accelerator),
        accelerator,
        operands.counts,
    )
    return np.concatenate([plan.group[:, None], plan.pass_table()], axis=1)


def model_counts(
    product: LayerProduct, passes: NDArray[np.int64], accelerator: Accelerator
) -> NDArray[np.int64]:
    """Cycles and classes of passes by the model, on the product's own operands.

    Returns:
        int64, (passes, 8): cycles, then lane-slots in the order of `sparsesim.datapath.CLASSES`.
    """
    machine = datapath(accelerator.datapath)
    reduction = product.activations.shape[2]
    act, weight = _words(product.activations), _words(product.weights)
    return machine.count_passes(
        machine.prepare_activations(act, reduction, accelerator),
        machine.prepare_weights(weight, reduction, accelerator),
        passes,
        count_pairs(act, weight, reduction, accelerator.window, passes),
        accelerator.skipping,
        accelerator,
    )


def runs_of(passes: NDArray[np.int64]) -> list[range]:
    """Passes that must follow each other on one machine: sums stay in it until a pass drains."""
    ends = np.flatnonzero(passes[:, 7]) + 1
    starts = [0, *ends[:-1].tolist()]
    return [range(start, end) for start, end in zip(starts, ends.tolist(), strict=True)]


@dataclass(frozen=True, eq=False)
class Slicer:
    """Cuts a layer's product into the operands of its passes."""

    product: LayerProduct
    passes: NDArray[np.int64]
    image: int
    window: int

    def operands(self, number: int) -> PassOperands:
        """Those of a pass, by its number."""
        group, m0, m1, p0, p1, w0, w1, drains = self.passes[number].tolist()
        pairs = slice(w0 * self.window, min(w1 * self.window, self.product.weights.shape[2]))
        return PassOperands(
            layer=self.product.name,
            image=self.image,
            number=number,
            group=group,
            first_filter=m0,
            first_position=p0,
            first_window=w0,
            activations=np.ascontiguousarray(self.product.activations[group, p0:p1, pairs]),
            weights=np.ascontiguousarray(self.product.weights[group, m0:m1, pairs]),
            drains=bool(drains),
            epilogue=self._epilogue(group, m0, m1) if drains else None,
        )

    def _epilogue(self, group: int, m0: int, m1: int) -> Epilogue | None:
        post = self.product.post
        if post is None:
            return None
        return Epilogue(
            bias=post.bias[group, m0:m1],
            multiplier=post.multiplier[group, m0:m1],
            shift=post.shift[group, m0:m1],
            relu=post.relu,
            threshold=post.threshold,
            zero_point=post.zero_point,
            low=post.low,
            high=post.high,
        )


def _words(values: NDArray[np.int16]) -> NDArray[np.uint64]:
    """Operand bits of (groups, vectors, K) values: words of K bits, and one more."""
    groups, vectors, reduction = values.shape
    words = np.zeros((groups, vectors, -(-reduction // 64) + 1), dtype=np.uint64)
    octets = np.packbits(values != 0, axis=2, bitorder="little")
    words.view(np.uint8).reshape(groups, vectors, -1)[:, :, : octets.shape[2]] = octets
    return words
