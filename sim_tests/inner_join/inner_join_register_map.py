"""The words of inner_join_registers.v, whose header says what each register means."""

from __future__ import annotations

from register_map import Words

from sparsesim.machines.inner_join import CLASSES

WORDS = Words(
    parameters=(
        "ROWS", "COLS", "WINDOW", "LANES", "QUEUE_DEPTH", "FEED_LATENCY", "SKIPPING",
        "POSITIONS_INNER", "ACT_W", "WEIGHT_W", "ACC_W", "VALUE_W", "COUNTERS_EN", "MAX_FILTERS",
    ),
    shape={
        "WINDOWS": 16, "FILTER_TILES": 16, "POSITION_TILES": 16, "LAST_FILTERS": 11,
        "LAST_POSITIONS": 11, "LAST_LENGTH": 7, "DRAINS": 1,
    },
    classes=tuple(name.upper() for name in CLASSES),
)  # fmt: skip

REGISTERS = WORDS.registers(value_bits=8)
"""Those of a machine of 8-bit values."""
