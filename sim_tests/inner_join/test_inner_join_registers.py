"""inner_join_registers.v: the machine's words over AXI4-Lite, and the shapes that a start takes."""

from __future__ import annotations

from collections.abc import Mapping

import cocotb
import pytest
from bench import Clock, generator, parameters
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp
from inner_join_register_map import WORDS
from register_map import CLEAR, START
from registers_bench import Bench, Model

SHAPE = {
    "WINDOWS": 1,
    "FILTER_TILES": 1,
    "POSITION_TILES": 1,
    "LAST_FILTERS": 1,
    "LAST_POSITIONS": 1,
    "LAST_LENGTH": 1,
    "DRAINS": 1,
    "RAW": 0,
}


def legal(kept: Mapping[str, int]) -> bool:
    """Whether a pass may have this shape."""
    told = parameters()
    filters = (kept["FILTER_TILES"] - 1) * told["ROWS"] + kept["LAST_FILTERS"]
    single = kept["FILTER_TILES"] == 1 and kept["POSITION_TILES"] == 1
    return (
        min(kept["WINDOWS"], kept["FILTER_TILES"], kept["POSITION_TILES"]) >= 1
        and 1 <= kept["LAST_FILTERS"] <= told["ROWS"]
        and 1 <= kept["LAST_POSITIONS"] <= told["COLS"]
        and 1 <= kept["LAST_LENGTH"] <= told["WINDOW"]
        and (kept["DRAINS"] == 1 or single)
        and (kept["RAW"] == 1 or filters <= told["MAX_FILTERS"])
    )


def new_model() -> Model:
    """That of the parameters under test."""
    told = parameters()
    values = {name: told[name] for name in WORDS.parameters}
    return Model(WORDS, values, told["VALUE_W"], legal)


def made(dut) -> Bench:
    """The bench around the registers."""
    return Bench(dut, dut.pass_o, new_model)


@cocotb.test()
async def every_address_reads_as_the_map_says(dut):
    bench = made(dut)
    await bench.clock.reset()
    await bench.every_address_reads()


@cocotb.test()
async def kept_registers_drive_their_ports(dut):
    bench = made(dut)
    await bench.clock.reset()
    await bench.writes(bench.random_writes(400))
    for name, word in bench.model.kept.items():
        assert int(bench.kept[name].value) == word, name


@cocotb.test()
async def a_start_is_one_pulse_with_a_legal_shape_only(dut):
    bench = made(dut)
    await bench.clock.reset()
    told = parameters()
    rows, cols, window, filters = (told[name] for name in ("ROWS", "COLS", "WINDOW", "MAX_FILTERS"))
    tiles, last = -(-filters // rows), (filters - 1) % rows + 1
    legal = [
        {},
        {"LAST_FILTERS": min(rows, filters), "LAST_POSITIONS": cols, "LAST_LENGTH": window},
        {"WINDOWS": 0xFFFF, "POSITION_TILES": 0xFFFF},
        {"DRAINS": 0, "WINDOWS": 7},
        {"FILTER_TILES": tiles, "LAST_FILTERS": last},
        {"FILTER_TILES": 0xFFFF, "LAST_FILTERS": rows, "RAW": 1},
    ]
    illegal = [{name: 0} for name in SHAPE if name not in ("DRAINS", "RAW")]
    illegal += [
        {"LAST_FILTERS": rows + 1, "RAW": 1},
        {"LAST_POSITIONS": cols + 1},
        {"LAST_LENGTH": window + 1},
        {"DRAINS": 0, "POSITION_TILES": 2},
        {"DRAINS": 0, "FILTER_TILES": 2, "RAW": 1},
        {"FILTER_TILES": tiles + 1, "LAST_FILTERS": last},
        {"FILTER_TILES": 0xFFFF, "LAST_FILTERS": rows},
    ]
    for number, change in enumerate([*legal, *illegal]):
        shape = {**SHAPE, **change}
        offsets = {name: bench.model.map[name].offset for name in shape}
        control = bench.model.map["CONTROL"].offset
        before = len(bench.starts.beats)
        await bench.writes(
            [*((offsets[name], word, 15) for name, word in shape.items()), (control, START, 1)]
        )
        assert len(bench.starts.beats) - before == int(number < len(legal)), change
    for word, strobes in ((START, 0b1110), (0, 15), (CLEAR, 15)):
        before = len(bench.starts.beats)
        await bench.write("CONTROL", word, strobes)
        assert len(bench.starts.beats) == before


@cocotb.test()
async def a_start_sees_the_write_just_before_it(dut):
    bench = made(dut)
    await bench.clock.reset()
    await bench.writes([(bench.model.map[name].offset, word, 15) for name, word in SHAPE.items()])
    control = bench.model.map["CONTROL"].offset
    for name, words in (
        ("FILTER_TILES", (0xFFFF, 1)),
        ("LAST_FILTERS", (0, 1)),
        ("WINDOWS", (0, 1)),
    ):
        for word in 3 * words:
            before = len(bench.starts.beats)
            await bench.writes([(bench.model.map[name].offset, word, 15), (control, START, 15)])
            assert len(bench.starts.beats) - before == int(word == 1)


@cocotb.test()
async def an_independent_master_agrees(dut):
    clock = Clock(dut)
    master = AxiLiteMaster(
        AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i, dut.rst_ni, reset_active_level=False
    )
    model = new_model()
    await clock.reset()
    random = generator()
    for register in model.map.values():
        word = int(random.integers(1 << 32)) & ~START
        response = await master.write(register.offset, word.to_bytes(4, "little"))
        assert response.resp == AxiResp(model.write(register.offset, word, 15))
    for register in [*model.map.values(), None]:
        address = register.offset if register else 0x7C
        expected, word = model.read(address)
        response = await master.read(address, 4)
        assert (response.resp, int.from_bytes(response.data, "little")) == (
            AxiResp(expected),
            word,
        )
    await master.write(model.map["PARAM_BIAS"].offset + 1, b"\xab\xcd")  # two bytes in the middle
    model.write(model.map["PARAM_BIAS"].offset, 0xCDAB00, 0b0110)
    word = int.from_bytes((await master.read(model.map["PARAM_BIAS"].offset, 4)).data, "little")
    assert word == model.kept["PARAM_BIAS"]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {
            "ROWS": 3,
            "COLS": 5,
            "WINDOW": 7,
            "LANES": 2,
            "QUEUE_DEPTH": 6,
            "FEED_LATENCY": 8,
            "SKIPPING": 1,
            "POSITIONS_INNER": 1,
            "ACT_W": 13,
            "WEIGHT_W": 10,
            "ACC_W": 40,
            "COUNTERS_EN": 1,
            "VALUE_W": 12,
            "MAX_FILTERS": 20,
        },
        {"VALUE_W": 16, "MAX_FILTERS": 1, "ROWS": 1024, "COLS": 1024, "WINDOW": 64},
    ],
)
def test_inner_join_registers(simulate, parameters):
    simulate("inner_join_registers", parameters)
