"""What a verb runs on, from what a user gave: values, names, files, or nothing."""

from __future__ import annotations

from pathlib import Path

from sparsesim.spec.accelerator import Accelerator
from sparsesim.spec.device import DEFAULT_DEVICE, Device
from sparsesim.spec.sizes import device_of_name


def resolve(
    accelerator: Accelerator | str | Path | None = None,
    device: Device | str | Path | None = None,
) -> tuple[Accelerator, Device]:
    """An accelerator and its device.

    Args:
        accelerator: a packaged name or a file is read; None: all defaults.
        device: likewise; None: the one that the accelerator is named after, as
            `xc7z020-two_sided-middle` is, else `DEFAULT_DEVICE`.
    Raises:
        SpecError: an unknown name, or what a file holds is refused.
    """
    if accelerator is None:
        accelerator = Accelerator()
    elif not isinstance(accelerator, Accelerator):
        accelerator = Accelerator.from_toml(accelerator)
    if device is None:
        device = Device.named(device_of_name(accelerator.name, Device.names()) or DEFAULT_DEVICE)
    elif not isinstance(device, Device):
        device = Device.from_toml(device)
    return accelerator, device
