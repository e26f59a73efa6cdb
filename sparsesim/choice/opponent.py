"""The fastest dense accelerator of any machine in a budget, whatever it is best with.

Shapes, lanes and the machine come of the search for dense arrays (`sparsesim.area`), which is exact
with the buffers that it is given; those, the order of passes, how many images lie side by side and
the DRAM formats are tried one after another around it. A machine's own dense scheme always moves
dense blocks; here its blocks may be encoded, since an opponent that is to be beaten may do so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from sparsesim.area import estimate as area
from sparsesim.area.dense import total_cycles
from sparsesim.area.iso import dense_arrays
from sparsesim.area.opponent import fastest, fits
from sparsesim.area.resources import Resources
from sparsesim.area.rivalry import DenseArray, Rivalry
from sparsesim.area.work import DenseWork, dense_work
from sparsesim.choice.space import FORMATS, buffers
from sparsesim.estimator.batches import batches
from sparsesim.estimator.count import count
from sparsesim.estimator.operands import operands_of
from sparsesim.estimator.prepare import prepare
from sparsesim.estimator.setting import setting
from sparsesim.memory import schedule, value_bits_of
from sparsesim.result import Result
from sparsesim.spec import Accelerator, Device
from sparsesim.trace import Trace

_MOST_EXACT = 60
_ORDERS = ("auto", "filters_outer", "positions_outer")


@dataclass(frozen=True)
class Dense:
    """A dense accelerator, timed.

    Attributes:
        accelerator: whole, at its own clock.
        packed_pairs: pairs of its multipliers that share a block.
        used: by the area model.
        cycles: of all runs, total.
        dense_cycles: with dense blocks.
        is_proven: with its buffers no other array is faster.
    """

    accelerator: Accelerator
    packed_pairs: int
    used: Resources
    cycles: int
    dense_cycles: int
    is_proven: bool

    @property
    def seconds(self) -> float:
        """Of all runs."""
        return self.cycles / (self.accelerator.clock_mhz * 1e6)


def best_dense(
    trace: Trace,
    some: Trace,
    start: Accelerator,
    device: Device,
    family: str,
    budget: Resources,
    sizes: Iterable[int],
    one_clock: bool = False,
) -> Dense | None:
    """The fastest dense accelerator in a budget.

    Args:
        trace: whose runs are timed.
        some: its first runs, on which formats are compared.
        start: gives widths, and a clock that others are scaled from.
        device: gives the DRAM bandwidth. family: prices it.
        budget: that it may take.
        sizes: how many runs may lie side by side.
        one_clock: all arrays have the start's.
    Returns:
        None where none fits.
    """
    found: _Found | None = None
    for size in sorted(sizes):
        for kib in _sizes(budget):
            if found is not None and not _is_a_step(kib, found.buffers):
                continue
            with_buffers = start.with_(batch=size, **kib)
            one = _search(trace, with_buffers, kib, device, family, budget, one_clock)
            if one is not None and (found is None or one.seconds < found.seconds):
                found = one
    if found is None:
        return None
    accelerator, dense_cycles = _ordered(found, device)
    used = found.array.resources()
    best, used = _encoded(accelerator, used, some, device, family, budget)
    return Dense(
        accelerator=best,
        packed_pairs=found.array.packed_pairs,
        used=used.rounded(),
        cycles=dense_cycles if best is accelerator else encoded_cycles(trace, best, device),
        dense_cycles=dense_cycles,
        is_proven=found.is_proven,
    )


@dataclass(frozen=True)
class _Found:
    """The fastest array with some buffers."""

    array: DenseArray
    work: tuple[DenseWork, ...]
    buffers: Mapping[str, float]
    cycles: int
    seconds: float
    is_proven: bool


def _sizes(budget: Resources) -> Iterator[dict[str, float]]:
    """Buffers of all sizes, the middle ones first."""
    known = buffers(budget)
    middle = {key: sizes[len(sizes) // 2] for key, sizes in known.items()}
    yield middle
    for sizes in product(*known.values()):
        one = dict(zip(known, sizes, strict=True))
        if one != middle:
            yield one


def _is_a_step(buffers: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether at most one of them differs."""
    return sum(buffers[key] != other[key] for key in buffers) <= 1


