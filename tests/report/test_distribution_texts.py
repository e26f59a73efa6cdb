"""Words and marks of the reports on cuts, gradient traffic and break-even densities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sparsesim.cuts import BlockCut, Cuts, RankedCut, Sent, Spread
from sparsesim.estimator.break_even import BreakEven, BreakEvens, LayerBreakEven, Rival
from sparsesim.report.break_even import break_even_text
from sparsesim.report.console import plain
from sparsesim.report.cuts import cuts_text
from sparsesim.report.traffic import traffic_text
from sparsesim.train.traffic import FormatTraffic, LayerTraffic, Steps, Traffic


def sent(names: str, best: str, *bytes_: float) -> Sent:
    dense, mask = (Spread(b, 1.5 * b, int(2 * b)) for b in bytes_)
    return Sent(tuple(names.split()), 100.0, 400.0, 0.25, {"dense": dense, "bitmask": mask}, best)


def cuts(**changes) -> Cuts:
    made = {
        "model": "models/net.onnx",
        "model_sha256": "",
        "rewrites": (),
        "inputs": "data/x.npz (2 of 9 images)",
        "inputs_sha256": "",
        "random_inputs": False,
        "images": 2,
        "images_per_run": 1,
        "formats": ("dense", "bitmask"),
        "value_bits": None,
        "float_bits": 8,
        "macs": 1000,
        "uncounted": (),
        "given": sent("x", "dense", 700, 788),
        "cuts": (
            RankedCut(1, "net/b", 2, 0.9, True, sent("b", "bitmask", 100, 50)),
            RankedCut(2, "net/a", 1, 0.1, True, sent("x a", "dense", 800, 1000)),
        ),
        "blocks": (BlockCut("net", "b", 1), BlockCut("end", "y", None)),
        "unpriced": 0,
    }
    return Cuts(**{**made, **changes})


def test_cuts_as_shown():
    assert plain(cuts_text(cuts(), 1)) == (
        "Where to cut net.onnx, 2 images from x.npz (2 of 9 images)\n"
        "\n"
        "1 of 2 cuts, the fewest bytes first\n"
        "     behind  zeros dense sent  p95      as   MACs\n"
        "  1▸ b      25.0 % 100 B 50 B 75 B bitmask 90.0 %\n"
        "\n"
        "Behind each block\n"
        "rank  block  zeros dense sent  p95      as   MACs\n"
        "   1  net   25.0 % 100 B 50 B 75 B bitmask 90.0 %\n"
        "  1 block more: no cut by the tensor that leaves it alone\n"
        "\n"
        "The inputs themselves: 700 B dense, 700 B as dense.\n"
        "sent: mean bytes an image, each tensor encoded by itself, in the best format.\n"
        "MACs: share in front of the cut. +1: one more tensor crosses.\n"
        "▸ no cut with as few MACs in front sends less.\n"
        "Float values are priced at 8 bits.\n"
    )


def test_what_else_is_said_of_cuts():
    more = cuts(
        random_inputs=True,
        rewrites=("weights of 1 layer by magnitude 0.1",),
        images=8,
        images_per_run=4,
        warnings=("2 of 10 images left out: the model's batch is fixed at 4",),
        float_bits=None,
        uncounted=("lstm",),
        given=None,
        unpriced=3,
    )
    shown = plain(cuts_text(more, 9))
    assert "INPUTS ARE RANDOM: zeros mean nothing" in shown
    assert "2 runs of 4 images from x.npz" in shown
    assert "! 2 of 10 images left out: the model's batch is fixed at 4" in shown
    assert "weights of 1 layer by magnitude 0.1" in " ".join(shown.split())
    assert "  2▸ a +1 " in shown
    assert "3 cuts left out: something but numbers crosses." in shown
    said = " ".join(shown.split())
    assert "MACs unknown: lstm; shares are at most (<=) or at least (>=) what is given." in said
    assert "Float" not in shown and "inputs themselves" not in shown


@pytest.mark.parametrize(
    ("kind", "words"),
    [("exact", "bitmask 90.0 %"), ("at most", "bitmask <= 90.0 %"),
     ("at least", "bitmask >= 90.0 %"), ("unknown", "bitmask ?")],
)  # fmt: skip
def test_a_share_of_macs_may_be_a_bound(kind, words):
    first = replace(cuts().cuts[0], macs_in_front_is=kind)
    shown = plain(cuts_text(cuts(cuts=(first,)), 1))
    assert words in " ".join(shown.split())


def test_break_evens_as_shown():
    schemes = {
        "activation": BreakEven(None, False, 0.5, 200, 100),
        "weight": BreakEven(1.0, True, 1.25, 80, 100),
        "two_sided": BreakEven(0.375, False, 0.998, 100, 100),
    }
    dense = {"rows": 8, "cols": 9, "window": 1, "lanes": 1}
    rivals = {name: Rival("inner_join", dense, 250.4, "") for name in schemes}
    rivals["two_sided"] = Rival("inner_join", dense | {"window": 4, "lanes": 2}, 250.4, "")
    array = {"rows": 4, "cols": 5, "lanes": 1, "window": 8}
    machine = {"machine": "inner_join", "array": array, "clock_mhz": 200.0}
    found = BreakEvens(
        "m/net.onnx", "", (), "x.npz", "", True, 1, 7, 256, machine, {"name": "board"}, "xc7",
        rivals, (LayerBreakEven("conv", "Conv", 0.5, 1.0, schemes),),
    )  # fmt: skip
    shown = plain(break_even_text(found))
    assert shown.startswith(
        "Break-even densities of net.onnx, 1 image\n"
        "4x5 inner_join, 1 lane, window 8, queue depth 4, clock 200 MHz (an assumption);\n"
        "board\n"
        "INPUTS ARE RANDOM: zeros mean nothing\n"
        "\n"
        "layer  input weights   activation        weight     two_sided\n"
        "conv  50.0 % 100.0 %  never 0.50x ▸always 1.25x  37.5 % 1.00x\n"
    )
    assert "weight: against 8x9 dense PEs at 250 MHz\n" in shown
    assert "two_sided: against 8x9 dense PEs of 2 lanes, window 4 at 250 MHz\n" in shown
    assert shown.endswith("Masks thinned or filled at random, seed 7, in steps of 1/256.\n")


def test_traffic_as_shown():
    steps = Steps(mean=10.0, p95=20.0, first_tenth=0.25, last_tenth=0.75)
    mask = FormatTraffic("bitmask", "", steps, steps, 0.5, None)
    runs = FormatTraffic("run_length", "most", steps, steps, 0.4, 0.6)
    layer = LayerTraffic("a", 40, 1, steps, 160, 240.0, (mask, runs))
    found = Traffic(12, 4, 32, (layer,), layer, ("mine",))
    assert plain(traffic_text(found, "run")) == (
        "Gradient traffic of run, 12 steps, 4 workers, 32 bits a value\n"
        "\n"
        "What a worker sends at a step, mean over the steps\n"
        "layer weights zeros: first last tenth dense best      as of dense\n"
        "a          40       25.0 %     75.0 % 240 B 10 B bitmask    0.50x\n"
        "a          40       25.0 %     75.0 % 240 B 10 B bitmask    0.50x\n"
        "\n"
        "All layers, by format\n"
        "format            a gradient   p95  a worker sends  of dense     pays from\n"
        "dense                  160 B                 240 B     1.00x\n"
        "bitmask                 10 B  20 B            10 B     0.50x         never\n"
        "run_length, most        10 B  20 B            10 B     0.40x  60.0 % zeros\n"
        "\n"
        "dense: ring all-reduce, 2 (n - 1) / n of the gradient, n = 4.\n"
        "others: all-gather, n - 1 = 3 encoded gradients; others' zeros as these.\n"
        "run_length: the history has no positions, so the least and the most it can take.\n"
        "csr: a layer whose shape is unknown is one row.\n"
        "Left out, as counts do not give their sizes: mine.\n"
    )
