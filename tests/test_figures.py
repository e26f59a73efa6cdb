"""Numbers as people read them."""

from __future__ import annotations

import pytest

from sparsesim import figures


@pytest.mark.parametrize(
    "number, said",
    [
        (0, "0 bit"),
        (999, "999 bit"),
        (1000, "1 kbit"),
        (1234, "1.23 kbit"),
        (12_345, "12.3 kbit"),
        (123_456, "123 kbit"),
        (999_600, "1.00 Mbit"),
        (3.45e15, "3450 Tbit"),
    ],
)
def test_bits(number, said):
    assert figures.bits(number) == said


def test_the_others():
    assert figures.count(37933.4) == "37,933"
    assert figures.percent(0.835) == "83.5 %"
    assert figures.signed_percent(-0.107) == "-10.7 %"
    assert figures.times(1.724) == "1.72x"
    assert figures.milliseconds(22000, 200.0) == "0.110 ms"
    assert figures.milliseconds(2000, 200.0) == "0.010 ms"
    assert figures.milliseconds(247, 200.0) == "0.0012 ms"
    assert figures.milliseconds(1, 2000.0) == "0.00000050 ms"
    assert figures.milliseconds(0, 200.0) == "0.000 ms"
    assert figures.milliseconds(1e9, 200.0) == "5000.000 ms"
    assert figures.joules(1.92e6) == "1.92 uJ"
    assert figures.kib(8192) == "1.0 KiB"
    assert figures.plural(1, "filter") == "1 filter"
    assert figures.plural(2000, "filter") == "2,000 filters"


def test_changes():
    assert figures.change(10, 9) == "-10.0 %"
    assert figures.change(10, 10) == "="
    assert figures.change(0, 1) == "new"


def test_clipping_keeps_both_ends():
    assert figures.clipped("short", 5) == "short"
    assert figures.clipped("layer3.0.downsample.0", 12) == "layer…mple.0"
