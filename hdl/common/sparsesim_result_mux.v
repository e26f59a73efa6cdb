`default_nettype none
// The way of a column's results from the drained PE to post-processing: a tree of registered 4:1
// multiplexers.
//
// Cycle contract: the choice of cycle t comes out in cycle t + 2 + LEVELS, and reads a PE's result
// register in cycle t + 2: PE_LATENCY counts no register for the address of operands, nor the
// result register itself, and a drain is a promise that the result will stand there then.
//
// Test: test_sparsesim_result_mux.py.
module sparsesim_result_mux #(
    // Rows of the array, 1 to 1024.
    parameter ROWS = 16,
    // Width of what is chosen.
    parameter WIDTH = 33,
    // Width of a row's number; derived, leave it.
    parameter ROW_W = ROWS > 1 ? $clog2(ROWS) : 1,
    // Levels of the tree, one at least; derived, leave it.
    parameter LEVELS = (ROW_W + 1) / 2
) (
    input  wire                  clk_i,
    input  wire                  rst_ni,
    // The drain of this cycle: whether there is one, its row, and whether it is its tile's last.
    input  wire                  valid_i,
    input  wire [     ROW_W-1:0] row_i,
    input  wire                  last_i,
    // Result registers of the column.
    input  wire [ROWS*WIDTH-1:0] results_i,
    // The result chosen.
    output wire                  valid_o,
    output wire                  last_o,
    output wire [     WIDTH-1:0] result_o
);
  localparam PADDED = 1 << (2 * LEVELS);
  wire [ROW_W-1:0] row;
  sparsesim_delay #(
      .WIDTH (2),
      .CYCLES(2 + LEVELS),
      .RESET (1)
  ) u_flags (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   ({valid_i, last_i}),
      .q_o   ({valid_o, last_o})
  );
  sparsesim_delay #(
      .WIDTH (ROW_W),
      .CYCLES(2),
      .RESET (0)
  ) u_row (
      .clk_i (clk_i),
      .rst_ni(rst_ni),
      .d_i   (row_i),
      .q_o   (row)
  );

  // Level 0 is the column, padded; level n has a quarter of the entries of level n - 1.
  genvar level, n;
  generate
    for (level = 0; level <= LEVELS; level = level + 1) begin : g_level
      localparam ENTRIES = PADDED >> (2 * level);
      wire [WIDTH-1:0] entry[0:ENTRIES-1];
      // What is left of the row's number: two bits a level are used up.
      wire [2*LEVELS+1:0] choice;
      wire unused = &{1'b0, choice};
      if (level == 0) begin : g_column
        assign choice = {{2 * LEVELS + 2 - ROW_W{1'b0}}, row};
        for (n = 0; n < ENTRIES; n = n + 1) begin : g_row
          if (n < ROWS) begin : g_pe
            assign entry[n] = results_i[n*WIDTH+:WIDTH];
          end else begin : g_none
            assign entry[n] = {WIDTH{1'b0}};
          end
        end
      end else begin : g_mux
        reg [2*LEVELS+1:0] choice_q;
        always @(posedge clk_i) choice_q <= g_level[level-1].choice >> 2;
        assign choice = choice_q;
        for (n = 0; n < ENTRIES; n = n + 1) begin : g_entry
          if (4 * n < (ROWS + (1 << 2*(level-1)) - 1) >> 2*(level-1)) begin : g_used
            reg [WIDTH-1:0] entry_q;
            always @(posedge clk_i)
              case (g_level[level-1].choice[1:0])
                2'd0: entry_q <= g_level[level-1].entry[4*n];
                2'd1: entry_q <= g_level[level-1].entry[4*n+1];
                2'd2: entry_q <= g_level[level-1].entry[4*n+2];
                default: entry_q <= g_level[level-1].entry[4*n+3];
              endcase
            assign entry[n] = entry_q;
          end else begin : g_unused
            assign entry[n] = {WIDTH{1'b0}};
          end
        end
      end
    end
  endgenerate
  assign result_o = g_level[LEVELS].entry[0];
endmodule
`default_nettype wire
