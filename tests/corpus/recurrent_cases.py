"""Recurrent operators, a step at a time: x.W of all steps is one product, h.R one a step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from corpus import Case, Network, Product, case
from sums import dynamic, holes, integers, random, rows, sigmoid

Step = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def lstm_step(x, h, c, _r):
    """x, h: what both products give, gates in the order input, output, forget, cell."""
    i, o, f, g = np.split(x + h, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def rnn_step(x, h, _c, _r):
    return np.tanh(x + h), _c


def run_direction(x, w, r, b, step, backward: bool, h0, hidden: int, gru_reset: int | None = None):
    """Outputs (steps, batch, hidden), and the h that entered each step, in the order of steps."""
    gates = w.shape[0]
    bw, br = b[:gates], b[gates:]
    h, c = h0.copy(), np.zeros_like(h0)
    outputs, entered = np.zeros((len(x), *h0.shape)), []
    for t in range(len(x))[:: -1 if backward else 1]:
        entered.append(h)
        wx, rh = x[t] @ w.T, h @ r.T
        if gru_reset is None:
            h, c = step(wx + bw, rh + br, c, None)
        else:
            zx, rx, nx = np.split(wx + bw, 3, axis=-1)
            zh, rr, nh = np.split(rh, 3, axis=-1)
            bz, bs, bn = np.split(br, 3)
            update, reset = sigmoid(zx + zh + bz), sigmoid(rx + rr + bs)
            if gru_reset:
                new = np.tanh(nx + reset * (nh + bn))
            else:  # the third product reads what reset lets through
                raise AssertionError("has operands of its own")
            h = (1 - update) * new + update * h
        outputs[t] = h
    return outputs, np.array(entered)


def recurrent(
    name: str,
    op: str,
    gates: int,
    step,
    directions: str = "forward",
    batch: int = 1,
    initial: bool = False,
    share: float = 0.3,
    **attributes,
) -> Case:
    steps, inputs, hidden = 5, 6, 4
    n = Network(name)
    x = n.feed("x", holes(1, random(1, steps, batch, inputs), share))
    d = 2 if directions == "bidirectional" else 1
    w = holes(2, random(2, d, gates * hidden, inputs), 0.3)
    r = holes(3, random(3, d, gates * hidden, hidden), 0.3)
    b = random(4, d, 2 * gates * hidden)
    n.const(w=w, r=r, b=b)
    h0 = random(5, d, batch, hidden) if initial else np.zeros((d, batch, hidden), np.float32)
    reads = "x w r b"
    if initial:
        n.const(h0=h0)
        reads += " - h0"
    reset = attributes.get("linear_before_reset") if op == "GRU" else None
    if directions != "forward":
        attributes["direction"] = directions
    n.node(op, reads, "y", "rec", hidden_size=hidden, **attributes)
    backward = [directions == "reverse", True][:d] if d == 1 else [False, True]
    found = [
        run_direction(x, w[i], r[i], b[i], step, backward[i], h0[i], hidden, reset)
        for i in range(d)
    ]
    y = np.stack([out for out, _ in found], axis=1).astype(np.float32)
    entered = np.stack([h for _, h in found]).astype(np.float32)  # d, steps, batch, hidden
    wide = np.repeat(r, steps, axis=0)
    products = [
        # Both directions read the same x: their filters are those of one product.
        Product("rec/input", rows(x), w.reshape(1, -1, inputs), x, w),
        Product("rec/hidden", entered.reshape(d * steps, batch, hidden), wide, entered, r),
    ]
    weights = (w.size + r.size, int((w == 0).sum() + (r == 0).sum()))
    return n.case({"y": y}, products, weights=weights, images_per_run=batch)


@case
def lstm() -> Case:
    return recurrent("lstm", "LSTM", 4, lstm_step)


@case
def lstm_backward() -> Case:
    return recurrent("lstm_backward", "LSTM", 4, lstm_step, "reverse")


@case
def lstm_both_ways() -> Case:
    return recurrent("lstm_both_ways", "LSTM", 4, lstm_step, "bidirectional")


@case
def lstm_of_three_images() -> Case:
    return recurrent("lstm_of_three_images", "LSTM", 4, lstm_step, batch=3)


@case
def lstm_from_a_state() -> Case:
    return recurrent("lstm_from_a_state", "LSTM", 4, lstm_step, initial=True)


@case
def rnn() -> Case:
    return recurrent("rnn", "RNN", 1, rnn_step)


@case
def rnn_both_ways() -> Case:
    return recurrent("rnn_both_ways", "RNN", 1, rnn_step, "bidirectional", batch=2)


@case
def rnn_relu() -> Case:
    step = lambda x, h, c, _: (np.maximum(x + h, 0), c)  # noqa: E731
    return recurrent("rnn_relu", "RNN", 1, step, activations=["Relu"])


@case
def gru_resets_behind() -> Case:
    return recurrent("gru_resets_behind", "GRU", 3, None, linear_before_reset=1)


@case
def gru_resets_behind_both_ways() -> Case:
    return recurrent(
        "gru_resets_behind_both_ways", "GRU", 3, None, "bidirectional", 2, linear_before_reset=1
    )


@case
def dynamic_quantize_lstm() -> Case:
    """Both operands are quantised, the h of each step anew; products of integers."""
    steps, inputs, hidden = 6, 5, 4
    n = Network("dynamic_quantize_lstm")
    x = n.feed("x", random(6, steps, 1, inputs))
    w = np.where(random(7, 1, inputs, 16) > 0, integers(7, -60, 60, 1, inputs, 16), 0)
    r = np.where(random(8, 1, hidden, 16) > 0, integers(8, -60, 60, 1, hidden, 16), 0)
    w, r = w.astype(np.int8), r.astype(np.int8)
    ws, rs = np.float32([0.01]), np.float32([0.02])
    b = random(9, 1, 32)
    nothing = np.int8([0])
    n.const(w=w, r=r, b=b, ws=ws, wz=nothing, rs=rs, rz=nothing)
    n.node("ms.DynamicQuantizeLSTM", "x w r b - - - - ws wz rs rz", "y", "rec", hidden_size=hidden)
    codes, scale, zero = dynamic(x)
    a = codes.astype(np.int64) - zero
    wx = (a @ w[0].astype(np.int64)) * np.float64(scale) * ws[0]
    h, c, outputs, entered = np.zeros((1, hidden)), np.zeros((1, hidden)), [], []
    for t in range(steps):
        state = h.astype(np.float32)
        if not state.any():  # a range of nothing: its code is its zero point
            shifted, unit = np.zeros((1, hidden), np.int64), np.float32(1)
        else:
            q, unit, z = dynamic(state)
            shifted = q.astype(np.int64) - z
        entered.append(shifted)
        rh = (shifted @ r[0].astype(np.int64)) * np.float64(unit) * rs[0]
        h, c = lstm_step(wx[t] + b[0, :16], rh + b[0, 16:], c, None)
        outputs.append(h)
    y = np.array(outputs, np.float32)[:, None]
    filters_w, filters_r = w[0].T[None], np.repeat(r[0].T[None], steps, axis=0)
    products = [
        Product("rec/input", a.reshape(1, steps, inputs), filters_w, a, w),
        Product("rec/hidden", np.array(entered), filters_r, np.array(entered), r),
    ]
    weights = (w.size + r.size, int((w == 0).sum() + (r == 0).sum()))
    return n.case({"y": y}, products, weights=weights, tolerance=2e-3)
