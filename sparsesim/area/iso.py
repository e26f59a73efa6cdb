"""The iso-resource baseline: the best dense array in an accelerator's LUTs, DSPs and block RAM.

All machines with a dense mode compete, each with the arrays that it says may be the fastest; with
dense formats and with buffers of the same size, which have ports for the dense array's own lines.
Both sides are priced by the same model (`estimate`). Which array is the fastest is `opponent`'s.

Source: docs/model.md, "Area, and a dense array in the same area".
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import asdict

from sparsesim.area.estimate import estimate
from sparsesim.area.opponent import fastest
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import DenseArray, Rivalry
from sparsesim.area.work import dense_work
from sparsesim.machines import machine_named, machine_names
from sparsesim.result import Result, model
from sparsesim.spec import Accelerator, Device
from sparsesim.trace import Trace

_MOST_EXACT = 200


def iso_resource(
    trace: Trace,
    result: Result,
    accelerator: Accelerator,
    device: Device,
    family: str,
    one_clock: bool = False,
) -> model.IsoResource | None:
    """Compare with the best dense array of the same resources.

    Args:
        trace: gives the layers; its images are not read.
        result: the estimate of that trace on that accelerator and device.
        accelerator: the compared one.
        device: gives the DRAM bandwidth and how many MACs a multiplier block packs.
        family: prices both sides, `sparsesim.synth.families.family_of(device).name`.
        one_clock: dense arrays have the accelerator's clock, whatever was placed of either.
    Returns:
        None where no dense array fits, there is no work, or the accelerator's area is not known.
    """
    work = dense_work(trace, accelerator, result.run_groups)
    sparse_cycles = result.totals.cycles[accelerator.skipping].total
    budget = estimate(accelerator, family)
    if not work or not sparse_cycles or budget is None:
        return None
    rivalry = Rivalry(tuple(work), accelerator, device, family, budget, one_clock)
    found = fastest(dense_arrays(rivalry), budget, _MOST_EXACT)
    if found is None:
        return None
    array = found.candidate
    sparse_seconds = sparse_cycles / (accelerator.clock_mhz * 1e6)
    return model.IsoResource(
        family=family,
        machine=array.accelerator.machine,
        array=array.accelerator.array,
        packed_pairs=array.packed_pairs,
        clock_mhz=array.clock_mhz,
        clock_source=array.clock_source,
        cycles=found.cycles,
        seconds=found.seconds,
        sparse_seconds=sparse_seconds,
        speedup=found.seconds / sparse_seconds,
        used=_record(array.resources().rounded()),
        budget=_record(budget),
        is_proven=found.is_proven,
    )


def dense_arrays(rivalry: Rivalry) -> Iterator[DenseArray]:
    """Those of all machines, and of the accelerator's own, by rising least seconds."""
    names = dict.fromkeys([*machine_names(), rivalry.accelerator.machine])
    each = (machine_named(name).dense_arrays(rivalry) for name in names)
    return heapq.merge(*each, key=lambda array: array.least_seconds)


def _record(resources: Resources) -> model.Resources:
    return model.Resources(**asdict(resources))
