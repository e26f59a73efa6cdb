"""Peak live activations, by hand."""

from __future__ import annotations

from sparsesim.memory import PeakLive, peak_live
from sparsesim.trace import Lifetime


def test_the_peak_is_where_most_bits_live():
    # Steps:  0 1 2 3
    # input   8 8          skip keeps `a` alive over step 2.
    # a         16 16 16
    # b            24 24   so step 2 and step 3 hold 40; c makes step 3 48.
    # c               8
    lives = [
        Lifetime("input", 1, 8, 0, 1),
        Lifetime("a", 2, 8, 1, 3),
        Lifetime("b", 3, 8, 2, 3),
        Lifetime("c", 1, 8, 3, 3),
    ]
    assert peak_live(lives) == PeakLive(48, 6, 3, ("a", "b", "c"))
    assert peak_live(lives[:3]) == PeakLive(40, 5, 2, ("a", "b"))


def test_the_first_of_equal_peaks_counts():
    lives = [Lifetime("a", 4, 8, 0, 0), Lifetime("b", 4, 8, 1, 1)]
    assert peak_live(lives) == PeakLive(32, 4, 0, ("a",))


def test_nothing_lives_in_no_network():
    assert peak_live([]) == PeakLive(0, 0, None, ())
