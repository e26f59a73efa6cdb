`default_nettype none
// A PE of a weight-stationary array: its weight stays, activations pass to the right, sums run down.
//
// Two weights: one in work, and behind it the next one, a link of the chain by which weights are
// shifted down the column.
//
// Cycle contract: it meets an activation in the cycle in which act_i holds it, and passes it on a
// cycle later; the sum of what is above and its own product stands in sum_o 3 cycles behind, which
// is a cycle behind that of the PE above. swap_i comes with the first activation that the next
// weight is for. With BLOCK above 1 all is a cycle later behind the selection: the sum, and the
// weight's taking over; its choice takes over with swap_i.
//
// Example, BLOCK = 1: weight 3 is shifted in in cycle 0; swap_i and act_i = 5 in cycle 1, above it
// the sum 7 in cycle 3: act_o = 5 in cycle 2, sum_o = 22 in cycle 4.
//
// On AMD parts without selection it is a DSP slice and flip-flops: operands, the weight in work, product
// and sum are registers of the DSP, and sums run down its cascade.
//
// Twin: tests/machines/systolic. Test: test_systolic_weight_pe.py.
module systolic_weight_pe #(
    // Activations of a block, of which the weight's choice takes one, 1 to 8; 4 cost a LUT a bit of
    // ACT_W, 8 cost two.
    parameter BLOCK = 1,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sums of the column, signed, 4 to 64; up to 48 cost nothing on AMD parts.
    parameter SUM_W = 21,
    // What class counters need, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a choice; derived, leave it.
    parameter CHOICE_W = BLOCK > 1 ? $clog2(BLOCK) : 1
) (
    input  wire                   clk_i,
    // The chain shifts: weights and choices of the PE above are taken. What is shifted in stays
    // behind the weight in work until swap_i.
    input  wire                   shift_i,
    input  wire [   WEIGHT_W-1:0] weight_i,
    output wire [   WEIGHT_W-1:0] weight_o,
    input  wire [   CHOICE_W-1:0] choice_i,
    output wire [   CHOICE_W-1:0] choice_o,
    // From the left: a block of activations, whether the next weight takes over; to the right, a
    // cycle later. Activation n is at [n*ACT_W +: ACT_W].
    input  wire                   swap_i,
    output wire                   swap_o,
    output wire                   shift_o,
    input  wire [BLOCK*ACT_W-1:0] act_i,
    output wire [BLOCK*ACT_W-1:0] act_o,
    // From above, and down.
    input  wire [      SUM_W-1:0] sum_i,
    output wire [      SUM_W-1:0] sum_o,
    // The product that is made in this cycle is of two numbers that are not zero; with COUNTERS_EN.
    output wire                   effectual_o
);
  sparsesim_parameter_range #(.NAME("block"), .VALUE(BLOCK), .LOW(1), .HIGH(8)) u_block_range ();
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_en_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("sum_bits"), .VALUE(SUM_W), .LOW(4), .HIGH(64)) u_sum_bits_range ();

  reg [BLOCK*ACT_W-1:0] act_q;
  reg signed [WEIGHT_W-1:0] next_q, weight_q;
  reg swap_q, shift_q;
  always @(posedge clk_i) begin
    act_q   <= act_i;
    swap_q  <= swap_i;
    shift_q <= shift_i;
    if (shift_i) next_q <= weight_i;
  end
  assign act_o = act_q;
  assign swap_o = swap_q;
  assign shift_o = shift_q;
  assign weight_o = next_q;

  wire signed [ACT_W-1:0] act;
  generate
    if (BLOCK > 1) begin : g_select
      reg [CHOICE_W-1:0] next_choice_q, choice_q;
      reg signed [ACT_W-1:0] chosen_q;
      wire [ACT_W-1:0] chosen;
      sparsesim_choose #(
          .WINDOW (BLOCK),
          .VALUE_W(ACT_W)
      ) u_choose (
          .values_i(act_q),
          .index_i (choice_q),
          .value_o (chosen)
      );
      always @(posedge clk_i) begin
        if (shift_i) next_choice_q <= choice_i;
        if (swap_i) choice_q <= next_choice_q;
        chosen_q <= chosen;
        if (swap_q) weight_q <= next_q;
      end
      assign choice_o = next_choice_q;
      assign act = chosen_q;
    end else begin : g_all
      wire unused = &{1'b0, choice_i};
      always @(posedge clk_i) if (swap_i) weight_q <= next_q;
      assign choice_o = {CHOICE_W{1'b0}};
      assign act = act_q;
    end
  endgenerate

  // Written as the registers and the adder of a DSP slice are.
  localparam PRODUCT_W = ACT_W + WEIGHT_W;
  reg signed [PRODUCT_W-1:0] product_q;
  reg signed [SUM_W-1:0] sum_q;
  wire signed [SUM_W-1:0] above = sum_i;
  wire signed [SUM_W-1:0] product;
  generate
    if (SUM_W >= PRODUCT_W) begin : g_extend
      assign product = {{SUM_W - PRODUCT_W + 1{product_q[PRODUCT_W-1]}}, product_q[PRODUCT_W-2:0]};
    end else begin : g_cut
      assign product = product_q[SUM_W-1:0];
      wire unused = &{1'b0, product_q[PRODUCT_W-1:SUM_W]};
    end
  endgenerate
  always @(posedge clk_i) begin
    product_q <= act * weight_q;
    sum_q <= above + product;
  end
  assign sum_o = sum_q;
  assign effectual_o = COUNTERS_EN != 0 && act != 0 && weight_q != 0;
endmodule
`default_nettype wire
