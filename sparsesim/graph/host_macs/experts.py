"""MACs of mixtures of experts: each token meets the matrices of its `k` experts."""

from __future__ import annotations

from math import prod

import onnx

from sparsesim.graph.host_macs.known import Known, attribute, read


def _plain(node: onnx.NodeProto, known: Known) -> int:
    return _mixture(node, known, {1: (2, 1), 2: (4, 1), 3: (6, 1)})


def _quantised(node: onnx.NodeProto, known: Known) -> int:
    """Weights are packed: several to a byte."""
    common = attribute(node, "expert_weight_bits", 4)
    bits = {n: attribute(node, f"fc{n}_expert_weight_bits", 0) or common for n in (1, 2, 3)}
    return _mixture(node, known, {n: (3 * n - 1, 8 // bits[n]) for n in bits})


def _mixture(node: onnx.NodeProto, known: Known, matrices: dict[int, tuple[int, int]]) -> int:
    """Matrices: where they stand among the inputs, and weights to an element."""
    one = 0
    for index, packed in matrices.values():
        if read(node, index):
            one += prod(known.shape(read(node, index))[1:]) * packed
    tokens = prod(known.shape(node.input[0])[:-1])
    return tokens * attribute(node, "k", 1) * one


MICROSOFT = {"MoE": _plain, "QMoE": _quantised}
