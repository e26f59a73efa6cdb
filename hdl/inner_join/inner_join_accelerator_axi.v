`default_nettype none
// The accelerator on its buses: registers behind AXI4-Lite, an AXI4-Stream for each line of
// operands, one for each column's results.
//
// A beat of an operand stream is an encoded window {mask, values} (sparsesim_bitmask_decoder.v) of
// its row or column, in the order of the pass: the tiles in which the line exists, windows rising.
// A beat of a result stream is one of sparsesim_postprocess.v; tlast closes a position's channels.
// tdata is padded with zeros to whole bytes; line i's is at [8*BYTES*i +: 8*BYTES].
//
// A pass: write the layer's registers and its filters' parameters (inner_join_registers.v), the
// shape, then CONTROL.start; feed the windows, take the results; it is over when STATUS.busy falls.
// Operands may be offered before the start, but not before their zero points are written: two
// windows of each line go in, are decoded and wait.
//
// Cycle contract: inner_join_accelerator.v. CYCLES and classes are the model's where operands never
// starve (two windows wait at the start, then one a cycle is there) and results are always taken.
//
// Example: sim_tests/inner_join/inner_join_axi_lines.v is a machine of 2 x 2. Twins:
// sparsesim.array_cycles, sparsesim/fixed_point/requantise.py. Test:
// test_inner_join_accelerator_axi.py.
module inner_join_accelerator_axi #(
    // Rows of PEs, one filter each, 1 to 1024.
    parameter ROWS = 16,
    // Columns of PEs, one position each, 1 to 1024.
    parameter COLS = 16,
    // Pairs that a PE examines together, and elements of a beat, 1 to 64.
    parameter WINDOW = 16,
    // Multipliers of a PE, 1 to 256.
    parameter LANES = 1,
    // Windows that each of a PE's queues holds, 1 to 4096.
    parameter QUEUE_DEPTH = 4,
    // Cycles from push to use, and from a free slot to the knowledge of it, 1 to 64.
    parameter FEED_LATENCY = 1,
    // Operands whose zeros save cycles, 0 to 3: none, activation, weight, two_sided.
    parameter SKIPPING = 3,
    // Loop order, 0 to 1: 0 all filter tiles of a position tile, 1 the other way round.
    parameter POSITIONS_INNER = 0,
    // Width of an activation, signed, 2 to 16; VALUE_W + 1 holds every one less its zero point.
    parameter ACT_W = 9,
    // Width of a weight, signed, 2 to 16.
    parameter WEIGHT_W = 8,
    // Width of the sum, signed, 8 to 64.
    parameter ACC_W = 32,
    // Class counters, 0 to 1.
    parameter COUNTERS_EN = 0,
    // Width of a stored value, operand or output, 2 to 16.
    parameter VALUE_W = 8,
    // Filters that have post-processing parameters, 1 to 65536.
    parameter MAX_FILTERS = 512,
    // Bytes of an operand beat; derived, leave it.
    parameter IN_BYTES = (WINDOW * (1 + VALUE_W) + 7) / 8,
    // Bytes of a result beat; derived, leave it.
    parameter OUT_BYTES = ((WINDOW * (1 + VALUE_W) > ACC_W ? WINDOW * (1 + VALUE_W) : ACC_W) + 7) / 8
) (
    input  wire                       clk_i,
    input  wire                       rst_ni,
    // AXI4-Lite slave; see inner_join_registers.v.
    input  wire                       s_axil_awvalid,
    output wire                       s_axil_awready,
    input  wire [               11:0] s_axil_awaddr,
    input  wire                       s_axil_wvalid,
    output wire                       s_axil_wready,
    input  wire [               31:0] s_axil_wdata,
    input  wire [                3:0] s_axil_wstrb,
    output wire                       s_axil_bvalid,
    input  wire                       s_axil_bready,
    output wire [                1:0] s_axil_bresp,
    input  wire                       s_axil_arvalid,
    output wire                       s_axil_arready,
    input  wire [               11:0] s_axil_araddr,
    output wire                       s_axil_rvalid,
    input  wire                       s_axil_rready,
    output wire [               31:0] s_axil_rdata,
    output wire [                1:0] s_axil_rresp,
    /* verilator lint_off UNUSEDSIGNAL */  // padding
    // AXI4-Stream slaves: weight windows of each row.
    input  wire [           ROWS-1:0] s_axis_weight_tvalid,
    output wire [           ROWS-1:0] s_axis_weight_tready,
    input  wire [ROWS*8*IN_BYTES-1:0] s_axis_weight_tdata,
    // AXI4-Stream slaves: activation windows of each column.
    input  wire [           COLS-1:0] s_axis_activation_tvalid,
    output wire [           COLS-1:0] s_axis_activation_tready,
    input  wire [COLS*8*IN_BYTES-1:0] s_axis_activation_tdata,
    /* verilator lint_on UNUSEDSIGNAL */
    // AXI4-Stream masters: results of each column.
    output wire [           COLS-1:0] m_axis_result_tvalid,
    input  wire [           COLS-1:0] m_axis_result_tready,
    output wire [COLS*8*OUT_BYTES-1:0] m_axis_result_tdata,
    output wire [           COLS-1:0] m_axis_result_tlast
);
  localparam IN_W = WINDOW * (1 + VALUE_W);
  localparam OUT_W = IN_W > ACC_W ? IN_W : ACC_W;

  wire start, relu, raw, activation_signed, weight_signed, param_we, busy, overflow;
  wire [7*32-1:0] pass;
  wire [15:0] param_index;
  wire [VALUE_W:0] threshold, zero_point, low, high, activation_zero_point, weight_zero_point;
  wire [31:0] param_bias, param_multiplier;
  wire [5:0] param_shift;
  wire [47:0] cycles;
  wire [7*48-1:0] counters;
  inner_join_registers #(
      .ROWS           (ROWS),
      .COLS           (COLS),
      .WINDOW         (WINDOW),
      .LANES          (LANES),
      .QUEUE_DEPTH    (QUEUE_DEPTH),
      .FEED_LATENCY   (FEED_LATENCY),
      .SKIPPING       (SKIPPING),
      .POSITIONS_INNER(POSITIONS_INNER),
      .ACT_W          (ACT_W),
      .WEIGHT_W       (WEIGHT_W),
      .ACC_W          (ACC_W),
      .COUNTERS_EN    (COUNTERS_EN),
      .VALUE_W        (VALUE_W),
      .MAX_FILTERS    (MAX_FILTERS)
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
      .start_o                (start),
      .pass_o                 (pass),
      .relu_o                 (relu),
      .threshold_o            (threshold),
      .zero_point_o           (zero_point),
      .low_o                  (low),
      .high_o                 (high),
      .raw_o                  (raw),
      .activation_zero_point_o(activation_zero_point),
      .activation_signed_o    (activation_signed),
      .weight_zero_point_o    (weight_zero_point),
      .weight_signed_o        (weight_signed),
      .param_we_o             (param_we),
      .param_index_o          (param_index),
      .param_bias_o           (param_bias),
      .param_multiplier_o     (param_multiplier),
      .param_shift_o          (param_shift),
      .busy_i                 (busy),
      .overflow_i             (overflow),
      .cycles_i               (cycles),
      .counters_i             (counters)
  );

  // Decoders, one a line: weights of the rows, then activations of the columns.
  wire [ROWS-1:0] weight_valid, weight_ready;
  wire [ROWS*WINDOW-1:0] weight_mask;
  wire [ROWS*WINDOW*WEIGHT_W-1:0] weight_values;
  wire [COLS-1:0] activation_valid, activation_ready;
  wire [COLS*WINDOW-1:0] activation_mask;
  wire [COLS*WINDOW*ACT_W-1:0] activation_values;
  genvar i, j;
  generate
    for (i = 0; i < ROWS; i = i + 1) begin : g_row
      sparsesim_bitmask_decoder #(
          .WINDOW   (WINDOW),
          .VALUE_W  (VALUE_W),
          .OPERAND_W(WEIGHT_W)
      ) u_decoder (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .signed_i    (weight_signed),
          .zero_point_i(weight_zero_point),
          .valid_i     (s_axis_weight_tvalid[i]),
          .ready_o     (s_axis_weight_tready[i]),
          .beat_i      (s_axis_weight_tdata[8*IN_BYTES*i+:IN_W]),
          .valid_o     (weight_valid[i]),
          .ready_i     (weight_ready[i]),
          .mask_o      (weight_mask[WINDOW*i+:WINDOW]),
          .operands_o  (weight_values[WINDOW*WEIGHT_W*i+:WINDOW*WEIGHT_W])
      );
    end
    for (j = 0; j < COLS; j = j + 1) begin : g_col
      sparsesim_bitmask_decoder #(
          .WINDOW   (WINDOW),
          .VALUE_W  (VALUE_W),
          .OPERAND_W(ACT_W)
      ) u_decoder (
          .clk_i       (clk_i),
          .rst_ni      (rst_ni),
          .signed_i    (activation_signed),
          .zero_point_i(activation_zero_point),
          .valid_i     (s_axis_activation_tvalid[j]),
          .ready_o     (s_axis_activation_tready[j]),
          .beat_i      (s_axis_activation_tdata[8*IN_BYTES*j+:IN_W]),
          .valid_o     (activation_valid[j]),
          .ready_i     (activation_ready[j]),
          .mask_o      (activation_mask[WINDOW*j+:WINDOW]),
          .operands_o  (activation_values[WINDOW*ACT_W*j+:WINDOW*ACT_W])
      );
    end
  endgenerate

  wire [COLS-1:0] sum_valid, sum_last, sum_overflow;
  wire [COLS*ACC_W-1:0] sum;
  wire [ROWS*COLS-1:0] done;
  wire [COLS*OUT_W-1:0] out_data;
  inner_join_accelerator #(
      .ROWS           (ROWS),
      .COLS           (COLS),
      .WINDOW         (WINDOW),
      .LANES          (LANES),
      .QUEUE_DEPTH    (QUEUE_DEPTH),
      .FEED_LATENCY   (FEED_LATENCY),
      .SKIPPING       (SKIPPING),
      .POSITIONS_INNER(POSITIONS_INNER),
      .ACT_W          (ACT_W),
      .WEIGHT_W       (WEIGHT_W),
      .ACC_W          (ACC_W),
      .COUNTERS_EN    (COUNTERS_EN),
      .VALUE_W        (VALUE_W),
      .MAX_FILTERS    (MAX_FILTERS)
  ) u_accelerator (
      .clk_i             (clk_i),
      .rst_ni            (rst_ni),
      .start_i           (start),
      .pass_i            (pass),
      .weight_valid_i    (weight_valid),
      .weight_ready_o    (weight_ready),
      .weight_mask_i     (weight_mask),
      .weight_values_i   (weight_values),
      .act_valid_i       (activation_valid),
      .act_ready_o       (activation_ready),
      .act_mask_i        (activation_mask),
      .act_values_i      (activation_values),
      .param_we_i        (param_we),
      .param_index_i     (param_index),
      .param_bias_i      (param_bias),
      .param_multiplier_i(param_multiplier),
      .param_shift_i     (param_shift),
      .relu_i            (relu),
      .threshold_i       (threshold),
      .zero_point_i      (zero_point),
      .low_i             (low),
      .high_i            (high),
      .raw_i             (raw),
      .out_valid_o       (m_axis_result_tvalid),
      .out_ready_i       (m_axis_result_tready),
      .out_data_o        (out_data),
      .out_last_o        (m_axis_result_tlast),
      .sum_valid_o       (sum_valid),
      .sum_last_o        (sum_last),
      .sum_o             (sum),
      .sum_overflow_o    (sum_overflow),
      .done_o            (done),
      .overflow_o        (overflow),
      .busy_o            (busy),
      .cycles_o          (cycles),
      .counters_o        (counters)
  );
  wire unused = ^{sum_valid, sum_last, sum, sum_overflow, done};
  generate
    for (j = 0; j < COLS; j = j + 1) begin : g_result
      // A bit of padding too many is cut off again: there may be none.
      /* verilator lint_off UNUSEDSIGNAL */
      wire [8*OUT_BYTES:0] padded = {{8 * OUT_BYTES - OUT_W + 1{1'b0}}, out_data[OUT_W*j+:OUT_W]};
      /* verilator lint_on UNUSEDSIGNAL */
      assign m_axis_result_tdata[8*OUT_BYTES*j+:8*OUT_BYTES] = padded[8*OUT_BYTES-1:0];
    end
  endgenerate
endmodule
`default_nettype wire
