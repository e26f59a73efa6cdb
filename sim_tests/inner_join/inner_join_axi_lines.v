`default_nettype none
// A machine of 2 x 2 with a named AXI4-Stream for each line: inner_join_accelerator_axi.v has
// vectors of them, which drivers of buses cannot take apart. No logic.
//
// Cycle contract and example: inner_join_accelerator_axi.v. Test:
// test_inner_join_accelerator_axi.py.
module inner_join_axi_lines #(
    // Pairs of a window, 1 to 64.
    parameter WINDOW = 4,
    // Multipliers of a PE, 1 to 256.
    parameter LANES = 1,
    // Windows that a queue holds, 1 to 4096.
    parameter QUEUE_DEPTH = 4,
    // Cycles from push to use, 1 to 64.
    parameter FEED_LATENCY = 1,
    // Operands whose zeros save cycles, 0 to 3.
    parameter SKIPPING = 3,
    // Loop order, 0 to 1.
    parameter POSITIONS_INNER = 0,
    // Width of a sum, 8 to 64.
    parameter ACC_W = 32,
    // Filters that have parameters, 1 to 65536.
    parameter MAX_FILTERS = 64,
    // Bytes of an operand beat; derived, leave it.
    parameter IN_BYTES = (WINDOW * 9 + 7) / 8,
    // Bytes of a result beat; derived, leave it.
    parameter OUT_BYTES = ((WINDOW * 9 > ACC_W ? WINDOW * 9 : ACC_W) + 7) / 8
) (
    input  wire                   clk_i,
    input  wire                   rst_ni,
    // AXI4-Lite slave.
    input  wire                   s_axil_awvalid,
    output wire                   s_axil_awready,
    input  wire [           11:0] s_axil_awaddr,
    input  wire                   s_axil_wvalid,
    output wire                   s_axil_wready,
    input  wire [           31:0] s_axil_wdata,
    input  wire [            3:0] s_axil_wstrb,
    output wire                   s_axil_bvalid,
    input  wire                   s_axil_bready,
    output wire [            1:0] s_axil_bresp,
    input  wire                   s_axil_arvalid,
    output wire                   s_axil_arready,
    input  wire [           11:0] s_axil_araddr,
    output wire                   s_axil_rvalid,
    input  wire                   s_axil_rready,
    output wire [           31:0] s_axil_rdata,
    output wire [            1:0] s_axil_rresp,
    // Weight windows of each row.
    input  wire                   s_axis_weight_0_tvalid,
    output wire                   s_axis_weight_0_tready,
    input  wire [ 8*IN_BYTES-1:0] s_axis_weight_0_tdata,
    input  wire                   s_axis_weight_1_tvalid,
    output wire                   s_axis_weight_1_tready,
    input  wire [ 8*IN_BYTES-1:0] s_axis_weight_1_tdata,
    // Activation windows of each column.
    input  wire                   s_axis_activation_0_tvalid,
    output wire                   s_axis_activation_0_tready,
    input  wire [ 8*IN_BYTES-1:0] s_axis_activation_0_tdata,
    input  wire                   s_axis_activation_1_tvalid,
    output wire                   s_axis_activation_1_tready,
    input  wire [ 8*IN_BYTES-1:0] s_axis_activation_1_tdata,
    // Results of each column.
    output wire                   m_axis_result_0_tvalid,
    input  wire                   m_axis_result_0_tready,
    output wire [8*OUT_BYTES-1:0] m_axis_result_0_tdata,
    output wire                   m_axis_result_0_tlast,
    output wire                   m_axis_result_1_tvalid,
    input  wire                   m_axis_result_1_tready,
    output wire [8*OUT_BYTES-1:0] m_axis_result_1_tdata,
    output wire                   m_axis_result_1_tlast
);
  inner_join_accelerator_axi #(
      .ROWS           (2),
      .COLS           (2),
      .WINDOW         (WINDOW),
      .LANES          (LANES),
      .QUEUE_DEPTH    (QUEUE_DEPTH),
      .FEED_LATENCY   (FEED_LATENCY),
      .SKIPPING       (SKIPPING),
      .POSITIONS_INNER(POSITIONS_INNER),
      .ACC_W          (ACC_W),
      .COUNTERS_EN    (1),
      .MAX_FILTERS    (MAX_FILTERS)
  ) u_machine (
      .clk_i                   (clk_i),
      .rst_ni                  (rst_ni),
      .s_axil_awvalid          (s_axil_awvalid),
      .s_axil_awready          (s_axil_awready),
      .s_axil_awaddr           (s_axil_awaddr),
      .s_axil_wvalid           (s_axil_wvalid),
      .s_axil_wready           (s_axil_wready),
      .s_axil_wdata            (s_axil_wdata),
      .s_axil_wstrb            (s_axil_wstrb),
      .s_axil_bvalid           (s_axil_bvalid),
      .s_axil_bready           (s_axil_bready),
      .s_axil_bresp            (s_axil_bresp),
      .s_axil_arvalid          (s_axil_arvalid),
      .s_axil_arready          (s_axil_arready),
      .s_axil_araddr           (s_axil_araddr),
      .s_axil_rvalid           (s_axil_rvalid),
      .s_axil_rready           (s_axil_rready),
      .s_axil_rdata            (s_axil_rdata),
      .s_axil_rresp            (s_axil_rresp),
      .s_axis_weight_tvalid    ({s_axis_weight_1_tvalid, s_axis_weight_0_tvalid}),
      .s_axis_weight_tready    ({s_axis_weight_1_tready, s_axis_weight_0_tready}),
      .s_axis_weight_tdata     ({s_axis_weight_1_tdata, s_axis_weight_0_tdata}),
      .s_axis_activation_tvalid({s_axis_activation_1_tvalid, s_axis_activation_0_tvalid}),
      .s_axis_activation_tready({s_axis_activation_1_tready, s_axis_activation_0_tready}),
      .s_axis_activation_tdata ({s_axis_activation_1_tdata, s_axis_activation_0_tdata}),
      .m_axis_result_tvalid    ({m_axis_result_1_tvalid, m_axis_result_0_tvalid}),
      .m_axis_result_tready    ({m_axis_result_1_tready, m_axis_result_0_tready}),
      .m_axis_result_tdata     ({m_axis_result_1_tdata, m_axis_result_0_tdata}),
      .m_axis_result_tlast     ({m_axis_result_1_tlast, m_axis_result_0_tlast})
  );
endmodule
`default_nettype wire
