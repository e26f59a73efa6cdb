"""Whether an accelerator fits its device and runs there at its clock; and the warnings of both."""

from __future__ import annotations

from dataclasses import asdict

from sparsesim.area.clock import pe_clock
from sparsesim.area.estimate import estimate
from sparsesim.area.resources import Resources
from sparsesim.errors import SpecError
from sparsesim.result import model
from sparsesim.result.resources import does_not_fit
from sparsesim.spec import Accelerator, Device
from sparsesim.synth.families import family_of, no_family


def on_device(accelerator: Accelerator, device: Device) -> model.OnDevice | None:
    """What an accelerator takes of its device.

    Args:
        accelerator: any.
        device: any.
    Returns:
        None where the device's family was never synthesised.
    Source: docs/model.md, "Area, and a dense array in the same area".
    """
    try:
        family = family_of(device).name
    except SpecError:
        return None
    used = asdict(estimate(accelerator, family))
    available = asdict(Resources(device.lut, device.ff, device.dsp, device.bram36))
    clock = pe_clock(accelerator, family)
    return model.OnDevice(
        family=family,
        used=model.Resources(**used),
        available=model.Resources(**available),
        shares={name: used[name] / there if there else None for name, there in available.items()},
        fits=all(used[name] <= there for name, there in available.items()),
        pe_clock_mhz=clock.mhz,
        pe_clock_source=clock.source,
    )


def device_warnings(
    found: model.OnDevice | None, accelerator: Accelerator, device: Device
) -> tuple[str, ...]:
    """What a reader must know of an accelerator on its device before anything else.

    Args:
        found: of `on_device`.
        accelerator: the same.
        device: the same.
    Returns:
        that it does not fit, or is not known to, first; then a clock above its PE's.
    """
    if found is None:
        return (f"not known whether it fits, nor compared at equal resources: {no_family(device)}",)
    warnings = []
    short = does_not_fit(found, device.name)
    if short is not None:
        warnings.append(short)
    if accelerator.clock_mhz > found.pe_clock_mhz:
        warnings.append(
            f"clock_mhz {accelerator.clock_mhz:g} is above what its PE reaches: "
            f"{found.pe_clock_mhz:g} MHz ({found.pe_clock_source})"
        )
    return tuple(warnings)
