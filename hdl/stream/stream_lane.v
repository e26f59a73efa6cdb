`default_nettype none
// A multiplier of a row: the entry's value times its own value of the word, added to one sum.
//
// Operands of cycle t are registered at its end, multiplied in t + 1, added in t + 2 to the sum, or
// with from_start_i (of cycle t + 2) to the start, which is zero or was loaded. So all registers and
// the adder are those of a DSP slice. An idle cycle's operands give a product of zero. Sums are
// modulo 2^ACC_W.
//
// Example: 3 x -2 in cycle 0, with from_start_i in cycle 2 on a start of 10, then 5 x 4 in cycle 1:
// the sum is 4 in cycle 3 and 24 in cycle 4; with capture_i in cycle 4 result_o is 24 from 5 on.
//
// Twin: sums of sparsesim/fixed_point. Test: test_stream_lane.py.
module stream_lane #(
    // Width of an entry's value, signed, 2 to 16.
    parameter ENTRY_W = 9,
    // Width of a value of the word, signed, 2 to 16.
    parameter HELD_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32
) (
    input  wire               clk_i,
    // Operands of this cycle; zero where there is no entry.
    input  wire [ENTRY_W-1:0] value_i,
    input  wire [ HELD_W-1:0] held_i,
    // The product that is added in this cycle is its item's first, and takes the start.
    input  wire               from_start_i,
    // The start becomes zero; else, with load_i, a sum of the stash.
    input  wire               clear_i,
    input  wire               load_i,
    input  wire [  ACC_W-1:0] start_i,
    // The sum becomes the result.
    input  wire               capture_i,
    output wire [  ACC_W-1:0] result_o
);
  localparam PRODUCT_W = ENTRY_W + HELD_W;
  reg signed [ENTRY_W-1:0] value_q;
  reg signed [HELD_W-1:0] held_q;
  reg signed [PRODUCT_W-1:0] product_q;
  reg [ACC_W-1:0] start_q, sum_q, result_q;
  // Of a sum that is narrower than a product the low bits.
  wire [ACC_W+PRODUCT_W-1:0] wide = {{ACC_W{product_q[PRODUCT_W-1]}}, product_q};
  always @(posedge clk_i) begin
    value_q   <= value_i;
    held_q    <= held_i;
    product_q <= held_q * value_q;
    if (clear_i) start_q <= {ACC_W{1'b0}};
    else if (load_i) start_q <= start_i;
    sum_q <= (from_start_i ? start_q : sum_q) + wide[ACC_W-1:0];
    if (capture_i) result_q <= sum_q;
  end
  assign result_o = result_q;

  wire unused = &{1'b0, wide};
endmodule
`default_nettype wire
