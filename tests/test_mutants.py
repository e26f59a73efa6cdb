"""The mutants of the Verilog: single edits, all different, none where it could not be noticed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.mutants import EQUAL, SURVIVES, Kept, with_section
from benchmarks.mutation import mutants, shares, shuffled
from sparsesim.rtl.sources import modules, sources

TEXT = """module one #(
    parameter WIDTH = 4
) (
    input wire a_i,
    output wire [WIDTH-1:0] q_o
);
  sparsesim_parameter_range #(.VALUE(WIDTH), .LOW(1), .HIGH(64)) u_width_range ();
  localparam SUM_W = WIDTH + 1;  // a < b
`ifdef SYNTHESIS
  wire x = a_i;
`else
  wire x = !a_i;
`endif
  reg [SUM_W-1:0] sum_q[0:WIDTH-1];
  two #(.WIDTH(SUM_W - 1)) u_two (.on_i(x));
  integer n;
  always @(posedge clk_i) begin
    for (n = 0; n < WIDTH; n = n + 1) if (x) sum_q[n] <= {SUM_W{a_i}};
    q_q <= (n <= 3 ? a : b) + c[2:1] & d[e+:2];
  end
  wire unused = &{1'b0, a_i};
endmodule
"""
BY_HAND = {
    8: {"localparam SUM_W = (WIDTH + 1) - 1; // a < b"},
    12: {"wire x = a_i;"},
    15: {"two #(.WIDTH(SUM_W - 1)) u_two (.on_i(1'b0));"},
    18: {
        f"for ({loop}; n = n + 1) if ({condition}) sum_q[n] <= {{SUM_W{{a_i}}}};"
        for loop, condition in [
            ("n = 1; n < WIDTH", "x"),
            ("n = 0; n <= WIDTH", "x"),
            ("n = 0; n < WIDTH", "1'b0"),
            ("n = 0; n < WIDTH", "1'b1"),
        ]
    },
    19: {
        f"q_q <= {value};"
        for value in [
            "(n < 3 ? a : b) + c[2:1] & d[e+:2]",
            "(n <= 2 ? a : b) + c[2:1] & d[e+:2]",
            "(n <= 4 ? a : b) + c[2:1] & d[e+:2]",
            "(1'b0 ? a : b) + c[2:1] & d[e+:2]",
            "(1'b1 ? a : b) + c[2:1] & d[e+:2]",
            "(n <= 3 ? a : b) - c[2:1] & d[e+:2]",
            "(n <= 3 ? a : b) & d[e+:2]",
            "c[2:1] & d[e+:2]",
            "(n <= 3 ? a : b) + c[2:0] & d[e+:2]",
            "(n <= 3 ? a : b) + c[2:2] & d[e+:2]",
            "(n <= 3 ? a : b) + c[2:1] | d[e+:2]",
            "(n <= 3 ? a : b) + c[2:1]",
            "d[e+:2]",
        ]
    },
}


def test_the_mutants_of_a_small_module_are_those_found_by_hand() -> None:
    found: dict[int, set[str]] = {}
    for mutant in mutants("one", TEXT):
        found.setdefault(mutant.line, set()).add(mutant.after)
    assert found == BY_HAND


@pytest.mark.parametrize("module", modules())
def test_mutants_of_a_module_are_single_edits_and_distinct(module: str) -> None:
    text = sources(module)[0].read_text(encoding="utf-8")
    found = mutants(module, text)
    assert found
    assert len({mutant.text for mutant in found}) == len(found)
    for mutant in found:
        assert mutant.text != text
        assert _open(mutant.text) == _open(text)


def _open(text: str) -> list[int]:
    """How many brackets of each kind are not closed; texts and comments may hold some."""
    return [text.count(opens) - text.count(closes) for opens, closes in ("()", "[]", "{}")]


def test_the_choice_is_the_same_each_time_and_takes_turns() -> None:
    text = sources("inner_join_array")[0].read_text(encoding="utf-8")
    found = mutants("inner_join_array", text)
    chosen = shuffled(found, seed=1)
    assert chosen == shuffled(found, seed=1) != shuffled(found, seed=2)
    assert sorted(mutant.after for mutant in chosen) == sorted(mutant.after for mutant in found)
    kinds = {mutant.kind for mutant in found}
    assert set(Counter(mutant.kind for mutant in chosen[: len(kinds)]).values()) == {1}


def test_each_module_gets_a_share_by_the_root_of_its_size() -> None:
    assert shares({"large": 900, "small": 1, "none": 0, "middle": 100}, 43) == {
        "large": 30, "small": 1, "middle": 11,
    }  # fmt: skip
    assert sum(shares({"a": 70, "b": 50, "c": 31}, 20).values()) == 20


def test_a_section_of_the_page_takes_the_place_of_the_one_of_that_folder() -> None:
    page = with_section("", "`stream`\n\none\n")
    page = with_section(page, "`common`\n\ntwo\n")
    page = with_section(page, "`stream`\n\nthree\n")
    assert [part.rstrip() for part in page.split("\n## ")[1:]] == [
        "`common`\n\ntwo",
        "`stream`\n\nthree",
    ]
    assert with_section(page, "`stream`\n\nthree\n") == page


def test_outcomes_are_kept_save_of_survivors(tmp_path: Path) -> None:
    first, second, third = mutants("sparsesim_delay", TEXT)[:3]
    kept = Kept(tmp_path / "kept")
    assert kept.find(first, False) is None
    kept.add(first, "test_sparsesim_delay", 2.0)
    kept.add(second, SURVIVES, 1.0)
    kept.add(third, "test_of_no_module", 1.0)
    again = Kept(tmp_path / "kept")
    found = [again.find(mutant, False) for mutant in (first, second, third)]
    assert found == [("test_sparsesim_delay", 2.0), None, None]
    assert again.find(second, True) == (EQUAL, 1.0)
