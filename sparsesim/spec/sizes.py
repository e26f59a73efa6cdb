"""Packaged accelerators that are made for a device: their names, and what share each size takes.

Not the accelerators: those are files, chosen by a sweep (docs/decisions/presets.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from sparsesim.spec.accelerator import SCHEMES

SIZES = {"small": 1 / 8, "middle": 1 / 3, "large": 3 / 4}
"""Size -> the largest share that it may take of any resource of its device, rising."""


def sized_name(device: str, scheme: str, size: str) -> str:
    """How the accelerator of a scheme and a size is called: `xc7z020-two_sided-middle`."""
    return f"{device}-{scheme}-{size}"


def sized_names(device: str) -> tuple[str, ...]:
    """All names that a device has accelerators for, scheme by scheme, sizes rising."""
    return tuple(sized_name(device, scheme, size) for scheme in SCHEMES for size in SIZES)


def device_of_name(name: str, devices: Iterable[str]) -> str | None:
    """The device that an accelerator is named after; None where its name is no such name.

    Args:
        name: of the accelerator.
        devices: all names of devices.
    """
    return next((device for device in devices if name in sized_names(device)), None)
