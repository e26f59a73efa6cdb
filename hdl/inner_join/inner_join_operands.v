`default_nettype none
// The values of a PE's two queues, and the operands chosen from them.
//
// Cycle contract: operands come out in the cycle in which slot and index come in.
//
// Test: test_inner_join_operands.py.
module inner_join_operands #(
    // Pairs of a window, 1 to 64.
    parameter WINDOW = 16,
    // Multipliers, 1 to 64, at most WINDOW; each has a multiplexer over the window.
    parameter LANES = 1,
    // Windows that a queue holds, 1 to 4096.
    parameter QUEUE_DEPTH = 4,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a slot's number; derived, leave it.
    parameter SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1,
    // Width of an index; derived, leave it.
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1
) (
    input  wire                       clk_i,
    // Weight queue: a window into a slot. `final` rides with it: its row is its tile's last active.
    input  wire                       weight_push_i,
    input  wire [         SLOT_W-1:0] weight_slot_i,
    input  wire                       weight_final_i,
    input  wire [WINDOW*WEIGHT_W-1:0] weight_values_i,
    // Activation queue, likewise.
    input  wire                       act_push_i,
    input  wire [         SLOT_W-1:0] act_slot_i,
    input  wire [   WINDOW*ACT_W-1:0] act_values_i,
    // The window, and a pair of it for each lane.
    input  wire [         SLOT_W-1:0] slot_i,
    input  wire [  LANES*INDEX_W-1:0] index_i,
    output wire                       final_o,
    output wire [ LANES*WEIGHT_W-1:0] weight_o,
    output wire [    LANES*ACT_W-1:0] act_o
);
  wire [WINDOW*WEIGHT_W-1:0] weights;
  wire [WINDOW*ACT_W-1:0] acts;
  sparsesim_lutram #(
      .WIDTH(1 + WINDOW * WEIGHT_W),
      .DEPTH(QUEUE_DEPTH)
  ) u_weights (
      .clk_i  (clk_i),
      .we_i   (weight_push_i),
      .waddr_i(weight_slot_i),
      .wdata_i({weight_final_i, weight_values_i}),
      .raddr_i(slot_i),
      .rdata_o({final_o, weights})
  );
  sparsesim_lutram #(
      .WIDTH(WINDOW * ACT_W),
      .DEPTH(QUEUE_DEPTH)
  ) u_acts (
      .clk_i  (clk_i),
      .we_i   (act_push_i),
      .waddr_i(act_slot_i),
      .wdata_i(act_values_i),
      .raddr_i(slot_i),
      .rdata_o(acts)
  );
  genvar lane;
  generate
    for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
      sparsesim_choose #(
          .WINDOW (WINDOW),
          .VALUE_W(WEIGHT_W)
      ) u_weight (
          .values_i(weights),
          .index_i (index_i[lane*INDEX_W+:INDEX_W]),
          .value_o (weight_o[lane*WEIGHT_W+:WEIGHT_W])
      );
      sparsesim_choose #(
          .WINDOW (WINDOW),
          .VALUE_W(ACT_W)
      ) u_act (
          .values_i(acts),
          .index_i (index_i[lane*INDEX_W+:INDEX_W]),
          .value_o (act_o[lane*ACT_W+:ACT_W])
      );
    end
  endgenerate
endmodule
`default_nettype wire
