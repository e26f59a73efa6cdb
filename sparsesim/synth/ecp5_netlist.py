"""What Lattice's own tools do to an ECP5 netlist and Yosys does not; on the flat JSON netlist.

Registers around a multiplier move into it (MULT18X18D has some at A, B and P), those behind a block
RAM become its output register (DP16KD), and a PFUMX gets the LUT4 that it must have at both inputs.
None of it changes what the design does in any cycle.

A register that is reset leaves its reset outside, as zeros at its input. Inside, it would take one
of the four reset lines that four multipliers share, and one more holds those without a reset at
zero: four multipliers with a reset each cannot be routed.

Source: FPGA-TN-02205, sysDSP Usage Guide; FPGA-TN-02204, Memory Usage Guide; nextpnr-ecp5's packer.
"""

from __future__ import annotations

from sparsesim.synth.netlist import Bit, Cell, Module

_PINS = 18
_LEAVES = {"L6MUX21": ("D0", "D1"), "PFUMX": ("ALUT", "BLUT")}


def pack_multiplier_registers(module: Module) -> int:
    """Move registers at multipliers into them.

    Those at an operand move where every bit of it is one (or a constant zero), all have the same
    clock and reset, none has an enable and nothing else reads them; those at the product likewise,
    if they have no reset. A register without a reset that several multipliers read, and nothing
    else, is copied into each.

    Args:
        module: flat; changed.
    Returns:
        how many flip-flops went.
    """
    packed = 0
    taken: dict[str, Cell] = {}
    for cell in list(module.cells.values()):
        if cell.type != "MULT18X18D":
            continue
        for bus in "AB":
            taken |= _pack_operand(module, cell, bus)
        packed += _pack_product(module, cell)
    module.forget()
    for name, register in taken.items():
        if not module.readers(register.pin("Q")):
            module.remove(name)
            packed += 1
    module.forget()
    return packed


def pack_memory_registers(module: Module) -> int:
    """Make flip-flops behind a block RAM its output register.

    They go where every bit of it that is read is read by one alone, always enabled and without a
    reset, and where both have the same clock. Behind a word of 36 bits, which takes the outputs of
    both ports, all go or none.

    Args:
        module: flat; changed.
    Returns:
        how many flip-flops went.
    """
    packed = 0
    for cell in list(module.cells.values()):
        if cell.type != "DP16KD":
            continue
        is_wide = int(cell.parameters["DATA_WIDTH_B"], 2) == 2 * _PINS
        for ports in ("AB",) if is_wide else ("A", "B"):
            packed += _pack_memory(module, cell, ports)
    module.forget()
    return packed


def complete_muxes(module: Module) -> int:
    """Put a LUT4 before each input of a PFUMX that has none.

    Args:
        module: flat; changed.
    Returns:
        how many LUT4 came.
    """
    added = 0
    for cell in list(module.cells.values()):
        if cell.type != "PFUMX":
            continue
        for port in ("ALUT", "BLUT"):
            bit = cell.pin(port)
            driver = module.driver(bit)
            if driver is None or driver.type != "LUT4":
                name = f"{cell.name}_{port}_through"
                through = module.add(name, "LUT4", {"INIT": "1010101010101010"})  # Z = A
                through.connect("A", bit, "input")
                for pin in "BCD":
                    through.connect(pin, "0", "input")
                new = module.new_bit(f"{name}_z")
                through.connect("Z", new, "output")
                cell.connect(port, new, "input")
                added += 1
    module.forget()
    return added


def _pack_operand(module: Module, multiplier: Cell, bus: str) -> dict[str, Cell]:
    """Give the multiplier the registers of an operand: those that it has a copy of now."""
    pins = [f"{bus}{index}" for index in range(_PINS)]
    bits = {multiplier.pin(pin) for pin in pins} - {"0"}
    registers: dict[Bit, Cell] = {}
    for bit in bits:
        driver = module.driver(bit)
        if driver is None or not _is_plain_register(driver):
            return {}
        readers = module.readers(bit)
        is_shared = any(name != multiplier.name for _, name in readers)
        has_reset = driver.pin("LSR", "0") != "0"
        if is_shared and (has_reset or any(kind != multiplier.type for kind, _ in readers)):
            return {}
        registers[bit] = driver
    if not _have_same_controls(list(registers.values())):
        return {}
    _use(multiplier, f"REG_INPUT{bus}", next(iter(registers.values())))
    inputs = {bit: _cleared(module, register) for bit, register in registers.items()}
    for pin in pins:
        bit = multiplier.pin(pin)
        if bit in inputs:
            multiplier.connect(pin, inputs[bit], "input")
    return {register.name: register for register in registers.values()}


def _pack_product(module: Module, multiplier: Cell) -> int:
    registers: dict[str, Cell] = {}
    for index in range(2 * _PINS):
        pin = f"P{index}"
        readers = module.readers(multiplier.pin(pin))
        if not readers:
            continue
        kind, name = readers[0]
        if len(readers) > 1 or kind != "TRELLIS_FF" or not _is_plain_register(module.cells[name]):
            return 0
        if module.cells[name].pin("LSR", "0") != "0":
            return 0
        registers[pin] = module.cells[name]
    if not _have_same_controls(list(registers.values())):
        return 0
    _use(multiplier, "REG_OUTPUT", next(iter(registers.values())))
    for pin, register in registers.items():
        multiplier.connect(pin, register.pin("Q"), "output")
        module.remove(register.name)
    return len(registers)


