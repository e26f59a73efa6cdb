`default_nettype none
// What every valid/ready stream promises: what is offered stays, unchanged, until it is taken.
//
// Instantiated beside a module under proof. ASSUMED = 0 asserts it of the module's output; 1
// assumes it of what the surroundings offer.
module stream_properties #(
    // Width of what the stream carries.
    parameter WIDTH = 1,
    // 0 to 1: assert it, or assume it.
    parameter ASSUMED = 0
) (
    input wire             clk_i,
    input wire             rst_ni,
    input wire             valid_i,
    input wire             ready_i,
    input wire [WIDTH-1:0] data_i
);
  reg waits_q = 1'b0;
  reg [WIDTH-1:0] data_q;
  wire holds = !waits_q || (valid_i && data_i == data_q);
  always @(posedge clk_i) begin
    waits_q <= rst_ni && valid_i && !ready_i;
    data_q  <= data_i;
  end
  generate
    if (ASSUMED != 0) begin : g_assume
      always @* if (rst_ni) assume (holds);
    end else begin : g_assert
      always @* if (rst_ni) assert (holds);
    end
  endgenerate
endmodule
`default_nettype wire
