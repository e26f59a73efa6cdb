"""Small netlists by hand, in the form of Yosys's JSON."""

from __future__ import annotations

from typing import Any

from sparsesim.synth.netlist import Netlist

OUTPUTS = {"O", "Q", "Z", "P", *(f"P{index}" for index in range(36))}
OUTPUTS |= {f"DO{port}{index}" for port in "AB" for index in range(18)}


def cell(kind: str, parameters: dict[str, str] | None = None, **pins: Any) -> dict[str, Any]:
    """An instance; a pin is one bit, or a list of bits."""
    bits = {pin: bit if isinstance(bit, list) else [bit] for pin, bit in pins.items()}
    return {
        "hide_name": 0,
        "type": kind,
        "parameters": dict(parameters or {}),
        "attributes": {},
        "port_directions": {pin: "output" if pin in OUTPUTS else "input" for pin in pins},
        "connections": bits,
    }


def module(
    cells: dict[str, dict[str, Any]],
    inputs: dict[str, list[int]] | None = None,
    outputs: dict[str, list[int]] | None = None,
    **attributes: str,
) -> dict[str, Any]:
    """A module; the nets are named after their numbers."""
    ports = {name: {"direction": "input", "bits": bits} for name, bits in (inputs or {}).items()}
    ports |= {name: {"direction": "output", "bits": b} for name, b in (outputs or {}).items()}
    found = {bit for port in ports.values() for bit in port["bits"]}
    for one in cells.values():
        found |= {bit for bits in one["connections"].values() for bit in bits}
    nets = {f"n{bit}": {"hide_name": 0, "bits": [bit], "attributes": {}} for bit in found}
    return {"attributes": attributes, "ports": ports, "cells": cells, "netnames": nets}


def netlist(**modules: dict[str, Any]) -> Netlist:
    """A design whose module with the attribute `top` is the top."""
    from sparsesim.synth.netlist import Module

    top = next(name for name, raw in modules.items() if "top" in raw["attributes"])
    raw = {"modules": modules}
    return Netlist(top, {name: Module(part) for name, part in modules.items()}, raw)
