"""h·R: the states by the weights of the gates, one step behind the other, and the gates.

What is element-wise is done as the engine does it elsewhere; the model of the array knows it as
post-processing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsesim.engine.layer import Tensors
from sparsesim.engine.recurrent.cells import STEPS, Cell
from sparsesim.engine.recurrent.functions import functions_of
from sparsesim.engine.recurrent.order import Order
from sparsesim.engine.recurrent.quantise import dynamic
from sparsesim.engine.recurrent.runner import RecurrentRunner
from sparsesim.engine.recurrent.sequences import Sequences, sequences
from sparsesim.engine.recurrent.weights import Weight, rows_first
from sparsesim.errors import ModelError
from sparsesim.graph import Layer
from sparsesim.graph.recurrent import parts_of
from sparsesim.lowering import Geometry, product


class HiddenRunner(RecurrentRunner):
    """Runs the layer `NODE/hidden`."""

    def __init__(self, layer: Layer, constants: Tensors, kind: np.dtype) -> None:
        super().__init__(layer, constants, kind)
        self._sequences = sequences(layer, self._weight) if self._weight else None

    def make(self, tensors: Tensors) -> dict[str, np.ndarray]:
        """The states that entered each step, the gates, and the outputs of the node.

        States are (directions * parts * steps, batch, hidden), zeros behind the end of a sequence;
        gates the same with the filters of a part.
        """
        layer = self.layer
        weight = self.weight(tensors)
        run = _Run(layer, weight, tensors)
        by_sequence = self._sequences if self._weight else sequences(layer, weight)
        for direction in range(len(weight.matrix)):
            if by_sequence and run.sums.dtype == np.float32:
                run.by_sequence(by_sequence, direction)
            else:
                run.by_step(direction)
        kind = tensors[layer.weight].dtype
        return run.made(kind if kind.kind == "f" else np.dtype(np.float32))

    def geometry(self, activation: tuple[int, ...], weight: tuple[int, ...]) -> Geometry:
        """The lowering for states as `make` gives them and a weight as stored."""
        directions, rows, hidden = rows_first(self.layer, np.empty(weight, bool)).shape
        parts = parts_of(self.layer)
        groups, steps = directions * parts, activation[0] // (directions * parts)
        if not steps:
            return product(groups, rows // parts, 0, hidden)
        return product(groups * steps, rows // parts, activation[1], hidden, steps, parts)


class _Run:
    """One run of a node: its operands, and what is kept of every step."""

    def __init__(self, layer: Layer, weight: Weight, tensors: Tensors) -> None:
        given = [tensors[name] if name else None for name in layer.inputs]
        sums, bias, lengths, first_state, first_memory, peepholes = given
        assert sums is not None
        self.layer, self.weight = layer, weight
        directions, rows, hidden = weight.matrix.shape
        steps, batch, _ = sums.shape
        kind = sums.dtype
        self.sums = sums.reshape(steps, batch, directions, rows)
        state = (directions, batch, hidden)
        self.bias = self._operand("B", bias, (directions, 2 * rows), kind)
        self.first_state = self._operand("initial_h", first_state, state, kind)
        self.first_memory = self._operand("initial_c", first_memory, state, kind)
        self.peepholes = None
        if peepholes is not None:
            self.peepholes = self._operand("P", peepholes, (directions, 3 * hidden), kind)
        self.lengths = self._lengths(lengths, steps, batch)
        self.functions = functions_of(layer, directions)
        parts = parts_of(layer)
        self.states = np.zeros(
            (directions, parts, steps, batch, hidden),
            np.uint8 if weight.scale is not None else kind,
        )
        self.scales = np.ones((directions, parts, steps), np.float32)
        self.zeros = np.zeros((directions, parts, steps), np.uint8)
        self.gates = np.zeros((directions, parts, steps, batch, rows // parts), kind)
        self.outputs = np.zeros((steps, directions, batch, hidden), kind)
        self.last_state = np.zeros(state, kind)
        self.last_memory = np.zeros(state, kind)

    def by_sequence(self, kernel: Sequences, direction: int) -> None:
        """Go through the sequences of one direction, each with all of its steps."""
        steps, batch, _, rows = self.sums.shape
        bias, behind = self._biases(direction)
        more = behind
        if self.layer.op == "LSTM":
            more = np.empty((0, 0), np.float32)
            if self.peepholes is not None:
                more = self.peepholes[direction].reshape(3, -1)
        parts, hidden = self.states.shape[1], self.states.shape[4]
        onward = slice(None, None, -1 if self._is_reverse(direction) else 1)
        for one in range(batch):
            length = steps if self.lengths is None else int(self.lengths[one])
            gates = np.ascontiguousarray(self.sums[:length, one, direction][onward] + bias)
            states = np.empty((parts, length, hidden), np.float32)
            outputs = np.empty((length, hidden), np.float32)
            state = self.first_state[direction, one].copy()
            memory = self.first_memory[direction, one].copy()
            kernel.run(direction, gates, states, outputs, state, memory, more)
            self.states[direction, :, :length, one] = states
            by_part = gates.reshape(length, parts, rows // parts)
            self.gates[direction, :, :length, one] = np.swapaxes(by_part, 0, 1)
            self.outputs[:length, direction, one] = outputs[onward]
            if length or self.lengths is None:  # as ONNX Runtime has it, who has none of no steps
                self.last_state[direction, one], self.last_memory[direction, one] = state, memory

    def by_step(self, direction: int) -> None:
        """Go through the steps of one direction, each with all sequences."""
        layer = self.layer
        steps, _, _, rows = self.sums.shape
        order = Order(self._is_reverse(direction), self.lengths, steps)
        parted = _Parted(self, direction, order)
        bias, behind = self._biases(direction)
        cell = Cell(
            multiply=parted.multiply,
            functions=self.functions[direction],
            clip=layer.attribute("clip", None),
            peepholes=None
            if self.peepholes is None
            else self.peepholes[direction].reshape(3, -1, 1),
            input_forget=bool(layer.attribute("input_forget", 0)),
            candidate_bias=behind[:, None] if behind.size else None,
        )
        step_of = STEPS[layer.op]
        sums = np.ascontiguousarray(np.swapaxes(self.sums[:, :, direction], 1, 2))
        gates = order.by_step(sums) + bias[:, None]
        state = np.ascontiguousarray(self.first_state[direction].T)
        memory = np.ascontiguousarray(self.first_memory[direction].T)
        outputs = np.empty_like(self.outputs[:, direction])
        parts = self.gates.shape[1]
        for step in range(steps):
            active = order.active(step)
            parted.step = step
            new_state, new_memory = step_of(cell, gates[step], state, memory)
            kept = gates[step]
            if active is not None:
                kept = np.where(active, kept, 0)
                new_state = np.where(active, new_state, state)
                new_memory = np.where(active, new_memory, memory)
            state, memory = new_state, new_memory
            by_part = kept.reshape(parts, rows // parts, kept.shape[1])
            self.gates[direction, :, step] = np.swapaxes(by_part, 1, 2)
            outputs[step] = state.T
        if self.lengths is not None:  # as ONNX Runtime has it; ONNX says nothing of no steps
            state, memory = (np.where(self.lengths > 0, last, 0) for last in (state, memory))
        self.outputs[:, direction] = order.by_time(outputs)
        self.last_state[direction], self.last_memory[direction] = state.T, memory.T

    def made(self, kind: np.dtype) -> dict[str, np.ndarray]:
        """All tensors of the layer by name; outputs of the node in its type."""
        layer = self.layer
        groups = self.zeros.size
        found = {
            layer.activation: self.states.reshape(groups, *self.states.shape[3:]),
            layer.output: self.gates.reshape(groups, *self.gates.shape[3:]),
        }
        if layer.activation_zero:
            found[layer.activation_scale] = self.scales.reshape(groups, 1, 1)
            found[layer.activation_zero] = self.zeros.reshape(groups, 1, 1)
        results = self.outputs, self.last_state, self.last_memory
        for name, tensor in zip(layer.results, results, strict=True):
            if name:
                found[name] = tensor.astype(kind, copy=False)
        return found

    def _biases(self, direction: int) -> tuple[np.ndarray, np.ndarray]:
        """What is added to x·W; and to the product of a GRU's candidate, where the reset gate
        stands behind that."""
        rows = self.sums.shape[3]
        bias = self.bias[direction, :rows] + self.bias[direction, rows:]
        if self.layer.op != "GRU" or not self.layer.attribute("linear_before_reset", 0):
            return bias, bias[:0]
        third = rows // 3 * 2
        bias[third:] = self.bias[direction, third:rows]
        return bias, self.bias[direction, rows + third :]

    def _is_reverse(self, direction: int) -> bool:
        named = self.layer.attribute("direction", b"forward")
        return named == b"reverse" or direction == 1

    def _operand(self, role: str, given: np.ndarray | None, shape: tuple[int, ...], kind):
        if given is None:
            return np.zeros(shape, kind)
        if given.shape != shape:
            raise ModelError(
                f"{self.layer.name}: its {role} is {list(given.shape)}; use {list(shape)}"
            )
        return given.astype(kind, copy=False)

    def _lengths(self, given: np.ndarray | None, steps: int, batch: int) -> np.ndarray | None:
        if given is None:
            return None
        lengths = given.astype(np.int64)
        if lengths.shape != (batch,) or np.any(lengths < 0) or np.any(lengths > steps):
            raise ModelError(
                f"{self.layer.name}: its sequence_lens are {given.tolist()}; use {batch} of 0 to "
                f"{steps}"
            )
        return None if np.all(lengths == steps) else lengths


@dataclass
class _Parted:
    """R of one direction by the states; keeps what enters.

    Attributes:
        run: keeps it; direction: which.
        order: tells which sequences have ended.
        step: the one that is on.
    """

    run: _Run
    direction: int
    order: Order
    step: int = 0

    def multiply(self, state: np.ndarray, first: int = 0, last: int | None = None) -> np.ndarray:
        """Rows of R by a state (hidden, batch).

        Args:
            state: what enters.
            first, last: parts of a step, where it has several; all of R where there is one.
        """
        run, at, direction = self.run, self.step, self.direction
        active = self.order.active(at)
        if active is not None:
            state = np.where(active, state, 0)
        parts = run.states.shape[1]
        last = parts if last is None else last
        matrix = run.weight.matrix[direction]
        share = len(matrix) // parts
        matrix = matrix[first * share : last * share]
        if run.weight.scale is None:
            run.states[direction, first:last, at] = state.T
            return np.matmul(matrix, state)
        quantised, scale, zero = dynamic(state)
        run.states[direction, first:last, at] = quantised.T
        run.scales[direction, first:last, at] = scale
        run.zeros[direction, first:last, at] = zero
        whole = np.matmul(matrix, quantised.astype(matrix.dtype) - matrix.dtype.type(zero))
        return whole.astype(np.float32) * (scale * run.weight.scale[direction])[:, None]
