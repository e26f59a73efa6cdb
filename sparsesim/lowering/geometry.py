"""How a MAC layer becomes a matrix product: Y[M x P] = W[M x K] . A[K x P] for each group.

A convolution of one to three dimensions, a transposed one (a convolution of the zero-inserted
input), Gemm and MatMul all take this one form. It says nothing of tiles or passes: those belong
to a machine and its memory.

Source: docs/model.md, "Lowering".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from sparsesim.lowering import columns

Axes = tuple[int, int, int, int]  # images of one run, depth, rows, columns


@dataclass(frozen=True)
class Geometry:
    """The lowering of one MAC layer.

    The activation operand is one flat string of bits: element (group g, pixel x, channel c) is bit
    `g * group_stride + x * pixel_stride + c`, pixels in raster order of `input_shape`. The weight
    operand is the flat string [weight sets][filters][K], K ordered (kernel depth, kernel row,
    kernel column, channel), channel fastest. The output is the flat string of `output_shape` pixels
    with `groups * filters` channels, channel fastest (for products with a batch index: group by
    group, `output_group_stride` apart).

    Attributes:
        groups: products that share nothing; a batched MatMul's batch index, too.
        filters: M, filters of one group.
        channels: channels of one group; for Gemm and MatMul all of K.
        input_shape: images of one run, depth, rows, columns of the operand as stored.
        output_shape: the same of the output; their product is P.
        kernel, stride, dilation, pad: along each of the four axes; pad is that before the input.
        insert: zero insertion of a transposed convolution: input pixel i stands at i * insert.
        group_stride, pixel_stride: where operand bits lie, in elements.
        output_group_stride, output_pixel_stride: the same of the output.
        steps: time steps of a recurrent product. Groups are ordered [weight set][step], and the
            steps of a set share its weight, of which the operand has one.
        parts: weight sets that every step goes through, one after another: all of them must stay
            for one to stay over the steps.
    """

    groups: int
    filters: int
    channels: int
    input_shape: Axes
    output_shape: Axes
    kernel: Axes
    stride: Axes
    dilation: Axes
    pad: Axes
    insert: Axes
    group_stride: int
    pixel_stride: int
    output_group_stride: int
    output_pixel_stride: int
    steps: int = 1
    parts: int = 1

    @property
    def weight_sets(self) -> int:
        """Groups with a weight of their own."""
        return self.groups // self.steps

    @property
    def takes_images(self) -> bool:
        """Whether runs can lie side by side along P where the weight is constant.

        A batch index may belong to either operand, so it keeps them apart; time steps don't.
        """
        return self.steps > 1 or self.groups == 1 or self.pixel_stride != self.channels

    @property
    def pieces(self) -> int:
        """Strings of a run's activation, and of its output, behind each of which the same string
        of the next image follows where runs lie side by side."""
        return self.groups if self.steps > 1 else 1

    @property
    def reduction(self) -> int:
        """K: operand pairs of one output."""
        return prod(self.kernel) * self.channels

    @property
    def positions(self) -> int:
        """P: outputs of one filter."""
        return prod(self.output_shape)

    @property
    def has_work(self) -> bool:
        """Whether there is anything to multiply."""
        return self.output_elements * self.reduction > 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run, padding included, inserted zeros not."""
        if self.insert == (1, 1, 1, 1):
            return self.groups * self.filters * self.positions * self.reduction
        return self.groups * self.filters * self.channels * (self._taps() + self._padding_taps)

    @property
    def padding_macs(self) -> int:
        """Those of `macs` whose activation is padding."""
        return self.groups * self.filters * self.channels * self._padding_taps

    @property
    def activation_elements(self) -> int:
        """Elements of the activation operand of one run."""
        return self.groups * prod(self.input_shape) * self.channels

    @property
    def encoded_rows(self) -> int:
        """Rows that formats encode the activation operand of one run in: lines of its pixels."""
        return self.groups * prod(self.input_shape[:3])

    @property
    def weight_elements(self) -> int:
        """Elements of the weight operand."""
        return self.weight_sets * self.filters * self.reduction

    @property
    def output_elements(self) -> int:
        """Elements of the output of one run."""
        return self.groups * self.filters * self.positions

    def with_images(self, images: int) -> Geometry:
        """The same layer with the runs of several images side by side along P.

        Valid only where the weight operand is constant, and where `takes_images` is true. Of a
        recurrent product those of each step lie side by side.
        """
        apart = images if self.steps > 1 else 1
        return replace(
            self,
            group_stride=self.group_stride * apart,
            output_group_stride=self.output_group_stride * apart,
            input_shape=(self.input_shape[0] * images, *self.input_shape[1:]),
            output_shape=(self.output_shape[0] * images, *self.output_shape[1:]),
        )

    def with_steps(self, steps: int) -> Geometry:
        """A recurrent product of so many steps instead of its own."""
        return replace(self, groups=self.weight_sets * steps, steps=steps)

    def met(self, axis: int) -> int:
        """Input indices along an axis that some output meets."""
        at = self._coordinates(axis)
        return len(np.unique(at[self._meets(axis)]))

    def array(self) -> np.ndarray:
        """All fields as int64, shape (36,), the form that kernels take: see `columns`."""
        numbers = [0] * columns.LENGTH
        numbers[columns.GROUPS] = self.groups
        numbers[columns.FILTERS] = self.filters
        numbers[columns.CHANNELS] = self.channels
        numbers[columns.GROUP_STRIDE] = self.group_stride
        numbers[columns.PIXEL_STRIDE] = self.pixel_stride
        numbers[columns.OUTPUT_GROUP_STRIDE] = self.output_group_stride
        numbers[columns.OUTPUT_PIXEL_STRIDE] = self.output_pixel_stride
        numbers[columns.REDUCTION] = self.reduction
        for first, axes in (
            (columns.INPUT_SHAPE, self.input_shape),
            (columns.OUTPUT_SHAPE, self.output_shape),
            (columns.KERNEL, self.kernel),
            (columns.STRIDE, self.stride),
            (columns.DILATION, self.dilation),
            (columns.PAD, self.pad),
            (columns.INSERT, self.insert),
        ):
            numbers[first : first + 4] = axes
        return np.array(numbers, dtype=np.int64)

    def _taps(self) -> int:
        """Pairs (position, kernel element) that meet a real input pixel."""
        return prod(int(np.count_nonzero(self._meets(axis))) for axis in range(4))

    @cached_property
    def _padding_taps(self) -> int:
        """Pairs (position, kernel element) that meet padding; inserted zeros are not counted."""
        inside, either = 1, 1
        for axis in range(4):
            meets = int(np.count_nonzero(self._meets(axis)))
            aligned = self._coordinates(axis) % self.insert[axis] == 0
            inside *= meets
            either *= int(np.count_nonzero(aligned))
        return either - inside

    def _coordinates(self, axis: int) -> np.ndarray:
        outputs = np.arange(self.output_shape[axis])[:, None] * self.stride[axis]
        taps = np.arange(self.kernel[axis])[None, :] * self.dilation[axis]
        return outputs + taps - self.pad[axis]

    def _meets(self, axis: int) -> np.ndarray:
        at = self._coordinates(axis)
        step = self.insert[axis]
        return (at % step == 0) & (at >= 0) & (at < self.input_shape[axis] * step)


