"""A slow, plain twin of recurrent nodes, written from ONNX's equations, one sequence at a time.

It works in float64 and keeps what docs/model.md ("Recurrent layers") says of the trace: the state
that enters each product, in the order of the steps, and each gate behind its function.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def functions(name, alpha, beta):
    """An activation function by its lower-case name."""
    return {
        "relu": lambda x: np.maximum(x, 0),
        "tanh": np.tanh,
        "sigmoid": sigmoid,
        "affine": lambda x: alpha * x + beta,
        "leakyrelu": lambda x: np.where(x < 0, alpha * x, x),
        "thresholdedrelu": lambda x: np.where(x > alpha, x, 0),
        "scaledtanh": lambda x: alpha * np.tanh(beta * x),
        "hardsigmoid": lambda x: np.clip(alpha * x + beta, 0, 1),
        "elu": lambda x: np.where(x < 0, alpha * (np.exp(x) - 1), x),
        "softsign": lambda x: x / (1 + np.abs(x)),
        "softplus": lambda x: np.log1p(np.exp(x)),
    }[name]


@dataclass
class NaiveNode:
    """A node with its constants.

    Attributes:
        op: LSTM, GRU or RNN.
        w, r: (directions, rows, inputs) and (directions, rows, hidden).
        functions: for each direction f, g, h as far as the operator has them.
        reverse: for each direction, whether it goes from the end.
        b, h0, c0, p, lengths, clip, input_forget, linear_before_reset: as ONNX says; None: absent.
    """

    op: str
    w: np.ndarray
    r: np.ndarray
    functions: list
    reverse: list[bool]
    b: np.ndarray | None = None
    h0: np.ndarray | None = None
    c0: np.ndarray | None = None
    p: np.ndarray | None = None
    lengths: list[int] | None = None
    clip: float | None = None
    input_forget: bool = False
    linear_before_reset: bool = False
    parts: int = field(init=False)

    def __post_init__(self):
        self.parts = 3 if self.op == "GRU" and not self.linear_before_reset else 1

    def run(self, x):
        """Y, Y_h, Y_c; states (directions, parts, steps, batch, hidden); gates by filters."""
        steps, batch, _ = x.shape
        directions, rows, hidden = self.r.shape
        self.y = np.zeros((steps, directions, batch, hidden))
        self.states = np.zeros((directions, self.parts, steps, batch, hidden))
        self.gates = np.zeros((directions, self.parts, steps, batch, rows // self.parts))
        last_h = np.zeros((directions, batch, hidden))
        last_c = np.zeros((directions, batch, hidden))
        for d in range(directions):
            for n in range(batch):
                length = steps if self.lengths is None else self.lengths[n]
                h = np.zeros(hidden) if self.h0 is None else self.h0[d, n].astype(float)
                c = np.zeros(hidden) if self.c0 is None else self.c0[d, n].astype(float)
                for step in range(length):
                    time = length - 1 - step if self.reverse[d] else step
                    h, c = self._step(d, step, n, x[time, n].astype(float), h, c)
                    self.y[time, d, n] = h
                if length:
                    last_h[d, n], last_c[d, n] = h, c
        return self.y, last_h, last_c

    def _clipped(self, x):
        return x if self.clip is None else np.clip(x, -self.clip, self.clip)

    def _step(self, d, step, n, x, h, c):
        rows, hidden = self.r.shape[1:]
        b = np.zeros(2 * rows) if self.b is None else self.b[d].astype(float)
        gate = [slice(i * hidden, (i + 1) * hidden) for i in range(rows // hidden)]
        xw = [self.w[d, g].astype(float) @ x + b[:rows][g] for g in gate]
        hr = [self.r[d, g].astype(float) @ h for g in gate]
        rb = [b[rows:][g] for g in gate]
        f, *others = self.functions[d]
        entered, made = [h], []
        if self.op == "RNN":
            h = f(self._clipped(xw[0] + hr[0] + rb[0]))
            made = [h]
        if self.op == "GRU":
            (g,) = others
            z = f(self._clipped(xw[0] + hr[0] + rb[0]))
            r = f(self._clipped(xw[1] + hr[1] + rb[1]))
            if self.linear_before_reset:
                new = g(self._clipped(xw[2] + r * (hr[2] + rb[2])))
            else:
                entered = [h, h, r * h]
                new = g(self._clipped(xw[2] + self.r[d, gate[2]].astype(float) @ (r * h) + rb[2]))
            made = [z, r, new]
            h = (1 - z) * new + z * h
        if self.op == "LSTM":
            g, out = others
            p = np.zeros(3 * hidden) if self.p is None else self.p[d].astype(float)
            p_i, p_o, p_f = (p[s] for s in gate[:3])
            i = f(self._clipped(xw[0] + hr[0] + rb[0] + p_i * c))
            forget = f(self._clipped(xw[2] + hr[2] + rb[2] + p_f * c))
            if self.input_forget:
                forget = 1 - i
            new = g(self._clipped(xw[3] + hr[3] + rb[3]))
            c = forget * c + i * new
            o = f(self._clipped(xw[1] + hr[1] + rb[1] + p_o * c))
            h = o * out(c)
            made = [i, o, forget, new]
        for part, state in enumerate(entered):
            self.states[d, part, step, n] = state
        whole = np.concatenate(made).reshape(self.parts, -1)
        self.gates[d, :, step, n] = whole
        return h, c
