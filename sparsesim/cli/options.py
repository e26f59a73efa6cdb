"""Options that several verbs share, and how their words become values."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from sparsesim.errors import SpecError

if TYPE_CHECKING:
    from sparsesim.spec import Accelerator, Device
    from sparsesim.spec.base import Spec

S = TypeVar("S", bound="Spec")

Model = Annotated[str, typer.Argument(help="An ONNX file.", show_default=False)]
ModelOrTrace = Annotated[
    str, typer.Argument(help="An ONNX file, or a saved trace.", show_default=False)
]
InputsOption = Annotated[
    str | None,
    typer.Option(
        "--inputs",
        help=".npy, .npz, a folder or zip of images, MNIST idx or CIFAR files; or the word "
        "'random' (said so in every report).",
        show_default=False,
    ),
]
Images = Annotated[int | None, typer.Option("--images", help="Take the first N images.")]
PreprocessOption = Annotated[
    str | None,
    typer.Option("--preprocess", help="For pixels: a preset (see 'list presets') or a .toml file."),
]
LabelsOption = Annotated[
    str | None,
    typer.Option("--labels", help="A labels file; 'none'; or 'file-names'. Default: those found."),
]
LabelOffset = Annotated[
    int,
    typer.Option("--label-offset", help="Added to each label: 1 where class 0 is background."),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        help="Of random inputs and of the bootstrap.",
        callback=lambda seed: _from_zero(seed),
    ),
]
AcceleratorOption = Annotated[
    str | None,
    typer.Option("--accelerator", help="A name (see 'list accelerators') or a .toml file."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one key of the accelerator, as rows=8; may be repeated."),
]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="A name (see 'list devices') or a .toml file.")
]
ThresholdsOption = Annotated[
    str | None, typer.Option("--thresholds", help="A TOML file of sparsifiers by layer patterns.")
]
Quantize = Annotated[
    bool, typer.Option("--quantize", help="Quantise a float model to 8 bits first.")
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite an existing output.")]


def _from_zero(seed: int) -> int:
    if seed < 0:
        raise SpecError(f"seed {seed} is out of range; use 0 and up")
    return seed


def accelerator_of(name: str | None, settings: list[str] | None) -> Accelerator:
    """The accelerator that was named, or all defaults, with its changes."""
    from sparsesim.spec import Accelerator

    made = Accelerator.from_toml(name) if name else Accelerator()
    return changed(made, [_without_table(setting) for setting in settings or []])


def front_accelerator_of(
    name: str | None, settings: list[str] | None, device: str | None, study: str = ""
) -> Accelerator:
    """The accelerator that was named, or the one that the device begins with, with its changes.

    Args:
        study: that is asked of it; where the device's machine has it not, all defaults are changed.
    """
    if name:
        return accelerator_of(name, settings)
    from sparsesim.spec.front import front_accelerator

    flat = [_without_table(setting) for setting in settings or []]
    begun = front_accelerator(device_of(device).name, _changes(flat), study)
    return changed(begun, flat)


def _without_table(setting: str) -> str:
    """`array.rows=8` as `rows=8`: the keys of the array are the accelerator's as well.

    Raises:
        SpecError: a key of the accelerator that is none of its array.
    """
    from sparsesim.spec import Accelerator

    flat = setting.strip().removeprefix("array.")
    key = flat.partition("=")[0].strip()
    if flat != setting.strip() and key in Accelerator.model_fields:
        raise SpecError(f"--set {setting}: '{key}' is no key of the array; write {flat}")
    return flat


def changed(spec: S, settings: list[str] | None) -> S:
    """A specification with the keys of `--set key=value` changed.

    Raises:
        SpecError: no `=`, an unknown key, or a value that is refused.
    """
    changes = _changes(settings or [])
    return spec.with_(**changes) if changes else spec


def _changes(settings: list[str]) -> dict[str, Any]:
    """Keys and values of `--set key=value`."""
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise SpecError(f"--set {setting}: has no '='; write key=value, as rows=8")
        changes[key.strip()] = _value(text.strip())
    return changes


def _value(text: str) -> Any:
    """A TOML value; a bare word is a string."""
    try:
        found = tomllib.loads(f"x = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return found["x"] if len(found) == 1 else text


def device_of(name: str | None, accelerator: Accelerator | None = None) -> Device:
    """The device that was named, or that of the accelerator, or the default one."""
    from sparsesim.spec.resolve import resolve

    return resolve(accelerator, name)[1]


def report(renderable: Any, output: str | None, value: Any, force: bool) -> None:
    """Show what was found; where it is to be kept as JSON that comes first, so that it is not lost
    to a terminal or a pipe that fails."""
    if output:
        write_json(output, value, force)
    show(renderable)
    if output:
        said(output)


def write_json(path: str, value: Any, force: bool) -> None:
    """Write a JSON file; `said` says so."""
    from sparsesim.files import write_text

    write_text(path, json.dumps(value, indent=1) + "\n", force)


def show(renderable: Any) -> None:
    """Print a report on the terminal; 80 columns where stdout is none."""
    from sparsesim.report.console import terminal

    width = None if sys.stdout.isatty() else 80
    terminal(width=width).print(renderable)
    sys.stdout.flush()  # what is said on stderr comes behind it


def said(path: str | Path, then: str = "") -> None:
    """`Wrote FILE`, then the next command; on stderr, so that output can be piped."""
    typer.echo(f"Wrote {path}" + (f"; next: {then}" if then else ""), err=True)
