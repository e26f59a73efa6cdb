"""Traces as files: NumPy's .npz, with a JSON header, an array a tensor, read image by image.

A trace of any length is written and read in bounded memory.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sparsesim.errors import TraceError
from sparsesim.files import writing
from sparsesim.graph.host_work import HostWork
from sparsesim.lowering import Geometry
from sparsesim.lowering.bits import word_count
from sparsesim.trace.clipping import Clipped
from sparsesim.trace.saturation import Saturation
from sparsesim.trace.trace import ImageTrace, Lifetime, Source, Trace, TraceLayer, TraceTensor

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
                    f"{path}: not a trace of schema {SCHEMA}, but of {header['schema']!r}"
                )
            tensors = {key: TraceTensor(**entry) for key, entry in header["tensors"].items()}
            weights = {
                key: _read_bits(file, f"weight/{index}", tensors[key])
                for index, key in enumerate(header["weights"])
            }
        return _trace(header, tensors, weights, _StoredImages(path, header["images"], tensors))
    except TraceError:
        raise
    except FileNotFoundError:
        raise TraceError(f"{path}: no such file") from None
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception:  # whatever zipfile, zlib, json and NumPy say of other or damaged files
        raise TraceError(f"{path}: not a trace, or a damaged one") from None


def is_trace(path: str | Path) -> bool:
    """Whether a file is a trace, by what is in it."""
    try:
        with zipfile.ZipFile(path) as file:
            return f"{_HEADER}.npy" in file.namelist()
    except Exception:  # zipfile has many ways to say that it is no archive
        return False


@dataclass(frozen=True)
class _StoredImages:
    """Images of a file, read one at a time."""

    path: Path
    images: list[dict[str, Any]]
    tensors: Mapping[str, TraceTensor]

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[ImageTrace]:
        try:
            with zipfile.ZipFile(self.path) as file:
                for number, entry in enumerate(self.images):
                    yield _read_image(file, number, entry, self.tensors)
        except Exception:  # as in `load_trace`
            raise TraceError(f"{self.path}: a damaged trace") from None


def _write_image(file: zipfile.ZipFile, number: int, image: ImageTrace) -> dict[str, Any]:
    keys, values = list(image.bits), list(image.values)
    for index, key in enumerate(keys):
        _write(file, f"image/{number}/bits/{index}", image.bits[key])
    for index, key in enumerate(values):
        _write(file, f"image/{number}/values/{index}", _storable(image.values[key]))
    return {
        "bits": keys,
        "values": values,
        "outputs": _write_outputs(file, f"image/{number}/outputs", image.outputs),
        "reference": _write_outputs(file, f"image/{number}/reference", image.reference),
        "label": image.label,
        "not_finite": dict(image.not_finite),
        "clipped": {name: asdict(clipped) for name, clipped in image.clipped.items()},
        "labels": image.labels,
    }


def _read_image(
    file: zipfile.ZipFile, number: int, entry: dict[str, Any], tensors: Mapping[str, TraceTensor]
) -> ImageTrace:
    where = f"image/{number}"
    return ImageTrace(
        bits={
            key: _read_bits(file, f"{where}/bits/{index}", tensors[key])
            for index, key in enumerate(entry["bits"])
        },
        outputs=_read_outputs(file, f"{where}/outputs", entry["outputs"]),
        reference=_read_outputs(file, f"{where}/reference", entry["reference"]),
        label=entry["label"],
        labels=tuple(entry.get("labels", ())),
        values={
            key: _read(file, f"{where}/values/{index}") for index, key in enumerate(entry["values"])
        },
        not_finite=entry.get("not_finite", {}),  # traces of before have none
        clipped={name: Clipped(**found) for name, found in entry.get("clipped", {}).items()},
    )


def _write_outputs(file: zipfile.ZipFile, where: str, outputs: tuple[Any, ...]) -> list[int]:
    """Write a model's outputs; tells for each -1, or the length of a sequence."""
    lengths = []
    for index, output in enumerate(outputs):
        parts = output if isinstance(output, list) else [output]
        for number, part in enumerate(parts):
            _write(file, f"{where}/{index}/{number}", _storable(part))
        lengths.append(len(output) if isinstance(output, list) else -1)
    return lengths


def _read_outputs(file: zipfile.ZipFile, where: str, lengths: list[int]) -> tuple[Any, ...]:
    found: list[Any] = []
    for index, length in enumerate(lengths):
        parts = [_read(file, f"{where}/{index}/{number}") for number in range(abs(length))]
        found.append(parts[0] if length < 0 else parts)
    return tuple(found)


def _storable(output: Any) -> np.ndarray:
    """An output as an array of a type that .npy knows; what is no number, as text."""
    array = np.asarray(output)
    if array.dtype.kind == "O":
        return array.astype(str)
    if array.dtype.isbuiltin == 1:
        return array
    return array.astype(np.int8 if array.dtype.name.endswith("int4") else np.float32)


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
        "saturation": asdict(trace.saturation) if trace.saturation else None,
    }


def _trace(
    header: dict[str, Any],
    tensors: dict[str, TraceTensor],
    weights: dict[str, np.ndarray],
    images: Any,
) -> Trace:
    saturation = header.get("saturation")  # traces of before have none
    return Trace(
        layers=tuple(_layer(entry) for entry in header["layers"]),
        tensors=tensors,
        weights=weights,
        blocks={name: tuple(layers) for name, layers in header["blocks"].items()},
        leaving=header["leaving"],
        live=tuple(Lifetime(**entry) for entry in header["live"]),
        host=HostWork(**header["host"]),
        source=Source(**_tuples(header["source"])),
        images=images,
        saturation=Saturation(**_tuples(saturation)) if saturation else None,
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


def _read_bits(file: zipfile.ZipFile, name: str, tensor: TraceTensor) -> np.ndarray:
    """Packed bits; kernels rely on there being as many as the tensor has elements."""
    words = _read(file, name)
    if words.dtype != np.uint64 or words.shape != (word_count(tensor.elements),):
        raise ValueError(f"{name}: {words.dtype} {words.shape} for {tensor.elements} elements")
    return words


def _read(file: zipfile.ZipFile, name: str) -> np.ndarray:
    with file.open(f"{name}.npy") as member:
        return np.lib.format.read_array(member, allow_pickle=False)
