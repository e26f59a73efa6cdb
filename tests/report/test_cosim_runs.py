"""The table of a co-simulation counts images, and says what its inputs' warnings are."""

from dataclasses import replace

import pytest
from rich.console import Console

from sparsesim.cosim.check import LayerCheck
from sparsesim.cosim.run import Cosimulation
from sparsesim.report.cosim import cosim_table
from sparsesim.spec import Accelerator

CHECK = LayerCheck(
    name="conv",
    run=0,
    passes=1,
    passes_run=1,
    cycles_model=290,
    cycles_verilog=290,
    cycles_of_all=290,
    results=384,
    clocked=314,
    reason="",
    agrees=True,
)
MACHINE = Accelerator(rows=4, cols=4)


def shown(found):
    console = Console(width=120)
    with console.capture() as printed:
        console.print(cosim_table(MACHINE, found))
    return " ".join(printed.get().split())


def test_runs_of_a_fixed_batch():
    checks = (CHECK, replace(CHECK, run=1))
    left = "2 of 10 images left out [of x.npz]: the model's batch is fixed at 4"
    found = Cosimulation(checks, None, (True, False), 2.0, 1, 4, (left,))
    text = shown(found)
    assert "2 runs of 4 images 580 580 768 yes" in text
    assert "outputs equal in 1 of 2 runs of 4 images" in text
    assert f"! {left}" in text


def test_images():
    text = shown(Cosimulation((CHECK,), None, (True,), 2.0, 1))
    assert "1 image 290 290 384 yes" in text
    assert "outputs equal in 1 of 1 image" in text


@pytest.mark.parametrize(
    ("workers", "seconds", "said"),
    [
        # 314 cycles of 16 PEs: 5,024.
        (0, 2.0, "0.0025 M multiplier-cycles/s; 2.0 s, build included, this process"),
        (1, 0.01, "0.5 M multiplier-cycles/s; 0.0 s, build included, 1 process"),
        (2, 2.0, "0.0025 M multiplier-cycles/s; 2.0 s, build included, 2 processes"),
    ],
)
def test_how_fast_and_on_what(workers, seconds, said):
    assert said in shown(Cosimulation((CHECK,), None, (), seconds, workers))
