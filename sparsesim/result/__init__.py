"""Results: what an estimate says, as values and as JSON."""

from sparsesim.result.file import load_result, save_result
from sparsesim.result.model import LayerRecord, Result

__all__ = ["LayerRecord", "Result", "load_result", "save_result"]