def _search(
    trace: Trace,
    start: Accelerator,
    buffers: Mapping[str, float],
    device: Device,
    family: str,
    budget: Resources,
    one_clock: bool,
) -> _Found | None:
    whole, rest = divmod(trace.source.runs, start.batch)
    groups = [start.batch] * whole + ([rest] if rest else [])
    work = tuple(dense_work(trace, start, groups))
    if not work:
        return None
    rivalry = Rivalry(work, start, device, family, budget, one_clock)
    found = fastest(dense_arrays(rivalry), budget, _MOST_EXACT)
    if found is None:
        return None
    return _Found(found.candidate, work, buffers, found.cycles, found.seconds, found.is_proven)


def _ordered(found: _Found, device: Device) -> tuple[Accelerator, int]:
    """The array with the order of passes that is the fastest, and its cycles."""
    accelerator = found.array.accelerator
    tried = {}
    for order in _ORDERS:
        one = accelerator.with_(pass_order=order)
        cycles = total_cycles(found.work, one, device)
        assert cycles is not None  # without a limit nothing is given up
        tried[order] = one, cycles
    return min(tried.values(), key=lambda pair: pair[1])


def _encoded(
    accelerator: Accelerator,
    used: Resources,
    some: Trace,
    device: Device,
    family: str,
    budget: Resources,
) -> tuple[Accelerator, Resources]:
    """The accelerator in the formats that it is the fastest with on some runs, and what it takes:
    its decoders, where it has them for masks alone, have to fit as well."""
    plain = area(accelerator, family)
    best, least, taken = accelerator, encoded_cycles(some, accelerator, device), used
    for first, second in product(FORMATS, FORMATS):
        one = accelerator.with_(activation_format=first, weight_format=second)
        priced = area(one, family)
        assert plain is not None and priced is not None  # as it was offered with its resources
        more = used + priced + plain * -1
        if fits(more, budget):
            cycles = encoded_cycles(some, one, device)
            if cycles < least:
                best, least, taken = one, cycles, more
    return best, taken


def as_dense(
    result: Result, trace: Trace, device: Device, family: str, budget: Resources
) -> Dense | None:
    """An estimated accelerator as a dense one, in the format that it is the fastest with.

    Args:
        result: of it.
        trace: whose runs are timed.
        device: gives the DRAM bandwidth. family: prices it.
        budget: that it may take.
    Returns:
        None where its own scheme skips zeros, or it takes more.
    """
    accelerator, used = result.accelerator, used_of(result)
    if not accelerator.rules.scheme(accelerator.skipping).is_dense or not fits(used, budget):
        return None
    cycles = result.totals.cycles[accelerator.skipping].total
    best, used = _encoded(accelerator, used, trace, device, family, budget)
    return Dense(
        accelerator=best,
        packed_pairs=0,
        used=used.rounded(),
        cycles=cycles if best is accelerator else encoded_cycles(trace, best, device),
        dense_cycles=cycles,
        is_proven=False,
    )


def used_of(result: Result) -> Resources:
    """What an estimated accelerator takes of a device whose family is known."""
    assert result.on_device is not None
    return Resources(**result.on_device.used.model_dump())


def encoded_cycles(trace: Trace, accelerator: Accelerator, device: Device) -> int:
    """Total cycles of an accelerator's own scheme, every block moved in the accelerator's formats.

    `estimate` says the same of a scheme that skips zeros; of a dense one it moves dense blocks.

    Args:
        trace: its images are read.
        accelerator: gives the scheme and the formats.
        device: gives the DRAM bandwidth.
    Raises:
        SpecError: a layer does not fit the buffers.
    """
    on = setting(accelerator, device, accelerator.skipping)
    (scheme,) = on.schemes
    total = 0
    for group in batches(trace.images, accelerator.batch):
        for layer in trace.layers:
            for images in [group] if layer.takes_images else [[image] for image in group]:
                operands = operands_of(trace, layer, images)
                if operands.geometry.has_work:
                    widths = value_bits_of(trace, layer, accelerator)
                    prepared = prepare(layer.name, operands, widths, on)
                    cycles = count(prepared, scheme, on).cycles
                    timed = schedule(prepared.plan, cycles, on.bits_per_cycle, False)
                    total += timed.total_cycles
    return total
