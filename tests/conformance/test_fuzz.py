"""Mutated models: each loads and runs, or gives one line; never a crash, a hang or a traceback.

Seeds 0, 1, 2, ... change bytes (even) or fields (odd) of a model of each kind (`seeds.py`);
SPARSESIM_EXAMPLES multiplies their number. A seed by itself: `python fuzz_worker.py KIND SEED 1`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import seeds
from mutations import mutate

EACH = 56 * int(os.environ.get("SPARSESIM_EXAMPLES", "1"))
HERE = Path(__file__).parent
SECONDS_A_MODEL = 5  # one takes some 20 ms; this is against hangs, on a busy machine


@pytest.mark.parametrize("kind", seeds.names())
def test_mutated_models(kind, record_property):
    record_property("random cases", EACH)
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(HERE / "fuzz_worker.py"), kind, "0", str(EACH)],
        capture_output=True,
        text=True,
        timeout=60 + SECONDS_A_MODEL * EACH,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path},
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{kind}, after {lines[-1:]}: {done.stderr[-2000:]}"
    assert lines[:2] == ["unchanged", "ran"]
    outcomes = lines[3::2]
    assert len(outcomes) == EACH
    # the mutations must neither be harmless nor all be refused at the door
    assert 0.02 < outcomes.count("ran") / EACH < 0.8


def test_a_seed_always_gives_the_same_mutation():
    octets = seeds.seed("lenet")
    assert mutate(octets, 5) == mutate(octets, 5) != octets
