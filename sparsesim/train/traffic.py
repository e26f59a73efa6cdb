"""Gradients over a network: what workers of a distributed training send at each step, in bytes.

Dense gradients are summed by a ring all-reduce: of n workers each sends 2 (n - 1) / n of the
gradient's bytes. Sparse ones are gathered, since their zeros lie elsewhere in each worker: each
worker's encoded gradient goes to the n - 1 others, so each link carries n - 1 of them. A worker
receives what it sends. Every worker's gradient is taken to be as sparse as the one measured.

A history has counts and no positions. `bitmask`, `csr` and `coordinate` need no more; `run_length`
does, and is given by its bounds: the non-zeros side by side in front, or all zeros in one run
before the last one.

Source: Patarasuk and Yuan, Bandwidth optimal all-reduce algorithms, 2009; docs/model.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from sparsesim.errors import InputError, SpecError
from sparsesim.formats import FORMATS, CountedFormat
from sparsesim.formats.run_length import RunLength
from sparsesim.train.history import History

# Bytes of gradients of so many elements in so many rows, of so many non-zeros.
_Bytes = Callable[[int, int, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Steps:
    """A quantity over the steps: means over all, the first and the last tenth; the 95th percentile.

    Percentiles are linear between ranks.
    """

    mean: float
    p95: float
    first_tenth: float
    last_tenth: float


@dataclass(frozen=True)
class FormatTraffic:
    """Gradients under one format.

    Attributes:
        format: its name.
        bound: empty where counts give exact sizes; else `least` or `most`.
        bytes: of one worker's encoded gradient, a step.
        sent: by one worker, a step, in bytes.
        of_dense: mean of `sent` over what the dense all-reduce sends.
        break_even: the least gradient sparsity at which a worker sends fewer bytes than by the
            dense all-reduce; None: it never does.
    """

    format: str
    bound: str
    bytes: Steps
    sent: Steps
    of_dense: float
    break_even: float | None


@dataclass(frozen=True)
class LayerTraffic:
    """One layer, or all.

    Attributes:
        name: of the layer; empty for all.
        elements: weights, and so gradients.
        rows: which `csr` sees; 1 where the layer's shape is unknown.
        sparsity: of the gradients.
        dense_bytes: of the gradient.
        dense_sent: by one worker, a step, by the dense all-reduce.
        formats: in the order of `sparsesim.formats.FORMATS`, without `dense`.
    """

    name: str
    elements: int
    rows: int
    sparsity: Steps
    dense_bytes: int
    dense_sent: float
    formats: tuple[FormatTraffic, ...]


@dataclass(frozen=True)
class Traffic:
    """What a training's gradients would have cost.

    Attributes:
        steps, workers, value_bits: of what.
        layers: in the network's order.
        total: all layers, each encoded by itself; its break-even is at one sparsity for all.
        left_out: formats whose sizes counts do not give.
    """

    steps: int
    workers: int
    value_bits: int
    layers: tuple[LayerTraffic, ...]
    total: LayerTraffic
    left_out: tuple[str, ...]


def traffic(
    history: History,
    workers: int = 4,
    value_bits: int = 32,
    rows: Mapping[str, int] | None = None,
) -> Traffic:
    """Bytes a step and a layer under each format, against the dense all-reduce.

    Args:
        history: of a training.
        workers: 2 or more.
        value_bits: of a gradient, 1 to 64.
        rows: layer -> rows of its weights, which divide their number; absent: one.
    Raises:
        SpecError: a number out of range.
        InputError: a history without steps, or one whose counts do not fit its layers.
    """
    if workers < 2:
        raise SpecError(f"workers {workers} is out of range; use 2 and up")
    if not 1 <= value_bits <= 64:
        raise SpecError(f"value_bits {value_bits} is out of range; use 1 to 64")
    _check(history)
    sizers = _sizers(value_bits)
    shapes = [
        (int(elements), (rows or {}).get(name, 1))
        for name, elements in zip(history.layers, history.elements, strict=True)
    ]
    layers = [
        _part(name, [shape], history.nonzero[:, [index]], sizers, workers, value_bits)
        for index, (name, shape) in enumerate(zip(history.layers, shapes, strict=True))
    ]
    return Traffic(
        steps=len(history.nonzero),
        workers=workers,
        value_bits=value_bits,
        layers=tuple(layers),
        total=_part("", shapes, history.nonzero, sizers, workers, value_bits),
        left_out=tuple(name for name in FORMATS if name not in {n for n, _ in sizers} | {"dense"}),
    )


def _check(history: History) -> None:
    if not history.nonzero.size:
        raise InputError("the history holds no steps; train for one or more")
    layers = (len(history.layers),)
    if history.nonzero.shape[1:] != layers or history.elements.shape != layers:
        raise InputError(
            f"the history has counts of shape {history.nonzero.shape} for "
            f"{len(history.layers)} layers; use one a step and layer"
        )
    wrong = (history.nonzero < 0) | (history.nonzero > history.elements)
    if wrong.any():
        step, layer = np.argwhere(wrong)[0]
        raise InputError(
            f"the history counts {history.nonzero[step, layer]} gradients in step {step + 1} of "
            f"{history.layers[layer]}; use 0 to {history.elements[layer]}"
        )


def _sizers(value_bits: int) -> dict[tuple[str, str], _Bytes]:
    """(format, bound) -> bytes of gradients."""
    found: dict[tuple[str, str], _Bytes] = {}
    for name, chosen in FORMATS.items():
        if name == "dense":
            continue
        if isinstance(chosen, CountedFormat):
            found[name, ""] = partial(_counted_bytes, chosen, value_bits)
        elif isinstance(chosen, RunLength):
            found[name, "least"] = partial(_run_length_bytes, chosen, value_bits, False)
            found[name, "most"] = partial(_run_length_bytes, chosen, value_bits, True)
    return found


def _counted_bytes(
    chosen: CountedFormat, value_bits: int, elements: int, rows: int, nonzeros: np.ndarray
) -> np.ndarray:
    columns = np.array(elements // rows)
    return -(-chosen.bits_of_count(np.array(rows), columns, nonzeros, value_bits) // 8)


def _run_length_bytes(
    chosen: RunLength, value_bits: int, most: bool, elements: int, rows: int, nonzeros: np.ndarray
) -> np.ndarray:
    run_bits = chosen.options["run_bits"].default
    entries = nonzeros
    if most:  # an entry more for each 2^run_bits zeros, and no run ends in the middle of one
        entries = nonzeros + np.where(nonzeros > 0, (elements - nonzeros) >> run_bits, 0)
    return -(-chosen.bits_of_entries(entries, value_bits, run_bits) // 8)


def _part(
    name: str,
    shapes: list[tuple[int, int]],
    nonzero: np.ndarray,
    sizers: Mapping[tuple[str, str], _Bytes],
    workers: int,
    value_bits: int,
) -> LayerTraffic:
    """Layers of these (elements, rows), together; `nonzero` has the shape (steps, layers)."""
    elements = sum(count for count, _ in shapes)
    dense_bytes = sum(-(-count * value_bits // 8) for count, _ in shapes)
    dense_sent = 2 * (workers - 1) / workers * dense_bytes
    formats = []
    for (format_name, bound), sizer in sizers.items():
        encoded = _encoded(sizer, shapes, nonzero)
        sent = _steps(encoded * (workers - 1))
        formats.append(
            FormatTraffic(
                format=format_name,
                bound=bound,
                bytes=_steps(encoded),
                sent=sent,
                of_dense=sent.mean / dense_sent,
                break_even=_break_even(sizer, shapes, workers, dense_bytes),
            )
        )
    return LayerTraffic(
        name=name,
        elements=elements,
        rows=sum(rows for _, rows in shapes),
        sparsity=_steps(1 - nonzero.sum(axis=1) / elements),
        dense_bytes=dense_bytes,
        dense_sent=dense_sent,
        formats=tuple(formats),
    )


def _encoded(sizer: _Bytes, shapes: list[tuple[int, int]], nonzero: np.ndarray) -> np.ndarray:
    """Bytes of all layers together, each encoded by itself, int64, shape (steps,)."""
    return np.sum([sizer(*shape, nonzero[:, i]) for i, shape in enumerate(shapes)], axis=0)


def _break_even(
    sizer: _Bytes, shapes: list[tuple[int, int]], workers: int, dense_bytes: int
) -> float | None:
    """The least sparsity at which (n - 1) encoded bytes are below 2 (n - 1) / n dense ones.

    Sizes grow with the non-zeros, so the most that still pay are found by halving.
    """
    every = sum(count for count, _ in shapes)

    def pays(nonzeros: int) -> bool:
        spread = np.array([[nonzeros * count // every for count, _ in shapes]])
        return int(_encoded(sizer, shapes, spread)[0]) * workers < 2 * dense_bytes

    if not pays(0):
        return None
    low, high = 0, every + 1  # pays; one more than can be
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pays(middle) else (low, middle)
    return 1 - low / every


def _steps(values: np.ndarray) -> Steps:
    tenth = max(1, len(values) // 10)
    return Steps(
        mean=float(values.mean()),
        p95=float(np.percentile(values, 95)),
        first_tenth=float(values[:tenth].mean()),
        last_tenth=float(values[-tenth:].mean()),
    )
