"""The contract: what a machine is. Nothing outside a machine's folder knows its parameters, its
units, its schemes or its classes; reports, sweeps, area, co-simulation and exports ask it.

Importing this loads no library, and a machine's own `machine.py` should load none either: what its
methods need, they import.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from sparsesim.machines.array_space import ArraySpace
from sparsesim.machines.explanation import Cause, Floor
from sparsesim.machines.part import Clock, Part, Placed
from sparsesim.machines.product_shape import Densities, ProductShape, Runs
from sparsesim.machines.scheme import Scheme
from sparsesim.machines.slot_class import SlotClass
from sparsesim.machines.study import Study
from sparsesim.machines.sum_order import SumOrder
from sparsesim.machines.tiling import Tiling

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sparsesim.area.resources import Resources
    from sparsesim.area.rivalry import DenseArray, Rivalry
    from sparsesim.machines.counted import Counted
    from sparsesim.machines.pairs import Pairs
    from sparsesim.machines.passes import Passes
    from sparsesim.machines.timeline import Timeline
    from sparsesim.result.model import LayerRecord, Result
    from sparsesim.rtl.rtl import Rtl
    from sparsesim.spec.accelerator import Accelerator
    from sparsesim.spec.base import Spec


class Machine(ABC):
    """A machine: an array of multipliers, and the rules by which it takes a layer's passes.

    `array` is an instance of `Array`, the machine's own table of parameters, throughout. What only
    says more (`explain`, `parts`, `rtl`) has a default that says nothing.

    Attributes:
        name: as users type it.
        summary: in a line.
        Array: its parameters: a `Spec` whose keys have defaults, and whose numbers have units in
            their names where they have units. No key of `Accelerator` may be among them.
        schemes: of which it has one or more; the first that skips nothing is the baseline.
        default_scheme: the name of the one that an accelerator has unless told.
        classes: of multiplier slots; they sum to slots times cycles.
        cheap_keys: of the array, those that a sweep changes fastest, since what was cut and
            prepared serves all their values; the last one fastest of all.
        curve_keys: of the array, numbers over which a sweep draws a curve for each scheme.
        short_keys: key of the array -> its name in a narrow table. Keys of one name that follow
            each other are told in one column, as `16x16`.
        rtl: its Verilog; None while there is none.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Array: ClassVar[type[Spec]]
    schemes: ClassVar[tuple[Scheme, ...]]
    default_scheme: ClassVar[str]
    classes: ClassVar[tuple[SlotClass, ...]]
    cheap_keys: ClassVar[tuple[str, ...]] = ()
    curve_keys: ClassVar[tuple[str, ...]] = ()
    short_keys: ClassVar[Mapping[str, str]] = {}

    # --- what it is --------------------------------------------------------------------------

    @property
    def baseline(self) -> Scheme | None:
        """Its first dense scheme; None: it has no dense mode, and is compared at equal resources
        alone."""
        return next((scheme for scheme in self.schemes if scheme.is_dense), None)

    @property
    def yardstick(self) -> Scheme | None:
        """The scheme that every speedup on the same array is against: the baseline, where there is
        another scheme to hold against it; else None."""
        return self.baseline if len(self.schemes) > 1 else None

    @property
    def skips_zeros(self) -> bool:
        """Whether any of its schemes does; if not, mean densities say nothing of it."""
        return not all(scheme.is_dense for scheme in self.schemes)

    def scheme(self, name: str) -> Scheme:
        """The scheme of a name that it has."""
        return next(scheme for scheme in self.schemes if scheme.name == name)

    @property
    def scheme_names(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(scheme.name for scheme in self.schemes)

    @abstractmethod
    def slots(self, array: Any) -> int:
        """Multipliers: slots of one cycle."""

    def size(self, array: Any) -> str:
        """The array's size as a word in front of what it is: `16x16`."""
        return f"{self.slots(array)}-multiplier"

    def describe(self, array: Any) -> str:
        """The machine in a line, without its scheme: `16x16 inner_join, 1 lane, ...`."""
        return f"{self.size(array)} {self.name}"

    def words(self, array: Any, kind: str = "") -> str:
        """Its multipliers, for a sentence: `72x8 PEs of 4 lanes`.

        Args:
            array: its parameters.
            kind: of what it is made of, if it is said: `dense`.
        """
        return " ".join(filter(None, (self.size(array), kind, self.name)))

    # --- what it counts ----------------------------------------------------------------------

    def check(self, accelerator: Accelerator) -> None:
        """What its array asks of the accelerator around it, such as widths of operands.

        Raises:
            ValueError: they do not go together; the whole line.
        """
        return

    @abstractmethod
    def tiling(self, array: Any) -> Tiling:
        """How a layer may be cut into passes."""

    def operand_key(self, role: str, array: Any) -> Hashable:
        """What `prepare` depends on; arrays with equal keys share what was prepared.

        Args:
            role: `activation` or `weight`.
            array: its parameters.
        """
        return array

    @abstractmethod
    def prepare(self, role: str, words: NDArray[np.uint64], reduction: int, array: Any) -> Any:
        """Lay an operand out for `count`, for any scheme.

        Args:
            role: `activation` or `weight`.
            words: operand bits, shape (groups, positions or filters, words of K bits and one more).
            reduction: K.
            array: its parameters.
        """

    @abstractmethod
    def count(
        self,
        activations: Any,
        weights: Any,
        passes: Passes,
        pairs: Pairs,
        scheme: Scheme,
        array: Any,
    ) -> Counted:
        """Exact counts of passes; must release the GIL to be fast on several cores.

        Args:
            activations, weights: of `prepare`. Each group of weights serves as many of the
                activations, one behind the other, as there are more: steps of one recurrent
                product (`Passes.over_steps`).
            passes: cut by `tiling`.
            pairs: `count_pairs` of the same passes.
            scheme: one of its own.
            array: its parameters.
        """

    def expected_cycles(
        self, runs: Runs, densities: Densities, scheme: Scheme, array: Any
    ) -> float:
        """Compute cycles of a layer that mean densities alone would say: zeros independent and
        equally likely everywhere, all multipliers in balance.

        Args:
            runs: of the layer.
            densities: over all of them.
            scheme: one of its own.
            array: its parameters.
        """
        pairs = sum(
            times * shape.groups * shape.filters * shape.positions * shape.reduction
            for shape, times in runs.items()
        )
        return pairs * densities.of_pairs(scheme.skips) / self.slots(array)

    def sums(self, scheme: Scheme, array: Any) -> SumOrder:
        """In which order sums run: what overflow means."""
        return SumOrder(block=1, lanes=1, skips=scheme.skips)

    def scheme_note(self, scheme: Scheme, array: Any) -> str:
        """What a scheme does not do on an array of these parameters, behind its name; empty: it
        does what it says."""
        return ""

    def timeline(
        self,
        activations: NDArray[np.int16],
        weights: NDArray[np.int16],
        scheme: Scheme,
        array: Any,
        drains: bool = True,
    ) -> Timeline | None:
        """When what ended in a pass; None: it is not known. A machine with Verilog has one.

        Args:
            activations: (positions, K); weights: (filters, K); only which are zero matters.
            scheme: one of its own.
            array: its parameters.
            drains: whether the pass ends its tiles; one that does not is a single tile.
        """
        return None

    # --- what it says ------------------------------------------------------------------------

    def floors(self, runs: Runs, array: Any) -> tuple[Floor, ...]:
        """Cycles that a layer of these runs cannot go below, whatever its zeros."""
        return ()

    def cause(self, bound: str, result: Result, layer: LayerRecord, scheme: str) -> Cause | None:
        """Why a layer spends cycles on a bound of one of the machine's classes, and what would
        lift it; None: nothing is known.

        Args:
            bound: of its classes.
            result, layer: an estimate on this machine, and the layer.
            scheme: under which.
        """
        return None

    # --- what it is made of ------------------------------------------------------------------

    def parts(self, accelerator: Accelerator, family: str) -> tuple[Part, ...]:
        """All its parts, buffers' block RAM among them; empty: its area is not known.

        Args:
            accelerator: on this machine.
            family: one of `sparsesim.synth.families.FAMILIES`.
        """
        return ()

    def placed(self, accelerator: Accelerator) -> Mapping[str, Placed]:
        """What can be placed for a clock, by the word that users type; the first unless told."""
        return {}

    def clock(self, accelerator: Accelerator, family: str) -> Clock:
        """The clock that it reaches, or is assumed to reach.

        Args:
            accelerator: on this machine.
            family: of FPGAs.
        """
        mhz = type(accelerator)(machine=accelerator.machine).clock_mhz
        return Clock(mhz, False, f"assumed: {mhz:g} MHz")

    def space(self, budget: Resources, family: str) -> ArraySpace | None:
        """Arrays among which `choose` looks for the best; None: nobody said which are worth it.

        A few thousand of them at most. Buffers, formats and the like are common to all machines,
        and are chosen by `choose` itself.

        Args:
            budget: LUTs, flip-flops, multipliers and block RAM that an accelerator may take.
            family: of the FPGA.
        """
        return None

    def dense_arrays(self, rivalry: Rivalry) -> Iterable[DenseArray]:
        """Dense accelerators of this machine beside another accelerator, by rising least seconds:
        those that may be the fastest in its resources. Empty: it has no dense mode."""
        return ()

    @property
    def rtl(self) -> Rtl | None:
        """Its Verilog, and how a pass is run on it."""
        return None

    # --- studies of its own ------------------------------------------------------------------

    @property
    def studies(self) -> Mapping[str, Study]:
        """Studies that only this machine has, by verb."""
        return {}


__all__ = [
    "ArraySpace",
    "Cause",
    "Clock",
    "Densities",
    "Floor",
    "Machine",
    "Part",
    "Placed",
    "ProductShape",
    "Runs",
    "Scheme",
    "SlotClass",
    "Study",
    "SumOrder",
    "Tiling",
]
