"""`estimate`: resources of a whole accelerator, for sweeps that cannot synthesise each point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sparsesim.area.resources import Resources

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator


def estimate(accelerator: Accelerator, family: str) -> Resources | None:
    """The sum of an accelerator's parts, the buffers' block RAM among them.

    Args:
        accelerator: its class counters are off; its bus registers are left out.
        family: `xc7`, `xcup` or `ecp5`.
    Returns:
        of the whole accelerator; None where its machine's area is not known.
    Source: the parts' tables of synthesis runs, docs/results/synthesis.md.
    """
    parts = accelerator.rules.parts(accelerator, family)
    if not parts:
        return None
    total = Resources()
    for part in parts:
        total += part.resources * part.times
    return total.rounded()
