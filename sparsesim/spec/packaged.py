"""Specifications of which some come with the package, one TOML file each, found by name."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Self

from sparsesim.errors import SpecError, nearest
from sparsesim.spec.base import Spec
from sparsesim.spec.toml import load_spec

_PACKAGE = Path(__file__).resolve().parent.parent
_FEW = 20  # names that an error still lists


class PackagedSpec(Spec):
    """A specification that lies in the package as `FOLDER/NAME.toml`, or in a user's own file."""

    _folder: ClassVar[str]  # in the package
    _word: ClassVar[str]  # what an error calls it

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The packaged names, sorted."""
        return tuple(sorted(path.stem for path in (_PACKAGE / cls._folder).glob("*.toml")))

    @classmethod
    def named(cls, name: str) -> Self:
        """The packaged specification of that name, in capitals or not.

        Raises:
            SpecError: no such name.
        """
        names = cls.names()
        if name.lower() not in names:
            where = f"'list {cls._folder}'" if len(names) > _FEW else ""
            raise SpecError(f"unknown {cls._word} '{name}'; {nearest(name.lower(), names, where)}")
        return load_spec(cls, _PACKAGE / cls._folder / f"{name.lower()}.toml")

    @classmethod
    def from_toml(cls, path_or_name: str | Path) -> Self:
        """From a file, or a packaged one by its name.

        Args:
            path_or_name: a packaged name, else a path. Text that ends in `.toml` or has a folder in
                it, and a `Path`, is always a path.
        Raises:
            SpecError: no such file or name, or what the file holds is refused.
        """
        text = str(path_or_name)
        if isinstance(path_or_name, Path) or text.endswith(".toml") or Path(text).name != text:
            return load_spec(cls, path_or_name)
        if text.lower() not in cls.names() and Path(text).is_file():
            return load_spec(cls, text)
        return cls.named(text)
