"""Registers into multipliers and memories, LUTs before multiplexers: on netlists by hand."""

from __future__ import annotations

import pytest
from netlist_samples import cell, module, netlist

from sparsesim.synth.ecp5_netlist import (
    complete_muxes,
    pack_memory_registers,
    pack_multiplier_registers,
)

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
    cells |= {f"b{i}": register(100 + B + i, B + i) for i in range(2)}
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
    assert (m.pin("CLK0"), m.pin("CE0"), m.pin("RST0")) == (CLOCK, "1", "0")
    assert m.parameters == {
        "REG_INPUTA_CLK": "CLK0",
        "REG_INPUTA_CE": "CE0",
        "REG_INPUTA_RST": "RST0",
        "REG_INPUTB_CLK": "CLK0",
        "REG_INPUTB_CE": "CE0",
        "REG_INPUTB_RST": "RST0",
        "REG_OUTPUT_CLK": "CLK0",
        "REG_OUTPUT_CE": "CE0",
        "REG_OUTPUT_RST": "RST0",
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
        ({f"p{i}": register(P + i, Q + i, RESET) for i in range(5)}, "p"),  # they have one
    ],
)
def test_what_cannot_move_stays(change, stays):
    number, found = packed(multiplier(**change))
    assert number == 10 - {"a": 3, "b": 2, "p": 5}[stays]
    left = {name[0] for name in found.cells} - {"m", "l"}
    assert left == {stays}


def shared_operand(reset: int | str = "0", **more):
    """Two multipliers of the same register at A, each with one of its own at B."""
    both = {}
    for number, b in enumerate((B, 30)):
        pins = {f"A{i}": A for i in range(18)} | {f"B{i}": b for i in range(18)}
        both[f"m{number}"] = cell("MULT18X18D", **pins)
        both[f"b{number}"] = register(100 + b, b)
    return both | {"a": register(110, A, reset)} | more


def test_a_register_that_only_multipliers_read_is_copied_into_each():
    number, found = packed(shared_operand())
    assert number == 3
    assert sorted(found.cells) == ["m0", "m1"]
    for m in found.cells.values():
        assert (m.pin("A0"), m.pin("A17"), m.parameters["REG_INPUTA_CLK"]) == (110, 110, "CLK0")


@pytest.mark.parametrize(
    "change",
    [
        {"reset": RESET},  # zeros would be put before each of them
        {"l": cell("LUT4", A=A, Z=70)},  # somebody else reads it
    ],
)
def test_a_shared_register_stays_where_copies_would_cost(change):
    number, found = packed(shared_operand(**change))
    assert number == 2
    assert {"a", "m0", "m1"} <= set(found.cells)


def test_a_copied_register_stays_for_a_multiplier_that_cannot_take_it():
    pins = {f"A{i}": A if i < 17 else 71 for i in range(18)} | {f"B{i}": 72 for i in range(18)}
    number, found = packed(shared_operand(m2=cell("MULT18X18D", **pins)))
    assert number == 2
    assert sorted(found.cells) == ["a", "m0", "m1", "m2"]
    assert (found.cells["m0"].pin("A0"), found.cells["m2"].pin("A0")) == (110, A)


def test_an_operand_that_a_port_shows_stays():
    number, _ = packed(multiplier(), outputs={"o": [11]})
    assert number == 7


def reset_operand(**more):
    """Both bits of B are reset; bit 0 comes from `more`, bit 1 from a port."""
    return multiplier(**{f"b{i}": register(100 + B + i, B + i, RESET) for i in range(2)}, **more)


def value(found, bit, **inputs: int):
    """Of a bit under LUT4 and multiplexers, from the bits given as `n<bit>`."""
    told = {int(name[1:]): number for name, number in inputs.items()} | {"0": 0, "1": 1}
    if bit in told:
        return told[bit]
    driver = found.driver(bit)
    if driver.type == "LUT4":
        index = sum(value(found, driver.pin(p), **inputs) << i for i, p in enumerate("ABCD"))
        return int(driver.parameters["INIT"][15 - index])
    low, high, choice = {"PFUMX": ("BLUT", "ALUT", "C0"), "L6MUX21": ("D0", "D1", "SD")}[
        driver.type
    ]
    chosen = high if value(found, driver.pin(choice), **inputs) else low
    return value(found, driver.pin(chosen), **inputs)


def test_a_reset_becomes_zeros_before_the_multiplier():
    number, found = packed(reset_operand())
    m = found.cells["m"]
    assert number == 10
    assert [m.pin(f"RST{i}") for i in range(4)] == ["0", "x", "x", "x"]
    assert sorted(found.cells) == ["b0_cleared", "b1_cleared", "m"]
    for data in (0, 1):
        assert value(found, m.pin("B1"), **{f"n{121}": data, f"n{RESET}": 0}) == data
        assert value(found, m.pin("B1"), **{f"n{121}": data, f"n{RESET}": 1}) == 0


