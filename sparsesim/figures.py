"""Numbers as people read them: each with its unit, the same in every report."""

from __future__ import annotations

from math import floor, log10


def count(number: float) -> str:
    """A whole number with separators: `37,933`."""
    return f"{number:,.0f}"


def plural(number: int, word: str) -> str:
    """A count of things: `1 filter`, `20 filters`."""
    return f"{count(number)} {word}{'' if number == 1 else 's'}"


def percent(share: float, digits: int = 1) -> str:
    """A share of 1: `83.5 %`."""
    return f"{share * 100:.{digits}f} %"


def mac_share(share: float, is_bound: bool) -> str:
    """A share of all MACs: `83.5 %`, or `at most 83.5 %` where some MACs are unknown.

    It is `100.0 %` only where it is all of them.
    """
    if is_bound:
        return f"at most {percent(share)}"
    return percent(share if share == 1 else min(share, 0.999))


def signed_percent(share: float) -> str:
    """A change: `+83.5 %`, `-10.7 %`."""
    return f"{share * 100:+.1f} %"


def change(before: float, after: float) -> str:
    """What became of a number: `-10.7 %`, `=` where nothing did, `new` where it was 0."""
    if before == after:
        return "="
    return signed_percent((after - before) / before) if before else "new"


def times(ratio: float | None) -> str:
    """A ratio: `1.72x`; `-` where there is none."""
    return "-" if ratio is None else f"{ratio:.2f}x"


def milliseconds(cycles: float, clock_mhz: float) -> str:
    """The time of so many cycles: `0.110 ms`; with two digits that count, at least: `0.0012 ms`."""
    return f"{thousandths(cycles / clock_mhz / 1e3)} ms"


def thousandths(number: float) -> str:
    """A number to its third decimal, small ones to two digits that count: `0.110`, `0.0012`."""
    digits = 3 if number >= 0.01 or number <= 0 else 1 - floor(log10(number))
    return f"{number:.{digits}f}"


def bits(number: float) -> str:
    """An amount of bits with a decimal prefix: `3.45 Mbit`."""
    return _scaled(number, ("bit", "kbit", "Mbit", "Gbit", "Tbit"))


def octets(number: float) -> str:
    """An amount of bytes with a decimal prefix: `3.45 kB`."""
    return _scaled(number, ("B", "kB", "MB", "GB", "TB"))


def joules(picojoules: float) -> str:
    """An energy: `1.92 uJ`."""
    return _scaled(picojoules, ("pJ", "nJ", "uJ", "mJ", "J"))


def kib(number_of_bits: float) -> str:
    """An amount of bits in the unit of on-chip memories: `421.2 KiB`."""
    return f"{number_of_bits / 8192:,.1f} KiB"


def duration(seconds: float) -> str:
    """A time as a person would say it: `0.4 s`, `25 s`, `12 min`, `3.2 h`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def clipped(text: str, width: int) -> str:
    """Text of at most so many characters; the middle goes, as names differ at their ends.

    >>> clipped("layer3.0.downsample.0", 12)
    'layer…mple.0'
    """
    if len(text) <= width:
        return text
    tail = width // 2
    return f"{text[: width - tail - 1]}…{text[-tail:]}"


def _scaled(number: float, units: tuple[str, ...]) -> str:
    """With three digits that count, each unit a thousand of the one before."""
    index = 0
    while number >= 999.5 and index < len(units) - 1:
        number, index = number / 1000, index + 1
    digits = 0 if number >= 99.95 or number == int(number) else 1 if number >= 9.995 else 2
    return f"{number:.{digits}f} {units[index]}"
