"""The Verilog as a function: one pass on the accelerator, whole arrays in and out.

Runs the Verilated accelerator through `run_pass.cpp`; it compares nothing and knows no layers.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import SparseSimError
from sparsesim.rtl.build import Options, build_library
from sparsesim.rtl.sources import hdl_folder, sources
from sparsesim.rtl.windows import pack_windows
from sparsesim.spec import Accelerator

VALUE_BITS = 8
_STATUS = {
    1: "hangs: it is busy after {limit} cycles, where the model is done after fewer than half",
    2: "gives more results than the pass has",
    3: "marks the wrong results as a tile's last",
    4: "gives fewer results than the pass has",
}


class SimulationError(SparseSimError):
    """The Verilog hangs, or gives results that are none of the pass's."""


@dataclass(frozen=True, eq=False)
class Epilogue:
    """Post-processing of a pass; without one the sums alone leave the accelerator.

    Attributes:
        bias: of each filter of the pass, within 32 bits.
        multiplier, shift: of each filter; see `sparsesim.fixed_point.requantise`.
        relu: negative values become zero.
        threshold: magnitude, in output steps, at or below which a value becomes zero.
        zero_point, low, high: within 9 bits, signed.
    """

    bias: NDArray[np.int64]
    multiplier: NDArray[np.uint32]
    shift: NDArray[np.uint8]
    relu: bool
    threshold: int
    zero_point: int
    low: int
    high: int


@dataclass(frozen=True, eq=False)
class PassRun:
    """What the Verilog made of one pass.

    Attributes:
        cycles: of the pass; classes: lane-slots in the order of `sparsesim.machines.CLASSES`.
        sums: int64, (filters, positions); overflow: bool, the same shape. Undefined where the
            pass does not drain.
        values: int16, (filters, positions), behind the post-processing; None without one.
        clocked: cycles simulated.
        ends: int64, (rows, cols, windows of all tiles in order): the cycle in which each PE ended
            its work on each; -1 where it did not. None where it was not asked for.
    """

    cycles: int
    classes: tuple[int, ...]
    sums: NDArray[np.int64]
    overflow: NDArray[np.bool_]
    values: NDArray[np.int16] | None
    clocked: int
    ends: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Verilog:
    """Which Verilog to run, and how it is built.

    Attributes:
        accelerator: gives the parameters.
        max_filters: filters that a pass may have.
        folder: of the Verilog; None is the package's own.
        trace: built to write waveforms; slower.
    """

    accelerator: Accelerator
    max_filters: int = 4096
    folder: Path | None = None
    trace: bool = False

    def recipe(self) -> tuple[dict[str, int], Options]:
        """The Verilog parameters, and how it is built."""
        parameters = self.accelerator.rtl_parameters()
        parameters |= {"COUNTERS_EN": 1, "VALUE_W": VALUE_BITS, "MAX_FILTERS": self.max_filters}
        options = Options(
            optimise="-O1" if self.trace else "-O2",
            # Functions of a bounded size: compiling whole ones takes five times as long, and what
            # comes out is no faster.
            verilator=(
                *("-O3", "--x-assign", "fast", "--x-initial", "fast", "-Wno-lint"),
                *("--output-split", "5000", "--output-split-cfuncs", "500"),
                *(("--trace",) if self.trace else ()),
            ),
        )
        return parameters, options

    def build(self) -> Path:
        """The shared library, from the cache or built now.

        Raises:
            SparseSimError: a tool is missing or refuses the Verilog.
        """
        parameters, options = self.recipe()
        wrapper = Path(__file__).with_name("run_pass.cpp")
        files = sources("inner_join_accelerator", self.folder or hdl_folder())
        return build_library("inner_join_accelerator", parameters, wrapper, options, files)