def muxed(held: str, d: int | str):
    """Bit 0 of B is 1 of 4 bits: two LUT4 with an input D, and an input C that holds a constant."""
    choose = "1100101011001010"  # C ? (D holds nothing) : A ? ...; whatever, both halves differ
    pins = {"INIT": choose}
    return {
        "low": cell("LUT4", pins, A=201, B=202, C=held, D=d, Z=210),
        "high": cell("LUT4", pins, A=203, B=204, C=held, D=d, Z=211),
        "mux": cell("PFUMX", BLUT=210, ALUT=211, C0=205, Z=120),
    }


@pytest.mark.parametrize("held", ["0", "1"])
def test_zeros_are_free_where_the_multiplexers_luts_have_an_input_left(held):
    cells = reset_operand(**muxed(held, 206))
    before = netlist(top=module(muxed(held, 206), top="1")).modules["top"]
    _, found = packed(cells)
    assert sorted(found.cells) == ["b1_cleared", "high", "low", "m", "mux"]
    bit = found.cells["m"].pin("B0")
    for number in range(1 << 6):
        inputs = {f"n{201 + i}": number >> i & 1 for i in range(6)}
        expected = value(before, 120, **inputs)
        assert value(found, bit, **inputs, **{f"n{RESET}": 0}) == expected
        assert value(found, bit, **inputs, **{f"n{RESET}": 1}) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"high": cell("LUT4", {"INIT": "0" * 16}, A=1, B=3, C=5, D=7, Z=211)},  # no input left
        {"other": cell("LUT4", {"INIT": "0" * 16}, A=210, Z=300)},  # its LUT has another reader
        {"high": cell("CCU2C", S0=211)},  # no LUT
    ],
)
def test_zeros_cost_a_lut_elsewhere(change):
    _, found = packed(reset_operand(**(muxed("0", 206) | change)))
    assert found.cells["m"].pin("B0") == found.cells["b0_cleared"].pin("Z")
    assert found.cells["low"].pin("C") == "0"


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


# --- block RAM ------------------------------------------------------------------------------------


def memory(width=9, **more):
    """A memory of two bits a word at port B, each with a register behind it."""
    pins = {"CLKA": CLOCK, "CLKB": CLOCK, "OCEB": "0", "DOB0": P, "DOB1": P + 1}
    widths = {f"DATA_WIDTH_{port}": f"{width:032b}" for port in "AB"}
    cells = {"m": cell("DP16KD", {**widths, "REGMODE_A": "NOREG", "REGMODE_B": "NOREG"}, **pins)}
    cells |= {f"q{i}": register(P + i, Q + i) for i in range(2)}
    return cells | more


def with_output_register(cells, **ports):
    found = netlist(top=module(cells, **ports, top="1")).modules["top"]
    return pack_memory_registers(found), found


def test_registers_behind_a_memory_become_its_own():
    number, found = with_output_register(memory())
    assert number == 2
    assert list(found.cells) == ["m"]
    m = found.cells["m"]
    assert (m.pin("DOB0"), m.pin("DOB1"), m.pin("OCEB")) == (Q, Q + 1, "1")
    assert (m.parameters["REGMODE_A"], m.parameters["REGMODE_B"]) == ("NOREG", "OUTREG")


def wide_memory(**more):
    """A word of three bits, of which port A gives one."""
    cells = memory(width=36, **more)
    cells["m"]["connections"]["DOA0"] = [P + 2]
    cells["m"]["port_directions"]["DOA0"] = "output"
    return cells


def test_a_wide_word_takes_the_registers_of_both_ports():
    number, found = with_output_register(wide_memory(q2=register(P + 2, Q + 2)))
    assert number == 3
    modes = [found.cells["m"].parameters[f"REGMODE_{port}"] for port in "AB"]
    assert modes == ["OUTREG", "OUTREG"]
    number, found = with_output_register(wide_memory(l=cell("LUT4", A=P + 2, Z=90)))
    assert number == 0
    assert "OUTREG" not in found.cells["m"].parameters.values()


@pytest.mark.parametrize(
    "change",
    [
        {"q1": register(P + 1, Q + 1, CEMUX="CE")},  # an enable
        {"q1": register(P + 1, Q + 1, RESET)},  # a reset
        {"q1": cell("TRELLIS_FF", PLAIN, CLK=CLOCK + 5, DI=P + 1, LSR="0", Q=Q + 1)},  # its clock
        {"q1": register(77, Q + 1)},  # nobody registers it, somebody reads it
        {"l": cell("LUT4", A=P + 1, Z=90)},  # somebody else reads it
    ],
)
def test_registers_that_are_no_output_registers_stay(change):
    change = change | ({"l": cell("LUT4", A=P + 1, Z=90)} if "q1" in change else {})
    number, found = with_output_register(memory(**change))
    assert number == 0
    assert found.cells["m"].parameters["REGMODE_B"] == "NOREG"
