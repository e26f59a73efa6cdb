`default_nettype none
// Scale of a sum: value * multiplier / 2^shift, rounded half to even, saturated to a few bits.
//
// Cycle contract: fully pipelined, a value a cycle; what comes in with valid_i in cycle t leaves
// with valid_o in cycle t + 8. Nothing stalls. Behind each register:
//
//   1  products of the value's 17-bit pieces with the multiplier's 16-bit halves
//   2  halves joined, a sum a piece     3  pieces joined in pairs     4  pairs joined
//   5  shifted by 0, 16, 32 or 48       6  by 0, 4, 8 or 12           7  by 0 to 3
//   8  rounded and saturated
//
// No product is wider than 18 x 17 bits, signed: one DSP slice each. Wider ones would be cut by the
// synthesiser, without registers between the parts. What a shift drops lives on as one bit: whether
// any of it was set.
//
// Example: 5 * 2^31 / 2^32 = 2.5, whose even neighbour is 2; 7 * 2^31 / 2^32 = 3.5 gives 4.
//
// Twin: sparsesim/fixed_point/requantise.py. Test: test_sparsesim_scale.py.
module sparsesim_scale #(
    // Width of the value, in bits, signed; up to 35 take 4 DSP slices, more take 8. 33 to 65.
    parameter IN_W = 33,
    // Width of the result, in bits, signed: what lies outside becomes the largest or the least. 5
    // to 19.
    parameter OUT_W = 11
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    // Signed value, best from a register; unsigned multiplier; bits to shift right, 0 to 63.
    input  wire             valid_i,
    input  wire [ IN_W-1:0] value_i,
    input  wire [     31:0] multiplier_i,
    input  wire [      5:0] shift_i,
    // Signed result.
    output wire             valid_o,
    output wire [OUT_W-1:0] result_o
);
  sparsesim_parameter_range #(.NAME("in_bits"), .VALUE(IN_W), .LOW(33), .HIGH(65)) u_in_range ();
  sparsesim_parameter_range #(.NAME("out_bits"), .VALUE(OUT_W), .LOW(5), .HIGH(19)) u_out_range ();

  localparam PAIRS = IN_W > 35 ? 2 : 1;
  localparam PIECES_W = 34 * PAIRS + 1;
  // Bit 0 is a half from step 5 on. At most 15 more bits go behind step 5, 3 behind step 6.
  localparam FAR_W = IN_W + 33;
  localparam NEAR_W = OUT_W + 16;
  localparam CLOSE_W = OUT_W + 4;

  // Steps 1 to 3. A piece has 17 bits and no sign, the top one 18 bits and the sign.
  wire [PIECES_W-1:0] value = {{PIECES_W - IN_W + 1{value_i[IN_W-1]}}, value_i[IN_W-2:0]};
  wire signed [16:0] lower = {1'b0, multiplier_i[15:0]};
  wire signed [16:0] upper = {1'b0, multiplier_i[31:16]};
  wire [51:0] sum[0:2*PAIRS-1];
  wire [69:0] pair[0:1];
  genvar n;
  generate
    for (n = 0; n < 2 * PAIRS; n = n + 1) begin : g_piece
      wire signed [17:0] piece;
      assign piece[16:0] = value[17*n+:17];
      assign piece[17] = n == 2 * PAIRS - 1 ? value[PIECES_W-1] : 1'b0;
      reg signed [34:0] lower_q, upper_q;
      reg [51:0] sum_q;
      always @(posedge clk_i) begin
        lower_q <= piece * lower;
        upper_q <= piece * upper;
        sum_q   <= {{17{lower_q[34]}}, lower_q} + {upper_q[34], upper_q, 16'd0};
      end
      assign sum[n] = sum_q;
    end
    for (n = 0; n < 2; n = n + 1) begin : g_pair
      if (n < PAIRS) begin : g_used
        reg [69:0] pair_q;
        always @(posedge clk_i)
          pair_q <= {{18{sum[2*n][51]}}, sum[2*n]} + {sum[2*n+1][51], sum[2*n+1], 17'd0};
        assign pair[n] = pair_q;
      end else begin : g_unused
        assign pair[n] = 70'd0;
      end
    end
  endgenerate

  // Step 4. The product has IN_W + 32 bits; what lies above them repeats the sign.
  /* verilator lint_off UNUSEDSIGNAL */
  wire [103:0] product_d = {{34{pair[0][69]}}, pair[0]} + {pair[1], 34'd0};
  /* verilator lint_on UNUSEDSIGNAL */
  reg [FAR_W-1:0] product_q;

  // Step 5: whole digits of 16, beside them whether a dropped bit was set.
  reg signed [FAR_W-1:0] far_q;
  wire dropped_5 = |(product_q[47:0] & ~({48{1'b1}} << {shift_4_q[5:4], 4'd0}));
  reg dropped_5_q;

  // Step 6: digits of 4. What needs more than NEAR_W bits will not fit OUT_W any more.
  wire beyond_6 = far_q[FAR_W-1:NEAR_W-1] != {FAR_W - NEAR_W + 1{far_q[FAR_W-1]}};
  reg signed [NEAR_W-1:0] near_q;
  wire dropped_6 = |(far_q[11:0] & ~({12{1'b1}} << {shift_5_q[3:2], 2'd0}));
  reg dropped_6_q, beyond_6_q, negative_6_q;

  // Step 7: single bits.
  wire beyond_7 = near_q[NEAR_W-1:CLOSE_W-1] != {NEAR_W - CLOSE_W + 1{near_q[NEAR_W-1]}};
  reg signed [CLOSE_W-1:0] close_q;
  wire dropped_7 = |(near_q[2:0] & ~(3'b111 << shift_6_q));
  reg dropped_7_q, beyond_7_q, negative_7_q;

  // Step 8: a half goes up where more was dropped or the neighbour above is the even one. The
  // largest value cannot go up: it is saturated.
  wire [OUT_W-1:0] floor = close_q[OUT_W:1];
  wire goes_up = close_q[0] && (dropped_7_q || close_q[1]);
  wire is_most = floor == {1'b0, {OUT_W - 1{1'b1}}};
  wire beyond_8 = beyond_7_q || close_q[CLOSE_W-1:OUT_W] != {CLOSE_W - OUT_W{negative_7_q}};
  reg [OUT_W-1:0] result_q;

  reg [5:0] shift_1_q, shift_2_q, shift_3_q, shift_4_q;
  reg [3:0] shift_5_q;
  reg [1:0] shift_6_q;
  reg [7:0] valid_q;
  always @(posedge clk_i) begin
    shift_1_q <= shift_i;
    shift_2_q <= shift_1_q;
    shift_3_q <= shift_2_q;
    shift_4_q <= shift_3_q;
    product_q <= {product_d[FAR_W-2:0], 1'b0};

    far_q <= $signed(product_q) >>> {shift_4_q[5:4], 4'd0};
    dropped_5_q <= dropped_5;
    shift_5_q <= shift_4_q[3:0];

    near_q <= $signed(far_q[NEAR_W-1:0]) >>> {shift_5_q[3:2], 2'd0};
    dropped_6_q <= dropped_5_q || dropped_6;
    beyond_6_q <= beyond_6;
    negative_6_q <= far_q[FAR_W-1];
    shift_6_q <= shift_5_q[1:0];

    close_q <= $signed(near_q[CLOSE_W-1:0]) >>> shift_6_q;
    dropped_7_q <= dropped_6_q || dropped_7;
    beyond_7_q <= beyond_6_q || beyond_7;
    negative_7_q <= negative_6_q;

    if (beyond_8) result_q <= {negative_7_q, {OUT_W - 1{!negative_7_q}}};
    else result_q <= floor + {{OUT_W - 1{1'b0}}, goes_up && !is_most};

    valid_q <= {valid_q[6:0], valid_i};
    if (!rst_ni) valid_q <= 8'd0;
  end
  assign valid_o  = valid_q[7];
  assign result_o = result_q;
endmodule
`default_nettype wire
