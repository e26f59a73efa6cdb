"""Running onnx's backend cases: with ONNX Runtime alone, and with our loader and engine."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import version_converter
from onnx_cases import Case, check

from sparsesim.backend import SparseSimBackend
from sparsesim.engine.exchange import run_session
from sparsesim.graph.read import LOWEST_OPSET

EXCEPTIONS = Path(__file__).with_name("onnx_exceptions.csv")


@dataclass(frozen=True)
class Outcome:
    """Empty texts where a case passes, else why not."""

    case: Case
    theirs: str
    ours: str

    @property
    def name(self) -> str:
        """Kind and name."""
        return f"{self.case.kind}/{self.case.name}"


def run(case: Case) -> Outcome:
    """Run one case on both sides."""
    return Outcome(case, check(case, onnx_runtime), check(case, sparsesim))


def onnx_runtime(model: onnx.ModelProto, inputs: Sequence[Any]) -> list[Any]:
    """A model's outputs by ONNX Runtime alone, on the processor."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [given.name for given in session.get_inputs()]
    outputs = [output.name for output in session.get_outputs()]
    return run_session(session, outputs, dict(zip(names, inputs, strict=False)))


def sparsesim(model: onnx.ModelProto, inputs: Sequence[Any]) -> Sequence[Any]:
    """A model's outputs by our loader and engine; models below our opsets are converted first."""
    return SparseSimBackend.prepare(converted(model)).run(inputs)


def converted(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in the lowest opset that we take, by onnx's own converter where it is older."""
    opset = max((o.version for o in model.opset_import if o.domain == ""), default=LOWEST_OPSET)
    if opset >= LOWEST_OPSET:
        return model
    return version_converter.convert_version(model, LOWEST_OPSET)


def exceptions() -> dict[str, str]:
    """Cases that ONNX Runtime passes and we may fail: a pattern of names, and the reason."""
    with open(EXCEPTIONS, newline="") as file:
        return {row["case"]: row["reason"] for row in csv.DictReader(file)}


def reason(name: str, known: dict[str, str]) -> str:
    """Why a case may fail, or nothing."""
    return next((why for pattern, why in known.items() if re.fullmatch(pattern, name)), "")
