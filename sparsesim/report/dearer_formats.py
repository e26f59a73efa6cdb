"""A word where a format costs more than it saves: operands so dense that plain storage is smaller.

What would be saved is the difference to the dense scheme, which moves the same blocks in the same
order, dense.
"""

from __future__ import annotations

from sparsesim.figures import bits, plural
from sparsesim.report.facts import images, own_scheme
from sparsesim.result.model import LayerRecord, Result

_OPERANDS = {"weight": ("weight",), "activation": ("activation", "output")}


def dearer_formats(result: Result) -> list[str]:
    """A sentence for each operand's format that makes some layers' transfers larger."""
    scheme = own_scheme(result)
    if result.baseline in (scheme, None):
        return []
    found = []
    for operand, parts in _OPERANDS.items():
        form = str(getattr(result.accelerator, f"{operand}_format"))
        more = [_more(layer, scheme, result.baseline, parts) for layer in result.layers]
        dearer = [bits_more for bits_more in more if bits_more > 0]
        if form == "dense" or not dearer:
            continue
        n = images(result)
        whole = sum(more) / n
        for_all = f'; {operand}_format = "dense" for all saves {bits(whole)}' if whole > 0 else ""
        found.append(
            f"{form} moves more than dense would for the {operand}s of {len(dearer)} of "
            f"{plural(len(result.layers), 'layer')}: {bits(sum(dearer) / n)} an image{for_all}"
        )
    return found


def _more(layer: LayerRecord, scheme: str, dense: str, parts: tuple[str, ...]) -> int:
    own, plain = layer.schemes[scheme].dram_bits, layer.schemes[dense].dram_bits
    return sum(getattr(own, part) - getattr(plain, part) for part in parts)
