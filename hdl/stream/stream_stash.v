`default_nettype none
// Sums of a row while K goes on: a block RAM with a narrow port, a lane's sum a cycle, and a
// register behind it.
//
// A sum that is written in cycle t is there for reads from t + 1 on; what is read in cycle t stands
// at sum_o in t + 2. Nobody reads what is being written.
//
// Example, LANES = 6: lane 2 of place 3 is word 26, places being 8 words apart.
//
// Twin: an array. Test: test_stream_stash.py.
module stream_stash #(
    // Lanes, 1 to 256.
    parameter LANES = 16,
    // Width of a place's number.
    parameter PLACE_W = 4,
    // Width of a sum, 8 to 64.
    parameter ACC_W = 32,
    // Width of a lane's number; derived, leave it.
    parameter LANE_W = LANES > 1 ? $clog2(LANES) : 1
) (
    input  wire               clk_i,
    input  wire               write_i,
    input  wire [PLACE_W-1:0] write_place_i,
    input  wire [ LANE_W-1:0] write_lane_i,
    input  wire [  ACC_W-1:0] sum_i,
    input  wire [PLACE_W-1:0] read_place_i,
    input  wire [ LANE_W-1:0] read_lane_i,
    output wire [  ACC_W-1:0] sum_o
);
  (* ram_style = "block", no_rw_check *)
  reg [ACC_W-1:0] memory[0:(1<<(PLACE_W+LANE_W))-1];
  reg [ACC_W-1:0] read_q, sum_q;
  always @(posedge clk_i) begin
    if (write_i) memory[{write_place_i, write_lane_i}] <= sum_i;
    read_q <= memory[{read_place_i, read_lane_i}];
    sum_q  <= read_q;
  end
  assign sum_o = sum_q;
endmodule
`default_nettype wire
