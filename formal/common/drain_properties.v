`default_nettype none
// Proves of a column's drain and result multiplexer: results leave tile by tile, rows rising, each
// exactly once, as soon as the contract lets them; and no PE's result register is written again
// before it was read.
//
// Free: when each PE ends a tile (not while its last result waits: pe_properties.v), when the
// column may drain, which tiles are partial, and how many rows those have; tiles repeat after
// TILES. A result is {row, parity of its number}; it is written when mac_properties.v says that it
// is.
module drain_properties #(
    parameter ROWS = 2,
    parameter LANES = 1,
    parameter TILES = 4,
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1
) (
    input wire            clk_i,
    input wire            rst_ni,
    input wire            ready_i,
    input wire [ROWS-1:0] goes_on_i
);
  localparam LEVELS = LANES > 1 ? $clog2(LANES) : 0;
  localparam PE_LATENCY = 3 + LEVELS;
  localparam MUX_LEVELS = (ROW_W + 1) / 2;
  localparam WIDTH = ROW_W + 1, TILE_W = $clog2(TILES);
  (* anyconst *) wire [TILES-1:0] partial;
  (* anyconst *) wire [ROW_W:0] rows;  // of a partial tile
  reg started_q = 1'b0;
  always @(posedge clk_i) started_q <= 1'b1;
  always @* begin
    if (!started_q) assume (!rst_ni);
    assume (rows != 0 && rows <= ROWS);
  end

  wire [ROWS-1:0] produced, is_final, drained, parity, old_enough;
  wire [ROWS*WIDTH-1:0] results;
  wire drain_valid, drain_last, result_valid, result_last;
  wire [ROW_W-1:0] drain_row;
  wire [WIDTH-1:0] result;
  sparsesim_drain #(
      .ROWS      (ROWS),
      .PE_LATENCY(PE_LATENCY)
  ) u_drain (
      .clk_i     (clk_i),
      .rst_ni    (rst_ni),
      .ready_i   (ready_i),
      .produced_i(produced),
      .final_i   (is_final),
      .drained_o (drained),
      .valid_o   (drain_valid),
      .row_o     (drain_row),
      .last_o    (drain_last)
  );
  sparsesim_result_mux #(
      .ROWS (ROWS),
      .WIDTH(WIDTH)
  ) u_result_mux (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .valid_i  (drain_valid),
      .row_i    (drain_row),
      .last_i   (drain_last),
      .results_i(results),
      .valid_o  (result_valid),
      .last_o   (result_last),
      .result_o (result)
  );

  // PEs.
  genvar r;
  generate
    for (r = 0; r < ROWS; r = r + 1) begin : g_pe
      localparam [ROW_W-1:0] ROW = r;
      reg [TILE_W-1:0] tile_q;
      reg produced_q, final_q, ended_q, ends_final_q, drained_q, result_q;
      reg [PE_LATENCY-2:0] produced_then_q;  // as it was in the cycles before, the last one in bit 0
      reg [LEVELS+2:0] last_q;
      wire active = !partial[tile_q] || r < rows;
      wire last = partial[tile_q] ? rows == r + 1 : r == ROWS - 1;
      wire ends = goes_on_i[r] && active && produced_q == drained[r];
      always @(posedge clk_i) begin
        if (goes_on_i[r] && (ends || !active)) tile_q <= tile_q + 1'b1;
        if (ends) produced_q <= !produced_q;
        produced_then_q <= (produced_then_q << 1) | produced_q;
        last_q <= (last_q << 1) | ended_q;
        if (last_q[LEVELS+2]) result_q <= !result_q;
        ended_q <= ends;
        ends_final_q <= last;
        if (ended_q) final_q <= ends_final_q;
        if (drain_valid && drain_row == r) drained_q <= !drained_q;
        if (!rst_ni) begin
          {tile_q, produced_q, ended_q, drained_q, result_q} <= {TILE_W + 4{1'b0}};
          {produced_then_q, last_q} <= {2 * LEVELS + 5{1'b0}};
        end
      end
      assign produced[r] = produced_q;
      assign is_final[r] = final_q;
      assign parity[r] = drained_q;
      // Its work ended PE_LATENCY cycles ago or earlier, and no drain was decided upon.
      assign old_enough[r] = produced_then_q[PE_LATENCY-2] != drained_q;
      assign results[r*WIDTH+:WIDTH] = {ROW, result_q};
    end
  endgenerate

  // The order: of drains, and of results, which follow.
  reg [TILE_W-1:0] tile_q, result_tile_q;
  reg [ROW_W-1:0] row_q, result_row_q;
  reg [ROWS-1:0] result_parity_q;
  reg ready_q;
  reg [MUX_LEVELS+1:0] way_q;
  wire [ROW_W:0] active_rows = partial[tile_q] ? rows : ROWS;
  wire [ROW_W:0] result_active_rows = partial[result_tile_q] ? rows : ROWS;
  wire last = {1'b0, row_q} == active_rows - 1'b1;
  wire last_result = {1'b0, result_row_q} == result_active_rows - 1'b1;
  always @(posedge clk_i) begin
    ready_q <= ready_i && rst_ni;
    way_q   <= (way_q << 1) | drain_valid;
    if (drain_valid) begin
      row_q <= last ? {ROW_W{1'b0}} : row_q + 1'b1;
      if (last) tile_q <= tile_q + 1'b1;
    end
    if (result_valid) begin
      result_row_q <= last_result ? {ROW_W{1'b0}} : result_row_q + 1'b1;
      if (last_result) result_tile_q <= result_tile_q + 1'b1;
      result_parity_q[result_row_q] <= !result_parity_q[result_row_q];
    end
    if (!rst_ni) begin
      {tile_q, row_q, result_tile_q, result_row_q} <= {2 * TILE_W + 2 * ROW_W{1'b0}};
      result_parity_q <= {ROWS{1'b0}};
      way_q <= {MUX_LEVELS + 2{1'b0}};
    end
  end

  always @* begin
    if (rst_ni && started_q) begin
      assert (drain_valid == (ready_q && old_enough[row_q]));
      assert (drained == parity);
      if (drain_valid) assert (drain_row == row_q && drain_last == last);
      assert (result_valid == way_q[MUX_LEVELS+1]);
      if (result_valid) begin
        assert (result_last == last_result);
        assert (result == {result_row_q, !result_parity_q[result_row_q]});
      end
    end
  end

  always @(posedge clk_i) begin
    cover (rst_ni && result_valid && result_parity_q == {ROWS{1'b1}});
    cover (rst_ni && way_q[1:0] == 2'b11);
  end
endmodule
`default_nettype wire
