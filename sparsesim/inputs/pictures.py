"""Pictures of 8-bit pixels, whatever file they lie in, and their way to what a model takes.

Not the files: each kind's module gives a `Pictures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from PIL import Image

from sparsesim.errors import InputError
from sparsesim.inputs.feed import Feed, Inputs, InputSpec, count_images, doubts, group_labels
from sparsesim.inputs.labels import Labels
from sparsesim.inputs.preprocess import Preprocess, load_preprocess, preset_names

# The axes of one picture in each layout, and the number of channels behind each word.
_CHANNEL_AXIS = {"nchw": 0, "nhwc": 2}
_CHANNELS = {"rgb": 3, "bgr": 3, "gray": 1}
_RESAMPLE = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one source, decoded one at a time.

    Args:
        total: how many there are.
        stream: yields (name for errors, uint8 pixels of shape (height, width, 1 or 3)).
        where: the source as the user named it.
        names: file names, where pictures have them.
        own_labels: finds the labels that come with them; None: there are none.
        raw: yields the stored bytes of each picture; None: its pixels.
    """

    total: int
    stream: Callable[[], Iterator[tuple[str, np.ndarray]]]
    where: str
    names: tuple[str, ...] | None = None
    own_labels: Callable[[], Labels | None] = lambda: None
    raw: Callable[[], Iterator[bytes]] | None = None


@dataclass(frozen=True, eq=False)
class Preparation:
    """One preprocessing fitted to one input: a function from pixels to one image's values.

    Args:
        table: value of each pixel by channel, the input's dtype, shape (channels, 256).
    """

    spec: InputSpec
    preprocess: Preprocess
    layout: str
    channels: str
    table: np.ndarray

    def __call__(self, name: str, pixels: np.ndarray) -> np.ndarray:
        """Values of one image, without the batch axis.

        Args:
            name: the picture's name, for errors.
            pixels: uint8, shape (height, width, 1 or 3), RGB.
        Raises:
            InputError: the crop is larger than the picture, or the model does not take its shape.
        """
        picture = _cropped(
            _resized(_recoloured(pixels, self.channels), self.preprocess), self.preprocess, name
        )
        values = np.stack([row[picture[..., c]] for c, row in enumerate(self.table)])
        if self.layout == "nhwc":
            values = np.ascontiguousarray(values.transpose(1, 2, 0))
        came = values.shape
        if len(self.spec.item) == 2:
            values = values[0]
        elif len(self.spec.item) == 1:
            values = values.reshape(-1)
        if not self.spec.takes(values.shape):
            raise InputError(
                f"{name}: is {_sizes(came)} after preprocessing ({self.preprocess}); input "
                f"'{self.spec.name}' takes {self.spec}; set resize and crop to fit "
                "(--resize, --crop)"
            )
        return values


def feed_pictures(
    pictures: Pictures,
    spec: InputSpec,
    preprocess: Preprocess | str | None,
    find_labels: Callable[[], Labels | None],
    images: int | None,
) -> Inputs:
    """Pictures as inputs of a model.

    Args:
        preprocess: None is allowed for 8-bit inputs: uint8 takes the pixels as they are, int8 takes
            them less 128 (preset `int8`).
        find_labels: gives the labels of all pictures; None: there are none.
        images: take the first so many; None: all.
    Raises:
        InputError: the pictures do not fit the input.
    """
    prepare = _fit(_chosen(preprocess, spec, pictures.where), spec)
    share = count_images(pictures.total, spec.batch, images, pictures.where)
    found = find_labels()
    values = found.values if found else None
    how = f"preprocess {prepare.preprocess}; {prepare.channels} {prepare.layout}"
    notes = f"{share}; {how}"
    if found:
        notes += f"; labels from {found.origin}"

    def stream() -> Iterator[Feed]:
        ready = (prepare(name, pixels) for name, pixels in pictures.stream())
        while batch := list(islice(ready, spec.batch)):
            if any(image.shape != batch[0].shape for image in batch):
                raise InputError(
                    f"{pictures.where}: pictures of one batch differ in size after preprocessing; "
                    "set resize and crop"
                )
            yield {spec.name: spec.stacked(batch)}

    def raw() -> Iterator[bytes]:
        yield f"{spec.name} {spec} {how} {prepare.preprocess.model_dump_json()}".encode()
        stored = pictures.raw or (lambda: (_pixel_bytes(p) for _, p in pictures.stream()))
        yield from islice(stored(), share.images)

    return Inputs(
        count=share.runs,
        labels=group_labels(values, share.runs, spec.batch),
        source=f"{pictures.where} ({notes})",
        random=False,
        stream=stream,
        raw=raw,
        images_per_run=spec.batch,
        warnings=(*doubts((spec,)), *share.warnings),
    )


def pixel_values(preprocess: Preprocess, channels: int) -> np.ndarray:
    """What each pixel 0 to 255 becomes.

    Args:
        channels: 1 or 3, in the order of `preprocess`.
    Returns:
        float64, shape (channels, 256).
    Raises:
        InputError: mean or deviation for another number of channels.
    """
    pixel = np.arange(256, dtype=np.float64) * preprocess.scale
    mean = _by_channel(preprocess.mean, "mean", channels)
    std = _by_channel(preprocess.std, "std", channels)
    return (pixel - mean) / std


