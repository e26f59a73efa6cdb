"""Host steps: subgraphs of operators that are no MAC layers, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sparsesim.engine.empties import refuse_empty
from sparsesim.engine.exchange import run_session
from sparsesim.engine.threads import thread_count
from sparsesim.errors import ModelError
from sparsesim.graph import Graph, HostStep
from sparsesim.graph.reads import reads
from sparsesim.graph.session import harmful, open_session, runtime_message, session_options


class HostRunner:
    """Runs one host step; the session is made at the first run, when types are known."""

    def __init__(self, step: HostStep, graph: Graph) -> None:
        self.step, self.graph = step, graph
        self._session = None
        self._vectors: dict[str, tuple[int, ...]] = {}

    def run(self, tensors: Mapping[str, Any]) -> list[Any]:
        """Values of the step's outputs, in order.

        Args:
            tensors: by name, those that the step reads.
        Raises:
            ModelError: ONNX Runtime fails on it.
        """
        if not self.step.outputs:
            return []
        feed = {name: tensors[name] for name in self.step.inputs}
        refuse_empty((self._node(i) for i in self.step.nodes), feed, self.graph.source)
        try:
            # Shapes, axes and the like are vectors: inference wants to know how long they are.
            vectors = {name: v.shape for name, v in feed.items() if getattr(v, "ndim", 0) == 1}
            if self._session is None or vectors != self._vectors:
                self._session, self._vectors = self._make(feed), vectors
            return run_session(self._session, self.step.outputs, feed)
        except ModelError:
            raise
        except Exception as error:
            kinds = ", ".join(dict.fromkeys(self._node(i).op_type for i in self.step.nodes))
            raise ModelError(
                f"{self.graph.source}: the host fails at {kinds}: {runtime_message(error)}"
            ) from error

    def _node(self, index: int) -> onnx.NodeProto:
        return self.graph.model.graph.node[index]

    def _make(self, feed: Mapping[str, object]):
        options = session_options(self.graph.custom_ops, thread_count())
        off = harmful(self.graph.types.values())
        return open_session(self._model(feed).SerializeToString(), options, off)

    def _model(self, feed: Mapping[str, object]) -> onnx.ModelProto:
        graph = self.graph
        nodes = [self._node(i) for i in self.step.nodes]
        used = set().union(*(reads(node) for node in nodes))
        declared = self._declared()
        inputs = []
        for name in self.step.inputs:
            value, known = feed[name], declared.get(name)
            if isinstance(value, np.ndarray) and (known is None or _is_tensor(known)):
                element: int = helper.np_dtype_to_tensor_dtype(value.dtype)
                dims = [None] * value.ndim if value.ndim > 1 else value.shape
                if known is not None and known.type.tensor_type.elem_type:
                    element = known.type.tensor_type.elem_type
                inputs.append(helper.make_tensor_value_info(name, element, dims))
            else:  # sequences and optionals
                inputs.append(known or self._inferred(name))
        outputs = [onnx.ValueInfoProto(name=name) for name in self.step.outputs]
        weights = [
            onnx.numpy_helper.from_array(array, name)
            for name, array in graph.constants.items()
            if name in used
        ]
        made = helper.make_graph(nodes, "host", inputs, outputs, weights)
        model = helper.make_model(made, opset_imports=graph.model.opset_import)
        model.ir_version = graph.model.ir_version
        return model

    def _declared(self) -> dict[str, onnx.ValueInfoProto]:
        graph = self.graph.model.graph
        return {value.name: value for value in [*graph.input, *graph.value_info, *graph.output]}

    def _inferred(self, name: str) -> onnx.ValueInfoProto:
        model = onnx.ModelProto()
        model.CopyFrom(self.graph.model)
        for constant, array in self.graph.constants.items():
            element = helper.np_dtype_to_tensor_dtype(array.dtype)
            model.graph.input.append(helper.make_tensor_value_info(constant, element, array.shape))
        inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
        return next(value for value in inferred if value.name == name)


def _is_tensor(value: onnx.ValueInfoProto) -> bool:
    return value.type.WhichOneof("value") in (None, "tensor_type")
