`default_nettype none
// Processing element (PE): two queues of windows, a control that takes the pairs that matter, LANES
// multipliers, one sum and one result register.
//
// Cycle contract: docs/machines/inner_join.md, "Cycles of a pass". A window that is pushed into a
// queue in cycle t is at work from t+1 on (feeders add FEED_LATENCY - 1); its slot is free again
// from the cycle behind its last. Work that ends a tile in cycle t turns `produced_o` over in t+1;
// its sum stands in `result_o` PE_LATENCY + 2 cycles behind t, until the PE's next result.
//
// Four steps, a cycle each: `inner_join_fetch` has the next window's pairs, `inner_join_pe_control`
// takes up to LANES of them a cycle, `inner_join_operands` reads their values, `sparsesim_mac`
// multiplies and sums up.
//
// Example: docs/waveform.svg. Twins: sparsesim/machines/inner_join, tests/naive_array.py. Test:
// test_inner_join_pe.py.
module inner_join_pe #(
    // Pairs that are examined together, 1 to 64. Costs about 20 LUT a pair.
    parameter WINDOW = 16,
    // Multipliers, 1 to 64, at most WINDOW; each is a DSP slice behind two multiplexers.
    parameter LANES = 1,
    // Windows that each queue holds, 1 to 4096; up to 32 cost the same LUT RAM.
    parameter QUEUE_DEPTH = 4,
    // 1: what comes from the feeders is registered here first, but for the values, which come a
    // cycle later: no wire from a feeder ends in logic. 0 to 1.
    parameter REGISTER_AT_PE = 0,
    // Operands whose zeros save cycles, 0 to 3: none, activation, weight, two_sided.
    parameter SKIPPING = 3,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // Events for the class counters, 0 to 1; 0 where area matters.
    parameter COUNTERS_EN = 0,
    // Width of a slot's number; derived, leave it.
    parameter SLOT_W = QUEUE_DEPTH > 1 ? $clog2(QUEUE_DEPTH) : 1,
    // Width of a window's length; derived, leave it.
    parameter LENGTH_W = $clog2(WINDOW + 1)
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    // A pass starts in the next cycle; for the class events alone.
    input  wire                       start_i,
    // Pairs of a window that ends its tile, where no mask tells; static.
    input  wire [       LENGTH_W-1:0] last_length_i,
    // Weight queue: the row's feeder writes a window into a slot; `tail` points behind the newest
    // window. Flags: {final, more, next active, last, active}; see sparsesim_feeder.v.
    input  wire                       weight_push_i,
    input  wire [         SLOT_W-1:0] weight_slot_i,
    input  wire [           SLOT_W:0] weight_tail_i,
    input  wire [                4:0] weight_flags_i,
    input  wire [         WINDOW-1:0] weight_mask_i,
    input  wire [WINDOW*WEIGHT_W-1:0] weight_values_i,
    // Activation queue, likewise, from the column's feeder. Flags: {next active, active}.
    input  wire                       act_push_i,
    input  wire [         SLOT_W-1:0] act_slot_i,
    input  wire [           SLOT_W:0] act_tail_i,
    input  wire [                1:0] act_flags_i,
    input  wire [         WINDOW-1:0] act_mask_i,
    input  wire [   WINDOW*ACT_W-1:0] act_values_i,
    // The oldest window in both queues: {phase, slot}. Slots behind it are free.
    output wire [           SLOT_W:0] head_o,
    // Result: `produced` turns over with each, `drained_i` with each drain, a cycle behind it.
    output wire                       produced_o,
    output wire                       final_o,
    input  wire                       drained_i,
    output wire [          ACC_W-1:0] result_o,
    output wire                       overflow_o,
    // This is a cycle of work, and its window's last.
    output wire                       work_o,
    output wire                       done_o,
    // Class of this cycle: {active work, operand wait, drain wait, inactive}, none: fill or drain.
    output wire [                3:0] class_o,
    // For each lane, a cycle behind its choice: it has a pair; both its operands are non-zero.
    output wire [          LANES-1:0] multiplied_o,
    output wire [          LANES-1:0] effectual_o
);
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(1), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(64)) u_lanes_range ();
  generate
    if (LANES > WINDOW) begin : g_lanes_window
      sparsesim_parameter_relation #(.NAME("lanes"), .VALUE(LANES), .OTHER("window"), .GIVEN(WINDOW),
          .USE("window or less")) u_stop ();
    end
  endgenerate
  sparsesim_parameter_range #(.NAME("queue_depth"), .VALUE(QUEUE_DEPTH), .LOW(1), .HIGH(4096)) u_queue_depth_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();

  localparam INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1;

  // What the feeders tell, where it is registered on the way.
  wire weight_push, act_push;
  wire [SLOT_W:0] weight_tail, act_tail;
  wire [SLOT_W-1:0] weight_slot, act_slot;
  wire [4:0] weight_flags;
  wire [1:0] act_flags;
  wire [WINDOW-1:0] weight_mask, act_mask;
  sparsesim_delay #(
      .WIDTH (2 * (1 + SLOT_W + 1)),
      .CYCLES(REGISTER_AT_PE),
      .RESET (1)
  ) u_push (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({weight_push_i, weight_tail_i, act_push_i, act_tail_i}),
      .q_o   ({weight_push, weight_tail, act_push, act_tail})
  );
  sparsesim_delay #(
      .WIDTH (2 * (SLOT_W + WINDOW) + 7),
      .CYCLES(REGISTER_AT_PE),
      .RESET (0)
  ) u_window (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({weight_slot_i, weight_flags_i, weight_mask_i, act_slot_i, act_flags_i, act_mask_i}),
      .q_o   ({weight_slot, weight_flags, weight_mask, act_slot, act_flags, act_mask})
  );

  wire there, take, blocked, active, last;
  wire [SLOT_W:0] next;
  wire [3:0] next_flags;
  wire [WINDOW-1:0] next_pairs;
  wire [LANES-1:0] valid;
  wire [LANES*INDEX_W-1:0] index;
  inner_join_fetch #(
      .WINDOW     (WINDOW),
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .SKIPPING   (SKIPPING),
      .COUNTERS_EN(COUNTERS_EN)
  ) u_fetch (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .weight_push_i (weight_push),
      .weight_slot_i (weight_slot),
      .weight_tail_i (weight_tail),
      .weight_flags_i(weight_flags[3:0]),
      .weight_mask_i (weight_mask),
      .act_push_i    (act_push),
      .act_slot_i    (act_slot),
      .act_tail_i    (act_tail),
      .act_flags_i   (act_flags),
      .act_mask_i    (act_mask),
      .take_i        (take),
      .there_o       (there),
      .pointer_o     (next),
      .flags_o       (next_flags),
      .pairs_o       (next_pairs)
  );

  reg produced_q;
  inner_join_pe_control #(
      .WINDOW  (WINDOW),
      .LANES   (LANES),
      .SKIPPING(SKIPPING)
  ) u_control (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .there_i      (there),
      .active_i     (next_flags[0]),
      .last_i       (next_flags[1]),
      .pairs_i      (next_pairs),
      .last_length_i(last_length_i),
      .take_o       (take),
      .pending_i    (produced_q != drained_i),
      .work_o       (work_o),
      .done_o       (done_o),
      .blocked_o    (blocked),
      .active_o     (active),
      .last_o       (last),
      .valid_o      (valid),
      .index_o      (index)
  );

  // What the work of this cycle leaves for the next: the choice, and ends of windows and tiles.
  wire ends = done_o && last && active;
  wire is_final;
  reg [SLOT_W:0] head_q;
  reg [SLOT_W-1:0] slot_q;
  reg [LANES-1:0] valid_q;
  reg [LANES*INDEX_W-1:0] index_q;
  reg first_q, ended_q, within_q, final_q;
  always @(posedge clk_i) begin
    if (take) head_q <= next;
    if (ends) produced_q <= !produced_q;
    // Sums stay over a pass that does not end its tiles: only an end makes the next pair the first.
    if (work_o && active) within_q <= !ends;
    if (ended_q) final_q <= is_final;
    slot_q  <= head_q[SLOT_W-1:0];
    valid_q <= valid & {LANES{work_o}};
    index_q <= index;
    first_q <= work_o && active && !within_q;
    ended_q <= ends;
    if (!rst_ni) begin
      head_q <= {SLOT_W + 1{1'b0}};
      valid_q <= {LANES{1'b0}};
      {produced_q, within_q, ended_q} <= 3'b000;
    end
  end
  assign head_o = head_q;
  assign produced_o = produced_q;
  assign final_o = final_q;

  wire [LANES*WEIGHT_W-1:0] weight;
  wire [LANES*ACT_W-1:0] act;
  inner_join_operands #(
      .WINDOW     (WINDOW),
      .LANES      (LANES),
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .ACT_W      (ACT_W),
      .WEIGHT_W   (WEIGHT_W)
  ) u_operands (
      .clk_i          (clk_i),
      .weight_push_i  (weight_push),
      .weight_slot_i  (weight_slot),
      .weight_final_i (weight_flags[4]),
      .weight_values_i(weight_values_i),
      .act_push_i     (act_push),
      .act_slot_i     (act_slot),
      .act_values_i   (act_values_i),
      .slot_i         (slot_q),
      .index_i        (index_q),
      .final_o        (is_final),
      .weight_o       (weight),
      .act_o          (act)
  );
  sparsesim_mac #(
      .LANES   (LANES),
      .ACT_W   (ACT_W),
      .WEIGHT_W(WEIGHT_W),
      .ACC_W   (ACC_W)
  ) u_mac (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .valid_i   (valid_q),
      .act_i     (act),
      .weight_i  (weight),
      .first_i   (first_q),
      .last_i    (ended_q),
      .result_o  (result_o),
      .overflow_o(overflow_o)
  );

  genvar lane;
  generate
    if (COUNTERS_EN != 0) begin : g_class
      reg [1:0] ahead_q;
      always @(posedge clk_i) if (take) ahead_q <= next_flags[3:2];
      inner_join_pe_class u_class (
          .clk_i        (clk_i),
          .rst_ni       (rst_ni),
          .start_i      (start_i),
          .work_i       (work_o),
          .done_i       (done_o),
          .blocked_i    (blocked),
          .active_i     (active),
          .more_i       (ahead_q[1]),
          .next_active_i(ahead_q[0]),
          .class_o      (class_o)
      );
      assign multiplied_o = valid_q;
      for (lane = 0; lane < LANES; lane = lane + 1) begin : g_lane
        assign effectual_o[lane] = valid_q[lane]
            && weight[lane*WEIGHT_W+:WEIGHT_W] != {WEIGHT_W{1'b0}}
            && act[lane*ACT_W+:ACT_W] != {ACT_W{1'b0}};
      end
    end else begin : g_no_class
      assign class_o = 4'd0;
      assign {multiplied_o, effectual_o} = {2 * LANES{1'b0}};
    end
  endgenerate

  // Of use to the class counters alone.
  wire unused = &{1'b0, start_i, blocked, next_flags};
endmodule
`default_nettype wire
