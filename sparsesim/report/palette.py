"""Colours of charts, each once; a machine's classes and schemes bring their own.

They hold their own on white and on near-black (charts are drawn on both).
"""

ACCENT = "#2a9d5c"
ALARM = "#c2410c"
GREY = "#8b95a5"
"""What others are measured by: what is dense, a roof, equal numbers."""
PALE = "#e9ecd9"
"""Between ACCENT and ALARM."""
INK = "#1c2128"
"""Words on PALE, on any page."""

OPERANDS = {"activations": "#4f86c6", "weights": "#d4a72c", "outputs": "#b565c4"}
SPARE = ("#b565c4", "#5bb5b5", ALARM, "#a3b18a", "#7a5c3e", "#3d5a80")
"""Of schemes whose own colour another machine's scheme has."""
