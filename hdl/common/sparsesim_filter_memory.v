`default_nettype none
// Parameters of filters: bias, multiplier and shift of each, for the requantiser.
//
// Cycle contract: the filter whose index stands there in cycle t has its parameters at the outputs
// in cycle t + 2: a block RAM is slow without a register of its own behind it. A parameter that is
// written in cycle t is there for an index of t + 1 on.
//
// Example: bias 5 is written to filter 3 in cycle 0; index_i = 3 in cycle 1 gives bias_o = 5 in
// cycle 3.
//
// Twin: none, it stores. Test: test_sparsesim_filter_memory.py.
module sparsesim_filter_memory #(
    // Filters that have parameters; 512 take one 36 Kbit block RAM. 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Width of an index; derived, leave it.
    parameter INDEX_W = MAX_FILTERS > 1 ? $clog2(MAX_FILTERS) : 1
) (
    input  wire               clk_i,
    // Writes the parameters of a filter; none with a number of MAX_FILTERS or more.
    input  wire               param_we_i,
    input  wire [       15:0] param_index_i,
    input  wire [       31:0] param_bias_i,
    input  wire [       31:0] param_multiplier_i,
    input  wire [        5:0] param_shift_i,
    // A filter; its parameters, two cycles later.
    input  wire [INDEX_W-1:0] index_i,
    output wire [       31:0] bias_o,
    output wire [       31:0] multiplier_o,
    output wire [        5:0] shift_o
);
  sparsesim_parameter_range #(.NAME("max_filters"), .VALUE(MAX_FILTERS), .LOW(1), .HIGH(65536)) u_filters_range ();

  // Nobody reads what is being written: synthesis need not care what such a read gives.
  (* no_rw_check *)
  reg [69:0] memory[0:MAX_FILTERS-1];
  reg [69:0] read_q, parameters_q;
  always @(posedge clk_i) begin
    if (param_we_i && {16'd0, param_index_i} < MAX_FILTERS)
      memory[param_index_i[INDEX_W-1:0]] <= {param_shift_i, param_multiplier_i, param_bias_i};
    read_q <= memory[index_i];
    parameters_q <= read_q;
  end
  assign {shift_o, multiplier_o, bias_o} = parameters_q;
endmodule
`default_nettype wire
