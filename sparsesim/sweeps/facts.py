"""What a sweep keeps of a workload: the files that made it, and its layers' sizes by format."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from sparsesim.estimator.storage import storage
from sparsesim.trace.doubtful_values import Noted

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator
    from sparsesim.trace import Trace


def facts_of(trace: Trace, accelerator: Accelerator) -> dict[str, Any]:
    """Facts of a trace, plain values.

    Args:
        trace: of the workload.
        accelerator: that the sweep starts from: its `run_bits` and `value_bits` price values.
    Returns:
        `model`, `model_sha256`, `inputs`, `inputs_sha256`, `random_inputs`, `rewrites`, `warnings`;
        `layers`: `LayerStorage` of each.
    """
    source = trace.source
    noted = Noted(trace.images)
    sizes = storage(replace(trace, images=noted), accelerator)
    return {
        "model": source.model,
        "model_sha256": source.model_sha256,
        "inputs": source.inputs,
        "inputs_sha256": source.inputs_sha256,
        "random_inputs": source.random_inputs,
        "rewrites": list(source.rewrites),
        "warnings": [*source.warnings, *noted.warnings()],
        "layers": [asdict(size) for size in sizes],
    }
