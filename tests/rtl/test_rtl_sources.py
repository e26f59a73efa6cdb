"""A module's files are those of all that it instantiates."""

from __future__ import annotations

import pytest

from sparsesim.errors import SparseSimError
from sparsesim.rtl.sources import hdl_folder, modules, sources

TOP = """module top (input wire a);
  // leaf u_comment (.a(a)); is no instance
  wire drain;  /* lost u_lost (.a(a)); */
  initial $display("lost u_text (");
  middle #(
      .NAME("leaf")
  ) u_middle (.a(a));
  plain u_plain (.a(a));
  ranged u_ranged[3:0] (.a(a));
endmodule
"""


@pytest.fixture
def folder(tmp_path):
    texts = {"top": TOP, "middle": "module middle; leaf u_leaf (); endmodule"}
    for name in ("middle", "leaf", "plain", "ranged", "drain", "lost", "top"):
        text = texts.get(name, f"module {name}; endmodule")
        (tmp_path / f"{name}.v").write_text(text)
    return tmp_path


def test_instances_are_followed_and_nothing_else(folder):
    found = sources("top", folder)
    assert [path.stem for path in found] == ["top", "middle", "plain", "ranged", "leaf"]
    assert all(path.is_absolute() for path in found)


def test_an_unknown_module_is_refused_with_a_hint(folder):
    with pytest.raises(SparseSimError) as caught:
        sources("leave", folder)
    assert str(caught.value) == "unknown Verilog module 'leave'; did you mean 'leaf'?"


def test_the_repositorys_modules_are_found(root):
    assert hdl_folder() == root / "hdl"
    assert {"array", "delay", "lutram", "parameter_range"} <= set(modules())
    assert [path.stem for path in sources("delay")] == ["delay", "parameter_range"]
