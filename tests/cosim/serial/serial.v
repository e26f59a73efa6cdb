`default_nettype none
// A lane for each filter of a tile: all multiply one activation by a weight each, a beat a cycle. The
// cycle behind a tile's last beat gives its sums, where the pass drains.
module serial #(
    parameter LANES = 2,
    parameter ACT_W = 9,
    parameter WEIGHT_W = 8,
    parameter ACC_W = 32,
    parameter COUNTERS_EN = 1,
    parameter VALUE_W = 8,
    parameter MAX_FILTERS = 16
) (
    input  wire                      clk_i,
    input  wire                      rst_ni,
    input  wire                      start_i,
    input  wire [              15:0] beats_i,
    input  wire [              15:0] tiles_i,
    input  wire                      drains_i,
    // Lanes that have a filter, and the operands: multiplied in a cycle where take_o is high.
    input  wire [         LANES-1:0] there_i,
    input  wire [         ACT_W-1:0] act_i,
    input  wire [LANES*WEIGHT_W-1:0] weight_i,
    output wire                      take_o,
    output wire                      sum_valid_o,
    output wire [   LANES*ACC_W-1:0] sum_o,
    // It has no post-processing.
    input  wire                      param_we_i,
    input  wire [              15:0] param_index_i,
    input  wire [              31:0] param_bias_i,
    input  wire [              31:0] param_multiplier_i,
    input  wire [               5:0] param_shift_i,
    input  wire                      relu_i,
    input  wire [         VALUE_W:0] threshold_i,
    input  wire [         VALUE_W:0] zero_point_i,
    input  wire [         VALUE_W:0] low_i,
    input  wire [         VALUE_W:0] high_i,
    input  wire                      raw_i,
    output wire                      busy_o,
    output wire [              47:0] cycles_o,
    output wire [          3*48-1:0] counters_o
);
  reg busy_q;
  reg [15:0] beat_q, tile_q;
  reg [47:0] cycles_q, effectual_q, wasted_q, idle_q;
  assign busy_o = busy_q;
  assign take_o = busy_q && beat_q != beats_i;
  assign sum_valid_o = busy_q && beat_q == beats_i;
  assign cycles_o = cycles_q;
  assign counters_o = {idle_q, wasted_q, effectual_q};

  always @(posedge clk_i) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (start_i) begin
      busy_q <= 1'b1;
      {beat_q, tile_q, cycles_q} <= 80'd0;
    end else if (busy_q) begin
      cycles_q <= cycles_q + 48'd1;
      beat_q <= take_o ? beat_q + 16'd1 : 16'd0;
      if (take_o && !drains_i && beat_q + 16'd1 == beats_i) busy_q <= 1'b0;
      if (sum_valid_o) begin
        tile_q <= tile_q + 16'd1;
        if (tile_q + 16'd1 == tiles_i) busy_q <= 1'b0;
      end
    end
  end

  // Of each lane: what it does in a cycle.
  reg [47:0] effectual_d, wasted_d;
  integer n;
  always @* begin
    effectual_d = 48'd0;
    wasted_d = 48'd0;
    for (n = 0; n < LANES; n = n + 1)
      if (take_o && there_i[n])
        if (act_i != 0 && weight_i[n*WEIGHT_W+:WEIGHT_W] != 0) effectual_d = effectual_d + 48'd1;
        else wasted_d = wasted_d + 48'd1;
  end
  always @(posedge clk_i) begin
    if (start_i) {effectual_q, wasted_q, idle_q} <= 144'd0;
    else if (busy_q) begin
      effectual_q <= effectual_q + effectual_d;
      wasted_q <= wasted_q + wasted_d;
      idle_q <= idle_q + LANES - effectual_d - wasted_d;
    end
  end

  genvar i;
  generate
    for (i = 0; i < LANES; i = i + 1) begin : g_lane
      reg signed [ACC_W-1:0] sum_q;
      wire signed [WEIGHT_W-1:0] weight = weight_i[i*WEIGHT_W+:WEIGHT_W];
      wire signed [ACC_W-1:0] product = $signed(act_i) * weight;
      assign sum_o[i*ACC_W+:ACC_W] = sum_q;
      always @(posedge clk_i)
        if (!rst_ni || sum_valid_o) sum_q <= {ACC_W{1'b0}};
        else if (take_o) sum_q <= sum_q + product;
    end
  endgenerate
endmodule
`default_nettype wire
