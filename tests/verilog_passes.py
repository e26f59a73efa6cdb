"""Random passes through a machine's Verilog, held against the model in all that both say."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sparsesim.cosim.alone import model_of, timeline_of
from sparsesim.cosim.locate import cycle_limit
from sparsesim.cosim.operands import PassOperands
from sparsesim.rtl.simulator import Epilogue, Simulator
from sparsesim.rtl.sources import hdl_folder


def epilogue_of(random: np.random.Generator, filters: int) -> Epilogue | None:
    """Post-processing, or none."""
    if random.random() < 0.5:
        return None
    return Epilogue(
        bias=random.integers(-1000, 1000, filters),
        multiplier=random.integers(0, 1 << 32, filters, dtype=np.uint32),
        shift=random.integers(20, 50, filters).astype(np.uint8),
        relu=bool(random.random() < 0.5),
        threshold=int(random.integers(0, 5)),
        zero_point=int(random.integers(-5, 5)),
        low=-128,
        high=127,
    )


def whole_pass(
    activations: np.ndarray,
    weights: np.ndarray,
    drains: bool = True,
    epilogue: Epilogue | None = None,
) -> PassOperands:
    """All of a layer in one pass."""
    given = (np.ascontiguousarray(values, np.int16) for values in (activations, weights))
    return PassOperands("conv", 0, 0, 0, 0, 0, 0, *given, drains, epilogue)


def agree(simulator: Simulator, operands: PassOperands, whole: PassOperands | None = None) -> None:
    """Every sum, value, cycle, class and end of work is the model's, on a machine without a flag
    of overflow; `whole`: with the passes before it, whose sums have stayed."""
    machine = simulator.accelerator
    model, timeline = model_of(operands, machine), timeline_of(operands, machine)
    assert timeline.cycles == model.cycles
    found = simulator.run(
        operands.activations,
        operands.weights,
        cycle_limit(timeline),
        operands.drains,
        operands.epilogue,
        timeline.ends.shape,
    )
    assert (found.cycles, found.classes) == (model.cycles, model.classes)
    np.testing.assert_array_equal(found.ends, timeline.ends)
    if operands.drains:
        sums = model if whole is None else model_of(whole, machine)
        np.testing.assert_array_equal(found.sums, sums.sums)
        assert not found.overflow.any()
        if model.values is not None:
            np.testing.assert_array_equal(found.values, model.values)


def broken_copy(folder: Path, bugs: Mapping[str, tuple[str, str]]) -> Path:
    """A copy of the Verilog with bugs.

    Args:
        folder: a new one.
        bugs: file -> what stands there once, what stands there instead.
    """
    shutil.copytree(hdl_folder(), folder)
    for name, (right, wrong) in bugs.items():
        text = (folder / name).read_text()
        assert text.count(right) == 1, f"{name} has no longer one '{right}'"
        (folder / name).write_text(text.replace(right, wrong))
    return folder
