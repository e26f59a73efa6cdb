"""Resources of an FPGA in words, the same in warnings and reports."""

from __future__ import annotations

from collections.abc import Iterable

from sparsesim.result.model import OnDevice

NAMES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram36": "BRAM"}
"""What readers call the fields of `Resources`."""


def share_in_words(found: OnDevice, name: str) -> str:
    """`244.2 %` of a resource; `16 of 0` where the device has none."""
    share = found.shares[name]
    return f"{getattr(found.used, name):g} of 0" if share is None else f"{share * 100:.1f} %"


def shares_in_words(found: OnDevice, names: Iterable[str] = NAMES) -> str:
    """`LUT 244.2 %, FF 37.5 %, ...`."""
    return ", ".join(f"{NAMES[name]} {share_in_words(found, name)}" for name in names)


def does_not_fit(found: OnDevice, device: str) -> str | None:
    """`does not fit xc7z020: LUT 244.2 %`; None where it fits."""
    short = [name for name in NAMES if getattr(found.used, name) > getattr(found.available, name)]
    return f"does not fit {device}: {shares_in_words(found, short)}" if short else None