class Simulator:
    """One accelerator in simulation; sums of a pass that does not drain stay for the next."""

    def __init__(self, verilog: Verilog) -> None:
        self.accelerator = machine = verilog.accelerator
        self._library = _library(verilog.build())
        beat_bits = max(machine.window * (1 + VALUE_BITS), machine.acc_bits)
        build = _Build(
            machine.rows,
            machine.cols,
            machine.window,
            machine.act_bits,
            machine.weight_bits,
            machine.acc_bits,
            VALUE_BITS,
            beat_bits,
            int(machine.loop_order == "positions_inner"),
        )
        self._machine = ctypes.c_void_p(self._library.machine_make(ctypes.byref(build)))
        self._epilogue: Epilogue | None = None
        self._layer = _Layer(raw=1)
        self.reset()

    def __del__(self) -> None:
        if getattr(self, "_machine", None):
            self._library.machine_drop(self._machine)

    def reset(self) -> None:
        """Back to the state after power-up; no sums are kept."""
        self._library.machine_reset(self._machine)

    def trace(self, path: Path) -> None:
        """Write a waveform (VCD) from here to `end_trace`; the Verilog must be built for it."""
        if not self._library.machine_trace(self._machine, str(path).encode()):
            raise SparseSimError(f"{path}: cannot be written as a waveform")

    def end_trace(self) -> None:
        self._library.machine_trace_end(self._machine)

    def run(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        cycle_limit: int,
        drains: bool = True,
        epilogue: Epilogue | None = None,
        timeline: bool = False,
    ) -> PassRun:
        """One pass.

        Args:
            activations: (positions, K), zero points subtracted, within act_bits.
            weights: (filters, K), within weight_bits.
            cycle_limit: after so many cycles the Verilog is given up.
            drains: whether the pass ends its tiles; if not, it must be one tile.
            epilogue: post-processing, or None.
            timeline: note when each PE ended its windows.
        Raises:
            SimulationError: it hangs, or gives other results than the pass has.
        """
        machine, reduction = self.accelerator, activations.shape[1]
        act = pack_windows(activations, machine.window, machine.act_bits)
        weight = pack_windows(weights, machine.window, machine.weight_bits)
        windows = act.shape[1]
        shape = (len(weights), len(activations))
        numbers = _Pass(
            *shape,
            windows,
            reduction - (windows - 1) * machine.window,
            int(drains),
            weight[0].size,
            act[0].size,
            cycle_limit,
        )
        if drains and (epilogue is not self._epilogue or epilogue is None):
            self._program(epilogue)
        sums = np.zeros(shape, dtype=np.int64)
        overflow = np.zeros(shape, dtype=np.uint8)
        values = np.zeros(shape, dtype=np.int16)
        tiles = -(-shape[0] // machine.rows) * -(-shape[1] // machine.cols)
        ends = np.full((machine.rows, machine.cols, tiles * windows), -1) if timeline else None
        found = _Found()
        status = self._library.machine_run(
            self._machine,
            ctypes.byref(numbers),
            ctypes.byref(self._layer),
            *(_pointer(array) for array in (weight, act, sums, overflow, values)),
            None if ends is None else _pointer(ends),
            ctypes.byref(found),
        )
        if status:
            raise SimulationError(f"the Verilog {_STATUS[status].format(limit=cycle_limit)}")
        return PassRun(
            found.cycles,
            tuple(found.counters),
            sums,
            overflow.astype(bool),
            None if epilogue is None else values,
            found.clocked,
            ends,
        )

    def _program(self, epilogue: Epilogue | None) -> None:
        self._epilogue = epilogue
        nothing: NDArray[Any] = np.zeros(0)
        bias = multiplier = shift = nothing
        if epilogue is None:
            self._layer = _Layer(raw=1)
        else:
            chosen = (int(epilogue.relu), epilogue.threshold, epilogue.zero_point)
            self._layer = _Layer(*chosen, epilogue.low, epilogue.high, 0)
            bias, multiplier, shift = epilogue.bias, epilogue.multiplier, epilogue.shift
        vectors = (
            np.ascontiguousarray(bias, dtype=np.int32),
            np.ascontiguousarray(multiplier, dtype=np.uint32),
            np.ascontiguousarray(shift, dtype=np.uint8),
        )
        self._library.machine_layer(
            self._machine,
            ctypes.byref(self._layer),
            len(bias),
            *(_pointer(vector) for vector in vectors),
        )


class _Build(ctypes.Structure):
    _names = "rows cols window act_w weight_w acc_w value_w beat_w positions_inner"
    _fields_ = [(name, ctypes.c_int32) for name in _names.split()]


class _Pass(ctypes.Structure):
    _names = "filters positions windows last_length drains"
    _fields_ = [(name, ctypes.c_int32) for name in _names.split()] + [
        (name, ctypes.c_int64) for name in ("weight_stride", "act_stride", "cycle_limit")
    ]


class _Layer(ctypes.Structure):
    _names = "relu threshold zero_point low high raw"
    _fields_ = [(name, ctypes.c_int32) for name in _names.split()]


class _Found(ctypes.Structure):
    _fields_ = [
        ("cycles", ctypes.c_int64),
        ("counters", ctypes.c_int64 * 7),
        ("clocked", ctypes.c_int64),
    ]


def _library(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.machine_make.restype = ctypes.c_void_p
    return library


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
