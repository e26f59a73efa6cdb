`default_nettype none
// Control of a PE: the window in work, which of its pairs are taken in each cycle, when it is done.
//
// Cycle contract: a window that is there in cycle t while none is in work, or in the last cycle of
// the one before, is at work from t+1 on, back to back. An active PE takes up to LANES pairs a
// cycle in ascending order and needs max(1, ceil(q / LANES)) cycles; an inactive one takes 1. The
// last window of a tile does not start while the PE's result before it waits for its drain.
//
// Example, SKIPPING = 3, LANES = 1, pairs 4'b1010 there in cycle t: pair 1 is taken in t+1, pair 3
// in t+2, done_o is high in t+2, and the window behind is at work in t+3.
//
// Twin: sparsesim/machines/inner_join; tests/naive_array.py (class Pe). Test:
// test_inner_join_pe_control.py.
module inner_join_pe_control #(
    // Pairs of a window, 1 to 64.
    parameter WINDOW = 16,
    // Pairs taken in a cycle, 1 to 64, at most WINDOW.
    parameter LANES = 1,
    // Operands whose zeros save cycles, 0 to 3: none, activation, weight, two_sided.
    parameter SKIPPING = 3,
    // Width of an index; derived, leave it.
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1,
    // Width of a window's length; derived, leave it.
    parameter LENGTH_W = $clog2(WINDOW + 1)
) (
    input  wire                     clk_i,
    input  wire                     rst_ni,
    // The next window, from `inner_join_fetch`: it is there; the PE is active in it; it ends its
    // tile; its pairs (where SKIPPING = 0 its length tells, which is WINDOW but for a tile's last).
    input  wire                     there_i,
    input  wire                     active_i,
    input  wire                     last_i,
    input  wire [WINDOW-1:0]        pairs_i,
    input  wire [LENGTH_W-1:0]      last_length_i,
    output wire                     take_o,
    // A result waits for its drain.
    input  wire                     pending_i,
    // This is a cycle of work; it is the window's last; the window waits for the drain.
    output wire                     work_o,
    output wire                     done_o,
    output wire                     blocked_o,
    // Of the window in work: the PE is active; it ends its tile.
    output wire                     active_o,
    output wire                     last_o,
    // Pairs taken by each lane in this cycle of work.
    output wire [LANES-1:0]         valid_o,
    output wire [LANES*INDEX_W-1:0] index_o
);
  reg there_q, started_q, active_q, last_q;
  wire finished;
  assign blocked_o = there_q && active_q && last_q && pending_i && !started_q;
  assign work_o = there_q && !blocked_o;
  assign done_o = work_o && finished;
  assign take_o = !there_q || done_o;
  assign active_o = active_q;
  assign last_o = last_q;
  always @(posedge clk_i) begin
    started_q <= work_o && !finished;
    there_q   <= !take_o || there_i;
    if (take_o) {active_q, last_q} <= {active_i, last_i};
    if (!rst_ni) {started_q, there_q} <= 2'b00;
  end

  genvar lane;
  generate
    if (SKIPPING != 0) begin : g_skip
      reg [WINDOW-1:0] pairs_q;
      wire [WINDOW-1:0] rest;
      sparsesim_select #(
          .WINDOW(WINDOW),
          .LANES (LANES)
      ) u_select (
          .mask_i (pairs_q),
          .valid_o(valid_o),
          .index_o(index_o),
          .rest_o (rest),
          .empty_o(finished)
      );
      always @(posedge clk_i)
        if (take_o) pairs_q <= pairs_i;
        else if (work_o) pairs_q <= rest;
    end else if (WINDOW > LANES) begin : g_count
      // A dense PE needs no selection: it counts.
      reg [LENGTH_W-1:0] left_q;
      reg [INDEX_W-1:0] first_q;
      assign finished = !active_q || left_q <= LANES[LENGTH_W-1:0];
      always @(posedge clk_i)
        if (take_o) begin
          left_q  <= last_i ? last_length_i : WINDOW[LENGTH_W-1:0];
          first_q <= {INDEX_W{1'b0}};
        end else if (work_o) begin
          left_q  <= left_q - LANES[LENGTH_W-1:0];
          first_q <= first_q + LANES[INDEX_W-1:0];
        end
      for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
        assign valid_o[lane] = active_q && left_q > lane;
        assign index_o[lane*INDEX_W+:INDEX_W] = first_q + lane[INDEX_W-1:0];
      end
    end else begin : g_whole
      assign finished = 1'b1;
      for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
        assign valid_o[lane] = active_q && (WINDOW == 1 || !last_q || last_length_i > lane);
        assign index_o[lane*INDEX_W+:INDEX_W] = lane[INDEX_W-1:0];
      end
    end
  endgenerate

  // Masks or lengths: a scheme has one of them.
  wire unused = &{1'b0, pairs_i, last_length_i};
endmodule
`default_nettype wire
