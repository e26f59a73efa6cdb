"""Replays a pass of a co-simulation under cocotb, and names the first place that differs.

    python test_replay.py [--sim verilator|icarus]

Exit code 0: the Verilog gives what the model says; 1: it differs; 2: it could not be run. Needs
sparsesim, for its Verilog and tools. Beside this file lie `replay.npz`, with the operands and all
that the model says of them, and `replay.vcd`, the signals of the run that it was written with. This
run leaves its own signals, log and results in `sim_verilator` or `sim_icarus`.

Cycle 0 is the cycle behind `start_i`. It is no test for pytest: cocotb runs it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from sparsesim.machines import machine_named
from sparsesim.rtl.bench import Bench, Replay, Seen, part
from sparsesim.rtl.rtl import Rtl

HERE = Path(__file__).resolve().parent
PERIOD_NS = 10


def rtl_of(replay: Replay) -> Rtl:
    """The Verilog of a replay's machine."""
    rtl = machine_named(replay.about["machine"]).rtl
    assert rtl is not None
    return rtl


async def run_pass(dut: Any, replay: Replay) -> Seen:
    """Reset, write the post-processing's parameters, run the pass."""
    for handle in dut:
        if handle._name.endswith(("_i", "_ni")) and handle._name != "clk_i":
            handle.value = 0
    Clock(dut.clk_i, PERIOD_NS, unit="ns").start()
    for _ in range(4):
        await RisingEdge(dut.clk_i)
    dut.rst_ni.value = 1
    seen = Seen(np.full(replay.arrays["ends"].shape, -1))
    bench = rtl_of(replay).bench(dut, replay, seen)
    await _post_processing(dut, replay, bench)
    bench.begin()
    dut.start_i.value = 1
    await RisingEdge(dut.clk_i)
    dut.start_i.value = 0
    for cycle in range(replay.about["cycle_limit"]):
        await RisingEdge(dut.clk_i)
        bench.edge(cycle)
        if part(dut.busy_o, 0, 1) == 0:
            break
    else:
        seen.wrong.append(f"the Verilog is busy after {cycle + 1} cycles")
    bench.end()
    seen.cycles = part(dut.cycles_o, 0, 48)
    classes = range(len(replay.about["classes"]))
    seen.classes = [part(dut.counters_o, 48 * n, 48) for n in classes]
    return seen


async def _post_processing(dut: Any, replay: Replay, bench: Bench) -> None:
    told = replay.about["epilogue"]
    dut.raw_i.value = int(told is None)
    if told is None:
        return
    for name, value in told.items():
        getattr(dut, f"{name}_i").value = value & (2 << replay.parameters["VALUE_W"]) - 1
    dut.param_we_i.value = 1
    for number in range(replay.filters):
        dut.param_index_i.value = bench.index(number)
        for name in ("bias", "multiplier", "shift"):
            port = getattr(dut, f"param_{name}_i")
            port.value = int(replay.arrays[name][number]) & (1 << len(port)) - 1
        await RisingEdge(dut.clk_i)
    dut.param_we_i.value = 0


def differences(replay: Replay, seen: Seen) -> Iterator[str]:
    """All that differs: results, ends of work, what is missing or too much, cycles, classes."""
    model, about = replay.arrays, replay.about
    kinds = [("result", model["sums"], seen.result), ("overflow", model["overflow"], seen.overflow)]
    kinds += [("output", model["values"], seen.output)] if about["epilogue"] else []
    for place in replay.places():
        where = replay.named(place.tile, place.within)
        for what, wanted, results in kinds:
            cycle, value = results.get(place.at, (None, None))
            if cycle is not None and value != int(wanted[place.at]):
                line = _line(f"{what} differs in {where}", int(wanted[place.at]), value)
                yield f"{line} (it came in cycle {cycle})"
    for at in map(tuple, np.argwhere(model["ends"] != seen.ends).tolist()):
        where = f"{replay.named(replay.tiles[at[0]], at[2:])}, "
        where += f"{about['step']} {about['first_step'] + at[1]}"
        end, came = (int(ends[at]) for ends in (model["ends"], seen.ends))
        yield _line(f"end of work differs in {where}", end, None if came < 0 else came)
    yield from seen.wrong
    if seen.cycles != int(model["cycles"]):
        yield _line("cycles differ", int(model["cycles"]), seen.cycles)
    classes = zip(about["classes"], model["classes"].tolist(), seen.classes, strict=True)
    yield from (_line(f"{name} differs", n, m) for name, n, m in classes if n != m)


def _line(what: str, model: int, came: int | None) -> str:
    return f"{what}: model {model}, Verilog {'nothing' if came is None else came}"


def load() -> Replay:
    """The replay beside this file."""
    return Replay.read(HERE / "replay.npz")


@cocotb.test()
async def the_verilog_gives_what_the_model_says(dut: Any) -> None:
    replay = load()
    first = next(differences(replay, await run_pass(dut, replay)), None)
    if first is not None:
        raise AssertionError(f"{replay.about['pass']}: {first}")


def main() -> int:
    """Build, run, say what came of it."""
    from cocotb_tools.runner import get_runner

    from sparsesim.cosim.cocotb_build import build
    from sparsesim.errors import SparseSimError

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sim", choices=("verilator", "icarus"), default="verilator")
    simulator = parser.parse_args().sim
    replay, folder = load(), HERE / f"sim_{simulator}"
    folder.mkdir(exist_ok=True)
    results = folder / "results.xml"
    results.unlink(missing_ok=True)
    try:
        rtl, hdl = rtl_of(replay), replay.about["hdl"]
        top, files = rtl.top, rtl.sources(Path(hdl) if hdl else None)
        built = build(simulator, top, replay.parameters, files, folder)
        get_runner(simulator).test(
            test_module=Path(__file__).stem, hdl_toplevel=top, hdl_toplevel_lang="verilog",
            build_dir=built, test_dir=folder, results_xml=str(results), seed=1, waves=True,
        )  # fmt: skip
    except (OSError, SparseSimError) as error:
        print(error, file=sys.stderr)
        return 2
    except (SystemExit, RuntimeError):  # the results say more
        pass
    failures = list(ElementTree.parse(results).iter("failure")) if results.is_file() else []
    for failure in failures:
        print(failure.get("message"))
    if failures:
        return 1
    if not results.is_file():
        print("the simulation ended without results", file=sys.stderr)
        return 2
    print(
        f"{replay.about['where']}: model and Verilog agree, {int(replay.arrays['cycles'])} cycles"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
