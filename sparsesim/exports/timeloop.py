"""`timeloop`: problems of Timeloop and Sparseloop, version 0.4, one file a layer.

All layers have one shape, a convolution with the letters that Timeloop's own examples use, so that
one set of constraints serves a network: G groups, C channels, M filters, N images (positions of a
Gemm or MatMul), P and R outputs and taps along columns, Q and S along rows. G stands there only
where there are groups, Z and T (outputs and taps along the depth) only in volumes.

Densities are `hypergeometric`: so many zeros, anywhere. Where they lie is what gets lost.

Source: NVlabs/timeloop, src/workload; Accelergy-Project/timeloopfe, timeloopfe/v4/problem.py.
"""

from __future__ import annotations

import json
import re

from sparsesim.exports import Export, Request
from sparsesim.exports.densities import Densities, densities_of
from sparsesim.exports.loops import Loops, loops_of
from sparsesim.exports.words import origin

_LONGEST_NAME = 80  # of a layer, in a file's name


def export(request: Request) -> Export:
    """A problem for each layer."""
    layers, warnings = loops_of(request.trace.layers, "timeloop")
    digits = len(str(len(layers)))
    source = origin(request.trace)
    files = {}
    found = densities_of(request.trace, layers)
    for number, (loops, densities) in enumerate(zip(layers, found, strict=True), 1):
        word = re.sub(r"[^A-Za-z0-9._-]+", "_", loops.name)[:_LONGEST_NAME]
        text = problem(loops, densities, source)
        files[f"{number:0{digits}}-{word}.yaml"] = text.encode()
    return Export(
        files, warnings, "timeloop mapper ARCH.yaml MAPPER.yaml {path}/" + next(iter(files))
    )


def problem(loops: Loops, densities: Densities, source: str) -> str:
    """One layer as YAML.

    Args:
        loops: the layer.
        densities: of its tensors.
        source: a line that says where they are from.
    """
    axes = {"H": ("Q", "S", loops.rows), "W": ("P", "R", loops.columns)}
    if loops.is_volume:
        axes = {"D": ("Z", "T", loops.depth), **axes}
    group = {"G": loops.groups} if loops.groups > 1 else {}
    sizes = group | {"C": loops.channels, "M": loops.filters, "N": loops.images}
    coefficients: dict[str, int] = {}
    for name, (output, tap, axis) in axes.items():
        sizes |= {tap: axis.taps, output: axis.outputs}
        coefficients |= {f"{name}stride": axis.stride, f"{name}dilation": axis.dilation}
    taps = [tap for _, tap, _ in axes.values()]
    outputs = [output for output, _, _ in axes.values()]
    pixels = [
        f"[{tap}, {name}dilation], [{output}, {name}stride]"
        for name, (output, tap, _) in axes.items()
    ]
    lines = [
        f"# {loops.name} ({loops.op}) of {source}",
        f"# Densities are measured. Inputs has padding in it, as zeros; the stored tensor's is "
        f"{densities.stored_inputs:.9f}.",
        "problem:",
        "  version: 0.4",
        "  shape:",
        f"    name: {json.dumps(loops.name, ensure_ascii=False)}",
        f"    dimensions: [{', '.join(sizes)}]",
        "    coefficients:",
        *(f"    - {{name: {name}, default: 1}}" for name in coefficients),
        "    data_spaces:",
        *_data_space("Weights", [f"[{d}]" for d in [*group, "C", "M", *taps]]),
        *_data_space("Inputs", [f"[{d}]" for d in ["N", *group, "C"]] + pixels),
        *_data_space("Outputs", [f"[{d}]" for d in ["N", *group, "M", *outputs]]),
        "      read_write: true",
        "  instance:",
        *(f"    {name}: {value}" for name, value in (sizes | coefficients).items()),
        "    densities:",
        *_density("Weights", densities.weights),
        *_density("Inputs", densities.inputs),
        *_density("Outputs", densities.outputs),
    ]
    return "\n".join(lines) + "\n"


def _data_space(name: str, dimensions: list[str]) -> list[str]:
    return [
        f"    - name: {name}",
        "      projection:",
        *(f"      - [{terms}]" for terms in dimensions),
    ]


def _density(name: str, density: float) -> list[str]:
    return [f"      {name}: {{distribution: hypergeometric, density: {density:.9f}}}"]
