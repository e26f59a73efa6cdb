"""Traces as files: NumPy's .npz, with a JSON header, an array a tensor, read image by image.

A trace of any length is written and read in bounded memory.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.errors import TraceError
from sparsesim.files import writing
from sparsesim.graph.host_work import HostWork
from sparsesim.lowering import Geometry
from sparsesim.trace.trace import ImageTrace, Interval, Source, Trace, TraceLayer, TraceTensor

SCHEMA = "sparsesim.trace/1"
_HEADER = "header"
# Bits of real activations hardly compress further; the fastest level takes what there is.
_LEVEL = 1


def save_trace(trace: Trace, path: str | Path, force: bool = False) -> None:
    """Write a trace; a lazy one is executed image by image while it is written.

    Raises:
        SparseSimError: the file exists and `force` is not set, or it cannot be written.
    """
    weights = list(trace.weights)
    with (
        writing(path, force) as beside,
        zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file,
    ):
        for index, key in enumerate(weights):
            _write(file, f"weight/{index}", trace.weights[key])
        images = []
        for number, image in enumerate(trace.images):
            images.append(_write_image(file, number, image))
        header = json.dumps(_header(trace, weights, images)).encode()
        _write(file, _HEADER, np.frombuffer(header, dtype=np.uint8))


def load_trace(path: str | Path) -> Trace:
    """Read a trace; its images are read from the file whenever they are gone through.

    Raises:
        TraceError: no such file, not a trace, or a damaged one.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as file:
            header = json.loads(_read(file, _HEADER).tobytes())
            if header["schema"] != SCHEMA:
                raise TraceError(
                    f"{path}: not a trace of schema {SCHEMA}, but of {header['schema']}"
                )
            weights = {
                key: _read(file, f"weight/{index}") for index, key in enumerate(header["weights"])
            }
        return _trace(header, weights, _StoredImages(path, header["images"]))
    except FileNotFoundError:
        raise TraceError(f"{path}: no such file") from None
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError):
        raise TraceError(f"{path}: not a trace, or a damaged one") from None


def is_trace(path: str | Path) -> bool:
    """Whether a file is a trace, by what is in it."""
    try:
        with zipfile.ZipFile(path) as file:
            return f"{_HEADER}.npy" in file.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


@dataclass(frozen=True)
class _StoredImages:
    """Images of a file, read one at a time."""

    path: Path
    images: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[ImageTrace]:
        try:
            with zipfile.ZipFile(self.path) as file:
                for number, entry in enumerate(self.images):
                    yield _read_image(file, number, entry)
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, EOFError):
            raise TraceError(f"{self.path}: a damaged trace") from None


def _write_image(file: zipfile.ZipFile, number: int, image: ImageTrace) -> dict[str, Any]:
    keys, values = list(image.bits), list(image.values)
    for index, key in enumerate(keys):
        _write(file, f"image/{number}/bits/{index}", image.bits[key])
    for index, key in enumerate(values):
        _write(file, f"image/{number}/values/{index}", image.values[key])
    for role, arrays in (("outputs", image.outputs), ("reference", image.reference)):
        for index, array in enumerate(arrays):
            _write(file, f"image/{number}/{role}/{index}", np.asarray(array))
    return {
        "bits": keys,
        "values": values,
        "outputs": len(image.outputs),
        "reference": len(image.reference),
        "label": image.label,
    }


def _read_image(file: zipfile.ZipFile, number: int, entry: dict[str, Any]) -> ImageTrace:
    def arrays(role: str, count: int) -> list[np.ndarray]:
        return [_read(file, f"image/{number}/{role}/{index}") for index in range(count)]

    return ImageTrace(
        bits=dict(zip(entry["bits"], arrays("bits", len(entry["bits"])), strict=True)),
        outputs=tuple(arrays("outputs", entry["outputs"])),
        reference=tuple(arrays("reference", entry["reference"])),
        label=entry["label"],
        values=dict(zip(entry["values"], arrays("values", len(entry["values"])), strict=True)),
    )


def _header(trace: Trace, weights: list[str], images: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "layers": [asdict(layer) for layer in trace.layers],
        "tensors": {key: asdict(tensor) for key, tensor in trace.tensors.items()},
        "weights": weights,
        "blocks": trace.blocks,
        "leaving": trace.leaving,
        "live": [asdict(life) for life in trace.live],
        "host": asdict(trace.host),
        "source": asdict(trace.source),
        "images": images,
    }


def _trace(header: dict[str, Any], weights: dict[str, np.ndarray], images: Any) -> Trace:
    return Trace(
        layers=tuple(_layer(entry) for entry in header["layers"]),
        tensors={key: TraceTensor(**entry) for key, entry in header["tensors"].items()},
        weights=weights,
        blocks={name: tuple(layers) for name, layers in header["blocks"].items()},
        leaving=header["leaving"],
        live=tuple(Interval(**entry) for entry in header["live"]),
        host=HostWork(**header["host"]),
        source=Source(**_tuples(header["source"])),
        images=images,
    )


def _layer(entry: dict[str, Any]) -> TraceLayer:
    geometry = Geometry(**_tuples(entry["geometry"]))
    return TraceLayer(**{**_tuples(entry), "geometry": geometry})


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    """JSON's lists as the tuples that they were."""
    return {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}


def _write(file: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    with file.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


def _read(file: zipfile.ZipFile, name: str) -> np.ndarray:
    with file.open(f"{name}.npy") as member:
        return np.lib.format.read_array(member, allow_pickle=False)
