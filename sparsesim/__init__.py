"""sparsesim: what would a sparse accelerator make of this network?

    import sparsesim as ss

    graph = ss.load("model.onnx")
    graph = ss.sparsify(graph, ss.Thresholds(weights={"*": 0.01}))
    trace = ss.execute(graph, inputs)
    result = ss.estimate(trace, ss.Accelerator(rows=16, cols=16), ss.Device.named("xczu9eg"))

Everything is loaded on first use: importing the package costs next to nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

# ONNX Runtime (1.29 and up, on Linux) would send names and hashes of the models that it runs to its
# makers: sparsesim works offline, and a model is its owner's business. Set before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from sparsesim.choice.choosing import choose as choose
    from sparsesim.errors import SparseSimError as SparseSimError
    from sparsesim.estimator import Cache as Cache
    from sparsesim.estimator import estimate as estimate
    from sparsesim.estimator.array_cycles import array_cycles as array_cycles
    from sparsesim.formats import decode as decode
    from sparsesim.formats import encode as encode
    from sparsesim.formats import encoded_bits as encoded_bits
    from sparsesim.graph import Graph as Graph
    from sparsesim.graph import load as load
    from sparsesim.graph.save import save as save
    from sparsesim.inputs import Preprocess as Preprocess
    from sparsesim.inputs import open_inputs as open_inputs
    from sparsesim.intrinsic import emulate as emulate
    from sparsesim.result import Result as Result
    from sparsesim.result import load_result as load_result
    from sparsesim.result import save_result as save_result
    from sparsesim.search.searching import SearchSpec as SearchSpec
    from sparsesim.search.searching import find_thresholds as find_thresholds
    from sparsesim.sparsity import Thresholds as Thresholds
    from sparsesim.sparsity import sparsify as sparsify
    from sparsesim.spec import Accelerator as Accelerator
    from sparsesim.spec import Device as Device
    from sparsesim.sweeps.spec import SweepSpec as SweepSpec
    from sparsesim.sweeps.sweeping import sweep as sweep
    from sparsesim.trace import Trace as Trace
    from sparsesim.trace.execute import execute as execute
    from sparsesim.trace.execute import input_specs as input_specs
    from sparsesim.trace.store import load_trace as load_trace
    from sparsesim.trace.store import save_trace as save_trace

_HOME = {
    "Accelerator": "spec",
    "Cache": "estimator",
    "Device": "spec",
    "Graph": "graph",
    "Preprocess": "inputs",
    "Result": "result",
    "SearchSpec": "search.searching",
    "SparseSimError": "errors",
    "SweepSpec": "sweeps.spec",
    "Thresholds": "sparsity",
    "Trace": "trace",
    "array_cycles": "estimator.array_cycles",
    "choose": "choice.choosing",
    "decode": "formats",
    "emulate": "intrinsic",
    "encode": "formats",
    "encoded_bits": "formats",
    "estimate": "estimator",
    "execute": "trace.execute",
    "find_thresholds": "search.searching",
    "input_specs": "trace.execute",
    "load": "graph",
    "load_result": "result",
    "load_trace": "trace.store",
    "open_inputs": "inputs",
    "save": "graph.save",
    "save_result": "result",
    "save_trace": "trace.store",
    "sparsify": "sparsity",
    "sweep": "sweeps.sweeping",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        try:
            return version("sparsesim")
        except PackageNotFoundError:  # a source tree that was not installed
            return "0+unknown"
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
