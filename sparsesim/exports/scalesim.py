"""`scalesim`: the topology of SCALE-Sim, versions 2 and 3, one row a layer and group.

SCALE-Sim computes outputs as ceil((IFMAP - filter) / stride) + 1 and knows no padding, so an IFMAP
here is what the filter's taps reach: with padding, without edges that no tap meets. A layer that
its columns cannot say (two strides, dilation, a batch, a volume) becomes the product of matrices
that it is: as many MACs and outputs, but each window's pixels stand there anew; that is warned of.

Its sparsity is N:M along the reduction, whose order (kernel row, kernel column, channel) is ours.
The column is there only where a layer has such a ratio: version 2 reads no other.

Source: scalesim-project/SCALE-Sim, scalesim/topology_utils.py, compute/operand_matrix.py.
"""

from __future__ import annotations

import numpy as np

from sparsesim.exports import Export, Request
from sparsesim.exports.loops import Axis, Loops, loops_of
from sparsesim.exports.words import few
from sparsesim.lowering.bits import ones, unpack
from sparsesim.trace import Trace

COLUMNS = (
    "Layer name",
    "IFMAP Height",
    "IFMAP Width",
    "Filter Height",
    "Filter Width",
    "Channels",
    "Num Filter",
    "Strides",
)
BLOCKS = (2, 4, 8, 16)  # M of N:M, the first that holds is taken
_DENSE = "1:1"


def export(request: Request) -> Export:
    """The topology."""
    layers, warnings = loops_of(request.trace.layers, "scalesim")
    ratios = [ratio(request.trace, loops) for loops in layers]
    lists_ratios = set(ratios) != {_DENSE}
    header = [*COLUMNS, "Sparsity"] if lists_ratios else [*COLUMNS]
    rows, products, zeros = [header], [], []
    for loops, found in zip(layers, ratios, strict=True):
        numbers = convolution(loops)
        if numbers is None:
            products.append(loops.name)
            numbers = product(loops)
        if found == _DENSE and has_zeros(request.trace, loops):
            zeros.append(loops.name)
        end = [found] if lists_ratios else []
        for group in range(loops.groups):
            part = f"_group{group}" if loops.groups > 1 else ""
            rows.append([_word(loops.name) + part, *map(str, numbers), *end])
    if products:
        said = "as products of matrices, for dilation, two strides, a batch or a volume"
        warnings += (f"{few(products)}: {said}; SCALE-Sim reads their inputs window by window",)
    if zeros:
        said = f"{len(zeros)} of {len(layers)} layers have zero weights that are no N:M"
        warnings += (f"{said}, so they are dense to SCALE-Sim: {few(zeros)}",)
    text = "".join(", ".join(row) + ",\n" for row in rows)
    then = "python -m scalesim.scale -t {path} -l LAYOUT.csv -c SCALE.cfg -i conv"
    return Export({"": text.encode()}, warnings, then)


def convolution(loops: Loops) -> tuple[int, ...] | None:
    """IFMAP height and width, filter height and width, channels, filters and stride of a group.

    Returns:
        None where these cannot say the layer. A product of matrices is a 1 x 1 convolution.
    """
    if not loops.is_convolution:
        return product(loops)
    rows, columns = loops.rows, loops.columns
    strides = {axis.stride for axis in (rows, columns) if axis.outputs > 1} or {1}
    dilated = any(axis.dilation > 1 for axis in (rows, columns) if axis.taps > 1)
    if loops.images > 1 or loops.is_volume or dilated or len(strides) > 1:
        return None
    stride = strides.pop()
    height, width = _ifmap(rows, stride), _ifmap(columns, stride)
    return height, width, rows.taps, columns.taps, loops.channels, loops.filters, stride


def product(loops: Loops) -> tuple[int, ...]:
    """The same of the product of matrices that a layer is: positions x 1 pixels, 1 x 1 taps."""
    positions, reduction = loops.images, loops.channels
    for axis in loops.axes:
        positions *= axis.outputs
        reduction *= axis.taps
    return positions, 1, 1, 1, reduction, loops.filters, 1


def ratio(trace: Trace, loops: Loops) -> str:
    """`N:M` where each aligned block of M weights along the reduction has exactly N non-zeros.

    A short block at the end has N, or is full: so SCALE-Sim lays them out.
    """
    words = _constant_weight(trace, loops)
    if words is None or not has_zeros(trace, loops):
        return _DENSE
    reduction = product(loops)[4]
    mask = unpack(words, loops.groups * loops.filters * reduction).reshape(-1, reduction)
    for block in BLOCKS:
        whole, short = reduction // block * block, reduction % block
        if not whole:
            break
        counts = np.count_nonzero(mask[:, :whole].reshape(-1, block), axis=1)
        number = int(counts[0])
        ends = np.count_nonzero(mask[:, whole:], axis=1)
        if number and (counts == number).all() and (ends == min(number, short)).all():
            return f"{number}:{block}"
    return _DENSE


def has_zeros(trace: Trace, loops: Loops) -> bool:
    """Whether a constant weight has zeros."""
    words = _constant_weight(trace, loops)
    return words is not None and ones(words) < loops.groups * loops.filters * product(loops)[4]


def _constant_weight(trace: Trace, loops: Loops) -> np.ndarray | None:
    layer = next(layer for layer in trace.layers if layer.name == loops.name)
    return trace.weights[layer.weight] if layer.weight_is_constant else None


def _ifmap(axis: Axis, stride: int) -> int:
    return (axis.outputs - 1) * stride + axis.taps


def _word(name: str) -> str:
    """A layer's name as a cell: no commas, and no `DP`, which SCALE-Sim takes for depthwise."""
    return name.replace(",", ";").replace("DP", "D_P")
