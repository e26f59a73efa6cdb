"""A machine and its memory: what a user chooses. It knows no model, and no machine's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator, model_validator

from sparsesim.errors import SpecError, nearest
from sparsesim.machines import DEFAULT, Machine, machine_named, machine_names
from sparsesim.spec.array import keys_of_array
from sparsesim.spec.base import Spec
from sparsesim.spec.packaged import PackagedSpec

if TYPE_CHECKING:
    from sparsesim.machines.sum_order import SumOrder
    from sparsesim.rtl.rtl import Rtl

_OLD_KEYS = {"datapath": "machine"}
STORED = {"stored": True}
"""Context in which an accelerator is validated that was read back: what it names need not load."""


class Accelerator(PackagedSpec):
    """A machine with an array of it, its buffers and its formats.

    The keys of the array's table may also stand flat among the others: `rows = 8` for
    `array = { rows = 8 }`. They are read flat, too: `accelerator.rows`.

    Args:
        name: how reports call it; not part of `sha256()`.
        machine: a name (see `list machines`), or `file.py:NAME`.
        array: the machine's own parameters, a table; see its page in docs/machines.
        skipping: one of the machine's schemes; left out: the one that it has by default.
        act_bits: width of an activation with its zero point subtracted, signed, 2 to 16.
        weight_bits: the same of a weight, 2 to 16.
        acc_bits: width of the sum, signed, 8 to 64.
        clock_mhz: above 0. An assumption until the synthesis of the Verilog says otherwise.
        activation_format: encoding of activations in DRAM and on chip; a name, or `file.py:name`.
        weight_format: the same of weights.
        run_bits: width of a run in the format `run_length`, 1 to 16.
        value_bits: width at which a value is priced, 1 to 64; None is the width of its ONNX
            type, and 8 for float tensors.
        activation_buffer_kib: on-chip activations in KiB, both halves together, above 0.
        weight_buffer_kib: the same for weights.
        output_buffer_kib: the same for outputs, which lie there dense.
        pass_order: which passes follow each other; `auto` takes the fewest DRAM bits.
        batch: images laid side by side along the positions, 1 or more.
    Raises:
        SpecError: unknown key, wrong type, out of range, unknown machine, scheme or format.
    Source: docs/model.md.
    """

    _folder: ClassVar[str] = "accelerators"
    _word: ClassVar[str] = "accelerator"

    name: str = "custom"
    machine: str = DEFAULT
    array: SerializeAsAny[Spec] = Spec()  # both are filled in as the machine has them
    skipping: str = ""
    act_bits: int = Field(default=9, ge=2, le=16)
    weight_bits: int = Field(default=8, ge=2, le=16)
    acc_bits: int = Field(default=32, ge=8, le=64)
    clock_mhz: float = Field(default=200.0, gt=0)
    activation_format: str = "bitmask"
    weight_format: str = "bitmask"
    run_bits: int = Field(default=4, ge=1, le=16)
    value_bits: int | None = Field(default=None, ge=1, le=64)
    activation_buffer_kib: float = Field(default=128.0, gt=0)
    weight_buffer_kib: float = Field(default=256.0, gt=0)
    output_buffer_kib: float = Field(default=64.0, gt=0)
    pass_order: Literal["auto", "filters_outer", "positions_outer"] = "auto"
    batch: int = Field(default=1, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _with_its_array(cls, values: Any) -> Any:
        """The array's keys in their table, wherever they stood; what is left out as the machine
        has it."""
        if not isinstance(values, Mapping):
            return values
        given = _renamed(values)
        if not isinstance(given.get("machine", DEFAULT), str):
            return {"array": Spec(), "skipping": ""} | given  # whose type is refused
        chosen = machine_named(given.get("machine", DEFAULT))
        own, array_keys = cls.model_fields, keys_of_array(chosen, tuple(cls.model_fields))
        unknown = next((key for key in given if key not in own and key not in array_keys), None)
        if unknown is not None:
            raise SpecError(f"unknown key '{unknown}'{_whose(unknown, chosen)}")
        given["array"] = _array(chosen, given)
        given.setdefault("skipping", chosen.default_scheme)
        return {key: value for key, value in given.items() if key in own}

    @field_validator("skipping")
    @classmethod
    def _is_a_scheme(cls, value: str, info: ValidationInfo) -> str:
        chosen = machine_named(info.data.get("machine", DEFAULT))
        names = chosen.scheme_names
        if value not in names:
            owners = [name for name in machine_names() if value in machine_named(name).scheme_names]
            has = f" on {chosen.name}: {_joined(owners)} it" if owners else ""
            raise ValueError(f"is unknown{has}; {nearest(value, names)}")
        return value

    @field_validator("activation_format", "weight_format")
    @classmethod
    def _is_known(cls, value: str, info: ValidationInfo) -> str:
        if value in ("dense", "bitmask") or info.context == STORED:
            return value
        from sparsesim.formats import FORMATS, format_named, named  # lazy: formats need NumPy

        if ".py:" not in value and value not in FORMATS:
            raise ValueError(f"is unknown; {nearest(value, named())}")
        format_named(value)  # that of a file or a package has to load
        return value

    @model_validator(mode="after")
    def _goes_with_its_array(self) -> Self:
        self.rules.check(self)
        return self

    def with_(self, /, **changes: Any) -> Self:
        """A copy with some keys changed, the array's among them; checked as a new one is.

        On another machine it starts from that one's array and scheme.

        Args:
            changes: keys and their new values.
        Raises:
            SpecError: as on construction.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        changes = _renamed(changes)
        if changes.get("machine", self.machine) != self.machine:
            del values["array"], values["skipping"]
        return type(self)(**(values | changes))

    def flat(self) -> dict[str, Any]:
        """All keys but the name in one table, as JSON has them; the array's behind the machine."""
        found = self.model_dump(mode="json", exclude={"name"})
        array = found.pop("array")
        return {"machine": found.pop("machine"), **array, **found}

    @property
    def rules(self) -> Machine:
        """The machine, which owns its rules."""
        return machine_named(self.machine)

    @property
    def sum_order(self) -> SumOrder:
        """In which order its machine adds products up under its scheme."""
        return self.rules.sums(self.rules.scheme(self.skipping), self.array)

    @property
    def rtl(self) -> Rtl:
        """The Verilog of its machine.

        Raises:
            SpecError: it has none.
        """
        found = self.rules.rtl
        if found is None:
            raise SpecError(f"machine '{self.machine}' has no Verilog")
        return found

    def rtl_parameters(self) -> dict[str, int]:
        """The Verilog parameters that make this accelerator, by name; a module takes its own.

        Raises:
            SpecError: its machine has no Verilog.
        """
        return self.rtl.parameters(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its keys: an array's class may come of a file, and is found by the machine's
        name again."""
        return _unpickled, (type(self), {"name": self.name, **self.flat()})

    if not TYPE_CHECKING:  # for users; inside the package an array's keys are the machine's own

        def __getattr__(self, name: str) -> Any:
            array = self.__dict__.get("array")
            if isinstance(array, Spec) and name in type(array).model_fields:
                return getattr(array, name)
            return super().__getattr__(name)


def _unpickled(kind: type[Accelerator], keys: Mapping[str, Any]) -> Accelerator:
    return kind.model_validate(keys, context=STORED)


def _renamed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Keys of before under their present names."""
    found = dict(given)
    for old, new in _OLD_KEYS.items():
        if old in found and new in found:
            raise SpecError(f"key '{old}' is now '{new}'; give one of them")
        if old in found:
            found[new] = found.pop(old)
    return found


def keys_of(machine: Machine) -> tuple[str, ...]:
    """Keys that an accelerator of a machine may have, the array's among them."""
    own = [key for key in Accelerator.model_fields if key != "array"]
    return (*own[:2], *keys_of_array(machine, tuple(Accelerator.model_fields)), *own[2:])


def _whose(key: str, machine: Machine) -> str:
    """Behind a key that a machine does not have: the machines that have it, and what it may be."""
    return f"{_owners(key)}; {nearest(key, keys_of(machine))}"


def _owners(key: str) -> str:
    """Behind a key: the machines that have it in their arrays; empty: none has."""
    owners = [
        name
        for name in machine_names()
        if key in keys_of_array(machine_named(name), tuple(Accelerator.model_fields))
    ]
    return f": {_joined(owners)} it" if owners else ""


def _joined(names: list[str]) -> str:
    """`stream has`, `inner_join and stream have`."""
    *first, last = names
    return f"{', '.join(first)} and {last} have" if first else f"{last} has"


def _array(machine: Machine, given: Mapping[str, Any]) -> Spec:
    """The array of what was given: a table, an array, flat keys, or nothing."""
    table = given.get("array", {})
    if isinstance(table, Spec):
        if not isinstance(table, machine.Array):
            raise SpecError(
                f"array is of another machine than '{given.get('machine', DEFAULT)}'; give a table"
            )
        table = {key: getattr(table, key) for key in type(table).model_fields}
    elif not isinstance(table, Mapping):
        raise SpecError(f"array {table!r} is not a table; write its keys, as array = {{ ... }}")
    own = machine.Array.model_fields
    unknown = next((key for key in table if key not in own), None)
    if unknown is not None:
        if unknown in Accelerator.model_fields:
            hint = "it is none of the array's; write it outside of that table"
        else:
            hint = nearest(unknown, own)
        raise SpecError(f"unknown key '{unknown}'{_owners(unknown)}; {hint}")
    return machine.Array(**{**table, **{key: given[key] for key in own if key in given}})
