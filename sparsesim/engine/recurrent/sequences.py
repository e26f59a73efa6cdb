"""Float32 nodes with the usual functions: each sequence's steps in one call of a kernel.

What others need goes step by step: `cells.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsesim.engine.recurrent import kernels
from sparsesim.engine.recurrent.functions import codes_of
from sparsesim.engine.recurrent.weights import Weight
from sparsesim.graph import Layer
from sparsesim.graph.recurrent import parts_of

_WIDTH = 64  # rows whose sums stay in registers or the first-level cache


@dataclass(frozen=True)
class Sequences:
    """What the kernels take of a node.

    Attributes:
        op: LSTM, GRU or RNN.
        matrices: of each direction, R in blocks; of a GRU's candidate apart where its reset gate
            stands in front of the product.
        codes: int64, (directions, functions).
        input_forget: the forget gate is one less the input gate.
        clip: infinity: nothing is clipped.
    """

    op: str
    matrices: tuple[tuple[np.ndarray, np.ndarray], ...]
    codes: np.ndarray
    input_forget: bool
    clip: np.float32

    def run(
        self,
        direction: int,
        gates: np.ndarray,
        states: np.ndarray,
        outputs: np.ndarray,
        state: np.ndarray,
        memory: np.ndarray,
        more: np.ndarray,
    ) -> None:
        """All steps of one sequence of one direction.

        Args:
            direction: which.
            gates: (steps, rows), x·W and biases, in the order of steps; changed in place, as are
            states: (parts, steps, hidden), those that entered each step.
            outputs: (steps, hidden).
            state, memory: (hidden,), before the first step; then behind the last.
            more: an LSTM's peepholes, (3, hidden) or (0, 0); a GRU's second bias of the candidate.
        """
        matrix, candidate = self.matrices[direction]
        codes = self.codes[direction]
        if self.op == "LSTM":
            numbers = np.append(codes, self.input_forget)
            kernels.lstm(matrix, gates, states, outputs, state, memory, more, numbers, self.clip)
        elif self.op == "GRU":
            kernels.gru(matrix, candidate, gates, states, outputs, state, more, codes, self.clip)
        else:
            kernels.rnn(matrix, gates, states, outputs, state, codes, self.clip)


def in_blocks(rows: np.ndarray) -> np.ndarray:
    """Rows of R as `kernels.multiply` takes them: so a step reads memory from end to end."""
    count, reduction = rows.shape
    blocks = -(-count // _WIDTH)
    padded = np.zeros((blocks * _WIDTH, reduction), np.float32)
    padded[:count] = rows
    return np.ascontiguousarray(padded.reshape(blocks, _WIDTH, reduction).swapaxes(1, 2))


def sequences(layer: Layer, weight: Weight) -> Sequences | None:
    """A node as the kernels take it; None where they don't.

    Args:
        layer: its hidden one.
        weight: R.
    """
    if weight.scale is not None or weight.matrix.dtype != np.float32:
        return None
    codes = codes_of(layer, len(weight.matrix))
    if codes is None:
        return None
    parts = parts_of(layer)
    first = weight.matrix.shape[1] // 3 * 2 if parts > 1 else weight.matrix.shape[1]
    matrices = tuple((in_blocks(rows[:first]), in_blocks(rows[first:])) for rows in weight.matrix)
    forget = bool(layer.attribute("input_forget", 0))
    clip = np.float32(layer.attribute("clip", np.inf))
    return Sequences(layer.op, matrices, codes, forget, clip)
