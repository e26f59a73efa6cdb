"""Run as a script: a digest of what the kernels of recurrent nodes give."""

from __future__ import annotations

import hashlib

import numpy as np

from sparsesim.engine.recurrent import kernels
from sparsesim.engine.recurrent.sequences import in_blocks

F = np.float32
RANDOM = np.random.default_rng(5)
NONE, FOREVER = np.empty((0, 0), F), F(np.inf)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(F)


def main() -> None:
    steps, n = 6, 37
    digest = hashlib.sha256()

    def add(*arrays: np.ndarray) -> None:
        for array in arrays:
            digest.update(array.tobytes())

    for more in (NONE, normal(3, n)):
        gates, states, outputs = normal(steps, 4 * n), np.empty((1, steps, n), F), normal(steps, n)
        state, memory, numbers = normal(n), normal(n), np.array([0, 1, 1, 0])
        kernels.lstm(
            in_blocks(normal(4 * n, n)),
            gates,
            states,
            outputs,
            state,
            memory,
            more,
            numbers,
            FOREVER,
        )
        add(gates, states, outputs, state, memory)
    for parts, bias in ((3, normal(0)), (1, normal(n))):
        gates, states, outputs = normal(steps, 3 * n), normal(parts, steps, n), normal(steps, n)
        first, state, codes = (2 if parts == 3 else 3) * n, normal(n), np.array([0, 1])
        candidate = in_blocks(normal(3 * n - first, n))
        kernels.gru(
            in_blocks(normal(first, n)),
            candidate,
            gates,
            states,
            outputs,
            state,
            bias,
            codes,
            F(0.9),
        )
        add(gates, states, outputs, state)
    gates, states, outputs = normal(steps, n), normal(1, steps, n), normal(steps, n)
    state = normal(n)
    kernels.rnn(in_blocks(normal(n, n)), gates, states, outputs, state, np.array([1]), FOREVER)
    add(gates, states, outputs, state)
    print(digest.hexdigest())


if __name__ == "__main__":
    main()
