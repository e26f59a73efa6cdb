"""What netlists by hand take, summed up by hand."""

from __future__ import annotations

import pytest
from netlist_samples import cell, module, netlist

from sparsesim.errors import SparseSimError
from sparsesim.synth.cells import PRICES, Counts, count, inverter_luts


def test_each_cell_has_its_price():
    cells = {
        "a": cell("LUT6", O=2),
        "b": cell("LUT1", O=3),
        "c": cell("RAM32M", O=4),  # four LUTs of a slice
        "d": cell("RAM32M16", O=5),  # eight
        "e": cell("SRL16E", Q=6),
        "f": cell("FDRE", Q=7),
        "g": cell("DSP48E1", P=8),
        "h": cell("RAMB18E1"),
        "i": cell("MUXF7", O=9),
        "j": cell("CARRY4", O=10),
    }
    found = count(netlist(top=module(cells, top="1")))
    assert found == Counts(lut=1 + 1 + 4 + 8 + 1, lut_ram=13, ff=1, dsp=1, bram36=0.5)
    assert found.cells == {raw["type"]: 1 for raw in cells.values()}


def test_ecp5_memory_takes_its_write_slice_too():
    cells = {
        "a": cell("TRELLIS_DPR16X4"),  # 4 LUTs hold it, 2 write it
        "b": cell("CCU2C"),  # a pair of LUTs
        "c": cell("PFUMX", Z=2),
        "d": cell("MULT18X18D", P0=3),
        "e": cell("DP16KD"),  # 18 Kb
    }
    assert count(netlist(top=module(cells, top="1"))) == Counts(8, 6, 0, 1, 0.5)


def test_instances_multiply():
    leaf = module({"l": cell("LUT2", O=2), "f": cell("FDSE", Q=3)})
    row = module({"x": cell("leaf"), "y": cell("leaf"), "l": cell("LUT3", O=2)})
    top = module({"r": cell("row"), "s": cell("row"), "t": cell("row")}, top="1")
    design = netlist(leaf=leaf, row=row, top=top)
    assert count(design) == Counts(lut=3 * (2 + 1), ff=6)
    assert count(design, "leaf") == Counts(lut=1, ff=1)
    assert design.instances() == {"top": 1, "row": 3, "leaf": 6}


def test_an_unknown_cell_is_refused():
    design = netlist(top=module({"a": cell("LUT9", O=2)}, top="1"))
    with pytest.raises(SparseSimError) as error:
        count(design)
    assert str(error.value) == "top: Yosys made a cell LUT9 that has no price here"


@pytest.mark.parametrize(
    ("cells", "luts"),
    [
        ({"i": cell("INV", I=2, O=3), "l": cell("LUT2", I0=3, I1=4, O=5)}, 0),  # into its reader
        ({"l": cell("LUT2", O=2), "i": cell("INV", I=2, O=3), "f": cell("FDRE", D=3, Q=4)}, 0),
        ({"i": cell("INV", I=2, O=3), "f": cell("FDRE", D=3, Q=4)}, 1),  # nothing to fold into
        (  # the LUT's own value is read too
            {
                "l": cell("LUT2", O=2),
                "i": cell("INV", I=2, O=3),
                "f": cell("FDRE", D=3, Q=4),
                "g": cell("FDRE", D=2, Q=5),
            },
            1,
        ),
        ({"i": cell("INV", I=2, O=9)}, 1),  # a port
    ],
)
def test_inverters_fold_into_luts(cells, luts):
    raw = module(cells, outputs={"o": [9]}, top="1")
    assert inverter_luts(netlist(top=raw).modules["top"]) == luts


def test_every_price_says_why():
    assert [name for name, price in PRICES.items() if len(price.why) < 10] == []


def test_counts_go_through_json():
    counts = Counts(3, 1, 2, 1, 0.5)
    assert Counts.from_json(counts.as_json()) == counts
    assert counts * 2 + counts == Counts(9, 3, 6, 3, 1.5)
