`default_nettype none
// A shift register: delays a bus by a number of cycles, as small as the part can make it.
//
// What enters in cycle t leaves in cycle t + CYCLES; with CYCLES = 0 it is a wire. Synthesis may
// fold it into LUTs, up to 32 cycles a bit in one, unless it has a reset. Where registers are to
// lie on a long way take sparsesim_delay.
//
// Example, CYCLES = 2: d_i = 5, 6, 7 in cycles 0, 1, 2 gives q_o = 5, 6 in cycles 2, 3.
//
// Twin: a list. Test: test_systolic_shift.py.
module systolic_shift #(
    // Width of the bus, in bits, 1 to 128.
    parameter WIDTH = 1,
    // Cycles, 0 to 4096.
    parameter CYCLES = 1,
    // 1: reset clears it, and it is made of flip-flops. 0 to 1.
    parameter RESET = 0
) (
    input  wire             clk_i,
    // Synchronous, active low; read only with RESET = 1.
    input  wire             rst_ni,
    input  wire [WIDTH-1:0] d_i,
    output wire [WIDTH-1:0] q_o
);
  sparsesim_parameter_range #(.NAME("width"), .VALUE(WIDTH), .LOW(1), .HIGH(128)) u_width_range ();
  sparsesim_parameter_range #(.NAME("cycles"), .VALUE(CYCLES), .LOW(0), .HIGH(4096)) u_cycles_range ();
  sparsesim_parameter_range #(.NAME("reset"), .VALUE(RESET), .LOW(0), .HIGH(1)) u_reset_range ();

  generate
    if (CYCLES == 0) begin : g_wire
      wire unused = &{1'b0, clk_i, rst_ni};
      assign q_o = d_i;
    end else begin : g_line
      reg [CYCLES*WIDTH-1:0] line_q;
      wire [(CYCLES+1)*WIDTH-1:0] line_d = {line_q, d_i};
      if (RESET != 0) begin : g_reset
        always @(posedge clk_i) line_q <= rst_ni ? line_d[CYCLES*WIDTH-1:0] : {CYCLES * WIDTH{1'b0}};
      end else begin : g_data
        wire unused = &{1'b0, rst_ni};
        always @(posedge clk_i) line_q <= line_d[CYCLES*WIDTH-1:0];
      end
      assign q_o = line_d[CYCLES*WIDTH+:WIDTH];
    end
  endgenerate
endmodule
`default_nettype wire
