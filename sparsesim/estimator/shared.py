"""What was made of a layer's operands for one accelerator, and serves others alike."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar

MOST = 64
"""Accelerators that follow each other share what they cut alike; a sweep has thousands of cuts."""

T = TypeVar("T")


class Shared:
    """The last MOST things that were used, by what each depends on."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Any:
        """What was put there; None where nothing is."""
        found = self._kept.pop(key, None)
        return None if found is None else self.put(key, found)

    def put(self, key: Hashable, made: T) -> T:
        """Keep what was made; what was not used the longest is given up for it."""
        self._kept[key] = made  # to the end
        while len(self._kept) > MOST:
            self._kept.pop(next(iter(self._kept)), None)
        return made
