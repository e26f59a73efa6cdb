`default_nettype none
// The array: rows of multipliers with their stores and stashes, the loader, and what units take.
//
// Cycle contract: docs/machines/stream.md, "Cycles of a pass". Cycle 0 of a pass is the cycle behind
// start_i; with entries and words that never lack and units that always have room, `cycles_o` and
// `counters_o` are the model's, exactly. A result comes out a fixed time behind (stream_unit.v).
//
// Example: docs/machines/stream.md. Twin: the machine's count. Test: test_stream_array.py.
module stream_array #(
    // Rows, 1 to 1024.
    parameter ROWS = 16,
    // Lanes of a row, 1 to 256.
    parameter LANES = 16,
    // Words of a half of a row's store, a power of two, 16 to 4096.
    parameter DEPTH = 256,
    // Sums of a lane in a row's stash, a power of two, 1 to 256.
    parameter STASH = 16,
    // Post-processing units, 1 to 1024, at most ROWS.
    parameter UNITS = 4,
    // Cycles from a word to its use, and from a freed half to the knowledge of it, 1 to 16.
    parameter FEED_LATENCY = 1,
    // Lanes of a row that share a multiplier, 1 to 2: cycles and values are the same.
    parameter LANES_PER_DSP = 1,
    // Whether activations are the entries, 0 to 1, and weights the words; or the other way round.
    parameter STREAMS_ACTIVATIONS = 1,
    // Whether zeros are no entries, 0 to 1: one of value 0 is a filler then.
    parameter SKIPS = 1,
    // Width of an activation, signed, 2 to 16.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // Class counters, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of an entry's value; derived, leave it.
    parameter ENTRY_W = STREAMS_ACTIVATIONS ? ACT_W : WEIGHT_W,
    // Width of a value of a word; derived, leave it.
    parameter HELD_W = STREAMS_ACTIVATIONS ? WEIGHT_W : ACT_W,
    // Width of an entry's index; derived, leave it.
    parameter INDEX_W = $clog2(DEPTH),
    // Width of a row's number; derived, leave it.
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // Takes the shape (stream_pass_shape.v), which stays while busy_o is high.
    input  wire                    start_i,
    input  wire [        8*32-1:0] pass_i,
    // Entries of each row: taken in a cycle where both are high. Indices count within a block.
    input  wire [        ROWS-1:0] entry_valid_i,
    output wire [        ROWS-1:0] entry_ready_o,
    input  wire [ROWS*INDEX_W-1:0] entry_index_i,
    input  wire [ROWS*ENTRY_W-1:0] entry_value_i,
    input  wire [        ROWS-1:0] entry_last_i,
    // Words: a value of each lane at an element of K. An edge tile has its vectors in the last lanes,
    // and zeros in the first ones.
    input  wire                    word_valid_i,
    output wire                    word_ready_o,
    input  wire [LANES*HELD_W-1:0] word_i,
    // Results of each unit, an item's one after the other: its row, its filter's index. A unit takes
    // an item only while ready is high; its results then come.
    input  wire [       UNITS-1:0] result_ready_i,
    output wire [       UNITS-1:0] result_valid_o,
    output wire [ UNITS*ROW_W-1:0] result_row_o,
    output wire [    UNITS*16-1:0] result_index_o,
    output wire [ UNITS*ACC_W-1:0] result_o,
    // Row i took an item's last entry in this cycle. For whoever looks on.
    output wire [        ROWS-1:0] done_o,
    // A pass is under way; its length; slots by class (stream_class_counters.v).
    output wire                    busy_o,
    output wire [            47:0] cycles_o,
    output wire [        9*48-1:0] counters_o
);
  sparsesim_parameter_range #(.NAME("rows"), .VALUE(ROWS), .LOW(1), .HIGH(1024)) u_rows_range ();
  sparsesim_parameter_range #(.NAME("lanes"), .VALUE(LANES), .LOW(1), .HIGH(256)) u_lanes_range ();
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(16), .HIGH(4096)) u_depth_range ();
  sparsesim_parameter_range #(.NAME("stash"), .VALUE(STASH), .LOW(1), .HIGH(256)) u_stash_range ();
  sparsesim_parameter_range #(.NAME("units"), .VALUE(UNITS), .LOW(1), .HIGH(1024)) u_units_range ();
  sparsesim_parameter_range #(.NAME("feed_latency"), .VALUE(FEED_LATENCY), .LOW(1), .HIGH(16)) u_feed_latency_range ();
  sparsesim_parameter_range #(.NAME("lanes_per_dsp"), .VALUE(LANES_PER_DSP), .LOW(1), .HIGH(2)) u_lanes_per_dsp_range ();
  sparsesim_parameter_range #(.NAME("act_bits"), .VALUE(ACT_W), .LOW(2), .HIGH(16)) u_act_bits_range ();
  sparsesim_parameter_range #(.NAME("weight_bits"), .VALUE(WEIGHT_W), .LOW(2), .HIGH(16)) u_weight_bits_range ();
  sparsesim_parameter_range #(.NAME("acc_bits"), .VALUE(ACC_W), .LOW(8), .HIGH(64)) u_acc_bits_range ();
  generate
    if (UNITS > ROWS) begin : g_units_rows
      sparsesim_parameter_relation #(.NAME("units"), .VALUE(UNITS), .OTHER("rows"), .GIVEN(ROWS),
          .USE("rows or less")) u_stop ();
    end
    if (LANES > ROWS * STASH) begin : g_lanes_stash
      sparsesim_parameter_relation #(.NAME("lanes"), .VALUE(LANES), .OTHER("stash"), .GIVEN(STASH),
          .USE("rows x stash or less")) u_stop ();
    end
    if (LANES_PER_DSP == 2 && STREAMS_ACTIVATIONS && 2 * HELD_W + ENTRY_W > 26) begin : g_shared_weights
      sparsesim_parameter_relation #(.NAME("lanes_per_dsp"), .VALUE(LANES_PER_DSP), .OTHER("weight_bits"), .GIVEN(WEIGHT_W),
          .USE("1, or 2 x weight_bits + act_bits of 26 or less")) u_stop ();
    end
    if (LANES_PER_DSP == 2 && !STREAMS_ACTIVATIONS && 2 * HELD_W + ENTRY_W > 26) begin : g_shared_activations
      sparsesim_parameter_relation #(.NAME("lanes_per_dsp"), .VALUE(LANES_PER_DSP), .OTHER("act_bits"), .GIVEN(ACT_W),
          .USE("1, or 2 x act_bits + weight_bits of 26 or less")) u_stop ();
    end
    if (DEPTH != 1 << $clog2(DEPTH)) begin : g_depth
      sparsesim_parameter_power #(.NAME("depth"), .VALUE(DEPTH), .LOW(16), .HIGH(4096)) u_stop ();
    end
    if (STASH != 1 << $clog2(STASH)) begin : g_stash
      sparsesim_parameter_power #(.NAME("stash"), .VALUE(STASH), .LOW(1), .HIGH(256)) u_stop ();
    end
  endgenerate
  sparsesim_parameter_range #(.NAME("streams_activations"), .VALUE(STREAMS_ACTIVATIONS), .LOW(0), .HIGH(1)) u_streams_activations_range ();
  sparsesim_parameter_range #(.NAME("skips"), .VALUE(SKIPS), .LOW(0), .HIGH(1)) u_skips_range ();
  sparsesim_parameter_range #(.NAME("counters_en"), .VALUE(COUNTERS_EN), .LOW(0), .HIGH(1)) u_counters_en_range ();

  // Rounds: 12 bits, and as many more as a pass of 65536 vectors needs.
  localparam ROUND_W = ROWS < 16 ? 16 - $clog2(ROWS) + ((1 << $clog2(ROWS)) == ROWS ? 0 : 1) : 12;
  localparam LANE_W = LANES > 1 ? $clog2(LANES) : 1;

  wire [12:0] words, last_words;
  wire [15:0] blocks, rounds, tiles;
  wire [10:0] last_rows;
  wire [8:0] last_lanes;
  wire drains, chunked, continues, from_last;
  stream_pass_shape u_shape (
      .pass_i      (pass_i),
      .words_o     (words),
      .last_words_o(last_words),
      .blocks_o    (blocks),
      .rounds_o    (rounds),
      .last_rows_o (last_rows),
      .tiles_o     (tiles),
      .last_lanes_o(last_lanes),
      .drains_o    (drains),
      .chunked_o   (chunked),
      .continues_o (continues),
      .from_last_o (from_last)
  );
  wire has_edge = last_lanes != LANES[8:0];
  wire [8:0] edge_lane = LANES[8:0] - last_lanes;

  // What rows know of the pass, from its first cycle on: which have a vector in the last round, and
  // for these and the others the last round but one.
  localparam [ROUND_W-1:0] TWO = 2;
  reg begins_q, one_round_q, two_rounds_q;
  reg [ROUND_W-1:0] before_last_q, two_before_last_q;
  reg [ROWS-1:0] in_last_q, in_last_d;
  wire [ROUND_W-1:0] before_last = rounds[ROUND_W-1:0] - TWO;
  integer r;
  always @* for (r = 0; r < ROWS; r = r + 1)
    in_last_d[r] = {21'd0, last_rows} > (from_last ? ROWS - 1 - r : r);
  always @(posedge clk_i) begin
    begins_q <= start_i && rst_ni;
    one_round_q <= rounds == 16'd1;
    two_rounds_q <= rounds == 16'd2;
    before_last_q <= before_last;
    two_before_last_q <= before_last - 1'b1;
    in_last_q <= in_last_d;
  end

  wire write, loader_open, begun, segment_loaded;
  wire [INDEX_W:0] write_address;
  wire [LANES*HELD_W-1:0] word;
  wire [1:0] loaded_next;
  wire [7:0] segment, coming;
  wire [2*ROWS-1:0] done;
  wire [63:0] bases;
  stream_loader #(
      .ROWS        (ROWS),
      .LANES       (LANES),
      .DEPTH       (DEPTH),
      .STASH       (STASH),
      .FEED_LATENCY(FEED_LATENCY),
      .HELD_W      (HELD_W)
  ) u_loader (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (start_i),
      .words_i        (words),
      .last_words_i   (last_words),
      .blocks_i       (blocks),
      .rounds_i       (rounds),
      .tiles_i        (tiles),
      .edge_i         (has_edge),
      .chunked_i      (chunked),
      .word_valid_i   (word_valid_i),
      .word_ready_o   (word_ready_o),
      .word_i         (word_i),
      .write_o        (write),
      .write_address_o(write_address),
      .word_o         (word),
      .loaded_next_o  (loaded_next),
      .segment_o      (segment),
      .coming_o       (coming),
      .done_i         (done),
      .bases_o        (bases),
      .open_o         (loader_open),
      .begun_o        (begun),
      .ends_o         (segment_loaded)
  );

  wire [ROWS-1:0] asks, one, two, grant, leaves, leaving, take, ends, item_ready, here, skip, on_edge, row_open;
  wire [ROWS*ROUND_W-1:0] round;
  wire [2*ROWS-1:0] tile;
  wire [ROWS*ACC_W-1:0] result;
  wire [ROWS*LANES-1:0] effectual;
  genvar i, u, n;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : g_row
      stream_row #(
          .LANES        (LANES),
          .DEPTH        (DEPTH),
          .STASH        (STASH),
          .ENTRY_W      (ENTRY_W),
          .HELD_W       (HELD_W),
          .ACC_W        (ACC_W),
          .LANES_PER_DSP(LANES_PER_DSP),
          .ROUND_W      (ROUND_W),
          .COUNTERS_EN  (COUNTERS_EN)
      ) u_row (
          .clk_i          (clk_i),
          .rst_ni         (rst_ni),
          .start_i        (start_i && (in_last_d[i] || rounds != 16'd1)),
          .begins_i       (begins_q),
          .drains_i       (drains),
          .chunked_i      (chunked),
          .continues_i    (continues),
          .one_round_i    (in_last_q[i] ? one_round_q : two_rounds_q),
          .before_last_i  (in_last_q[i] ? before_last_q : two_before_last_q),
          .in_last_i      (in_last_q[i]),
          .edge_lane_i    (edge_lane[LANE_W-1:0]),
          .write_i        (write),
          .write_address_i(write_address),
          .word_i         (word),
          .loaded_next_i  (loaded_next),
          .segment_i      (segment),
          .coming_i       (coming),
          .done_o         (done[2*i+:2]),
          .entry_valid_i  (entry_valid_i[i]),
          .entry_ready_o  (entry_ready_o[i]),
          .entry_index_i  (entry_index_i[i*INDEX_W+:INDEX_W]),
          .entry_value_i  (entry_value_i[i*ENTRY_W+:ENTRY_W]),
          .entry_last_i   (entry_last_i[i]),
          .asks_o         (asks[i]),
          .one_o          (one[i]),
          .two_o          (two[i]),
          .grant_i        (grant[i]),
          .leaves_o       (leaves[i]),
          .leaving_o      (leaving[i]),
          .round_o        (round[i*ROUND_W+:ROUND_W]),
          .tile_o         (tile[2*i+:2]),
          .result_o       (result[i*ACC_W+:ACC_W]),
          .take_o         (take[i]),
          .last_o         (done_o[i]),
          .ends_o         (ends[i]),
          .item_ready_o   (item_ready[i]),
          .here_o         (here[i]),
          .skip_o         (skip[i]),
          .edge_o         (on_edge[i]),
          .open_o         (row_open[i]),
          .effectual_o    (effectual[i*LANES+:LANES])
      );
    end

    // Unit u has rows u, u + UNITS, ..
    for (u = 0; u < UNITS && u < ROWS; u = u + 1) begin : g_unit
      localparam OF = (ROWS - u + UNITS - 1) / UNITS;
      wire [OF-1:0] unit_asks, unit_one, unit_two, unit_grant, unit_ends;
      wire [OF*ROUND_W-1:0] unit_round;
      wire [2*OF-1:0] unit_tile;
      wire [OF*ACC_W-1:0] unit_result;
      for (n = 0; n < OF; n = n + 1) begin : g_row
        assign unit_asks[n] = asks[n*UNITS+u];
        assign unit_one[n] = one[n*UNITS+u];
        assign unit_two[n] = two[n*UNITS+u];
        assign grant[n*UNITS+u] = unit_grant[n];
        assign unit_ends[n] = leaves[n*UNITS+u];
        assign unit_round[n*ROUND_W+:ROUND_W] = round[(n*UNITS+u)*ROUND_W+:ROUND_W];
        assign unit_tile[2*n+:2] = tile[2*(n*UNITS+u)+:2];
        assign unit_result[n*ACC_W+:ACC_W] = result[(n*UNITS+u)*ACC_W+:ACC_W];
      end
      wire unit_leaving;
      stream_unit #(
          .OF      (OF),
          .UNITS   (UNITS),
          .UNIT    (u),
          .ROWS    (ROWS),
          .LANES   (LANES),
          .BY_LANE (STREAMS_ACTIVATIONS),
          .ROUND_W (ROUND_W),
          .ACC_W   (ACC_W)
      ) u_unit (
          .clk_i    (clk_i),
          .rst_ni   (rst_ni),
          .ready_i  (result_ready_i[u]),
          .asks_i   (unit_asks),
          .one_i    (unit_one),
          .two_i    (unit_two),
          .grant_o  (unit_grant),
          .ends_i   (unit_ends),
          .round_i  (unit_round),
          .tile_i   (unit_tile),
          .result_i (unit_result),
          .bases_i  (bases),
          .leaving_o(unit_leaving),
          .valid_o  (result_valid_o[u]),
          .row_o    (result_row_o[u*ROW_W+:ROW_W]),
          .index_o  (result_index_o[16*u+:16]),
          .result_o (result_o[u*ACC_W+:ACC_W])
      );
      wire unused = unit_leaving;
    end
  endgenerate

  // The pass ends with the last result that leaves, to a unit or into a stash.
  sparsesim_pass_clock #(
      .ROWS  (1),
      .COLS  (ROWS),
      .SETTLE(16 + FEED_LATENCY)
  ) u_clock (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .start_i    (start_i),
      .drains_i   (1'b1),
      .works_i    (take),
      .drained_i  (leaving),
      .rows_open_i(loader_open),
      .cols_open_i(here | row_open),
      .busy_o     (busy_o),
      .cycles_o   (cycles_o)
  );

  generate
    if (COUNTERS_EN) begin : g_counters
      wire [ROWS-1:0] zero;
      for (i = 0; i < ROWS; i = i + 1) begin : g_zero
        assign zero[i] = entry_value_i[i*ENTRY_W+:ENTRY_W] == {ENTRY_W{1'b0}};
      end
      stream_class_counters #(
          .ROWS (ROWS),
          .LANES(LANES),
          .STASH(STASH),
          .SKIPS(SKIPS)
      ) u_counters (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .start_i     (start_i),
          .blocks_i    (blocks),
          .rounds_i    (rounds),
          .tiles_i     (tiles),
          .last_lanes_i(last_lanes),
          .chunked_i   (chunked),
          .in_last_i   (in_last_q),
          .cycles_i    (cycles_o),
          .take_i      (take),
          .zero_i      (zero),
          .edge_i      (on_edge),
          .ends_i      (ends),
          .item_ready_i(item_ready),
          .here_i      (here),
          .skip_i      (skip),
          .effectual_i (effectual),
          .begun_i     (begun),
          .loaded_i    (segment_loaded),
          .counters_o  (counters_o)
      );
    end else begin : g_no_counters
      assign counters_o = {9 * 48{1'b0}};
      wire unused = &{1'b0, ends, item_ready, skip, on_edge, effectual, begun, segment_loaded};
    end
  endgenerate
  wire unused = &{1'b0, rounds, edge_lane};
endmodule
`default_nettype wire
