"""The Verilog as a function: one pass on the accelerator, whole arrays in and out.

Runs the Verilated accelerator through `shell.cpp` and the machine's driver; it compares nothing and
knows no layers.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sparsesim.errors import SparseSimError
from sparsesim.fixed_point.requantise import VALUE_BITS
from sparsesim.rtl.build import Options, build_library
from sparsesim.spec import Accelerator


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
        cycles: of the pass; classes: multiplier slots in the order of the machine's classes.
        sums: int64, (filters, positions); overflow: bool, the same shape. Undefined where the
            pass does not drain.
        values: int16, (filters, positions), behind the post-processing; None without one.
        clocked: cycles simulated.
        ends: int64, as the machine's timeline has them; -1 where work did not end. None where they
            were not asked for.
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
        folder: of another version of the Verilog; None is the machine's own.
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
        rtl = self.accelerator.rtl
        wrapper = (Path(__file__).with_name("shell.cpp"), rtl.driver)
        return build_library(rtl.top, parameters, wrapper, options, rtl.sources(self.folder))


class Simulator:
    """One accelerator in simulation; sums of a pass that does not drain stay for the next."""

    def __init__(self, verilog: Verilog) -> None:
        self.accelerator, self._rtl = verilog.accelerator, verilog.accelerator.rtl
        self._library = _library(verilog.build())
        self._shell = ctypes.c_void_p(self._library.shell_make())
        self._epilogue: Epilogue | None = None
        self.reset()

    def __del__(self) -> None:
        if getattr(self, "_shell", None):
            self._library.shell_drop(self._shell)

    def reset(self) -> None:
        """Back to the state after power-up; no sums are kept."""
        self._library.shell_reset(self._shell)

    def trace(self, path: Path) -> None:
        """Write a waveform (VCD) from here to `end_trace`; the Verilog must be built for it."""
        if not self._library.shell_trace(self._shell, str(path).encode()):
            raise SparseSimError(f"{path}: cannot be written as a waveform")

    def end_trace(self) -> None:
        self._library.shell_trace_end(self._shell)

    def run(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        cycle_limit: int,
        drains: bool = True,
        epilogue: Epilogue | None = None,
        ends: tuple[int, ...] | None = None,
    ) -> PassRun:
        """One pass.

        Args:
            activations: (positions, K), zero points subtracted, within act_bits.
            weights: (filters, K), within weight_bits.
            cycle_limit: after so many cycles the Verilog is given up.
            drains: whether the pass ends its tiles; if not, it must be one tile.
            epilogue: post-processing, or None.
            ends: note when work ended; the shape of `Timeline.ends` of this pass.
        Raises:
            SimulationError: it hangs, or gives other results than the pass has.
        """
        operands = [
            np.ascontiguousarray(array)
            for array in self._rtl.packed(activations, weights, self.accelerator)
        ]
        if drains and (epilogue is not self._epilogue or epilogue is None):
            self._program(epilogue)
        shape = (len(weights), len(activations))
        sums = np.zeros(shape, dtype=np.int64)
        overflow = np.zeros(shape, dtype=np.uint8)
        values = np.zeros(shape, dtype=np.int16)
        ended = None if ends is None else np.full(ends, -1, dtype=np.int64)
        counters = np.zeros(len(self.accelerator.rules.classes), dtype=np.int64)
        asked = _Pass(
            *(*shape, activations.shape[1], int(drains), cycle_limit),
            (ctypes.c_void_p * len(operands))(*(array.ctypes.data for array in operands)),
            *(_pointer(array) for array in (sums, overflow, values)),
            None if ended is None else _pointer(ended),
        )
        found = _Found()
        wrong = self._library.shell_run(
            self._shell,
            *(ctypes.byref(asked), ctypes.byref(found), _pointer(counters), len(counters)),
        )
        if wrong is not None:
            raise SimulationError(f"the Verilog {wrong.decode()}")
        return PassRun(
            found.cycles,
            tuple(counters.tolist()),
            sums,
            overflow.astype(bool),
            None if epilogue is None else values,
            found.clocked,
            ended,
        )

    def _program(self, epilogue: Epilogue | None) -> None:
        self._epilogue = epilogue
        layer = _Layer(raw=1)
        vectors: tuple[np.ndarray, ...] = (np.zeros(0),) * 3
        if epilogue is not None:
            chosen = (int(epilogue.relu), epilogue.threshold, epilogue.zero_point)
            layer = _Layer(*chosen, epilogue.low, epilogue.high, 0)
            vectors = (epilogue.bias, epilogue.multiplier, epilogue.shift)
        types = (np.int32, np.uint32, np.uint8)
        given = [
            np.ascontiguousarray(vector, dtype=kind)
            for vector, kind in zip(vectors, types, strict=True)
        ]
        self._library.shell_layer(
            self._shell,
            ctypes.byref(layer),
            len(given[0]),
            *map(_pointer, given),
        )


# As `shell.cpp` has them.


class _Pass(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in ("filters", "positions", "reduction", "drains")),
        ("cycle_limit", ctypes.c_int64),
        ("operands", ctypes.POINTER(ctypes.c_void_p)),
        *((name, ctypes.c_void_p) for name in ("sums", "overflows", "values", "ends")),
    ]


class _Layer(ctypes.Structure):
    _names = "relu threshold zero_point low high raw"
    _fields_ = [(name, ctypes.c_int32) for name in _names.split()]


class _Found(ctypes.Structure):
    _fields_ = [("cycles", ctypes.c_int64), ("clocked", ctypes.c_int64)]


def _library(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    library.shell_make.restype = ctypes.c_void_p
    library.shell_run.restype = ctypes.c_char_p
    return library


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
