"""A chosen accelerator as its TOML file: why it is the one, what it takes, what made it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.presets.choosing import Choice
from sparsesim.area import Resources
from sparsesim.spec import Accelerator, Device
from sparsesim.spec.sizes import SIZES, sized_name
from sparsesim.sweeps.result import SweepResult
from sparsesim.synth.families import family_of

SHARES = {"small": "an eighth", "middle": "a third", "large": "three quarters"}
"""Size -> its share in words."""

WORDS = {"lut": "LUTs", "ff": "flip-flops", "dsp": "DSPs", "bram36": "block RAMs"}
"""Resource -> how it is called."""

# Keys that every file has, and what stands behind them; further ones only where they differ from
# the defaults.
_KEYS = {
    "rows": "PE rows",
    "cols": "PE columns",
    "window": "operand pairs a PE examines together",
    "lanes": "multipliers of a PE",
    "queue_depth": "windows",
    "feed_latency": "cycles",
    "skipping": "",
    "clock_mhz": "MHz",
    "activation_format": "",
    "weight_format": "",
    "activation_buffer_kib": "KiB",
    "weight_buffer_kib": "KiB",
    "output_buffer_kib": "KiB",
}


def commands(found: SweepResult) -> tuple[str, str]:
    """Those that sweep and that choose, from the repository's folder."""
    name = found.spec.name
    return (
        f"sparsesim sweep benchmarks/presets/{name}.toml -o {name} --workers 1",
        f"python -m benchmarks.presets {name}",
    )


def toml(choice: Choice, device: Device, found: SweepResult) -> str:
    """The file.

    Args:
        choice: what to write.
        device: whose it is.
        found: the sweep that it is of.
    """
    best, name = choice.best, choice.best.device
    taken = Resources(**{key: best.resources[key] for key in WORDS})
    networks = ", ".join(f"{network} {ms:.4g} ms" for network, ms in best.ms.items())
    lines = [
        f"The fastest {choice.scheme} array found in up to {SHARES[choice.size]} of the "
        f"{device.board}'s {name}:",
        "",
        f"    sparsesim estimate MODEL --inputs … --accelerator {choice.name} --device {name}",
        "",
        *taken_of(device, taken, choice.size),
        f"time       {best.mean_ms:.4g} ms an image, geometric mean of:",
        f"           {networks}",
        *_speedup(choice),
        f"clock      {_clock(device)}",
        "",
        f"Chosen among {choice.candidates:,} arrays of that share by sparsesim "
        f"{found.versions['sparsesim']}:",
        "",
        *(f"    {command}" for command in commands(found)),
        "",
        "Other keys are the defaults (default.toml lists them all).",
    ]
    head = "\n".join(f"# {line}".rstrip() for line in lines)
    return f"{head}\n\n{_keys(choice)}"


def taken_of(device: Device, taken: Resources, size: str) -> tuple[str, str]:
    """What an accelerator takes of its device, in two lines.

    Args:
        taken: by the area model.
        size: the word of the share that it may take.
    """
    shares = {key: share for key, share in taken.shares(Resources.of(device)).items() if share}
    most = max(shares, key=lambda key: shares[key])
    return (
        f"share      {100 * shares[most]:.1f} % of the device's {WORDS[most]}; "
        f"{100 * SIZES[size]:.1f} % allowed",
        f"predicted  {taken.lut:,.0f} LUT, {taken.ff:,.0f} FF, {taken.dsp:,.0f} DSP, "
        f"{taken.bram36:g} BRAM36 of {device.bram36:g}",
    )


def write(choice: Choice, device: Device, found: SweepResult, folder: Path) -> None:
    """Put it into a folder, in place of what was there."""
    text = toml(choice, device, found)
    (folder / f"{choice.name}.toml").write_text(text, encoding="utf-8")


def _speedup(choice: Choice) -> list[str]:
    if choice.speedup is None or choice.scheme == "none":
        return []
    plain = sized_name(choice.best.device, "none", choice.size)
    return [f"speedup    {choice.speedup:.2f} over {plain}"]


def _clock(device: Device) -> str:
    if family_of(device).is_placed:
        return "its PE's, by placements on ECP5; an array keeps some 0.8 of it"
    return "an assumption: 200 MHz for default's PE, others scaled as on ECP5"


def _keys(choice: Choice) -> str:
    """The keys, comments in one column; the array's table comes last."""
    chosen = choice.best.accelerator
    values, default = chosen.flat(), Accelerator(machine=chosen.machine).flat()
    del values["machine"]
    others = [key for key in values if key not in _KEYS and values[key] != default[key]]
    kept: dict[str, Any] = {"name": choice.name}
    kept |= {key: values[key] for key in [*_KEYS, *others]}
    of_array = [key for key in kept if key in type(chosen.array).model_fields]
    lines = [_line(key, kept[key]) for key in kept if key not in of_array]
    return "\n".join([*lines, "", "[array]", *(_line(key, kept[key]) for key in of_array), ""])


def _line(key: str, value: Any) -> str:
    line, unit = f"{key} = {json.dumps(value)}", _KEYS.get(key, "")
    return f"{line:<34} # {unit}" if unit else line
