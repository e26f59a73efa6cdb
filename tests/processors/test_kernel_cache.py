"""Kernels that were compiled for one processor are never served on another."""

from __future__ import annotations

import platform

import haswell
import pytest

CALL = """
import sys
from pathlib import Path
import numpy as np
from sparsesim.engine.kernels import add_and_clamp
from sparsesim.kernel import cache_dir
y = np.arange(6, dtype="f4").reshape(2, 3)
add_and_clamp(y, np.array([1, -9], "f4"), np.float32(0), np.float32(3))
assert y.tolist() == [[1, 2, 3], [0, 0, 0]]
made = [path.name for path in cache_dir().rglob("*add_and_clamp*.nbc")]
hits = sum(add_and_clamp.stats.cache_hits.values())
print(len(made), hits)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a Haswell's code runs on x86-64 alone")
def test_a_cache_serves_each_kind_its_own(tmp_path, monkeypatch):
    """Files of compiled code in the one folder, and how many kernels came from it."""
    monkeypatch.setenv("SPARSESIM_CACHE", str(tmp_path))
    told = []
    for kernels in (False, True, False, True):
        done = haswell.run(["-c", CALL], kernels=kernels)
        assert done.returncode == 0, done.stderr
        told.append(tuple(map(int, done.stdout.split())))
    assert told == [(1, 0), (2, 0), (2, 1), (2, 1)]
