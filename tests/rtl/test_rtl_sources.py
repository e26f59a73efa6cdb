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

# The folders of the files, below the one that is named; those that are missing lie in it.
FOLDERS = {"leaf": "common", "middle": "machine", "drain": "common"}


@pytest.fixture
def folder(tmp_path):
    texts = {"top": TOP, "middle": "module middle; leaf u_leaf (); endmodule"}
    for name in ("middle", "leaf", "plain", "ranged", "drain", "lost", "top"):
        text = texts.get(name, f"module {name}; endmodule")
        (tmp_path / FOLDERS.get(name, ".")).mkdir(exist_ok=True)
        (tmp_path / FOLDERS.get(name, ".") / f"{name}.v").write_text(text)
    return tmp_path


def test_instances_are_followed_and_nothing_else(folder):
    found = sources("top", folder)
    assert [path.stem for path in found] == ["top", "middle", "plain", "ranged", "leaf"]
    assert all(path.is_absolute() for path in found)


def test_an_unknown_module_is_refused_with_a_hint(folder):
    with pytest.raises(SparseSimError) as caught:
        sources("leave", folder)
    assert str(caught.value) == "unknown Verilog module 'leave'; did you mean 'leaf'?"


def test_a_module_of_two_files_is_refused(folder):
    (folder / "machine" / "leaf.v").write_text("module leaf; endmodule")
    with pytest.raises(SparseSimError) as caught:
        modules(folder)
    assert str(caught.value) == (
        f"{folder / 'common' / 'leaf.v'} and {folder / 'machine' / 'leaf.v'}: a module has one "
        "file; rename one of them"
    )


def test_the_repositorys_modules_are_found(root):
    assert hdl_folder() == root / "hdl"
    assert {"inner_join_array", "sparsesim_delay", "sparsesim_lutram"} <= set(modules())
    assert sources("sparsesim_delay") == tuple(
        root / "hdl" / "common" / f"sparsesim_{name}.v" for name in ("delay", "parameter_range")
    )
