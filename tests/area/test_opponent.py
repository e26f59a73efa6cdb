"""The fastest of candidates from anywhere, against all of them."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import default_rng

from sparsesim.area.opponent import fastest
from sparsesim.area.resources import Resources
from sparsesim.errors import SpecError


@dataclass(frozen=True)
class Made:
    """A candidate as a test wants it."""

    least_seconds: float
    exact: int | None
    clock_mhz: float = 1.0
    lut: float = 1.0

    def resources(self) -> Resources:
        return Resources(lut=self.lut)

    def cycles(self, limit: int | None) -> int | None:
        if self.exact is None:
            raise SpecError("a tile does not fit")
        return None if limit is not None and self.exact >= limit else self.exact


def test_the_fastest_of_any_candidates():
    """1,000 random sets: what is said to be proven is the least of all that fit."""
    proven = 0
    for seed in range(1000):
        draw = default_rng(seed)
        made = []
        for _ in range(int(draw.integers(1, 30))):
            clock, exact = float(draw.choice([0.5, 1.0, 2.0])), int(draw.integers(1, 1000))
            least = exact / (clock * 1e6) * draw.uniform(0.3, 1)
            lut = float(draw.integers(1, 4))
            made.append(Made(least, exact if draw.random() > 0.1 else None, clock, lut))
        made.sort(key=lambda one: one.least_seconds)
        times = [m.exact / (m.clock_mhz * 1e6) for m in made if m.exact and m.lut <= 2]
        found = fastest(made, Resources(lut=2), int(draw.integers(1, 12)))
        if found is None:
            continue
        assert found.seconds == found.cycles / (found.candidate.clock_mhz * 1e6)
        assert found.candidate.lut <= 2
        assert found.seconds >= min(times)
        if found.is_proven:
            proven += 1
            assert found.seconds == min(times)
    assert 300 < proven < 1000


def test_nothing_fits():
    assert fastest([Made(1.0, 5, lut=3.0), Made(2.0, None)], Resources(lut=2), 9) is None
    assert fastest([], Resources(lut=2), 9) is None
