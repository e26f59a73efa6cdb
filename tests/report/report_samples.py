"""Stored results for the report tests, and golden files.

lenet.json: the bundled LeNet on the first 50 bundled images, all defaults.
lenet-ecp5.json: the first 10 images on an LFE5U-85F at 100 MHz, 32x8 PEs of 4 lanes, window 32, and
buffers of 2, 8 and 2 KiB: every layer waits for DRAM.
"""

from __future__ import annotations

import os
from pathlib import Path

from sparsesim.result import Result, load_result

HERE = Path(__file__).resolve().parent
GOLDEN = HERE / "golden"
REGENERATE = "SPARSESIM_GOLDEN"
"""`SPARSESIM_GOLDEN=1 python -m pytest tests/report` writes the golden files anew."""


def sample(name: str = "lenet") -> Result:
    """A stored result."""
    return load_result(HERE / f"{name}.json")


def random_inputs(result: Result) -> Result:
    """The same as if its inputs had been random."""
    warning = "inputs are random (RANDOM uniform values, seed 0): activation sparsity says nothing"
    inputs = result.inputs.model_copy(update={"random": True})
    return result.model_copy(update={"inputs": inputs, "warnings": (warning, "another [word]")})


def without_layers(result: Result) -> Result:
    """As of a model without a MAC layer: nothing anywhere."""
    cycles = {
        scheme: found.model_copy(update=dict.fromkeys(("compute", "memory", "total", "stall"), 0))
        for scheme, found in result.totals.cycles.items()
    }
    schemes = {
        scheme: record.model_copy(
            update={
                "classes": dict.fromkeys(record.classes, 0),
                "energy_pj": {},
                "dram_bits": record.dram_bits.model_copy(
                    update=dict.fromkeys(("activation", "weight", "output"), 0)
                ),
            }
        )
        for scheme, record in result.totals.schemes.items()
    }
    totals = result.totals.model_copy(
        update={"macs": 0, "effectual_macs": 0, "cycles": cycles, "schemes": schemes}
    )
    nothing = {"layers": (), "blocks": (), "totals": totals}
    return result.model_copy(
        update=nothing | {"speedup_interval": dict.fromkeys(result.speedup_interval)}
    )


def assert_golden(name: str, text: str) -> None:
    """Compare with a golden file, or write it where the environment says so."""
    path = GOLDEN / name
    if os.environ.get(REGENERATE):
        path.write_text(text, encoding="utf-8")
    assert path.is_file(), (
        f"no {path.name}; make it by {REGENERATE}=1 python -m pytest tests/report"
    )
    assert text == path.read_text("utf-8")
