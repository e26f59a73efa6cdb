"""The trace: a network executed once, kept as one bit an element of each operand."""

from sparsesim.trace.trace import ImageTrace, Interval, Source, Trace, TraceLayer, TraceTensor

__all__ = ["ImageTrace", "Interval", "Source", "Trace", "TraceLayer", "TraceTensor"]
