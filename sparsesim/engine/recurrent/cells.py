"""One step of each recurrent operator, by the equations that ONNX gives.

Everything lies as (rows, batch): the gates behind each other, as in W and R. A step gets x·W and
the biases of all gates, and leaves in their place the gates behind their functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sparsesim.engine.recurrent.columns import PEEPHOLE_F, PEEPHOLE_I, PEEPHOLE_O
from sparsesim.engine.recurrent.functions import InPlace


@dataclass(frozen=True)
class Cell:
    """One direction of a node.

    Attributes:
        multiply: rows of R by a state (hidden, batch); all rows where none are named.
        functions: f, g and h, as far as the operator has them.
        clip: bounds what enters a gate's function; None: nothing does.
        peepholes: (3, hidden, 1); None where there are none.
        input_forget: the forget gate is one less the input gate.
        candidate_bias: (hidden, 1), of a GRU whose reset gate stands behind the product
            (`linear_before_reset`); None: in front of it.
    """

    multiply: Callable[..., np.ndarray]
    functions: tuple[InPlace, ...]
    clip: float | None = None
    peepholes: np.ndarray | None = None
    input_forget: bool = False
    candidate_bias: np.ndarray | None = None

    def apply(self, function: InPlace, gates: np.ndarray) -> None:
        """Clip and put through a function, in place."""
        if self.clip is not None:
            np.clip(gates, -self.clip, self.clip, out=gates)
        function(gates)


def lstm(
    cell: Cell, gates: np.ndarray, state: np.ndarray, memory: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """State and memory behind a step; gates are i, o, f, c."""
    n = len(state)
    f, g, h = cell.functions
    gates += cell.multiply(state)
    i, o, forget, c = (gates[at : at + n] for at in range(0, 4 * n, n))
    if cell.peepholes is None:
        cell.apply(f, gates[: 3 * n])
    else:
        i += cell.peepholes[PEEPHOLE_I] * memory
        forget += cell.peepholes[PEEPHOLE_F] * memory
        cell.apply(f, i)
        cell.apply(f, forget)
    cell.apply(g, c)
    if cell.input_forget:
        np.subtract(1, i, out=forget)
    memory = forget * memory
    memory += i * c
    if cell.peepholes is not None:
        o += cell.peepholes[PEEPHOLE_O] * memory
        cell.apply(f, o)
    state = memory.copy()
    h(state)
    state *= o
    return state, memory


def gru(
    cell: Cell, gates: np.ndarray, state: np.ndarray, memory: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """State behind a step, and the memory as it came; gates are z, r, h."""
    n = len(state)
    f, g = cell.functions
    z, r, candidate = (gates[at : at + n] for at in range(0, 3 * n, n))
    if cell.candidate_bias is not None:
        sums = cell.multiply(state)
        gates[: 2 * n] += sums[: 2 * n]
        cell.apply(f, gates[: 2 * n])
        candidate += r * (sums[2 * n :] + cell.candidate_bias)
    else:
        gates[: 2 * n] += cell.multiply(state, 0, 2)
        cell.apply(f, gates[: 2 * n])
        candidate += cell.multiply(r * state, 2, 3)
    cell.apply(g, candidate)
    return (1 - z) * candidate + z * state, memory


def rnn(
    cell: Cell, gates: np.ndarray, state: np.ndarray, memory: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """State behind a step, and the memory as it came; there is one gate."""
    gates += cell.multiply(state)
    (f,) = cell.functions
    cell.apply(f, gates)
    return gates.copy(), memory


STEPS = {"LSTM": lstm, "DynamicQuantizeLSTM": lstm, "GRU": gru, "RNN": rnn}
