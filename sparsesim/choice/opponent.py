"""The fastest dense accelerator of any machine in a budget, whatever it is best with.

Shapes, lanes and the machine come of the search for dense arrays (`sparsesim.area`), which is exact
with the buffers that it is given; those, the order of passes, how many images lie side by side and
the DRAM formats are tried one after another around it. A machine's own dense scheme always moves
dense blocks; here its blocks may be encoded, since an opponent that is to be beaten may do so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import inf

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
        packed_pairs: pairs of its multipliers that share a block, where its
            parameters do not say so.
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

    @property
    def seconds_of_dense_formats(self) -> float:
        """The same with dense blocks."""
        return self.dense_cycles / (self.accelerator.clock_mhz * 1e6)


class DenseSearch:
    """The search for dense accelerators in several budgets of a device, for one trace.

    Args:
        trace: whose runs are timed.
        some: its first runs, on which formats are compared.
        device: gives the DRAM bandwidth. family: prices accelerators.
        start: gives widths, and a clock that others are scaled from.
        one_clock: all arrays have the start's.
        results: estimates of all runs on any accelerators; the dense ones among them compete.
    """

    def __init__(
        self,
        trace: Trace,
        some: Trace,
        device: Device,
        family: str,
        start: Accelerator,
        one_clock: bool,
        results: Iterable[Result] = (),
    ) -> None:
        self._trace, self._some = trace, some
        self._device, self._family = device, family
        self._start, self._one_clock = start, one_clock
        self._results = [one for one in results if _is_dense(one.accelerator)]
        self._known: list[Dense] = []
        self._times: dict[tuple[int, str], int] = {}

    def best(self, budget: Resources, sizes: Collection[int]) -> Dense | None:
        """The fastest in a budget; those that are known compete where they fit.

        Args:
            budget: that it may take.
            sizes: how many runs may lie side by side.
        Returns:
            None where none fits.
        """
        most = max(sizes)
        able = [
            one for one in self._known if one.accelerator.batch <= most and fits(one.used, budget)
        ]
        below = min((one.seconds_of_dense_formats for one in able), default=inf)
        found = self._found(budget, sizes, below)
        if found is not None:
            accelerator, cycles = _ordered(found, self._device)
            pairs, is_proven = found.array.packed_pairs, found.is_proven
            used = found.array.resources()
            able.append(self._encoded(accelerator, used, cycles, pairs, is_proven, budget))
        for result in self._results:
            used, cycles = used_of(result), result.totals.cycles[result.accelerator.skipping].total
            if result.accelerator.batch <= most and fits(used, budget):
                able.append(self._encoded(result.accelerator, used, cycles, 0, False, budget))
        return min(able, key=lambda one: one.seconds, default=None)

    def remember(self, dense: Dense) -> None:
        """Let it compete in other budgets."""
        self._known.append(dense)

    def _found(self, budget: Resources, sizes: Collection[int], below: float) -> _Found | None:
        """The fastest with dense blocks, below so many seconds."""
        found: _Found | None = None
        for size in sorted(sizes):
            for kib in _sizes(budget):
                if found is not None and not _is_a_step(kib, found.buffers):
                    continue
                one = self._search(self._start.with_(batch=size, **kib), kib, budget, below)
                if one is not None:
                    found, below = one, one.seconds
        return found

    def _search(
        self, start: Accelerator, buffers: Mapping[str, float], budget: Resources, below: float
    ) -> _Found | None:
        whole, rest = divmod(self._trace.source.runs, start.batch)
        groups = [start.batch] * whole + ([rest] if rest else [])
        work = tuple(dense_work(self._trace, start, groups))
        if not work:
            return None
        rivalry = Rivalry(work, start, self._device, self._family, budget, self._one_clock)
        found = fastest(dense_arrays(rivalry), budget, _MOST_EXACT, below)
        if found is None:
            return None
        return _Found(found.candidate, work, buffers, found.seconds, found.is_proven)

    def _encoded(
        self,
        accelerator: Accelerator,
        used: Resources,
        cycles: int,
        packed_pairs: int,
        is_proven: bool,
        budget: Resources,
    ) -> Dense:
        """An accelerator in the formats that it is the fastest with on some runs: its decoders,
        where it has them for masks alone, have to fit as well."""
        plain = area(accelerator, self._family)
        best, least, taken = accelerator, self._cycles(self._some, accelerator), used
        for first, second in product(FORMATS, FORMATS):
            one = accelerator.with_(activation_format=first, weight_format=second)
            priced = area(one, self._family)
            assert plain is not None and priced is not None  # as it was offered with its resources
            more = used + priced + plain * -1
            if fits(more, budget):
                found = self._cycles(self._some, one)
                if found < least:
                    best, least, taken = one, found, more
        return Dense(
            accelerator=best,
            packed_pairs=packed_pairs,
            used=taken.rounded(),
            cycles=cycles if best is accelerator else self._cycles(self._trace, best),
            dense_cycles=cycles,
            is_proven=is_proven,
        )

    def _cycles(self, trace: Trace, accelerator: Accelerator) -> int:
        key = id(trace), accelerator.sha256()
        if key not in self._times:
            self._times[key] = encoded_cycles(trace, accelerator, self._device)
        return self._times[key]


def _is_dense(accelerator: Accelerator) -> bool:
    return accelerator.rules.scheme(accelerator.skipping).is_dense


@dataclass(frozen=True)
class _Found:
    """The fastest array with some buffers."""

    array: DenseArray
    work: tuple[DenseWork, ...]
    buffers: Mapping[str, float]
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
