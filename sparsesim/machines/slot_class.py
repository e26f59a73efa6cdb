"""A class of multiplier slots: what they did in a cycle, and what bounds a layer of many such."""

from __future__ import annotations

from dataclasses import dataclass

STALL_KEY, DRAM = "stall", "dram"
"""The key and the bound of cycles that wait for DRAM, on any machine: no class may have them."""


@dataclass(frozen=True)
class SlotClass:
    """One of a machine's classes.

    Attributes:
        key: its name in a result.
        words: how reports call it.
        bound: the word of a layer that it bounds; classes may share one.
        colour: of charts, RGB as `#rrggbb`; it holds its own on white and on near-black.
        means: in a few words.
    """

    key: str
    words: str
    bound: str
    colour: str
    means: str
