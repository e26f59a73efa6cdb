"""All steps of a float32 sequence, each sum in the order of K.

Exponentials are fixed polynomials, so that every processor gives the same bits; Sigmoid, Tanh and
Relu by their codes. Rows are gates, as in W and R; nodes with other functions, of other
types or with quantised states go step by step: `cells.py`.

Source: polynomials of the Cephes library (expf, tanhf), S. Moshier.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sparsesim.engine.recurrent.columns import (
    ENTERED,
    ENTERED_CANDIDATE,
    INPUT_FORGET,
    PEEPHOLE_F,
    PEEPHOLE_I,
    PEEPHOLE_O,
    SIGMOID,
    TANH,
    F,
    G,
    H,
)
from sparsesim.kernel import kernel

_ONE, _TWO, _HALF, _ZERO = np.float32(1), np.float32(2), np.float32(0.5), np.float32(0)
_LOWEST = np.float32(-105)  # of which the exponential is zero
_LOG2E = np.float32(1.44269504088896341)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_E5, _E4 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3)
_E3, _E2 = np.float32(8.3334519073e-3), np.float32(4.1665795894e-2)
_E1, _E0 = np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_T4, _T3 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2)
_T2, _T1 = np.float32(-5.37397155531e-2), np.float32(1.33314422036e-1)
_T0, _NEAR = np.float32(-3.33332819422e-1), np.float32(0.625)


@intrinsic
def _multiply_add(typing, a, b, c):
    """a * b + c, rounded once."""

    def made(context, builder, signature, arguments):
        kind = ir.FunctionType(ir.FloatType(), [ir.FloatType()] * 3)
        called = cgutils.get_or_insert_function(builder.module, kind, "llvm.fma.f32")
        return builder.call(called, arguments)

    return types.float32(types.float32, types.float32, types.float32), made


@intrinsic
def _power_of_two(typing, exponent):
    """2 to a whole number from -126 to 127."""

    def made(context, builder, signature, arguments):
        whole = ir.IntType(32)
        bits = builder.add(arguments[0], ir.Constant(whole, 127))
        return builder.bitcast(builder.shl(bits, ir.Constant(whole, 23)), ir.FloatType())

    return types.float32(types.int32), made


@kernel
def exponential(x):
    """Of a number from below up to 0; what is less than float32 holds is 0."""
    x = max(x, _LOWEST)
    n = np.int32(x * _LOG2E - _HALF)
    whole = np.float32(n)
    rest = _multiply_add(-whole, _LN2_LOW, _multiply_add(-whole, _LN2_HIGH, x))
    sums = _multiply_add(_E5, rest, _E4)
    sums = _multiply_add(sums, rest, _E3)
    sums = _multiply_add(sums, rest, _E2)
    sums = _multiply_add(sums, rest, _E1)
    sums = _multiply_add(sums, rest, _E0)
    sums = _multiply_add(sums * rest, rest, rest) + _ONE
    half = np.int32(n >> 1)
    return sums * _power_of_two(half) * _power_of_two(np.int32(n - half))


@kernel
def apply(code, clip, x):
    """Clip a vector (infinity: not at all) and put it through a function, in place."""
    for i in range(x.size):
        x[i] = x[i] if x[i] < clip else (clip if x[i] == x[i] else x[i])
        x[i] = x[i] if x[i] > -clip else (-clip if x[i] == x[i] else x[i])
    if code == SIGMOID:
        for i in range(x.size):
            value = x[i]
            small = exponential(-abs(value))
            made = (_ONE if value >= _ZERO else small) / (_ONE + small)
            x[i] = made if value == value else value
    elif code == TANH:
        for i in range(x.size):
            value = x[i]
            small = exponential(-_TWO * abs(value))
            far = (_ONE - small) / (_ONE + small)
            square = value * value
            sums = _multiply_add(_T4, square, _T3)
            sums = _multiply_add(sums, square, _T2)
            sums = _multiply_add(sums, square, _T1)
            sums = _multiply_add(sums, square, _T0)
            near = _multiply_add(sums * square, value, value)
            made = far if value > _ZERO else -far
            made = near if abs(value) < _NEAR else made
            x[i] = made if value == value else value
    else:
        for i in range(x.size):
            x[i] = _ZERO if x[i] < _ZERO else x[i]


@kernel
def multiply(matrix, state, sums):
    """Some rows of R by a state.

    Args:
        matrix: those rows in blocks, (blocks, hidden, rows of a block), with zeros behind the last.
        state: (hidden,).
        sums: (blocks * rows of a block,), written.
    """
    width = matrix.shape[2]
    whole = state.size // 4 * 4
    for block in range(matrix.shape[0]):
        found = sums[block * width : (block + 1) * width]
        for i in range(found.size):
            found[i] = _ZERO
        for k in range(0, whole, 4):
            a, b, c, d = state[k], state[k + 1], state[k + 2], state[k + 3]
            rows_a, rows_b = matrix[block, k], matrix[block, k + 1]
            rows_c, rows_d = matrix[block, k + 2], matrix[block, k + 3]
            for i in range(found.size):
                total = _multiply_add(rows_a[i], a, found[i])
                total = _multiply_add(rows_b[i], b, total)
                total = _multiply_add(rows_c[i], c, total)
                found[i] = _multiply_add(rows_d[i], d, total)
        for k in range(whole, state.size):
            a, rows_a = state[k], matrix[block, k]
            for i in range(found.size):
                found[i] = _multiply_add(rows_a[i], a, found[i])


@kernel
def lstm(matrix, gates, states, outputs, state, memory, peepholes, numbers, clip):
    """Steps of an LSTM.

    Args:
        matrix: R, as `multiply` takes it.
        gates: (steps, rows), x·W and the biases; then the gates behind their functions.
        states: (1, steps, hidden), what enters; outputs: (steps, hidden); both are written.
        state, memory: (hidden,), in place.
        peepholes: (3, hidden), or (0, 0).
        numbers: int64, (4,), see `columns`.
        clip: what enters a function is at most so far from 0.
    """
    n = state.size
    sums = np.empty(matrix.shape[0] * matrix.shape[2], np.float32)
    for step in range(gates.shape[0]):
        row = gates[step]
        states[ENTERED, step] = state
        multiply(matrix, state, sums)
        for i in range(4 * n):
            row[i] += sums[i]
        if peepholes.size:
            for i in range(n):
                row[i] += peepholes[PEEPHOLE_I, i] * memory[i]
                row[2 * n + i] += peepholes[PEEPHOLE_F, i] * memory[i]
            apply(numbers[F], clip, row[:n])
            apply(numbers[F], clip, row[2 * n : 3 * n])
        else:
            apply(numbers[F], clip, row[: 3 * n])
        apply(numbers[G], clip, row[3 * n :])
        if numbers[INPUT_FORGET]:
            for i in range(n):
                row[2 * n + i] = _ONE - row[i]
        for i in range(n):
            memory[i] = row[2 * n + i] * memory[i] + row[i] * row[3 * n + i]
        if peepholes.size:
            for i in range(n):
                row[n + i] += peepholes[PEEPHOLE_O, i] * memory[i]
            apply(numbers[F], clip, row[n : 2 * n])
        state[:] = memory
        apply(numbers[H], np.float32(np.inf), state)
        for i in range(n):
            state[i] *= row[n + i]
        outputs[step] = state


@kernel
def gru(matrix, candidate, gates, states, outputs, state, bias, numbers, clip):
    """Steps of a GRU; as `lstm`.

    Args:
        matrix: of z and r; of all gates where the reset gate stands behind the product.
        candidate: of h; of no blocks where the reset gate stands behind.
        states: (3, steps, hidden), of z, r and h; (1, ...) where the reset gate stands behind.
        bias: (hidden,), added to the candidate's product where the reset gate stands behind.
        numbers: int64, of f and g.
    """
    n = state.size
    sums = np.empty(matrix.shape[0] * matrix.shape[2], np.float32)
    more = np.empty(candidate.shape[0] * candidate.shape[2], np.float32)
    for step in range(gates.shape[0]):
        row = gates[step]
        for part in range(min(states.shape[0], 2)):
            states[part, step] = state
        multiply(matrix, state, sums)
        for i in range(2 * n):
            row[i] += sums[i]
        apply(numbers[F], clip, row[: 2 * n])
        if candidate.size == 0:
            for i in range(n):
                row[2 * n + i] += row[n + i] * (sums[2 * n + i] + bias[i])
        else:
            entered = states[ENTERED_CANDIDATE, step]
            for i in range(n):
                entered[i] = row[n + i] * state[i]
            multiply(candidate, entered, more)
            for i in range(n):
                row[2 * n + i] += more[i]
        apply(numbers[G], clip, row[2 * n :])
        for i in range(n):
            state[i] = (_ONE - row[i]) * row[2 * n + i] + row[i] * state[i]
        outputs[step] = state


@kernel
def rnn(matrix, gates, states, outputs, state, numbers, clip):
    """Steps of an RNN; as `lstm`."""
    sums = np.empty(matrix.shape[0] * matrix.shape[2], np.float32)
    for step in range(gates.shape[0]):
        row = gates[step]
        states[ENTERED, step] = state
        multiply(matrix, state, sums)
        for i in range(state.size):
            row[i] += sums[i]
        apply(numbers[F], clip, row)
        state[:] = row
        outputs[step] = state
