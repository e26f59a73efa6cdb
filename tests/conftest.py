"""Fixtures that several test folders share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

CASES = "random cases"  # the property under which a test says how many it tried
AS_HASWELL = "as a Haswell"  # that under which a test says what it ran as another processor

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data and models kept beside the repository; tests that need them skip without."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data beside the repository is absent")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(autouse=True)
def _count_random_cases(request: pytest.FixtureRequest, record_property) -> None:
    """Hypothesis tests say how many cases they try; others call `record_property` themselves."""
    settings = getattr(request.function, "_hypothesis_internal_use_settings", None)
    if settings is not None:
        record_property(CASES, settings.max_examples)


def pytest_terminal_summary(terminalreporter) -> None:
    """How many random cases each file tried, most first; what ran as another processor."""
    counts: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, number in report.user_properties:
            if name == CASES and report.when == "call":
                counts[report.nodeid.partition("::")[0]] += number
    if counts:
        told = ", ".join(f"{number:,} in {file}" for file, number in counts.most_common(5))
        terminalreporter.write_line(f"{CASES}: {counts.total():,}; most: {told}")
    passed, skipped = (terminalreporter.stats.get(kind, []) for kind in ("passed", "skipped"))
    done = [told for r in passed for name, told in r.user_properties if name == AS_HASWELL]
    if done:
        terminalreporter.write_line(f"{AS_HASWELL} (by qemu): {', '.join(dict.fromkeys(done))}")
    elif any("qemu-x86_64 is not installed" in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(f"{AS_HASWELL}: nothing ran; qemu-x86_64 is not installed")