def channels_last(
    groups: int,
    filters: int,
    channels: int,
    *,
    input_shape: Axes,
    output_shape: Axes,
    kernel: Axes,
    stride: Axes,
    dilation: Axes,
    pad: Axes,
    insert: Axes,
) -> Geometry:
    """The geometry of convolutions: the channels of all groups side by side in each pixel."""
    return Geometry(
        groups=groups,
        filters=filters,
        channels=channels,
        input_shape=input_shape,
        output_shape=output_shape,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        pad=pad,
        insert=insert,
        group_stride=channels,
        pixel_stride=groups * channels,
        output_group_stride=filters,
        output_pixel_stride=groups * filters,
    )


def product(
    groups: int, filters: int, positions: int, reduction: int, steps: int = 1, parts: int = 1
) -> Geometry:
    """The geometry of matrix products: operands [groups][positions][K] and [groups][filters][K].

    Over `steps` groups at a time share one weight.
    """
    one = (1, 1, 1, 1)
    return Geometry(
        groups=groups,
        filters=filters,
        channels=reduction,
        input_shape=(positions, 1, 1, 1),
        output_shape=(positions, 1, 1, 1),
        kernel=one,
        stride=one,
        dilation=one,
        pad=(0, 0, 0, 0),
        insert=one,
        group_stride=positions * reduction,
        pixel_stride=reduction,
        output_group_stride=positions * filters,
        output_pixel_stride=filters,
        steps=steps,
        parts=parts,
    )
