`default_nettype none
// Proves of the loader (stream_loader.v): no word is written into a half that a row still works on,
// each segment's words come in order and in full, and rows are told of each half once.
//
// Free: when words are offered, and when a row gives a half back (not one that it was not told of:
// stream_items.v); the shape of passes, which follow each other when all is quiet.
module stream_loader_properties #(
    parameter FEED_LATENCY = 1
) (
    input wire       clk_i,
    input wire       rst_ni,
    input wire       start_i,
    input wire       valid_i,
    input wire [1:0] done_i
);
  localparam ROWS = 2;
  (* anyconst *) wire [1:0] words, last_words, blocks, rounds, tiles;
  (* anyconst *) wire chunked;
  // Reset is held for two cycles, and no more.
  reg started_q = 1'b0, begun_q = 1'b0;
  always @(posedge clk_i) {started_q, begun_q} <= {begun_q, 1'b1};
  always @* begin
    assume (rst_ni == started_q);
    assume (words != 0 && last_words != 0 && blocks != 0 && rounds != 0 && tiles != 0);
    assume (last_words <= words);
  end

  // Rows: which half is theirs next.
  reg [2*ROWS-1:0] done_q;
  reg [ROWS-1:0] half_q;
  reg [1:0] loaded;
  wire [1:0] loaded_next;
  always @(posedge clk_i) loaded <= rst_ni ? loaded_next : 2'b00;
  wire ready, write, open;
  wire [4:0] address;
  wire [ROWS-1:0] has;
  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_row
      assign has[r] = half_q[r] ? loaded[1] ^ done_q[2*r+1] : loaded[0] ^ done_q[2*r];
      wire gives = done_i[r] && has[r];
      always @(posedge clk_i) begin
        if (gives) begin
          half_q[r] <= !half_q[r];
          if (half_q[r]) done_q[2*r+1] <= !done_q[2*r+1];
          else done_q[2*r] <= !done_q[2*r];
        end
        if (!rst_ni) begin
          half_q[r] <= 1'b0;
          done_q[2*r+:2] <= 2'b00;
        end
      end
    end
  endgenerate
  // A pass starts when the one before is over, for the rows too, and the loader knows it.
  reg [4:0] quiet_q;
  wire starts = start_i && quiet_q > FEED_LATENCY;
  always @(posedge clk_i) begin
    quiet_q <= open || has != 0 || starts ? 5'd0 : quiet_q == 5'd31 ? quiet_q : quiet_q + 5'd1;
    if (!rst_ni) quiet_q <= 5'd0;
  end

  wire [1:0] unused_1;
  stream_loader #(
      .ROWS        (ROWS),
      .LANES       (1),
      .DEPTH       (16),
      .STASH       (1),
      .FEED_LATENCY(FEED_LATENCY),
      .HELD_W      (2)
  ) u_loader (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (starts),
      .words_i        ({11'd0, words}),
      .last_words_i   ({11'd0, last_words}),
      .blocks_i       ({14'd0, blocks}),
      .rounds_i       ({14'd0, rounds}),
      .tiles_i        ({14'd0, tiles}),
      .edge_i         (1'b0),
      .chunked_i      (chunked),
      .word_valid_i   (valid_i),
      .word_ready_o   (ready),
      .word_i         (2'd0),
      .write_o        (write),
      .write_address_o(address),
      .loaded_next_o  (loaded_next),
      .done_i         (done_q),
      .open_o         (open)
  );

  // The half that is written, and what was written of it.
  wire takes = valid_i && ready;
  reg half_now_q;
  reg [1:0] told_q;  // turns of halves as they are loaded, at once
  reg [3:0] next_q;
  reg [1:0] block_q;
  wire [1:0] due = block_q == blocks - 2'd1 ? last_words : words;
  wire ends = takes && next_q == {2'd0, due} - 4'd1;
  always @(posedge clk_i) begin
    if (takes) next_q <= ends ? 4'd0 : next_q + 4'd1;
    if (ends) begin
      half_now_q <= !half_now_q;
      told_q[half_now_q] <= !told_q[half_now_q];
      block_q <= block_q == blocks - 2'd1 ? 2'd0 : block_q + 2'd1;
    end
    if (!rst_ni) begin
      told_q <= 2'b00;
      {half_now_q, next_q, block_q} <= 7'd0;
    end
  end
  reg takes_q, half_q_1;
  reg [3:0] next_q_1;
  always @(posedge clk_i) begin
    takes_q  <= takes && rst_ni;
    half_q_1 <= half_now_q;
    next_q_1 <= next_q;
  end
  integer i;
  always @* if (started_q && rst_ni) begin
    for (i = 0; i < ROWS; i = i + 1)
      if (takes) assert (done_q[2*i+half_now_q] == told_q[half_now_q]);
    if (FEED_LATENCY == 1) begin
      assert (write == takes_q);
      if (write) assert (address == {half_q_1, next_q_1});
      assert (loaded == told_q);
    end
    assert (!ready || open);
  end
  reg [1:0] reused_q;
  always @(posedge clk_i) begin
    if (ends) reused_q <= reused_q + 2'd1;
    if (!rst_ni) reused_q <= 2'd0;
    cover (started_q && reused_q == 2'd3 && ends && has == 2'b01);
  end
endmodule
`default_nettype wire
