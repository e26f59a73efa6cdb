"""Sessions of ONNX Runtime, made in one place, so that all know a model's own operators.

It does not run them: see engine/exchange.py for values of types that numpy lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sparsesim.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime as ort

# Its change to a layout of blocks can end the process with a segmentation fault where float16 was
# widened (seen with 1.32: a recurrent node, Transpose, MatMul).
_ENDS_HALVES = ("NchwcTransformer",)

_SHOWN = 400  # characters of a message that a line still carries


def session_options(
    custom_ops: Sequence[str] = (), threads: int = 1, optimised: bool = True
) -> ort.SessionOptions:
    """Options of a session that says nothing, and whose threads sleep between its runs.

    Args:
        custom_ops: libraries of operators, as `libraries` gives them.
        threads: of one operator.
        optimised: else nothing is rewritten: quickest where it runs once, or not at all.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # Our own threads work between its runs: its pool must not spin meanwhile.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    for library in custom_ops:
        options.register_custom_ops_library(library)
    return options


def open_session(
    model: str | bytes, options: ort.SessionOptions, disabled: Sequence[str] = ()
) -> ort.InferenceSession:
    """A session on the processor.

    Args:
        model: a file, or a serialised model.
        options: as `session_options` gives them.
        disabled: names of rewrites that it must not make.
    """
    import onnxruntime as ort

    return ort.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=list(disabled)
    )


def harmful(kinds: Iterable[np.dtype]) -> tuple[str, ...]:
    """Rewrites that must not be made of a model with tensors of these types: they may crash."""
    return _ENDS_HALVES if np.dtype(np.float16) in set(kinds) else ()


def libraries(paths: Sequence[str | Path]) -> tuple[str, ...]:
    """Whole paths of libraries of operators, each found to be one.

    Args:
        paths: shared libraries with a function `RegisterCustomOps`.
    Raises:
        ModelError: no such file, or ONNX Runtime doesn't take it.
    """
    found = []
    for path in paths:
        file = Path(path)
        if not file.is_file():
            raise ModelError(f"{path}: no such file; give a library of custom operators (.so)")
        try:
            session_options([str(file.resolve())])
        except Exception as error:
            raise ModelError(
                f"{path}: not a library of custom operators: {runtime_message(error)}"
            ) from error
        found.append(str(file.resolve()))
    return tuple(found)


def runtime_message(error: BaseException) -> str:
    """ONNX Runtime's message on one line, without its own prefixes."""
    text = one_line(error, _SHOWN)
    if text.startswith("[ONNXRuntimeError]"):
        text = text.split(" : ", 3)[-1]
    return text


def one_line(error: BaseException, limit: int = 200) -> str:
    """A library's error on one line, or its name where it says nothing."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
