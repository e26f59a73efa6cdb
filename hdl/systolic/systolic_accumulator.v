`default_nettype none
// What stands below a column of a weight-stationary array: adds a position's sums of several folds
// up in one memory, and keeps the final ones in another until they leave.
//
// Cycle contract: a position is read for in cycle t; its fold's sum comes in cycle t + 2, is added
// to what the folds before it left (or to nothing), and is written in cycle t + 3: it can be read
// from t + 4 on. A final sum that is read in cycle t stands in result_o in cycle t + 2. Sums are
// kept modulo 2^ACC_W.
//
// Example: position 5's first fold gives 7 (read_i = 5 in cycle 0, starts_i in cycle 1, sum_i = 7 in
// cycle 2, write_i = 5 and keeps_i in cycle 3), its last one 4 (in cycles 4, 6, and 7 with ends_i):
// leaves_i = 5 in cycle 8 gives result_o = 11 in cycle 10.
//
// Twin: tests/machines/systolic. Test: test_systolic_accumulator.py.
module systolic_accumulator #(
    // Positions of a tile, 1 to 4096; 512 take half of a 36 Kbit block RAM, twice.
    parameter DEPTH = 128,
    // Width of a fold's sum, signed, 4 to 64.
    parameter SUM_W = 21,
    // Width of a sum, signed, 8 to 64; a LUT each.
    parameter ACC_W = 32,
    // Width of a position's number; derived, leave it.
    parameter POSITION_W = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                  clk_i,
    // The position that a fold's sum is due of in two cycles.
    input  wire [POSITION_W-1:0] read_i,
    // Nothing is added to the sum that is due in the next cycle.
    input  wire                  starts_i,
    // The sum that is due.
    input  wire [     SUM_W-1:0] sum_i,
    // Of the sum of the cycle before: its position; whether it goes on, or is final.
    input  wire [POSITION_W-1:0] write_i,
    input  wire                  keeps_i,
    input  wire                  ends_i,
    // The position whose final sum leaves.
    input  wire [POSITION_W-1:0] leaves_i,
    output wire [     ACC_W-1:0] result_o
);
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(1), .HIGH(4096)) u_depth_range ();
  sparsesim_parameter_range #(.NAME("sum_bits"), .VALUE(SUM_W), .LOW(4), .HIGH(64)) u_sum_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();

  wire [ACC_W-1:0] sum;
  generate
    if (ACC_W > SUM_W) begin : g_extend
      assign sum = {{ACC_W - SUM_W{sum_i[SUM_W-1]}}, sum_i};
    end else begin : g_cut
      assign sum = sum_i[ACC_W-1:0];
      wire unused = &{1'b0, sum_i};
    end
  endgenerate

  // Nobody reads what is being written: synthesis need not care what such a read gives. A block RAM
  // is slow without a register of its own behind it.
  (* no_rw_check *)
  reg [ACC_W-1:0] partial[0:DEPTH-1];
  (* no_rw_check *)
  reg [ACC_W-1:0] complete[0:DEPTH-1];
  reg [ACC_W-1:0] read_q, earlier_q, sum_q, leaving_q, result_q;
  always @(posedge clk_i) begin
    if (keeps_i) partial[write_i] <= sum_q;
    if (ends_i) complete[write_i] <= sum_q;
    read_q <= partial[read_i];
    earlier_q <= starts_i ? {ACC_W{1'b0}} : read_q;
    sum_q <= sum + earlier_q;
    leaving_q <= complete[leaves_i];
    result_q <= leaving_q;
  end
  assign result_o = result_q;
endmodule
`default_nettype wire
