`default_nettype none
// One of several results, a choice a cycle: registered levels of 16:1 multiplexers.
//
// Cycle contract: the choice of cycle t reads its result in cycle t + 2 and gives it in cycle
// t + 2 + LEVELS.
//
// Example, SOURCES = 18: choice 17 in cycle 0 reads source 17 in cycle 2; it stands at result_o in
// cycle 4.
//
// Twin: a list. Test: test_stream_result_mux.py.
module stream_result_mux #(
    // Results to choose from, 1 to 1024.
    parameter SOURCES = 8,
    // Width of a result, 2 to 64.
    parameter WIDTH = 32,
    // Width of a choice; derived, leave it.
    parameter CHOICE_W = SOURCES > 1 ? $clog2(SOURCES) : 1,
    // Levels, one at least; derived, leave it.
    parameter LEVELS = (CHOICE_W + 3) / 4
) (
    input  wire                     clk_i,
    input  wire [     CHOICE_W-1:0] choice_i,
    // Source n at [n*WIDTH +: WIDTH].
    input  wire [SOURCES*WIDTH-1:0] results_i,
    output wire [        WIDTH-1:0] result_o
);
  wire [CHOICE_W-1:0] choice;
  sparsesim_delay #(
      .WIDTH (CHOICE_W),
      .CYCLES(2)
  ) u_choice (
      .clk_i (clk_i),
      .rst_ni(1'b1),
      .d_i   (choice_i),
      .q_o   (choice)
  );

  genvar level, n;
  generate
    for (level = 0; level <= LEVELS; level = level + 1) begin : g_level
      // An entry of this level is one of so many sources.
      localparam BELOW = 1 << (4 * level);
      localparam ENTRIES = (SOURCES + BELOW - 1) / BELOW;
      wire [ENTRIES*WIDTH-1:0] entries;
      // What is left of the choice: four bits a level are used up.
      wire [4*LEVELS+3:0] left;
      wire unused = &{1'b0, left};
      if (level == 0) begin : g_sources
        assign left = {{4 * LEVELS + 4 - CHOICE_W{1'b0}}, choice};
        assign entries = results_i;
      end else begin : g_mux
        localparam FROM = (SOURCES + (BELOW >> 4) - 1) / (BELOW >> 4);
        reg [4*LEVELS+3:0] left_q;
        always @(posedge clk_i) left_q <= g_level[level-1].left >> 4;
        assign left = left_q;
        for (n = 0; n < ENTRIES; n = n + 1) begin : g_entry
          localparam OF = FROM - 16 * n < 16 ? FROM - 16 * n : 16;
          localparam OF_W = OF > 1 ? $clog2(OF) : 1;
          wire [WIDTH-1:0] entry_d;
          reg  [WIDTH-1:0] entry_q;
          sparsesim_choose #(
              .WINDOW (OF),
              .VALUE_W(WIDTH)
          ) u_choose (
              .values_i(g_level[level-1].entries[16*n*WIDTH+:OF*WIDTH]),
              .index_i (g_level[level-1].left[OF_W-1:0]),
              .value_o (entry_d)
          );
          always @(posedge clk_i) entry_q <= entry_d;
          assign entries[n*WIDTH+:WIDTH] = entry_q;
        end
      end
    end
  endgenerate
  assign result_o = g_level[LEVELS].entries;
endmodule
`default_nettype wire
