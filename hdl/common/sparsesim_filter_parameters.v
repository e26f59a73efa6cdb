`default_nettype none
// Parameters of the filters of a pass, and which of them each sum of a column belongs to.
//
// Sums come tile by tile, a tile's rows rising; last_i marks a tile's last. With POSITIONS_INNER =
// 0 they are of filters 0, 1, ... up to the last of filter_tiles_i tiles, then from 0 again. With
// POSITIONS_INNER = 1 they are position_tiles_i times those of a tile, then those of the next tile.
//
// Cycle contract: the sum of cycle t has its parameters and closes_o in cycle t + 2, as
// sparsesim_filter_memory has it. A parameter that is written in cycle t is there for
// sums from t + 1 on.
//
// Example, POSITIONS_INNER = 0, tiles of 2 and 1 rows: sums with last_i 0 1 1 0 1 1 are of filters
// 0 1 2 0 1 2, and close in the third and the sixth.
//
// Twin: the order of results in sparsesim/machines/inner_join. Test:
// test_sparsesim_filter_parameters.py.
module sparsesim_filter_parameters #(
    // Filters that have parameters; 512 take one 36 Kbit block RAM. 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Loop order of the array: 0 filters_inner, 1 positions_inner. 0 to 1.
    parameter POSITIONS_INNER = 0
) (
    input  wire        clk_i,
    input  wire        rst_ni,
    // The pass starts: filters are counted from 0.
    input  wire        start_i,
    // Static while busy: filter tiles of the pass; position tiles in which this column is active.
    input  wire [15:0] filter_tiles_i,
    input  wire [15:0] position_tiles_i,
    // Writes the parameters of a filter; none with a number of MAX_FILTERS or more.
    input  wire        param_we_i,
    input  wire [15:0] param_index_i,
    input  wire [31:0] param_bias_i,
    input  wire [31:0] param_multiplier_i,
    input  wire [ 5:0] param_shift_i,
    // A sum of the column; it is the last of its tile.
    input  wire        valid_i,
    input  wire        last_i,
    // Its parameters, two cycles later; it closes the channels of its position (in this tile, where
    // positions are inner).
    output wire [31:0] bias_o,
    output wire [31:0] multiplier_o,
    output wire [ 5:0] shift_o,
    output wire        closes_o
);
  sparsesim_parameter_range #(.NAME("max_filters"), .VALUE(MAX_FILTERS), .LOW(1), .HIGH(65536)) u_filters_range ();
  sparsesim_parameter_range #(.NAME("positions_inner"), .VALUE(POSITIONS_INNER), .LOW(0), .HIGH(1)) u_inner_range ();

  localparam INDEX_W = MAX_FILTERS > 1 ? $clog2(MAX_FILTERS) : 1;

  // The filter of the next sum, the first one of its tile, tiles done along the inner loop.
  reg [INDEX_W-1:0] filter_q, filter_d, first_q, first_d;
  reg [15:0] tile_q, tile_d;
  wire [INDEX_W-1:0] next = filter_q + 1'b1;
  wire [15:0] tiles = POSITIONS_INNER != 0 ? position_tiles_i : filter_tiles_i;
  wire ends_loop = tile_q == tiles - 16'd1;
  wire closes = last_i && (POSITIONS_INNER != 0 || ends_loop);
  always @* begin
    filter_d = filter_q;
    first_d  = first_q;
    tile_d   = tile_q;
    if (valid_i) filter_d = next;
    if (valid_i && last_i) begin
      tile_d = ends_loop ? 16'd0 : tile_q + 16'd1;
      if (POSITIONS_INNER == 0 && ends_loop) filter_d = {INDEX_W{1'b0}};
      if (POSITIONS_INNER != 0 && ends_loop) first_d = next;
      if (POSITIONS_INNER != 0 && !ends_loop) filter_d = first_q;
    end
    if (start_i) begin
      filter_d = {INDEX_W{1'b0}};
      first_d  = {INDEX_W{1'b0}};
      tile_d   = 16'd0;
    end
  end

  sparsesim_filter_memory #(
      .MAX_FILTERS(MAX_FILTERS)
  ) u_memory (
      .clk_i             (clk_i),
      .param_we_i        (param_we_i),
      .param_index_i     (param_index_i),
      .param_bias_i      (param_bias_i),
      .param_multiplier_i(param_multiplier_i),
      .param_shift_i     (param_shift_i),
      .index_i           (filter_q),
      .bias_o            (bias_o),
      .multiplier_o      (multiplier_o),
      .shift_o           (shift_o)
  );
  reg closing_q, closes_q;
  always @(posedge clk_i) begin
    filter_q <= rst_ni ? filter_d : {INDEX_W{1'b0}};
    first_q  <= rst_ni ? first_d : {INDEX_W{1'b0}};
    tile_q   <= rst_ni ? tile_d : 16'd0;
    closing_q <= closes;
    closes_q  <= closing_q;
  end
  assign closes_o = closes_q;
endmodule
`default_nettype wire