def _pack_memory(module: Module, memory: Cell, ports: str) -> int:
    """Those behind these ports: `A`, `B`, or `AB` where both give one word."""
    registers: dict[str, Cell] = {}
    for pin in (f"DO{port}{index}" for port in ports for index in range(_PINS)):
        readers = module.readers(memory.pin(pin)) if memory.pin(pin) != "x" else []
        if not readers:
            continue
        kind, name = readers[0]
        if len(readers) > 1 or kind != "TRELLIS_FF" or not _is_plain_register(module.cells[name]):
            return 0
        if module.cells[name].pin("LSR", "0") != "0":
            return 0
        registers[pin] = module.cells[name]
    clocks = {memory.pin(f"CLK{port}") for port in ports}
    clocks |= {register.pin("CLK") for register in registers.values()}
    is_rising = all(memory.parameters.get(f"CLK{p}MUX", f"CLK{p}") == f"CLK{p}" for p in ports)
    if not registers or len(clocks) > 1 or not is_rising:
        return 0
    for port in ports:
        memory.parameters[f"REGMODE_{port}"] = "OUTREG"
        memory.connect(f"OCE{port}", "1", "input")
    memory.parameters["RESETMODE"] = "SYNC"
    for pin, register in registers.items():
        memory.connect(pin, register.pin("Q"), "output")
        module.remove(register.name)
    return len(registers)


def _is_plain_register(cell: Cell) -> bool:
    """A flip-flop on the rising edge, always enabled, that a synchronous reset clears."""
    return (
        cell.type == "TRELLIS_FF"
        and cell.parameters.get("CEMUX", "CE").strip() == "1"
        and cell.parameters.get("CLKMUX", "CLK") == "CLK"
        and cell.parameters.get("REGSET", "RESET") == "RESET"
        and cell.parameters.get("SRMODE", "LSR_OVER_CE") == "LSR_OVER_CE"
    )


def _have_same_controls(registers: list[Cell]) -> bool:
    return len({(cell.pin("CLK"), cell.pin("LSR", "0")) for cell in registers}) == 1


def _use(multiplier: Cell, parameter: str, register: Cell) -> None:
    """Switch a register of the multiplier on, with the clock of the one that it replaces."""
    multiplier.parameters.update(
        {
            f"{parameter}_CLK": "CLK0",
            f"{parameter}_CE": "CE0",
            f"{parameter}_RST": "RST0",
            "CLK0_DIV": "ENABLED",
            "RESETMODE": "SYNC",
        }
    )
    multiplier.connect("CLK0", register.pin("CLK"), "input")
    multiplier.connect("CE0", "1", "input")
    multiplier.connect("RST0", "0", "input")


def _cleared(module: Module, register: Cell) -> Bit:
    """What the register takes, its reset counted in: a zero where that is high.

    It costs nothing where the bit comes from a wide multiplexer whose LUT4 have an input left.
    """
    data, reset = register.pin("DI"), register.pin("LSR", "0")
    if reset == "0":
        return data
    luts = _luts_before(module, data)
    if luts is not None and all(_free_pin(lut) for lut in luts):
        for lut in luts:
            _clear(lut, reset)
        return data
    name = f"{register.name}_cleared"
    lut = module.add(name, "LUT4", {"INIT": "1010101010101010"})  # Z = A
    lut.connect("A", data, "input")
    for pin in "BCD":
        lut.connect(pin, "0", "input")
    new = module.new_bit(f"{name}_z")
    lut.connect("Z", new, "output")
    _clear(lut, reset)
    return new


def _luts_before(module: Module, bit: Bit) -> list[Cell] | None:
    """The LUT4 whose outputs are the bit, over multiplexers alone; None if there is more to it."""
    cell = module.driver(bit)
    if cell is None or len(module.readers(bit)) != 1:
        return None
    if cell.type == "LUT4":
        return [cell]
    if cell.type not in _LEAVES:
        return None
    below = [_luts_before(module, cell.pin(port)) for port in _LEAVES[cell.type]]
    return None if None in below else [lut for luts in below for lut in luts or ()]


def _free_pin(lut: Cell) -> str | None:
    return next((pin for pin in "ABCD" if lut.pin(pin) in ("0", "1")), None)


def _clear(lut: Cell, reset: Bit) -> None:
    """Let a LUT4 give zero where the reset is high; an input of it holds a constant."""
    pin = _free_pin(lut)
    assert pin is not None
    bit = 1 << "ABCD".index(pin)
    held = bit if lut.pin(pin) == "1" else 0
    init = int(lut.parameters["INIT"], 2)
    cleared = (init >> ((i & ~bit) | held) & 1 if not i & bit else 0 for i in range(16))
    lut.parameters["INIT"] = "".join(str(value) for value in cleared)[::-1]
    lut.connect(pin, reset, "input")
