`default_nettype none
// One word of a valid/ready stream is held here: what test_bench.py tries the bench on, sound
// (fault_i = 0) or with a fault that the bench must see.
module bench_slice #(
    // Width of a word, 1 to 64.
    parameter WIDTH = 8
) (
    input  wire             clk_i,
    input  wire             rst_ni,
    // 0 none; 1 a word changes while it waits; 2 it is withdrawn; 3 words of 5 are lost; 4 and sent
    // twice.
    input  wire [2:0]       fault_i,
    input  wire             valid_i,
    output wire             ready_o,
    input  wire [WIDTH-1:0] value_i,
    output wire             valid_o,
    input  wire             ready_i,
    output wire [WIDTH-1:0] value_o
);
  reg full_q;
  reg again_q;
  reg waited_q;
  reg [WIDTH-1:0] value_q;
  wire five = value_q == 5;
  wire leaves = valid_o && ready_i && !(fault_i == 4 && five && !again_q);
  assign ready_o = !full_q || leaves;
  assign valid_o = full_q && !(fault_i == 2 && waited_q);
  assign value_o = fault_i == 1 && waited_q ? ~value_q : value_q;
  always @(posedge clk_i) begin
    waited_q <= rst_ni && valid_o && !ready_i;
    again_q <= rst_ni && valid_o && ready_i && !leaves;
    if (!rst_ni) full_q <= 1'b0;
    else if (valid_i && ready_o) full_q <= !(fault_i == 3 && value_i == 5);
    else if (leaves) full_q <= 1'b0;
    if (valid_i && ready_o) value_q <= value_i;
  end
endmodule
`default_nettype wire
