"""docs/results/cuts.md: where ResNet-50 can be cut, and what the paper says of it.

    python -m benchmarks.cuts

The model and photos are development data beside the repository; without them nothing is written.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.real_models import DATA, MODELS, PHOTOS, ROOT

PAGE = ROOT / "docs/results/cuts.md"
ARGUMENTS: list[object] = [
    MODELS / "resnet50-imagenet-pqf/resnet50_pqf_large_vq.onnx",
    *PHOTOS,
    *("--preprocess", "imagenet", "--images", 100),
    *("--thresholds", "benchmarks/resnet50_blocks.toml"),
]
_SHOWN = 15

# Activation sparsity of Loroch et al. 2018, table 5.
PAPER = {
    "conv1": 0.301,
    "block1/unit_1": 0.359, "block1/unit_2": 0.236, "block1/unit_3": 0.214,
    "block2/unit_1": 0.493, "block2/unit_2": 0.343, "block2/unit_3": 0.304,
    "block2/unit_4": 0.268,
    "block3/unit_1": 0.542, "block3/unit_2": 0.417, "block3/unit_3": 0.369,
    "block3/unit_4": 0.336, "block3/unit_5": 0.306, "block3/unit_6": 0.270,
    "block4/unit_1": 0.735, "block4/unit_2": 0.737, "block4/unit_3": 0.824,
}  # fmt: skip

Record = Mapping[str, Any]


def main() -> None:
    """Measure and write the page."""
    if not (ROOT / DATA).is_dir():
        print("the development data is absent: nothing written")
        return
    arguments = [str(part) for part in ARGUMENTS]
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "cuts.json"
        command = [str(Path(sys.executable).parent / "sparsesim"), "cut", *arguments]
        subprocess.run(
            [*command, "-o", str(stored)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        found = json.loads(stored.read_text())
    PAGE.write_text("\n\n".join(_page(found, arguments)) + "\n", encoding="utf-8")
    print(f"Wrote {PAGE.relative_to(ROOT)}")


def _page(found: Record, arguments: Sequence[str]) -> Iterator[str]:
    by_rank = {cut["rank"]: cut for cut in found["cuts"]}
    units = {
        block["block"]: by_rank[block["rank"]]
        for block in found["blocks"]
        if block["rank"] is not None
    }
    yield "# Where to cut ResNet-50"
    yield "Written by `python -m benchmarks.cuts`, which runs"
    yield f"    sparsesim cut {' '.join(arguments)} -o cuts.json"
    yield (
        f"{found['images']} photos. The weights (vector-quantised: at most 256 values a layer) are "
        "under Uber's non-commercial licence, the photos under ImageNet's terms (non-commercial "
        "research); neither is part of this repository. Values are float, priced at "
        f"{found['float_bits']} bits; a tensor is encoded by itself, in its own order, channels as "
        "rows."
    )
    yield "## The claim"
    yield (
        "Loroch et al. (2018, section 3.1) say that layers with sparse activations are good "
        "places to cut a network over devices, and that the unit 1 layers of each block of "
        "ResNet 50 would be good separation points. Their table 5 gives sparsity; what is sent is "
        "bytes, and there the size of the tensor counts, too."
    )
    yield _units(found, units)
    yield from _verdict(found, units)
    yield "## The cheapest cuts"
    yield (
        f"The first {_SHOWN} of {len(found['cuts'])}, and all those marked ▸: no cut with as few "
        "MACs in front sends less. `+1`: one more tensor crosses, the shortcut."
    )
    shown = [cut for cut in found["cuts"] if cut["rank"] <= _SHOWN or cut["is_frontier"]]
    yield _table(
        ("rank", "behind", "zeros", "dense", "sent", "p95", "worst", "format", "MACs in front"),
        (_numbers(cut) for cut in shown),
    )
    yield f"Model sha256 {found['model_sha256']}, inputs sha256 {found['inputs_sha256']}."


def _units(found: Record, units: Mapping[str, Record]) -> str:
    headings = (
        "unit", "zeros, paper", "zeros", "dense", "sent", "p95", "worst", "format",
        f"rank of {len(found['cuts'])}", "rank in its block", "MACs in front",
    )  # fmt: skip
    rows = []
    for name, cut in units.items():
        rank, zeros, *numbers, share = _numbers(cut)[:1] + _numbers(cut)[2:]
        inside = sorted(c["rank"] for n, c in units.items() if _block(n) == _block(name))
        place = f"{inside.index(cut['rank']) + 1} of {len(inside)}" if len(inside) > 1 else "-"
        paper = _percent(PAPER[name]) if name in PAPER else ""
        rows.append([name, paper, zeros, *numbers, rank.rstrip("▸ "), place, share])
    return _table(headings, rows)


def _verdict(found: Record, units: Mapping[str, Record]) -> Iterator[str]:
    yield "## Does it hold?"
    blocks = sorted({_block(name) for name in units if "/" in name})
    sparsest, cheapest = [], []
    for block in blocks:
        mine = {name: cut for name, cut in units.items() if _block(name) == block}
        first = f"{block}/unit_1"
        if max(mine, key=lambda name: mine[name]["sent"]["sparsity"]) == first:
            sparsest.append(block)
        if min(mine, key=lambda name: mine[name]["rank"]) == first:
            cheapest.append(block)
    ranks = [units[f"{block}/unit_1"]["rank"] for block in blocks]
    given = found["given"]["bytes"][found["given"]["best"]]["mean"]
    less = [name for name, cut in units.items() if _sent(cut) < given]
    yield (
        f"In part. Unit 1 is the sparsest of its block in {_and(sparsest)}, and since all units of "
        f"a block give tensors of one size, it sends the fewest bytes of its block in "
        f"{_and(cheapest)}; elsewhere a later unit does. Among all {len(found['cuts'])} cuts of "
        f"the network the outputs of unit 1 rank {_and(map(str, ranks))}: what decides is the size "
        "of the tensor, which halves from block to block, while within a block the units' bytes "
        f"differ by {max(_spans(units, blocks)):.2f}x at most."
    )
    best = [name for name in units if units[name]["is_frontier"]]
    first = next(cut for cut in found["cuts"][::-1] if cut["is_frontier"])
    yield (
        f"The picture itself takes {_kb(given)}. Of the units, only {_and(less)} send less: before "
        "these, a device that holds the front of the network sends more than the picture it was "
        f"given. Of the units {_and(best)} are cuts that nothing with as few MACs in front beats; "
        f"the others lose to the tensor behind `{first['behind']}`, at "
        f"{_percent(first['macs_in_front'])} of the MACs with {_kb(_sent(first))}, or to one of "
        "these."
    )


def _spans(units: Mapping[str, Record], blocks: Iterable[str]) -> Iterator[float]:
    """For each block the most bytes of a unit over the least."""
    for block in blocks:
        sent = [_sent(cut) for name, cut in units.items() if _block(name) == block]
        yield max(sent) / min(sent)


def _numbers(cut: Record) -> list[str]:
    sent = cut["sent"]
    spread = sent["bytes"][sent["best"]]
    more = len(sent["tensors"]) - 1
    return [
        f"{cut['rank']}{' ▸' if cut['is_frontier'] else ''}",
        cut["behind"] + (f" +{more}" if more else ""),
        _percent(sent["sparsity"]),
        _kb(sent["bytes"]["dense"]["mean"]),
        *(_kb(spread[key]) for key in ("mean", "p95", "worst")),
        sent["best"],
        _percent(cut["macs_in_front"]),
    ]


def _sent(cut: Record) -> float:
    return float(cut["sent"]["bytes"][cut["sent"]["best"]]["mean"])


def _block(unit: str) -> str:
    return unit.partition("/")[0]


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


def _kb(octets: float) -> str:
    return f"{octets / 1000:,.1f} kB"


def _and(words: Iterable[str]) -> str:
    *most, last = list(words) or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["---:"] * (len(headings) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, rule, *rows))


if __name__ == "__main__":
    main()
