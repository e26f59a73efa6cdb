"""Loads and runs mutated models in a process of its own: `fuzz_worker.py KIND FIRST COUNT`.

Prints a line before each seed and one of what came of it; whatever is neither a result nor a
one-line SparseSimError ends the process with a traceback.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ["SPARSESIM_THREADS"] = "1"

import numpy as np
from mutations import mutate
from onnx import helper
from seeds import seed

from sparsesim.engine.run import Engine
from sparsesim.errors import SparseSimError
from sparsesim.estimator import estimate
from sparsesim.graph import Graph, limits, load
from sparsesim.trace.execute import execute

# A small machine: what is too large for it must be refused, not computed.
limits.LARGEST_ELEMENTS = 1 << 22


def main() -> None:
    """Run the seeds of the command line."""
    model, first, count = seed(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated.onnx"
        for number in [None, *range(first, first + count)]:
            print(f"seed {number}" if number is not None else "unchanged", flush=True)
            path.write_bytes(mutate(model, number) if number is not None else model)
            print(outcome(path), flush=True)


def outcome(path: Path) -> str:
    """`ran`, or the error's one line."""
    try:
        graph = load(path)
        Engine(graph).run(zeros(graph))
        estimated(graph)
        return "ran"
    except SparseSimError as error:
        line = str(error)
        assert line and "\n" not in line and len(line) < 5000, repr(line)
        return f"{type(error).__name__} {line.encode(errors='replace')!r}"


def estimated(graph: Graph) -> None:
    """What follows a run: it may refuse the model for a reason, such as free lengths."""
    with contextlib.suppress(SparseSimError):
        estimate(execute(graph, "random"))


def zeros(graph: Graph) -> dict[str, np.ndarray]:
    """A fitting feed: free lengths are 1."""
    feed = {}
    for value in graph.inputs:
        tensor = value.type.tensor_type
        shape = [d.dim_value if d.HasField("dim_value") else 1 for d in tensor.shape.dim]
        if not tensor.elem_type:
            continue
        feed[value.name] = np.zeros(shape, helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return feed


if __name__ == "__main__":
    main()
