`default_nettype none
// A line of registers that is tapped at each: what drives one row or column of an array after the
// other, a cycle apart.
//
// Cycle contract: tap n holds in cycle t + n what entered in cycle t; tap 0 is a wire.
//
// Example, TAPS = 3: d_i = 5, 6, 7 in cycles 0, 1, 2 gives taps_o = {5, 6, 7} in cycle 2.
//
// Twin: a list. Test: test_systolic_taps.py.
module systolic_taps #(
    // Taps, 1 to 4096; a register less.
    parameter TAPS = 16,
    // Width of the bus, in bits, 1 to 128.
    parameter WIDTH = 1,
    // 1: reset clears the registers. 0 to 1.
    parameter RESET = 0
) (
    input  wire                  clk_i,
    // Synchronous, active low; read only with RESET = 1.
    input  wire                  rst_ni,
    input  wire [     WIDTH-1:0] d_i,
    // Tap n at [n*WIDTH +: WIDTH].
    output wire [TAPS*WIDTH-1:0] taps_o
);
  sparsesim_parameter_range #(.NAME("taps"), .VALUE(TAPS), .LOW(1), .HIGH(4096)) u_taps_range ();
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(128)) u_width_range ();
  sparsesim_parameter_range #(.NAME("reset"), .VALUE(RESET), .LOW(0), .HIGH(1)) u_reset_range ();

  generate
    if (TAPS == 1) begin : g_wire
      wire unused = &{1'b0, clk_i, rst_ni};
      assign taps_o = d_i;
    end else begin : g_line
      reg [(TAPS-1)*WIDTH-1:0] line_q;
      wire clears = RESET != 0 && !rst_ni;
      always @(posedge clk_i)
        line_q <= clears ? {(TAPS - 1) * WIDTH{1'b0}} : taps_o[(TAPS-1)*WIDTH-1:0];
      assign taps_o = {line_q, d_i};
    end
  endgenerate
endmodule
`default_nettype wire
