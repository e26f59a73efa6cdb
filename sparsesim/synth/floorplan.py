"""Where the multipliers of an array stand on an LFE5U-85F: its rows in the die's rows of them.

nextpnr's placer pulls logic towards what stands already. Without pins nothing does, and it draws an
array into one point and then spreads it, torn apart: 8 x 8 PEs get half the clock. Multipliers,
spread over the die as the array's rows and columns lie, hold together what is around each.

Source: the sites are nextpnr's (MULT18X18D of its chip database): 3 rows of 13 blocks of 4.
"""

from __future__ import annotations

import re

from sparsesim.synth.netlist import Cell, Module

_ROWS = (10, 34, 58)
_BLOCKS = (*range(4, 59, 9), *range(69, 115, 9))
_SITES = ((0, "MULT18_0"), (1, "MULT18_1"), (4, "MULT18_4"), (5, "MULT18_5"))


def place_multipliers(module: Module, filled: float, pattern: str) -> int:
    """Give the multipliers of an array their sites.

    Args:
        module: flat; changed. One without an array stays as it is, and so does one with more
            multipliers than there are sites.
        filled: share of the die's LUTs that the design takes, 0 to 1. As much of the die's width is
            used as leaves half of the LUTs there free, if there is so much.
        pattern: of the array's multipliers' names, as of `sparsesim.machines.part.Placed`.
    Returns:
        how many have a site now.
    """
    found: list[tuple[int, int, str, Cell]] = []
    for cell in module.cells.values():
        at = re.search(pattern, cell.name)
        if cell.type == "MULT18X18D" and at:
            found.append((int(at["row"]), int(at["col"]), cell.name, cell))
    sites = [(block + x, site) for block in _BLOCKS for x, site in _SITES]
    if len(found) > len(sites) * len(_ROWS):
        return 0
    width = min(max(int(2 * filled * len(sites)), -(-len(found) // len(_ROWS))), len(sites))
    margin = (len(sites) - width) // 2
    sites = sites[margin : margin + width]
    found.sort(key=lambda one: one[:3])
    for number, y in enumerate(_ROWS):
        first, behind = (n * len(found) // len(_ROWS) for n in (number, number + 1))
        band = sorted(found[first:behind], key=lambda one: (one[1], one[0], one[2]))
        for n, (*_, cell) in enumerate(band):
            x, site = sites[(2 * n + 1) * len(sites) // (2 * len(band))]
            cell.raw["attributes"]["BEL"] = f"X{x}/Y{y}/{site}"
    return len(found)
