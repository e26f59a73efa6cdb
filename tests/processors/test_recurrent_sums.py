"""Float recurrent steps give the same bits on every processor: no vector width orders the sums."""

from __future__ import annotations

import platform

import haswell
import pytest


@pytest.mark.skipif(platform.machine() != "x86_64", reason="compiles for another x86-64")
def test_kernels_for_a_haswell_give_the_same_bits():
    told = [
        haswell.run(["tests/processors/recurrent_sums.py"], kernels) for kernels in (False, True)
    ]
    assert [done.returncode for done in told] == [0, 0], told[1].stderr[-2000:]
    assert len(told[0].stdout) == 65
    assert told[0].stdout == told[1].stdout
