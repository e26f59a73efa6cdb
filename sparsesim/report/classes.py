"""The classes of lane-slots as reports show them: in which order, in which words and colour.

Colours hold their own on white and on near-black (charts are drawn on both).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SlotClass:
    """A class of lane-slots, or the cycles in which the array waits for DRAM.

    Attributes:
        key: its name in a result.
        words: how reports call it.
        bound: the word of a layer that it bounds.
        colour: RGB as `#rrggbb`.
        means: in a few words.
    """

    key: str
    words: str
    bound: str
    colour: str
    means: str


STALL = SlotClass("stall", "DRAM stall", "dram", "#c2410c", "the array waits for a transfer")
CLASSES = (
    SlotClass("effectual", "effectual", "work", "#2a9d5c", "both operands are non-zero"),
    SlotClass("ineffectual", "ineffectual", "work", "#a3b18a", "a zero was multiplied"),
    SlotClass("unused", "unused lane", "work", "#d4a72c", "a cycle spent with nothing to multiply"),
    SlotClass("operand_wait", "operand wait", "imbalance", "#4f86c6", "others still work"),
    SlotClass("drain_wait", "drain wait", "drain", "#b565c4", "its result has not left yet"),
    SlotClass("inactive", "no filter/position", "edges", "#8b95a5", "the layer is too small"),
    SlotClass("fill_drain", "fill and drain", "fill", "#5bb5b5", "start and end of a pass"),
    STALL,
)
"""All of them; together they are a layer's total cycles."""

COLOUR_OF_BOUND = {
    "work": "#2a9d5c",
    "imbalance": "#4f86c6",
    "drain": "#b565c4",
    "edges": "#8b95a5",
    "fill": "#5bb5b5",
    "dram": "#c2410c",
}
