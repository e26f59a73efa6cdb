"""MACs of the linear models and support vector machines of ai.onnx.ml."""

from __future__ import annotations

import onnx

from sparsesim.graph.host_macs.known import Known, attribute


def _linear(node: onnx.NodeProto, known: Known) -> int:
    """Every row meets each coefficient once."""
    return _rows(node, known) * len(attribute(node, "coefficients", []))


def _support_vectors(node: onnx.NodeProto, known: Known) -> int:
    """Every row meets each vector, and the results the coefficients; without vectors: linear."""
    vectors = len(attribute(node, "support_vectors", []))
    return _rows(node, known) * (vectors + len(attribute(node, "coefficients", [])))


def _rows(node: onnx.NodeProto, known: Known) -> int:
    shape = known.shape(node.input[0])
    return shape[0] if len(shape) > 1 else 1


ML = {
    "LinearClassifier": _linear,
    "LinearRegressor": _linear,
    "SVMClassifier": _support_vectors,
    "SVMRegressor": _support_vectors,
}
