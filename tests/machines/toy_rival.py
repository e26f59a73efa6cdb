"""The toy that offers dense arrays of its own, as the opponent of others in the same resources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sparsesim.area import estimate
from sparsesim.area.dense import total_cycles
from sparsesim.area.rivalry import Rivalry, dense_accelerator
from sparsesim.own_file import load_function

Toy = load_function(f"{Path(__file__).with_name('toy.py')}:Toy")


@dataclass(frozen=True)
class DenseToy:
    """So many multipliers: see `sparsesim.area.rivalry.DenseArray`."""

    rivalry: Rivalry
    accelerator: object
    clock_source: str
    packed_pairs = 0

    @property
    def clock_mhz(self):
        return self.accelerator.clock_mhz

    @property
    def least_seconds(self):
        pairs = sum(item.times * item.geometry.macs for item in self.rivalry.work)
        return pairs / self.accelerator.array.multipliers / (self.clock_mhz * 1e6)

    def resources(self):
        return estimate(self.accelerator, self.rivalry.family)

    def cycles(self, limit):
        return total_cycles(self.rivalry.work, self.accelerator, self.rivalry.device, limit)


class Rival(Toy):
    """Strips of 16, and as many multipliers as there are blocks for."""

    name = "toy_rival"

    def dense_arrays(self, rivalry):
        for multipliers in range(int(rivalry.budget.dsp), 0, -1):
            array = {"multipliers": multipliers, "width": 16}
            dense = dense_accelerator(rivalry.accelerator, __file__ + ":Rival", array, 1.0)
            mhz, source = rivalry.clock_of(dense)
            yield DenseToy(rivalry, dense.with_(clock_mhz=mhz), source)
