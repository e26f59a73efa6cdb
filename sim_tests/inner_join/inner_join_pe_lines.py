"""How a feeder writes windows into the slots of a queue, and how it names them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from bench import pack
from inner_join_pe_stimuli import Half


def pointer(windows: int, depth: int) -> int:
    """{phase, slot} behind that many windows: the phase turns over with each round of the slots."""
    slot_bits = max(1, (depth - 1).bit_length())
    return (windows // depth & 1) << slot_bits | windows % depth


class Line:
    """Drives one queue as its feeder does; what belongs to no push is noise.

    Args:
        dut: a module with the ports NAME_push_i, NAME_tail_i and some of slot, flags, mask, values.
        name: `weight` or `act`.
        bits: of a value.
        depth: of the queue.
    Attributes:
        idle: probability that it does not push where it could, 0 to below 1.
    """

    def __init__(self, dut, name: str, bits: int, depth: int, random: np.random.Generator) -> None:
        ports = ("slot", "flags", "mask", "values")
        found = {port: getattr(dut, f"{name}_{port}_i", None) for port in ports}
        self._signals = {port: signal for port, signal in found.items() if signal is not None}
        self._push = getattr(dut, f"{name}_push_i")
        self._tail = getattr(dut, f"{name}_tail_i")
        self._bits, self._depth, self._random = bits, depth, random
        self._rests_at = -1  # the tail, while it rests
        self.idle = 0.0

    def wants(self) -> bool:
        """Whether it pushes a window that it could push."""
        return self._random.random() >= self.idle

    def rest(self, pushed: int) -> None:
        """Push nothing in the cycle that comes; `pushed` windows were since the reset."""
        if self._rests_at == pushed:
            return
        self._rests_at = pushed
        self._push.value = 0
        self._tail.value = pointer(pushed, self._depth)
        for signal in self._signals.values():
            noise = int.from_bytes(self._random.bytes(len(signal) // 8 + 1), "little")
            signal.value = noise & (1 << len(signal)) - 1

    def push(self, pushed: int, half: Half, flags: Sequence[bool]) -> None:
        """Push a window, behind `pushed` others, with its flags from bit 0 up."""
        self._rests_at = -1
        self._push.value = 1
        self._tail.value = pointer(pushed, self._depth)
        told = {
            "slot": pushed % self._depth,
            "flags": pack(flags, 1),
            "mask": pack(half.mask, 1),
            "values": pack(half.values, self._bits),
        }
        for port, signal in self._signals.items():
            signal.value = told[port]
