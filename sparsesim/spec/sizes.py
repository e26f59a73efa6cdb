"""Packaged accelerators that are made for a device: their names, and what share each size takes.

Not the accelerators: those are files, chosen by a sweep (docs/decisions/presets.md).
"""

from __future__ import annotations

from collections.abc import Iterable

SIZES = {"small": 1 / 8, "middle": 1 / 3, "large": 3 / 4}
"""Size -> the largest share that it may take of any resource of its device, rising."""


def sized_name(device: str, scheme: str, size: str) -> str:
    """How the accelerator of a scheme and a size is called: `xc7z020-two_sided-middle`."""
    return f"{device}-{scheme}-{size}"


def device_of_name(name: str, devices: Iterable[str]) -> str | None:
    """The device that an accelerator is named after; None where its name is no such name.

    Args:
        name: of the accelerator: `DEVICE-WORDS-SIZE`.
        devices: all names of devices.
    """
    return next((device for device in devices if _is_sized(name, device)), None)


def _is_sized(name: str, device: str) -> bool:
    words = name.removeprefix(f"{device}-").rpartition("-")
    return name.startswith(f"{device}-") and bool(words[0]) and words[2] in SIZES
