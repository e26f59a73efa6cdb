`default_nettype none
// Registers of the accelerator: an AXI4-Lite slave of 32-bit words.
//
//   offset  name                   bits         meaning
//   0x000   ID                     32           0x5350534d
//   0x004   VERSION                32           1
//   0x008   CONTROL                2, write     bit 0 start: a pass; bit 1 clear: STATUS.overflow
//   0x00c   STATUS                 2, read      bit 0 busy; bit 1 overflow: since the last clear
//   0x010   ROWS                   32, read     the parameters of this machine, from here to
//   0x014   COLS
//   0x018   WINDOW
//   0x01c   LANES
//   0x020   QUEUE_DEPTH
//   0x024   FEED_LATENCY
//   0x028   SKIPPING
//   0x02c   POSITIONS_INNER
//   0x030   ACT_W
//   0x034   WEIGHT_W
//   0x038   ACC_W
//   0x03c   VALUE_W
//   0x040   COUNTERS_EN
//   0x044   MAX_FILTERS                         here
//   0x080   WINDOWS                16           windows of a tile, 1 or more
//   0x084   FILTER_TILES           16           of the pass, 1 or more
//   0x088   POSITION_TILES         16           likewise
//   0x08c   LAST_FILTERS           11           rows of the last filter tile, 1 to ROWS
//   0x090   LAST_POSITIONS         11           columns of the last position tile, 1 to COLS
//   0x094   LAST_LENGTH            7            pairs of a tile's last window, 1 to WINDOW
//   0x098   DRAINS                 1            the pass ends its tiles; 0 takes a single tile
//   0x09c   RELU                   1
//   0x0a0   THRESHOLD              VALUE_W + 1  unsigned, in output steps
//   0x0a4   ZERO_POINT             VALUE_W + 1  signed, of the output
//   0x0a8   LOW                    VALUE_W + 1  signed, lowest output value
//   0x0ac   HIGH                   VALUE_W + 1  signed, highest; LOW or more
//   0x0b0   RAW                    1            results are sums
//   0x0b4   ACTIVATION_ZERO_POINT  VALUE_W + 1  signed
//   0x0b8   ACTIVATION_SIGNED      1            activations are stored signed
//   0x0bc   WEIGHT_ZERO_POINT      VALUE_W + 1  signed
//   0x0c0   WEIGHT_SIGNED          1            weights are stored signed
//   0x0c4   PARAM_INDEX            16           the filter whose parameters are written
//   0x0c8   PARAM_BIAS             32           signed
//   0x0cc   PARAM_MULTIPLIER       32           unsigned
//   0x0d0   PARAM_SHIFT            6            writing its lowest byte stores bias, multiplier and
//                                               shift, and adds 1 to PARAM_INDEX
//   0x100   CYCLES                 48, read     of the pass; bits 47 to 32 in the word behind
//   0x108   EFFECTUAL              48, read     lane-slots by class, likewise; 0 without COUNTERS_EN
//   0x110   INEFFECTUAL
//   0x118   UNUSED
//   0x120   OPERAND_WAIT
//   0x128   DRAIN_WAIT
//   0x130   INACTIVE
//   0x138   FILL_DRAIN
//
// Registers from 0x080 to 0x0d0 keep their bits and read back, zero-extended. Byte strobes count.
// What lies outside the map answers DECERR. A write answers SLVERR, and changes nothing: to a
// read-only register; while busy, unless it is a clear alone; as a start with a shape outside the
// ranges above or, where results are no sums, with more filters than MAX_FILTERS.
//
// Cycle contract: a write takes effect 2 cycles behind the later of its address and data, and 3
// behind the write before it at the earliest; start_o and param_we_o are high for one cycle. A read
// answers 3 cycles behind its address. Writes and reads do not wait for each other. CYCLES and
// classes are final when busy falls.
//
// Example: 0x0c4 <- 5, 0x0c8 <- 7, 0x0cc <- 2^31, 0x0d0 <- 31: filter 5 adds 7 and scales by 1.
//
// Twin: sim_tests/register_map.py. Test: test_sparsesim_registers.py.
module sparsesim_registers #(
    // Rows of PEs, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, 1 to 1024.
    parameter COLS = 16,
    // Pairs that a PE examines together, 1 to 64.
    parameter WINDOW = 16,
    // Multipliers of a PE, 1 to 256; told, no more.
    parameter LANES = 1,
    // Windows that a queue holds, 1 to 4096; told, no more.
    parameter QUEUE_DEPTH = 4,
    // Cycles from push to use, 1 to 64; told, no more.
    parameter FEED_LATENCY = 1,
    // Operands whose zeros save cycles, 0 to 3; told, no more.
    parameter SKIPPING = 3,
    // Loop order, 0 to 1; told, no more.
    parameter POSITIONS_INNER = 0,
    // Width of an activation, 2 to 16; told, no more.
    parameter ACT_W = 9,
    // Width of a weight, 2 to 16; told, no more.
    parameter WEIGHT_W = 8,
    // Width of a sum, 8 to 64; told, no more.
    parameter ACC_W = 32,
    // Class counters, 0 to 1; told, no more.
    parameter COUNTERS_EN = 0,
    // Width of an encoded value, in bits. 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have parameters, those of a pass. 1 to 65536.
    parameter MAX_FILTERS = 512
) (
    input  wire              clk_i,
    input  wire              rst_ni,
    // AXI4-Lite slave. Addresses in bytes; the lowest two bits do not count. No protection bits.
    /* verilator lint_off UNUSEDSIGNAL */
    input  wire              s_axil_awvalid,
    output wire              s_axil_awready,
    input  wire [      11:0] s_axil_awaddr,
    input  wire              s_axil_wvalid,
    output wire              s_axil_wready,
    input  wire [      31:0] s_axil_wdata,
    input  wire [       3:0] s_axil_wstrb,
    output wire              s_axil_bvalid,
    input  wire              s_axil_bready,
    output wire [       1:0] s_axil_bresp,
    input  wire              s_axil_arvalid,
    output wire              s_axil_arready,
    input  wire [      11:0] s_axil_araddr,
    output wire              s_axil_rvalid,
    input  wire              s_axil_rready,
    output wire [      31:0] s_axil_rdata,
    output wire [       1:0] s_axil_rresp,
    /* verilator lint_on UNUSEDSIGNAL */
    // A pass starts; its shape.
    output wire              start_o,
    output wire [      15:0] windows_o,
    output wire [      15:0] filter_tiles_o,
    output wire [      15:0] position_tiles_o,
    output wire [      10:0] last_filters_o,
    output wire [      10:0] last_positions_o,
    output wire [       6:0] last_length_o,
    output wire              drains_o,
    // Post-processing of a layer.
    output wire              relu_o,
    output wire [ VALUE_W:0] threshold_o,
    output wire [ VALUE_W:0] zero_point_o,
    output wire [ VALUE_W:0] low_o,
    output wire [ VALUE_W:0] high_o,
    output wire              raw_o,
    // Operands as they are stored.
    output wire [ VALUE_W:0] activation_zero_point_o,
    output wire              activation_signed_o,
    output wire [ VALUE_W:0] weight_zero_point_o,
    output wire              weight_signed_o,
    // Writes the parameters of a filter.
    output wire              param_we_o,
    output wire [      15:0] param_index_o,
    output wire [      31:0] param_bias_o,
    output wire [      31:0] param_multiplier_o,
    output wire [       5:0] param_shift_o,
    // From the accelerator: a pass is under way, a sum has overflowed; what the pass took.
    input  wire              busy_i,
    input  wire              overflow_i,
    input  wire [      47:0] cycles_i,
    input  wire [  7*48-1:0] counters_i
);
  sparsesim_parameter_range #(.NAME("value_bits"), .VALUE(VALUE_W), .LOW(2), .HIGH(16)) u_value_range ();
  sparsesim_parameter_range #(.NAME("max_filters"), .VALUE(MAX_FILTERS), .LOW(1), .HIGH(65536)) u_filters_range ();

  localparam [1:0] OKAY = 2'b00, SLVERR = 2'b10, DECERR = 2'b11;
  // The map in words: constants, then what is kept, then counts.
  localparam CONSTANTS = 18, KEPT_AT = 32, KEPT = 21, COUNTS_AT = 64, COUNTS = 16;
  localparam CONTROL = 2, PARAM_INDEX = KEPT_AT + 17, PARAM_SHIFT = KEPT_AT + 20;
  localparam [31:0] VALUE_BITS = (1 << (VALUE_W + 1)) - 1;
  // Bits that the kept registers have, the last one first.
  localparam [32*KEPT-1:0] BITS = {
    32'h3f, 32'hffffffff, 32'hffffffff, 32'hffff, 32'd1, VALUE_BITS, 32'd1, VALUE_BITS, 32'd1,
    VALUE_BITS, VALUE_BITS, VALUE_BITS, VALUE_BITS, 32'd1,
    32'd1, 32'h7f, 32'h7ff, 32'h7ff, 32'hffff, 32'hffff, 32'hffff
  };

  reg [32*KEPT-1:0] kept_q, kept_d;
  reg start_q, param_we_q, legal_q, overflow_q, overflowed_q;
  reg [31:0] filters_q;
  wire busy = busy_i || start_q;

  // Writes: address and data wait for each other here, one write at a time. What it changed is
  // known to legal_q before the next one.
  reg aw_valid_q, w_valid_q, b_valid_q, answered_q;
  reg [9:0] aw_word_q;
  reg is_kept_q, is_fixed_q, is_control_q;
  reg [31:0] w_data_q;
  reg [3:0] w_strobe_q;
  reg [1:0] b_resp_q, b_resp_d;
  assign s_axil_awready = !aw_valid_q;
  assign s_axil_wready = !w_valid_q;
  assign s_axil_bvalid = b_valid_q;
  assign s_axil_bresp = b_resp_q;
  wire writes = aw_valid_q && w_valid_q && !b_valid_q && !answered_q;
  wire [31:0] word = {22'd0, aw_word_q};
  wire [31:0] next_word = {22'd0, s_axil_awaddr[11:2]};
  wire starts = is_control_q && w_data_q[0] && w_strobe_q[0];
  wire clears = is_control_q && w_data_q[1] && w_strobe_q[0];
  wire accepted = writes && b_resp_d == OKAY;
  always @* begin
    b_resp_d = OKAY;
    if (!is_kept_q && !is_fixed_q && !is_control_q) b_resp_d = DECERR;
    else if (is_fixed_q || (busy && (is_kept_q || starts)) || (starts && !legal_q)) b_resp_d = SLVERR;
  end

  // Kept registers.
  wire [31:0] strobe = {{8{w_strobe_q[3]}}, {8{w_strobe_q[2]}}, {8{w_strobe_q[1]}}, {8{w_strobe_q[0]}}};
  integer n;
  always @* begin
    kept_d = kept_q;
    for (n = 0; n < KEPT; n = n + 1)
      if (accepted && word == n + KEPT_AT)
        kept_d[32*n+:32] = (w_data_q & strobe) | (kept_q[32*n+:32] & ~strobe);
    if (param_we_q) kept_d[32*(PARAM_INDEX-KEPT_AT)+:16] = param_index_o + 16'd1;
    kept_d = kept_d & BITS;
  end
  assign {param_shift_o, param_multiplier_o, param_bias_o, param_index_o} = {
    kept_q[32*20+:6], kept_q[32*19+:32], kept_q[32*18+:32], kept_q[32*17+:16]
  };
  assign weight_signed_o = kept_q[32*16];
  assign weight_zero_point_o = kept_q[32*15+:VALUE_W+1];
  assign activation_signed_o = kept_q[32*14];
  assign activation_zero_point_o = kept_q[32*13+:VALUE_W+1];
  assign raw_o = kept_q[32*12];
  assign high_o = kept_q[32*11+:VALUE_W+1];
  assign low_o = kept_q[32*10+:VALUE_W+1];
  assign zero_point_o = kept_q[32*9+:VALUE_W+1];
  assign threshold_o = kept_q[32*8+:VALUE_W+1];
  assign relu_o = kept_q[32*7];
  assign drains_o = kept_q[32*6];
  assign last_length_o = kept_q[32*5+:7];
  assign last_positions_o = kept_q[32*4+:11];
  assign last_filters_o = kept_q[32*3+:11];
  assign position_tiles_o = kept_q[32*2+:16];
  assign filter_tiles_o = kept_q[32*1+:16];
  assign windows_o = kept_q[32*0+:16];
  assign start_o = start_q;
  assign param_we_o = param_we_q;

  // Shapes that a pass may have. The last tile counts whole here, and again as it is.
  wire legal = windows_o != 0 && filter_tiles_o != 0 && position_tiles_o != 0 &&
      last_filters_o != 0 && {21'd0, last_filters_o} <= ROWS &&
      last_positions_o != 0 && {21'd0, last_positions_o} <= COLS &&
      last_length_o != 0 && {25'd0, last_length_o} <= WINDOW &&
      (drains_o || (filter_tiles_o == 1 && position_tiles_o == 1)) && (raw_o || filters_q <= MAX_FILTERS + ROWS);

  // Reads, one at a time: a word of each third of the map, then the third.
  wire [32*COUNTS-1:0] counts;
  genvar c;
  generate
    for (c = 0; c < 7; c = c + 1) begin : g_count
      assign counts[64*(c+1)+:64] = {16'd0, counters_i[48*c+:48]};
    end
  endgenerate
  assign counts[63:0] = {16'd0, cycles_i};
  wire [32*CONSTANTS-1:0] constants = {
    MAX_FILTERS[31:0], COUNTERS_EN[31:0], VALUE_W[31:0], ACC_W[31:0], WEIGHT_W[31:0], ACT_W[31:0],
    POSITIONS_INNER[31:0], SKIPPING[31:0], FEED_LATENCY[31:0], QUEUE_DEPTH[31:0], LANES[31:0],
    WINDOW[31:0], COLS[31:0], ROWS[31:0], 30'd0, overflow_q, busy, 32'd0, 32'd1, 32'h5350534d
  };
  wire [32*32-1:0] third_0 = {{32 * (32 - CONSTANTS) {1'b0}}, constants};
  wire [32*32-1:0] third_1 = {{32 * (32 - KEPT) {1'b0}}, kept_q};
  wire [32*32-1:0] third_2 = {{32 * (32 - COUNTS) {1'b0}}, counts};
  reg ar_valid_q, read_valid_q, read_mapped_q, r_valid_q;
  reg [9:0] ar_word_q;
  reg [1:0] read_third_q;
  reg [31:0] read_0_q, read_1_q, read_2_q, r_data_q;
  reg [1:0] r_resp_q;
  wire [31:0] read_word = {22'd0, ar_word_q};
  wire read_mapped = read_word < CONSTANTS || (read_word >= KEPT_AT && read_word < KEPT_AT + KEPT) ||
      (read_word >= COUNTS_AT && read_word < COUNTS_AT + COUNTS);
  assign s_axil_arready = !ar_valid_q && !read_valid_q && !r_valid_q;
  assign s_axil_rvalid  = r_valid_q;
  assign s_axil_rdata   = r_data_q;
  assign s_axil_rresp   = r_resp_q;

  always @(posedge clk_i) begin
    if (s_axil_awready) begin
      aw_word_q <= s_axil_awaddr[11:2];
      is_kept_q <= next_word >= KEPT_AT && next_word < KEPT_AT + KEPT;
      is_control_q <= next_word == CONTROL;
      is_fixed_q <= (next_word < CONSTANTS && next_word != CONTROL) ||
          (next_word >= COUNTS_AT && next_word < COUNTS_AT + COUNTS);
    end
    if (s_axil_wready) {w_strobe_q, w_data_q} <= {s_axil_wstrb, s_axil_wdata};
    if (s_axil_arready) ar_word_q <= s_axil_araddr[11:2];
    if (writes) b_resp_q <= b_resp_d;
    read_third_q <= ar_word_q[6:5];
    read_mapped_q <= read_mapped;
    read_0_q <= third_0[32*ar_word_q[4:0]+:32];
    read_1_q <= third_1[32*ar_word_q[4:0]+:32];
    read_2_q <= third_2[32*ar_word_q[4:0]+:32];
    if (read_valid_q) begin
      r_resp_q <= read_mapped_q ? OKAY : DECERR;
      r_data_q <= !read_mapped_q ? 32'd0 :
          read_third_q == 2'd0 ? read_0_q : read_third_q == 2'd1 ? read_1_q : read_2_q;
    end
    aw_valid_q <= aw_valid_q ? !writes : s_axil_awvalid;
    w_valid_q <= w_valid_q ? !writes : s_axil_wvalid;
    b_valid_q <= writes || (b_valid_q && !s_axil_bready);
    ar_valid_q <= s_axil_arready && s_axil_arvalid;
    read_valid_q <= ar_valid_q;
    r_valid_q <= read_valid_q || (r_valid_q && !s_axil_rready);

    kept_q <= kept_d;
    start_q <= accepted && starts;
    param_we_q <= accepted && word == PARAM_SHIFT && w_strobe_q[0];
    filters_q <= filter_tiles_o * ROWS + {21'd0, last_filters_o};
    legal_q <= legal;
    answered_q <= b_valid_q;
    overflowed_q <= overflow_i;
    if (accepted && clears) overflow_q <= 1'b0;
    if (overflow_i && !overflowed_q) overflow_q <= 1'b1;
    if (!rst_ni) begin
      {aw_valid_q, w_valid_q, b_valid_q, answered_q} <= 4'd0;
      {ar_valid_q, read_valid_q, r_valid_q} <= 3'd0;
      {start_q, param_we_q, legal_q, overflow_q, overflowed_q} <= 5'd0;
      kept_q <= {32 * KEPT{1'b0}};
    end
  end
endmodule
`default_nettype wire
