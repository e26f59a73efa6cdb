"""Whether an accelerator fits its device and runs there at its clock; and the warnings of both."""

from __future__ import annotations

from dataclasses import asdict

from sparsesim.area.estimate import estimate
from sparsesim.area.resources import Resources
from sparsesim.errors import SpecError
from sparsesim.result import model
from sparsesim.result.resources import does_not_fit
from sparsesim.spec import Accelerator, Device
from sparsesim.synth.families import family_of


def on_device(accelerator: Accelerator, device: Device) -> model.OnDevice | None:
    """What an accelerator takes of its device.

    Args:
        accelerator: any.
        device: any.
    Returns:
        None where the device's family was never synthesised, or the machine's area is not known.
    Source: docs/model.md, "Area, and a dense array in the same area".
    """
    try:
        family = family_of(device).name
    except SpecError:
        return None
    taken = estimate(accelerator, family)
    if taken is None:
        return None
    there = Resources.of(device)
    used, available = asdict(taken), asdict(there)
    clock = accelerator.rules.clock(accelerator, family)
    return model.OnDevice(
        family=family,
        used=model.Resources(**used),
        available=model.Resources(**available),
        shares=taken.shares(there),
        fits=all(used[name] <= most for name, most in available.items()),
        reached_mhz=clock.mhz,
        reached_source=clock.source,
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
        that it does not fit, or is not known to, first; then a clock above what it reaches.
    """
    if found is None:
        why = _not_known(accelerator, device)
        return (f"not known whether it fits, nor compared at equal resources: {why}",)
    warnings = []
    short = does_not_fit(found, device.name)
    if short is not None:
        warnings.append(short)
    if accelerator.clock_mhz > found.reached_mhz:
        what = accelerator.rules.clock(accelerator, found.family).words
        warnings.append(
            f"clock_mhz {accelerator.clock_mhz:g} is above what its {what} reaches: "
            f"{found.reached_mhz:g} MHz ({found.reached_source})"
        )
    return tuple(warnings)


def _not_known(accelerator: Accelerator, device: Device) -> str:
    try:
        family_of(device)
    except SpecError as error:
        return str(error)
    return f"the area of machine '{accelerator.machine}' is not known"
