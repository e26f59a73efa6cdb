"""The marker `wide`: a case of the wide grids, which `make test-all` runs.

@pytest.mark.parametrize("window", [4, pytest.param(64, marks=pytest.mark.wide)])
"""

from __future__ import annotations

import os

import pytest

WIDE = float(os.environ.get("SPARSESIM_EXAMPLES", "1")) >= 30


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "wide: a case of the wide grids, for `make test-all`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not WIDE and item.get_closest_marker("wide"):
            item.add_marker(pytest.mark.skip(reason="of the wide grids: make test-all"))
