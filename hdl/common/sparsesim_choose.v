`default_nettype none
// One value of a window by its index: a multiplexer.
//
// Combinational. Written twice: as a shift, which simulates fast, and bit by bit, from which
// synthesis builds the multiplexers that slices have (MUXF7/F8, PFUMX); `make formal` proves that
// the two are one function.
//
// Example, WINDOW = 4, VALUE_W = 8, values 04_03_02_01: index 2 gives 03.
//
// Test: test_sparsesim_choose.py.
module sparsesim_choose #(
    // Values of a window, 1 to 64.
    parameter WINDOW = 16,
    // Width of a value, 1 to 64: of an operand, of a result, of flags that go with it.
    parameter VALUE_W = 8,
    // Width of the index; derived, leave it.
    parameter INDEX_W = WINDOW > 1 ? $clog2(WINDOW) : 1
) (
    // Value k at [k*VALUE_W +: VALUE_W].
    input  wire [WINDOW*VALUE_W-1:0] values_i,
    // 0 to WINDOW - 1; for a lane without a pair anything, and then the value may be anything.
    input  wire [       INDEX_W-1:0] index_i,
    output wire [       VALUE_W-1:0] value_o
);
`ifdef SYNTHESIS
  genvar b, k;
  generate
    for (b = 0; b < VALUE_W; b = b + 1) begin : g_bit
      wire [WINDOW-1:0] choice;
      for (k = 0; k < WINDOW; k = k + 1) begin : g_value
        assign choice[k] = values_i[k*VALUE_W+b];
      end
      assign value_o[b] = choice[index_i];
    end
  endgenerate
`else
  generate
    if (WINDOW == 1 << INDEX_W) begin : g_whole
      assign value_o = values_i[index_i*VALUE_W+:VALUE_W];
    end else begin : g_part  // what lies beyond would be unknown, and spread
      assign value_o = {{32 - INDEX_W{1'b0}}, index_i} < WINDOW ? values_i[index_i*VALUE_W+:VALUE_W] : {VALUE_W{1'b0}};
    end
  endgenerate
`endif
endmodule
`default_nettype wire
