`default_nettype none
// Fetches of a row: which sum of its stash becomes the start of the multipliers' sums, and when.
//
// Cycle contract: docs/machines/stream.md, "Cycles of a pass": a fetch that follows an item which
// starts in cycle s runs from s + 2 on at the earliest; one of the sum that was stashed last, of an
// item whose last entry was taken in cycle l, from l + 8 on. In each cycle of it a lane is fetched:
// read_o is high two cycles later, and fetched_o from the cycle behind the last on. A pass that
// continues fetches from its cycle 1 on.
//
// Example, LANES = 2: an item starts in cycle 5, a fetch follows: lanes 0 and 1 in cycles 7 and 8,
// read in 9 and 10; fetched_o is high from cycle 9 on.
//
// Twin: tests/naive_stream.py. Test: test_stream_fetch.py.
module stream_fetch #(
    // Lanes, 1 to 256.
    parameter LANES = 16,
    // Width of a place in the stash.
    parameter PLACE_W = 4,
    // Width of a lane's number; derived, leave it.
    parameter LANE_W = LANES > 1 ? $clog2(LANES) : 1
) (
    input  wire               clk_i,
    input  wire               rst_ni,
    // A fetch is due, of this place, which was the last to be stashed; the first lane of its tile.
    input  wire               fetch_i,
    input  wire               recent_i,
    input  wire [PLACE_W-1:0] place_i,
    input  wire [ LANE_W-1:0] first_lane_i,
    // An item takes what was fetched; an item is stashed: its last entry is taken.
    input  wire               used_i,
    input  wire               stashed_i,
    output wire               fetched_o,
    // The stash is read.
    output wire               read_o,
    output wire [ LANE_W-1:0] read_lane_o,
    output wire [PLACE_W-1:0] read_place_o
);
  localparam LAST = LANES - 1;
  // Cycles from the one behind a stashed item's last entry until its sums may be fetched.
  localparam STASHES = 6;

  reg due_q, fetching_q, fetched_q;
  reg [PLACE_W-1:0] place_q;
  reg [LANE_W-1:0] first_lane_q, lane_q;
  // Until the sum that was stashed last may be fetched, as many ones, and what that was a cycle ago,
  // before an item that begins and ends at once is stashed; until the one that is due may.
  reg [STASHES-1:0] stashing_q, before_q, waiting_q;
  reg new_q, recent_q;
  wire [STASHES-1:0] waiting = new_q ? {STASHES{recent_q}} & before_q : waiting_q;
  wire go = due_q && !waiting[0];
  wire ends = fetching_q && lane_q == LAST[LANE_W-1:0];
  always @(posedge clk_i) begin
    if (fetch_i) begin
      place_q <= place_i;
      first_lane_q <= first_lane_i;
    end
    stashing_q <= stashed_i ? {STASHES{1'b1}} : stashing_q >> 1;
    before_q <= stashing_q >> 1;
    new_q <= fetch_i;
    recent_q <= recent_i;
    waiting_q <= waiting >> 1;
    due_q <= fetch_i || (due_q && !go);
    lane_q <= go ? first_lane_q : lane_q + 1'b1;
    fetching_q <= go || (fetching_q && !ends);
    fetched_q <= ends || (fetched_q && !used_i);
    if (!rst_ni) begin
      {due_q, fetching_q, fetched_q} <= 3'b000;
      {stashing_q, before_q} <= {2 * STASHES{1'b0}};
    end
  end
  assign fetched_o = fetched_q;
  sparsesim_delay #(
      .WIDTH (1),
      .CYCLES(2),
      .RESET (1)
  ) u_read (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (fetching_q),
      .q_o   (read_o)
  );
  sparsesim_delay #(
      .WIDTH (LANE_W + PLACE_W),
      .CYCLES(2)
  ) u_address (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({place_q, lane_q}),
      .q_o   ({read_place_o, read_lane_o})
  );
endmodule
`default_nettype wire
