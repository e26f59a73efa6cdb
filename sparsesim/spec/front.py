"""The accelerator where none is named: the middle one of the machine that is the best on a device.

Which that is, front.toml says, alone. An accelerator that is made without a machine, by
`Accelerator()` or a file without the key, is on the default machine all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparsesim.spec.accelerator import Accelerator, keys_of
from sparsesim.spec.toml import read_toml

FRONT = Path(__file__).with_name("front.toml")
"""Device -> packaged accelerator; `python -m benchmarks.presets` writes it by its sweeps."""


def front_accelerator(device: str, changes: Mapping[str, Any], study: str = "") -> Accelerator:
    """The accelerator that a device begins with, before keys of it are changed.

    Args:
        device: its name; of one without an entry all defaults are taken.
        changes: keys that are to be changed, flat. A machine among them, or what the device's
            machine lacks and the default one has, a key or a scheme, means all defaults.
        study: one of `Machine.studies` that the verb is about, as `queues`; a machine that has it
            not means all defaults, too.
    """
    name = read_toml(FRONT).get(device)
    plain = Accelerator()
    if name is None or "machine" in changes:
        return plain
    found = Accelerator.named(name)
    if study and study not in found.rules.studies:
        return plain
    lacking = {key for key in changes if key not in keys_of(found.rules)}
    scheme = changes.get("skipping", found.skipping)
    if lacking & set(keys_of(plain.rules)):
        return plain
    if scheme not in found.rules.scheme_names and scheme in plain.rules.scheme_names:
        return plain
    return found
