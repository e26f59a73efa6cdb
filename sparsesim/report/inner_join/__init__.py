"""What reports know of the machine `inner_join`: least cycles, and what lifts a layer's bound.

Another machine brings a folder of its name; without one its layers are shown, but not explained.
"""

from sparsesim.report.inner_join.floors import floors
from sparsesim.report.inner_join.lifts import lifts

__all__ = ["floors", "lifts"]
