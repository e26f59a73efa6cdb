`default_nettype none
// The loader of all rows' stores: segment by segment, for each tile, for each chunk, for each block,
// it takes the block's words and hands them to all rows at once.
//
// Cycle contract: docs/machines/stream.md, "Cycles of a pass": a word a cycle from the cycle first[t]
// on, cycle 0 being the one behind start_i. What a row takes in cycle t of the last word is known to it
// FEED_LATENCY cycles later, and a half that a row left in cycle t is free FEED_LATENCY cycles later.
// From a FEED_LATENCY of 2 on no path crosses the array.
//
// Turns: loaded_next_o has one for each half of the store, turned over as it has been loaded, as it is
// for rows in the next cycle, so that a row has a register of its own behind it; done_i of each
// row likewise, as the row is through with it. A half is free where all are equal.
//
// segment_o says of the segment that was loaded last, coming_o of the one that is loaded, or is next:
//   0 first block   1 last block   2 odd block: rounds fall   3 the tile's last chunk
//   4 edge tile     5 it has the last round alone             6, 7 its tile's number, modulo 4
//
// Example, FEED_LATENCY = 1, two blocks of 3 words: words in cycles 0 to 2 and 3 to 5; the next tile's
// from the cycle on behind the one in which the last row left the first half.
//
// Twin: tests/naive_stream.py. Test: test_stream_loader.py.
module stream_loader #(
    // Rows, 1 to 1024.
    parameter ROWS = 16,
    // Values of a word, 1 to 256.
    parameter LANES = 16,
    // Words of a half of a store, a power of two, 16 to 4096.
    parameter DEPTH = 256,
    // Rounds of a chunk, a power of two, 1 to 256.
    parameter STASH = 16,
    // Cycles from a word to its use, and from a freed half to the knowledge of it, 1 to 16.
    parameter FEED_LATENCY = 1,
    // Width of a value, 2 to 16.
    parameter HELD_W = 8,
    // Width of an address; derived, leave it.
    parameter ADDRESS_W = $clog2(DEPTH) + 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // A pass begins; its shape (stream_pass_shape.v) is static while it is under way.
    input  wire                    start_i,
    input  wire [            12:0] words_i,
    input  wire [            12:0] last_words_i,
    input  wire [            15:0] blocks_i,
    input  wire [            15:0] rounds_i,
    input  wire [            15:0] tiles_i,
    input  wire                    edge_i,
    input  wire                    chunked_i,
    // Words: taken in a cycle where both are high.
    input  wire                    word_valid_i,
    output wire                    word_ready_o,
    input  wire [LANES*HELD_W-1:0] word_i,
    // To all rows, and from them: halves done, row i's at [2*i +: 2].
    output wire                    write_o,
    output wire [   ADDRESS_W-1:0] write_address_o,
    output wire [LANES*HELD_W-1:0] word_o,
    output wire [             1:0] loaded_next_o,
    output wire [             7:0] segment_o,
    output wire [             7:0] coming_o,
    input  wire [      2*ROWS-1:0] done_i,
    // Indices of the first vectors of four tiles, by the tile's number modulo 4.
    output wire [            63:0] bases_o,
    // Words are left to load; a segment's first one was taken or is, its last one is.
    output wire                    open_o,
    output wire                    begun_o,
    output wire                    ends_o
);
  localparam PLACE_W = $clog2(STASH);
  localparam INDEX_W = ADDRESS_W - 1;
  localparam LAST_PLACE = STASH - 1;
  localparam [INDEX_W-1:0] TWO = 2;

  // The pass: whether a count has one step alone, and its last step but one or two, counted from 0.
  // A segment has up to DEPTH words, so a word's number is an index.
  reg one_block_q, two_blocks_q, one_chunk_q, two_chunks_q, one_word_q, last_has_one_q, last_alone_q;
  reg [15:0] two_before_block_q, two_before_chunk_q, two_before_tile_q;
  reg [INDEX_W-1:0] before_word_q, last_before_word_q;
  wire [15:0] last_round = rounds_i - 16'd1;
  wire [15:0] last_chunk = chunked_i ? last_round >> PLACE_W : 16'd0;
  wire one_block = blocks_i == 16'd1;
  wire two_blocks = blocks_i == 16'd2;
  wire one_chunk = last_chunk == 16'd0;
  wire two_chunks = last_chunk == 16'd1;
  wire one_tile = tiles_i == 16'd1;
  wire one_word = words_i == 13'd1;
  wire last_has_one = last_words_i == 13'd1;
  wire [INDEX_W-1:0] before_word = words_i[INDEX_W-1:0] - TWO;
  wire [INDEX_W-1:0] last_before_word = last_words_i[INDEX_W-1:0] - TWO;
  always @(posedge clk_i) begin
    {one_block_q, two_blocks_q} <= {one_block, two_blocks};
    {one_chunk_q, two_chunks_q} <= {one_chunk, two_chunks};
    two_before_block_q <= blocks_i - 16'd3;
    two_before_chunk_q <= last_chunk - 16'd2;
    two_before_tile_q <= tiles_i - 16'd3;
    before_word_q <= before_word;
    last_before_word_q <= last_before_word;
    {one_word_q, last_has_one_q} <= {one_word, last_has_one};
    last_alone_q <= chunked_i ? (last_round & LAST_PLACE[15:0]) == 16'd0 : last_round == 16'd0;
  end

  // Halves that all rows are through with.
  reg [1:0] all_high, all_low;
  integer i;
  always @* begin
    all_high = 2'b11;
    all_low  = 2'b11;
    for (i = 0; i < ROWS; i = i + 1) begin
      all_high = all_high & done_i[2*i+:2];
      all_low  = all_low & ~done_i[2*i+:2];
    end
  end
  // Known now; with a FEED_LATENCY of 2 or more a cycle ahead.
  localparam AHEAD = FEED_LATENCY > 1 ? 1 : 0;
  wire [1:0] high, low;
  sparsesim_delay #(
      .WIDTH (4),
      .CYCLES(FEED_LATENCY - 1 - AHEAD)
  ) u_done (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({all_high, all_low}),
      .q_o   ({high, low})
  );

  // Where it is. What is the last of a count is known before, so that no path goes through counters.
  reg open_q;
  reg [1:0] loaded_q;
  reg [15:0] block_q, chunk_q, tile_q;
  reg [INDEX_W-1:0] word_q, before_last_q;
  reg first_block_q, last_block_q, last_chunk_q, last_tile_q, last_word_q;
  reg next_block_is_last_q, next_chunk_is_last_q, next_tile_is_last_q;
  reg [7:0] segment_q;
  reg [15:0] base_q;
  reg [63:0] bases_q;
  reg half_q;
  wire [1:0] free = (loaded_q & high) | (~loaded_q & low);
  wire this_free = half_q ? free[1] : free[0];
  wire other_free = half_q ? free[0] : free[1];
  // The segment is the tile's last, the pass's.
  reg ends_tile_q, ends_pass_q;
  wire take = word_valid_i && word_ready_o;
  wire ends = take && last_word_q;
  wire [1:0] loaded_d = loaded_q ^ {ends && half_q, ends && !half_q};
  wire ends_chunk = ends && last_block_q;
  generate
    if (AHEAD) begin : g_ahead
      reg ready_q;
      wire ready_d = ends ? other_free && !ends_pass_q : this_free && (open_q || start_i);
      always @(posedge clk_i) ready_q <= ready_d && rst_ni;
      assign word_ready_o = ready_q;
    end else begin : g_now
      assign word_ready_o = open_q && this_free;
      wire unused = &{1'b0, other_free};
    end
  endgenerate
  // Of the next segment.
  wire last_chunk_d = last_block_q ? next_chunk_is_last_q : last_chunk_q;
  wire last_tile_d = ends_tile_q ? next_tile_is_last_q : last_tile_q;
  wire [7:0] segment = {
    tile_q[1:0],
    last_alone_q && last_chunk_q,
    edge_i && last_tile_q,
    last_chunk_q,
    block_q[0],
    last_block_q,
    first_block_q
  };
  always @(posedge clk_i) begin
    if (take) begin
      word_q <= last_word_q ? {INDEX_W{1'b0}} : word_q + 1'b1;
      if (last_word_q) last_word_q <= next_block_is_last_q ? last_has_one_q : one_word_q;
      else last_word_q <= word_q == before_last_q;
      bases_q[16*tile_q[1:0]+:16] <= base_q;
    end
    loaded_q <= loaded_d;
    if (ends) begin
      segment_q <= segment;
      half_q <= !half_q;
      block_q <= last_block_q ? 16'd0 : block_q + 16'd1;
      first_block_q <= last_block_q;
      last_block_q <= next_block_is_last_q;
      before_last_q <= next_block_is_last_q ? last_before_word_q : before_word_q;
      last_chunk_q <= last_chunk_d;
      last_tile_q <= last_tile_d;
      tile_q <= tile_q + {15'd0, ends_tile_q};
      base_q <= base_q + (ends_tile_q ? LANES[15:0] : 16'd0);
      ends_tile_q <= next_block_is_last_q && last_chunk_d;
      ends_pass_q <= next_block_is_last_q && last_chunk_d && last_tile_d;
      next_block_is_last_q <= one_block_q || (two_blocks_q && last_block_q)
          || block_q == two_before_block_q;
      if (ends_tile_q) next_tile_is_last_q <= tile_q == two_before_tile_q;
    end
    if (ends_chunk) begin
      chunk_q <= last_chunk_q ? 16'd0 : chunk_q + 16'd1;
      next_chunk_is_last_q <= one_chunk_q || (two_chunks_q && last_chunk_q)
          || chunk_q == two_before_chunk_q;
    end
    open_q <= start_i || (open_q && !(ends && ends_pass_q));
    if (start_i) begin
      tile_q <= 16'd0;
      base_q <= 16'd0;
      first_block_q <= 1'b1;
      {last_block_q, last_chunk_q, last_tile_q} <= {one_block, one_chunk, one_tile};
      {ends_tile_q, ends_pass_q} <= {one_block && one_chunk, one_block && one_chunk && one_tile};
      last_word_q <= one_block ? last_has_one : one_word;
      before_last_q <= one_block ? last_before_word : before_word;
      next_block_is_last_q <= one_block || two_blocks;
      next_chunk_is_last_q <= one_chunk || two_chunks;
      next_tile_is_last_q <= tiles_i == 16'd2;
    end
    if (!rst_ni) begin
      open_q <= 1'b0;
      {half_q, loaded_q} <= 3'b000;
      {block_q, chunk_q} <= 32'd0;
      word_q <= {INDEX_W{1'b0}};
    end
  end

  // To the rows.
  reg write_q;
  reg [ADDRESS_W-1:0] address_q;
  reg [LANES*HELD_W-1:0] taken_q;
  always @(posedge clk_i) begin
    write_q   <= take;
    address_q <= {half_q, word_q};
    taken_q   <= word_i;
  end
  sparsesim_delay #(
      .WIDTH (ADDRESS_W + LANES * HELD_W + 17),
      .CYCLES(FEED_LATENCY - 1),
      .RESET (1)
  ) u_rows (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({write_q, address_q, taken_q, segment_q, segment}),
      .q_o   ({write_o, write_address_o, word_o, segment_o, coming_o})
  );

  sparsesim_delay #(
      .WIDTH (2),
      .CYCLES(FEED_LATENCY - 1),
      .RESET (1)
  ) u_loaded (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (loaded_d),
      .q_o   (loaded_next_o)
  );

  assign open_o = open_q;
  assign bases_o = bases_q;
  assign begun_o = take || word_q != {INDEX_W{1'b0}};
  assign ends_o = ends;
endmodule
`default_nettype wire
