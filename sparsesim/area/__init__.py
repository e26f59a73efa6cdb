"""Area of an accelerator without synthesis: a model fitted to a table of synthesis runs.

    resources = area.estimate(accelerator, "xcup")     # lut, ff, dsp, bram36

Not synthesis: that is `sparsesim.synth`; `python -m benchmarks.synthesis` makes the table anew.
Importing this loads NumPy and nothing heavier.
"""

from sparsesim.area.estimate import estimate
from sparsesim.area.resources import Resources

__all__ = ["Resources", "estimate"]
