"""The model as loaded, run by ONNX Runtime: what a rewritten graph's outputs are measured by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sparsesim.engine.threads import thread_count
from sparsesim.errors import ModelError
from sparsesim.graph import Graph
from sparsesim.graph.fold import runtime_message


class Reference:
    """Runs the file that a graph was loaded from, or the graph itself where there is no file."""

    def __init__(self, graph: Graph) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = thread_count()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.outputs = list(graph.outputs)
        try:
            self._session = ort.InferenceSession(
                graph.original, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ModelError(
                f"{graph.source}: the model as loaded does not run: {runtime_message(error)}"
            ) from error

    def run(self, feed: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The outputs of the model as loaded, in the graph's order."""
        return self._session.run(self.outputs, dict(feed))
