"""A layer made ready for simulation: its passes, their operands, and the model's counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsesim.cosim.operands import PassOperands
from sparsesim.estimator.operands import operands_of
from sparsesim.fixed_point.product import LayerProduct
from sparsesim.lowering.bits import pack_lines
from sparsesim.machines.counted import Counted
from sparsesim.machines.pairs import count_pairs
from sparsesim.machines.passes import Passes
from sparsesim.memory import plan_layer, value_bits_of
from sparsesim.rtl.simulator import Epilogue
from sparsesim.spec import Accelerator
from sparsesim.trace import ImageTrace, Trace, TraceLayer


def layer_passes(
    trace: Trace, layer: TraceLayer, image: ImageTrace, accelerator: Accelerator
) -> Passes:
    """The passes that an estimate cuts this layer into on this image."""
    operands = operands_of(trace, layer, [image])
    plan = plan_layer(
        layer.name,
        layer.geometry,
        operands.activation,
        operands.weight,
        operands.output,
        value_bits_of(trace, layer, accelerator),
        accelerator,
        counts=operands.counts,
    )
    return plan.passes


def model_counts(product: LayerProduct, passes: Passes, accelerator: Accelerator) -> Counted:
    """Counts of passes by the model, on the product's own operands."""
    rules, array = accelerator.rules, accelerator.array
    reduction = product.activations.shape[2]
    act, weight = pack_lines(product.activations != 0), pack_lines(product.weights != 0)
    return rules.count(
        rules.prepare("activation", act, reduction, array),
        rules.prepare("weight", weight, reduction, array),
        passes,
        count_pairs(act, weight, passes),
        rules.scheme(accelerator.skipping),
        array,
    )


def runs_of(passes: Passes) -> list[range]:
    """Passes that must follow each other on one machine: sums stay in it until a pass drains."""
    ends = np.flatnonzero(passes.drains) + 1
    starts = [0, *ends[:-1].tolist()]
    return [range(start, end) for start, end in zip(starts, ends.tolist(), strict=True)]


@dataclass(frozen=True, eq=False)
class Slicer:
    """Cuts a layer's product into the operands of its passes."""

    product: LayerProduct
    passes: Passes
    image: int

    def operands(self, number: int) -> PassOperands:
        """Those of a pass, by its number."""
        group, m0, m1, p0, p1, k0, k1, drains = self.passes[number]
        return PassOperands(
            layer=self.product.name,
            image=self.image,
            number=number,
            group=group,
            first_filter=m0,
            first_position=p0,
            first_element=k0,
            activations=np.ascontiguousarray(self.product.activations[group, p0:p1, k0:k1]),
            weights=np.ascontiguousarray(self.product.weights[group, m0:m1, k0:k1]),
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
