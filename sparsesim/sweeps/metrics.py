"""What a point is judged by: names, units, which way is better, and how they follow from a result.

Counts are the mean of an image unless the name says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sparsesim.result import Result

Better = Literal["less", "more"]
Number = float | int | None


@dataclass(frozen=True)
class Metric:
    """One.

    Attributes:
        unit: words behind its values; empty for shares and ratios.
        better: `less` or `more`.
        about: what it is.
        of: from the result on the point's own scheme; None: it is a resource, known without one.
    """

    unit: str
    better: Better
    about: str
    of: Callable[[Result, str], Number] | None = None


def _ms(cycles: float, result: Result) -> float:
    return cycles / (result.accelerator.clock_mhz * 1e3)


def _dram_bytes(result: Result, scheme: str) -> float:
    bits = result.totals.schemes[scheme].dram_bits
    return (bits.activation + bits.weight + bits.output) / 8 / _count(result)


def _count(result: Result) -> int:
    return sum(result.per_image.images)


def _error(result: Result, scheme: str) -> Number:
    return result.output_error.mean if result.output_error else None


def _iso_speedup(result: Result, scheme: str) -> Number:
    return result.iso_resource.speedup if result.iso_resource else None


def _accuracy(result: Result, scheme: str) -> Number:
    return result.accuracy.top1_after if result.accuracy else None


METRICS: dict[str, Metric] = {
    "cycles": Metric("cycles", "less", "total cycles an image", lambda r, s: r.images[s].mean),
    "p50_cycles": Metric("cycles", "less", "of the median image", lambda r, s: r.images[s].p50),
    "p95_cycles": Metric(
        "cycles", "less", "95 % of images take no more", lambda r, s: r.images[s].p95
    ),
    "worst_cycles": Metric(
        "cycles", "less", "of the slowest image", lambda r, s: r.images[s].worst
    ),
    "ms": Metric(
        "ms", "less", "an image at the point's clock", lambda r, s: _ms(r.images[s].mean, r)
    ),
    "worst_ms": Metric(
        "ms",
        "less",
        "the slowest image at the point's clock",
        lambda r, s: _ms(r.images[s].worst, r),
    ),
    "images_per_s": Metric(
        "images/s", "more", "one behind the other", lambda r, s: 1e3 / _ms(r.images[s].mean, r)
    ),
    "speedup": Metric(
        "", "more", "over the dense scheme on the same array", lambda r, s: r.speedup.get(s)
    ),
    "iso_speedup": Metric(
        "", "more", "over the fastest dense array of equal resources, clocks in it", _iso_speedup
    ),
    "utilisation": Metric(
        "",
        "more",
        "effectual MACs over multiplier slots",
        lambda r, s: r.totals.schemes[s].utilisation,
    ),
    "dram_bytes": Metric("bytes", "less", "moved over the DRAM port an image", _dram_bytes),
    "energy_uj": Metric(
        "uJ",
        "less",
        "an image, by an ASIC's table: relative",
        lambda r, s: sum(r.totals.schemes[s].energy_pj.values()) / 1e6 / _count(r),
    ),
    "accuracy": Metric("", "more", "top-1 with the thresholds on", _accuracy),
    "output_error": Metric("", "less", "mean over images, share of the output's range", _error),
    "mac_coverage": Metric(
        "",
        "more",
        "share of the model's MACs that ran on the array",
        lambda r, s: r.host.mac_coverage,
    ),
    "mac_coverage_is_bound": Metric(
        "",
        "less",
        "1 where some MACs are unknown: mac_coverage is the most that it can be",
        lambda r, s: int(r.host.mac_coverage_is_bound),
    ),
    "lut": Metric("LUT", "less", "look-up tables, memories in them included"),
    "ff": Metric("FF", "less", "flip-flops"),
    "dsp": Metric("DSP", "less", "multiplier blocks"),
    "bram36": Metric("BRAM36", "less", "block RAMs of 36 Kb"),
    "share": Metric("", "less", "of the device: the largest of the four above"),
}
"""By name, in the order of tables."""

STATIC = tuple(name for name, metric in METRICS.items() if metric.of is None)
"""Those that are known before anything is estimated."""

COSTLY = "iso_speedup"
"""It takes a search for dense arrays: made where it is asked for by name, and for the front."""


def measured(result: Result, iso_resource: bool) -> dict[str, Number]:
    """All metrics of a result but its resources; `COSTLY` only where it was asked for."""
    scheme = result.accelerator.skipping
    return {
        name: m.of(result, scheme)
        for name, m in METRICS.items()
        if m.of is not None and (iso_resource or name != COSTLY)
    }
