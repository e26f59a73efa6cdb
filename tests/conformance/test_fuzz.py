"""Mutated models: each loads and runs, or gives one line; never a crash, a hang or a traceback.

Seeds 0, 1, 2, ... change bytes (even) or fields (odd) of the bundled LeNet; SPARSESIM_EXAMPLES
multiplies their number. A seed by itself: `python fuzz_worker.py MODEL SEED 1`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutations import mutate

PARTS = 4
EACH = 100 * int(os.environ.get("SPARSESIM_EXAMPLES", "1"))
HERE = Path(__file__).parent
SECONDS_A_MODEL = 5  # one takes some 5 ms; this is against hangs, on a busy machine


@pytest.fixture(scope="module")
def model() -> Path:
    return HERE.parents[1] / "models_onnx" / "lenet.onnx"


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_models(model, part, record_property):
    first = part * EACH
    record_property("random cases", EACH)
    print(f"seeds {first} to {first + EACH - 1}")
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_worker.py"), str(model), str(first), str(EACH)],
        capture_output=True,
        text=True,
        timeout=60 + SECONDS_A_MODEL * EACH,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path},
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"after {lines[-1:]}: {done.stderr[-2000:]}"
    outcomes = lines[1::2]
    assert len(outcomes) == EACH
    # the mutations must neither be harmless nor all be refused at the door
    assert 0.02 < outcomes.count("ran") / EACH < 0.6


def test_a_seed_always_gives_the_same_mutation(model):
    octets = model.read_bytes()
    assert mutate(octets, 5) == mutate(octets, 5) != octets
