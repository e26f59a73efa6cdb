"""Area of an accelerator without synthesis: parts' models, fitted to tables of synthesis runs.

    resources = area.estimate(accelerator, "xcup")     # lut, ff, dsp, bram36

Not synthesis: that is `sparsesim.synth`; `python -m benchmarks.synthesis` makes the tables anew.
Importing this loads NumPy and nothing heavier.
"""

from sparsesim.area.estimate import estimate
from sparsesim.area.resources import Resources

__all__ = ["Resources", "estimate"]
