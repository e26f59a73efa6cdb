"""What reports on a machine begin with: what was counted, and on which accelerator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from sparsesim.figures import plural
from sparsesim.spec.accelerator import STORED, Accelerator


def heading(
    title: str,
    machine: str,
    *,
    images: int,
    images_per_run: int,
    rewrites: Sequence[str] = (),
    random_inputs: bool = False,
    warnings: Sequence[str] = (),
) -> list[RenderableType]:
    """Its lines.

    Args:
        title: with the model's file.
        machine: on what it was counted, in a line.
        images: that were counted; images_per_run: more than 1 where the model's batch is fixed.
        rewrites: of the model, as it was run.
        random_inputs: said loudly.
        warnings: of the inputs.
    """
    first = Text(title, style="bold")
    first.append(f", {images_and_runs(images, images_per_run)}", style="not bold dim")
    first.append("".join(f"; {step}" for step in rewrites), style="not bold")
    lines: list[RenderableType] = [first, Text(machine, style="dim")]
    if random_inputs:
        lines.append(Text("INPUTS ARE RANDOM: zeros mean nothing", style="bold red"))
    return lines + warned(warnings)


def described(accelerator: Mapping[str, Any]) -> str:
    """`16x16 inner_join, 1 lane, window 16, queue depth 4`, of one as JSON has it."""
    made = _made(accelerator)
    return made.rules.describe(made.array)


def _made(accelerator: Mapping[str, Any]) -> Accelerator:
    return Accelerator.model_validate(accelerator, context=STORED)


def images_and_runs(images: int, images_per_run: int) -> str:
    """`50 images`, or `5 runs of 8 images` where the model's batch is fixed."""
    if images_per_run == 1:
        return plural(images, "image")
    return f"{plural(images // images_per_run, 'run')} of {images_per_run} images"


def warned(warnings: Sequence[str]) -> list[RenderableType]:
    """Warnings, a line each."""
    return [Text(f"! {warning}", style="yellow") for warning in warnings]
