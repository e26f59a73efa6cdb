`default_nettype none
// Results of a row on their way out: when they leave, lane by lane, to a unit or into the stash, and
// when the next item may be captured.
//
// Cycle contract: docs/machines/stream.md, "Results": those of an item whose last entry was taken in
// cycle l leave from l + 5 on at the earliest, one a cycle: at once into the stash, to a unit from
// the cycle behind a grant on, which they wait for from l + 4 on. A unit decides a cycle ahead, so
// it is told ahead (stream_unit.v): asks_o is high in l + 2, and ends_o two cycles before an item's
// last result leaves to a unit, if it has three or more. free_o is high where another item's last
// entry may be taken: from the first cycle in which they leave, and five cycles before the last one,
// whichever is later. The multipliers capture their sums at the end of cycle l + 6, and lane n of a
// cycle t is read from the result registers in t + 2.
//
// Example, LANES = 8: last entry in cycle 10, on the way to the stash: lanes 0 to 7 leave in cycles
// 15 to 22; free_o is low from cycle 11 to 17. On the way to a unit asks_o is high in cycle 12; with
// a grant in 14 ends_o is in 20.
//
// Twin: tests/naive_stream.py. Test: test_stream_leave.py.
module stream_leave #(
    // Lanes, 1 to 256.
    parameter LANES = 16,
    // Width of a round.
    parameter ROUND_W = 12,
    // Width of a lane's number; derived, leave it.
    parameter LANE_W = LANES > 1 ? $clog2(LANES) : 1
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // The last entry of an item that is captured is taken; where its results go, its first lane, its
    // round and tile.
    input  wire               capture_i,
    input  wire               to_unit_i,
    input  wire [ LANE_W-1:0] first_lane_i,
    input  wire [ROUND_W-1:0] round_i,
    input  wire [        1:0] tile_i,
    // The multipliers capture.
    output wire               capture_o,
    output wire               free_o,
    // Results wait for a unit from two cycles on; those that wait are one, are two; the unit takes
    // them from the next cycle on; the last of them leaves in two cycles.
    output wire               asks_o,
    output wire               one_o,
    output wire               two_o,
    input  wire               grant_i,
    output wire               ends_o,
    // A result leaves: its lane, the last one; its round and tile.
    output wire               leaving_o,
    output wire               to_unit_o,
    output wire [ LANE_W-1:0] lane_o,
    output wire               last_o,
    output wire [ROUND_W-1:0] round_o,
    output wire [        1:0] tile_o,
    // Something waits or leaves.
    output wire               open_o
);
  localparam LATENCY = 5;
  localparam LAST = LANES - 1;
  localparam BEFORE = LANES - 2;
  localparam TWO_BEFORE = LANES - 3;
  localparam THREE_BEFORE = LANES - 4;
  // Lane with which the registers become free for the next cycle.
  localparam FREES = LANES > LATENCY ? LANES - 1 - LATENCY : 0;

  // behind_q[n]: an item's last entry was taken n + 1 cycles ago. It goes into the stash now. What
  // leaves: a lane, which is the last; it is on its way to a unit, and the last one is two lanes on.
  reg [5:0] behind_q;
  reg stash_q, waiting_to_unit_q, leaving_q, to_unit_q, is_last_q, ends_q, free_q;
  reg [LANE_W-1:0] first_lane_q, lane_q;
  reg [ROUND_W-1:0] waiting_round_q, round_q;
  reg [1:0] waiting_tile_q, tile_q;
  // Of what waits, known long before it goes: it has one lane, two, three; registers are free at once.
  reg one_q, two_q, three_q, frees_first_q;
  wire go = stash_q || grant_i;
  wire is_before_last = lane_q == BEFORE[LANE_W-1:0];
  wire is_three_before = LANES > 3 && lane_q == THREE_BEFORE[LANE_W-1:0];
  wire frees = (go && (LANES <= LATENCY || frees_first_q)) ||
      (LANES > LATENCY && leaving_q && lane_q == FREES[LANE_W-1:0]);
  always @(posedge clk_i) begin
    behind_q <= {behind_q[4:0], capture_i};
    stash_q <= behind_q[LATENCY-3] && !waiting_to_unit_q;
    one_q <= first_lane_q == LAST[LANE_W-1:0];
    two_q <= LANES > 1 && first_lane_q == BEFORE[LANE_W-1:0];
    three_q <= LANES > 2 && first_lane_q == TWO_BEFORE[LANE_W-1:0];
    frees_first_q <= first_lane_q > FREES[LANE_W-1:0];
    // Of the last cycle in which registers were free: the one of the capture, if something waits.
    if (free_q) begin
      waiting_to_unit_q <= to_unit_i;
      first_lane_q <= first_lane_i;
      waiting_round_q <= round_i;
      waiting_tile_q <= tile_i;
    end
    if (go) begin
      to_unit_q <= waiting_to_unit_q;
      round_q   <= waiting_round_q;
      tile_q    <= waiting_tile_q;
    end
    lane_q <= go ? first_lane_q : lane_q + 1'b1;
    is_last_q <= go ? one_q : is_before_last;
    leaving_q <= go || (leaving_q && !is_last_q);
    ends_q <= go ? three_q && waiting_to_unit_q : is_three_before && leaving_q && to_unit_q;
    free_q <= !capture_i && (free_q || frees);
    if (!rst_ni) begin
      behind_q <= 6'd0;
      {stash_q, leaving_q, ends_q} <= 3'd0;
      free_q <= 1'b1;
    end
  end
  assign capture_o = behind_q[5];
  assign free_o = free_q;
  assign asks_o = behind_q[LATENCY-4] && waiting_to_unit_q;
  assign one_o = one_q;
  assign two_o = two_q;
  assign ends_o = ends_q;
  assign leaving_o = leaving_q;
  assign to_unit_o = to_unit_q;
  assign lane_o = lane_q;
  assign last_o = leaving_q && is_last_q;
  assign round_o = round_q;
  assign tile_o = tile_q;
  // From behind its last entry on until an item's results leave, registers are not free.
  assign open_o = !free_q || leaving_q || behind_q[5];
endmodule
`default_nettype wire
