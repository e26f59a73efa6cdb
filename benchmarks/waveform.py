"""Draws docs/waveform.svg: a PE at work, cycle by cycle.

    python -m benchmarks.waveform

The pass of docs/waveform.md runs through the Verilog in Verilator, which writes every signal to a
file (VCD); all values in the picture are read from there. Only the numbers of windows are counted
here, push by push. Not a viewer of waves: `WAVES=1` leaves files for one (hdl/README.md).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import or_
from pathlib import Path

import numpy as np

from benchmarks.waveform_svg import Row, svg
from sparsesim.files import write_text
from sparsesim.rtl.simulator import Simulator, Verilog
from sparsesim.spec import Accelerator

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "waveform.svg"

MACHINE = Accelerator(rows=2, cols=1, window=4, queue_depth=2)
WEIGHTS = np.array([[3, 0, -2, 1, 4, -1], [2, -1, 4, 5, 0, 3]], dtype=np.int16)
ACTIVATIONS = np.array([[5, 2, 7, 4, 0, 6], [0, 9, 0, 0, 8, -3]], dtype=np.int16)
CYCLES = 17  # drawn: the pass, and its results on their way out

_ARRAY = "inner_join_accelerator.u_array."
_PE = _ARRAY + "g_col[0].g_row[0].u_pe."
_LANE = _PE + "u_mac.g_leaf[0].g_lane."
_TIMES, _MINUS = "\N{MULTIPLICATION SIGN}", "\N{MINUS SIGN}"


class Waves:
    """Signals of a VCD file: for each cycle, the value that the clock's rising edge finds.

    Args:
        path: the file; `clk_i` is low where a cycle's values have settled.
        first: names a signal that is high in the cycle before cycle 0.
    """

    def __init__(self, path: Path, first: str) -> None:
        self._codes: dict[str, str] = {}
        self._widths: dict[str, int] = {}
        self._cycles = list(self._settled(path.read_text(encoding="ascii")))
        self._begin = [cycle[self._codes[first]] for cycle in self._cycles].index(1) + 1

    def unsigned(self, name: str) -> list[int]:
        """A signal by its path below the simulation's top, such as `TOP.busy_o`."""
        code = self._codes[name]
        return [cycle[code] for cycle in self._cycles[self._begin : self._begin + CYCLES]]

    def signed(self, name: str) -> list[int]:
        """The same of a signal in two's complement."""
        half = 1 << (self._widths[name] - 1)
        return [(value ^ half) - half for value in self.unsigned(name)]

    def bit(self, name: str, number: int = 0) -> list[bool]:
        """One bit of a signal."""
        return [bool(value >> number & 1) for value in self.unsigned(name)]

    def _settled(self, text: str) -> Iterator[dict[str, int]]:
        scopes: list[str] = []
        now: dict[str, int] = {}
        clock = ""
        for line in text.splitlines():
            words = line.split()
            if not words:
                continue
            if words[0] == "$scope":
                scopes.append(words[2])
            elif words[0] == "$upscope":
                scopes.pop()
            elif words[0] == "$var":
                name = ".".join([*scopes[1:], words[4]])
                self._codes[name], self._widths[name] = words[3], int(words[2])
                clock = clock or (words[3] if words[4] == "clk_i" else "")
            elif line[0] == "#":
                if now and not now[clock]:
                    yield dict(now)
            elif line[0] == "b":
                now[words[1]] = int(words[0][1:], 2)
            elif line[0] in "01":
                now[line[1:]] = int(line[0])


def main() -> None:
    """Simulate, and write the picture."""
    write_text(PICTURE, drawn(), force=True)
    print(f"Wrote {PICTURE}")


def drawn() -> str:
    """The picture, from a simulation of its own.

    Raises:
        SparseSimError: Verilator is missing or refuses the Verilog.
    """
    with tempfile.TemporaryDirectory(prefix="sparsesim-") as folder:
        path = Path(folder) / "waves.vcd"
        simulator = Simulator(Verilog(MACHINE, max_filters=len(WEIGHTS), trace=True))
        simulator.trace(path)
        found = simulator.run(ACTIVATIONS, WEIGHTS, cycle_limit=100)
        simulator.end_trace()
        waves = Waves(path, "inner_join_accelerator.start_i")
    return svg(_classes(waves), _groups(waves), found.cycles)


