"""Encoded beats, {mask, packed values}, made from elements by the package's `bitmask` format.

A beat is one window of it, its parts at fixed places: the mask on top, the values below, slots
without a value 0. It holds values as the Verilog stores them; the zero point is not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from bench import Beat, pack, unpack

import sparsesim as ss


def beat(elements: Sequence[tuple[int, int]], window: int, value_bits: int) -> int:
    """One window as a number.

    Args:
        elements: (stored value, mask bit), up to `window` of them.
        window: elements of a whole window.
        value_bits: width of a stored value.
    """
    # The format keeps what is not 0; a stored value may be 0 where its zero point is not. So a bit
    # on top of it says that it is set, and is cut off again.
    codes = [value | 1 << value_bits if is_set else 0 for value, is_set in elements]
    encoded = ss.encode(np.array(codes, np.uint64), "bitmask", value_bits + 1)
    bits = int.from_bytes(encoded.payload.tobytes(), "little")
    mask = bits & (1 << len(codes)) - 1
    fields = unpack(bits >> len(codes), value_bits + 1, mask.bit_count())
    slots = pack([field - (1 << value_bits) for field in fields], value_bits)
    return mask << window * value_bits | slots


def beats(elements: Iterable[tuple[int, int, int]], window: int, value_bits: int) -> list[Beat]:
    """What an encoder makes of (value, mask bit, last): fields `beat` and `last`.

    A window closes with `window` elements or with `last`; elements behind the last closed window
    are still inside.
    """
    made: list[Beat] = []
    inside: list[tuple[int, int]] = []
    for value, is_set, last in elements:
        inside.append((value, is_set))
        if last or len(inside) == window:
            made.append({"beat": beat(inside, window, value_bits), "last": last})
            inside = []
    return made
