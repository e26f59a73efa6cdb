`default_nettype none
// Two lanes of a row that share a multiplier of 27 x 18 bits: what stream_lane.v does twice.
//
// Both values of the word lie side by side in one factor, the upper one ENTRY_W + HELD_W bits above
// the lower, so that both products lie side by side, too. The lower product is signed and borrows from
// the upper, which gets it back. No sum of products fits beside another: sums lie in LUTs. Cycles
// are stream_lane's: operands, product, sum, result.
//
// Example: value 3, held -2 (lower) and 5 (upper) in cycle 0, with from_start_i in cycle 2 on starts
// of 10 (lower) and 20 (upper): sums of 4 and 35 in cycle 3.
//
// Twin: sums of sparsesim/fixed_point. Test: test_stream_pair.py.
module stream_pair #(
    // Width of an entry's value, signed, 2 to 16.
    parameter ENTRY_W = 9,
    // Width of a value of the word, signed, 2 to 16; a DSP48E2 takes 2 * HELD_W + ENTRY_W up to 26.
    parameter HELD_W = 8,
    // Width of the sums, signed, 8 to 64.
    parameter ACC_W = 32
) (
    input  wire                clk_i,
    // Operands of this cycle, the lower lane's value first; zero where there is no entry.
    input  wire [ ENTRY_W-1:0] value_i,
    input  wire [2*HELD_W-1:0] held_i,
    // As of stream_lane.v; what is loaded is one lane's.
    input  wire                from_start_i,
    input  wire                clear_i,
    input  wire [         1:0] load_i,
    input  wire [   ACC_W-1:0] start_i,
    input  wire                capture_i,
    output wire [ 2*ACC_W-1:0] result_o
);
  localparam FIELD_W = ENTRY_W + HELD_W;
  localparam FACTOR_W = FIELD_W + HELD_W + 1;

  // The lower value's sign goes through its field, and is taken from the upper one.
  wire low_sign = held_i[HELD_W-1];
  wire [HELD_W:0] upper = {held_i[2*HELD_W-1], held_i[HELD_W+:HELD_W]} - {{HELD_W{1'b0}}, low_sign};
  reg signed [ENTRY_W-1:0] value_q;
  reg signed [FACTOR_W-1:0] held_q;
  reg signed [2*FIELD_W-1:0] product_q;
  always @(posedge clk_i) begin
    value_q   <= value_i;
    held_q    <= {upper, {ENTRY_W{low_sign}}, held_i[HELD_W-1:0]};
    product_q <= held_q * value_q;
  end

  genvar n;
  generate
    for (n = 0; n < 2; n = n + 1) begin : g_lane
      wire [FIELD_W-1:0] product = product_q[n*FIELD_W+:FIELD_W];
      wire borrowed = n == 1 && product_q[FIELD_W-1];
      // Of a sum that is narrower than a product the low bits.
      wire [ACC_W+FIELD_W-1:0] wide = {{ACC_W{product[FIELD_W-1]}}, product};
      reg [ACC_W-1:0] start_q, sum_q, result_q;
      // base + product + borrowed. As the difference of a complement, so that Yosys's adder takes the
      // product beside its carry, and one LUT a bit both the choice of the base and the sum.
      wire [ACC_W-1:0] base = from_start_i ? start_q : sum_q;
      wire [ACC_W:0] next = {wide[ACC_W-1:0], borrowed} - {~base, 1'b1};
      always @(posedge clk_i) begin
        if (clear_i) start_q <= {ACC_W{1'b0}};
        else if (load_i[n]) start_q <= start_i;
        sum_q <= next[ACC_W:1];
        if (capture_i) result_q <= sum_q;
      end
      assign result_o[n*ACC_W+:ACC_W] = result_q;
      wire unused = &{1'b0, wide, next[0]};
    end
  endgenerate
endmodule
`default_nettype wire
