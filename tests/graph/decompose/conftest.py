"""Each test here draws its own numbers, whichever tests ran before it in its process."""

from zlib import crc32

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _own_numbers(request: pytest.FixtureRequest) -> None:
    request.module.RNG = np.random.default_rng(crc32(request.node.name.encode()))
