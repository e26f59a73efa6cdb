`default_nettype none
// What a post-processing unit takes of its rows: one item's results after the other, without a gap.
//
// Cycle contract: docs/machines/stream.md, "Results": in a cycle in which the unit is free, or takes
// an item's last result, and ready_i is high, it grants the lowest row that asks; the row's results
// leave from the next cycle on. A result that leaves in cycle t comes out in t + 2 + the levels of
// both multiplexers (stream_result_mux.v), with its row and the index of its filter.
//
// Which row a grant goes to is decided the cycle before, so that no path leads from a row through
// the unit into a row: rows say two cycles ahead that they ask, and that they end. ready_i alone is
// of the cycle. A row that has one or two results says so from where it asks on, and not that they
// end.
//
// Example: rows 1 and 2 ask in cycle 0, their asks_i was high two cycles before: row 1 is granted in
// cycle 0, leaves with 3 results in cycles 1 to 3, its ends_i is high in cycle 1, and row 2 is granted
// in cycle 3.
//
// Twin: tests/naive_stream.py. Test: test_stream_unit.py.
module stream_unit #(
    // Rows of the unit, 1 to 1024.
    parameter OF = 4,
    // Units of the machine, 1 to 1024.
    parameter UNITS = 4,
    // The number of this one: its row n is row n * UNITS + UNIT of all.
    parameter UNIT = 0,
    // Rows of the machine, 1 to 1024.
    parameter ROWS = 16,
    // Lanes of a row, 1 to 256.
    parameter LANES = 16,
    // Whether filters go by a result's lane or by its row and round, 0 to 1.
    parameter BY_LANE = 0,
    // Width of a round.
    parameter ROUND_W = 12,
    // Width of a result, 8 to 64.
    parameter ACC_W = 32,
    // Width of a row's number among the unit's; derived, leave it.
    parameter OF_W = OF > 1 ? $clog2(OF) : 1,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input  wire                    clk_i,
    input  wire                    rst_ni,
    // There is room for an item's results.
    input  wire                    ready_i,
    // Rows ask from two cycles on, until they are granted; with one result, with two; a row's last
    // one leaves in two cycles; its round, tile and results.
    input  wire [        OF-1:0] asks_i,
    input  wire [        OF-1:0] one_i,
    input  wire [        OF-1:0] two_i,
    output wire [        OF-1:0] grant_o,
    input  wire [        OF-1:0] ends_i,
    input  wire [OF*ROUND_W-1:0] round_i,
    input  wire [      2*OF-1:0] tile_i,
    input  wire [  OF*ACC_W-1:0] result_i,
    // Indices of the first vectors of four tiles, by the tile's number modulo 4.
    input  wire [            63:0] bases_i,
    // A result leaves.
    output wire                    leaving_o,
    // A result: its row of all, the index of its filter.
    output wire                    valid_o,
    output wire [       ROW_W-1:0] row_o,
    output wire [            15:0] index_o,
    output wire [       ACC_W-1:0] result_o
);
  localparam LANE_W = LANES > 1 ? $clog2(LANES) : 1;
  localparam LANE_LEVELS = (LANE_W + 3) / 4;
  localparam ROW_LEVELS = (OF_W + 3) / 4;
  localparam LATENCY = 2 + LANE_LEVELS + ROW_LEVELS;

  // Written as sums: synthesis would give a multiplication a DSP slice, whatever it is by.
  function [31:0] times(input [31:0] value, input integer factor);
    integer bit_number;
    begin
      times = 32'd0;
      for (bit_number = 0; bit_number < 11; bit_number = bit_number + 1)
        if (factor[bit_number]) times = times + (value << bit_number);
    end
  endfunction

  // The choice. Of the cycle: rows that ask, and those that do from the next one on; whether they have
  // one result, or two; the row that a grant goes to, if the unit is free; that it is, and that an
  // item's last result leaves in the next.
  reg [OF-1:0] asks_q, coming_q, one_q, two_q, choice_q;
  reg busy_q, first_q, free_q, ends_q, chooses_q;
  reg [OF_W-1:0] row_q, row_d;
  wire grants = ready_i && chooses_q;
  assign grant_o = ready_i ? choice_q : {OF{1'b0}};
  // Of the next one. What is granted now with a single result leaves then, and the unit is free.
  wire free = ends_q || (grants ? (choice_q & one_q) != {OF{1'b0}} : free_q);
  wire [OF-1:0] asks = coming_q | (asks_q & ~grant_o);
  // The lowest bit that is set.
  wire [OF-1:0] lowest = asks & (~asks + {{OF - 1{1'b0}}, 1'b1});
  integer i;
  always @* begin
    row_d = {OF_W{1'b0}};
    for (i = 0; i < OF; i = i + 1) if (choice_q[i]) row_d = row_d | i[OF_W-1:0];
  end
  always @(posedge clk_i) begin
    asks_q   <= asks;
    coming_q <= asks_i;
    {one_q, two_q} <= {one_i, two_i};
    choice_q <= lowest & {OF{free}};
    chooses_q <= free && asks != {OF{1'b0}};
    ends_q   <= (grants && (choice_q & two_q) != {OF{1'b0}}) || ends_i != {OF{1'b0}};
    free_q   <= free;
    busy_q   <= grants || !free_q;
    first_q  <= grants;
    if (grants) row_q <= row_d;
    if (!rst_ni) begin
      {asks_q, coming_q, choice_q} <= {3 * OF{1'b0}};
      {ends_q, busy_q, chooses_q} <= 3'b000;
      free_q <= 1'b1;
    end
  end
  assign leaving_o = busy_q;

  // The row's result, and whose it is.
  wire [OF_W-1:0] choice, out;
  sparsesim_delay #(
      .WIDTH (1),
      .CYCLES(LATENCY),
      .RESET (1)
  ) u_valid (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (busy_q),
      .q_o   (valid_o)
  );
  sparsesim_delay #(
      .WIDTH (OF_W),
      .CYCLES(LANE_LEVELS)
  ) u_choice (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (row_q),
      .q_o   (choice)
  );
  stream_result_mux #(
      .SOURCES(OF),
      .WIDTH  (ACC_W)
  ) u_mux (
      .clk_i    (clk_i),
      .choice_i (choice),
      .results_i(result_i),
      .result_o (result_o)
  );
  sparsesim_delay #(
      .WIDTH (OF_W),
      .CYCLES(2 + ROW_LEVELS)
  ) u_row (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (choice),
      .q_o   (out)
  );
  wire [31:0] out_of_all = times({{32 - OF_W{1'b0}}, out}, UNITS) + UNIT;
  assign row_o = out_of_all[ROW_W-1:0];

  // Its filter: counted from the tile's first on, or by the round and the row.
  reg [15:0] index_q;
  generate
    if (BY_LANE) begin : g_by_lane
      wire [1:0] tile;
      sparsesim_choose #(
          .WINDOW (OF),
          .VALUE_W(2)
      ) u_tile (
          .values_i(tile_i),
          .index_i (row_q),
          .value_o (tile)
      );
      always @(posedge clk_i) index_q <= first_q ? bases_i[16*tile+:16] : index_q + 16'd1;
      wire unused = &{1'b0, round_i};
    end else begin : g_by_place
      wire [ROUND_W-1:0] round;
      sparsesim_choose #(
          .WINDOW (OF),
          .VALUE_W(ROUND_W)
      ) u_round (
          .values_i(round_i),
          .index_i (row_q),
          .value_o (round)
      );
      // In two steps, of which the last register of a result's way is one.
      reg [ROUND_W-1:0] round_q;
      reg [31:0] of_all_q;
      wire [31:0] place = times({{32 - ROUND_W{1'b0}}, round_q}, ROWS) + of_all_q;
      always @(posedge clk_i) begin
        round_q  <= round;
        of_all_q <= times({{32 - OF_W{1'b0}}, row_q}, UNITS) + UNIT;
        index_q  <= place[15:0];
      end
      wire unused = &{1'b0, tile_i, bases_i, place, first_q};
    end
  endgenerate
  sparsesim_delay #(
      .WIDTH (16),
      .CYCLES(BY_LANE ? LATENCY - 1 : LATENCY - 2)
  ) u_index (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (index_q),
      .q_o   (index_o)
  );

  wire unused_high = &{1'b0, out_of_all};
endmodule
`default_nettype wire
