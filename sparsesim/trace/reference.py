"""The model as loaded, run by ONNX Runtime: what a rewritten graph's outputs are measured by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.engine.threads import thread_count
from sparsesim.errors import ModelError
from sparsesim.graph import Graph
from sparsesim.graph.session import open_session, runtime_message, session_options


class Reference:
    """Runs the file that a graph was loaded from, or the graph itself where there is no file."""

    def __init__(self, graph: Graph) -> None:
        self.outputs, self._fixed = list(graph.outputs), graph.fixed
        options = session_options(graph.custom_ops, thread_count())
        try:
            self._session = open_session(graph.original, options)
        except Exception as error:
            raise ModelError(
                f"{graph.source}: the model as loaded does not run: {runtime_message(error)}"
            ) from error

    def run(self, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs of the model as loaded, in the graph's order."""
        return self._session.run(self.outputs, {**self._fixed, **feed})
