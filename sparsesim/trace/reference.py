"""The model as loaded: what a rewritten graph's outputs are measured by.

A model with integer layers is run by our engine, which computes them exactly on every processor;
ONNX Runtime does not (docs/decisions/processors.md). A float model is run by ONNX Runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sparsesim.engine.empties import refuse_empty
from sparsesim.engine.run import Engine
from sparsesim.engine.threads import thread_count
from sparsesim.errors import ModelError
from sparsesim.graph import Graph
from sparsesim.graph.session import harmful, open_session, runtime_message, session_options


class Reference:
    """Runs the model that a graph was loaded from."""

    def __init__(self, graph: Graph) -> None:
        loaded = graph.as_loaded
        integer = any(layer.is_integer for layer in loaded.layers)
        self._runner = Engine(loaded) if integer else Runtime(loaded)

    def run(self, feed: Mapping[str, np.ndarray]) -> list[Any]:
        """The outputs of the model as loaded, in the graph's order."""
        return self._runner.run(feed)


class Runtime:
    """Runs the file that a graph was loaded from, or the model in memory, in ONNX Runtime."""

    def __init__(self, graph: Graph) -> None:
        """As `Reference`.

        Raises:
            ModelError: ONNX Runtime does not take it.
        """
        self._source, self._outputs = graph.source, list(graph.outputs)
        self._fixed, self._nodes = graph.fixed, graph.model.graph.node
        options = session_options(graph.custom_ops, thread_count())
        try:
            self._session = open_session(graph.original, options, harmful(graph.types.values()))
        except Exception as error:
            raise self._error(error) from error

    def run(self, feed: Mapping[str, np.ndarray]) -> list[Any]:
        """The outputs, in the graph's order.

        Raises:
            ModelError: it fails.
        """
        refuse_empty(self._nodes, feed, self._source)
        try:
            return self._session.run(self._outputs, {**self._fixed, **feed})
        except Exception as error:
            raise self._error(error) from error

    def _error(self, error: Exception) -> ModelError:
        said = runtime_message(error)
        return ModelError(f"{self._source}: the model as loaded does not run: {said}")
