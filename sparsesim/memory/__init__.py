"""Memory: how a layer is cut into passes, what moves over DRAM, and how long that takes."""

from sparsesim.memory.blocks import Runs
from sparsesim.memory.choose import Choice
from sparsesim.memory.counts import LayerCounts, count_layer
from sparsesim.memory.live import PeakLive, peak_live
from sparsesim.memory.plan import Moved, Plan, packing, plan_layer
from sparsesim.memory.schedule import Schedule, schedule, transfer_cycles
from sparsesim.memory.search import Buffers
from sparsesim.memory.value_bits import ValueBits, value_bits_of
from sparsesim.memory.whole import stored_bits

__all__ = [
    "Buffers",
    "Choice",
    "LayerCounts",
    "Moved",
    "PeakLive",
    "Plan",
    "Runs",
    "Schedule",
    "ValueBits",
    "count_layer",
    "packing",
    "peak_live",
    "plan_layer",
    "schedule",
    "stored_bits",
    "transfer_cycles",
    "value_bits_of",
]
