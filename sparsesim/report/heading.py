"""What reports on a machine begin with: what was counted, and on which accelerator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from sparsesim.report.figures import plural


def heading(
    title: str,
    accelerator: Mapping[str, Any],
    rest: str,
    *,
    images: int,
    rewrites: Sequence[str] = (),
    random_inputs: bool = False,
) -> list[RenderableType]:
    """Its lines.

    Args:
        title: with the model's file.
        accelerator: as JSON has it.
        rest: of the machine, behind its window.
        images: that were counted.
        rewrites: of the model, as it was run.
        random_inputs: said loudly.
    """
    a = accelerator
    first = Text(title, style="bold")
    first.append(f", {plural(images, 'image')}", style="not bold dim")
    first.append("".join(f"; {step}" for step in rewrites), style="not bold")
    machine = (
        f"{a['rows']}x{a['cols']} {a['datapath']}, {plural(a['lanes'], 'lane')}, window "
        f"{a['window']}, {rest}"
    )
    lines: list[RenderableType] = [first, Text(machine, style="dim")]
    if random_inputs:
        lines.append(Text("INPUTS ARE RANDOM: zeros mean nothing", style="bold red"))
    return lines
