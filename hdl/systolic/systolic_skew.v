`default_nettype none
// Delays each of several lines by a cycle more than the line before it: operands that enter an
// array along an edge, side by side, meet each other in its PEs.
//
// Cycle contract: line n leaves n cycles behind its input; line 0 is a wire. Registers are not
// reset: what leaves in the first cycles is unknown.
//
// Example, LINES = 3: d_i = {a2, a1, a0} in cycle 0 leaves as a0 in cycle 0, a1 in 1, a2 in 2.
//
// Twin: a list. Test: test_systolic_skew.py.
module systolic_skew #(
    // Lines, 1 to 1024.
    parameter LINES = 16,
    // Width of a line, in bits, 1 to 128.
    parameter WIDTH = 9
) (
    input  wire                   clk_i,
    // Line n at [n*WIDTH +: WIDTH].
    input  wire [LINES*WIDTH-1:0] d_i,
    output wire [LINES*WIDTH-1:0] q_o
);
  sparsesim_parameter_range #(.NAME("lines"), .VALUE(LINES), .LOW(1), .HIGH(1024)) u_lines_range ();

  genvar n;
  generate
    for (n = 0; n < LINES; n = n + 1) begin : g_line
      systolic_shift #(
          .WIDTH (WIDTH),
          .CYCLES(n)
      ) u_shift (
          .clk_i (clk_i),
          .rst_ni(1'b1),
          .d_i   (d_i[n*WIDTH+:WIDTH]),
          .q_o   (q_o[n*WIDTH+:WIDTH])
      );
    end
  endgenerate
endmodule
`default_nettype wire
