"""Registers into multipliers, LUTs before multiplexers: on netlists by hand."""

from __future__ import annotations

import pytest
from netlist_samples import cell, module, netlist

from sparsesim.synth.ecp5_netlist import complete_muxes, pack_multiplier_registers

PLAIN = {"CEMUX": "1 ", "CLKMUX": "CLK", "REGSET": "RESET"}
CLOCK, RESET = 2, 3
A, B = 10, 20  # operands behind their registers; before them 100 higher
P, Q = 40, 60  # product before and behind its register


def register(data: int, q: int, reset: int | str = "0", **parameters: str):
    return cell("TRELLIS_FF", PLAIN | parameters, CLK=CLOCK, DI=data, LSR=reset, Q=q)


def multiplier(**more):
    """Operands of three and two bits, sign-extended; a product of five."""
    pins = {f"A{i}": A + min(i, 2) for i in range(18)} | {f"B{i}": B + min(i, 1) for i in range(18)}
    cells = {"m": cell("MULT18X18D", **pins, **{f"P{i}": P + i for i in range(5)})}
    cells |= {f"a{i}": register(100 + A + i, A + i) for i in range(3)}
    cells |= {f"b{i}": register(100 + B + i, B + i, RESET) for i in range(2)}
    cells |= {f"p{i}": register(P + i, Q + i) for i in range(5)}
    return cells | more


def packed(cells, **ports):
    found = netlist(top=module(cells, **ports, top="1")).modules["top"]
    return pack_multiplier_registers(found), found


def test_registers_of_operands_and_product_move():
    number, found = packed(multiplier())
    assert number == 3 + 2 + 5
    assert list(found.cells) == ["m"]
    m = found.cells["m"]
    assert [m.pin(f"A{i}") for i in (0, 1, 2, 17)] == [110, 111, 112, 112]
    assert [m.pin(f"B{i}") for i in (0, 1, 17)] == [120, 121, 121]
    assert [m.pin(f"P{i}") for i in range(5)] == [60, 61, 62, 63, 64]
    assert (m.pin("CLK0"), m.pin("CE0"), m.pin("RST0"), m.pin("RST1")) == (CLOCK, "1", "0", RESET)
    assert m.parameters == {
        "REG_INPUTA_CLK": "CLK0",
        "REG_INPUTA_CE": "CE0",
        "REG_INPUTA_RST": "RST0",
        "REG_INPUTB_CLK": "CLK0",
        "REG_INPUTB_CE": "CE0",
        "REG_INPUTB_RST": "RST1",
        "REG_OUTPUT_CLK": "CLK0",
        "REG_OUTPUT_CE": "CE0",
        "REG_OUTPUT_RST": "RST2",
        "CLK0_DIV": "ENABLED",
        "RESETMODE": "SYNC",
    }


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        ({"a1": register(111, 11, CEMUX="CE")}, "a"),  # an enable
        ({"a1": register(111, 11, SRMODE="ASYNC")}, "a"),  # an asynchronous reset
        ({"a1": register(111, 11, REGSET="SET")}, "a"),  # a one after reset
        ({"a1": register(111, 11, RESET)}, "a"),  # another reset than its neighbours'
        ({"l": cell("LUT4", A=11, Z=70)}, "a"),  # someone else reads it
        ({"b0": cell("LUT4", A=120, Z=20)}, "b"),  # no register
        ({"l": cell("LUT4", A=42, Z=70)}, "p"),  # someone reads the product itself
        ({"p2": register(71, 72, 42)}, "p"),  # it is a reset
    ],
)
def test_what_cannot_move_stays(change, stays):
    number, found = packed(multiplier(**change))
    assert number == 10 - {"a": 3, "b": 2, "p": 5}[stays]
    left = {name[0] for name in found.cells} - {"m", "l"}
    assert left == {stays}


def test_an_operand_that_a_port_shows_stays():
    number, _ = packed(multiplier(), outputs={"o": [11]})
    assert number == 7


def test_a_multiplexer_gets_luts_of_its_own():
    cells = {
        "l": cell("LUT4", A=5, Z=6),
        "r": register(7, 8),
        "m": cell("PFUMX", ALUT=6, BLUT=8, C0=9, Z=10),
    }
    found = netlist(top=module(cells, top="1")).modules["top"]
    assert complete_muxes(found) == 1
    through = found.cells["m_BLUT_through"]
    assert (through.type, through.pin("A"), through.pin("Z")) == (
        "LUT4",
        8,
        found.cells["m"].pin("BLUT"),
    )
    assert found.cells["m"].pin("ALUT") == 6
    assert through.pin("Z") == 11  # above all nets that were there
    assert complete_muxes(found) == 0
