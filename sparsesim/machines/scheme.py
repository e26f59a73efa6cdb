"""A scheme: the operands whose zeros save cycles on a machine."""

from __future__ import annotations

from dataclasses import dataclass

OPERANDS = ("activation", "weight")
"""What a scheme can skip zeros of."""


@dataclass(frozen=True)
class Scheme:
    """One of a machine's schemes.

    Attributes:
        name: as users type it.
        skips: of OPERANDS, those whose zeros save cycles. Without any the scheme is dense: its
            blocks move dense, and it is the baseline of the others' speedups.
        colour: of charts, RGB as `#rrggbb`.
    """

    name: str
    skips: frozenset[str]
    colour: str

    @property
    def is_dense(self) -> bool:
        """Whether it skips nothing."""
        return not self.skips
