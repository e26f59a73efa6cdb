`default_nettype none
// Proves of credit_fifo: entries leave in order, none lost, doubled or overwritten, whatever a
// sender does that its credits let it do; and it grants all credits that there is place for.
//
// Free: when a credit is used (up to LATENCY cycles late), how long an entry is in the pipeline
// before the FIFO, when the output is taken. One entry, chosen at an arbitrary time, is watched.
module credit_fifo_properties #(
    parameter DEPTH = 4,
    parameter LATENCY = 1
) (
    input wire clk_i,
    input wire rst_ni,
    input wire uses_i,
    input wire comes_out_i,
    input wire ready_i,
    input wire watch_i,
    input wire data_i
);
  localparam COUNT_W = $clog2(DEPTH) + 1;
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* if (!started_q) assume (!rst_ni);

  // Credits of the last LATENCY cycles and of this one that were not used, the newest in bit 0.
  reg [LATENCY-1:0] unused_q;
  wire credit, valid, busy;
  wire [LATENCY:0] unused = {unused_q, credit};
  wire arrive = uses_i && unused != 0;
  reg [LATENCY:0] left;
  integer n;
  always @* begin  // the oldest credit is used
    left = unused;
    for (n = LATENCY; n >= 0; n = n - 1) if (arrive && left == unused && unused[n]) left[n] = 1'b0;
  end
  // Pushed and taken all in all, and inside, modulo twice the depth.
  reg [COUNT_W-1:0] pushed_q, taken_q, inside_q, then_q;
  wire [COUNT_W-1:0] stored = pushed_q - taken_q;
  wire push = comes_out_i && (inside_q != stored || arrive);
  wire data;
  wire takes = valid && ready_i;
  sparsesim_credit_fifo #(
      .WIDTH  (1),
      .DEPTH  (DEPTH),
      .LATENCY(LATENCY)
  ) u_fifo (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .credit_o(credit),
      .arrive_i(arrive),
      .push_i  (push),
      .data_i  (data_i),
      .valid_o (valid),
      .ready_i (ready_i),
      .data_o  (data),
      .busy_o  (busy)
  );
  stream_properties u_output (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .valid_i(valid),
      .ready_i(ready_i),
      .data_i (data)
  );
  reg reset_q, watched_q, data_q;
  reg [COUNT_W-1:0] place_q;
  always @(posedge clk_i) begin
    unused_q <= left[LATENCY-1:0];
    pushed_q <= pushed_q + push;
    taken_q <= taken_q + takes;
    inside_q <= inside_q + arrive - takes;
    then_q <= pushed_q;
    reset_q <= !rst_ni;
    if (push && watch_i && !watched_q) {watched_q, place_q, data_q} <= {1'b1, pushed_q, data_i};
    else if (takes && taken_q == place_q) watched_q <= 1'b0;
    if (!rst_ni) begin
      unused_q <= 0;
      {pushed_q, taken_q, inside_q, then_q, watched_q} <= 0;
    end
  end
  reg [COUNT_W:0] granted;
  always @* begin
    granted = inside_q;
    for (n = 0; n <= LATENCY; n = n + 1) granted = granted + unused[n];
  end
  always @* begin
    if (rst_ni && started_q) begin
      assert (granted <= DEPTH);
      assert (stored <= inside_q);
      assert (busy == (inside_q != 0));
      if (takes && watched_q && taken_q == place_q) assert (data == data_q);
      // What was pushed two cycles ago is at the output, nothing else is.
      assert (valid == (then_q != taken_q));
      // All credits: one for this cycle and each of the LATENCY before.
      assert (credit == (!reset_q && inside_q + LATENCY + 1 <= DEPTH));
    end
  end
  always @(posedge clk_i) begin
    cover (rst_ni && inside_q == DEPTH);
    cover (rst_ni && takes && watched_q && taken_q == place_q && taken_q == DEPTH + 1);
  end
endmodule
`default_nettype wire
