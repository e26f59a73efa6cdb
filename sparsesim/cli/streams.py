"""Standard output and error as they can be written: what an encoding lacks gets an ASCII form.

Pipes and terminals of other encodings (cp1252, ASCII) would end a report in the middle. Every form
is one character, so that tables stay in line.
"""

from __future__ import annotations

import codecs
import sys
import unicodedata
from typing import Any

ERRORS = "sparsesim.ascii"
"""The error handler: a character that can't be encoded becomes `ascii_form` of it."""

_CODEC = "sparsesim_ascii"
_FORMS = str.maketrans("…▸→·▇█×−–—“”‘’≤≥µ", "~>>.##x---\"\"''<>u")  # noqa: RUF001
_BOXES = {"HORIZONTAL": "-", "VERTICAL": "|"}


def prepare() -> None:
    """Let both streams take any text; streams of tests and notebooks stay as they are."""
    codecs.register_error(ERRORS, _replaced)
    codecs.register(_codec)
    for stream in (sys.stdout, sys.stderr):
        if not hasattr(stream, "reconfigure") or stream.encoding.lower().startswith("utf"):
            continue
        if codecs.lookup(stream.encoding).name == "ascii":
            # Under its own name: `typer.echo` writes UTF-8 to a stream that says ASCII.
            stream.reconfigure(encoding=_CODEC, errors=ERRORS)
        else:
            stream.reconfigure(errors=ERRORS)


def ascii_form(text: str) -> str:
    """A text of as many characters, all of them ASCII.

    >>> ascii_form("▸ conv…1 → Zürich ┏━┓ 雪")
    '> conv~1 > Zurich +-+ ?'
    """
    return "".join(_form(character) for character in text)


def _form(character: str) -> str:
    form = character.translate(_FORMS)
    if form.isascii():
        return form
    name = unicodedata.name(character, "")
    if name.startswith("BOX DRAWINGS"):
        return "+" if " AND " in name else _BOXES.get(name.rpartition(" ")[2], "+")
    first = unicodedata.normalize("NFKD", character)[0]
    return first if first.isascii() else "?"


def _replaced(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return ascii_form(error.object[error.start : error.end]), error.end


def _codec(name: str) -> codecs.CodecInfo | None:
    """ASCII that knows the forms by itself."""
    if name != _CODEC:
        return None

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        return ascii_form(text).encode("ascii"), len(text)

    class Encoder(codecs.IncrementalEncoder):
        def encode(self, text: str, final: bool = False) -> bytes:
            return encode(text)[0]

    def decode(data: Any, errors: str = "strict") -> tuple[str, int]:
        return codecs.ascii_decode(data, errors)

    return codecs.CodecInfo(encode, decode, name=_CODEC, incrementalencoder=Encoder)
