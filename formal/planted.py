"""Bugs that the proofs have to find: `python formal/run.py --planted`."""

from __future__ import annotations

from typing import NamedTuple


class Bug(NamedTuple):
    """A line of a file of hdl/ made wrong, and the proof that has to fail on it."""

    proof: str
    task: str
    file: str
    right: str
    wrong: str
    says: str


BUGS = [
    Bug(
        "bitmask",
        "window3",
        "common/sparsesim_bitmask_decoder.v",
        right="1'b0}}, mask[n-1]}",
        wrong="1'b0}}, mask[n]}",
        says="an element gets the value of another one",
    ),
    Bug(
        "bitmask",
        "window2",
        "common/sparsesim_bitmask_encoder.v",
        right="valid_q <= rst_ni && (moves || (valid_q && !ready_i));",
        wrong="valid_q <= rst_ni && moves;",
        says="a beat goes before it is taken",
    ),
    Bug(
        "choose",
        "window5",
        "common/sparsesim_choose.v",
        right="index_i} < WINDOW ?",
        wrong="index_i} < WINDOW - 1 ?",
        says="one form has no last value",
    ),
    Bug(
        "credit_fifo",
        "depth4",
        "common/sparsesim_credit_fifo.v",
        right="MOST = DEPTH - LATENCY - 1;",
        wrong="MOST = DEPTH - LATENCY;",
        says="a credit too many: the FIFO overflows",
    ),
    Bug(
        "drain",
        "rows2",
        "common/sparsesim_drain.v",
        right=".CYCLES(PE_LATENCY - 2)",
        wrong=".CYCLES(PE_LATENCY - 3)",
        says="a drain a cycle before its sum is there",
    ),
    Bug(
        "feeder",
        "depth2",
        "common/sparsesim_feeder.v",
        right="push = has_slots &&",
        wrong="push = running_q &&",
        says="a queue overflows",
    ),
    Bug(
        "feeder",
        "depth3",
        "common/sparsesim_feeder.v",
        right="ready_o = has_slots && active_q;",
        wrong="ready_o = has_slots;",
        says="a window is lost where the line has none",
    ),
    Bug(
        "handshake",
        "netlist",
        "common/sparsesim_bitmask_decoder.v",
        right="assign ready_o = !slots_valid_q ||",
        wrong="assign ready_o = !slots_valid_q && valid_i ||",
        says="a stream is ready only when it is offered something",
    ),
    Bug(
        "mac",
        "lanes1",
        "common/sparsesim_mac.v",
        right="outside || (overflowed_q && !fresh_q)",
        wrong="outside",
        says="an overflow is forgotten when the sum comes back",
    ),
    Bug(
        "order",
        "weights",
        "systolic/systolic_sequencer.v",
        right="WRITE_BEHIND[23:0] + reach;",
        wrong="WRITE_BEHIND[23:0] + 24'd1 + reach;",
        says="a fold that overtakes results of the tile before",
    ),
    Bug(
        "order",
        "selects",
        "systolic/systolic_sequencer.v",
        right="go ? OVERLAPPED != 0 && SELECTS == 0 && !last_of_all",
        wrong="go ? OVERLAPPED != 0 && !last_of_all",
        says="weights that come before those before them are in work",
    ),
    Bug(
        "pe",
        "depth1",
        "inner_join/inner_join_fetch.v",
        right="act_new = pointer_o == act_tail_i;",
        wrong="act_new = pointer_o[SLOT_W-1:0] == act_tail_i[SLOT_W-1:0];",
        says="a full queue looks empty: windows are lost",
    ),
    Bug(
        "pe",
        "two_sided",
        "inner_join/inner_join_pe.v",
        right="slot_q  <= head_q[SLOT_W-1:0];",
        wrong="slot_q  <= next[SLOT_W-1:0];",
        says="values of the window behind",
    ),
    Bug(
        "pe_control",
        "w4l1_dense",
        "inner_join/inner_join_pe_control.v",
        right="left_q <= LANES[LENGTH_W-1:0];",
        wrong="left_q < LANES[LENGTH_W-1:0];",
        says="a cycle too many for some windows",
    ),
    Bug(
        "pe_control",
        "w5l2",
        "inner_join/inner_join_pe_control.v",
        right="pending_i && !started_q;",
        wrong="pending_i;",
        says="a window stops in the middle",
    ),
    Bug(
        "queue",
        "depth3",
        "broadcast/broadcast_queue.v",
        right="room_q  <= count != MOST;",
        wrong="room_q  <= count_q != MOST;",
        says="room is told too late: the queue overflows",
    ),
    Bug(
        "registers",
        "small",
        "common/sparsesim_registers.v",
        right="r_valid_q <= read_valid_q || (r_valid_q && !s_axil_rready);",
        wrong="r_valid_q <= read_valid_q;",
        says="an answer goes before it is taken",
    ),
    Bug(
        "select",
        "w7l2",
        "common/sparsesim_select.v",
        right="empty_o = more == {GROUPS{1'b0}} &&",
        wrong="empty_o = 1'b1 &&",
        says="a window ends with pairs left: they are lost",
    ),
    Bug(
        "sender",
        "ahead2",
        "broadcast/broadcast_sender.v",
        right="first && open_q == 2'd2;",
        wrong="first && open_q == 2'd3;",
        says="a turn begins while the sums of two before it are still to leave",
    ),
    Bug(
        "stream_items",
        "stash2",
        "stream/stream_items.v",
        right="wire item_ready = here_q && may_take;",
        wrong="wire item_ready = may_take;",
        says="an entry is taken before its words are there",
    ),
    Bug(
        "stream_loader",
        "feed1",
        "stream/stream_loader.v",
        right="all_low  = all_low & ~done_i[2*i+:2];",
        wrong="all_low  = ~done_i[2*i+:2];",
        says="a half is loaded while a row works on it",
    ),
    Bug(
        "stream_results",
        "lanes7",
        "stream/stream_leave.v",
        right="LANES > LATENCY ? LANES - 1 - LATENCY : 0",
        wrong="LANES > LATENCY ? LANES - 2 - LATENCY : 0",
        says="a result is overwritten in the cycle in which it is read",
    ),
    Bug(
        "stream_results",
        "lanes2",
        "stream/stream_unit.v",
        right="grants ? (choice_q & one_q) != {OF{1'b0}} : free_q",
        wrong="grants ? (choice_q & one_q) == {OF{1'b0}} : free_q",
        says="a unit takes two rows at a time",
    ),
]
