"""onnx's own backend tests as plain values, and one way to run each on a backend."""

from __future__ import annotations

import glob
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

DATA = Path(onnx.__file__).parent / "backend" / "test" / "data"
FOLDERS = ("simple", "pytorch-converted", "pytorch-operator")
LIGHT = "light"


@dataclass(frozen=True)
class Case:
    """One of onnx's tests; the model and its data are made when asked for.

    Attributes:
        kind: `node`, a folder of `FOLDERS`, or `light`.
        name: onnx's name for it.
        open: gives the model and its sets of (inputs, expected outputs).
        rtol, atol: how near outputs must come.
    """

    kind: str
    name: str
    open: Callable[[], tuple[onnx.ModelProto, list[tuple[list[Any], list[Any]]]]]
    rtol: float
    atol: float


def cases() -> list[Case]:
    """All cases: generated node tests, tests in folders, light topologies."""
    return [*_node_cases(), *_folder_cases(), *_light_cases()]


def check(case: Case, run: Callable[[onnx.ModelProto, list[Any]], Sequence[Any]]) -> str:
    """Run a case: empty where it passes, else one line that says why not.

    Args:
        case: what to run.
        run: gives a model's outputs for inputs in the order of the model's.
    """
    from onnx.backend.test.runner import Runner

    model, sets = case.open()
    for inputs, expected in sets:
        try:
            given = list(run(model, inputs))
        except Exception as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        given = [_like(value, wanted) for value, wanted in zip(given, expected, strict=False)]
        try:
            Runner.assert_similar_outputs(expected, given, case.rtol, case.atol)
        except Exception as error:
            return f"differs: {' '.join(str(error).split())[:300]}"
    return ""


def _like(value: Any, wanted: Any) -> Any:
    """Numbers of numpy's newer types that a runtime gives as raw bits, or as lists."""
    if isinstance(value, np.ndarray) and isinstance(wanted, np.ndarray):
        same = value.dtype.itemsize == wanted.dtype.itemsize
        if value.dtype != wanted.dtype and same and wanted.dtype.kind == "V":
            return value.view(wanted.dtype)
    return value


def _node_cases() -> Iterator[Case]:
    from onnx.backend.test.loader import load_node_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load_node_model_tests()
    for test in found:
        sets = [([_value(v) for v in i], [_value(v) for v in o]) for i, o in test.data_sets]
        yield Case("node", test.name, lambda m=test.model, s=sets: (m, s), test.rtol, test.atol)


def _folder_cases() -> Iterator[Case]:
    for kind in FOLDERS:
        for folder in sorted((DATA / kind).iterdir()):
            if (folder / "model.onnx").is_file():
                yield Case(kind, folder.name, lambda f=folder: _open_folder(f), 1e-3, 1e-7)


def _open_folder(folder: Path):
    model = onnx.load(folder / "model.onnx")
    sets = []
    for data in sorted(folder.glob("test_data_set_*")):
        pair = []
        for role, values in (("input", model.graph.input), ("output", model.graph.output)):
            count = len(glob.glob(str(data / f"{role}_*.pb")))
            read = [
                _read(data / f"{role}_{i}.pb", value.type)
                for i, value in enumerate(list(values)[:count])
            ]
            pair.append(read)
        sets.append((pair[0], pair[1]))
    return model, sets


def _read(path: Path, kind: onnx.TypeProto) -> Any:
    octets = path.read_bytes()
    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(octets))
    if kind.HasField("optional_type"):
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(octets))
    return numpy_helper.to_array(onnx.TensorProto.FromString(octets))


def _light_cases() -> Iterator[Case]:
    for path in sorted((DATA / LIGHT).glob("*.onnx")):
        yield Case(LIGHT, path.stem, lambda p=path: _open_light(p), 1e-3, 1e-7)


def _open_light(path: Path):
    from onnx.backend.test.runner import Runner

    model = onnx.load(path)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [v for v in model.graph.input if v.name not in constants]
    expected = onnx.TensorProto.FromString(path.with_name(f"{path.stem}_output_0.pb").read_bytes())
    values = [Runner.generate_dummy_data(v, seed=0, name=path.stem) for v in inputs]
    return model, [(values, [numpy_helper.to_array(expected)])]


def _value(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, np.generic) else value
