"""Which situations a PE's windows met: the cross of scheme, pairs, queues and drain.

Sampled at the end of each window's work, where the PE is active. Each simulation leaves a file;
`merged` puts those of several together.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from cocotb_coverage.coverage import CoverCross, CoverPoint, coverage_db, merge_coverage
from inner_join_pe_stimuli import SCHEMES

COVERAGE_FILE = "coverage.xml"
"""In the folder of the simulation."""

# Dense PEs multiply all pairs of a window, and no window is shorter than one pair.
_NEVER = [("none", "empty", None, None)]


@CoverPoint("pe.scheme", vname="scheme", bins=list(SCHEMES))
@CoverPoint("pe.pairs", vname="pairs", bins=["empty", "partial", "full"])
@CoverPoint("pe.queue", vname="queue", bins=["full", "empty"])
@CoverPoint("pe.drain", vname="drain", bins=["prompt", "stalled"])
@CoverCross("pe.cross", items=["pe.scheme", "pe.pairs", "pe.queue", "pe.drain"], ign_bins=_NEVER)
def sample(scheme: str, pairs: str, queue: str, drain: str) -> None:
    """A window's work ends.

    Args:
        scheme: its name.
        pairs: `empty`: none was multiplied; `full`: all of a whole window; else `partial`.
        queue: `full`: both queues hold as many windows as they can; `empty`: the window behind is
            not there yet; anything else is no bin.
        drain: `stalled`: the window waited for a result's drain; else `prompt`.
    """


def export(folder: Path) -> None:
    """Write all that was sampled in this simulation."""
    coverage_db.export_to_xml(str(folder / COVERAGE_FILE))


def merged(folders: Sequence[Path], report: Path) -> dict[str, int]:
    """How often the simulations reached each bin of the cross.

    Args:
        folders: of the simulations.
        report: file to be written, of the same form.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    files = [str(folder / COVERAGE_FILE) for folder in folders]
    merge_coverage(lambda _: None, str(report), *files)
    cross = ElementTree.parse(report).getroot().find("./pe/cross")
    if cross is None:
        raise ValueError(f"{report}: no cross in it")
    return {bin_.attrib["bin"]: int(bin_.attrib["hits"]) for bin_ in cross}
