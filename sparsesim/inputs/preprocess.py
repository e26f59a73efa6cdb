"""How pixels become values: the `[preprocess]` table, and the presets that name common ones.

`value = (pixel * scale - mean) / std` with pixels 0 to 255. Not the doing: `pictures.py` does it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sparsesim.errors import InputError, nearest

_PRESETS = Path(__file__).parent / "presets"

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Pixels = Annotated[int, Field(ge=1, le=65536, strict=True)]


class Preprocess(BaseModel):
    """The preparation of one picture, in this order: channels, resize, crop, values, layout.

    A `preset` fills in the keys that are not given. `mean` and `std` are numbers or lists in the
    order of `channels`. `layout` and `channels` follow from the model's shape where left out.
    `round` is for integer inputs: half to even, then clamped, as QuantizeLinear does.

    Raises:
        InputError: an unknown key or preset, with the nearest known one.
        pydantic.ValidationError: a value out of range (`load_preprocess` makes it an InputError).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str | None = Field(default=None, description="the name of a preset")
    scale: Positive = Field(
        default=1.0, description="a number above 0; each pixel is multiplied by it"
    )
    mean: Finite | tuple[Finite, ...] = Field(
        default=0.0, description="a number, or one for each channel"
    )
    std: Positive | tuple[Positive, ...] = Field(
        default=1.0, description="a number above 0, or one for each channel"
    )
    round: bool = Field(
        default=False, description="true to round and clamp values for an integer input, or false"
    )
    layout: Literal["nchw", "nhwc"] | None = Field(default=None, description="'nchw' or 'nhwc'")
    channels: Literal["rgb", "bgr", "gray"] | None = Field(
        default=None, description="'rgb', 'bgr' or 'gray'"
    )
    resize: Pixels | tuple[Pixels, Pixels] | None = Field(
        default=None, description="pixels of the short side, or [height, width]"
    )
    resample: Literal["bilinear", "bicubic"] = Field(
        default="bilinear", description="'bilinear' or 'bicubic'"
    )
    crop: Pixels | tuple[Pixels, Pixels] | None = Field(
        default=None, description="pixels of a centred square, or [height, width]"
    )

    @model_validator(mode="before")
    @classmethod
    def _known_keys_and_preset(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        for key in values:
            if key not in cls.model_fields:
                raise InputError(
                    f"preprocess: unknown key '{key}'; {nearest(str(key), cls.model_fields)}"
                )
        name = values.get("preset")
        return {**_preset_table(name), **values} if isinstance(name, str) else values

    def __str__(self) -> str:
        base = Preprocess(preset=self.preset).model_dump()
        changed = {k: v for k, v in self.model_dump().items() if v != base[k]}
        words = [self.preset] if self.preset else []
        return ", ".join([*words, *(f"{k} {v}" for k, v in changed.items())]) or "none"


def preset_names() -> tuple[str, ...]:
    """The presets that can be named, sorted."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.toml")))


def load_preprocess(named: Preprocess | str) -> Preprocess:
    """The preprocessing that a user named.

    Args:
        named: ready made, a preset's name, or the path of a TOML file with a `[preprocess]` table.
    Raises:
        InputError: no such preset or file, or a table that does not hold together.
    """
    if isinstance(named, Preprocess):
        return named
    if not named.endswith(".toml"):
        return Preprocess(preset=named)
    table = _read_table(Path(named))
    try:
        return Preprocess.model_validate(table)
    except InputError as error:
        raise InputError(f"{named}: {error}") from None
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        allowed = Preprocess.model_fields[key].description
        raise InputError(
            f"{named}: preprocess: {key} = {table[key]!r} is not allowed; use {allowed}"
        ) from None


def with_sizes(
    named: Preprocess | str,
    resize: int | tuple[int, int] | str | None,
    crop: int | tuple[int, int] | str | None,
) -> Preprocess:
    """A preprocessing with sizes of its own, where those of a preset do not fit the model.

    Args:
        named: as for `load_preprocess`.
        resize: pixels of the short side, or (height, width), which is the whole size: the crop of
            `named` goes then; `none`: no resizing; None: as `named` has it.
        crop: of a centred square, or (height, width); `none`: no crop; None: as above.
    Raises:
        InputError: as `load_preprocess`, or sizes out of range.
    """
    table = load_preprocess(named).model_dump()
    if isinstance(resize, tuple) and crop is None:
        table["crop"] = None
    for key, value in (("resize", resize), ("crop", crop)):
        if value is not None:
            table[key] = None if value == "none" else value
    try:
        return Preprocess.model_validate(table)
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        raise InputError(
            f"preprocess: {key} {table[key]} is out of range; use 1 to 65536 pixels"
        ) from None


def _preset_table(name: str) -> dict[str, Any]:
    if name not in preset_names():
        hint = nearest(name, preset_names())
        raise InputError(f"preprocess: unknown preset '{name}'; {hint}")
    return _read_table(_PRESETS / f"{name}.toml")


def _read_table(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("preprocess")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # TOML's and UTF-8's
        raise InputError(f"{path}: is not TOML: {error}") from None
    if not isinstance(table, dict):
        raise InputError(f"{path}: has no [preprocess] table")
    return table
