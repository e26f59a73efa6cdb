"""A MAC layer as nested loops: the form that other tools give a problem.

Every multiplication is one turn of the loops over groups, filters, channels, images, outputs and
taps, padding included. A transposed convolution that inserts zeros is none: its MACs leave out the
inserted taps, and no product of loop sizes does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from sparsesim.errors import ModelError
from sparsesim.exports.words import few
from sparsesim.trace import TraceLayer


@dataclass(frozen=True)
class Axis:
    """One axis of the image: depth, rows or columns.

    Attributes:
        outputs, taps: loop sizes.
        stride, dilation: input pixel = output * stride + tap * dilation - pad.
        pixels: of the input as stored.
        pad: before it.
    """

    outputs: int
    taps: int
    stride: int
    dilation: int
    pixels: int
    pad: int

    @property
    def reach(self) -> int:
        """Input pixels from the first tap of the first output to the last of the last."""
        return (self.outputs - 1) * self.stride + (self.taps - 1) * self.dilation + 1

    @property
    def stored(self) -> slice:
        """The stored pixels within that reach; around them it is padding."""
        first = min(max(0, -self.pad), self.pixels)
        return slice(first, max(first, min(self.pixels, self.reach - self.pad)))

    @property
    def padding(self) -> tuple[int, int]:
        """Pixels of padding in reach, before and behind the stored ones."""
        within = self.stored.stop - self.stored.start
        before = min(max(0, self.pad), self.reach - within)
        return before, self.reach - within - before


@dataclass(frozen=True)
class Loops:
    """A layer as loops; of a Gemm or MatMul the positions are `images` and no axis has a length.

    Attributes:
        name: the layer's.
        op: ONNX operator.
        groups, filters, channels, images: loop sizes; filters and channels of one group.
        depth, rows, columns: of the image.
    """

    name: str
    op: str
    groups: int
    filters: int
    channels: int
    images: int
    depth: Axis
    rows: Axis
    columns: Axis

    @property
    def axes(self) -> tuple[Axis, Axis, Axis]:
        """Depth, rows, columns."""
        return self.depth, self.rows, self.columns

    @property
    def is_convolution(self) -> bool:
        """It has axes; else it is a product of matrices."""
        return "Conv" in self.op

    @property
    def is_volume(self) -> bool:
        """It needs the depth."""
        return self.depth.outputs * self.depth.taps > 1

    @property
    def input_elements(self) -> int:
        """Of the input as the loops see it: padding counts, pixels out of reach don't."""
        inside = prod(axis.reach for axis in self.axes)
        return self.groups * self.channels * self.images * inside


def loops_of(layers: Iterable[TraceLayer], kind: str) -> tuple[tuple[Loops, ...], tuple[str, ...]]:
    """The layers that have work as loops, and a warning where some have none.

    Args:
        layers: of a trace.
        kind: of export, for errors.
    Raises:
        ModelError: transposed convolutions that insert zeros, recurrent products, or no layer with
            work.
    """
    layers = tuple(layers)
    working = [layer for layer in layers if layer.geometry.macs]
    inserting = [layer.name for layer in working if max(layer.geometry.insert) > 1]
    if inserting:
        raise ModelError(
            f"{few(inserting)}: transposed with a stride, which inserts zeros; {kind} has no "
            "loops for that"
        )
    recurrent = [layer.name for layer in working if layer.geometry.steps > 1]
    if recurrent:
        raise ModelError(
            f"{few(recurrent)}: recurrent, steps in order that share a weight; {kind} has no loops "
            "for that"
        )
    if not working:
        raise ModelError("no layer has work; there is nothing to export")
    idle = [layer.name for layer in layers if not layer.geometry.macs]
    warnings = (f"left out, as they multiply nothing: {few(idle)}",) if idle else ()
    return tuple(_loops(layer) for layer in working), warnings


def _loops(layer: TraceLayer) -> Loops:
    geometry = layer.geometry
    depth, rows, columns = (
        Axis(
            outputs=geometry.output_shape[axis],
            taps=geometry.kernel[axis],
            stride=geometry.stride[axis],
            dilation=geometry.dilation[axis],
            pixels=geometry.input_shape[axis],
            pad=geometry.pad[axis],
        )
        for axis in (1, 2, 3)
    )
    return Loops(
        name=layer.name,
        op=layer.op,
        groups=geometry.groups,
        filters=geometry.filters,
        channels=geometry.channels,
        images=geometry.output_shape[0],
        depth=depth,
        rows=rows,
        columns=columns,
    )
