"""Integers as a processor without VNNI: equal results, and a word where ONNX Runtime saturates.

Where qemu is installed the whole process is emulated; `make test` runs a test of each kind so, and
`make test-all` all integer tests. The summary says what ran.
"""

from __future__ import annotations

import json
import os
import re

import haswell
import pytest

AS_HASWELL = "as a Haswell"  # the property under which these tests say what they did
ALL = float(os.environ.get("SPARSESIM_EXAMPLES", "1")) >= 30

QUANTISED = "tests/engine/test_quantised.py"
FIXED = "tests/fixed_point/test_fixed_execution.py"
REWRITE = "tests/sparsity/test_rewrite.py"
PERMUTE = "tests/tuning/test_permute.py"
SMOKE = [
    f"{QUANTISED}::test_a_layer_between_quantisers[True-True-kinds0-Conv-shapes0]",
    f"{QUANTISED}::test_a_layer_between_quantisers[False-True-kinds0-Gemm-shapes1]",
    f"{QUANTISED}::test_a_quantised_layer_that_gives_floats[True-True-MatMul-shapes2]",
    f"{QUANTISED}::test_qlinear_conv[True-True-3-kinds0]",
    f"{QUANTISED}::test_qlinear_matmul[False-True-shapes1-kinds1]",
    f"{QUANTISED}::test_matmul_integer[shapes0-columns-kinds1]",
    f"{QUANTISED}::test_conv_integer[2-xw]",
    f"{FIXED}::test_small_models[conv]",
    f"{FIXED}::test_small_models[matmul, weight first]",
    f"{REWRITE}::test_a_quantised_threshold_moves_no_other_value[0.0173-uint8-128]",
]
EVERY = [QUANTISED, FIXED, REWRITE, f"{PERMUTE}::test_integer_operators", f"{PERMUTE}::test_lenet"]
# Small models of every kind: decomposed, QONNX, quantised while running, with two zero points.
EVERY += [
    "tests/corpus",
    *(
        f"tests/graph/decompose/test_{name}.py"
        for name in (
            "channels_last",
            "integer_products",
            "microsoft_attention",
            "movement",
            "quantize_linear",
        )
    ),
    "tests/graph/qonnx",
    "tests/graph/test_calibrate.py",
    "tests/graph/test_widths.py",
    "tests/engine/test_recurrent.py",
    "tests/engine/test_zero_points.py",
    "tests/sparsity/test_left.py",
    "tests/trace/test_two_zeros.py",
    "tests/trace/test_zeros.py",
]
# Large networks of signed by signed and unsigned by unsigned products: minutes each, and exact.
EVERY += [f"--deselect={FIXED}::{name}" for name in ("test_resnet8", "test_mobilenet")]

pytestmark = pytest.mark.skipif(
    haswell.qemu() is None, reason="qemu-x86_64 is not installed: nothing runs as a Haswell"
)


@pytest.fixture(scope="module")
def results() -> dict[str, dict]:
    """What `integer_results.py` tells: here, with a Haswell's kernels, and as a Haswell."""
    told = {}
    ways = {"here": (False, False), "kernels": (True, False), "haswell": (True, True)}
    for name, (kernels, emulated) in ways.items():
        done = haswell.run(["tests/processors/integer_results.py"], kernels, emulated)
        assert done.returncode == 0, done.stderr[-2000:]
        told[name] = json.loads(done.stdout)
    return told


def test_integer_models_give_the_same_on_every_processor(results, record_property):
    """Outputs, references, bits, cycles, fixed point, saved models, calibrated scales."""
    assert results["kernels"]["digests"] == results["here"]["digests"]
    assert results["haswell"]["digests"] == results["here"]["digests"]
    digests = results["here"]["digests"]
    assert all(len(found) > 4 for found in digests.values())
    assert len({found["result"] for name, found in digests.items() if "LeNet" not in name}) == 5
    count = sum(len(found) for found in digests.values())
    record_property(AS_HASWELL, f"{count} digests of integer models are equal")


def test_a_haswell_saturates_and_results_say_by_how_much(results):
    told = results["haswell"]
    assert set(told["saturates"].values()) == {True}
    for name, apart in told["apart"].items():
        assert apart > 0.01
        said = [line for line in told["warnings"][name] if "saturate" in line]
        (percent,) = re.findall(r"off by up to ([\d.,]+) % of their range", "".join(said))
        assert float(percent.replace(",", "")) == pytest.approx(100 * apart, rel=0.06)
        rewritten = told["warnings"].get(f"{name}, rewritten", said)
        assert [line for line in rewritten if "saturate" in line] == said
    (host,) = [line for line in told["warnings"]["on the host"] if "saturate" in line]
    assert host.startswith("1 host operator (branch (MatMulInteger)) multiplies by 8-bit products")


def test_nothing_is_said_where_the_runtime_is_exact(results):
    told = results["here"]
    if any(told["saturates"].values()):
        pytest.skip("ONNX Runtime saturates on this processor, too")
    assert set(told["apart"].values()) == {0.0}
    assert not [line for found in told["warnings"].values() for line in found if "saturate" in line]


def test_integer_tests_pass(record_property):
    """The tests themselves, first with a Haswell's kernels here, which fills their cache."""
    wanted = EVERY if ALL else SMOKE
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *wanted]
    counts = []
    for emulated in (False, True):
        done = haswell.run(command, emulated=emulated)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        (summary,) = re.findall(r"^.*\d+ passed.*$", done.stdout, re.MULTILINE)
        counts.append(int(re.findall(r"(\d+) passed", summary)[0]))
    assert counts[0] == counts[1] and (ALL or counts[0] == len(SMOKE))
    record_property(AS_HASWELL, f"{counts[1]} integer tests pass")
