"""Writes docs/results/onnx-backend.md: which of onnx's backend tests pass.

python tests/conformance/onnx_report.py
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

os.environ.setdefault("SPARSESIM_THREADS", "1")

import onnx
import onnxruntime
from onnx_cases import FOLDERS, LIGHT, cases
from onnx_runs import exceptions, reason, run

TARGET = Path(__file__).parents[2] / "docs" / "results" / "onnx-backend.md"


def main() -> None:
    """Run all cases and write the page."""
    outcomes = [run(case) for case in cases()]
    known = exceptions()
    total, theirs, ours, both, more = (Counter[str]() for _ in range(5))
    for outcome in outcomes:
        kind = outcome.case.kind
        total[kind] += 1
        theirs[kind] += not outcome.theirs
        ours[kind] += not outcome.ours
        both[kind] += not outcome.theirs and not outcome.ours
        more[kind] += bool(outcome.theirs) and not outcome.ours
    lines = [
        "# onnx's backend tests",
        "",
        "Written by `python tests/conformance/onnx_report.py`, run with onnx "
        f"{onnx.__version__} and ONNX Runtime {onnxruntime.__version__} (processor only).",
        "",
        "Each case goes through our loader and our engine, and through ONNX Runtime alone. Cases",
        "of opsets 1 to 6 are brought to opset 7, the lowest that we take, by onnx's converter.",
        "",
        "| tests | cases | ONNX Runtime passes | we pass | both pass | only we pass |",
        "|---|---|---|---|---|---|",
    ]
    for kind in ("node", *FOLDERS, LIGHT):
        counts = (total[kind], theirs[kind], ours[kind], both[kind], more[kind])
        lines.append(f"| {kind} | " + " | ".join(f"{count:,}" for count in counts) + " |")
    sums = [sum(count.values()) for count in (total, theirs, ours, both, more)]
    lines.append("| all | " + " | ".join(f"{count:,}" for count in sums) + " |")
    lines += ["", "## Cases that ONNX Runtime passes and we may not", ""]
    failed = {outcome.name for outcome in outcomes if outcome.ours and not outcome.theirs}
    lines += [f"- `{pattern}`: {why}." for pattern, why in known.items()]
    lines += [f"- `{name}`: not explained" for name in sorted(failed) if not reason(name, known)]
    reasons = Counter(_short(o.theirs) for o in outcomes if o.theirs)
    lines += ["", "## Why ONNX Runtime fails the others", "", "| cases | reason |", "|---|---|"]
    lines += [f"| {count} | {why} |" for why, count in reasons.most_common()]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text("\n".join(lines) + "\n")
    print(f"Wrote {TARGET}")


def _short(why: str) -> str:
    if "NOT_IMPLEMENTED" in why or "is not a registered function/op" in why:
        return "it has no kernel for the operator, its version or its type"
    if why.startswith("differs"):
        return "its result differs from the expected one"
    if "[ONNXRuntimeError]" in why:
        return "it fails while loading or running"
    return "its Python interface takes or gives no such value"


if __name__ == "__main__":
    main()
