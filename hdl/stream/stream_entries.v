`default_nettype none
// Entries of a row, from the bitmask format: the index and the operand of each non-zero of a vector,
// one a cycle.
//
// A vector's block of K comes as mask windows of WINDOW elements each, window 0 first, and as the
// stored values of the elements whose bit is set, in their order: the two halves of the format, each
// a stream of its own, so that no value is looked for. An entry is {index in the block, stored value
// less zero point, last}; a block without a set bit gives one filler {0, 0, last}.
//
// Cycle contract: a window is taken a cycle, at most two ahead of the entries. An entry a cycle leaves
// while windows and values are there: a window with one set bit or more takes as many cycles as it has,
// without a gap to the next. One without any takes a cycle of the window register in front, which is
// hidden behind a window with two set bits or more, and else delays the next entry by a cycle. Whether
// an entry is the last of its block is known when the next window with a set bit, or the block's last
// window, is in that register: until then the last entry of a window waits. The first entry stands at
// the output 3 cycles behind its window.
//
// Example, WINDOW = 4: masks 1001, 0000 (last), values 7, 9, zero point 5: entries {0, 2, 0}, {3, 4, 1}.
//
// Twin: sparsesim/machines/stream/entries.py. Test: test_stream_entries.py.
module stream_entries #(
    // Elements of a window, a power of two, 2 to 64.
    parameter WINDOW = 16,
    // Elements of the longest block, a power of two, 16 to 4096.
    parameter DEPTH = 256,
    // Width of a stored value, 2 to 16.
    parameter VALUE_W = 8,
    // Width of an operand, signed; a value less its zero point has to fit. 2 to 18.
    parameter OPERAND_W = 9,
    // Width of an index; derived, leave it.
    parameter INDEX_W = $clog2(DEPTH)
) (
    input  wire                 clk_i,
    input  wire                 rst_ni,
    // Values are signed; the zero point, signed. Static while entries pass.
    input  wire                 signed_i,
    input  wire [    VALUE_W:0] zero_point_i,
    // Windows: taken in a cycle where both are high; last_i: the last one of a block.
    input  wire                 window_valid_i,
    output wire                 window_ready_o,
    input  wire [   WINDOW-1:0] mask_i,
    input  wire                 last_i,
    // Stored values.
    input  wire                 value_valid_i,
    output wire                 value_ready_o,
    input  wire [  VALUE_W-1:0] value_i,
    // Entries.
    output wire                 entry_valid_o,
    input  wire                 entry_ready_i,
    output wire [  INDEX_W-1:0] entry_index_o,
    output wire [OPERAND_W-1:0] entry_value_o,
    output wire                 entry_last_o
);
  sparsesim_parameter_range #(.NAME("window"), .VALUE(WINDOW), .LOW(2), .HIGH(64)) u_window_range ();
  sparsesim_parameter_range #(.NAME("depth"), .VALUE(DEPTH), .LOW(16), .HIGH(4096)) u_depth_range ();
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();
  sparsesim_parameter_range #(.NAME("operand_bits"), .VALUE(OPERAND_W), .LOW(2), .HIGH(18)) u_operand_range ();
  generate
    if (WINDOW != 1 << $clog2(WINDOW)) begin : g_window
      sparsesim_parameter_power #(.NAME("window"), .VALUE(WINDOW), .LOW(2), .HIGH(64)) u_stop ();
    end
    if (DEPTH != 1 << $clog2(DEPTH)) begin : g_depth
      sparsesim_parameter_power #(.NAME("depth"), .VALUE(DEPTH), .LOW(16), .HIGH(4096)) u_stop ();
    end
  endgenerate

  localparam BIT_W = $clog2(WINDOW);
  localparam NUMBER_W = INDEX_W > BIT_W ? INDEX_W - BIT_W : 1;
  localparam WIDE_W = OPERAND_W > VALUE_W + 2 ? OPERAND_W : VALUE_W + 2;

  // The window in front: empty ones that are not a block's last are passed over.
  reg front_q, front_last_q;
  reg [WINDOW-1:0] front_mask_q;
  reg [NUMBER_W-1:0] front_number_q, number_q;
  wire front_is_empty = front_mask_q == {WINDOW{1'b0}};
  wire front_has = front_q && !front_is_empty;
  wire front_ends = front_q && front_is_empty && front_last_q;

  // The window in work: bits of it that have not left.
  reg work_q, work_last_q;
  reg [WINDOW-1:0] mask_q;
  reg [NUMBER_W-1:0] work_number_q;
  reg [WINDOW-1:0] rest;
  reg [BIT_W-1:0] bit_d;
  integer k;
  always @* begin
    rest  = {WINDOW{1'b0}};
    bit_d = {BIT_W{1'b0}};
    for (k = WINDOW - 1; k >= 0; k = k - 1) begin
      if (mask_q[k]) bit_d = k[BIT_W-1:0];
    end
    for (k = 1; k < WINDOW; k = k + 1) rest[k] = mask_q[k] && bit_d != k[BIT_W-1:0];
  end
  wire is_final = rest == {WINDOW{1'b0}};
  // Its final entry knows whether it is the block's last; the end of a block without entries fills.
  wire is_known = work_last_q || front_has || front_ends;
  wire fills = !work_q && front_ends;
  wire offers = (work_q && (!is_final || is_known) && value_valid_i) || fills;

  // The entry at the output.
  reg entry_q, last_q;
  reg [INDEX_W-1:0] index_q;
  reg [OPERAND_W-1:0] value_q;
  wire takes = offers && (!entry_q || entry_ready_i);
  wire leaves = takes && (fills || is_final);
  wire moves = front_has && (!work_q || leaves);
  // An empty window goes with the block's last entry; behind a block's last window it has its own.
  wire goes = front_q && (moves || (front_is_empty && !front_last_q) || (leaves && front_ends && !(work_q && work_last_q)));
  assign window_ready_o = !front_q || goes;
  assign value_ready_o = takes && !fills;

  /* verilator lint_off UNUSEDSIGNAL */
  wire [WIDE_W-1:0] operand = {{WIDE_W - VALUE_W{signed_i && value_i[VALUE_W-1]}}, value_i} -
      {{WIDE_W - VALUE_W - 1{zero_point_i[VALUE_W]}}, zero_point_i};
  wire [NUMBER_W+BIT_W-1:0] index = {work_number_q, bit_d};
  /* verilator lint_on UNUSEDSIGNAL */
  always @(posedge clk_i) begin
    if (window_ready_o) begin
      front_mask_q <= mask_i;
      front_last_q <= last_i;
      front_number_q <= number_q;
    end
    front_q <= rst_ni && (window_ready_o ? window_valid_i : front_q);
    if (!rst_ni) number_q <= {NUMBER_W{1'b0}};
    else if (window_valid_i && window_ready_o) number_q <= last_i ? {NUMBER_W{1'b0}} : number_q + 1'b1;

    if (moves) begin
      work_last_q   <= front_last_q;
      work_number_q <= front_number_q;
    end
    if (moves) mask_q <= front_mask_q;
    else if (takes && !fills) mask_q <= rest;
    work_q <= rst_ni && (moves || (work_q && !leaves));

    if (takes && fills) begin
      index_q <= {INDEX_W{1'b0}};
      value_q <= {OPERAND_W{1'b0}};
    end else if (takes) begin
      index_q <= index[INDEX_W-1:0];
      value_q <= operand[OPERAND_W-1:0];
    end
    if (takes) last_q <= fills || (is_final && (work_last_q || front_ends));
    entry_q <= rst_ni && (takes || (entry_q && !entry_ready_i));
  end
  assign entry_valid_o = entry_q;
  assign entry_index_o = index_q;
  assign entry_value_o = value_q;
  assign entry_last_o  = last_q;
endmodule
`default_nettype wire
