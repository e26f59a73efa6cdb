"""In which order a machine adds products up, and whether it tells that a sum overflowed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SumOrder:
    """Products are taken along K, block by block.

    Attributes:
        block: elements of K that are taken together, 1 or more.
        lanes: products of a block that are added exactly before they meet the sum, 1 or more; the
            last of a block may be fewer.
        skips: operands whose zeros give no product.
        flags: whether it flags a running sum that leaves the accumulator. Where it does not, sums
            wrap unseen, and are the same in any order.
    """

    block: int
    lanes: int
    skips: frozenset[str]
    flags: bool = True
