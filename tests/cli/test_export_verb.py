"""`sparsesim export` on the bundled model, and every way in which it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FILES = {
    "timeloop": "problems",
    "scalesim": "lenet.csv",
    "zigzag": "lenet.yaml",
    "timeline": "lenet.json",
    "onnx": "lenet_facts.onnx",
}
THEN = {
    "timeloop": "timeloop mapper ARCH.yaml MAPPER.yaml problems/1-conv1.yaml",
    "scalesim": "python -m scalesim.scale -t lenet.csv -l LAYOUT.csv -c SCALE.cfg -i conv",
    "zigzag": "zigzag.api.get_hardware_performance_zigzag(workload='lenet.yaml', …)",
    "timeline": "open lenet.json in ui.perfetto.dev",
    "onnx": "netron lenet_facts.onnx",
}


@pytest.fixture
def export(run, lenet: Path, digits: Path):
    def call(kind: str, path: str, *words: object, model: object = lenet):
        inputs = ["--inputs", digits, "--images", 2] if model == lenet else []
        return run("export", model, "--to", kind, "-o", path, *inputs, *words)

    return call


@pytest.mark.parametrize("kind", FILES)
def test_every_kind(export, kind: str):
    path = FILES[kind]
    many = " (4 files)" if kind == "timeloop" else ""
    ran = export(kind, path)
    assert (ran.code, ran.out, ran.err) == (0, "", f"Wrote {path}{many}; next: {THEN[kind]}\n")
    assert Path(path).is_dir() == (kind == "timeloop")
    use = "is not empty; use --force to write into it"
    if kind != "timeloop":
        use = "exists; use --force to overwrite it"
    again = export(kind, path)
    assert (again.code, again.err) == (2, f"error: {path}: {use}\n")
    assert export(kind, path, "--force").code == 0


def test_a_saved_trace_gives_the_same(run, export, lenet: Path, digits: Path):
    kept = ["estimate", lenet, "--inputs", digits, "--images", 2, "--save-trace", "t.trace"]
    assert run(*kept).code == 0
    for kind in ("timeloop", "scalesim", "zigzag", "timeline"):
        suffix = Path(FILES[kind]).suffix
        assert export(kind, f"a{suffix}").code == export(kind, f"b{suffix}", model="t.trace").code
        one, other = Path(f"a{suffix}"), Path(f"b{suffix}")
        if kind == "timeloop":
            assert sorted(p.name for p in one.iterdir()) == sorted(p.name for p in other.iterdir())
            one, other = one / "3-fc3.yaml", other / "3-fc3.yaml"
        assert one.read_bytes() == other.read_bytes()
    refused = export("onnx", "c.onnx", model="t.trace")
    assert (refused.code, refused.err) == (
        2,
        "error: t.trace: is a trace, which has no model in it; give the ONNX file\n",
    )
    assert export("zigzag", "c.yaml", "--inputs", digits, model="t.trace").err == (
        "error: t.trace: is a trace, executed already; leave --inputs out\n"
    )
    assert not Path("c.yaml").exists() and not Path("c.onnx").exists()


def test_options_reach_the_export(export, root: Path):
    thresholds = root / "models_onnx/lenet_thresholds.toml"
    words = ("--layer", "conv2", "--set", "rows=8", "--device", "xc7z020")
    assert export("timeline", "t.json", *words, "--thresholds", thresholds).code == 0
    found = json.loads(Path("t.json").read_text())["otherData"]
    assert (found["layer"], found["accelerator"]["array"]["rows"]) == ("conv2", 8)
    assert "weights of 1 layer by magnitude 0.05" in found["of"]
    assert found["device"]["family"] == "Zynq-7000"
    assert export("zigzag", "q.yaml", "--quantize", "--set", "acc_bits=24").code == 0
    assert "calibrated on 2 images" in Path("q.yaml").read_text().splitlines()[0]
    assert '"O": 24' in Path("q.yaml").read_text()


def test_mistakes(export, lenet: Path):
    def said(kind: str, path: str, *words: object) -> str:
        ran = export(kind, path, *words)
        assert ran.code == 2 and ran.out == "" and not Path(path).is_file()
        return ran.err

    assert said("timelop", "x") == (
        "error: export 'timelop' is unknown; did you mean 'timeloop'?\n"
    )
    assert said("verilog", "x") == (
        "error: export 'verilog' is unknown; use one of timeloop, scalesim, zigzag, timeline, "
        "onnx\n"
    )
    assert said("timeline", "x", "--layer", "conv3") == (
        f"error: {lenet}: no layer 'conv3'; did you mean 'conv2'?\n"
    )
    assert said("scalesim", "x", "--layer", "conv1") == (
        "error: --layer: an export to scalesim takes no layer; leave it out\n"
    )
    assert said("timeloop", "x", "--set", "rows=8") == (
        "error: --set: an export to timeloop takes no accelerator; leave it out\n"
    )
    assert said("zigzag", "x.yaml", "--device", "xc7z020") == (
        "error: --device: an export to zigzag takes no device; leave it out\n"
    )
    assert said("zigzag", "x.json") == "error: x.json: the tool takes no other name than *.yaml\n"
    assert said("onnx", "none/x") == "error: none/x: its folder does not exist\n"
    assert said("timeloop", "none/x") == "error: none/x: its folder does not exist\n"
    Path("file").write_text("kept")
    assert export("timeloop", "file").err == "error: file: is a file; name a folder\n"
    assert export("scalesim", ".").err == "error: .: is a folder; name a file\n"
    assert export("zigzag", "y.yaml", model="none.onnx").err == "error: none.onnx: no such file\n"
    assert Path("file").read_text() == "kept"
    assert sorted(path.name for path in Path().iterdir()) == ["file"]


def test_layers_that_a_format_cannot_say(run):
    import onnx
    from onnx import helper, numpy_helper

    def save(name: str, op: str, **attributes: object) -> None:
        weight = numpy_helper.from_array(__import__("numpy").ones((2, 2, 2, 2), "float32"), "w")
        node = helper.make_node(op, ["x", "w"], ["y"], name="layer", **attributes)
        value = [helper.make_tensor_value_info(n, 1, [1, 2, s, s]) for n, s in attributes_of[name]]
        graph = helper.make_graph([node], "g", value[:1], value[1:], [weight])
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        made.ir_version = 8
        onnx.save(made, name)

    attributes_of = {"up.onnx": (("x", 3), ("y", 6)), "wide.onnx": (("x", 5), ("y", 3))}
    save("up.onnx", "ConvTranspose", strides=[2, 2])
    save("wide.onnx", "Conv", dilations=[2, 2])
    for kind in ("timeloop", "scalesim", "zigzag"):
        ran = run("export", "up.onnx", "--inputs", "random", "--to", kind, "-o", "made.yaml")
        assert (ran.code, ran.err) == (
            2,
            "error: layer: transposed with a stride, which inserts zeros; "
            f"{kind} has no loops for that\n",
        )
    assert not Path("made.yaml").exists()
    ran = run("export", "wide.onnx", "--inputs", "random", "--to", "scalesim", "-o", "wide.csv")
    assert ran.code == 0
    assert ran.err.splitlines()[0] == (
        "warning: layer: as products of matrices, for dilation, two strides, a batch or a volume; "
        "SCALE-Sim reads their inputs window by window"
    )
    assert Path("wide.csv").read_text().splitlines()[1] == "layer, 9, 1, 1, 1, 8, 2, 1,"


def test_a_full_disk_leaves_nothing(export, monkeypatch: pytest.MonkeyPatch):
    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    for kind in ("timeloop", "timeline"):
        ran = export(kind, "made")
        assert (ran.code, ran.err) == (
            2,
            "error: made: cannot be written: No space left on device\n",
        )
    assert list(Path().iterdir()) == []


def test_they_are_listed(run):
    lines = run("list", "exports").out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(FILES)
    assert run("list", "export").err.endswith("did you mean 'exports'?\n")
