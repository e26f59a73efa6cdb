`default_nettype none
// The two queues of a PE, as far as its control sees them: the next window's flags, and the pairs
// of it that are to be multiplied.
//
// Cycle contract: combinational from the queues, with a bypass of what is pushed in this very
// cycle. `there_o` is high once both queues have the next window; in a cycle with take_i it is
// taken, and the one behind it comes next.
//
// A queue holds QUEUE_DEPTH windows with the one in work, which is the feeder's business: what is
// taken keeps its slot until it is done.
//
// Example: a weight window pushed in cycle 3 and its activation window in cycle 5: there_o in 5.
//
// Test: test_inner_join_fetch.py.
module inner_join_fetch #(
    // Pairs of a window, 1 to 64.
    parameter WINDOW = 16,
    // Windows that a queue holds, 1 to 4096.
    parameter QUEUE_DEPTH = 4,
    // Operands whose zeros save cycles, 0 to 3: none, activation, weight, two_sided.
    parameter SKIPPING = 3,
    // 1: keep the flags that only the class counters need, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a slot's number; derived, leave it.
    parameter SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    // Weight queue: the row's feeder writes a window into a slot; `tail` = {phase, slot} is behind
    // the newest window. Flags: {more, next active, last, active}.
    input  wire              weight_push_i,
    input  wire [SLOT_W-1:0] weight_slot_i,
    input  wire [  SLOT_W:0] weight_tail_i,
    input  wire [       3:0] weight_flags_i,
    input  wire [WINDOW-1:0] weight_mask_i,
    // Activation queue, likewise, from the column's feeder. Flags: {next active, active}.
    input  wire              act_push_i,
    input  wire [SLOT_W-1:0] act_slot_i,
    input  wire [  SLOT_W:0] act_tail_i,
    input  wire [       1:0] act_flags_i,
    input  wire [WINDOW-1:0] act_mask_i,
    // The next window is taken, if it is there.
    input  wire              take_i,
    output wire              there_o,
    // Its place in the queues, {phase, slot}.
    output wire [  SLOT_W:0] pointer_o,
    // Its flags: {another follows, and is active; ends its tile; is active}, and its pairs.
    output wire [       3:0] flags_o,
    output wire [WINDOW-1:0] pairs_o
);
  sparsesim_parameter_range #(.NAME("skipping"), .VALUE(SKIPPING), .LOW(0), .HIGH(3)) u_skipping_range ();

  localparam [SLOT_W-1:0] LAST_SLOT = QUEUE_DEPTH[SLOT_W-1:0] - 1'b1;
  localparam WEIGHT_FLAGS = COUNTERS_EN != 0 ? 4 : 2;
  localparam ACT_FLAGS = COUNTERS_EN != 0 ? 2 : 1;
  localparam WEIGHT_W = WEIGHT_FLAGS + (SKIPPING >= 2 ? WINDOW : 0);
  localparam ACT_W = ACT_FLAGS + (SKIPPING % 2 == 1 ? WINDOW : 0);

  reg phase_q;
  reg [SLOT_W-1:0] slot_q;
  assign pointer_o = {phase_q, slot_q};
  // A queue's newest window was taken: the next one is what is pushed now, if anything.
  wire weight_new = pointer_o == weight_tail_i;
  wire act_new = pointer_o == act_tail_i;
  assign there_o = (!weight_new || weight_push_i) && (!act_new || act_push_i);
  always @(posedge clk_i) begin
    if (take_i && there_o) begin
      slot_q  <= slot_q == LAST_SLOT ? {SLOT_W{1'b0}} : slot_q + 1'b1;
      phase_q <= phase_q ^ (slot_q == LAST_SLOT);
    end
    if (!rst_ni) {phase_q, slot_q} <= {SLOT_W + 1{1'b0}};
  end

  wire [WINDOW+WEIGHT_FLAGS-1:0] weight_in = {weight_mask_i, weight_flags_i[WEIGHT_FLAGS-1:0]};
  wire [WINDOW+ACT_FLAGS-1:0] act_in = {act_mask_i, act_flags_i[ACT_FLAGS-1:0]};
  wire [WEIGHT_W-1:0] weight_queued;
  wire [ACT_W-1:0] act_queued;
  sparsesim_lutram #(
      .WIDTH(WEIGHT_W),
      .DEPTH(QUEUE_DEPTH)
  ) u_weights (
      .clk_i  (clk_i),
      .we_i   (weight_push_i),
      .waddr_i(weight_slot_i),
      .wdata_i(weight_in[WEIGHT_W-1:0]),
      .raddr_i(slot_q),
      .rdata_o(weight_queued)
  );
  sparsesim_lutram #(
      .WIDTH(ACT_W),
      .DEPTH(QUEUE_DEPTH)
  ) u_acts (
      .clk_i  (clk_i),
      .we_i   (act_push_i),
      .waddr_i(act_slot_i),
      .wdata_i(act_in[ACT_W-1:0]),
      .raddr_i(slot_q),
      .rdata_o(act_queued)
  );
  wire [WEIGHT_W-1:0] weight = weight_new ? weight_in[WEIGHT_W-1:0] : weight_queued;
  wire [ACT_W-1:0] act = act_new ? act_in[ACT_W-1:0] : act_queued;

  wire active = weight[0] && act[0];
  assign flags_o[1:0] = {weight[1], active};
  generate
    if (COUNTERS_EN != 0) begin : g_ahead
      assign flags_o[3:2] = {weight[3], weight[2] && act[1]};
    end else begin : g_not_ahead
      assign flags_o[3:2] = 2'b00;
    end
    // The mask of a line that is not active is empty (sparsesim_feeder.v).
    if (SKIPPING == 3) begin : g_two_sided
      assign pairs_o = weight[WEIGHT_FLAGS+:WINDOW] & act[ACT_FLAGS+:WINDOW];
    end else if (SKIPPING == 2) begin : g_weight
      assign pairs_o = weight[WEIGHT_FLAGS+:WINDOW] & {WINDOW{act[0]}};
    end else if (SKIPPING == 1) begin : g_activation
      assign pairs_o = act[ACT_FLAGS+:WINDOW] & {WINDOW{weight[0]}};
    end else begin : g_none
      assign pairs_o = {WINDOW{active}};
    end
  endgenerate

  // Flags ahead and masks that the parameters leave aside.
  wire unused = &{1'b0, weight_flags_i, act_flags_i, weight_in, act_in};
endmodule
`default_nettype wire
