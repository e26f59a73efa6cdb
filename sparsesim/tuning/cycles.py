"""Exact cycles of single layers under an accelerator's own scheme."""

from __future__ import annotations

from collections.abc import Sequence

from sparsesim.estimator.count import count, timed
from sparsesim.estimator.runs import prepared_runs
from sparsesim.estimator.setting import setting
from sparsesim.spec import Accelerator, Device
from sparsesim.trace import ImageTrace, Trace, TraceLayer


def total_cycles(
    trace: Trace,
    layer: TraceLayer,
    groups: Sequence[Sequence[ImageTrace]],
    accelerator: Accelerator,
    device: Device,
) -> int:
    """Total cycles of a layer, over all groups of images.

    Args:
        trace: of the network.
        layer: of it.
        groups: of images, as `batches` makes them.
        accelerator: counted under its own scheme.
        device: gives the DRAM bandwidth.
    Raises:
        SpecError: the layer does not fit the buffers.
    """
    on = setting(accelerator, device, accelerator.skipping)
    (scheme,) = on.schemes
    runs = [run for group in prepared_runs(trace, layer, groups, on) for run in group]
    return sum(timed(run, count(run, scheme, on), scheme, on).total_cycles for run in runs)
