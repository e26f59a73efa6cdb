"""The machine of docs/model.md and its memory: what a user chooses. It knows no model."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import Field, field_validator

from sparsesim.errors import nearest
from sparsesim.spec.packaged import PackagedSpec

Scheme = Literal["none", "activation", "weight", "two_sided"]
SCHEMES: tuple[str, ...] = get_args(Scheme)
"""The operands whose zeros save cycles; `none` is the baseline of every speedup."""

RTL_FIELDS = {
    "ROWS": "rows",
    "COLS": "cols",
    "WINDOW": "window",
    "LANES": "lanes",
    "QUEUE_DEPTH": "queue_depth",
    "FEED_LATENCY": "feed_latency",
    "ACT_W": "act_bits",
    "WEIGHT_W": "weight_bits",
    "ACC_W": "acc_bits",
}
"""Verilog's name of each field that its modules take as it is."""


class Accelerator(PackagedSpec):
    """An output-stationary array of processing elements (PE), its buffers and its formats.

    Args:
        name: how reports call it; not part of `sha256()`.
        datapath: the plug-in that models the machine.
        rows: PE rows, one filter each, 1 to 1024.
        cols: PE columns, one output position each, 1 to 1024.
        window: operand pairs that a PE examines together, 1 to 64.
        lanes: multipliers of a PE, 1 to 256.
        queue_depth: windows that each of a PE's two queues holds, 1 to 4096.
        feed_latency: cycles from a feeder's push to use, and from a freed slot to the feeder's
            knowing of it, 1 to 64.
        skipping: operands whose zeros save cycles.
        loop_order: which tiles follow each other; `filters_inner` takes all filter tiles for
            each position tile.
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
        SpecError: unknown key, wrong type, out of range, unknown format.
    Source: docs/model.md.
    """

    _folder: ClassVar[str] = "accelerators"
    _word: ClassVar[str] = "accelerator"

    name: str = "custom"
    datapath: str = "inner_join"
    rows: int = Field(default=16, ge=1, le=1024)
    cols: int = Field(default=16, ge=1, le=1024)
    window: int = Field(default=16, ge=1, le=64)
    lanes: int = Field(default=1, ge=1, le=256)
    queue_depth: int = Field(default=4, ge=1, le=4096)
    feed_latency: int = Field(default=1, ge=1, le=64)
    skipping: Scheme = "two_sided"
    loop_order: Literal["filters_inner", "positions_inner"] = "filters_inner"
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

    @field_validator("activation_format", "weight_format")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value in ("dense", "bitmask"):
            return value
        from sparsesim.formats import FORMATS, format_named, named  # lazy: formats need NumPy

        if ".py:" not in value and value not in FORMATS:
            raise ValueError(f"is unknown; {nearest(value, named())}")
        format_named(value)  # that of a file or a package has to load
        return value

    @property
    def pe_latency(self) -> int:
        """Cycles from the end of a PE's work to its result: `3 + ceil(log2(lanes))`."""
        return 3 + (self.lanes - 1).bit_length()

    def rtl_parameters(self) -> dict[str, int]:
        """The Verilog parameters that make this array, by name; a module takes its own of them."""
        values = {name: int(getattr(self, field)) for name, field in RTL_FIELDS.items()}
        values["SKIPPING"] = SCHEMES.index(self.skipping)
        values["POSITIONS_INNER"] = int(self.loop_order == "positions_inner")
        return values
