"""MACs of recurrent operators: at each step the input meets W, the state before it R."""

from __future__ import annotations

from math import prod

import onnx

from sparsesim.graph.host_macs.known import Known, read


def _recurrent(node: onnx.NodeProto, known: Known) -> int:
    """Steps and batch, in either layout, times the elements of W and R of all directions.

    Steps beyond the lengths in `sequence_lens` are counted.
    """
    x = known.shape(node.input[0])
    return prod(x[:2]) * sum(prod(known.shape(read(node, index))) for index in (1, 2))


STANDARD = dict.fromkeys(("GRU", "LSTM", "RNN"), _recurrent)
MICROSOFT = {"DynamicQuantizeLSTM": _recurrent}
