"""The README's figures of PEs are those of the tables."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

from sparsesim.machines.inner_join.area import pe
from sparsesim.machines.inner_join.area.clock import read_clocks

ROOT = Path(__file__).resolve().parents[2]


def test_luts_and_clocks_of_pes():
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What skipping costs")[2]
    row = r"^\| .*`(\w+)`, window (\d+) \| (\d+) \((\d+)\) \| (\d+) MHz \|$"
    rows = re.findall(row, text, re.M)
    assert len(rows) == 5
    for skipping, window, lut, lut_ram, mhz in rows:
        depth = 2 if window == "1" else 4
        design = pe.Pe("xc7", skipping, int(window), 1, depth, 9, 8, 32)
        run = next(run for run in pe.MODEL.runs if run.design == design)
        assert (run.lut, run.lut_ram) == (int(lut), int(lut_ram))
        clocks = [
            placed.clock_mhz
            for placed in read_clocks()
            if (placed.part, placed.skipping, placed.window, placed.lanes, placed.queue_depth)
            == ("pe", skipping, int(window), 1, depth)
        ]
        assert round(statistics.median(clocks)) == int(mhz)
