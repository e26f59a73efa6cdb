"""`zigzag`: the workload of ZigZag: for each layer an equation, loop sizes and where operands come
from. It knows no zeros.

An operand comes from an earlier layer where that layer's output is read as it is; through an
operator of the host (pooling, a sum) it counts as coming from outside, which ZigZag writes as the
layer's own number.

Source: KULeuven-MICAS/zigzag, zigzag/parser/workload_validator.py, docs/source/workload.rst.
"""

from __future__ import annotations

import json
from typing import Any

from sparsesim.exports import Export, Request
from sparsesim.exports.loops import Axis, Loops, loops_of
from sparsesim.exports.words import origin
from sparsesim.memory import ValueBits, value_bits_of

_AXES = "ZYX"  # ZigZag's letters for depth, rows and columns


def export(request: Request) -> Export:
    """The workload."""
    trace, accelerator = request.trace, request.accelerator
    layers, warnings = loops_of(trace.layers, "zigzag")
    traced = {layer.name: layer for layer in trace.layers}
    makers: dict[str, int] = {}  # tensor -> the layer that made it
    lines = [f"# {origin(trace)}"]
    for number, loops in enumerate(layers):
        layer = traced[loops.name]
        sources = {
            "I": makers.get(_tensor(layer.activation), number),
            "W": makers.get(_tensor(layer.weight), number),
        }
        widths = value_bits_of(trace, layer, accelerator)
        lines += _entry(entry(number, loops, sources, widths, accelerator.acc_bits))
        makers[_tensor(layer.output)] = number
    text = "\n".join(lines) + "\n"
    then = "zigzag.api.get_hardware_performance_zigzag(workload='{path}', …)"
    return Export({"": text.encode()}, warnings, then)


def entry(
    number: int, loops: Loops, sources: dict[str, int], widths: ValueBits, sum_bits: int
) -> dict[str, Any]:
    """One layer, as ZigZag has it once the YAML is read.

    Args:
        number: its place among the layers.
        loops: the layer.
        sources: numbers of the layers that make its operands; its own: they come from outside.
        widths: of values.
        sum_bits: width of a running sum.
    """
    common: dict[str, Any] = {
        "id": number,
        "name": loops.name,
        "operator_type": "Conv" if loops.is_convolution else "Gemm",
    }
    behind: dict[str, Any] = {
        "operand_precision": {
            "I": widths.activation,
            "W": widths.weight,
            "O": sum_bits,
            "O_final": widths.output,
        },
        "operand_source": sources,
    }
    group = "[g]" if loops.groups > 1 else ""
    sizes = {"G": loops.groups} if group else {}
    if not loops.is_convolution:
        sizes |= {"D": loops.images, "K": loops.filters, "C": loops.channels}
        return {
            **common,
            "equation": f"O{group}[d][k]+=I{group}[d][c]*W{group}[c][k]",
            "dimension_relations": [],
            "loop_dims": list(sizes),
            "loop_sizes": list(sizes.values()),
            **behind,
        }
    axes = dict(zip(_AXES, loops.axes, strict=True))
    if not loops.is_volume:
        del axes["Z"]
    sizes |= {"B": loops.images, "K": loops.filters, "C": loops.channels}
    sizes |= {f"O{letter}": axis.outputs for letter, axis in axes.items()}
    sizes |= {f"F{letter}": axis.taps for letter, axis in axes.items()}
    outputs, taps, pixels = (
        "".join(f"[{role}{letter.lower()}]" for letter in axes) for role in "ofi"
    )
    weight, activation = f"W{group}[k][c]{taps}", f"I[b]{group}[c]{pixels}"
    return {
        **common,
        "equation": f"O[b]{group}[k]{outputs}+={weight}*{activation}",
        "dimension_relations": [
            f"i{x}={axis.stride}*o{x}+{axis.dilation}*f{x}"
            for x, axis in ((letter.lower(), axis) for letter, axis in axes.items())
        ],
        "loop_dims": list(sizes),
        "loop_sizes": list(sizes.values()),
        **_padded(axes),
        **behind,
    }


def _padded(axes: dict[str, Axis]) -> dict[str, Any]:
    """Stored pixels and padding along each axis; ZigZag divides by the pixels, so where taps meet
    padding alone it is told of none, and takes the padding for pixels."""
    pixels = [axis.stored.stop - axis.stored.start for axis in axes.values()]
    if 0 in pixels:
        return {}
    return {
        "pr_loop_dims": [f"I{letter}" for letter in axes],
        "pr_loop_sizes": pixels,
        "padding": [list(axis.padding) for axis in axes.values()],
    }


def _tensor(key: str) -> str:
    """The tensor whose bits a trace has under a key: behind the last `|` is their order."""
    return key.rpartition("|")[0]


def _entry(fields: dict[str, Any]) -> list[str]:
    """YAML of one layer; JSON's strings, lists and objects are YAML's, too."""
    first, *others = (f"{key}: {_value(value)}" for key, value in fields.items())
    return [f"- {first}", *(f"  {line}" for line in others)]


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
