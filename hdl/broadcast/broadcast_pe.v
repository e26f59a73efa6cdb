`default_nettype none
// PE: a queue of activations, the weights of its filters behind a memory port, a multiplier, sums.
//
// It takes an activation as soon as it is free, and works on it for as many cycles as it has entries of
// its column, one at least. In each it reads an entry {run, weight}: the weight belongs to the row that is
// `run` + 1 behind that of the entry before, or to row `run` for a column's first.
//
// Cycle contract: an activation that is pushed in cycle t is taken in t + 1 or as soon as the last one's
// work is done, without a bubble. In cycle t of work the entry's address is chosen; it stands at
// entry_address_o in t + 1, the entry at entry_i in t + 3, as behind a block RAM and its output register;
// its product is in the sum in t + 6.
//
// Example: an activation 3 with two entries from address 7 on, {0, 5} and {1, -1}, pushed in cycle 0:
// work in cycles 1 and 2, addresses 7 and 8 in cycles 2 and 3, and sums 0 and 2 become 15 and -3.
//
// Twin: sparsesim/machines/broadcast/timeline.py. Test: test_broadcast_pe.py.
module broadcast_pe #(
    // One more than its queue holds, 2 to 64.
    parameter QUEUE_DEPTH = 8,
    // Activations that lie in the queue before they are pushed, 1 to 64.
    parameter AHEAD = 8,
    // Bits of an entry's run of zeros, 1 to 8.
    parameter ENTRY_RUN_BITS = 4,
    // Sums in each of two halves, 1 to 256.
    parameter PE_SUMS = 32,
    // Width of an activation, in bits, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, in bits, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of a sum, in bits, signed, 8 to 64.
    parameter ACC_W = 32,
    // Width of an entry's address, in bits, 1 to 32.
    parameter ENTRY_ADDRESS_W = 12,
    // Class flags: for simulation. 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = PE_SUMS > 1 ? $clog2(PE_SUMS) : 1,
    // Width of how many entries a column has; derived, leave it.
    parameter COUNT_W = $clog2(PE_SUMS + 1)
) (
    input  wire                               clk_i,
    input  wire                               rst_ni,
    // An activation that will be sent: its half of the sums; the first entry's address in its column and
    // how many entries there are; whether the PE has no filter in this tile.
    input  wire                               write_i,
    input  wire                               half_i,
    input  wire [                  ACT_W-1:0] value_i,
    input  wire [        ENTRY_ADDRESS_W-1:0] start_i,
    input  wire [                COUNT_W-1:0] count_i,
    input  wire                               absent_i,
    // The next of these is sent, into a queue that has room.
    input  wire                               push_i,
    output wire                               room_o,
    // Entries, two cycles behind their address.
    output wire [        ENTRY_ADDRESS_W-1:0] entry_address_o,
    input  wire [ENTRY_RUN_BITS+WEIGHT_W-1:0] entry_i,
    // By half: there was work to do or in the queue at the end of the cycle before the last.
    output wire [                        1:0] pending_o,
    // A sum leaves; or a row of both halves is cleared.
    input  wire                               drain_i,
    input  wire                               clear_i,
    input  wire                               drain_half_i,
    input  wire [                  ROW_W-1:0] drain_row_i,
    output wire [                  ACC_W-1:0] result_o,
    // It works in this cycle, and ends its work on an activation.
    output wire                               works_o,
    output wire                               done_o,
    // Of a cycle, with COUNTERS_EN: without an entry, without a filter; of three cycles before: an entry
    // with a weight, with none.
    output wire                               no_entry_o,
    output wire                               absent_o,
    output wire                               effectual_o,
    output wire                               padding_o
);
  sparsesim_parameter_range #(.NAME("entry_run_bits"), .VALUE(ENTRY_RUN_BITS), .LOW(1), .HIGH(8)) u_run_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("address_bits"), .VALUE(ENTRY_ADDRESS_W), .LOW(1), .HIGH(32)) u_address_range ();
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_range ();

  // What the queue keeps of an activation; of its cycles of work, those behind the first.
  localparam QUEUE_W = 3 + COUNT_W + ENTRY_ADDRESS_W + ACT_W;
  wire has_entries = count_i != {COUNT_W{1'b0}};
  wire [COUNT_W-1:0] rest_in = has_entries ? count_i - 1'b1 : {COUNT_W{1'b0}};
  wire there, head_half, head_absent, head_has;
  wire [COUNT_W-1:0] head_rest;
  wire [ENTRY_ADDRESS_W-1:0] head_start;
  wire [ACT_W-1:0] head_value;
  wire pop;
  broadcast_queue #(
      .QUEUE_DEPTH(QUEUE_DEPTH),
      .AHEAD      (AHEAD),
      .WIDTH      (QUEUE_W)
  ) u_queue (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .write_i(write_i),
      .data_i ({absent_i && COUNTERS_EN != 0, half_i, has_entries, rest_in, start_i, value_i}),
      .push_i (push_i),
      .there_o(there),
      .data_o ({head_absent, head_half, head_has, head_rest, head_start, head_value}),
      .pop_i  (pop),
      .room_o (room_o)
  );

  // Work: the first cycle is that in which the activation is taken.
  reg more_q, half_q;
  reg [COUNT_W-1:0] rest_q;
  assign pop = there && !more_q;
  wire works = there || more_q;
  wire half = more_q ? half_q : head_half;
  wire ends = more_q ? rest_q == {{COUNT_W - 1{1'b0}}, 1'b1} : there && head_rest == {COUNT_W{1'b0}};
  reg [1:0] pending_q;
  always @(posedge clk_i) begin
    if (pop) begin
      rest_q <= head_rest;
      half_q <= head_half;
    end else begin
      rest_q <= rest_q - 1'b1;
    end
    more_q <= rst_ni && works && !ends;
    pending_q <= {
      (more_q && half_q) || (there && head_half), (more_q && !half_q) || (there && !head_half)
    };
  end

  // Address, then two cycles of the memory, then operands, product, sum.
  reg [ENTRY_ADDRESS_W-1:0] address_q;
  reg [ACT_W-1:0] value_1_q, value_2_q, value_3_q;
  reg signed [ACT_W-1:0] act_q;
  reg signed [WEIGHT_W-1:0] weight_q;
  reg signed [ACT_W+WEIGHT_W-1:0] product_q;
  reg [3:1] reads_q, of_half_q, first_q;
  reg [ROW_W-1:0] next_q;  // behind the last entry's
  wire [ENTRY_RUN_BITS-1:0] run = entry_i[WEIGHT_W+:ENTRY_RUN_BITS];
  // A run is less than there are rows.
  localparam WIDE_W = ROW_W > ENTRY_RUN_BITS ? ROW_W : ENTRY_RUN_BITS;
  /* verilator lint_off UNUSEDSIGNAL */
  wire [WIDE_W-1:0] wide = {{WIDE_W - ENTRY_RUN_BITS{1'b0}}, run};
  /* verilator lint_on UNUSEDSIGNAL */
  wire [ROW_W-1:0] row = (first_q[3] ? {ROW_W{1'b0}} : next_q) + wide[ROW_W-1:0];
  always @(posedge clk_i) begin
    address_q <= pop ? head_start : address_q + 1'b1;
    if (pop) value_1_q <= head_value;
    value_2_q <= value_1_q;
    value_3_q <= value_2_q;
    reads_q <= {reads_q[2:1], more_q || (there && head_has)};
    if (!rst_ni) reads_q <= 3'd0;
    of_half_q <= {of_half_q[2:1], half};
    first_q <= {first_q[2:1], pop};
    if (reads_q[3]) next_q <= row + 1'b1;
    act_q <= value_3_q;
    weight_q <= entry_i[WEIGHT_W-1:0];
    product_q <= act_q * weight_q;
  end
  broadcast_sums #(
      .PE_SUMS  (PE_SUMS),
      .PRODUCT_W(ACT_W + WEIGHT_W),
      .ACC_W    (ACC_W)
  ) u_sums (
      .clk_i       (clk_i),
      .add_i       (reads_q[3]),
      .add_half_i  (of_half_q[3]),
      .add_row_i   (row),
      .product_i   (product_q),
      .drain_i     (drain_i),
      .clear_i     (clear_i),
      .drain_half_i(drain_half_i),
      .drain_row_i (drain_row_i),
      .result_o    (result_o)
  );
  assign entry_address_o = address_q;
  assign pending_o = pending_q;
  assign works_o = works;
  assign done_o = ends;

  generate
    if (COUNTERS_EN != 0) begin : g_classes
      assign no_entry_o = pop && !head_has && !head_absent;
      assign absent_o = pop && head_absent;
      assign effectual_o = reads_q[3] && entry_i[WEIGHT_W-1:0] != {WEIGHT_W{1'b0}};
      assign padding_o = reads_q[3] && entry_i[WEIGHT_W-1:0] == {WEIGHT_W{1'b0}};
    end else begin : g_no_classes
      wire unused = &{1'b0, head_absent, absent_i};
      assign {no_entry_o, absent_o, effectual_o, padding_o} = 4'd0;
    end
  endgenerate
endmodule
`default_nettype wire
