"""The loader and the engine as a backend of onnx, so that onnx's own tests run on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx.backend.base import Backend, BackendRep

from sparsesim.engine.run import Engine
from sparsesim.graph import load


class Prepared(BackendRep):
    """A loaded model, ready to run."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def run(self, inputs: Sequence[Any] | Mapping[str, Any], **kwargs: Any) -> tuple[Any, ...]:
        """The model's outputs.

        Args:
            inputs: values in the order of the model's inputs, or by name.
            kwargs: none is known; onnx's interface has them.
        Raises:
            ModelError: a feed that does not fit, or an operator that fails on it.
        """
        if not isinstance(inputs, Mapping):
            names = [value.name for value in self.engine.graph.inputs]
            inputs = dict(zip(names, inputs, strict=False))
        return tuple(self.engine.run(inputs))


class SparseSimBackend(Backend):
    """`onnx.backend.base.Backend` on the processor."""

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Only the processor, `CPU`."""
        return device.split(":")[0] == "CPU"

    @classmethod
    def prepare(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs: Any) -> Prepared:
        """Load a model.

        Raises:
            ModelError: it is not valid, or ONNX Runtime does not take it.
        """
        return Prepared(Engine(load(model)))


prepare = SparseSimBackend.prepare
run_model = SparseSimBackend.run_model
supports_device = SparseSimBackend.supports_device
