"""A netlist as Yosys writes it in JSON: modules, their cells, who drives a bit and who reads it.

Not what cells cost: that is `cells`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Bit = int | str
"""A net's number, or a constant: `"0"`, `"1"`, `"x"`."""

PORT = "port"
"""The type of reader that a port of the module is."""


@dataclass(frozen=True, eq=False)
class Cell:
    """An instance; `raw` is its part of the JSON, which edits write to.

    Attributes:
        name: unique in its module.
        raw: `type`, `parameters`, `connections`, `port_directions`.
    """

    name: str
    raw: dict[str, Any]

    @property
    def type(self) -> str:
        """The module that it is an instance of."""
        kind: str = self.raw["type"]
        return kind

    @property
    def parameters(self) -> dict[str, str]:
        """Its parameters; numbers are text of binary digits."""
        values: dict[str, str] = self.raw["parameters"]
        return values

    def pin(self, port: str, default: Bit = "x") -> Bit:
        """The bit at a port of one bit; the default where it is not connected."""
        bits: list[Bit] = self.raw["connections"].get(port) or [default]
        return bits[0]

    def connect(self, port: str, bit: Bit, direction: str) -> None:
        """Connect a port of one bit; `direction` is `input` or `output`."""
        self.raw["connections"][port] = [bit]
        self.raw["port_directions"][port] = direction


@dataclass(eq=False)
class Module:
    """A module. Its indices are made when first asked for, so edit before or `forget` them.

    Attributes:
        raw: its part of the JSON.
        cells: by name.
    """

    raw: dict[str, Any]
    cells: dict[str, Cell] = field(init=False)
    _drivers: dict[Bit, Cell] | None = None
    _readers: dict[Bit, list[tuple[str, str]]] | None = None

    def __post_init__(self) -> None:
        self.cells = {name: Cell(name, raw) for name, raw in self.raw["cells"].items()}

    def driver(self, bit: Bit) -> Cell | None:
        """The cell that drives a bit; None for constants and input ports."""
        if self._drivers is None:
            self._index()
        assert self._drivers is not None
        return self._drivers.get(bit)

    def readers(self, bit: Bit) -> list[tuple[str, str]]:
        """(type, name) of each cell's pin, and of each output port, that reads a bit."""
        if self._readers is None:
            self._index()
        assert self._readers is not None
        return self._readers.get(bit, [])

    def remove(self, name: str) -> None:
        """Take a cell out."""
        del self.cells[name]
        del self.raw["cells"][name]

    def add(self, name: str, kind: str, parameters: Mapping[str, str]) -> Cell:
        """Put a cell without connections in."""
        raw = {
            "hide_name": 1,
            "type": kind,
            "parameters": dict(parameters),
            "attributes": {},
            "port_directions": {},
            "connections": {},
        }
        self.raw["cells"][name] = raw
        self.cells[name] = Cell(name, raw)
        return self.cells[name]

    def new_bit(self, name: str) -> int:
        """A net that nothing is connected to yet."""
        if self._next is None:
            nets = self.raw["netnames"].values()
            self._next = 1 + max(b for net in nets for b in net["bits"] if isinstance(b, int))
        bit, self._next = self._next, self._next + 1
        self.raw["netnames"][name] = {"hide_name": 1, "bits": [bit], "attributes": {}}
        return bit

    _next: int | None = None

    def forget(self) -> None:
        """Drop the indices, after edits."""
        self._drivers = self._readers = None

    def _index(self) -> None:
        drivers: dict[Bit, Cell] = {}
        readers: dict[Bit, list[tuple[str, str]]] = defaultdict(list)
        for cell in self.cells.values():
            for port, bits in cell.raw["connections"].items():
                if cell.raw["port_directions"][port] == "output":
                    drivers.update(dict.fromkeys(bits, cell))
                else:
                    for bit in bits:
                        readers[bit].append((cell.type, cell.name))
        for name, port in self.raw["ports"].items():
            if port["direction"] != "input":
                for bit in port["bits"]:
                    readers[bit].append((PORT, name))
        self._drivers, self._readers = drivers, dict(readers)


@dataclass(frozen=True, eq=False)
class Netlist:
    """A design.

    Attributes:
        top: name of the top module.
        modules: those with cells of their own, by name; cells of the family are no modules.
        raw: the whole JSON.
    """

    top: str
    modules: dict[str, Module]
    raw: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Netlist:
        """From a file of Yosys's `write_json`."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        modules = {
            name: Module(module)
            for name, module in raw["modules"].items()
            if "blackbox" not in module["attributes"]
        }
        top = next(name for name, m in modules.items() if "top" in m.raw["attributes"])
        return cls(top, modules, raw)

    def write(self, path: Path) -> None:
        """As Yosys would, for nextpnr."""
        path.write_text(json.dumps(self.raw), encoding="utf-8")

    def children(self, name: str) -> Counter[str]:
        """Modules that a module instantiates, and how often."""
        cells = self.modules[name].cells.values()
        return Counter(cell.type for cell in cells if cell.type in self.modules)

    def instances(self) -> Counter[str]:
        """How often each module is there in the whole design."""
        found: Counter[str] = Counter()

        def walk(name: str, times: int) -> None:
            found[name] += times
            for child, number in self.children(name).items():
                walk(child, times * number)

        walk(self.top, 1)
        return found
