`default_nettype none
// Multiplier slots by class, summed over the array and the pass.
//
// Cycle contract: events of a cycle are counted one cycle later, products three more; the sums are
// right when the pass is over. All that is counted lies before the last entry.
//
// `counters_o` holds effectual, ineffectual, unused, inactive, load_wait, imbalance, drain_wait,
// stash_wait, fill_drain, the first in the low 48 bits; together they are ROWS * LANES * cycles.
//
// Example: docs/machines/stream.md, "Classes". Twin: classes of the machine's count. Test:
// test_stream_array.py.
module stream_class_counters #(
    // Rows, 1 to 1024.
    parameter ROWS = 16,
    // Lanes of a row, 1 to 256.
    parameter LANES = 16,
    // Rounds of a chunk, a power of two, 1 to 256.
    parameter STASH = 16,
    // Whether entries of value zero are fillers, 0 to 1: zeros are skipped.
    parameter SKIPS = 1
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    // A pass starts; its shape (stream_pass_shape.v); rows that have a vector in the last round; its
    // length.
    input  wire                  start_i,
    input  wire [          15:0] blocks_i,
    input  wire [          15:0] rounds_i,
    input  wire [          15:0] tiles_i,
    input  wire [           8:0] last_lanes_i,
    input  wire                  chunked_i,
    input  wire [      ROWS-1:0] in_last_i,
    input  wire [          47:0] cycles_i,
    // Of this cycle, of each row: an entry is taken, its value is zero, its tile is an edge tile, it
    // is the row's last one of the segment; an item may take an entry; the row has a half, of a
    // segment without an item of its own.
    input  wire [      ROWS-1:0] take_i,
    input  wire [      ROWS-1:0] zero_i,
    input  wire [      ROWS-1:0] edge_i,
    input  wire [      ROWS-1:0] ends_i,
    input  wire [      ROWS-1:0] item_ready_i,
    input  wire [      ROWS-1:0] here_i,
    input  wire [      ROWS-1:0] skip_i,
    // Multipliers with two operands that are not zero, three cycles behind the entry.
    input  wire [ROWS*LANES-1:0] effectual_i,
    // Loader: the segment's first word was taken, or is; its last one is.
    input  wire                  begun_i,
    input  wire                  loaded_i,
    output wire [      9*48-1:0] counters_o
);
  localparam PLACE_W = $clog2(STASH);
  localparam LAST_PLACE = STASH - 1;

  function [5:0] ones;
    input [31:0] bits;
    reg [31:0] pairs, nibbles, bytes;
    begin
      pairs = bits - ((bits >> 1) & 32'h55555555);
      nibbles = (pairs & 32'h33333333) + ((pairs >> 2) & 32'h33333333);
      bytes = (nibbles + (nibbles >> 4)) & 32'h0f0f0f0f;
      bytes = bytes + (bytes >> 16);
      bytes = bytes + (bytes >> 8);
      ones = bytes[5:0];
    end
  endfunction

  // Segments of a tile, and of those that have no item of a row without a vector in the last round.
  wire [15:0] last_round = rounds_i - 16'd1;
  wire [31:0] chunks = chunked_i ? {16'd0, last_round >> PLACE_W} + 32'd1 : 32'd1;
  wire [31:0] segments = chunks * {16'd0, blocks_i};
  wire last_alone = chunked_i ? (last_round & LAST_PLACE[15:0]) == 16'd0 : last_round == 16'd0;
  wire [31:0] fewer = last_alone ? segments - {16'd0, blocks_i} : segments;
  wire [ROWS-1:0] has_none = last_round == 16'd0 ? ~in_last_i : {ROWS{1'b0}};

  // The segment that is loaded, or is next.
  reg [31:0] loading_q;
  always @(posedge clk_i) loading_q <= start_i ? 32'd0 : loading_q + {31'd0, loaded_i};

  // Rows: the segment of a row's next item, the first one of its tile, its tile.
  wire [ROWS-1:0] started, finished, begun;
  genvar i;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : g_row
      reg started_q, finished_q;
      reg [31:0] next_q, first_q;
      reg [15:0] tile_q;
      wire ends_tile = next_q + 32'd1 == first_q + (in_last_i[i] ? segments : fewer);
      always @(posedge clk_i) begin
        if (take_i[i]) started_q <= 1'b1;
        if (ends_i[i]) begin
          next_q <= ends_tile ? first_q + segments : next_q + 32'd1;
          if (ends_tile) begin
            first_q <= first_q + segments;
            tile_q  <= tile_q + 16'd1;
            if (tile_q + 16'd1 == tiles_i) finished_q <= 1'b1;
          end
        end
        if (start_i) begin
          {started_q, finished_q} <= 2'b00;
          {next_q, first_q} <= 64'd0;
          tile_q <= 16'd0;
        end
      end
      assign started[i]  = started_q;
      assign finished[i] = finished_q;
      assign begun[i] = next_q < loading_q || (next_q == loading_q && begun_i);
    end
  endgenerate
  wire all_finished = (finished | has_none) == {ROWS{1'b1}};

  // Classes of rows.
  wire [ROWS-1:0] idle = started & ~finished & ~item_ready_i;
  wire [ROWS-1:0] stashing = idle & here_i & ~skip_i;
  wire [ROWS-1:0] loading = idle & ~stashing & begun;
  wire [ROWS-1:0] behind = (idle & ~stashing & ~begun) | (all_finished ? {ROWS{1'b0}} : finished);
  wire [ROWS-1:0] draining = item_ready_i & ~take_i;
  wire [ROWS-1:0] fillers = SKIPS != 0 ? take_i & zero_i : {ROWS{1'b0}};
  wire [ROWS-1:0] pairs = take_i & ~fillers;

  // Counted, 32 rows at a time.
  localparam WORDS = (ROWS + 31) / 32;
  localparam SLOT_WORDS = (ROWS * LANES + 31) / 32;
  reg [8*32*WORDS-1:0] rows_q;
  reg [32*SLOT_WORDS-1:0] slots_q;
  reg [8*16-1:0] count;
  reg [23:0] effectual_d;
  reg [8*48-1:0] sum_q;
  reg [47:0] effectual_q;
  integer n, w;
  always @* begin
    effectual_d = 24'd0;
    for (w = 0; w < SLOT_WORDS; w = w + 1) effectual_d = effectual_d + {18'd0, ones(slots_q[32*w+:32])};
    for (n = 0; n < 8; n = n + 1) begin
      count[16*n+:16] = 16'd0;
      for (w = 0; w < WORDS; w = w + 1) count[16*n+:16] = count[16*n+:16] + {10'd0, ones(rows_q[32*(WORDS*n+w)+:32])};
    end
  end
  function [32*WORDS-1:0] padded;
    input [ROWS-1:0] bits;
    begin
      padded = {32 * WORDS{1'b0}};
      padded[ROWS-1:0] = bits;
    end
  endfunction
  integer c;
  always @(posedge clk_i) begin
    rows_q <= {
      padded(pairs & ~edge_i),
      padded(pairs & edge_i),
      padded(fillers & ~edge_i),
      padded(fillers & edge_i),
      padded(loading),
      padded(behind),
      padded(draining),
      padded(stashing)
    };
    slots_q[ROWS*LANES-1:0] <= effectual_i;
    for (c = 0; c < 8; c = c + 1) sum_q[48*c+:48] <= sum_q[48*c+:48] + {32'd0, count[16*c+:16]};
    effectual_q <= effectual_q + {24'd0, effectual_d};
    if (start_i || !rst_ni) begin
      sum_q <= {8 * 48{1'b0}};
      effectual_q <= 48'd0;
      rows_q  <= {8 * 32 * WORDS{1'b0}};
      slots_q <= {32 * SLOT_WORDS{1'b0}};
    end
  end

  // Rows without a vector.
  reg [15:0] without;
  always @* begin
    without = 16'd0;
    for (n = 0; n < ROWS; n = n + 1) without = without + {15'd0, has_none[n]};
  end

  localparam [47:0] WIDE_LANES = {16'd0, LANES[31:0]};
  localparam [47:0] WIDE_ROWS = {16'd0, ROWS[31:0]};
  wire [47:0] edges = {39'd0, last_lanes_i};
  wire [47:0] worked = sum_q[48*7+:48] * WIDE_LANES + sum_q[48*6+:48] * edges;
  wire [47:0] unused_lanes = sum_q[48*5+:48] * WIDE_LANES + sum_q[48*4+:48] * edges;
  wire [47:0] taken = sum_q[48*7+:48] + sum_q[48*6+:48] + sum_q[48*5+:48] + sum_q[48*4+:48];
  wire [47:0] inactive = (sum_q[48*6+:48] + sum_q[48*4+:48]) * (WIDE_LANES - edges) + {32'd0, without} * cycles_i * WIDE_LANES;
  wire [47:0] known = (taken + sum_q[48*3+:48] + sum_q[48*2+:48] + sum_q[48*1+:48] + sum_q[48*0+:48] + {32'd0, without} * cycles_i) * WIDE_LANES;
  assign counters_o = {
    cycles_i * WIDE_ROWS * WIDE_LANES - known,
    sum_q[48*0+:48] * WIDE_LANES,
    sum_q[48*1+:48] * WIDE_LANES,
    sum_q[48*2+:48] * WIDE_LANES,
    sum_q[48*3+:48] * WIDE_LANES,
    inactive,
    unused_lanes,
    worked - effectual_q,
    effectual_q
  };
endmodule
`default_nettype wire
