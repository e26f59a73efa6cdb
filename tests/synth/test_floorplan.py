"""Multipliers on a die: each has a site of its own, and neighbours stay neighbours."""

from __future__ import annotations

import re

import pytest
from netlist_samples import cell, module, netlist

from sparsesim.synth.floorplan import place_multipliers

PATTERN = r"g_col\[(?P<col>\d+)\]\.g_row\[(?P<row>\d+)\]\.u_pe\."


def array(rows: int, cols: int, lanes: int = 1):
    """The multipliers of an array, and two that are not its PEs'."""
    names = [
        f"g_col[{j}].g_row[{i}].u_pe.u_mac.g_leaf[{lane}].m"
        for i in range(rows)
        for j in range(cols)
        for lane in range(lanes)
    ]
    cells = {name: cell("MULT18X18D", P0=n) for n, name in enumerate(names, 2)}
    others = {"g_col[0].u_post.m": cell("MULT18X18D"), "g_col[0].g_row[0].u_pe.l": cell("LUT4")}
    return netlist(top=module(cells | others, top="1")).modules["top"]


def sites(found) -> dict[str, tuple[int, int]]:
    bels = {name: c.raw["attributes"].get("BEL") for name, c in found.cells.items()}
    placed = {name: bel for name, bel in bels.items() if bel}
    assert len(set(placed.values())) == len(placed)
    matches = {name: re.fullmatch(r"X(\d+)/Y(\d+)/MULT18_[0145]", b) for name, b in placed.items()}
    return {name: (int(match[1]), int(match[2])) for name, match in matches.items()}


@pytest.mark.parametrize(
    ("rows", "cols", "lanes"),
    [(1, 1, 1), (2, 3, 1), (8, 8, 1), (12, 13, 1), (156, 1, 1), (4, 4, 4)],
)
def test_each_pes_multipliers_have_sites(rows, cols, lanes):
    found = array(rows, cols, lanes)
    assert place_multipliers(found, 0.6, PATTERN) == len(sites(found)) == rows * cols * lanes


def test_rows_lie_in_order_and_so_do_columns():
    found = array(9, 8)
    place_multipliers(found, 0.6, PATTERN)
    at = sites(found)
    where = {
        (i, j): at[f"g_col[{j}].g_row[{i}].u_pe.u_mac.g_leaf[0].m"]
        for i in range(9)
        for j in range(8)
    }
    assert [where[i, 0][1] for i in range(9)] == [10] * 3 + [34] * 3 + [58] * 3
    for i in range(9):
        along = [where[i, j][0] for j in range(8)]
        assert along == sorted(along)
    spread = [x for x, y in where.values() if y == 10]
    assert min(spread) < 12 and max(spread) > 110


@pytest.mark.parametrize(
    ("filled", "left", "right"),
    [(0.0, 41, 82), (0.25, 32, 91), (0.4, 14, 109), (0.5, 4, 118), (1.0, 4, 118)],
)
def test_a_small_design_stays_together(filled, left, right):
    found = array(8, 8)
    assert place_multipliers(found, filled, PATTERN) == 64
    xs = [x for x, _ in sites(found).values()]
    assert abs(min(xs) - left) < 9 and abs(max(xs) - right) < 9


@pytest.mark.parametrize("found", [array(0, 0), array(157, 1)])
def test_what_has_no_array_or_does_not_fit_stays(found):
    assert place_multipliers(found, 0.6, PATTERN) == 0
    assert sites(found) == {}