def _groups(waves: Waves) -> dict[str, list[Row]]:
    there = waves.bit(_PE + "u_control.there_q")
    work = waves.bit(_PE + "work_o")
    taken = _both(waves.bit(_PE + "take"), waves.bit(_PE + "there"))
    at_work = [count - 1 for count in accumulate([0, *taken[:-1]])]  # held from the next cycle on
    left = [f"{pairs:04b}" for pairs in waves.unsigned(_PE + "u_control.g_skip.pairs_q")]
    chosen = _both(work, waves.bit(_PE + "valid"))
    ahead = waves.bit(_PE + "valid_q")  # the pair whose operands are registered next
    operands = zip(waves.signed(_LANE + "act_q"), waves.signed(_LANE + "weight_q"), strict=True)
    # A tile's sum is complete where the last bit of last_q is set; its result stands from then on.
    complete = waves.bit(_PE + "u_mac.last_q", 2)
    summed = list(accumulate(waves.bit(_PE + "u_mac.fresh_q"), or_))
    drains = waves.bit(_ARRAY + "g_col[0].u_drain.valid_o")
    return {
        "Queues": [
            Row("weights pushed", "weight_push_i", _counted(waves.bit(_PE + "weight_push_i"))),
            Row("activations pushed", "act_push_i", _counted(waves.bit(_PE + "act_push_i"))),
            Row(
                "work of PE (1, 0)",
                "work_o, of the PE below",
                waves.bit(_ARRAY + "g_col[0].g_row[1].u_pe.work_o"),
            ),
        ],
        "Control": [
            Row("next window taken", "take && there", taken),
            Row("window held", "there_q", _where(there, at_work)),
            Row("its pairs left", "pairs_q, pair 3 to pair 0", _where(there, left)),
            Row("work", "work_o", work),
            Row("pair taken", "index", _where(chosen, waves.unsigned(_PE + "index"))),
            Row("work on a window ends", "done_o", waves.bit(_PE + "done_o")),
            Row("a result waits", "pending_i", waves.bit(_PE + "u_control.pending_i")),
        ],
        "Data": [
            Row("address", "index_q", _where(ahead, waves.unsigned(_PE + "index_q"))),
            Row(
                "operands",
                "act_q, weight_q",
                _where(_later(ahead, 1), [f"{act} {_TIMES} {weight}" for act, weight in operands]),
            ),
            Row(
                "product",
                "product_q",
                _where(_later(ahead, 2), waves.signed(_LANE + "product_q")),
            ),
            Row("sum", "sum_q", _where(summed, waves.signed(_PE + "u_mac.sum_q"))),
            Row(
                "result register",
                "result_o",
                _where(list(accumulate(_later(complete, 1), or_)), waves.signed(_PE + "result_o")),
            ),
        ],
        "Column": [
            Row(
                "drain",
                "drain.valid_o, row_o",
                _where(
                    drains,
                    [f"row {row}" for row in waves.unsigned(_ARRAY + "g_col[0].u_drain.row_o")],
                ),
            ),
            Row(
                "results leave",
                "result_valid_o, result_o",
                _where(
                    waves.bit("inner_join_accelerator.sum_valid_o"),
                    waves.signed("inner_join_accelerator.sum_o"),
                ),
            ),
        ],
    }


def _classes(waves: Waves) -> list[str]:
    """The class of each of the PE's cycles; one lane, so that a cycle has one."""
    active, operand, drain, inactive = (waves.bit(_PE + "class_o", n) for n in (3, 2, 1, 0))
    effectual = [*waves.bit(_PE + "effectual_o")[1:], False]  # told a cycle later
    names = []
    for n in range(CYCLES):
        held = {
            "effectual": active[n] and effectual[n],
            "unused": active[n] and not effectual[n],
            "operand_wait": operand[n],
            "drain_wait": drain[n],
            "inactive": inactive[n],
        }
        names.append(next((name for name, is_so in held.items() if is_so), "fill_drain"))
    return names


def _both(left: list[bool], right: list[bool]) -> list[bool]:
    return [a and b for a, b in zip(left, right, strict=True)]


def _later(values: list[bool], cycles: int) -> list[bool]:
    return [*[False] * cycles, *values[:-cycles]]


def _counted(pushes: list[bool]) -> list[str | None]:
    return _where(pushes, [count - 1 for count in accumulate(map(int, pushes))])


def _where(shown: Sequence[bool], values: Sequence[object]) -> list[str | None]:
    return [
        str(value).replace("-", _MINUS) if is_shown else None
        for is_shown, value in zip(shown, values, strict=True)
    ]


if __name__ == "__main__":
    main()
