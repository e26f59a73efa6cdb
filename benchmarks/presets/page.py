"""docs/results/presets.md: the chosen accelerators beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.presets.choosing import Choice
from benchmarks.presets.writing import SHARES, commands
from sparsesim.spec.sizes import SIZES
from sparsesim.sweeps.result import SweepResult

_COLUMNS = ("size", "scheme", "PEs", "window", "lanes", "queue", "MHz", "LUT", "DSP", "BRAM")


def page(chosen: Sequence[tuple[SweepResult, Sequence[Choice]]]) -> str:
    """The page.

    Args:
        chosen: sweeps with what was chosen of them.
    """
    return "\n".join(_lines(chosen)) + "\n"


def _lines(chosen: Sequence[tuple[SweepResult, Sequence[Choice]]]) -> Iterator[str]:
    names = " ".join(found.spec.name for found, _ in chosen)
    yield from (
        "# Accelerators for the packaged devices",
        "",
        f"Written by `python -m benchmarks.presets {names}`",
        "from one sweep a device; [why so](../decisions/presets.md). `sparsesim list accelerators`",
        "names them: `--accelerator DEVICE-SCHEME-SIZE`, which brings its device.",
        "",
        "Sizes are shares of the device, the largest of LUT, FF, DSP and BRAM:",
        ", ".join(f"{size} up to {SHARES[size]}" for size in SIZES) + ". Resources are the area",
        "model's, in shares of the device; MHz is the clock of the PE. Times are milliseconds",
        "an image, DRAM included, with the sweep's thresholds; mean is their geometric mean.",
        "Speedup is that over `none` of the same size: this machine without skipping, its queues",
        "and all. The `equal FPGA` of `sparsesim estimate` compares with dense PEs, which",
        "are smaller.",
    )
    slower = [one for _, choices in chosen for one in choices if (one.speedup or 1) < 1]
    if slower:
        yield from ("", "Slower than `none` of the same size, whose PEs are smaller:")
        yield ", ".join(f"`{one.name}` ({one.speedup:.2f}x)" for one in slower) + "."
    for found, choices in chosen:
        yield ""
        yield from _device(found, choices)


def _device(found: SweepResult, choices: Sequence[Choice]) -> Iterator[str]:
    for name, device in found.spec.boards().items():
        own = [choice for choice in choices if choice.best.device == name]
        yield from (f"## {name} ({device.board})", "", f"    {commands(found)[0]}", "")
        columns = (*_COLUMNS, *own[0].best.ms, "mean", "speedup")
        yield "| " + " | ".join(columns) + " |"
        yield "|---|---" + "|---:" * (len(columns) - 2) + "|"
        has = {"lut": device.lut, "dsp": device.dsp, "bram36": device.bram36}
        for size in SIZES:
            for choice in own:
                if choice.size == size:
                    yield "| " + " | ".join(_cells(choice, has)) + " |"


def _cells(choice: Choice, has: dict[str, float]) -> Iterator[str]:
    best, array = choice.best, choice.best.accelerator
    yield from (choice.size, choice.scheme, f"{array.rows}x{array.cols}")
    yield from map(str, (array.window, array.lanes, array.queue_depth, array.clock_mhz))
    yield from (f"{100 * best.resources[key] / has[key]:.0f} %" for key in has)
    yield from (f"{ms:.4g}" for ms in (*best.ms.values(), best.mean_ms))
    yield "" if choice.speedup is None else f"{choice.speedup:.2f}x"
