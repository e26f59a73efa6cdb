`default_nettype none
// Multiply-accumulate of a PE: LANES products a cycle into one sum, and the result register.
//
// Operands of cycle t are registered at its end, multiplied in t+1, summed up over a tree of
// ceil(log2(LANES)) registered levels and added to the sum in the cycle behind; the tile's result
// stands in `result_o` one cycle after its sum was complete, until the next tile's. One lane is one
// DSP slice: its operand, product and sum registers are those of the DSP.
//
// Example, LANES = 1: operands (3, -2, first), (5, 4, last) in cycles 0 and 1 give a sum of -6 in
// cycle 3, of 14 in cycle 4, and result_o = 14 from cycle 5 on.
//
// Overflow: the sum is checked after each multiply cycle; once it has left ACC_W bits the flag
// stays to the end of the tile, and the result is the sum modulo 2^ACC_W.
//
// Twin: sparsesim/fixed_point (sums and overflow). Test: test_sparsesim_mac.py.
module sparsesim_mac #(
    // Multipliers, 1 to 64; each is a DSP slice.
    parameter LANES = 1,
    // Width of an activation operand, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight operand, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32
) (
    input  wire                      clk_i,
    input  wire                      rst_ni,
    // Operands of this cycle; a lane without a pair has its valid low and counts as zero.
    input  wire [LANES-1:0]          valid_i,
    input  wire [LANES*ACT_W-1:0]    act_i,
    input  wire [LANES*WEIGHT_W-1:0] weight_i,
    // The first multiply cycle of a tile: the sum starts anew. The last: the result is due.
    input  wire                      first_i,
    input  wire                      last_i,
    // Result of the last tile that ended here, and whether its sum ever overflowed.
    output wire [ACC_W-1:0]          result_o,
    output wire                      overflow_o
);
  sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(64)) u_lanes_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();

  localparam LEVELS = LANES > 1 ? $clog2(LANES) : 0;
  localparam LEAVES = 1 << LEVELS;
  localparam PRODUCT_W = ACT_W + WEIGHT_W;
  localparam STEP_W = PRODUCT_W + LEVELS;
  // A sum that fitted ACC_W bits and one step more: no overflow goes unseen.
  localparam SUM_W = (ACC_W > STEP_W ? ACC_W : STEP_W) + 1;

  // Node n of the tree adds nodes 2n and 2n+1; the leaves are products, LEAVES .. 2*LEAVES-1.
  wire signed [STEP_W-1:0] node[1:2*LEAVES-1];
  genvar n;
  generate
    for (n = 0; n < LEAVES; n = n + 1) begin : g_leaf
      if (n < LANES) begin : g_lane
        reg signed [ACT_W-1:0] act_q;
        reg signed [WEIGHT_W-1:0] weight_q;
        reg signed [PRODUCT_W-1:0] product_q;
        always @(posedge clk_i) begin
          act_q <= act_i[n*ACT_W+:ACT_W];
          if (!valid_i[n]) weight_q <= {WEIGHT_W{1'b0}};
          else weight_q <= weight_i[n*WEIGHT_W+:WEIGHT_W];
          product_q <= act_q * weight_q;
        end
        assign node[LEAVES+n] = {{LEVELS + 1{product_q[PRODUCT_W-1]}}, product_q[PRODUCT_W-2:0]};
      end else begin : g_none
        assign node[LEAVES+n] = {STEP_W{1'b0}};
      end
    end
    for (n = 1; n < LEAVES; n = n + 1) begin : g_node
      reg signed [STEP_W-1:0] sum_q;
      always @(posedge clk_i) sum_q <= node[2*n] + node[2*n+1];
      assign node[n] = sum_q;
    end
  endgenerate

  // first and last ride beside the operands: registers of operand, product, levels, then sum.
  reg [LEVELS+1:0] first_q;
  reg [LEVELS+2:0] last_q;
  always @(posedge clk_i) begin
    first_q <= (first_q << 1) | {{LEVELS + 1{1'b0}}, first_i};
    last_q <= (last_q << 1) | {{LEVELS + 2{1'b0}}, last_i};
    if (!rst_ni) last_q <= {LEVELS + 3{1'b0}};
  end

  wire signed [STEP_W-1:0] step = node[1];
  reg signed [SUM_W-1:0] sum_q;
  // Written as zero or the sum, plus the step: the form that a DSP slice's own adder has.
  wire signed [SUM_W-1:0] base = first_q[LEVELS+1] ? {SUM_W{1'b0}} : sum_q;
  always @(posedge clk_i) sum_q <= base + {{SUM_W - STEP_W{step[STEP_W-1]}}, step};

  // Idle cycles add zero, so that checking in each of them is checking after each multiply cycle.
  reg fresh_q, overflowed_q;
  wire outside = sum_q[SUM_W-1:ACC_W-1] != {SUM_W - ACC_W + 1{sum_q[SUM_W-1]}};
  wire overflowed = outside || (overflowed_q && !fresh_q);
  reg [ACC_W:0] result_q;
  always @(posedge clk_i) begin
    fresh_q <= first_q[LEVELS+1];
    overflowed_q <= overflowed;
    if (last_q[LEVELS+2]) result_q <= {overflowed, sum_q[ACC_W-1:0]};
  end
  assign {overflow_o, result_o} = result_q;
endmodule
`default_nettype wire
