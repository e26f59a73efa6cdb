"""Numbers and tables of a recurrent node: where each thing stands.

numba compiles them into kernels as constants; by this word the code cache knows this file.
"""

SIGMOID, TANH, RELU = range(3)
CODES = ("Sigmoid", "Tanh", "Relu")
"""Functions by their codes, and their operators."""

F, G, H, INPUT_FORGET = range(4)
"""Of a node's numbers: codes of its functions; whether an LSTM's forget gate is one less the
input gate."""

PEEPHOLE_I, PEEPHOLE_O, PEEPHOLE_F = range(3)
"""Of an LSTM's peepholes, in ONNX's order."""

ENTERED = 0
ENTERED_CANDIDATE = 2
"""Of the states that entered a step: that of the first gates; that of a GRU's candidate, where
the reset gate stands in front of the product."""
