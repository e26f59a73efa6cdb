`default_nettype none
// Proves of mac: the result is the sum of the products of a tile, modulo 2^ACC_W; its overflow bit
// tells whether the sum ever left ACC_W bits; both stand from LEVELS + 4 cycles behind the last
// operands until the next tile's.
//
// Free: operands, idle cycles and ends of tiles. The first operands start a sum.
module mac_properties #(
    parameter LANES = 1,
    parameter ACT_W = 4,
    parameter WEIGHT_W = 4
) (
    input wire                      clk_i,
    input wire                      rst_ni,
    input wire [         LANES-1:0] valid_i,
    input wire [   LANES*ACT_W-1:0] act_i,
    input wire [LANES*WEIGHT_W-1:0] weight_i,
    input wire                      first_i,
    input wire                      last_i
);
  localparam ACC_W = 8, LEVELS = LANES > 1 ? $clog2(LANES) : 0, WAY = LEVELS + 4;
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* begin
    if (!started_q) assume (!rst_ni);
    else assume (rst_ni);
  end
  wire [ACC_W-1:0] result;
  wire overflow;
  sparsesim_mac #(
      .LANES   (LANES),
      .ACT_W   (ACT_W),
      .WEIGHT_W(WEIGHT_W),
      .ACC_W   (ACC_W)
  ) u_mac (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .valid_i   (valid_i),
      .act_i     (act_i),
      .weight_i  (weight_i),
      .first_i   (first_i),
      .last_i    (last_i),
      .result_o  (result),
      .overflow_o(overflow)
  );

  // The sum without a pipeline.
  reg summing_q, overflowed_q;
  reg signed [ACC_W-1:0] sum_q;
  reg signed [15:0] sum;
  reg signed [ACT_W-1:0] act;
  reg signed [WEIGHT_W-1:0] weight;
  integer n;
  always @* begin
    sum = first_i ? 16'sd0 : sum_q;
    for (n = 0; n < LANES; n = n + 1) begin
      act = act_i[n*ACT_W+:ACT_W];
      weight = weight_i[n*WEIGHT_W+:WEIGHT_W];
      if (valid_i[n]) sum = sum + act * weight;
    end
  end
  wire overflows = sum > 127 || sum < -128 || (overflowed_q && !first_i);
  wire summing = summing_q || first_i;
  always @(posedge clk_i) begin
    summing_q <= summing && rst_ni;
    overflowed_q <= overflows;
    sum_q <= sum[ACC_W-1:0];
  end

  // It on its way to the result.
  reg [(ACC_W+2)*(WAY-1)-1:0] way_q;
  reg known_q, expected_overflow_q;
  reg [ACC_W-1:0] expected_q;
  wire arrives, arriving_overflow;
  wire [ACC_W-1:0] arriving;
  assign {arrives, arriving_overflow, arriving} = way_q[(ACC_W+2)*(WAY-2)+:ACC_W+2];
  always @(posedge clk_i) begin
    way_q <= (way_q << (ACC_W + 2)) | {last_i && summing && rst_ni, overflows, sum[ACC_W-1:0]};
    if (arrives) {known_q, expected_overflow_q, expected_q} <= {1'b1, arriving_overflow, arriving};
    if (!rst_ni) begin
      known_q <= 1'b0;
      way_q   <= 0;
    end
  end
  always @* begin
    if (started_q) assume (!last_i || summing);
    if (started_q && known_q) assert ({overflow, result} == {expected_overflow_q, expected_q});
  end
  always @(posedge clk_i) begin
    cover (started_q && known_q && overflow);
    cover (started_q && known_q && arrives && !overflow && result == 8'h7f);
  end
endmodule
`default_nettype wire
