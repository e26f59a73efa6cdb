"""A slow, plain twin of `execute` and `estimate` together, written from docs/model.md.

Values come from ONNX Runtime alone, layouts from NumPy, passes from `naive_memory`, cycles from
`naive_array`, a cycle at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, prod

import numpy as np
import onnx
from naive_array import CLASSES, naive_array_cycles
from naive_memory import NaiveLayer, naive_total

from sparsesim.lowering import Geometry
from sparsesim.machines.tiling import Tiling
from sparsesim.memory import ValueBits
from sparsesim.spec import Accelerator

SCHEMES = ("none", "activation", "weight", "two_sided")
Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Expected:
    """A layer as the test's author knows it.

    Attributes:
        name: its node.
        geometry: its lowering for one run.
        operands: gives the bits of activation, weight and output, flat, from a run's tensors.
        shared_weight: images may lie side by side.
    """

    name: str
    geometry: Geometry
    operands: Callable[[Tensors], tuple[np.ndarray, np.ndarray, np.ndarray]]
    shared_weight: bool = True


def tensors_of(model: onnx.ModelProto, feed: Tensors) -> Tensors:
    """Every tensor of a run, by ONNX Runtime without any optimisation; constants, too."""
    import onnxruntime as ort

    whole = onnx.ModelProto()
    whole.CopyFrom(model)
    known = {value.name for value in whole.graph.output}
    names = [name for node in whole.graph.node for name in node.output]
    whole.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names if n not in known)
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(
        whole.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    outputs = [value.name for value in whole.graph.output]
    constants = {c.name: onnx.numpy_helper.to_array(c) for c in whole.graph.initializer}
    return constants | dict(feed) | dict(zip(outputs, session.run(None, dict(feed)), strict=True))


@dataclass
class NaiveLayerResult:
    """What `estimate` must say of a layer; cycles, classes and DRAM bits by scheme."""

    compute: dict[str, int]
    memory: dict[str, int]
    total: dict[str, int]
    classes: dict[str, dict[str, int]]
    dram: dict[str, list[int]]
    effectual: int
    sparsities: tuple[float, float, float]
    passes: int


def estimate_layer(
    layer: Expected,
    runs: list[list[Tensors]],
    accelerator: Accelerator,
    bits_per_cycle: Fraction,
) -> tuple[NaiveLayerResult, list[dict[str, int]]]:
    """One layer over all runs, and its total cycles for each group of images.

    Args:
        runs: groups of `batch` images, the last one short.
    Raises:
        SpecError: it does not fit the buffers.
    """
    zeros = dict.fromkeys(SCHEMES, 0)
    sums = NaiveLayerResult(
        dict(zeros),
        dict(zeros),
        dict(zeros),
        {scheme: dict.fromkeys(CLASSES, 0) for scheme in SCHEMES},
        {scheme: [0, 0, 0] for scheme in SCHEMES},
        0,
        (0.0, 0.0, 0.0),
        0,
    )
    elements, ones, totals = np.zeros(3, int), np.zeros(3, int), []
    for group in runs:
        operands = [layer.operands(tensors) for tensors in group]
        for bits in operands:
            elements += [part.size for part in bits]
            ones += [int(part.sum()) for part in bits]
        if layer.shared_weight:
            parts = zip(*operands, strict=True)
            activations, weights, outputs = (list(part) for part in parts)
            groups = layer.geometry.groups if layer.geometry.steps > 1 else 1
            operands = [(beside(activations, groups), weights[0], beside(outputs, groups))]
        before = dict(sums.total)
        for bits in operands:
            _add_run(sums, layer, bits, len(group), accelerator, bits_per_cycle)
        totals.append({scheme: sums.total[scheme] - before[scheme] for scheme in SCHEMES})
    a, w, y = (1 - one / count for one, count in zip(ones, elements, strict=True))
    sums.sparsities = (a, w, y)
    return sums, totals


def beside(images, groups):
    """Images behind each other; of a recurrent product those of each step."""
    return np.concatenate([image.reshape(groups, -1) for image in images], axis=1).reshape(-1)


def _add_run(sums, layer, bits, images, accelerator, bits_per_cycle) -> None:
    geometry = layer.geometry
    if layer.shared_weight:
        inputs, outputs = geometry.input_shape, geometry.output_shape
        geometry = replace(
            geometry,
            input_shape=(inputs[0] * images, *inputs[1:]),
            output_shape=(outputs[0] * images, *outputs[1:]),
        )
        if geometry.steps > 1:  # groups lie as far apart as they have become long
            geometry = replace(
                geometry,
                group_stride=geometry.group_stride * images,
                output_group_stride=geometry.output_group_stride * images,
            )
    wide = accelerator.value_bits or 8
    # "Filter blocks are multiples of rows, position blocks of columns, slices of K of the window"
    tiling = Tiling(accelerator.rows, accelerator.cols, accelerator.window)
    widths = ValueBits(wide, wide, wide)
    naive = NaiveLayer(layer.name, geometry, *bits, widths, accelerator, tiling)
    groups = [naive.group(group) for group in range(geometry.groups)]
    rows = [row for group in groups for row in group.passes]
    sums.passes += len(rows)
    compute = {scheme: [] for scheme in SCHEMES}
    for group, m0, m1, p0, p1, k0, k1, drains, *_ in rows:
        act = naive.lowered(group, p0, p1, k0, k1)
        weight = naive.weight(group)[m0:m1, k0:k1]
        sums.effectual += int((act.astype(int) @ weight.T.astype(int)).sum())
        for scheme in SCHEMES:
            machine = accelerator.with_(skipping=scheme)
            found = naive_array_cycles(act, weight, machine, bool(drains))
            compute[scheme].append(found.cycles)
            for name, slots in found.classes.items():
                sums.classes[scheme][name] += slots
    for scheme in SCHEMES:
        first = 11 if scheme == "none" else 8
        moved = [row[first : first + 3] for row in rows]
        loads, stores = [a + w for a, w, _ in moved], [store for _, _, store in moved]
        sums.compute[scheme] += sum(compute[scheme])
        sums.memory[scheme] += sum(ceil(bits / bits_per_cycle) for bits in loads + stores)
        sums.total[scheme] += naive_total(
            [row[0] for row in rows], compute[scheme], loads, stores, bits_per_cycle
        )
        for index in range(3):
            sums.dram[scheme][index] += sum(row[index] for row in moved)


# Layers, from what ONNX says of them.


def convolution(name, x, w, y, attributes, weight, x_shape, y_shape, zero=(0, 0, 0)) -> Expected:
    """A Conv of an input (batch, channels, ...); x, w and y name tensors.

    Args:
        zero: what counts as zero in x, w and y; that of w may be one a filter.
    """
    groups, spatial = attributes["group"], len(x_shape) - 2
    filters, channels = weight.shape[0] // groups, weight.shape[1]
    before = attributes["pads"][:spatial]
    geometry = _geometry(
        groups, filters, channels, x_shape, y_shape, weight.shape[2:],
        attributes["strides"], attributes["dilations"], before, [1] * spatial,
    )  # fmt: skip

    def operands(t: Tensors):
        w_zero = np.reshape(zero[1], (-1, *[1] * (spatial + 1)))
        return (
            np.moveaxis(t[x] != zero[0], 1, -1).reshape(-1),
            np.moveaxis(t[w] != w_zero, 1, -1).reshape(-1),
            np.moveaxis(t[y] != zero[2], 1, -1).reshape(-1),
        )

    return Expected(name, geometry, operands)


def transposed(name, x, w, y, attributes, weight, x_shape, y_shape) -> Expected:
    """A ConvTranspose: the convolution of its zero-inserted input with the turned kernel."""
    groups, spatial = attributes["group"], len(x_shape) - 2
    channels, filters = weight.shape[0] // groups, weight.shape[1]
    kernel, dilation = weight.shape[2:], attributes["dilations"]
    before = [
        d * (k - 1) - pad for d, k, pad in zip(dilation, kernel, attributes["pads"], strict=False)
    ]
    geometry = _geometry(
        groups, filters, channels, x_shape, y_shape, kernel,
        [1] * spatial, dilation, before, attributes["strides"],
    )  # fmt: skip

    def operands(t: Tensors):
        parts = t[w].reshape(groups, channels, filters, *kernel)
        parts = np.flip(parts, axis=tuple(range(3, 3 + spatial)))
        return (
            np.moveaxis(t[x] != 0, 1, -1).reshape(-1),
            np.moveaxis(parts != 0, 1, -1).reshape(-1),
            np.moveaxis(t[y] != 0, 1, -1).reshape(-1),
        )

    return Expected(name, geometry, operands)


def product(name, rows, columns, y, shapes, shared_weight=True, steps=1, parts=1) -> Expected:
    """A product of operands as stacks of rows, [batch][position][K] and [batch][filter][K].

    Args:
        rows, columns: give these of a run's tensors, values with the zero point subtracted.
        y: gives the output as [batch][position][filter].
        shapes: batch, positions, filters, K.
        steps, parts: of a recurrent product: batches are [direction][part][step], and the steps
            share one weight.
    """
    batch, positions, filters, reduction = shapes
    one = (1, 1, 1, 1)
    geometry = Geometry(
        groups=batch,
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

    def operands(t: Tensors):
        found = rows(t), columns(t), y(t)
        shapes = (batch, positions, reduction), (batch // steps, filters, reduction)
        shapes += ((batch, positions, filters),)
        assert all(x.size == prod(s) for x, s in zip(found, shapes, strict=True))
        return tuple((part != 0).reshape(-1) for part in found)

    return Expected(name, geometry, operands, shared_weight)


def _geometry(
    groups, filters, channels, x_shape, y_shape, kernel, stride, dilation, before, insert
) -> Geometry:
    def axes(images, values, fill):
        return (images, *[fill] * (3 - len(values)), *map(int, values))

    return Geometry(
        groups=groups,
        filters=filters,
        channels=channels,
        input_shape=axes(x_shape[0], x_shape[2:], 1),
        output_shape=axes(x_shape[0], y_shape[2:], 1),
        kernel=axes(1, kernel, 1),
        stride=axes(1, stride, 1),
        dilation=axes(1, dilation, 1),
        pad=axes(0, before, 0),
        insert=axes(1, insert, 1),
        group_stride=channels,
        pixel_stride=groups * channels,
        output_group_stride=filters,
        output_pixel_stride=groups * filters,
    )
