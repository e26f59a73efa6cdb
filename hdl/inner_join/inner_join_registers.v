`default_nettype none
// Registers of inner_join's accelerator: its words in the map of sparsesim_registers.v, and which
// shapes a pass may have.
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
//   0x09c   RELU                                from here to 0x0d0 as in sparsesim_registers.v
//   0x0a0   THRESHOLD
//   0x0a4   ZERO_POINT
//   0x0a8   LOW
//   0x0ac   HIGH
//   0x0b0   RAW
//   0x0b4   ACTIVATION_ZERO_POINT
//   0x0b8   ACTIVATION_SIGNED
//   0x0bc   WEIGHT_ZERO_POINT
//   0x0c0   WEIGHT_SIGNED
//   0x0c4   PARAM_INDEX
//   0x0c8   PARAM_BIAS
//   0x0cc   PARAM_MULTIPLIER
//   0x0d0   PARAM_SHIFT
//   0x100   CYCLES                 48, read     of the pass; bits 47 to 32 in the word behind
//   0x108   EFFECTUAL              48, read     lane-slots by class, likewise; 0 without COUNTERS_EN
//   0x110   INEFFECTUAL
//   0x118   UNUSED
//   0x120   OPERAND_WAIT
//   0x128   DRAIN_WAIT
//   0x130   INACTIVE
//   0x138   FILL_DRAIN
//
// A start answers SLVERR with a shape outside the ranges above or, where results are no sums, with
// more filters than MAX_FILTERS.
//
// Cycle contract: that of sparsesim_registers.v.
//
// Example: 0x0c4 <- 5, 0x0c8 <- 7, 0x0cc <- 2^31, 0x0d0 <- 31: filter 5 adds 7 and scales by 1.
//
// Twin: sim_tests/inner_join/inner_join_register_map.py. Test: test_inner_join_registers.py.
module inner_join_registers #(
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
    // A pass starts; its shape (inner_join_pass_shape.v).
    output wire              start_o,
    output wire [  7*32-1:0] pass_o,
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

  // Shapes that a pass may have. The last tile counts whole here, and again as it is.
  wire [15:0] windows, filter_tiles, position_tiles;
  wire [10:0] last_filters, last_positions;
  wire [6:0] last_length;
  wire drains;
  inner_join_pass_shape u_shape (
      .pass_i          (pass_o),
      .windows_o       (windows),
      .filter_tiles_o  (filter_tiles),
      .position_tiles_o(position_tiles),
      .last_filters_o  (last_filters),
      .last_positions_o(last_positions),
      .last_length_o   (last_length),
      .drains_o        (drains)
  );
  reg [31:0] filters_q;
  always @(posedge clk_i) filters_q <= filter_tiles * ROWS + {21'd0, last_filters};
  wire legal = windows != 0 && filter_tiles != 0 && position_tiles != 0 &&
      last_filters != 0 && {21'd0, last_filters} <= ROWS &&
      last_positions != 0 && {21'd0, last_positions} <= COLS &&
      last_length != 0 && {25'd0, last_length} <= WINDOW &&
      (drains || (filter_tiles == 1 && position_tiles == 1)) && (raw_o || filters_q <= MAX_FILTERS + ROWS);

  sparsesim_registers #(
      .PARAMETERS(14),
      .SHAPE     (7),
      .CLASSES   (7),
      .VALUE_W   (VALUE_W)
  ) u_registers (
      .clk_i                  (clk_i),
      .rst_ni                 (rst_ni),
      .s_axil_awvalid         (s_axil_awvalid),
      .s_axil_awready         (s_axil_awready),
      .s_axil_awaddr          (s_axil_awaddr),
      .s_axil_wvalid          (s_axil_wvalid),
      .s_axil_wready          (s_axil_wready),
      .s_axil_wdata           (s_axil_wdata),
      .s_axil_wstrb           (s_axil_wstrb),
      .s_axil_bvalid          (s_axil_bvalid),
      .s_axil_bready          (s_axil_bready),
      .s_axil_bresp           (s_axil_bresp),
      .s_axil_arvalid         (s_axil_arvalid),
      .s_axil_arready         (s_axil_arready),
      .s_axil_araddr          (s_axil_araddr),
      .s_axil_rvalid          (s_axil_rvalid),
      .s_axil_rready          (s_axil_rready),
      .s_axil_rdata           (s_axil_rdata),
      .s_axil_rresp           (s_axil_rresp),
      .parameters_i           ({
        MAX_FILTERS[31:0], COUNTERS_EN[31:0], VALUE_W[31:0], ACC_W[31:0], WEIGHT_W[31:0],
        ACT_W[31:0], POSITIONS_INNER[31:0], SKIPPING[31:0], FEED_LATENCY[31:0], QUEUE_DEPTH[31:0],
        LANES[31:0], WINDOW[31:0], COLS[31:0], ROWS[31:0]
      }),
      .shape_bits_i           ({32'd1, 32'h7f, 32'h7ff, 32'h7ff, 32'hffff, 32'hffff, 32'hffff}),
      .start_o                (start_o),
      .shape_o                (pass_o),
      .legal_i                (legal),
      .relu_o                 (relu_o),
      .threshold_o            (threshold_o),
      .zero_point_o           (zero_point_o),
      .low_o                  (low_o),
      .high_o                 (high_o),
      .raw_o                  (raw_o),
      .activation_zero_point_o(activation_zero_point_o),
      .activation_signed_o    (activation_signed_o),
      .weight_zero_point_o    (weight_zero_point_o),
      .weight_signed_o        (weight_signed_o),
      .param_we_o             (param_we_o),
      .param_index_o          (param_index_o),
      .param_bias_o           (param_bias_o),
      .param_multiplier_o     (param_multiplier_o),
      .param_shift_o          (param_shift_o),
      .busy_i                 (busy_i),
      .overflow_i             (overflow_i),
      .cycles_i               (cycles_i),
      .counters_i             (counters_i)
  );
endmodule
`default_nettype wire
