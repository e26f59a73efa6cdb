"""ONNX's own operators have two names for their domain, '' and 'ai.onnx'; here it is ''.

`one_domain` makes it so when a model is read: nothing behind that knows the other name.
"""

from __future__ import annotations

import onnx

from sparsesim.errors import ModelError
from sparsesim.graph.walk import nodes

ALIAS = "ai.onnx"


def one_domain(model: onnx.ModelProto, where: str) -> None:
    """Write '' for 'ai.onnx', in place, in subgraphs and functions too.

    Args:
        model: parsed.
        where: the model's name in errors.
    Raises:
        ModelError: both are imported, in different versions.
    """
    for holder in (model, *model.functions):
        versions = {
            domain: [entry.version for entry in holder.opset_import if entry.domain == domain]
            for domain in ("", ALIAS)
        }
        if not versions[ALIAS]:
            continue
        found = sorted({*versions[""], *versions[ALIAS]})
        if len(found) > 1:
            raise ModelError(
                f"{where}: not a valid ONNX model: it imports ONNX's operators twice, as '' and as "
                f"'{ALIAS}', in opsets {' and '.join(map(str, found))}; import them once"
            )
        others = [entry for entry in holder.opset_import if entry.domain not in ("", ALIAS)]
        del holder.opset_import[:]
        holder.opset_import.append(onnx.helper.make_opsetid("", found[0]))
        holder.opset_import.extend(others)
    for node in nodes(model):
        if node.domain == ALIAS:
            node.domain = ""
    for function in model.functions:
        if function.domain == ALIAS:
            function.domain = ""


def onnx_opset(model: onnx.ModelProto) -> int | None:
    """The version of ONNX's own operators that a model imports; None: it imports none.

    Args:
        model: in one domain.
    """
    return max((entry.version for entry in model.opset_import if not entry.domain), default=None)
