`default_nettype none
// A row: a stream of entries, a store of words, LANES multipliers that share the entries' indices,
// and a stash of sums.
//
// Cycle contract: docs/machines/stream.md, "Cycles of a pass". An entry that is taken in cycle t reads
// its word in t + 1, is multiplied in t + 4 and added in t + 5. A result that leaves in cycle t stands
// at result_o in t + 2 + LEVELS (stream_result_mux.v).
//
// Example: docs/machines/stream.md. Twin: tests/naive_stream.py. Test: test_stream_array.py.
module stream_row #(
    // Multipliers, 1 to 256.
    parameter LANES = 16,
    // Words of a half of the store, a power of two, 16 to 4096.
    parameter DEPTH = 256,
    // Sums of a lane in the stash, a power of two, 1 to 256.
    parameter STASH = 16,
    // Width of an entry's value, signed, 2 to 16.
    parameter ENTRY_W = 9,
    // Width of a value of a word, signed, 2 to 16.
    parameter HELD_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // Lanes that share a multiplier, 1 to 2.
    parameter LANES_PER_DSP = 1,
    // Width of a round, at least that of a place in the stash.
    parameter ROUND_W = 12,
    // Whether effectual_o is there, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of an index; derived, leave it.
    parameter INDEX_W = $clog2(DEPTH),
    // Width of a lane's number; derived, leave it.
    parameter LANE_W = LANES > 1 ? $clog2(LANES) : 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // The pass, see stream_items.v; it begins in the next cycle, where the row has a vector in it; it
    // begins in this one. The first lane of an edge tile.
    input  wire                    start_i,
    input  wire                    begins_i,
    input  wire                    drains_i,
    input  wire                    chunked_i,
    input  wire                    continues_i,
    input  wire                    one_round_i,
    input  wire [     ROUND_W-1:0] before_last_i,
    input  wire                    in_last_i,
    input  wire [      LANE_W-1:0] edge_lane_i,
    // From the loader: words, halves; and back.
    input  wire                    write_i,
    input  wire [       INDEX_W:0] write_address_i,
    input  wire [LANES*HELD_W-1:0] word_i,
    input  wire [             1:0] loaded_next_i,
    input  wire [             7:0] segment_i,
    input  wire [             7:0] coming_i,
    output wire [             1:0] done_o,
    // Entries: taken in a cycle where both are high.
    input  wire                    entry_valid_i,
    output wire                    entry_ready_o,
    input  wire [     INDEX_W-1:0] entry_index_i,
    input  wire [     ENTRY_W-1:0] entry_value_i,
    input  wire                    entry_last_i,
    // Results wait for a unit from two cycles on; those that wait are one, are two; they leave from
    // the cycle behind a grant on; the last of them does in two cycles. A result leaves; its round and
    // tile.
    output wire                    asks_o,
    output wire                    one_o,
    output wire                    two_o,
    input  wire                    grant_i,
    output wire                    leaves_o,
    output wire                    leaving_o,
    output wire [     ROUND_W-1:0] round_o,
    output wire [             1:0] tile_o,
    output wire [       ACC_W-1:0] result_o,
    // For the pass's clock and counters, of this cycle: an entry is taken, the last one of an item,
    // and of the segment; an item may take one; the row has a half; a segment without an item of its
    // own; an edge tile; something waits or leaves. Which multipliers had no zero, three cycles behind
    // the entry.
    output wire                    take_o,
    output wire                    last_o,
    output wire                    ends_o,
    output wire                    item_ready_o,
    output wire                    here_o,
    output wire                    skip_o,
    output wire                    edge_o,
    output wire                    open_o,
    output wire [       LANES-1:0] effectual_o
);
  localparam LEVELS = (LANE_W + 3) / 4;
  localparam PLACE_W = STASH > 1 ? $clog2(STASH) : 1;

  wire half, from_start, from_fetched, fetch, fetch_recent, capture, to_unit, fetched, free;
  wire [PLACE_W-1:0] fetch_place;
  wire [ROUND_W-1:0] round;
  wire [1:0] tile;
  stream_items #(
      .STASH  (STASH),
      .ROUND_W(ROUND_W)
  ) u_items (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .begins_i      (begins_i),
      .drains_i      (drains_i),
      .chunked_i     (chunked_i),
      .continues_i   (continues_i),
      .one_round_i   (one_round_i),
      .before_last_i (before_last_i),
      .in_last_i     (in_last_i),
      .loaded_next_i (loaded_next_i),
      .segment_i     (segment_i),
      .coming_i      (coming_i),
      .done_o        (done_o),
      .entry_valid_i (entry_valid_i),
      .entry_last_i  (entry_last_i),
      .entry_ready_o (entry_ready_o),
      .fetched_i     (fetched),
      .free_i        (free),
      .take_o        (take_o),
      .half_o        (half),
      .item_ready_o  (item_ready_o),
      .here_o        (here_o),
      .skip_o        (skip_o),
      .from_start_o  (from_start),
      .from_fetched_o(from_fetched),
      .fetch_o       (fetch),
      .fetch_recent_o(fetch_recent),
      .fetch_place_o (fetch_place),
      .last_o        (last_o),
      .ends_o        (ends_o),
      .capture_o     (capture),
      .to_unit_o     (to_unit),
      .round_o       (round),
      .edge_o        (edge_o),
      .tile_o        (tile)
  );
  wire [LANE_W-1:0] first_lane = edge_o ? edge_lane_i : {LANE_W{1'b0}};

  // Entries: the word, and the value beside it.
  reg half_q, taken_q;
  reg [INDEX_W-1:0] index_q;
  reg [ENTRY_W-1:0] value_q, value_1_q, value_2_q;
  always @(posedge clk_i) begin
    half_q <= half;
    index_q <= entry_index_i;
    taken_q <= take_o;
    value_q <= entry_value_i;
    value_1_q <= taken_q ? value_q : {ENTRY_W{1'b0}};
    value_2_q <= value_1_q;
  end
  wire [LANES*HELD_W-1:0] word;
  stream_store #(
      .LANES (LANES),
      .DEPTH (DEPTH),
      .HELD_W(HELD_W)
  ) u_store (
      .clk_i          (clk_i),
      .write_i        (write_i),
      .write_address_i(write_address_i),
      .word_i         (word_i),
      .read_address_i ({half_q, index_q}),
      .word_o         (word)
  );

  // Fetches and the stash.
  wire read;
  wire [LANE_W-1:0] read_lane;
  wire [PLACE_W-1:0] read_place;
  wire starts_fetching = start_i && continues_i;
  stream_fetch #(
      .LANES  (LANES),
      .PLACE_W(PLACE_W)
  ) u_fetch (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .fetch_i     (fetch || starts_fetching),
      .recent_i    (fetch_recent && !starts_fetching),
      .place_i     (starts_fetching ? {PLACE_W{1'b0}} : fetch_place),
      .first_lane_i(starts_fetching ? edge_lane_i : first_lane),
      .used_i      (from_fetched),
      .stashed_i   (capture && !to_unit),
      .fetched_o   (fetched),
      .read_o      (read),
      .read_lane_o (read_lane),
      .read_place_o(read_place)
  );

  // Results on their way out.
  wire captures, leaving, leaving_to_unit;
  wire [LANE_W-1:0] lane;
  wire [ROUND_W-1:0] leaving_round;
  wire last_leaves, leave_open;
  stream_leave #(
      .LANES  (LANES),
      .ROUND_W(ROUND_W)
  ) u_leave (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .capture_i      (capture),
      .to_unit_i      (to_unit),
      .first_lane_i   (first_lane),
      .round_i        (round),
      .tile_i         (tile),
      .capture_o      (captures),
      .free_o         (free),
      .asks_o         (asks_o),
      .one_o          (one_o),
      .two_o          (two_o),
      .grant_i        (grant_i),
      .ends_o         (leaves_o),
      .leaving_o      (leaving),
      .to_unit_o      (leaving_to_unit),
      .lane_o         (lane),
      .last_o         (last_leaves),
      .round_o        (leaving_round),
      .tile_o         (tile_o),
      .open_o         (leave_open)
  );

  // Multipliers. The first entry of an item takes the start five cycles behind, which is zero then.
  // A register for so many lanes says it.
  localparam GROUP = 4;
  localparam GROUPS = (LANES + GROUP - 1) / GROUP;
  wire starts_next;
  sparsesim_delay #(
      .WIDTH (1),
      .CYCLES(4),
      .RESET (1)
  ) u_starts (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (from_start),
      .q_o   (starts_next)
  );
  wire [GROUPS-1:0] starts, clears;
  genvar g;
  generate
    for (g = 0; g < GROUPS; g = g + 1) begin : g_group
      (* keep *) reg starts_q, clears_q;
      // Not to become one again: `keep` tells Yosys.
      (* keep *)
      always @(posedge clk_i) begin
        starts_q <= starts_next && rst_ni;
        clears_q <= starts_next || !rst_ni;
      end
      assign starts[g] = starts_q;
      assign clears[g] = clears_q;
    end
  endgenerate
  wire load;
  wire [LANE_W-1:0] load_lane;
  sparsesim_delay #(
      .WIDTH (LANE_W + 1),
      .CYCLES(2)
  ) u_load (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({read, read_lane}),
      .q_o   ({load, load_lane})
  );
  wire [ACC_W-1:0] stashed;
  wire [LANES*ACC_W-1:0] results;
  genvar n;
  generate
    for (n = 0; n < LANES; n = n + 1) begin : g_lane
      localparam [31:0] NUMBER = n;
      wire loads = load && load_lane == NUMBER[LANE_W-1:0];
      if (LANES_PER_DSP == 1 || (n % 2 == 0 && n + 1 == LANES)) begin : g_alone
        stream_lane #(
            .ENTRY_W(ENTRY_W),
            .HELD_W (HELD_W),
            .ACC_W  (ACC_W)
        ) u_lane (
            .clk_i       (clk_i),
            .value_i     (value_2_q),
            .held_i      (word[n*HELD_W+:HELD_W]),
            .from_start_i(starts[n/GROUP]),
            .clear_i     (clears[n/GROUP]),
            .load_i      (loads),
            .start_i     (stashed),
            .capture_i   (captures),
            .result_o    (results[n*ACC_W+:ACC_W])
        );
      end else if (n % 2 == 0) begin : g_pair
        stream_pair #(
            .ENTRY_W(ENTRY_W),
            .HELD_W (HELD_W),
            .ACC_W  (ACC_W)
        ) u_pair (
            .clk_i       (clk_i),
            .value_i     (value_2_q),
            .held_i      (word[n*HELD_W+:2*HELD_W]),
            .from_start_i(starts[n/GROUP]),
            .clear_i     (clears[n/GROUP]),
            .load_i      ({g_lane[n+1].loads, loads}),
            .start_i     (stashed),
            .capture_i   (captures),
            .result_o    (results[n*ACC_W+:2*ACC_W])
        );
      end
      if (COUNTERS_EN) begin : g_effectual
        assign effectual_o[n] = value_2_q != {ENTRY_W{1'b0}} && word[n*HELD_W+:HELD_W] != {HELD_W{1'b0}};
      end else begin : g_none
        assign effectual_o[n] = 1'b0;
      end
    end
  endgenerate
  stream_result_mux #(
      .SOURCES(LANES),
      .WIDTH  (ACC_W)
  ) u_mux (
      .clk_i    (clk_i),
      .choice_i (lane),
      .results_i(results),
      .result_o (result_o)
  );

  // What goes into the stash, beside its sum.
  wire write;
  wire [LANE_W-1:0] write_lane;
  wire [PLACE_W-1:0] write_place;
  sparsesim_delay #(
      .WIDTH (1),
      .CYCLES(2 + LEVELS),
      .RESET (1)
  ) u_write (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (leaving && !leaving_to_unit),
      .q_o   (write)
  );
  sparsesim_delay #(
      .WIDTH (LANE_W + PLACE_W),
      .CYCLES(2 + LEVELS)
  ) u_write_address (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({leaving_round[PLACE_W-1:0], lane}),
      .q_o   ({write_place, write_lane})
  );
  stream_stash #(
      .LANES  (LANES),
      .PLACE_W(PLACE_W),
      .ACC_W  (ACC_W)
  ) u_stash (
      .clk_i        (clk_i),
      .write_i      (write),
      .write_place_i(write_place),
      .write_lane_i (write_lane),
      .sum_i        (result_o),
      .read_place_i (read_place),
      .read_lane_i  (read_lane),
      .sum_o        (stashed)
  );

  assign leaving_o = leaving;
  wire unused = &{1'b0, last_leaves};
  assign round_o = leaving_round;
  assign open_o = leave_open;
endmodule
`default_nettype wire