def _chosen(preprocess: Preprocess | str | None, spec: InputSpec, where: str) -> Preprocess:
    if preprocess is not None:
        return load_preprocess(preprocess)
    if spec.dtype == np.uint8:
        return load_preprocess("none")
    if spec.dtype == np.int8:
        return load_preprocess("int8")
    raise InputError(
        f"input '{spec.name}' takes {spec}; {where} holds pixels 0 to 255; preprocess "
        f"says how to prepare them: {', '.join(preset_names())} or a .toml file"
    )


def _fit(preprocess: Preprocess, spec: InputSpec) -> Preparation:
    layout, channels = _layout(preprocess, spec)
    return Preparation(spec, preprocess, layout, channels, _table(preprocess, spec, channels))


def _layout(preprocess: Preprocess, spec: InputSpec) -> tuple[str, str]:
    """Layout and channels, from the table where it says so, else from the input's shape."""
    layouts: list[str] = [preprocess.layout] if preprocess.layout else ["nchw", "nhwc"]
    channels: list[str] = [preprocess.channels] if preprocess.channels else ["rgb", "gray"]
    rank = len(spec.item)
    if rank not in (1, 2, 3):
        raise InputError(
            f"input '{spec.name}' takes {spec}; pictures feed [n, c, h, w], [n, h, w, c], "
            "[n, h, w] or [n, h*w]; give arrays (.npy or .npz)"
        )
    if rank < 3:  # no channel axis: gray, unless the flat form is spelled out
        word = channels[0] if preprocess.channels else "gray"
        if rank == 2 and word != "gray":
            raise InputError(
                f"input '{spec.name}' takes {spec}, which has no channels; channels = "
                f"'{word}' contradicts it, use 'gray'"
            )
        return layouts[0], word
    fits = []
    for layout in layouts:
        size = spec.item[_CHANNEL_AXIS[layout]]
        fits += [
            (size is None, layout, word) for word in channels if size in (None, _CHANNELS[word])
        ]
    if not fits:
        said = [f"layout = '{preprocess.layout}'"] if preprocess.layout else []
        said += [f"channels = '{preprocess.channels}'"] if preprocess.channels else []
        because = f"{' with '.join(said)} contradicts it" if said else "no axis has 1 or 3 channels"
        raise InputError(f"input '{spec.name}' takes {spec}; {because}")
    _, layout, word = min(fits, key=lambda fit: fit[0])  # a fixed axis says more than a free one
    return layout, word


def _table(preprocess: Preprocess, spec: InputSpec, channels: str) -> np.ndarray:
    values = pixel_values(preprocess, _CHANNELS[channels])
    if spec.dtype.kind in "iu":
        whole = np.rint(values)
        if not preprocess.round and np.abs(values - whole).max() > 1e-6:
            raise InputError(
                f"input '{spec.name}' takes {spec}; preprocess {preprocess} gives fractions; "
                "change it, or set round = true"
            )
        limit = np.iinfo(spec.dtype)
        low, high = float(limit.min), float(limit.max)
        values = whole.clip(low, high) if preprocess.round else whole
    elif spec.dtype.kind == "f":
        high = float(np.finfo(spec.dtype).max)
        low = -high
    else:
        raise InputError(f"input '{spec.name}' takes {spec}; pictures feed numbers")
    if values.min() < low or values.max() > high:
        raise InputError(
            f"input '{spec.name}' takes {spec}; preprocess {preprocess} gives {values.min():g} to "
            f"{values.max():g}, which is out of range"
        )
    return values.astype(spec.dtype)


def _by_channel(given: float | tuple[float, ...], key: str, count: int) -> np.ndarray:
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    if len(values) not in (1, count):
        raise InputError(f"preprocess: {key} has {len(values)} values; use 1 or {count}")
    return np.broadcast_to(values, count)[:, None]


def _recoloured(pixels: np.ndarray, channels: str) -> np.ndarray:
    if channels == "gray":
        if pixels.shape[2] == 1:
            return pixels
        return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    return pixels[..., ::-1] if channels == "bgr" else pixels


def _resized(pixels: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """Short side to `resize`, the long one rounded down, as torchvision does."""
    if preprocess.resize is None:
        return pixels
    height, width = pixels.shape[:2]
    if isinstance(preprocess.resize, tuple):
        size = preprocess.resize
    elif height < width:
        size = preprocess.resize, int(preprocess.resize * width / height)
    else:
        size = int(preprocess.resize * height / width), preprocess.resize
    if size == (height, width):
        return pixels
    flat = np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])
    picture = Image.fromarray(flat).resize(size[::-1], _RESAMPLE[preprocess.resample])
    return np.asarray(picture).reshape(*size, pixels.shape[2])


def _cropped(pixels: np.ndarray, preprocess: Preprocess, name: str) -> np.ndarray:
    """The centre; an odd margin is rounded half to even, as torchvision does."""
    if preprocess.crop is None:
        return pixels
    crop = preprocess.crop
    height, width = crop if isinstance(crop, tuple) else (crop, crop)
    if height > pixels.shape[0] or width > pixels.shape[1]:
        raise InputError(
            f"{name}: crop [{height}, {width}] is larger than the picture, "
            f"{_sizes(pixels.shape[:2])}; set resize"
        )
    top = round((pixels.shape[0] - height) / 2)
    left = round((pixels.shape[1] - width) / 2)
    return pixels[top : top + height, left : left + width]


def _pixel_bytes(pixels: np.ndarray) -> bytes:
    return str(pixels.shape).encode() + pixels.tobytes()


def _sizes(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"
